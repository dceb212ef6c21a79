//! A cursor over one packet's bytes that knows where it stands, so that each error can name its offset.

use super::{DecodeError, PacketId, PacketKind, ReasonCode};

/// Reads the fields of one packet. Offsets count from the packet's first byte.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    kind: PacketKind,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, the whole packet, from `at` on.
    pub(super) const fn new(bytes: &'a [u8], at: usize, kind: PacketKind) -> Self {
        Self { bytes, at, kind }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Everything that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    /// An error at `offset` with a reason of its own.
    #[cold]
    pub(super) const fn error(
        &self,
        offset: usize,
        rule: &'static str,
        problem: &'static str,
        reason: ReasonCode,
    ) -> DecodeError {
        DecodeError { kind: Some(self.kind), offset, rule, problem, reason }
    }

    #[cold]
    pub(super) const fn malformed(&self, offset: usize, rule: &'static str, problem: &'static str) -> DecodeError {
        self.error(offset, rule, problem, ReasonCode::MalformedPacket)
    }

    #[cold]
    pub(super) const fn protocol_error(&self, offset: usize, rule: &'static str, problem: &'static str) -> DecodeError {
        self.error(offset, rule, problem, ReasonCode::ProtocolError)
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        match self.bytes[self.at..].get(..len) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => Err(self.malformed(self.at, "§2.1.4", "the packet ends before this field does")),
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn two_byte(&mut self) -> Result<u16, DecodeError> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn four_byte(&mut self) -> Result<u32, DecodeError> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A variable byte integer in its shortest form (§1.5.5).
    pub(super) fn variable(&mut self) -> Result<u32, DecodeError> {
        let start = self.at;
        let mut value = 0;
        for index in 0..4 {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                if byte == 0 && index > 0 {
                    let problem = "a variable byte integer in more bytes than it needs; use its shortest form";
                    return Err(self.malformed(start, "MQTT-1.5.5-1", problem));
                }
                return Ok(value);
            }
        }
        Err(self.malformed(start, "§1.5.5", "a variable byte integer of more than four bytes"))
    }

    /// Binary data: two bytes of length, then the bytes (§1.5.6).
    pub(super) fn binary(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.two_byte()?;
        self.take(usize::from(len))
    }

    /// A UTF-8 encoded string (§1.5.4).
    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.binary()?;
        let start = self.at - bytes.len();
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let problem = "ill-formed UTF-8 (surrogates, overlong forms and values above U+10FFFF among it)";
            self.malformed(start + error.valid_up_to(), "MQTT-1.5.4-1", problem)
        })?;
        match bytes.iter().position(|byte| *byte == 0) {
            None => Ok(text),
            Some(position) => Err(self.malformed(start + position, "MQTT-1.5.4-2", "U+0000 in a string")),
        }
    }

    pub(super) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        let start = self.at;
        let value = self.two_byte()?;
        PacketId::new(value)
            .ok_or_else(|| self.protocol_error(start, "MQTT-2.2.1-3", "packet identifier 0; it must be 1 to 65,535"))
    }

    /// A reader of the next `len` bytes alone; this one goes on behind them.
    pub(super) fn section(&mut self, len: usize) -> Result<Self, DecodeError> {
        let start = self.at;
        self.take(len)?;
        Ok(Self { bytes: &self.bytes[..self.at], at: start, kind: self.kind })
    }

    /// Nothing may follow.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.malformed(self.at, "§2.1.4", "bytes follow the packet's last field"))
    }
}
