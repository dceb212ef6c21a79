//! The value of a property as the wire knows it: one of five types, whatever the property means.

use super::PropertyId;
use super::id::ValueKind;
use crate::codec::{ReasonCode, VARIABLE_BYTE_INTEGER_MAX, reader::Reader, writer::Writer};
use crate::topic::{has, is_wildcard};

/// The value of a property, by the types of the wire (MQTT 5.0 §1.5, §2.2.2.2).
///
/// [`Property`](super::Property) knows each property's meaning instead, and which type belongs to
/// which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A byte of 0 or 1.
    Bool(bool),
    /// A two byte, four byte or variable byte integer.
    Number(u32),
    /// A UTF-8 encoded string.
    Text(&'a str),
    /// Binary data.
    Binary(&'a [u8]),
    /// A name and its value.
    Pair(&'a str, &'a str),
}

impl<'a> Value<'a> {
    /// Reads the value of `id`, and checks that it is one that `id` may have.
    pub(super) fn read(id: PropertyId, reader: &mut Reader<'a>) -> Self {
        let start = reader.offset();
        let value = match id.value_kind() {
            ValueKind::Bool => {
                let byte = reader.byte();
                if byte > 1 {
                    reader.protocol_error(start, "§2.2.2.2", "a value other than 0 and 1");
                }
                Self::Bool(byte == 1)
            }
            ValueKind::TwoByte => Self::Number(reader.two_byte().into()),
            ValueKind::FourByte => Self::Number(reader.four_byte()),
            ValueKind::Variable => Self::Number(reader.variable()),
            ValueKind::Text => Self::Text(reader.text()),
            ValueKind::Binary => Self::Binary(reader.binary()),
            ValueKind::Pair => Self::Pair(reader.text(), reader.text()),
        };
        match value {
            Self::Number(0) if !id.may_be_zero() => {
                let (rule, reason) = match id {
                    PropertyId::TopicAlias => ("MQTT-3.3.2-8", ReasonCode::TopicAliasInvalid),
                    _ => ("§2.2.2.2", ReasonCode::ProtocolError),
                };
                reader.fail(start, rule, "0 for a property that must not be 0", reason);
            }
            Self::Text(topic) if id == PropertyId::ResponseTopic && has(topic, is_wildcard) => {
                reader.protocol_error(start, "MQTT-3.3.2-14", "a wildcard in the response topic");
            }
            // A text that could not be read is empty as well; its own fault is told.
            Self::Text("") if id == PropertyId::ResponseTopic => {
                reader.protocol_error(start, "MQTT-4.7.3-1", "an empty response topic");
            }
            Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Binary(_) | Self::Pair(_, _) => {}
        }
        value
    }

    /// Appends identifier and value. Whether the value is one that `id` may have is checked where
    /// the list is encoded.
    pub(super) fn write(self, id: PropertyId, writer: &mut Writer<'_>) {
        writer.byte(id as u8);
        match (id.value_kind(), self) {
            (ValueKind::Bool, Self::Bool(value)) => writer.byte(value.into()),
            (ValueKind::TwoByte, Self::Number(value @ 0..=0xFFFF)) => {
                let [_, _, high, low] = value.to_be_bytes();
                writer.bytes(&[high, low]);
            }
            (ValueKind::FourByte, Self::Number(value)) => writer.bytes(&value.to_be_bytes()),
            (ValueKind::Variable, Self::Number(value @ 0..=VARIABLE_BYTE_INTEGER_MAX)) => writer.variable(value),
            (ValueKind::Text, Self::Text(value)) => writer.text("property", value),
            (ValueKind::Binary, Self::Binary(value)) => writer.binary("property", value),
            (ValueKind::Pair, Self::Pair(name, value)) => {
                writer.text("user property's name", name);
                writer.text("user property's value", value);
            }
            (_, _) => writer.invalid("§2.2.2.2", "a value that does not fit the property's type"),
        }
    }
}
