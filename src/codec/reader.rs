//! A cursor over one packet's bytes that knows where it stands, so that each error can name its
//! offset.

use super::{DecodeError, PacketId, PacketKind, ReasonCode};
use crate::topic::has;

/// Reads the fields of one packet. Offsets count from the packet's first byte.
///
/// The first fault is kept until [`finish`](Self::finish) returns it. Every field behind it reads
/// as empty, and is never used. So a field can be read without a check of the one before it.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    kind: Option<PacketKind>,
    fault: Option<DecodeError>,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the whole packet, from `at` on.
    pub(super) const fn new(bytes: &'a [u8], at: usize, kind: Option<PacketKind>) -> Self {
        Self { bytes, at, kind, fault: None }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.fault.is_some()
    }

    /// A fault at `offset` with a reason of its own.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self, offset: usize, rule: &'static str, problem: &'static str, reason: ReasonCode) {
        self.at = self.bytes.len();
        if self.fault.is_none() {
            self.fault = Some(DecodeError { kind: self.kind, offset, rule, problem, reason });
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn malformed(&mut self, offset: usize, rule: &'static str, problem: &'static str) {
        self.fail(offset, rule, problem, ReasonCode::MalformedPacket);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn protocol_error(&mut self, offset: usize, rule: &'static str, problem: &'static str) {
        self.fail(offset, rule, problem, ReasonCode::ProtocolError);
    }

    /// Everything that is left, without stepping over it.
    #[inline]
    pub(super) fn remaining(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.remaining();
        self.at = self.bytes.len();
        rest
    }

    /// The next `len` bytes; none if there are fewer.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> &'a [u8] {
        let Some(taken) = self.remaining().get(..len) else {
            self.malformed(self.at, "§2.1.4", "the packet ends before this field does");
            return &[];
        };
        self.at += len;
        taken
    }

    #[inline]
    pub(super) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn two_byte(&mut self) -> u16 {
        self.take(2).try_into().map_or(0, u16::from_be_bytes)
    }

    pub(super) fn four_byte(&mut self) -> u32 {
        self.take(4).try_into().map_or(0, u32::from_be_bytes)
    }

    /// A variable byte integer in its shortest form (§1.5.5).
    pub(super) fn variable(&mut self) -> u32 {
        let start = self.at;
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte();
            value |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    let problem = "a variable byte integer in more bytes than it needs; use its shortest form";
                    self.malformed(start, "MQTT-1.5.5-1", problem);
                }
                return value;
            }
        }
        self.malformed(start, "§1.5.5", "a variable byte integer of more than four bytes");
        0
    }

    /// Binary data: two bytes of length, then the bytes (§1.5.6).
    pub(super) fn binary(&mut self) -> &'a [u8] {
        let len = self.two_byte();
        self.take(usize::from(len))
    }

    /// A UTF-8 encoded string (§1.5.4).
    pub(super) fn text(&mut self) -> &'a str {
        let text = self.utf8();
        if has(text, |byte| byte == 0) {
            self.null_character(text);
        }
        text
    }

    /// As [`text`](Self::text), but whether U+0000 is in it is the caller's to check.
    pub(super) fn utf8(&mut self) -> &'a str {
        let bytes = self.binary();
        core::str::from_utf8(bytes).unwrap_or_else(|error| {
            let problem = "ill-formed UTF-8";
            self.malformed(self.at - bytes.len() + error.valid_up_to(), "MQTT-1.5.4-1", problem);
            ""
        })
    }

    /// The text that was read last has U+0000.
    #[cold]
    pub(super) fn null_character(&mut self, text: &str) {
        let position = text.bytes().position(|byte| byte == 0).unwrap_or(0);
        self.malformed(self.at - text.len() + position, "MQTT-1.5.4-2", "U+0000 in a string");
    }

    pub(super) fn packet_id(&mut self) -> PacketId {
        let start = self.at;
        PacketId::new(self.two_byte()).unwrap_or_else(|| {
            self.protocol_error(start, "MQTT-2.2.1-3", "packet identifier 0; it must be 1 to 65,535");
            PacketId::FIRST
        })
    }

    /// Ends after the next `len` bytes until [`widen`](Self::widen) takes what this returns.
    pub(super) fn narrow(&mut self, len: usize) -> &'a [u8] {
        let outer = self.bytes;
        let start = self.at;
        self.take(len);
        if !self.has_failed() {
            self.bytes = outer.get(..self.at).unwrap_or_default();
            self.at = start;
        }
        outer
    }

    pub(super) fn widen(&mut self, outer: &'a [u8]) {
        self.bytes = outer;
        if self.has_failed() {
            self.at = outer.len();
        }
    }

    /// Tells the first fault. Nothing may be left.
    #[inline]
    pub(super) fn finish(mut self) -> Result<(), DecodeError> {
        if !self.is_empty() {
            self.malformed(self.at, "§2.1.4", "bytes follow the packet's last field");
        }
        self.fault.map_or(Ok(()), Err)
    }
}
