//! The receiver's half of QoS 1 and QoS 2 (MQTT 5.0 §4.3.2, §4.3.3): each QoS 2 message once, and
//! no more in flight than allowed.

use alloc::vec::Vec;

use crate::codec::{PacketId, QoS, ReasonCode};
use crate::collections::by_id::ById;
use crate::collections::change_list::ChangeList;

/// The meaning of an arriving PUBLISH of QoS 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Hand it to the application, then acknowledge it.
    New,
    /// A QoS 2 message that was handed over already [MQTT-4.3.3-10]: answer PUBREC and no more.
    Duplicate,
    /// The peer has more in flight than our Receive Maximum: close with 0x93 [MQTT-3.3.4-9].
    ReceiveMaximumExceeded,
}

/// Messages received and not fully acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Inbound {
    receive_maximum: u16,
    /// Arrived on this connection and not acknowledged: what Receive Maximum bounds. It begins anew
    /// with each connection (§3.1.2.11.3), so a QoS 2 message of an earlier one counts only once it
    /// has been sent again.
    unacknowledged: u16,
    /// QoS 2 messages handed over whose PUBREL is still to come, and whether each counts in
    /// `unacknowledged`.
    unreleased: ById<bool>,
    /// Those that were added or removed, for a store.
    changes: ChangeList<PacketId>,
}

impl Inbound {
    pub(super) const fn new(receive_maximum: u16) -> Self {
        Self { receive_maximum, unacknowledged: 0, unreleased: ById::new(), changes: ChangeList::new() }
    }

    pub(super) const fn set_receive_maximum(&mut self, receive_maximum: u16) {
        self.receive_maximum = receive_maximum;
    }

    pub(super) const fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    pub(super) const fn unacknowledged(&self) -> u16 {
        self.unacknowledged
    }

    /// Identifiers of the QoS 2 messages whose PUBREL is still to come.
    pub(super) fn received(&self) -> impl Iterator<Item = PacketId> {
        self.unreleased.iter().map(|(packet_id, _)| packet_id)
    }

    pub(super) fn on_publish(&mut self, qos: QoS, packet_id: PacketId) -> Received {
        let known = if qos == QoS::ExactlyOnce { self.unreleased.get(packet_id).copied() } else { None };
        if known == Some(true) {
            return Received::Duplicate;
        }
        if self.unacknowledged >= self.receive_maximum {
            return Received::ReceiveMaximumExceeded;
        }
        self.unacknowledged += 1;
        if qos == QoS::ExactlyOnce {
            self.unreleased.insert(packet_id, true);
            self.changes.note(|| packet_id);
        }
        if known.is_some() { Received::Duplicate } else { Received::New }
    }

    /// Bytes of memory of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        self.unreleased.table_bytes()
    }

    pub(super) fn has_received(&self, packet_id: PacketId) -> bool {
        self.unreleased.contains(packet_id)
    }

    pub(super) fn acknowledged(&mut self, qos: QoS, packet_id: PacketId) {
        match qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => self.unacknowledged = self.unacknowledged.saturating_sub(1),
            QoS::ExactlyOnce => self.finish(packet_id),
        }
    }

    pub(super) fn on_pubrel(&mut self, packet_id: PacketId) -> ReasonCode {
        let known = self.unreleased.contains(packet_id);
        self.finish(packet_id);
        if known { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound }
    }

    pub(super) fn disconnected(&mut self) {
        self.unacknowledged = 0;
        self.unreleased.values_mut().for_each(|counts| *counts = false);
    }

    pub(super) fn clear(&mut self) {
        self.unacknowledged = 0;
        self.note_all();
        self.unreleased.clear();
    }

    /// Begins to note changes, for a store. All that is there is noted.
    pub(super) fn begin_noting(&mut self) {
        self.changes.begin();
        self.note_all();
    }

    fn note_all(&mut self) {
        if self.changes.is_noting() {
            self.unreleased.iter().for_each(|(packet_id, _)| self.changes.note(|| packet_id));
        }
    }

    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Notes an identifier whose record is to change although it stays.
    pub(super) fn note(&mut self, packet_id: PacketId) {
        self.changes.note(|| packet_id);
    }

    pub(super) fn end_noting(&mut self) {
        self.changes = ChangeList::new();
    }

    /// Takes the identifiers that were added or removed since the last time, once or more.
    pub(super) fn take_changes(&mut self) -> Vec<PacketId> {
        self.changes.take()
    }

    /// Handed over on an earlier connection.
    pub(super) fn restore(&mut self, packet_id: PacketId) {
        self.unreleased.insert(packet_id, false);
    }

    fn finish(&mut self, packet_id: PacketId) {
        if let Some(counts) = self.unreleased.remove(packet_id) {
            self.unacknowledged -= u16::from(counts);
            self.changes.note(|| packet_id);
        }
    }
}
