//! Properties of MQTT 5.0 (§2.2.2): one table of identifiers, types and places drives reading,
//! checking and writing.

use alloc::vec::Vec;

mod check;
mod id;
mod typed;
mod value;

#[cfg(target_arch = "wasm32")]
pub(crate) use id::ValueKind;
pub use id::{PropertyId, PropertyPlace};
pub use typed::Property;
pub use value::Value;

use super::reader::Reader;
use super::writer::Writer;
use super::{DecodeError, EncodeError};

pub(super) use check::read_list;

/// A property list as it stands on the wire, without its length: checked once, in wire order, read
/// lazily.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties<'a>(&'a [u8]);

/// An owned property list: what a caller builds, and what a message keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PropertiesBuf(Vec<u8>);

impl<'a> Properties<'a> {
    /// No properties.
    pub const EMPTY: Properties<'static> = Properties(&[]);

    /// Checks the bytes of a property list, without its length, as they may stand in `place`.
    ///
    /// # Errors
    /// [`DecodeError`] with the rule that they break; offsets count from the first byte of `bytes`.
    pub fn parse(bytes: &'a [u8], place: PropertyPlace) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, 0, None);
        check::check_list(&mut reader, place);
        reader.finish().map(|()| Self(bytes))
    }

    /// Bytes that were checked before.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of the wire, without the list's length.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
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
        Entries(Reader::new(self.0, 0, None))
    }

    /// The value of the first property of this identifier.
    #[must_use]
    pub fn value(self, id: PropertyId) -> Option<Value<'a>> {
        self.entries().find(|(other, _)| *other == id).map(|(_, value)| value)
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
        PropertiesBuf(self.0.to_vec())
    }

    /// An owned copy without the properties of this identifier, in order.
    #[must_use]
    pub fn without(self, left_out: PropertyId) -> PropertiesBuf {
        let mut kept = Vec::new();
        let mut entries = Entries(Reader::new(self.0, 0, None));
        loop {
            let start = entries.0.offset();
            let Some((id, _)) = entries.next() else { return PropertiesBuf(kept) };
            if id != left_out {
                kept.extend_from_slice(&self.0[start..entries.0.offset()]);
            }
        }
    }
}

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
        Self(Vec::new())
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        let mut writer = Writer::new(&mut self.0);
        value.write(id, &mut writer);
        writer.finish()
    }

    /// Appends all of a list.
    pub fn extend(&mut self, properties: Properties<'_>) {
        self.0.extend_from_slice(properties.0);
    }

    /// A view to read from.
    #[must_use]
    pub fn as_properties(&self) -> Properties<'_> {
        Properties(&self.0)
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
