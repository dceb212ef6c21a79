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

    /// An identifier that neither a request nor one of the `deliveries` holds. `next_free` returns
    /// the first one from another on that no delivery holds.
    pub(super) fn take(&mut self, deliveries: usize, next_free: impl Fn(PacketId) -> PacketId) -> Option<PacketId> {
        if !self.has_free(deliveries) {
            return None;
        }
        // Ends, since at least one is free.
        let taken = loop {
            let free = next_free(self.next);
            if !self.requests.contains(free) {
                break free;
            }
            self.next = self.requests.next_free(free);
        };
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

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::collections::by_id::ById;

    /// A peer that acknowledges one message of 65,535 chooses how far its identifier is.
    #[test]
    fn the_last_free_identifier_is_found_by_a_few_looks() {
        let id = |value| PacketId::new(value).expect("not zero");
        let (mut identifiers, mut deliveries, looks) = (Identifiers::new(), ById::new(), Cell::new(0));
        (1..=u16::MAX).for_each(|value| _ = deliveries.insert(id(value), ()));
        for free in [65_535, 65_534, 40_000, 39_999, 1] {
            deliveries.remove(id(free));
            looks.set(0);
            let taken = identifiers.take(deliveries.len(), |from| {
                looks.set(looks.get() + 1);
                deliveries.next_free(from)
            });
            assert_eq!((taken, looks.get()), (Some(id(free)), 1));
            deliveries.insert(id(free), ());
        }
        deliveries.remove(id(7));
        identifiers.hold_for_request(id(7));
        assert_eq!(identifiers.take(deliveries.len(), |from| deliveries.next_free(from)), None);
        deliveries.remove(id(8));
        assert_eq!(identifiers.take(deliveries.len(), |from| deliveries.next_free(from)), Some(id(8)));
    }
}
