//! SUBSCRIBE and UNSUBSCRIBE packets that wait for their answer.

use alloc::vec::Vec;

use super::RequestId;
use crate::codec::PacketId;
use crate::collections::by_id::ById;

/// Which answer a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Subscribe,
    Unsubscribe,
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) id: RequestId,
    pub(super) kind: Kind,
    /// How many filters it has, and so how many reasons its answer must have.
    pub(super) filters: usize,
}

/// The requests of one connection, which they do not outlive.
#[derive(Debug)]
pub(super) struct Requests(ById<Request>);

impl Requests {
    pub(super) const fn new() -> Self {
        Self(ById::new())
    }

    pub(super) fn add(&mut self, packet_id: PacketId, request: Request) {
        self.0.insert(packet_id, request);
    }

    /// The request that an answer of this kind with so many reasons is for.
    pub(super) fn answer(&mut self, packet_id: PacketId, kind: Kind, reasons: usize) -> Option<RequestId> {
        let request = *self.0.get(packet_id)?;
        if request.kind != kind || request.filters != reasons {
            return None;
        }
        self.0.remove(packet_id);
        Some(request.id)
    }

    /// How many filters the request of this identifier has: what a 3.1.1 UNSUBACK does not say.
    pub(super) fn filters(&self, packet_id: PacketId) -> Option<usize> {
        self.0.get(packet_id).map(|request| request.filters)
    }

    /// All of them; the first of their numbers is popped first. The connection is gone.
    pub(super) fn take_all(&mut self) -> Vec<(u64, PacketId)> {
        let all = self.0.latest_first(|request| request.id.0);
        self.0.clear();
        all
    }
}
