//! The offline queue: requests that wait for the next connection, in the order in which they were
//! made.
//!
//! Messages of QoS 1 and 2 wait in the queue of the session. Numbers of requests rise, so both
//! together are one queue.

use alloc::boxed::Box;

use super::RequestId;
use super::requests::Request;
use crate::codec::Message;
use crate::collections::fifo::Fifo;

/// Policy for requests when a connection is lost, or an attempt fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Everything waits for the next connection. If the session is gone by then, messages that
    /// were sent are sent anew: the broker may get them twice, those of QoS 2 too.
    All,
    /// As `All` for what the broker acknowledges. Messages of QoS 0 are given up. If the session is
    /// gone, messages that were sent end in
    /// [`RequestError::SessionLost`](super::RequestError::SessionLost).
    #[default]
    Acknowledged,
    /// Everything ends with the connection.
    Nothing,
}

/// Policy for a full offline queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The new request: the call fails.
    #[default]
    Reject,
    /// The oldest message. Subscriptions stay.
    DropOldest,
    /// The new message, which ends in [`RequestError::Dropped`](super::RequestError::Dropped). A
    /// new subscription is refused.
    DropNewest,
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: RequestId,
    bytes: usize,
    pub(super) what: What,
}

/// The contents of a request that waits, in boxes, since they are moved more often than read.
#[derive(Debug)]
pub(super) enum What {
    /// A message of QoS 0.
    Message(Box<Message>),
    Request(Box<Request>),
}

/// Requests that wait, and their size.
#[derive(Debug)]
pub(super) struct Offline {
    waiting: Fifo<Waiting>,
    bytes: usize,
}

impl Offline {
    pub(super) const fn new() -> Self {
        Self { waiting: Fifo::new(), bytes: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push_message(&mut self, id: RequestId, message: Message) {
        let bytes = message.bytes();
        self.bytes += bytes;
        self.waiting.push(Waiting { id, bytes, what: What::Message(Box::new(message)) });
    }

    /// Adds a request: last, or before the others if it was sent, and is to be sent anew.
    pub(super) fn push_request(&mut self, request: Box<Request>, is_first: bool) {
        let mut bytes = request.properties.as_properties().as_bytes().len();
        for (filter, _) in &request.filters {
            bytes += filter.as_str().len();
        }
        self.bytes += bytes;
        let waiting = Waiting { id: request.id, bytes, what: What::Request(request) };
        if is_first { self.waiting.put_first(waiting) } else { self.waiting.push(waiting) }
    }

    /// Returns the number of the first request.
    pub(super) fn first(&self) -> Option<RequestId> {
        self.waiting.first().map(|first| first.id)
    }

    /// Returns the number of the first message.
    pub(super) fn first_message(&self) -> Option<RequestId> {
        self.waiting.iter().find(|one| matches!(one.what, What::Message(_))).map(|one| one.id)
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop()?;
        self.bytes -= waiting.bytes;
        Some(waiting)
    }

    /// Takes out the request with this number.
    pub(super) fn remove(&mut self, id: RequestId) -> bool {
        let removed = self.waiting.remove(|one| one.id == id);
        self.bytes -= removed.as_ref().map_or(0, |one| one.bytes);
        removed.is_some()
    }

    /// Takes out those that the policy does not keep.
    pub(super) fn give_up(&mut self, keep: Keep, mut end: impl FnMut(RequestId)) {
        // Each goes round once.
        for _ in 0..self.waiting.len() {
            let Some(waiting) = self.waiting.pop() else { return };
            let is_kept = match keep {
                Keep::All => true,
                Keep::Acknowledged => matches!(waiting.what, What::Request(_)),
                Keep::Nothing => false,
            };
            if is_kept {
                self.waiting.push(waiting);
            } else {
                self.bytes -= waiting.bytes;
                end(waiting.id);
            }
        }
    }
}
