//! Dissection: which bytes of a packet are which field, for readers who want to see them.
//!
//! Any bytes can be dissected. A packet that the decoder refuses is dissected as far as its fields
//! can be told apart. The fault stands at the field that has it. Nothing on a hot path calls this.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

mod connect;
mod cursor;
mod fields;
mod packets;
mod sections;

use super::{DecodeError, Packet, Version};
use cursor::Cursor;
pub use sections::Section;

/// The fields of one packet.
///
/// The fields stand in the order of their bytes, a group before its members. The leaves tile the
/// bytes exactly: each bit is in one leaf, and only a leaf has bits of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dissection {
    /// All fields, with their depth.
    pub fields: Vec<Field>,
    /// The fault that the decoder finds, if it finds one.
    pub error: Option<DecodeError>,
    /// The index of the leaf with the fault's byte. A fault behind the last byte is at the last
    /// leaf. `None` without a fault, and without a byte.
    pub error_field: Option<usize>,
}

/// A field: a group of fields, or a leaf with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The offset of its first byte in the packet.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
    /// The highest and the lowest bit, 7 to 0, of a leaf that is part of its byte.
    pub bits: Option<(u8, u8)>,
    /// How many groups it is in.
    pub depth: u8,
    /// True if it has members.
    pub is_group: bool,
    /// The name in the specification's words.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: FieldValue,
    /// The value's meaning, such as the text of a reason code.
    pub meaning: Option<&'static str>,
    /// Where the specification defines it.
    pub section: Section,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A group without a value of its own.
    None,
    /// A flag of one bit.
    Flag(bool),
    /// A number of some bits or bytes.
    Number(u32),
    /// A UTF-8 encoded string.
    Text(String),
    /// Binary data: the bytes of the field.
    Bytes,
    /// Bytes that cannot be told apart: the packet is cut off, or broken before them.
    Undecoded,
}

/// Dissects the bytes of one packet. `version` is the connection's; CONNECT tells its own.
///
/// Bytes behind the packet's end are one more leaf.
///
/// ```
/// use wasmqtt::codec::{Version, dissect};
///
/// let packet = [0x40, 2, 0, 7];
/// let leaves: Vec<String> = dissect(&packet, Version::V3_1_1)
///     .fields
///     .iter()
///     .filter(|field| !field.is_group)
///     .map(|field| format!("{}..{} {}", field.start, field.end, field.name))
///     .collect();
/// assert_eq!(leaves[0], "0..1 Packet Type");
/// assert_eq!(leaves[4], "2..4 Packet Identifier");
/// ```
#[must_use]
pub fn dissect(bytes: &[u8], version: Version) -> Dissection {
    let (version, error) = match Packet::decode(bytes, version) {
        Ok(Packet::Connect(connect)) => (connect.version, None),
        decoded => (version, decoded.err()),
    };
    let mut cursor = Cursor::new(bytes, version);
    packets::read(&mut cursor);
    let fields = cursor.finish();
    let error_field = error.as_ref().and_then(|error| leaf_at(&fields, error.offset));
    Dissection { fields, error, error_field }
}

/// Returns the index of the leaf that holds this byte, or else of the last.
///
/// In a byte of several leaves it is the first: the decoder names bytes and no bits.
fn leaf_at(fields: &[Field], offset: usize) -> Option<usize> {
    fields
        .iter()
        .position(|field| !field.is_group && field.end > offset)
        .or_else(|| fields.iter().rposition(|field| !field.is_group))
}
