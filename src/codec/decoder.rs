//! The incremental decoder: a stream of bytes in any split, whole packets out.

use alloc::vec::Vec;

use super::decode::Header;
use super::{DecodeError, Packet, PacketKind, ReasonCode, Version};

/// A buffer that grew beyond this is given back once it is empty.
const KEPT_BYTES: usize = 64 * 1024;

/// Collects a connection's bytes and finds the packets in them.
///
/// Order of calls: [`feed`](Self::feed) a frame, then [`advance`](Self::advance) until it returns
/// `None`, decoding each located packet with [`packet`](Self::packet) before the next feed.
/// Locating and decoding are apart so that a machine can keep `&mut` to its other parts while it
/// holds a [`Located`], which borrows nothing.
///
/// The buffer holds at most one incomplete packet, which the limit bounds, the frame that was fed
/// last, and as much again that was read. A host that leaves packets in it to come back to them has
/// those in it too.
#[derive(Debug)]
pub struct Decoder {
    /// Longer than what is in it: bytes that a frame once needed are not made zero for the next.
    buffer: Vec<u8>,
    /// Where the bytes end that were fed.
    end: usize,
    /// Where the unread bytes begin.
    start: usize,
    /// Where the frame that was fed last begins.
    frame: usize,
    packet_bytes_max: u32,
    /// The peer speaks MQTT 3.1.
    is_3_1: bool,
}

/// Where in the decoder's buffer one whole packet stands. Valid until the next [`Decoder::feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    start: usize,
    header: Header,
}

impl Decoder {
    /// A decoder that refuses packets of more than `packet_bytes_max` bytes, fixed header included,
    /// before it buffers them.
    #[must_use]
    pub const fn new(packet_bytes_max: u32) -> Self {
        Self { buffer: Vec::new(), end: 0, start: 0, frame: 0, packet_bytes_max, is_3_1: false }
    }

    /// Forgets all bytes: another connection begins.
    pub fn reset(&mut self) {
        self.start = self.end;
        self.is_3_1 = false;
        self.compact();
    }

    /// Reads the packets that follow as those of MQTT 3.1, which are 3.1.1's but for one flag.
    ///
    /// PUBREL, SUBSCRIBE and UNSUBSCRIBE may have DUP there, when they are sent again (3.1 §2.1).
    pub const fn set_3_1(&mut self, is_3_1: bool) {
        self.is_3_1 = is_3_1;
    }

    /// Adds bytes as they came; empty frames and parts of packets are welcome.
    pub fn feed(&mut self, frame: &[u8]) {
        self.feed_with(frame.len(), |buffer| buffer.copy_from_slice(frame));
    }

    /// Adds `len` bytes that `fill` writes in place: a copy straight out of JavaScript's memory.
    pub fn feed_with(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) {
        self.feed_within(usize::MAX, len, fill);
    }

    /// Adds `len` bytes that `fill` writes in place. Bytes that have not come yet get no more room
    /// than `free` bytes.
    pub(crate) fn feed_within(&mut self, free: usize, len: usize, fill: impl FnOnce(&mut [u8])) {
        self.compact();
        let end = self.end + len;
        if self.buffer.len() < end {
            self.grow(end, free);
        }
        fill(&mut self.buffer[self.end..end]);
        self.end = end;
    }

    /// Steps over the next whole packet and says where it is; `None` if more bytes are needed.
    ///
    /// # Errors
    /// [`DecodeError`] if the fixed header is malformed, or says more bytes than the limit, as soon
    /// as the header is there. Malformed are kind 0, flags [MQTT-2.1.3-1], a remaining length of
    /// more than four bytes, and in 5.0 one that is not in its shortest form [MQTT-1.5.5-1]. The
    /// decoder stands still then, and returns the same error again.
    #[inline]
    pub fn advance(&mut self, version: Version) -> Result<Option<Located>, DecodeError> {
        let unread = self.unread();
        let Some(header) = Header::read(unread, version, self.is_3_1)? else { return Ok(None) };
        let len = header.packet_len;
        if len > self.packet_bytes_max as usize {
            return Err(DecodeError {
                kind: Some(header.kind),
                offset: 1,
                rule: "MQTT-3.1.2-24",
                problem: "a packet larger than the maximum packet size",
                reason: ReasonCode::PacketTooLarge,
            });
        }
        if unread.len() < len {
            return Ok(None);
        }
        let located = Located { start: self.start, header };
        self.start += len;
        Ok(Some(located))
    }

    /// Steps back to before the packet that was located last: [`advance`](Self::advance) returns it
    /// again.
    pub const fn put_back(&mut self, located: &Located) {
        self.start = located.start;
    }

    /// True if a whole packet of this kind is unread, and no malformed header before it.
    pub(crate) fn has_unread(&self, kind: PacketKind, version: Version) -> bool {
        let mut unread = self.unread();
        while let Ok(Some(header)) = Header::read(unread, version, self.is_3_1)
            && let Some(behind) = unread.get(header.packet_len..)
        {
            if header.kind == kind {
                return true;
            }
            unread = behind;
        }
        false
    }

    /// The bytes of a located packet.
    #[must_use]
    pub fn bytes(&self, located: &Located) -> &[u8] {
        let end = located.start + located.header.packet_len;
        self.buffer.get(located.start..end).unwrap_or_default()
    }

    /// Where in the frame that was fed last the packet begins; `None` if it began in an earlier
    /// one.
    #[must_use]
    pub fn offset_in_frame(&self, located: &Located) -> Option<usize> {
        located.start.checked_sub(self.frame)
    }

    /// Decodes a located packet, borrowing from the buffer.
    ///
    /// # Errors
    /// As [`Packet::decode`].
    #[inline]
    pub fn packet(&self, located: &Located, version: Version) -> Result<Packet<'_>, DecodeError> {
        located.header.packet::<false>(self.bytes(located), version)
    }

    /// Decodes a located packet from a server, borrowing from the buffer.
    ///
    /// # Errors
    /// As [`Packet::decode_from_server`].
    #[inline]
    pub fn packet_from_server(&self, located: &Located, version: Version) -> Result<Packet<'_>, DecodeError> {
        located.header.packet::<true>(self.bytes(located), version)
    }

    /// The bytes that no packet was located in yet.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes that the buffer takes of memory.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Frees the buffer if no byte is in it.
    pub(crate) fn shrink(&mut self) {
        if self.start == self.end {
            self.buffer = Vec::new();
            (self.start, self.end, self.frame) = (0, 0, 0);
        }
    }

    /// Makes the buffer so long.
    ///
    /// A large packet gets all of its room once a part of it is there. Rooms of many sizes would
    /// leave holes in the memory of a module, which it never gives back. A packet that does not fit
    /// in what is free gets none in advance, and the buffer does not double then.
    fn grow(&mut self, end: usize, free: usize) {
        const PART: usize = 16;
        if let Some(packet_end) = self.packet_end()
            && end < packet_end
            && end > KEPT_BYTES.max(packet_end / PART)
            && packet_end <= free
        {
            self.buffer.reserve_exact(packet_end - self.buffer.len());
        }
        // A vector doubles its room. Both rooms are there while the bytes move.
        if 2 * self.buffer.capacity() > free {
            self.buffer.reserve_exact(end - self.buffer.len());
        }
        self.buffer.resize(end, 0);
    }

    /// Returns where the packet ends that is not whole yet, if its length is known and within the
    /// limit.
    fn packet_end(&self) -> Option<usize> {
        let (mut len, mut shift) = (0, 0);
        for (place, byte) in self.unread().iter().enumerate().skip(1).take(4) {
            len |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                let packet_len = place + 1 + len;
                return (packet_len <= self.packet_bytes_max as usize).then_some(self.start + packet_len);
            }
        }
        None
    }

    /// Drops the bytes that were read, and moves the others to the front. It waits until as many
    /// were read as have to be moved, so that no byte is moved again and again.
    fn compact(&mut self) {
        let unread = self.end - self.start;
        if unread <= self.start {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, unread);
            if unread == 0 && self.buffer.len() > KEPT_BYTES {
                self.buffer = Vec::new();
            }
        }
        self.frame = self.end;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Decoder;

    /// A packet of half a megabyte comes in parts. Its buffer has no room beyond the bytes that
    /// came, while twice as much is not free.
    #[test]
    fn a_buffer_does_not_double_beyond_what_is_free() {
        let packet: Vec<u8> = [&[0x30, 0xA0, 0xC2, 0x1E][..], &vec![0; 500_000]].concat();
        for free in [0, 100_000, 300_000] {
            let mut decoder = Decoder::new(u32::MAX);
            let mut fed = 0;
            for part in packet.chunks(1_000) {
                let before = decoder.capacity();
                decoder.feed_within(free, part.len(), |buffer| buffer.copy_from_slice(part));
                fed += part.len();
                let grown = decoder.capacity() - before;
                assert!(grown <= part.len() || decoder.capacity() <= free, "{grown} more at {fed}, {free} free");
            }
            assert_eq!(decoder.unread(), packet);
        }
    }
}
