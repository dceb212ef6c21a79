//! A delivery: one message on its way to the peer, with its owner's tag.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::codec::{Message, QoS};
use crate::memory_meter::block;

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
    /// The bytes of its message: topic, payload and properties.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.message.bytes()
    }
}

/// Limit of a queue's memory with its bookkeeping, where the limit of its messages' bytes is lower.
const HELD_MIN: usize = 64 * 1024;

/// Memory of deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Their number.
    pub(crate) messages: usize,
    /// The bytes of their messages, each in full, although other sessions may share them.
    pub(crate) bytes: usize,
    /// The bytes of their subscription identifiers.
    pub(crate) identifiers: usize,
}

impl Held {
    pub(crate) const fn new() -> Self {
        Self { messages: 0, bytes: 0, identifiers: 0 }
    }

    /// True if a queue of these deliveries has room for another of so many bytes. `own_bytes` is
    /// the memory of one delivery without its message.
    pub(crate) const fn has_room(&self, bytes: usize, own_bytes: usize, messages_max: usize, bytes_max: usize) -> bool {
        let held = self.message_bytes() + self.identifiers + (self.messages + 1) * own_bytes + Message::HELD_BYTES;
        let held_max = if bytes_max > HELD_MIN { bytes_max } else { HELD_MIN };
        self.messages < messages_max && self.bytes + bytes <= bytes_max && held + bytes <= held_max
    }

    pub(crate) fn add<T>(&mut self, delivery: &Delivery<T>) {
        self.messages += 1;
        self.bytes += delivery.bytes();
        self.identifiers += identifier_bytes(delivery);
    }

    pub(crate) fn remove<T>(&mut self, delivery: &Delivery<T>) {
        self.messages -= 1;
        self.bytes -= delivery.bytes();
        self.identifiers -= identifier_bytes(delivery);
    }

    /// Returns the bytes of memory of their messages, each in full.
    pub(crate) const fn message_bytes(&self) -> usize {
        self.bytes + self.messages * Message::HELD_BYTES
    }

    /// Returns the sum of both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
            identifiers: self.identifiers + other.identifiers,
        }
    }
}

const fn identifier_bytes<T>(delivery: &Delivery<T>) -> usize {
    block(size_of::<u32>() * delivery.subscription_identifiers.len())
}
