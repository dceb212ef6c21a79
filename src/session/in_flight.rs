//! A delivery in flight, under its packet identifier, and its end.

use super::Session;
use super::outbound::Outbound;
use crate::codec::PacketId;

/// A delivery under its packet identifier.
#[derive(Clone, Debug)]
pub(super) struct InFlight<T> {
    pub(super) state: Outbound<T>,
    /// When its PUBLISH, or in `AwaitPubcomp` its PUBREL, was first sent: in `Session::sequence`.
    pub(super) sent: u64,
    /// Its PUBLISH was sent on this connection, and so takes of the send quota.
    pub(super) takes_quota: bool,
}

impl<T: Copy> Session<T> {
    /// From now on it is PUBREL that is sent again, in the order of the PUBRECs [MQTT-4.6.0-4].
    pub(super) fn release(&mut self, packet_id: PacketId) {
        let sent = self.tick();
        if let Some(entry) = self.in_flight.get_mut(packet_id)
            && let Some(delivery) = entry.state.delivery()
        {
            let tag = delivery.tag;
            self.sent.remove(delivery);
            entry.state = Outbound::AwaitPubcomp(Some(tag));
            entry.sent = sent;
            self.note_over(tag);
            self.note_sent(packet_id);
        }
    }

    /// The delivery's tag; its identifier is free again.
    pub(super) fn finish(&mut self, packet_id: PacketId) -> Option<T> {
        let entry = self.take_sent(packet_id)?;
        if let Some(delivery) = entry.state.delivery() {
            self.note_over(delivery.tag);
        }
        entry.state.tag()
    }

    /// Takes out a delivery in flight; its identifier is free again.
    pub(super) fn take_sent(&mut self, packet_id: PacketId) -> Option<InFlight<T>> {
        let entry = self.in_flight.remove(packet_id)?;
        self.unacknowledged -= u16::from(entry.takes_quota);
        if let Some(delivery) = entry.state.delivery() {
            self.sent.remove(delivery);
        }
        self.note_sent(packet_id);
        Some(entry)
    }
}
