//! The values of a store's records, and their bytes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::broker::clients::retained_cursors::RetainedCursor;
use crate::broker::clients::subscription::Subscription;
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::CursorId;
use crate::codec::{Message, Packet, PacketId, PropertyId, Publish, QoS, Version};
use crate::time::Time;
use crate::topic::TopicName;

/// Value of [`Key::Format`](crate::broker::store::key::Key::Format). It is raised when old records
/// become unreadable or change their meaning.
pub(crate) const FORMAT: [u8; 1] = [3];

/// Value of [`Key::Session`](crate::broker::store::key::Key::Session), without the client
/// identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionRecord {
    /// The user name of its last connection. Rules of the access list may depend on it.
    pub(crate) username: Option<Arc<str>>,
    /// The session expiry interval in seconds; `u32::MAX` never expires.
    pub(crate) expiry_interval: u32,
    /// Time of its expiry; `None` while it is connected, or if it never expires.
    pub(crate) ends_at: Option<Time>,
    pub(crate) will: WillRecord,
    /// True if what was sent before is still to be checked for another user.
    pub(crate) is_of_other_user: bool,
    /// True if a subscription was refused to that user, whose deliveries may still wait.
    pub(crate) has_lost_subscriptions: bool,
}

/// Bits of the byte behind the client identifier, which is left out if it is 0.
const HAS_USERNAME: u8 = 1;
const IS_OF_OTHER_USER: u8 = 2;
const HAS_LOST_SUBSCRIPTIONS: u8 = 4;

/// A will, by the number of its message, with its delay in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WillRecord {
    None,
    Armed(u64, u32),
    Delayed(u64, u32, Time),
}

/// A delivery, by the number of its message.
#[derive(Debug)]
pub(crate) struct DeliveryRecord<'a> {
    pub(crate) message: u64,
    /// The shared subscription of the delivery, as its whole filter.
    pub(crate) group: Option<&'a str>,
    qos: QoS,
    retain: bool,
    identifiers: Vec<u32>,
}

/// Writes a message and its arrival. `None` if MQTT cannot encode the message.
pub(crate) fn write_message(message: &Message, arrived: Time, out: &mut Vec<u8>) -> Option<()> {
    let packet_id = (message.qos != QoS::AtMostOnce).then_some(PacketId::FIRST);
    out.extend_from_slice(&arrived.as_millis().to_be_bytes());
    Publish { packet_id, ..message.as_publish() }.encode(Version::V5, out).ok()?;
    Some(())
}

pub(crate) fn read_message(bytes: &[u8]) -> Option<(Message, Time)> {
    let (arrived, packet) = bytes.split_first_chunk()?;
    let Ok(Packet::Publish(publish)) = Packet::decode(packet, Version::V5) else { return None };
    let message = Message {
        qos: publish.qos,
        retain: publish.retain,
        properties: publish.properties.to_buf(),
        ..Message::new(TopicName::parse(publish.topic).ok()?, publish.payload)
    };
    Some((message, time(*arrived)))
}

/// Returns the arrival of a message that expires.
pub(crate) fn message_date(bytes: &[u8]) -> Option<Time> {
    let (arrived, packet) = bytes.split_first_chunk()?;
    let Ok(Packet::Publish(publish)) = Packet::decode(packet, Version::V5) else { return None };
    publish.properties.get(PropertyId::MessageExpiryInterval)?;
    Some(time(*arrived))
}

impl SessionRecord {
    /// Returns the time at which its connection ended, if the expiry or a will counts from it.
    pub(crate) fn date(&self) -> Option<Time> {
        let ended = self.ends_at.map(|at| at - Duration::from_secs(self.expiry_interval.into()));
        match self.will {
            WillRecord::Delayed(_, delay, due) => ended.max(Some(due - Duration::from_secs(delay.into()))),
            WillRecord::None | WillRecord::Armed(..) => ended,
        }
    }

    pub(crate) fn write(&self, client_id: &str, out: &mut Vec<u8>) {
        let (kind, message, delay, due) = match self.will {
            WillRecord::None => (0, 0, 0, Time::ZERO),
            WillRecord::Armed(message, delay) => (1, message, delay, Time::ZERO),
            WillRecord::Delayed(message, delay, due) => (2, message, delay, due),
        };
        out.extend_from_slice(&self.expiry_interval.to_be_bytes());
        // `u64::MAX` stands for a session that never expires.
        out.extend_from_slice(&self.ends_at.map_or(u64::MAX, Time::as_millis).to_be_bytes());
        out.push(kind);
        out.extend_from_slice(&message.to_be_bytes());
        out.extend_from_slice(&delay.to_be_bytes());
        out.extend_from_slice(&due.as_millis().to_be_bytes());
        // The length comes first, since a user name may follow. A packet bounds it.
        out.extend_from_slice(&u16::try_from(client_id.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(client_id.as_bytes());
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        let bits = bit(self.username.is_some(), HAS_USERNAME)
            | bit(self.is_of_other_user, IS_OF_OTHER_USER)
            | bit(self.has_lost_subscriptions, HAS_LOST_SUBSCRIPTIONS);
        if bits != 0 {
            out.push(bits);
            out.extend_from_slice(self.username.as_deref().unwrap_or_default().as_bytes());
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, &str)> {
        let (expiry_interval, rest) = bytes.split_first_chunk()?;
        let (ends_at, rest) = rest.split_first_chunk()?;
        let ([kind], rest) = rest.split_first_chunk()?;
        let (message, rest) = rest.split_first_chunk()?;
        let (delay, rest) = rest.split_first_chunk()?;
        let (due, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (client_id, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let (bits, name) = rest.split_first().map_or((0, rest), |(bits, name)| (*bits, name));
        let name = core::str::from_utf8(name).ok()?;
        let username = (bits & HAS_USERNAME != 0).then(|| name.into());
        if bits > (HAS_USERNAME | IS_OF_OTHER_USER | HAS_LOST_SUBSCRIPTIONS) || username.is_none() && !name.is_empty() {
            return None;
        }
        let (message, delay) = (u64::from_be_bytes(*message), u32::from_be_bytes(*delay));
        let will = match kind {
            0 => WillRecord::None,
            1 => WillRecord::Armed(message, delay),
            2 => WillRecord::Delayed(message, delay, time(*due)),
            _ => return None,
        };
        let record = Self {
            username,
            is_of_other_user: bits & IS_OF_OTHER_USER != 0,
            has_lost_subscriptions: bits & HAS_LOST_SUBSCRIPTIONS != 0,
            expiry_interval: u32::from_be_bytes(*expiry_interval),
            ends_at: Some(time(*ends_at)).filter(|at| at.as_millis() != u64::MAX),
            will,
        };
        Some((record, core::str::from_utf8(client_id).ok()?))
    }
}

/// Writes a subscription. The number of its cursor and the last topic that it passed follow, unless
/// the cursor has come to its end.
pub(crate) fn write_subscription(subscription: Subscription, cursor: Option<&RetainedCursor>, out: &mut Vec<u8>) {
    let Subscription { qos, no_local, retain_as_published, identifier, .. } = subscription;
    out.push(qos.bits() | u8::from(no_local) << 2 | u8::from(retain_as_published) << 3);
    out.extend_from_slice(&identifier.to_be_bytes());
    if let Some(cursor) = cursor {
        out.extend_from_slice(&cursor.id().get().to_be_bytes());
        out.extend_from_slice(cursor.after().map_or("", TopicName::as_str).as_bytes());
    }
}

/// Returns the subscription, and the last topic that its cursor passed.
pub(crate) fn read_subscription(bytes: &[u8]) -> Option<(Subscription, Option<TopicName>)> {
    let ([options], rest) = bytes.split_first_chunk()?;
    let (identifier, rest) = rest.split_first_chunk()?;
    let mut subscription = Subscription {
        qos: QoS::from_bits(options & 3).filter(|_| options & 0xF0 == 0)?,
        no_local: options & 4 != 0,
        retain_as_published: options & 8 != 0,
        identifier: u32::from_be_bytes(*identifier),
        cursor: None,
    };
    if rest.is_empty() {
        return Some((subscription, None));
    }
    let (cursor, after) = rest.split_first_chunk()?;
    subscription.cursor = Some(CursorId::new(u32::from_be_bytes(*cursor))?);
    let after = if after.is_empty() { None } else { Some(TopicName::parse(core::str::from_utf8(after).ok()?).ok()?) };
    Some((subscription, after))
}

/// Writes cursors in the order of their numbers, as the first and the last of each run.
pub(crate) fn write_cursors(cursors: &[CursorId], out: &mut Vec<u8>) {
    for run in cursors.chunk_by(|one, next| one.next() == *next) {
        for end in [run.first(), run.last()].into_iter().flatten() {
            out.extend_from_slice(&end.get().to_be_bytes());
        }
    }
}

/// Returns the first and the last number of each run of cursors.
pub(crate) fn read_cursors(bytes: &[u8]) -> Option<&[[[u8; 4]; 2]]> {
    let (numbers, cut) = bytes.as_chunks();
    let (runs, alone) = numbers.as_chunks();
    (cut.is_empty() && alone.is_empty()).then_some(runs)
}

/// Writes a delivery with its message's number and its shared subscription.
pub(crate) fn write_delivery(delivery: &Delivery, message: u64, group: Option<&str>, out: &mut Vec<u8>) {
    // The length of a filter fits two bytes.
    let group = group.and_then(|group| Some((group, u16::try_from(group.len()).ok()?)));
    out.push(delivery.qos.bits() | u8::from(delivery.retain) << 2 | u8::from(group.is_some()) << 3);
    out.extend_from_slice(&message.to_be_bytes());
    if let Some((group, len)) = group {
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(group.as_bytes());
    }
    for identifier in &delivery.subscription_identifiers {
        out.extend_from_slice(&identifier.to_be_bytes());
    }
}

impl<'a> DeliveryRecord<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let ([options], rest) = bytes.split_first_chunk()?;
        let (message, mut rest) = rest.split_first_chunk()?;
        let mut group = None;
        if options & 8 != 0 {
            let (len, behind) = rest.split_first_chunk()?;
            let (text, behind) = behind.split_at_checked(u16::from_be_bytes(*len).into())?;
            group = Some(core::str::from_utf8(text).ok()?);
            rest = behind;
        }
        let (rest, cut) = rest.as_chunks();
        let mut identifiers = Vec::new();
        for identifier in rest {
            identifiers.push(u32::from_be_bytes(*identifier));
        }
        let qos = QoS::from_bits(options & 3).filter(|qos| *qos != QoS::AtMostOnce && cut.is_empty())?;
        Some(Self { message: u64::from_be_bytes(*message), group, qos, retain: options & 4 != 0, identifiers })
    }

    pub(crate) fn delivery(self, message: Arc<Message>, tag: DeliveryTag) -> Delivery {
        Delivery { message, qos: self.qos, retain: self.retain, subscription_identifiers: self.identifiers.into(), tag }
    }
}

/// Writes a delivery in flight: its place in the order of sending, and the delivery unless only
/// PUBCOMP is awaited.
pub(crate) fn write_sent(order: u64, delivery: Option<(&Delivery, u64, Option<&str>)>, out: &mut Vec<u8>) {
    out.extend_from_slice(&order.to_be_bytes());
    if let Some((delivery, message, group)) = delivery {
        write_delivery(delivery, message, group, out);
    }
}

pub(crate) fn read_sent(bytes: &[u8]) -> Option<(u64, Option<DeliveryRecord<'_>>)> {
    let (order, rest) = bytes.split_first_chunk()?;
    let delivery = if rest.is_empty() { None } else { Some(DeliveryRecord::read(rest)?) };
    Some((u64::from_be_bytes(*order), delivery))
}

const fn time(bytes: [u8; 8]) -> Time {
    Time::from_millis(u64::from_be_bytes(bytes))
}
