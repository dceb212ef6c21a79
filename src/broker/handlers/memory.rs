//! Memory of the broker: its accounts, and what becomes of requests once it is used up.
//!
//! Each holder's account is set after it has changed. While memory is ample, that is once after
//! some work. A client that holds more than its part (`memory_budget.rs`) gives first:
//!
//! 1. Expired messages leave the queues of those that hold most, and unused buffers are freed.
//! 2. QoS 0 messages to a client above the threshold are dropped.
//! 3. Other messages to it do not enter its queue. If nobody else takes a message either, its
//!    publisher is refused with 0x97. A publisher of 3.1.1 cannot be told, and is held back.
//! 4. New subscriptions, sessions and wills are refused with 0x97.
//! 5. A connection whose unfinished packet is above the threshold is closed with 0x97.
//!
//! So messages that were acknowledged stay, and a client below the threshold is served as ever.

use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::DropCause;
use crate::broker::clients::ClientState;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::connection::peer_input::Blocked;
use crate::broker::delivery::fan_out::Target;
use crate::broker::delivery_tag::Delivery;
use crate::broker::handlers::packet::Sender;
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::memory_accounts::{Holding, Load};
use crate::broker::memory_budget::Memory;
use crate::codec::{Connect, Message, Publish, QoS};
use crate::time::Time;

/// Time between two attempts to handle the message of a publisher that is held back.
const HELD_BACK: Duration = Duration::from_millis(100);

/// Time for which a holder is not asked to give again.
const ASKED: Duration = Duration::from_secs(1);

/// Holders that are asked to give after one input.
const ASKED_MAX: usize = 4;

/// Expired messages that one holder gives at a time.
const EXPIRED_MAX: usize = 256;

/// Bytes of a will that a known client may always have, so that it can take what is held for it.
const ALWAYS_BYTES: usize = 4 * 1024;

/// Bytes of memory of an identifier of QoS 2.
const IDENTIFIER_BYTES: usize = 32;

/// Bytes of memory of a new session.
const SESSION_BYTES: usize = 1_024;

impl Broker {
    /// Sets the account of a connection, and that of its client, at once or after some work.
    pub(crate) fn settle_peer(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(id) else { return };
        let client = peer.connection.connected().map(|connected| connected.client);
        self.memory.settle_peer(id, peer.own_bytes());
        if let Some(client) = client
            && !self.memory.note_changed(client)
        {
            self.settle_client(client);
        }
    }

    /// Sets the account of a client.
    pub(crate) fn settle_client(&mut self, key: ClientKey) {
        if let Some(client) = self.clients.get(key) {
            self.memory.settle_client(key, client.holding());
        }
    }

    /// Sets the accounts that changed.
    pub(crate) fn settle_changed(&mut self) {
        while let Some(key) = self.memory.pop_changed() {
            self.settle_client(key);
        }
    }

    /// Removes a connection with all that it holds.
    pub(crate) fn remove_peer(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.remove(id) {
            self.memory.settle_peer(id, 0);
            self.memory.note_buffer_freed(peer.output.buffer_bytes());
        }
    }

    /// Sets the accounts of clients whose queue was looked through, and that of the store. True if
    /// it is time to set the others, by this input's work.
    #[inline]
    pub(crate) fn note_input_memory(&mut self) -> bool {
        while let Some(key) = self.clients.pop_looked_through() {
            self.settle_client(key);
        }
        if let Some(store) = &self.store {
            self.memory.note_store(store.held_bytes());
        }
        self.memory.note_work(self.outbox.budget.unsent_steps())
    }

    /// Sets the accounts that changed, and counts the broker's tables.
    pub(crate) fn settle_tables(&mut self) {
        self.settle_changed();
        let holders = self.clients.len() + self.peers.len().saturating_sub(self.connected);
        self.memory.note_tables(self.table_bytes(), holders);
    }

    /// Returns the bytes of the broker's tables, without those of the store.
    fn table_bytes(&self) -> usize {
        self.clients.table_bytes()
            + self.peers.table_bytes()
            + self.subscriptions.held_bytes()
            + self.groups.held_bytes()
            + self.retained.table_bytes()
            + self.deadlines.table_bytes()
            + self.questions.held_bytes()
            + self.events.table_bytes()
            + self.fan_out.buffer_bytes()
            + self.encodings.buffer_bytes()
            + self.memory.table_bytes()
    }

    /// Returns the memory that is held now.
    pub(crate) fn present_memory(&self) -> Memory {
        let (present, noted) = self.changes();
        self.memory.view(self.table_bytes() + present.own, noted.own)
    }

    /// Returns the messages of all clients.
    pub(crate) fn load(&self) -> Load {
        let (present, noted) = self.changes();
        self.memory.load().add(present.load).less(noted.load)
    }

    /// Returns what clients whose accounts are to be set hold now, and what their accounts say.
    fn changes(&self) -> (Holding, Holding) {
        let (mut present, mut noted) = (Holding::default(), Holding::default());
        for key in self.memory.changed() {
            present = present.add(self.clients.get(*key).map_or(Holding::default(), ClientState::holding));
            noted = noted.add(self.memory.holding(*key));
        }
        (present, noted)
    }
}

/// The limit of memory.
impl Broker {
    /// True if a connection holds more than its part of memory.
    pub(crate) fn is_over(&self, id: PeerId) -> bool {
        if self.memory.is_ample(0) {
            return false;
        }
        let Some(peer) = self.peers.get(id) else { return false };
        let client = peer.connection.connected().map(|connected| connected.client);
        let held = client.map_or(0, |client| self.memory.held_by(client, None)) + peer.own_bytes();
        self.memory.is_over(held)
    }

    /// True if memory has room for the session and the will of a CONNECT. A client that is known
    /// comes back at any time, and takes what waits for it.
    pub(crate) fn has_memory_for_connect(&self, connect: &Connect<'_>) -> bool {
        let will = connect.will.as_ref().map_or(0, |will| {
            Message::HELD_BYTES + will.topic.len() + will.payload.len() + will.properties.as_bytes().len()
        });
        if let Some(key) = self.clients.find(connect.client_id) {
            return will <= ALWAYS_BYTES || self.memory.has_room_for(key, None, will);
        }
        let names = connect.client_id.len() + connect.username.map_or(0, str::len);
        self.memory.has_room_for_new(SESSION_BYTES + names + will)
    }

    /// True if memory has room for the retained message of a PUBLISH.
    pub(crate) fn has_memory_to_retain(&self, publish: &Publish<'_>) -> bool {
        let bytes = publish_bytes(publish);
        self.memory.is_ample(bytes)
            || self.retained.get(publish.topic).is_some_and(|former| former.message.bytes() >= bytes)
            || self.memory.has_room(self.retained.bytes(), bytes + Message::HELD_BYTES)
    }

    /// Finds memory for a PUBLISH of QoS 1 or 2. Returns false if it is to be refused: it cannot be
    /// retained, or none of its subscribers may hold it.
    pub(crate) fn find_memory_for(&mut self, sender: Sender, publish: &Publish<'_>, now: Time) -> bool {
        let Some(packet_id) = publish.packet_id else { return true };
        // The message is counted as it is made, and again where it is asked who may hold it.
        let bytes = 2 * (publish_bytes(publish) + Message::HELD_BYTES) + size_of::<Delivery>();
        if self.memory.is_ample(bytes) {
            return true;
        }
        let is_duplicate =
            |client: &ClientState| publish.qos == QoS::ExactlyOnce && client.session.has_received(packet_id);
        if self.clients.get(sender.client).is_some_and(is_duplicate) {
            return true;
        }
        self.relieve(now);
        // It holds the identifiers of QoS 2 itself.
        if publish.qos == QoS::ExactlyOnce
            && !self.memory.has_room_for(sender.client, Some(sender.peer), IDENTIFIER_BYTES)
        {
            return false;
        }
        if publish.retain && !publish.payload.is_empty() && !self.has_memory_to_retain(publish) {
            return false;
        }
        self.fan_out.begin();
        if !self.collect(publish, Some(sender.client)) {
            // They are many, and each has its own limit.
            return true;
        }
        let Self { clients, fan_out, memory, .. } = self;
        let takes = |target: &Target| {
            let peer = clients.get(target.client).and_then(|client| client.peer);
            target.qos == QoS::AtMostOnce || memory.has_room_for(target.client, peer, bytes)
        };
        let targets = fan_out.targets();
        targets.is_empty() || !fan_out.handlers().is_empty() || targets.iter().any(takes)
    }

    /// Holds a publisher back: its packet is handled again after a while.
    pub(crate) fn hold_back(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.input.hold_back();
        if self.held_back.is_empty() {
            self.deadlines.insert(now + HELD_BACK, Deadline::HeldBack);
        }
        self.held_back.push_back(id);
    }

    /// Handles the packets of publishers that were held back.
    pub(crate) fn resume_held_back(&mut self, now: Time) {
        for id in core::mem::take(&mut self.held_back) {
            if self.peers.get(id).is_some_and(|peer| peer.input.blocked() == Blocked::Memory) {
                self.defer(id, Blocked::Budget);
            }
        }
        self.run_deferred(now);
    }

    /// Asks those that hold most for what they can give: expired messages, and unused buffers.
    pub(crate) fn relieve(&mut self, now: Time) {
        if self.memory.is_ample(0) {
            return;
        }
        let until = now + ASKED;
        self.retained.remove_expired(now);
        for _ in 0..ASKED_MAX {
            let Some(key) = self.memory.next_client_to_give(now, until) else { break };
            self.drop_expired(key, now);
        }
        for _ in 0..ASKED_MAX {
            let Some(slot) = self.memory.next_peer_to_give(now, until) else { break };
            if let Some(id) = self.peers.id_at(slot) {
                if let Some(peer) = self.peers.get_mut(id) {
                    peer.input.shrink();
                }
                self.settle_peer(id);
            }
        }
    }

    /// Drops expired messages of a client's queue.
    fn drop_expired(&mut self, key: ClientKey, now: Time) {
        let Self { clients, events, outbox, .. } = self;
        let Some(client) = clients.get_mut(key) else { return };
        for _ in 0..EXPIRED_MAX {
            let Some(expired) = client.take_expired(now) else { break };
            events.dropped(Some(&client.id), expired.message.topic.as_str(), DropCause::Expired);
            outbox.note_work(1, 0);
        }
        self.settle_client(key);
    }
}

fn publish_bytes(publish: &Publish<'_>) -> usize {
    publish.topic.len() + publish.payload.len() + publish.properties.as_bytes().len()
}

/// Checks of the accounts in debug builds, so that every test holds them against a count anew.
#[cfg(debug_assertions)]
impl Broker {
    /// Counts the memory of a small broker anew, and compares.
    ///
    /// # Panics
    /// If an account was not set after a change.
    pub(crate) fn check_memory(&self) {
        const HOLDERS_MAX: usize = 32;
        // A session that ends in a task has no name any more.
        if self.clients.len() + self.peers.len() > HOLDERS_MAX || !self.tasks.is_empty() {
            return;
        }
        let (mut own, mut load) = (0, Load::default());
        for client in self.clients.iter() {
            client.check_held();
            let key = self.clients.find(&client.id).expect("its own identifier");
            let holding = client.holding();
            own += self.memory.holding(key).own;
            if !self.memory.changed().contains(&key) {
                assert_eq!(self.memory.held_by(key, None), holding.bytes(), "{}", client.id);
            }
            load = load.add(holding.load);
        }
        let mut buffers = self.outbox.buffer_bytes() + self.held.buffer_bytes();
        for peer in self.peers.ids().into_iter().filter_map(|id| self.peers.get(id)) {
            own += peer.own_bytes();
            buffers += peer.output.buffer_bytes();
        }
        assert_eq!(self.load(), load);
        assert_eq!((self.memory.own_bytes(), self.memory.buffer_bytes()), (own, buffers));
    }
}
