//! Properties of MQTT 5.0 (§2.2.2): one table of identifiers, types and places drives reading,
//! checking and writing.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

mod check;
mod contents;
mod id;
mod typed;
mod value;

pub(crate) use id::ValueKind;
pub use id::{PropertyId, PropertyPlace};
pub use typed::Property;
pub use value::Value;

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeError, EncodeError};

pub(super) use check::read_list;
use contents::Contents;

/// A property list as it stands on the wire, without its length: checked once, in wire order, read
/// lazily.
#[derive(Clone, Copy, Default)]
pub struct Properties<'a> {
    bytes: &'a [u8],
    contents: Contents,
}

/// An owned property list: what a caller builds, and what a message keeps.
#[derive(Clone, Default)]
pub struct PropertiesBuf {
    bytes: Vec<u8>,
    contents: Contents,
}

impl<'a> Properties<'a> {
    /// No properties.
    pub const EMPTY: Properties<'static> = Properties { bytes: &[], contents: Contents::NONE };

    /// Checks the bytes of a property list, without its length, as they may stand in `place`.
    ///
    /// # Errors
    /// [`DecodeError`] with the rule that they break; offsets count from the first byte of `bytes`.
    pub fn parse(bytes: &'a [u8], place: PropertyPlace) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, 0, None);
        let contents = check::check_list(&mut reader, place);
        reader.finish().map(|()| Self { bytes, contents })
    }

    /// Bytes that were checked before.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        let contents = if bytes.is_empty() { Contents::NONE } else { Contents::UNKNOWN };
        Self { bytes, contents }
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes of the wire, without the list's length.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The properties in wire order.
    pub fn iter(self) -> impl Iterator<Item = Property<'a>> + Clone {
        self.entries().filter_map(|(id, value)| Property::new(id, value))
    }

    /// The first property of this identifier.
    #[must_use]
    pub fn get(self, id: PropertyId) -> Option<Property<'a>> {
        Property::new(id, self.value(id)?)
    }

    /// The properties in wire order, by the types of the wire.
    pub fn entries(self) -> impl Iterator<Item = (PropertyId, Value<'a>)> + Clone {
        self.entries_from(0)
    }

    /// Returns the properties from this place on.
    fn entries_from(self, at: usize) -> Entries<'a> {
        Entries(Reader::new(self.bytes, at, None))
    }

    /// The value of the first property of this identifier. A list without one is not walked.
    #[must_use]
    pub fn value(self, id: PropertyId) -> Option<Value<'a>> {
        if !self.contents.may_have(id) {
            return None;
        }
        let expiry_at = if id == PropertyId::MessageExpiryInterval { self.contents.expiry_at() } else { None };
        // Its identifier is the byte before its value.
        self.entries_from(expiry_at.map_or(0, |at| at - 1)).find(|(other, _)| *other == id).map(|(_, value)| value)
    }

    /// The value of the first property of this identifier, if it is a number.
    #[must_use]
    pub fn number(self, id: PropertyId) -> Option<u32> {
        match self.value(id) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The value of the first property of this identifier, if it is a string.
    #[must_use]
    pub fn text(self, id: PropertyId) -> Option<&'a str> {
        match self.value(id) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Names and values of the user properties, in order.
    pub fn user_properties(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.entries().filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// The subscription identifiers, in order.
    pub fn subscription_identifiers(self) -> impl Iterator<Item = u32> {
        self.entries().filter_map(|entry| match entry {
            (PropertyId::SubscriptionIdentifier, Value::Number(value)) => Some(value),
            _ => None,
        })
    }

    /// An owned copy.
    #[must_use]
    pub fn to_buf(self) -> PropertiesBuf {
        PropertiesBuf { bytes: self.bytes.to_vec(), contents: self.contents }
    }

    /// An owned copy without the properties of this identifier, in order.
    #[must_use]
    pub fn without(self, left_out: PropertyId) -> PropertiesBuf {
        if !self.contents.may_have(left_out) {
            return self.to_buf();
        }
        let mut kept = PropertiesBuf::new();
        let mut entries = self.entries_from(0);
        let (mut kept_to, mut start) = (0, 0);
        while let Some((id, _)) = entries.next() {
            let end = entries.0.offset();
            if id == left_out {
                kept.bytes.extend_from_slice(&self.bytes[kept_to..start]);
                kept_to = end;
            } else {
                kept.contents.note(id, kept.bytes.len() + start - kept_to + 1);
            }
            start = end;
        }
        kept.bytes.extend_from_slice(&self.bytes[kept_to..start]);
        kept
    }

    /// True if the list is known to obey the rules of this place, without a walk.
    pub(super) fn is_known_to_obey(self, place: PropertyPlace) -> bool {
        self.contents.obeys(place)
    }
}

impl fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Properties").field(&self.bytes).finish()
    }
}

impl PartialEq for Properties<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Properties<'_> {}

/// Reads a list that was checked; what was not ends at its first fault.
#[derive(Clone)]
struct Entries<'a>(Reader<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (PropertyId, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let id = PropertyId::from_value(self.0.variable())?;
        let value = Value::read(id, &mut self.0);
        (!self.0.has_failed()).then_some((id, value))
    }
}

impl PropertiesBuf {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), contents: Contents::NONE }
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Appends a property. Whether it may stand where the list will stand is checked at encoding.
    ///
    /// # Errors
    /// [`EncodeError`] if a string or binary value has more than 65,535 bytes; nothing is appended.
    pub fn push(&mut self, property: Property<'_>) -> Result<(), EncodeError> {
        self.push_value(property.id(), property.value())
    }

    /// Appends the property of this identifier and value, by the types of the wire; otherwise as
    /// [`push`](Self::push).
    ///
    /// # Errors
    /// As [`push`](Self::push), and [`EncodeError`] if the value is not of the property's type.
    pub fn push_value(&mut self, id: PropertyId, value: Value<'_>) -> Result<(), EncodeError> {
        let start = self.bytes.len();
        let mut writer = Writer::new(&mut self.bytes);
        value.write(id, &mut writer);
        writer.finish()?;
        self.contents.note_value(id, value, start + 1);
        Ok(())
    }

    /// Appends all of a list.
    pub fn extend(&mut self, properties: Properties<'_>) {
        self.contents.extend(properties.contents, self.bytes.len());
        self.bytes.extend_from_slice(properties.bytes);
    }

    /// Changes the Message Expiry Interval, in seconds, which is the last property then.
    pub(crate) fn set_expiry_interval(&mut self, seconds: u32) -> Result<(), EncodeError> {
        if let Some(at) = self.contents.expiry_at() {
            // An identifier of one byte, and a value of four.
            self.bytes.drain(at - 1..at + 4);
            self.contents.remove_expiry();
        } else {
            *self = self.as_properties().without(PropertyId::MessageExpiryInterval);
        }
        self.push_value(PropertyId::MessageExpiryInterval, Value::Number(seconds))
    }

    /// A view to read from.
    #[must_use]
    pub fn as_properties(&self) -> Properties<'_> {
        Properties { bytes: &self.bytes, contents: self.contents }
    }
}

impl fmt::Debug for PropertiesBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PropertiesBuf").field(&self.bytes).finish()
    }
}

impl PartialEq for PropertiesBuf {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PropertiesBuf {}

impl Hash for PropertiesBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_another_type_are_not_appended() {
        let mut list = PropertiesBuf::new();
        let rows = [
            (PropertyId::TopicAlias, Value::Text("a")),
            (PropertyId::TopicAlias, Value::Number(0x1_0000)),
            (PropertyId::SubscriptionIdentifier, Value::Number(268_435_456)),
            (PropertyId::ContentType, Value::Binary(b"a")),
            (PropertyId::MaximumQoS, Value::Number(1)),
            (PropertyId::UserProperty, Value::Text("a")),
        ];
        for (id, value) in rows {
            assert!(list.push_value(id, value).is_err(), "{id:?} {value:?}");
        }
        assert!(list.is_empty());
    }

    #[test]
    fn what_is_noted_of_a_list_is_what_a_walk_finds() {
        let mut list = PropertiesBuf::new();
        for _ in 0..3 {
            list.push(Property::UserProperty("k", "v")).expect("short");
        }
        list.push(Property::MessageExpiryInterval(7)).expect("four bytes");
        list.push(Property::TopicAlias(3)).expect("two bytes");
        let mut twice = list.clone();
        twice.extend(list.as_properties());
        let mut behind = PropertiesBuf::new();
        behind.push(Property::ContentType("text")).expect("short");
        behind.extend(list.as_properties());
        let mut other = list.clone();
        other.set_expiry_interval(9).expect("four bytes");
        assert_eq!(other.bytes.len(), list.bytes.len(), "it has one interval");
        let without = PropertyId::ALL.iter().map(|id| behind.as_properties().without(*id));
        let without: Vec<_> = without.collect();
        for list in without.into_iter().chain([list, twice, behind, other]) {
            let list = list.as_properties();
            let unread = Properties::checked(list.as_bytes());
            for id in PropertyId::ALL {
                let walked = list.entries().find(|(other, _)| other == id).map(|(_, value)| value);
                assert_eq!((list.value(*id), unread.value(*id)), (walked, walked), "{id:?} in {list:?}");
            }
            let is_parsed = Properties::parse(list.as_bytes(), PropertyPlace::Publish).is_ok();
            assert!(!list.is_known_to_obey(PropertyPlace::Publish) || is_parsed, "{list:?}");
        }
    }

    #[test]
    fn a_property_is_the_same_by_its_meaning_and_by_its_type() {
        let mut list = PropertiesBuf::new();
        list.push(Property::UserProperty("k", "v")).expect("short");
        list.push_value(PropertyId::TopicAlias, Value::Number(3)).expect("two bytes");
        list.push(Property::ContentType("text")).expect("short");
        let list = list.as_properties();
        assert_eq!(list.get(PropertyId::TopicAlias), Some(Property::TopicAlias(3)));
        assert_eq!((list.number(PropertyId::TopicAlias), list.text(PropertyId::ContentType)), (Some(3), Some("text")));
        assert_eq!((list.number(PropertyId::ContentType), list.text(PropertyId::ReasonString)), (None, None));
        let by_meaning: Vec<_> = list.iter().map(|property| (property.id(), property.value())).collect();
        assert_eq!(by_meaning, list.entries().collect::<Vec<_>>());
    }
}
