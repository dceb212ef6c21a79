//! The fields of a packet or of a property list, appended to a buffer.
#![expect(clippy::cast_possible_truncation, reason = "seven bits fit in a byte, and lengths are checked")]

use alloc::vec::Vec;

use super::filter::ill_formed;
use super::{
    DecodeError, EncodeError, PacketKind, Properties, PropertyPlace, ReasonCode, VARIABLE_BYTE_INTEGER_MAX, Version,
};
use crate::topic::has;

/// Appends fields to a buffer.
///
/// The first mistake is kept until [`finish`](Self::finish) or
/// [`finish_packet`](Self::finish_packet) tells it and takes back all that was appended. So a field
/// can be appended without asking whether the one before it could be.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where in `out` the packet or list begins.
    start: usize,
    mistake: Option<EncodeError>,
}

/// The longest fixed header.
const HEADER_LEN: usize = 5;

impl<'a> Writer<'a> {
    /// Appends fields alone.
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, mistake: None }
    }

    /// Appends a packet with this first byte.
    pub(super) fn packet(out: &'a mut Vec<u8>, first: u8) -> Self {
        let mut writer = Self::new(out);
        // Room for the longest remaining length; the body moves up afterwards. These packets are
        // short.
        writer.bytes(&[first, 0, 0, 0, 0]);
        writer
    }

    #[cold]
    #[inline(never)]
    pub(super) fn invalid(&mut self, rule: &'static str, problem: &'static str) {
        self.fail(EncodeError::Invalid { rule, problem });
    }

    #[cold]
    fn fail(&mut self, mistake: EncodeError) {
        self.mistake.get_or_insert(mistake);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        append(self.out, bytes);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(super) fn two_byte(&mut self, value: u16) {
        two_byte(self.out, value);
    }

    /// A variable byte integer. The caller has checked its bound.
    pub(super) fn variable(&mut self, value: u32) {
        variable(self.out, value);
    }

    /// Binary data with its length (§1.5.6).
    pub(super) fn binary(&mut self, field: &'static str, value: &[u8]) {
        match u16::try_from(value.len()) {
            Ok(len) => {
                self.two_byte(len);
                self.bytes(value);
            }
            Err(_) => self.fail(EncodeError::FieldTooLong { field, bytes: value.len() }),
        }
    }

    /// A UTF-8 encoded string (§1.5.4).
    pub(super) fn text(&mut self, field: &'static str, value: &str) {
        if has(value, |byte| byte == 0) {
            self.invalid("MQTT-1.5.4-2", "U+0000 in a string");
        }
        self.binary(field, value.as_bytes());
    }

    /// A topic filter, which must be well formed.
    pub(super) fn filter(&mut self, filter: &str, version: Version) {
        if let Some((rule, problem)) = ill_formed(filter, version) {
            self.invalid(rule, problem);
        }
        self.text("topic filter", filter);
    }

    /// A property list, which 3.1.1 does not have.
    pub(super) fn properties(&mut self, list: Properties<'_>, place: PropertyPlace, version: Version) {
        if version == Version::V3_1_1 {
            return;
        }
        match check_properties(list, place) {
            Ok(()) => properties(self.out, list),
            Err(mistake) => self.fail(mistake),
        }
    }

    /// True if a packet of this kind may have this reason code.
    pub(super) fn check_reason(&mut self, reason: ReasonCode, kind: PacketKind) {
        if !reason.is_allowed_in(kind) {
            self.invalid("§2.4", "a reason code that this packet cannot have");
        }
    }

    /// Tells the first mistake.
    pub(super) fn finish(self) -> Result<(), EncodeError> {
        let Some(mistake) = self.mistake else { return Ok(()) };
        self.out.truncate(self.start);
        Err(mistake)
    }

    /// Writes the remaining length. Tells the first mistake.
    pub(super) fn finish_packet(mut self) -> Result<(), EncodeError> {
        let body = self.start + HEADER_LEN;
        let remaining = self.out.len() - body;
        if remaining > VARIABLE_BYTE_INTEGER_MAX as usize {
            self.fail(EncodeError::PacketTooLarge { bytes: remaining + HEADER_LEN });
        }
        let (mut place, mut value) = (self.start + 1, remaining);
        loop {
            let more = if value >= 0x80 { 0x80 } else { 0 };
            self.out[place] = (value & 0x7F) as u8 | more;
            place += 1;
            value >>= 7;
            if value == 0 {
                break;
            }
        }
        self.out.copy_within(body.., place);
        self.out.truncate(place + remaining);
        self.finish()
    }
}

/// Appends bytes. In the page its code is there once.
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

/// Appends a two byte integer.
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub(super) fn two_byte(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a variable byte integer in its shortest form [MQTT-1.5.5-1]. The caller has checked its
/// bound.
pub(super) fn variable(out: &mut Vec<u8>, mut value: u32) {
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

/// Appends a property list that was checked.
pub(super) fn properties(out: &mut Vec<u8>, list: Properties<'_>) {
    variable(out, list.as_bytes().len() as u32);
    append(out, list.as_bytes());
}

pub(super) fn check_properties(list: Properties<'_>, place: PropertyPlace) -> Result<(), EncodeError> {
    let bytes = list.as_bytes();
    if bytes.len() > VARIABLE_BYTE_INTEGER_MAX as usize {
        return Err(EncodeError::PacketTooLarge { bytes: bytes.len() });
    }
    if list.is_known_to_obey(place) {
        return Ok(());
    }
    match Properties::parse(bytes, place) {
        Ok(_) => Ok(()),
        Err(DecodeError { rule, problem, .. }) => Err(EncodeError::Invalid { rule, problem }),
    }
}
