//! An application message that outlives the bytes it came in.

use alloc::vec::Vec;

use super::{PropertiesBuf, Publish, QoS};
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
}

impl Message {
    /// A message without properties, at QoS 0, not retained.
    #[must_use]
    pub fn new(topic: TopicName, payload: impl Into<Vec<u8>>) -> Self {
        Self { topic, qos: QoS::AtMostOnce, retain: false, payload: payload.into(), properties: PropertiesBuf::new() }
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
