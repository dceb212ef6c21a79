//! The state of a session that a broker or a client keeps in a store, and its restoration.

use alloc::vec::Vec;

use super::outbound::Outbound;
use super::{Delivery, InFlight, Session};
use crate::codec::PacketId;

/// A delivery that was sent and is not finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a, T> {
    pub(crate) packet_id: PacketId,
    /// Its place in the order of sending; another one after PUBREC, since it is PUBREL then that is
    /// sent.
    pub(crate) order: u64,
    /// `None` if PUBREL was sent, and PUBCOMP is waited for.
    pub(crate) delivery: Option<&'a Delivery<T>>,
}

impl<T: Copy> Session<T> {
    /// Returns the deliveries in flight, in the order of their identifiers.
    pub(crate) fn sent(&self) -> impl Iterator<Item = Sent<'_, T>> {
        self.in_flight.iter().map(|(packet_id, entry)| Sent {
            packet_id,
            order: entry.sent,
            delivery: entry.state.delivery(),
        })
    }

    /// The queue from the delivery at this place on. `None` stands for an empty place.
    pub(crate) fn waiting_from(&self, place: usize) -> impl Iterator<Item = Option<&Delivery<T>>> {
        self.queue.deliveries.iter().skip(place).map(Option::as_ref)
    }

    /// Begins to note the QoS 2 messages that came and whose PUBREL is still to come.
    pub(crate) fn begin_noting_received(&mut self) {
        self.inbound.begin_noting();
    }

    /// Ends to note them.
    pub(crate) fn end_noting_received(&mut self) {
        self.inbound.end_noting();
    }

    /// Notes one as changed.
    pub(crate) fn note_received(&mut self, packet_id: PacketId) {
        self.inbound.note(packet_id);
    }

    /// Takes the identifiers of those that came or were released since the last time.
    pub(crate) fn take_received_changes(&mut self) -> Vec<PacketId> {
        self.inbound.take_changes()
    }

    /// Puts back what [`sent`](Self::sent) gave.
    pub(crate) fn restore_sent(&mut self, packet_id: PacketId, order: u64, delivery: Option<Delivery<T>>) {
        let Some(delivery) = delivery else { return self.restore_released(packet_id, order, None) };
        self.sent.add(&delivery);
        let state = Outbound::new(delivery);
        self.in_flight.insert(packet_id, InFlight { state, sent: order, takes_quota: false });
        self.sequence = self.sequence.max(order);
    }

    /// Puts back one whose PUBREL was sent, with its tag, unless the owner has it.
    pub(crate) fn restore_released(&mut self, packet_id: PacketId, order: u64, tag: Option<T>) {
        let state = Outbound::AwaitPubcomp(tag);
        self.in_flight.insert(packet_id, InFlight { state, sent: order, takes_quota: false });
        self.sequence = self.sequence.max(order);
    }

    /// Puts a delivery at the end of the queue, whatever its bounds are now.
    pub(crate) fn restore_waiting(&mut self, delivery: Delivery<T>) {
        self.queue.restore(delivery);
    }

    /// Puts an empty place at the end of the queue.
    pub(crate) fn restore_empty_place(&mut self) {
        self.queue.deliveries.push(None);
    }

    /// Puts back an identifier that was received.
    pub(crate) fn restore_received(&mut self, packet_id: PacketId) {
        self.inbound.restore(packet_id);
    }
}
