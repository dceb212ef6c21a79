//! The data types of the wire (MQTT 5.0 §1.5), and property lists.

use alloc::borrow::Cow;
use alloc::string::String;

use super::cursor::Bits;
use super::sections::{Section, property_section};
use super::{Cursor, FieldValue};
use crate::codec::property::ValueKind;
use crate::codec::{PropertyId, PropertyPlace, ReasonCode};

impl<'a> Cursor<'a> {
    pub(super) fn byte(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> Option<u8> {
        self.number(1, name, section).and_then(|value| u8::try_from(value).ok())
    }

    pub(super) fn two_byte(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> Option<u16> {
        self.number(2, name, section).and_then(|value| u16::try_from(value).ok())
    }

    /// A big-endian number of at most four bytes.
    fn number(&mut self, len: usize, name: impl Into<Cow<'static, str>>, section: Section) -> Option<u32> {
        let value = |bytes: &[u8]| bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        self.take(len, name, section, |bytes| FieldValue::Number(value(bytes))).map(value)
    }

    /// A variable byte integer, bit by bit (§1.5.5). `None` if it is cut off or too long.
    pub(super) fn variable(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> Option<u32> {
        const ROWS: [Bits; 2] = [Bits::flag("Continuation", "1.5.5"), Bits::number("Value", 7, "1.5.5", None)];
        let group = self.open(name, section);
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let Some(byte) = self.bits("Encoded Byte", Section::of("1.5.5"), &ROWS) else { break };
            value |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                self.close(group, FieldValue::Number(value));
                return Some(value);
            }
        }
        self.close(group, FieldValue::Undecoded);
        self.undecoded();
        None
    }

    /// Binary data: two bytes of length, then the bytes (§1.5.6).
    pub(super) fn binary(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> Option<&'a [u8]> {
        self.prefixed(name.into(), section, "Data", |_| FieldValue::Bytes)
    }

    /// A UTF-8 encoded string (§1.5.4). Ill-formed UTF-8 is left as bytes.
    pub(super) fn text(&mut self, name: impl Into<Cow<'static, str>>, section: Section) -> Option<&'a [u8]> {
        let text = |bytes: &[u8]| match core::str::from_utf8(bytes) {
            Ok(text) => FieldValue::Text(String::from(text)),
            Err(_) => FieldValue::Bytes,
        };
        self.prefixed(name.into(), section, "Characters", text)
    }

    fn prefixed(
        &mut self,
        name: Cow<'static, str>,
        section: Section,
        contents: &'static str,
        value: impl Fn(&[u8]) -> FieldValue,
    ) -> Option<&'a [u8]> {
        let group = self.open(name, section);
        let len = self.two_byte("Length", section);
        let taken = len.and_then(|len| self.take(len.into(), contents, section, &value));
        self.close(group, taken.map_or(FieldValue::Undecoded, value));
        taken
    }

    /// A packet identifier (§2.2.1).
    pub(super) fn packet_id(&mut self, section: &'static str) -> Option<u16> {
        self.two_byte("Packet Identifier", Section::of(section))
    }

    /// A reason code (§2.4).
    pub(super) fn reason(&mut self, name: &'static str, section: Section) -> Option<u8> {
        let index = self.next_index();
        let value = self.byte(name, section)?;
        self.explain(index, ReasonCode::from_value(value).map(ReasonCode::text));
        Some(value)
    }

    /// The length of a property list, and the list (§2.2.2).
    pub(super) fn properties(&mut self, name: &'static str, place: PropertyPlace) {
        let section = property_section(place, None);
        let group = self.open(name, section);
        if let Some(len) = self.variable("Property Length", section) {
            let outer = self.narrow(len as usize);
            while !self.is_empty() {
                self.property(place);
            }
            self.widen(outer);
        }
        self.close(group, FieldValue::None);
    }

    fn property(&mut self, place: PropertyPlace) {
        let Some(id) = self.peek().and_then(|byte| PropertyId::from_value(byte.into())) else {
            self.undecoded();
            return;
        };
        let section = property_section(place, Some(id));
        let group = self.open(spaced(id), section);
        self.byte("Property Identifier", Section::of("2.2.2.2"));
        let start = self.next_index();
        match id.value_kind() {
            ValueKind::Bool => drop(self.byte("Value", section)),
            ValueKind::TwoByte => drop(self.number(2, "Value", section)),
            ValueKind::FourByte => drop(self.number(4, "Value", section)),
            ValueKind::Variable => drop(self.variable("Value", section)),
            ValueKind::Text => drop(self.text("Value", section)),
            ValueKind::Binary => drop(self.binary("Value", section)),
            ValueKind::Pair => {
                if self.text("Name", section).is_some() {
                    self.text("Value", section);
                }
            }
        }
        let value = match id.value_kind() {
            ValueKind::Pair => FieldValue::None,
            _ => self.value_of(start),
        };
        self.close(group, value);
    }
}

/// Returns a property's name in the specification's words: "Session Expiry Interval".
fn spaced(id: PropertyId) -> String {
    let name = alloc::format!("{id:?}");
    let mut spaced = String::new();
    let mut last = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && last.is_ascii_lowercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
        last = letter;
    }
    spaced
}
