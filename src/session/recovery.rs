//! Deliveries of a client over lost connections. A broker has nothing of it.

use alloc::vec::Vec;

use super::outbound::Outbound;
use super::{InFlight, Session};
use crate::codec::PacketId;

impl<T: Copy + Ord> Session<T> {
    /// Returns the delivery that was sent first on this connection and is not finished, with its
    /// tag.
    pub(crate) fn first_sent(&self) -> Option<(PacketId, Option<T>)> {
        let sent = self
            .in_flight
            .iter()
            .filter(|(_, entry)| self.send_quota > 0 && (entry.takes_quota || entry.state.delivery().is_none()));
        // Those of earlier connections went first, and of these PUBREL.
        let order = |entry: &InFlight<T>| match (entry.sent > self.sent_before, entry.state.delivery()) {
            (true, _) => (2, entry.sent),
            (false, Some(_)) => (1, entry.sent),
            (false, None) => (0, entry.sent),
        };
        sent.min_by_key(|(_, entry)| order(entry)).map(|(packet_id, entry)| (packet_id, entry.state.tag()))
    }

    /// Puts deliveries that were sent before those in the queue, to be sent as if for the first
    /// time: the peer has lost the session. Those that wait for PUBCOMP stay.
    pub(crate) fn send_anew(&mut self) {
        for (_, packet_id) in self.in_flight.latest_first(|entry| entry.sent) {
            if let Some(delivery) = self.in_flight.get(packet_id).and_then(|entry| entry.state.delivery()).cloned() {
                // A store keeps its message.
                self.take_sent(packet_id);
                self.queue.put_first(delivery);
            }
        }
    }

    /// Returns the tag of the first delivery that was never sent.
    pub(crate) fn first_queued(&self) -> Option<T> {
        self.queue.iter().next().map(|delivery| delivery.tag)
    }

    /// True if `next_outgoing` returns what was sent before, or a delivery with a tag below this
    /// one.
    pub(crate) fn has_next_before(&mut self, tag: T) -> bool {
        if let Some(packet_id) = self.next_owed() {
            let publish = self.in_flight.get(packet_id).and_then(|entry| entry.state.delivery());
            return publish.is_none_or(|delivery| self.has_quota_for(delivery.qos));
        }
        let first = self.queue.iter().next();
        self.may_send() && first.is_some_and(|first| first.tag < tag && self.has_quota_for(first.qos))
    }

    /// True if the delivery under this identifier has this tag.
    pub(crate) fn is_tag_of(&self, packet_id: PacketId, tag: T) -> bool {
        self.in_flight.get(packet_id).and_then(|entry| entry.state.tag()) == Some(tag)
    }

    /// Replaces the tag of a delivery in flight, whose exchange goes on. False if it has another
    /// tag.
    pub(crate) fn disown(&mut self, packet_id: PacketId, tag: T, nobody: T) -> bool {
        match self.in_flight.get_mut(packet_id).and_then(|entry| entry.state.tag_mut()) {
            Some(own) if *own == tag => {
                *own = nobody;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Replaces the tags of all deliveries in flight. Returns them in the order of sending.
    pub(crate) fn disown_all(&mut self, nobody: fn(T) -> T) -> Vec<T> {
        let mut order = self.in_flight.latest_first(|entry| entry.sent);
        let mut tags = Vec::new();
        while let Some((_, packet_id)) = order.pop() {
            if let Some(tag) = self.in_flight.get_mut(packet_id).and_then(|entry| entry.state.tag_mut()) {
                tags.push(core::mem::replace(tag, nobody(*tag)));
            }
        }
        tags
    }

    /// Ends a QoS 2 delivery that the peer answered with PUBACK. Returns its tag; `None` if PUBREL
    /// was sent, or if it is none.
    pub(crate) fn settle_as_once(&mut self, packet_id: PacketId) -> Option<T> {
        let entry = self.in_flight.get(packet_id)?;
        if matches!(entry.state, Outbound::AwaitPubrec(_)) { self.finish(packet_id) } else { None }
    }
}
