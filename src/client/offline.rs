//! The offline queue: requests that wait for the next connection, in the order in which they were
//! made.
//!
//! Messages of QoS 1 and 2 wait in the queue of the session. Numbers of requests rise, so both
//! together are one queue.

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
    /// gone, messages that were sent end in [`RequestError::SessionLost`].
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
    /// The new message, which ends in [`RequestError::Dropped`]. A new subscription is refused.
    DropNewest,
}

/// A request that waits.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A message of QoS 0.
    Message(RequestId, Message),
    Request(Request),
}

impl Waiting {
    pub(super) const fn id(&self) -> RequestId {
        match self {
            Self::Message(id, _) | Self::Request(Request { id, .. }) => *id,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Message(_, message) => message.bytes(),
            Self::Request(request) => {
                let filters = request.filters.iter().map(|(filter, _)| filter.as_str().len()).sum::<usize>();
                filters + request.properties.as_properties().as_bytes().len()
            }
        }
    }
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

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.bytes();
        self.waiting.push(waiting);
    }

    /// Puts a request before the others: it was sent, and is to be sent anew.
    pub(super) fn put_first(&mut self, request: Request) {
        let waiting = Waiting::Request(request);
        self.bytes += waiting.bytes();
        self.waiting.put_first(waiting);
    }

    /// Returns the number of the first request.
    pub(super) fn first(&self) -> Option<RequestId> {
        self.waiting.first().map(Waiting::id)
    }

    /// Returns the number of the first message.
    pub(super) fn first_message(&self) -> Option<RequestId> {
        self.waiting.iter().find(|one| matches!(one, Waiting::Message(..))).map(Waiting::id)
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let waiting = self.waiting.pop()?;
        self.bytes -= waiting.bytes();
        Some(waiting)
    }

    /// Takes out the request with this number.
    pub(super) fn remove(&mut self, id: RequestId) -> bool {
        let removed = self.waiting.remove(|one| one.id() == id);
        self.bytes -= removed.as_ref().map_or(0, Waiting::bytes);
        removed.is_some()
    }

    /// Takes out those that the policy does not keep.
    pub(super) fn give_up(&mut self, keep: Keep, mut end: impl FnMut(RequestId)) {
        let mut kept = Self::new();
        while let Some(waiting) = self.pop() {
            let is_kept = match keep {
                Keep::All => true,
                Keep::Acknowledged => matches!(waiting, Waiting::Request(_)),
                Keep::Nothing => false,
            };
            if is_kept { kept.push(waiting) } else { end(waiting.id()) }
        }
        *self = kept;
    }
}
