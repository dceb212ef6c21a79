//! Changes of deliveries since the store's last batch, for an owner that keeps its session in a
//! store and whose tags are unique.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::outbound::Outbound;
use super::{Delivery, Session};
use crate::codec::PacketId;
use crate::collections::by_id::Index;

/// Changes of deliveries. None is noted without a store.
#[derive(Clone, Debug)]
pub(crate) struct Changes<T> {
    /// Deliveries that were put into the queue, in order.
    pub(crate) queued: Vec<Delivery<T>>,
    /// Tags of those whose message will not be sent again.
    pub(crate) over: Vec<T>,
    /// Identifiers whose delivery in flight came, went on, or ended.
    pub(crate) sent: Index,
}

/// Notes of changes, if there is a store.
pub(super) type Notes<T> = Option<Box<Changes<T>>>;

impl<T> Changes<T> {
    const fn new() -> Self {
        Self { queued: Vec::new(), over: Vec::new(), sent: Index::new() }
    }

    fn is_empty(&self) -> bool {
        self.queued.is_empty() && self.over.is_empty() && self.sent.len() == 0
    }
}

/// Where a delivery in flight stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stands<T> {
    /// PUBLISH was sent.
    Published(T),
    /// PUBREL was sent, for a message with this tag, unless the owner has the tag back.
    Released(Option<T>),
}

impl<T: Copy> Session<T> {
    /// Begins to note changes.
    pub(crate) fn begin_noting_deliveries(&mut self) {
        self.notes = Some(Box::new(Changes::new()));
    }

    /// Ends to note changes.
    pub(crate) fn end_noting_deliveries(&mut self) {
        self.notes = None;
    }

    /// True if there are changes, of deliveries or of received messages.
    pub(crate) fn has_changes(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| !notes.is_empty()) || self.inbound.has_changes()
    }

    /// Takes the changes since the last time.
    pub(crate) fn take_delivery_changes(&mut self) -> Changes<T> {
        self.notes.as_mut().map_or(Changes::new(), |notes| core::mem::replace(&mut **notes, Changes::new()))
    }

    /// Returns the place in the order of sending of a delivery in flight, and where it stands.
    pub(crate) fn stands(&self, packet_id: PacketId) -> Option<(u64, Stands<T>)> {
        let entry = self.in_flight.get(packet_id)?;
        let stands = match &entry.state {
            Outbound::AwaitPuback(delivery) | Outbound::AwaitPubrec(delivery) => Stands::Published(delivery.tag),
            Outbound::AwaitPubcomp(tag) => Stands::Released(*tag),
        };
        Some((entry.sent, stands))
    }

    #[inline(never)]
    pub(super) fn note_queued(&mut self, delivery: &Delivery<T>) {
        if let Some(notes) = &mut self.notes {
            notes.queued.push(delivery.clone());
        }
    }

    #[inline(never)]
    pub(super) fn note_over(&mut self, tag: T) {
        if let Some(notes) = &mut self.notes {
            notes.over.push(tag);
        }
    }

    #[inline(never)]
    pub(super) fn note_sent(&mut self, packet_id: PacketId) {
        if let Some(notes) = &mut self.notes {
            notes.sent.insert(packet_id);
        }
    }
}
