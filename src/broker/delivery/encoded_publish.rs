//! Encoded forms of a PUBLISH: a message is encoded once for each form that its subscribers need.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use crate::broker::cause::DropCause;
use crate::broker::connection::topic_aliases::{AliasTopic, Naming, hash};
use crate::broker::delivery::publication::Publication;
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::digest::short_form;
use crate::broker::ids::GroupKey;
use crate::codec::{EncodeError, Message, PacketId, PropertiesBuf, PropertyId, Publish, QoS, Value, Version};
use crate::memory_meter::MemoryMeter;
use crate::time::Time;
use crate::topic::TopicName;

/// Number of forms: by version and topic alias, quality of service, and RETAIN flag.
const FORMS: usize = 3 * 3 * 2;

/// Options of a delivery to one subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryOptions<'a> {
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    /// The subscription identifiers of all matching subscriptions [MQTT-3.3.4-3]; not sent in
    /// 3.1.1.
    pub(crate) identifiers: &'a [u32],
    /// The shared subscription of the delivery.
    pub(crate) group: Option<GroupKey>,
}

/// Buffers of a broadcast, reused for the next.
#[derive(Debug, Default)]
pub(crate) struct EncodingCache {
    bytes: Vec<u8>,
    /// Places in use by this broadcast, one bit each.
    filled: u32,
    places: [Place; FORMS],
    /// The last form that only one subscriber needed.
    single: Vec<u8>,
    /// The meter of messages that sessions keep.
    pub(crate) meter: MemoryMeter,
}

/// Place of a form in `EncodingCache::bytes`, and of the packet identifier in the form.
#[derive(Debug, Default)]
struct Place {
    range: Range<usize>,
    packet_id: Option<usize>,
}

/// One message on its way to its subscribers.
#[derive(Debug)]
pub(crate) struct Broadcast<'a> {
    publish: &'a Publish<'a>,
    /// The owned message for sessions, made on first use.
    message: &'a mut Option<Arc<Message>>,
    /// The owned topic, made on first use.
    name: Option<TopicName>,
    /// The topic for aliases, made on first use, and its hash.
    alias_topic: Option<Arc<AliasTopic>>,
    alias_hash: Option<u32>,
    /// The short form of the topic, made on first use.
    short_topic: Option<Arc<str>>,
    arrived: Time,
    encodings: &'a mut EncodingCache,
}

/// Bytes of a PUBLISH, with a placeholder for the packet identifier.
#[derive(Debug)]
pub(crate) struct EncodedPublish<'a> {
    bytes: &'a [u8],
    packet_id: Option<usize>,
}

impl<'a> Broadcast<'a> {
    /// Begins the broadcast of a message, which keeps the owned form that is made of it.
    pub(crate) fn new(publication: &'a mut Publication<'_>, encodings: &'a mut EncodingCache) -> Self {
        encodings.bytes.clear();
        encodings.filled = 0;
        let Publication { publish, message, origin } = publication;
        let arrived = origin.arrived;
        let (name, alias_topic, alias_hash, short_topic) = (None, None, None, None);
        Self { publish, message, name, alias_topic, alias_hash, short_topic, arrived, encodings }
    }

    pub(crate) const fn topic(&self) -> &'a str {
        self.publish.topic
    }

    /// Returns the bytes of its topic, properties and payload.
    pub(crate) const fn bytes(&self) -> usize {
        self.publish.topic.len() + self.publish.properties.as_bytes().len() + self.publish.payload.len()
    }

    pub(crate) const fn publish(&self) -> &'a Publish<'a> {
        self.publish
    }

    /// Returns the owned message, shared by all that keep it.
    pub(crate) fn message(&mut self) -> &Arc<Message> {
        let Self { publish, name, message, encodings, .. } = self;
        let meter = &encodings.meter;
        message.get_or_insert_with(|| {
            let Publish { topic, qos, retain, payload, properties, .. } = **publish;
            let topic = named(name, topic);
            let properties = properties.to_buf();
            Message { qos, retain, properties, ..Message::new(topic, payload) }.share(meter)
        })
    }

    /// Returns the topic for aliases, shared by all connections that introduce one.
    pub(crate) fn alias_topic(&mut self) -> Arc<AliasTopic> {
        let Self { publish, message, name, alias_topic, encodings, .. } = self;
        let topic = alias_topic.get_or_insert_with(|| {
            let name = match message {
                Some(message) => message.topic.clone(),
                None => named(name, publish.topic),
            };
            AliasTopic::share(name, &encodings.meter)
        });
        Arc::clone(topic)
    }

    /// Returns the short form of the topic.
    pub(crate) fn short_topic(&mut self) -> Arc<str> {
        if let Some(short) = &self.short_topic {
            return Arc::clone(short);
        }
        let short = short_form(self.message().topic.text());
        Arc::clone(self.short_topic.insert(short))
    }

    /// Returns the topic's hash for aliases, which is computed once for all connections.
    pub(crate) fn alias_hash(&mut self) -> u32 {
        *self.alias_hash.get_or_insert_with(|| hash(self.publish.topic))
    }

    /// Makes the delivery for one subscriber's session.
    pub(crate) fn delivery(&mut self, options: &DeliveryOptions<'_>) -> Delivery {
        Delivery {
            message: Arc::clone(self.message()),
            qos: options.qos,
            retain: options.retain,
            subscription_identifiers: options.identifiers.into(),
            tag: DeliveryTag { arrived: self.arrived, group: options.group },
        }
    }

    /// Returns the encoded message with these options and this form of its topic.
    #[inline]
    pub(crate) fn encoded(
        &mut self,
        version: Version,
        options: &DeliveryOptions<'_>,
        naming: Naming,
        now: Time,
    ) -> Result<EncodedPublish<'_>, DropCause> {
        let has_identifiers = !options.identifiers.is_empty() && version == Version::V5;
        let has_waited = || now.saturating_since(self.arrived).as_secs() > 0;
        if naming != Naming::Topic || has_identifiers || (!self.publish.properties.is_empty() && has_waited()) {
            return self.encoded_specially(version, options, naming, now, has_identifiers);
        }
        let index =
            usize::from(version == Version::V5) * 6 + usize::from(options.qos.bits()) * 2 + usize::from(options.retain);
        if self.encodings.filled & 1 << index == 0 {
            self.encode(index, version, options)?;
        }
        Ok(self.encodings.get(index))
    }

    /// Encodes the form of this number, with a placeholder for the packet identifier.
    #[cold]
    fn encode(&mut self, index: usize, version: Version, options: &DeliveryOptions<'_>) -> Result<(), DropCause> {
        let start = self.encodings.bytes.len();
        let packet_id = (options.qos != QoS::AtMostOnce).then_some(PacketId::FIRST);
        let publish = Publish { qos: options.qos, retain: options.retain, dup: false, packet_id, ..*self.publish };
        let at = publish.encode_valid(version, &mut self.encodings.bytes)?;
        self.encodings.fill(index, start, at);
        Ok(())
    }

    /// Returns a form with an alias, which 5.0 clients share except for its number, or one for a
    /// single subscriber.
    fn encoded_specially(
        &mut self,
        version: Version,
        options: &DeliveryOptions<'_>,
        naming: Naming,
        now: Time,
        has_identifiers: bool,
    ) -> Result<EncodedPublish<'_>, DropCause> {
        let has_waited = now.saturating_since(self.arrived).as_secs() > 0;
        let copy = SubscriberCopy {
            options: *options,
            naming,
            packet_id: PacketId::FIRST,
            dup: false,
            waited: (self.arrived, now),
        };
        let shared = if let Naming::Alias(alias) = naming { Some(alias) } else { None };
        let Some(alias) = shared.filter(|_| !has_identifiers && !has_waited) else {
            let single = &mut self.encodings.single;
            single.clear();
            let packet_id = copy.encode(self.publish, version, single)?;
            return Ok(EncodedPublish { bytes: single, packet_id });
        };
        let index = 12 + usize::from(options.qos.bits()) * 2 + usize::from(options.retain);
        if self.encodings.filled & 1 << index == 0 {
            let start = self.encodings.bytes.len();
            let at = copy.encode(self.publish, version, &mut self.encodings.bytes)?;
            self.encodings.fill(index, start, at);
        }
        // The alias is the last property, directly before the payload.
        let at = self.encodings.places[index].range.end - self.publish.payload.len() - 2;
        self.encodings.bytes[at..at + 2].copy_from_slice(&alias.to_be_bytes());
        Ok(self.encodings.get(index))
    }
}

impl EncodingCache {
    /// Returns the bytes of memory of its buffers.
    pub(crate) const fn buffer_bytes(&self) -> usize {
        self.bytes.capacity() + self.single.capacity()
    }

    fn fill(&mut self, index: usize, start: usize, packet_id: Option<usize>) {
        self.filled |= 1 << index;
        self.places[index] = Place { range: start..self.bytes.len(), packet_id: packet_id.map(|at| at - start) };
    }

    #[inline]
    fn get(&self, index: usize) -> EncodedPublish<'_> {
        let Place { range, packet_id } = &self.places[index];
        EncodedPublish { bytes: &self.bytes[range.clone()], packet_id: *packet_id }
    }
}

/// Returns the owned topic.
fn named(name: &mut Option<TopicName>, topic: &str) -> TopicName {
    let name = name.get_or_insert_with(|| {
        // No `expect` here, since it would add the code that prints the error.
        let Ok(name) = TopicName::parse(topic) else {
            unreachable!("the codec and the host's TopicName let no other through");
        };
        name
    });
    name.clone()
}

impl EncodedPublish<'_> {
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the bytes, with this packet identifier at QoS 1 and 2.
    #[inline]
    pub(crate) fn write(&self, packet_id: Option<PacketId>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.bytes);
        if let (Some(at), Some(packet_id)) = (self.packet_id, packet_id) {
            out[start + at..start + at + 2].copy_from_slice(&packet_id.get().to_be_bytes());
        }
    }
}

/// A copy of a message for one subscriber, encoded by itself.
#[derive(Debug)]
pub(crate) struct SubscriberCopy<'a> {
    pub(crate) options: DeliveryOptions<'a>,
    pub(crate) naming: Naming,
    /// The packet identifier; unused at QoS 0.
    pub(crate) packet_id: PacketId,
    pub(crate) dup: bool,
    /// Time since which it waits, and the present time.
    pub(crate) waited: (Time, Time),
}

impl SubscriberCopy<'_> {
    /// Appends the copy, with the remaining message expiry interval [MQTT-3.3.2-6].
    pub(crate) fn encode(
        &self,
        publish: &Publish<'_>,
        version: Version,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, DropCause> {
        let DeliveryOptions { qos, retain, identifiers, .. } = self.options;
        let (since, now) = self.waited;
        let expiry = match remaining_expiry(publish, now.saturating_since(since).as_secs()) {
            // The receiver may have it already, so it must be resent whatever its age
            // [MQTT-4.4.0-1].
            Err(DropCause::Expired) if self.dup => Some(0),
            expiry => expiry?,
        };
        let mut properties = PropertiesBuf::new();
        if version == Version::V5 {
            properties = publish.properties.to_buf();
            if let Some(seconds) = expiry {
                properties.set_expiry_interval(seconds)?;
            }
            for identifier in identifiers {
                properties.push_value(PropertyId::SubscriptionIdentifier, Value::Number(*identifier))?;
            }
        }
        let (topic, alias) = match self.naming {
            Naming::Topic => (publish.topic, None),
            Naming::Introduction(alias) => (publish.topic, Some(alias)),
            Naming::Alias(alias) => ("", Some(alias)),
        };
        if let Some(alias) = alias {
            properties.push_value(PropertyId::TopicAlias, Value::Number(alias.into()))?;
        }
        let packet_id = (qos != QoS::AtMostOnce).then_some(self.packet_id);
        let properties = properties.as_properties();
        Ok(Publish { dup: self.dup, qos, retain, topic, packet_id, properties, ..*publish }
            .encode_valid(version, out)?)
    }
}

/// True if an unsent delivery has expired [MQTT-3.3.2-5].
pub(crate) fn has_expired(delivery: &Delivery, now: Time) -> bool {
    let waited = now.saturating_since(delivery.tag.arrived);
    remaining_expiry(&delivery.message.as_publish(), waited.as_secs()).is_err()
}

/// Returns the remaining message expiry interval, if the message has one.
pub(crate) fn remaining_expiry(publish: &Publish<'_>, waited_seconds: u64) -> Result<Option<u32>, DropCause> {
    if publish.properties.is_empty() {
        return Ok(None);
    }
    let Some(seconds) = publish.properties.number(PropertyId::MessageExpiryInterval) else { return Ok(None) };
    let waited = u32::try_from(waited_seconds).unwrap_or(u32::MAX);
    // A message that waited for its whole interval is not delivered [MQTT-3.3.2-5]. One that never
    // waited is, whatever its interval.
    match seconds.checked_sub(waited) {
        Some(left) if left > 0 || waited == 0 => Ok(Some(left)),
        _ => Err(DropCause::Expired),
    }
}

impl From<EncodeError> for DropCause {
    /// A message from the wire, or from the host in a [`Message`], can fail to encode only by its
    /// size.
    fn from(_: EncodeError) -> Self {
        Self::PacketTooLarge
    }
}
