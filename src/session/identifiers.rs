//! The packet identifiers of one sender: none is given out again while it is in use [MQTT-2.2.1-3].

use crate::codec::PacketId;
use crate::collections::by_id::Index;

/// How many identifiers there are: 1 to 65,535.
const ALL: usize = u16::MAX as usize;

/// Allocator of packet identifiers. They are used in order, so that a late acknowledgement does not
/// meet a young delivery.
#[derive(Clone, Debug)]
pub(super) struct Identifiers {
    next: PacketId,
    /// Those of SUBSCRIBE and UNSUBSCRIBE; those of deliveries are the keys of the deliveries
    /// themselves.
    requests: Index,
}

impl Identifiers {
    pub(super) const fn new() -> Self {
        Self { next: PacketId::FIRST, requests: Index::new() }
    }

    pub(super) const fn begin_at(&mut self, packet_id: PacketId) {
        self.next = packet_id;
    }

    /// An identifier that neither a request nor one of the `deliveries` holds.
    pub(super) fn take(&mut self, deliveries: usize, in_use: impl Fn(PacketId) -> bool) -> Option<PacketId> {
        if !self.has_free(deliveries) {
            return None;
        }
        // Ends, since at least one is free.
        while self.requests.contains(self.next) || in_use(self.next) {
            self.next = self.next.next();
        }
        let taken = self.next;
        self.next = taken.next();
        Some(taken)
    }

    /// True if one is free while so many deliveries hold theirs.
    pub(super) const fn has_free(&self, deliveries: usize) -> bool {
        self.requests.len() + deliveries < ALL
    }

    pub(super) fn hold_for_request(&mut self, packet_id: PacketId) {
        self.requests.insert(packet_id);
    }

    pub(super) fn release(&mut self, packet_id: PacketId) {
        self.requests.remove(packet_id);
    }

    /// Requests do not outlive their connection.
    pub(super) fn disconnected(&mut self) {
        self.requests.clear();
    }
}
