//! Read-only views of the broker, as plain data for lists and diagrams.

use alloc::vec::Vec;

use crate::broker::clients::ClientState;
use crate::broker::clients::subscription::ClientSubscription;
use crate::broker::connection::peer::Peer;
use crate::broker::ids::PeerId;
use crate::broker::memory_accounts::Load;
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
    /// The protocol version.
    pub version: Version,
}

/// A session, connected or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Its client identifier.
    pub client_id: &'a str,
    /// Its connection.
    pub peer: Option<PeerId>,
    /// Its topic filters, sorted, each with the granted quality of service.
    pub subscriptions: Vec<(&'a str, QoS)>,
    /// Messages that wait: those of QoS 1 and 2 to be sent, and those of any QoS to be approved by
    /// the host.
    pub queued: usize,
    /// Their bytes: topics, payloads and properties.
    pub queued_bytes: usize,
    /// Messages in flight.
    pub in_flight: usize,
    /// Time at which the session expires; `None` if it is connected or never expires.
    pub expires_at: Option<Time>,
    /// True if the client has a will, or its will waits for its delay.
    pub has_will: bool,
}

impl<'a> SessionView<'a> {
    fn of(client: &'a ClientState) -> Self {
        Self {
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
        }
    }
}

impl Broker {
    /// Returns the connected clients in the order of their identifiers.
    pub fn clients(&self) -> impl Iterator<Item = ClientView<'_>> {
        self.clients.iter().filter_map(|client| {
            let peer = self.peers.get(client.peer?)?;
            let version = peer.connection.connected()?.version;
            Some(ClientView { client_id: &client.id, peer: peer.id, version })
        })
    }

    /// Returns all sessions in the order of their client identifiers.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.clients.iter().map(SessionView::of)
    }

    /// Returns all sessions, each with the bytes of memory that its client holds, as
    /// [`memory_of`](Self::memory_of) counts them.
    pub fn sessions_with_memory(&self) -> impl Iterator<Item = (SessionView<'_>, usize)> {
        self.clients.iter().map(|client| (SessionView::of(client), self.memory_of_client(client)))
    }

    /// Returns the bytes of memory that a client holds, by its session and its connection, with all
    /// bookkeeping. Messages that other sessions share count in full here. `None` without a
    /// session.
    #[must_use]
    pub fn memory_of(&self, client_id: &str) -> Option<usize> {
        self.clients.get(self.clients.find(client_id)?).map(|client| self.memory_of_client(client))
    }

    fn memory_of_client(&self, client: &ClientState) -> usize {
        let peer = client.peer.and_then(|id| self.peers.get(id));
        client.holding().bytes() + peer.map_or(0, Peer::own_bytes)
    }

    /// Returns the retained messages in the order of their topics. Those that had expired at the
    /// last input are left out.
    pub fn retained(&self) -> impl Iterator<Item = &Message> {
        self.retained.iter(self.now)
    }

    /// Returns the number of connections. It includes those before CONNECT, and those being closed.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.peers.len()
    }

    /// Returns the number of subscriptions of all sessions and of the host. A shared subscription
    /// counts once.
    #[must_use]
    pub const fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// Returns the options.
    #[must_use]
    pub const fn options(&self) -> &BrokerOptions {
        &self.options
    }
}

impl Broker {
    /// Returns the counters since the broker's start, and its present memory.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.events.counters;
        counters.memory = self.present_memory();
        counters
    }

    /// Returns the work of the longest turn so far, in steps of its budget. A step is a packet, a
    /// visited item of a list, or 64 copied bytes: some ten nanoseconds.
    #[must_use]
    pub const fn longest_turn(&self) -> usize {
        self.outbox.budget.longest()
    }

    /// Returns the gauges, which are kept. Only what changed a moment ago is counted anew.
    #[must_use]
    pub fn gauges(&self, now: Time) -> Gauges {
        let Load { queued, queued_bytes, in_flight } = self.load();
        Gauges {
            uptime: self.started_at.map_or(0, |started_at| now.saturating_since(started_at).as_secs()),
            clients: self.connected,
            sessions: self.clients.len(),
            subscriptions: self.subscriptions.len(),
            shared_subscriptions: self.groups.len(),
            retained: self.retained.len(),
            retained_bytes: self.retained.bytes(),
            queued,
            queued_bytes,
            in_flight,
        }
    }

    /// Counts a received packet. A packet that was begun before was counted then.
    #[inline]
    pub(crate) fn count_received(&mut self, id: PeerId, packet: &[u8]) {
        // A packet that waits is read again.
        self.outbox.note_work(1, packet.len());
        if self.peers.get_mut(id).is_some_and(|peer| !peer.input.take_held_back() && !peer.input.is_begun()) {
            self.events.counters.received.count(packet);
        }
    }

    /// Counts an accepted client.
    pub(crate) fn count_connected(&mut self) {
        let counters = &mut self.events.counters;
        self.connected += 1;
        counters.accepted += 1;
        counters.clients_max = counters.clients_max.max(self.connected);
    }
}
