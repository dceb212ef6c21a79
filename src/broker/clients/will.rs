//! The will of a client: armed or delayed (MQTT 5.0 §3.1.2.5).

use alloc::sync::Arc;

use crate::codec::{
    Message, PropertyId, {self},
};
use crate::memory_meter::MemoryMeter;
use crate::time::Time;
use crate::topic::{TopicError, TopicName};

/// A client's will.
#[derive(Debug)]
pub(crate) enum Will {
    /// The client is connected. The delay is in seconds (§3.1.3.2.2).
    Armed { message: Arc<Message>, delay: u32 },
    /// The connection has ended, and the will is due at this time.
    Delayed { message: Arc<Message>, delay: u32, due: Time },
}

impl Will {
    /// Makes the will of a CONNECT.
    pub(crate) fn new(will: &codec::Will<'_>, meter: &MemoryMeter) -> Result<Self, TopicError> {
        let delay = will.properties.number(PropertyId::WillDelayInterval).unwrap_or(0);
        let message = Message {
            qos: will.qos,
            retain: will.retain,
            properties: will.properties.without(PropertyId::WillDelayInterval),
            ..Message::new(TopicName::parse(will.topic)?, will.payload)
        };
        Ok(Self::Armed { message: message.share(meter), delay })
    }

    pub(crate) const fn message(&self) -> &Arc<Message> {
        match self {
            Self::Armed { message, .. } | Self::Delayed { message, .. } => message,
        }
    }
}
