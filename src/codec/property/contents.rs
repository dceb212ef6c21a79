//! Contents of a property list, noted while it is read or built, so that it is not walked again.

use super::{PropertyId, PropertyPlace, Value};

/// Bits of the identifiers that a list has, and notes on the list.
///
/// A peer chooses the length of a list. A message with a long one may go to thousands of
/// subscribers, so what each delivery needs to know is noted once.
#[derive(Clone, Copy, Default)]
pub(super) struct Contents {
    /// A bit for each identifier, and the notes.
    bits: u64,
    /// The place of the Message Expiry Interval's value; 0 if it is missing.
    expiry_at: u32,
}

/// A note: a value is to be checked where the list is encoded.
const UNCHECKED: u64 = 1 << 63;
/// A note: the subscription identifier is there more than once.
const IDENTIFIERS: u64 = 1 << 62;
/// A note: another property is there twice that may be there only once.
const REPEATED: u64 = 1 << 61;

impl Contents {
    /// Those of an empty list.
    pub(super) const NONE: Self = Self { bits: 0, expiry_at: 0 };

    /// Those of a list that nobody has read.
    pub(super) const UNKNOWN: Self = Self { bits: u64::MAX, expiry_at: 0 };

    /// True if the list may have a property of this identifier.
    pub(super) const fn may_have(self, id: PropertyId) -> bool {
        self.bits & 1 << id as u8 != 0
    }

    /// Returns the place of the Message Expiry Interval's value, if it is known.
    pub(super) const fn expiry_at(self) -> Option<usize> {
        if self.expiry_at == 0 { None } else { Some(self.expiry_at as usize) }
    }

    /// Notes that the Message Expiry Interval is removed.
    pub(super) const fn remove_expiry(&mut self) {
        self.bits &= !(1 << PropertyId::MessageExpiryInterval as u8);
        self.expiry_at = 0;
    }

    /// Notes a property, and the place of its value.
    pub(super) fn note(&mut self, id: PropertyId, value_at: usize) {
        if self.may_have(id) {
            self.bits |= match id {
                PropertyId::UserProperty => 0,
                PropertyId::SubscriptionIdentifier => IDENTIFIERS,
                _ => REPEATED,
            };
        } else if id == PropertyId::MessageExpiryInterval {
            // A list has at most 268,435,455 bytes.
            self.expiry_at = u32::try_from(value_at).unwrap_or(0);
        }
        self.bits |= 1 << id as u8;
    }

    /// Notes a property that was not read from the wire.
    pub(super) fn note_value(&mut self, id: PropertyId, value: Value<'_>, value_at: usize) {
        self.note(id, value_at);
        if !matches!(value, Value::Number(1..) | Value::Bool(_)) {
            self.bits |= UNCHECKED;
        }
    }

    /// Notes a list that is appended at this place.
    pub(super) fn extend(&mut self, other: Self, at: usize) {
        let both = self.bits & other.bits;
        let known = ((1 << 61) - 1) & !(1 << PropertyId::UserProperty as u8);
        let identifiers = 1 << PropertyId::SubscriptionIdentifier as u8;
        if both & identifiers != 0 {
            self.bits |= IDENTIFIERS;
        }
        if both & known & !identifiers != 0 {
            self.bits |= REPEATED;
        }
        if !self.may_have(PropertyId::MessageExpiryInterval)
            && let Some(place) = other.expiry_at()
        {
            self.expiry_at = u32::try_from(at + place).unwrap_or(0);
        }
        self.bits |= other.bits;
    }

    /// True if the list is known to obey the rules of this place.
    pub(super) fn obeys(self, place: PropertyPlace) -> bool {
        let may_repeat = PropertyId::SubscriptionIdentifier.may_repeat_in(place);
        let mut forbidden = UNCHECKED | REPEATED | if may_repeat { 0 } else { IDENTIFIERS };
        for id in PropertyId::ALL {
            forbidden |= u64::from(!id.is_allowed_in(place)) << *id as u8;
        }
        self.bits & forbidden == 0
    }
}
