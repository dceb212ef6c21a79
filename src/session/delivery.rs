//! A delivery: one message on its way to the peer, with its owner's tag.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::codec::{Message, QoS};

/// A message on its way to the peer, with what this hop adds to it.
///
/// `T` is the owner's tag, kept with the delivery until it is over: the client's request number,
/// the broker's time of arrival and shared subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<T> {
    /// The message, shared with whoever else it goes to.
    pub message: Arc<Message>,
    /// The quality of service of this hop: 1 or 2. QoS 0 needs no session.
    pub qos: QoS,
    /// The RETAIN flag of this hop.
    pub retain: bool,
    /// The subscription identifiers that the broker adds; none in the client.
    pub subscription_identifiers: Box<[u32]>,
    /// The owner's tag, handed back when the delivery is over.
    pub tag: T,
}

impl<T> Delivery<T> {
    /// The bytes of the topic and the payload: what a queue's bound counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.message.topic.as_str().len() + self.message.payload.len()
    }
}
