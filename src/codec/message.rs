//! An application message that outlives the bytes it came in.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{PropertiesBuf, Publish, QoS};
use crate::memory_meter::{ARC_BYTES, BLOCK_BYTES, Charge, MemoryMeter, block, shared_text};
use crate::topic::TopicName;

/// An application message, owned: what a session keeps for resending, a broker retains, a queue
/// holds.
///
/// Shared as `Arc<Message>`, so a message that goes to a thousand subscribers is held once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub topic: TopicName,
    /// The quality of service it was published with.
    pub qos: QoS,
    /// The RETAIN flag it was published with.
    pub retain: bool,
    /// The payload; any bytes.
    pub payload: Vec<u8>,
    /// The properties that travel with the message end to end (not topic alias, not subscription
    /// identifiers). Empty in 3.1.1.
    pub properties: PropertiesBuf,
    /// The charge on the memory of the broker that holds it. A caller leaves it at its default.
    pub charge: Charge,
}

impl Message {
    /// A message without properties, at QoS 0, not retained.
    #[must_use]
    pub fn new(topic: TopicName, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            topic,
            qos: QoS::AtMostOnce,
            retain: false,
            payload: payload.into(),
            properties: PropertiesBuf::new(),
            charge: Charge::default(),
        }
    }

    /// The bytes of the topic, the payload and the properties.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.topic.as_str().len() + self.payload.len() + self.properties.as_properties().as_bytes().len()
    }

    /// Bytes of memory that a message takes in an `Arc`, beside its topic, payload and properties.
    pub(crate) const HELD_BYTES: usize = block(ARC_BYTES + size_of::<Self>()) + ARC_BYTES + 2 * BLOCK_BYTES;

    /// Returns the bytes of memory that it takes in an `Arc`.
    fn held_bytes(&self) -> usize {
        block(ARC_BYTES + size_of::<Self>())
            + shared_text(self.topic.as_str())
            + block(self.payload.capacity())
            + block(self.properties.capacity())
    }

    /// Charges its memory to the meter, and shares it.
    pub(crate) fn share(mut self, meter: &MemoryMeter) -> Arc<Self> {
        self.charge = meter.charge(self.held_bytes());
        Arc::new(self)
    }

    /// The PUBLISH that carries this message, without a packet identifier (the session sets one for
    /// QoS 1 and 2).
    #[must_use]
    pub fn as_publish(&self) -> Publish<'_> {
        Publish {
            dup: false,
            qos: self.qos,
            retain: self.retain,
            topic: self.topic.as_str(),
            packet_id: None,
            properties: self.properties.as_properties(),
            payload: &self.payload,
        }
    }
}
