//! The fields of a packet, appended to a buffer.
#![expect(clippy::cast_possible_truncation, reason = "seven bits fit in a byte")]

use super::{EncodeError, VARIABLE_BYTE_INTEGER_MAX};

/// Appends bytes.
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

/// Appends a variable byte integer in its shortest form [MQTT-1.5.5-1]. The caller has checked its bound.
pub(super) fn variable(out: &mut Vec<u8>, mut value: u32) {
    debug_assert!(value <= VARIABLE_BYTE_INTEGER_MAX);
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes [`variable`] appends.
pub(super) const fn variable_len(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// Appends binary data with its length (§1.5.6).
pub(super) fn binary(out: &mut Vec<u8>, field: &'static str, value: &[u8]) -> Result<(), EncodeError> {
    let len = u16::try_from(value.len()).map_err(|_| EncodeError::FieldTooLong { field, bytes: value.len() })?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

/// Appends a UTF-8 encoded string (§1.5.4).
pub(super) fn text(out: &mut Vec<u8>, field: &'static str, value: &str) -> Result<(), EncodeError> {
    if value.as_bytes().contains(&0) {
        return Err(EncodeError::Invalid { rule: "MQTT-1.5.4-2", problem: "U+0000 in a string" });
    }
    binary(out, field, value.as_bytes())
}
