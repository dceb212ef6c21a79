//! Keys of a store's records: a letter for the kind, then the record's identity.

use alloc::vec::Vec;

use crate::codec::PacketId;
use crate::store::WriteKey;

/// Key of a record. The broker assigns the numbers, and reuses none that a record has.
///
/// In the order of their bytes, a record comes after the records that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// The format of all other records.
    Format,
    /// How far the time of day was ahead of the broker's clock, by which all dates are.
    Clock,
    /// A message, by its number. Its value is the arrival, and a PUBLISH of MQTT 5.0. All records
    /// that refer to it share it.
    Message(u64),
    /// The retained message of a topic: its number, and its publisher's client identifier or
    /// the digest of that, if any.
    Retained(&'a str),
    /// A session, by its number: its client identifier, its will, its expiry.
    Session(u64),
    /// A subscription of a session, by its filter. The cursor of its retained messages is in it
    /// until it has come to its end.
    Subscription(u64, &'a str),
    /// A topic that a live message reached before cursors of a session, with their numbers. A long
    /// topic stands there as its digest.
    Overtaken(u64, &'a str),
    /// A received QoS 2 message without its PUBREL.
    Received(u64, PacketId),
    /// A delivery in flight.
    Sent(u64, PacketId),
    /// A queued delivery, by its place in the queue.
    Queued(u64, u64),
    /// A delivery that waits for the host's approval, by its place in that queue.
    Approval(u64, u64),
}

impl WriteKey for Key<'_> {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Format => out.push(b'F'),
            Self::Clock => out.push(b'K'),
            Self::Message(number) => numbered(out, b'M', number, &[]),
            Self::Retained(topic) => {
                out.push(b'R');
                out.extend_from_slice(topic.as_bytes());
            }
            Self::Session(number) => numbered(out, b'S', number, &[]),
            Self::Subscription(session, filter) => numbered(out, b'f', session, filter.as_bytes()),
            Self::Overtaken(session, topic) => numbered(out, b'g', session, topic.as_bytes()),
            Self::Received(session, packet_id) => numbered(out, b'i', session, &packet_id.get().to_be_bytes()),
            Self::Sent(session, packet_id) => numbered(out, b'o', session, &packet_id.get().to_be_bytes()),
            Self::Queued(session, place) => numbered(out, b'q', session, &place.to_be_bytes()),
            Self::Approval(session, place) => numbered(out, b's', session, &place.to_be_bytes()),
        }
    }
}

impl<'a> Key<'a> {
    /// Reads a key. `None` if it is unknown or malformed.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (letter, rest) = bytes.split_first()?;
        match letter {
            b'F' if rest.is_empty() => return Some(Self::Format),
            b'K' if rest.is_empty() => return Some(Self::Clock),
            b'R' => return core::str::from_utf8(rest).ok().map(Self::Retained),
            _ => {}
        }
        let (number, rest) = rest.split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        Some(match letter {
            b'M' if rest.is_empty() => Self::Message(number),
            b'S' if rest.is_empty() => Self::Session(number),
            b'f' => Self::Subscription(number, core::str::from_utf8(rest).ok()?),
            b'g' => Self::Overtaken(number, core::str::from_utf8(rest).ok()?),
            b'i' => Self::Received(number, packet_id(rest)?),
            b'o' => Self::Sent(number, packet_id(rest)?),
            b'q' => Self::Queued(number, u64::from_be_bytes(rest.try_into().ok()?)),
            b's' => Self::Approval(number, u64::from_be_bytes(rest.try_into().ok()?)),
            _ => return None,
        })
    }
}

fn numbered(out: &mut Vec<u8>, letter: u8, number: u64, rest: &[u8]) {
    out.push(letter);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(rest);
}

fn packet_id(bytes: &[u8]) -> Option<PacketId> {
    PacketId::new(u16::from_be_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::{Key, WriteKey};
    use crate::codec::PacketId;

    #[test]
    fn keys_are_read_as_they_were_written_and_sort_behind_what_they_name() {
        let keys = [
            Key::Format,
            Key::Clock,
            Key::Message(255),
            Key::Message(256),
            Key::Retained("a/ä"),
            Key::Session(9),
            Key::Subscription(9, "a/#"),
            Key::Overtaken(9, "a"),
            Key::Overtaken(9, "a/b"),
            Key::Received(9, PacketId::FIRST),
            Key::Sent(9, PacketId::FIRST),
            Key::Queued(9, 1),
            Key::Queued(9, u64::MAX),
            Key::Approval(9, 1),
        ];
        let mut written: Vec<Vec<u8>> = Vec::new();
        for key in keys {
            let mut bytes = Vec::new();
            key.write(&mut bytes);
            assert_eq!(Key::read(&bytes), Some(key));
            written.push(bytes);
        }
        assert!(written.is_sorted(), "{written:?}");
        for bytes in [
            b"".as_slice(),
            b"F1",
            b"M1",
            b"Z\0\0\0\0\0\0\0\0",
            b"R\xFF",
            b"i\0\0\0\0\0\0\0\x01\0\0",
            b"g\0\0\0\0\0\0\0\x01\xFF",
        ] {
            assert_eq!(Key::read(bytes), None, "{bytes:?}");
        }
    }
}
