//! Read-only views of the broker, as plain data for lists and diagrams.

use alloc::vec::Vec;

use crate::broker::clients::subscription::ClientSubscription;
use crate::broker::ids::PeerId;
use crate::broker::monitor::counters::{Counters, Gauges};
use crate::broker::{Broker, BrokerOptions};
use crate::codec::{Message, QoS, Version};
use crate::time::Time;

/// A connected client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientView<'a> {
    /// Its client identifier.
    pub client_id: &'a str,
    /// Its connection.
    pub peer: PeerId,
    /// What it speaks.
    pub version: Version,
}

/// A session, connected or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Its client identifier.
    pub client_id: &'a str,
    /// Its connection.
    pub peer: Option<PeerId>,
    /// Its filters, each with the quality of service granted, in the order of the filters.
    pub subscriptions: Vec<(&'a str, QoS)>,
    /// Messages of QoS 1 and 2 that were not sent yet, and those of any that wait for the host to be allowed.
    pub queued: usize,
    /// Their topic and payload bytes.
    pub queued_bytes: usize,
    /// Messages sent and not finished.
    pub in_flight: usize,
    /// When it ends, if it is not connected and ends at all.
    pub expires_at: Option<Time>,
    /// Whether a will is set, or waits for its delay.
    pub has_will: bool,
}

impl Broker {
    /// The connected clients, in the order of their identifiers.
    pub fn clients(&self) -> impl Iterator<Item = ClientView<'_>> {
        self.clients.iter().filter_map(|client| {
            let peer = self.peers.get(client.peer?)?;
            let version = peer.connection.connected()?.version;
            Some(ClientView { client_id: &client.id, peer: peer.id, version })
        })
    }

    /// All sessions, in the order of their client identifiers.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.clients.iter().map(|client| SessionView {
            client_id: &client.id,
            peer: client.peer,
            subscriptions: client
                .subscriptions
                .iter()
                .map(|ClientSubscription { filter, subscription }| (filter.as_str(), subscription.qos))
                .collect(),
            queued: client.session.queued() + client.approvals.as_ref().map_or(0, |approvals| approvals.len()),
            queued_bytes: client.session.queued_bytes()
                + client.approvals.as_ref().map_or(0, |approvals| approvals.bytes()),
            in_flight: client.session.in_flight(),
            expires_at: client.expires_at,
            has_will: client.will.is_some(),
        })
    }

    /// The retained messages, in the order of their topics, without those that had expired when the broker was last
    /// told the time.
    pub fn retained(&self) -> impl Iterator<Item = &Message> {
        self.retained.iter(self.now)
    }

    /// Connections, those without a CONNECT and those being closed among them.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.peers.len()
    }

    /// Subscriptions of all sessions, each shared subscription once, however many share it; and those of the host.
    #[must_use]
    pub const fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// The options it was made with.
    #[must_use]
    pub const fn options(&self) -> &BrokerOptions {
        &self.options
    }
}

impl Broker {
    /// What was counted since the broker began.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.events.counters
    }

    /// What there is now. Looks at every session.
    #[must_use]
    pub fn gauges(&self, now: Time) -> Gauges {
        let mut gauges = Gauges {
            uptime: self.begun.map_or(0, |begun| now.saturating_since(begun).as_secs()),
            clients: self.connected,
            sessions: self.clients.len(),
            subscriptions: self.subscriptions.len(),
            shared_subscriptions: self.groups.len(),
            retained: self.retained.len(),
            retained_bytes: self.retained.bytes(),
            ..Gauges::default()
        };
        for client in self.clients.iter() {
            gauges.queued += client.session.queued();
            gauges.queued_bytes += client.session.queued_bytes();
            gauges.in_flight += client.session.in_flight();
        }
        gauges
    }

    /// A whole packet came. One that waits for answers is handled again, and was counted.
    #[inline]
    pub(crate) fn count_received(&mut self, id: PeerId, packet: &[u8]) {
        if self.peers.get(id).is_some_and(|peer| !peer.input.has_questions()) {
            self.events.counters.received.count(packet);
        }
    }

    /// A client was accepted.
    pub(crate) fn count_connected(&mut self) {
        let counters = &mut self.events.counters;
        self.connected += 1;
        counters.accepted += 1;
        counters.clients_max = counters.clients_max.max(self.connected);
    }
}
