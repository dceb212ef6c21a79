//! The incremental decoder: a stream of bytes in any split, whole packets out.

use core::ops::Range;

use super::{DecodeError, Packet, Version};

/// Collects a connection's bytes and finds the packets in them.
///
/// The order of calls: [`feed`](Self::feed) a frame, then [`advance`](Self::advance) until it gives `None`, decoding each
/// located packet with [`packet`](Self::packet) before the next feed. Locating and decoding are apart so that a machine
/// can keep `&mut` to its other parts while it holds a [`Located`], which borrows nothing.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the unread bytes begin.
    start: usize,
    packet_bytes_max: u32,
}

/// Where in the decoder's buffer one whole packet stands. Valid until the next [`Decoder::feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located(Range<usize>);

impl Decoder {
    /// A decoder that refuses packets of more than `packet_bytes_max` bytes, fixed header included, before it buffers them.
    #[must_use]
    pub const fn new(packet_bytes_max: u32) -> Self {
        Self { buffer: Vec::new(), start: 0, packet_bytes_max }
    }

    /// Adds bytes as they came; empty frames and parts of packets are welcome.
    pub fn feed(&mut self, frame: &[u8]) {
        let _ = frame;
        todo!()
    }

    /// Adds `len` bytes that `fill` writes in place: a copy straight out of JavaScript's memory.
    pub fn feed_with(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) {
        let _ = (len, fill);
        todo!()
    }

    /// Steps over the next whole packet and says where it is; `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`DecodeError`] if the fixed header is malformed (kind 0, flags [MQTT-2.1.3-1], a remaining length of more than four
    /// bytes or not in its shortest form [MQTT-1.5.5-1]) or says more bytes than the limit, as soon as those bytes are there.
    pub fn advance(&mut self, version: Version) -> Result<Option<Located>, DecodeError> {
        let _ = version;
        let _ = (self.start, self.packet_bytes_max);
        todo!()
    }

    /// The bytes of a located packet.
    #[must_use]
    pub fn bytes(&self, located: &Located) -> &[u8] {
        &self.buffer[located.0.clone()]
    }

    /// Decodes a located packet, borrowing from the buffer.
    ///
    /// # Errors
    /// As [`Packet::decode`].
    pub fn packet(&self, located: &Located, version: Version) -> Result<Packet<'_>, DecodeError> {
        Packet::decode(self.bytes(located), version)
    }
}
