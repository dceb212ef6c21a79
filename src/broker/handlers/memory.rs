//! Accounting of memory: each holder's account is set again after it has changed.

use crate::broker::Broker;
use crate::broker::ids::{ClientKey, PeerId};

impl Broker {
    /// Sets the account of a connection, and that of its client.
    pub(crate) fn settle_peer(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get(id) else { return };
        let client = peer.connection.connected().map(|connected| connected.client);
        self.memory.settle_peer(id, peer.own_bytes());
        if let Some(client) = client {
            self.settle_client(client);
        }
    }

    /// Sets the account of a client.
    pub(crate) fn settle_client(&mut self, key: ClientKey) {
        if let Some(client) = self.clients.get(key) {
            self.memory.settle_client(key, client.holding());
        }
    }

    /// Removes a connection with all that it holds.
    pub(crate) fn remove_peer(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.remove(id) {
            self.memory.settle_peer(id, 0);
            self.memory.note_buffer_freed(peer.output.buffer_bytes());
        }
    }

    /// Counts the broker's tables.
    pub(crate) fn settle_tables(&mut self) {
        while let Some(key) = self.clients.pop_looked_through() {
            self.settle_client(key);
        }
        let tables = self.clients.table_bytes()
            + self.peers.table_bytes()
            + self.subscriptions.held_bytes()
            + self.groups.held_bytes()
            + self.retained.table_bytes()
            + self.deadlines.table_bytes()
            + self.questions.held_bytes()
            + self.events.table_bytes()
            + self.fan_out.buffer_bytes()
            + self.encodings.buffer_bytes()
            + self.store.as_ref().map_or(0, |store| store.held_bytes());
        self.memory.note_tables(tables);
    }
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
        let mut own = 0;
        for client in self.clients.iter() {
            client.check_held();
            let key = self.clients.find(&client.id).expect("its own identifier");
            let holding = client.holding();
            assert_eq!(self.memory.held_by(key, None), holding.bytes(), "{}", client.id);
            own += holding.own;
        }
        let mut buffers = self.outbox.buffer_bytes() + self.held.buffer_bytes();
        for peer in self.peers.ids().into_iter().filter_map(|id| self.peers.get(id)) {
            own += peer.own_bytes();
            buffers += peer.output.buffer_bytes();
        }
        assert_eq!((self.memory.own_bytes(), self.memory.buffer_bytes()), (own, buffers));
    }
}
