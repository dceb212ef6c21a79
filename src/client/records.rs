//! Records of a client's session in a store: their keys and values.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::RequestId;
use crate::codec::{Decoder, Message, PACKET_BYTES_MAX, Packet, PacketId, Publish, Version};
use crate::session::{Delivery, Stands};
use crate::topic::TopicName;

/// Value of [`Key::Format`]. It is raised when old records become unreadable or change their
/// meaning. The letter tells it from that of a broker's store.
pub(super) const FORMAT: &[u8] = b"c1";

/// Above every place in the order of sending. No client sends so much.
const ORDER_END: u64 = 1 << 53;

/// Key of a record.
///
/// A message without a delivery in flight waits in the queue, where messages stand in the order of
/// their numbers. In the order of their bytes, a record comes after the records that it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The format of all other records.
    Format,
    /// The owner of the session: whether a broker has accepted it, and its client identifier.
    Identity,
    /// A message to be sent, by the number of its request: a PUBLISH of MQTT 5.0.
    Message(u64),
    /// A received QoS 2 message without its PUBREL.
    Received(PacketId),
    /// A delivery in flight: its place in the order of sending, its step, its number.
    Sent(PacketId),
}

/// Step of a delivery in flight, as in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// PUBLISH was sent; its message has a record.
    Published(u64),
    /// PUBREL was sent, for the request of this number, if it is open.
    Released(Option<u64>),
}

impl Key {
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let (letter, number) = match self {
            Self::Format => (b'F', None),
            Self::Identity => (b'I', None),
            Self::Message(number) => {
                out.push(b'M');
                return out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Received(packet_id) => (b'i', Some(packet_id)),
            Self::Sent(packet_id) => (b'o', Some(packet_id)),
        };
        out.push(letter);
        if let Some(packet_id) = number {
            out.extend_from_slice(&packet_id.get().to_be_bytes());
        }
    }

    /// Reads a key. `None` if it is unknown or malformed.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (letter, rest) = bytes.split_first()?;
        Some(match letter {
            b'F' if rest.is_empty() => Self::Format,
            b'I' if rest.is_empty() => Self::Identity,
            b'M' => Self::Message(number(rest)?),
            b'i' => Self::Received(packet_id(rest)?),
            b'o' => Self::Sent(packet_id(rest)?),
            _ => return None,
        })
    }
}

impl From<Stands<RequestId>> for Step {
    fn from(stands: Stands<RequestId>) -> Self {
        match stands {
            Stands::Published(tag) => Self::Published(tag.number()),
            Stands::Released(tag) => Self::Released(tag.filter(|tag| !tag.is_nobody()).map(RequestId::number)),
        }
    }
}

pub(super) fn write_sent(order: u64, step: Step, out: &mut Vec<u8>) {
    let (kind, number) = match step {
        Step::Published(number) => (0, number),
        Step::Released(Some(number)) => (1, number),
        Step::Released(None) => (2, 0),
    };
    out.extend_from_slice(&order.to_be_bytes());
    out.push(kind);
    out.extend_from_slice(&number.to_be_bytes());
}

pub(super) fn read_sent(bytes: &[u8]) -> Option<(u64, Step)> {
    let (order, rest) = bytes.split_first_chunk()?;
    let (kind, number) = rest.split_first()?;
    let number = self::number(number)?;
    let order = u64::from_be_bytes(*order);
    let step = match kind {
        0 => Step::Published(number),
        1 => Step::Released(Some(number)),
        2 => Step::Released(None),
        _ => return None,
    };
    (order < ORDER_END).then_some((order, step))
}

/// Writes the message of a delivery. One that 5.0 cannot carry is not sent in 3.1.1 either.
pub(super) fn write_message(message: &Message, out: &mut Vec<u8>) {
    let publish = Publish { packet_id: Some(PacketId::FIRST), ..message.as_publish() };
    let written = publish.encode(Version::V5, out);
    debug_assert!(written.is_ok(), "its length was checked");
}

/// Reads the message of a delivery; one of QoS 0 is none.
pub(super) fn read_delivery(number: u64, bytes: &[u8]) -> Option<Delivery<RequestId>> {
    // The client's decoder, so that a page need not load another one.
    let mut decoder = Decoder::new(PACKET_BYTES_MAX);
    decoder.feed(bytes);
    let located = decoder.advance(Version::V5).ok()??;
    let Ok(Packet::Publish(publish)) = decoder.packet_from_server(&located, Version::V5) else { return None };
    let (qos, retain) = (publish.qos, publish.retain);
    let topic = TopicName::parse(publish.topic).ok()?;
    let message =
        Message { qos, retain, properties: publish.properties.to_buf(), ..Message::new(topic, publish.payload) };
    let (message, tag) = (Arc::new(message), RequestId(number));
    publish.packet_id.map(|_| Delivery { message, qos, retain, subscription_identifiers: Box::default(), tag })
}

/// Returns whether a broker has accepted the client, and its identifier.
pub(super) fn read_identity(bytes: &[u8]) -> Option<(bool, &str)> {
    let (was_accepted, client_id) = bytes.split_first()?;
    Some((*was_accepted == 1, core::str::from_utf8(client_id).ok()?))
}

/// Reads the number of a request.
fn number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?)).filter(|number| *number < RequestId::NUMBER_END)
}

fn packet_id(bytes: &[u8]) -> Option<PacketId> {
    PacketId::new(u16::from_be_bytes(bytes.try_into().ok()?))
}
