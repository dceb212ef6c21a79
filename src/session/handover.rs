//! Handover: deliveries that a broker takes out of one session for another, or looks at before they
//! leave. A page without a broker has nothing of it.

use super::outbound::Outbound;
use super::{Delivery, Held, Session};
use crate::codec::PacketId;
use crate::collections::fifo::Fifo;

impl<T: Copy> Session<T> {
    /// Those that were never sent, the oldest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Delivery<T>> {
        self.queue.iter()
    }

    /// Returns the delivery whose PUBLISH `next_outgoing` would return. It is true if the delivery
    /// was sent before.
    pub(crate) fn next_publish(&mut self) -> Option<(&Delivery<T>, bool)> {
        if let Some(packet_id) = self.next_owed() {
            let has_quota = self.has_quota();
            let delivery = self.in_flight.get(packet_id)?.state.delivery()?;
            return has_quota.then_some((delivery, true));
        }
        if self.may_send() { Some((self.queue.iter().next()?, false)) } else { None }
    }

    /// Returns the deliveries that are to be sent, in their order. At most `queued_max` of them
    /// were never sent.
    pub(crate) fn unsent(&self, queued_max: usize) -> impl Iterator<Item = &Delivery<T>> {
        let owed = |(_, packet_id): &(u64, PacketId)| self.in_flight.get(*packet_id)?.state.delivery();
        self.resend.iter().rev().filter_map(owed).chain(self.queue.iter().take(queued_max))
    }

    /// True if the queue has room for one of so many bytes.
    pub(crate) const fn has_room(&self, bytes: usize) -> bool {
        self.queue.has_room(bytes)
    }

    /// True if a delivery that is put first would be sent at once.
    pub(crate) const fn may_send(&self) -> bool {
        self.resend.is_empty() && self.has_quota() && self.identifiers.has_free(self.in_flight.len())
    }

    /// True if nothing waits to be sent, or to be sent again.
    pub(crate) const fn is_flushed(&self) -> bool {
        self.queue.deliveries.is_empty() && self.resend.is_empty()
    }

    /// True if a delivery may pass the queue: it is empty, and its next delivery would be sent at
    /// once.
    pub(crate) const fn may_pass(&self) -> bool {
        self.queue.deliveries.is_empty() && self.may_send()
    }

    /// Puts a delivery in flight as if it had gone through the queue, which it [may
    /// pass](Self::may_pass). Returns its packet identifier.
    pub(crate) fn pass(&mut self, delivery: Delivery<T>) -> Option<PacketId> {
        let packet_id = self.free_id()?;
        self.queue.first += 1;
        self.begin(packet_id, delivery)?;
        Some(packet_id)
    }

    /// Memory of all deliveries.
    pub(crate) const fn held(&self) -> Held {
        self.queue.held().and(self.sent)
    }

    /// Bytes of memory of its own, without the messages, which other sessions may share.
    pub(crate) fn own_bytes(&self) -> usize {
        self.queue.table_bytes()
            + self.in_flight.table_bytes()
            + self.resend.capacity() * size_of::<(u64, PacketId)>()
            + self.inbound.table_bytes()
            + self.held().identifiers
    }

    /// Puts a delivery before those that wait, whatever the bounds are.
    pub(crate) fn put_first(&mut self, delivery: Delivery<T>) {
        self.queue.put_first(delivery);
    }

    /// Takes out those that were never sent, in order, and the empty places between them.
    pub(crate) fn take_waiting(&mut self) -> Fifo<Option<Delivery<T>>> {
        self.queue.take()
    }

    /// Takes out those that were sent at QoS 1 and are not acknowledged, in the order of their
    /// sending.
    pub(crate) fn take_sent_once(&mut self) -> Fifo<Option<Delivery<T>>> {
        let mut order = self.in_flight.latest_first(|entry| entry.sent);
        let mut taken = Fifo::new();
        while let Some((_, packet_id)) = order.pop() {
            let Some(entry) = self.in_flight.get(packet_id) else { continue };
            if let Outbound::AwaitPuback(delivery) = &entry.state {
                taken.push(Some(delivery.clone()));
                self.finish(packet_id);
            }
        }
        taken
    }

    /// Changes those that were sent and may be sent again, in any order.
    pub(crate) fn each_sent_mut(&mut self, mut change: impl FnMut(&mut Delivery<T>)) {
        for entry in self.in_flight.values_mut() {
            match &mut entry.state {
                Outbound::AwaitPuback(delivery) | Outbound::AwaitPubrec(delivery) => change(delivery),
                Outbound::AwaitPubcomp(_) => {}
            }
        }
    }
}
