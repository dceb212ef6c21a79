//! Memory budget: the bytes held for all peers.
//!
//! The count is the sum of three parts:
//! - the account of each client and each connection: what it holds alone;
//! - the messages, each once, however many clients share it (by a [`MemoryMeter`]);
//! - the tables of the broker, with the room that they keep.

use alloc::vec::Vec;

use crate::broker::ids::{ClientKey, PeerId};
use crate::memory_meter::MemoryMeter;

/// The memory of a broker.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    max: usize,
    /// The messages.
    meter: MemoryMeter,
    /// Sum of the accounts' own bytes.
    accounts: usize,
    /// Bytes of tables at the last count.
    tables: usize,
    /// Bytes of outgoing buffers.
    buffers: usize,
    clients: Accounts,
    peers: Accounts,
    /// The most bytes that were counted at the end of an input.
    highest: usize,
}

/// Memory that is held for peers, in bytes, with all bookkeeping. A message that several hold
/// counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Present bytes.
    pub bytes: usize,
    /// The most bytes at the end of an input so far.
    pub highest: usize,
    /// The limit, [`BrokerOptions::memory_max`](crate::broker::BrokerOptions::memory_max).
    pub max: usize,
}

/// Memory of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Bytes that it holds alone.
    pub(crate) own: usize,
    /// Bytes of messages that it may share with others, each in full.
    pub(crate) shared: usize,
}

/// Accounts by the numbers of their holders.
#[derive(Debug)]
struct Accounts {
    entries: Vec<Holding>,
}

impl Holding {
    /// Returns the sum of both.
    pub(crate) const fn bytes(self) -> usize {
        self.own + self.shared
    }
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub(crate) fn new(max: usize, meter: MemoryMeter) -> Self {
        let (clients, peers) = (Accounts::new(), Accounts::new());
        Self { max, meter, accounts: 0, tables: 0, buffers: 0, clients, peers, highest: 0 }
    }

    /// Returns the meter of the messages.
    pub(crate) const fn meter(&self) -> &MemoryMeter {
        &self.meter
    }

    /// Returns the bytes that are held for all peers.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.accounts + self.meter.bytes() + self.tables + self.buffers
    }

    /// Returns the most bytes that were held at the end of an input.
    fn highest(&self) -> usize {
        self.highest.max(self.bytes())
    }

    /// Returns the numbers for the host.
    pub(crate) fn view(&self) -> Memory {
        Memory { bytes: self.bytes(), highest: self.highest(), max: self.max }
    }

    /// Returns the bytes that a client holds with its connection, shared messages in full.
    pub(crate) fn held_by(&self, key: ClientKey, peer: Option<PeerId>) -> usize {
        self.clients.bytes(key.0) + peer.map_or(0, |peer| self.peers.bytes(peer.slot()))
    }

    /// Sets what a client holds.
    #[inline]
    pub(crate) fn settle_client(&mut self, key: ClientKey, holding: Holding) {
        let former = self.clients.settle(key.0, holding);
        self.accounts = self.accounts - former.own + holding.own;
    }

    /// Sets the bytes that a connection holds.
    #[inline]
    pub(crate) fn settle_peer(&mut self, peer: PeerId, own: usize) {
        let former = self.peers.settle(peer.slot(), Holding { own, shared: 0 });
        self.accounts = self.accounts - former.own + own;
    }

    /// Notes that an outgoing buffer grew by so many bytes.
    #[inline]
    pub(crate) const fn note_buffer_grown(&mut self, bytes: usize) {
        self.buffers += bytes;
    }

    /// Notes that an outgoing buffer of so many bytes was freed.
    pub(crate) const fn note_buffer_freed(&mut self, bytes: usize) {
        self.buffers -= bytes;
    }

    /// Notes the bytes of the broker's tables, at the end of an input.
    pub(crate) fn note_tables(&mut self, bytes: usize) {
        self.tables = bytes + self.clients.table_bytes() + self.peers.table_bytes();
        self.highest = self.highest();
    }
}

#[cfg(debug_assertions)]
impl MemoryBudget {
    /// Returns the sum of the accounts' own bytes.
    pub(crate) const fn own_bytes(&self) -> usize {
        self.accounts
    }

    /// Returns the bytes of outgoing buffers.
    pub(crate) const fn buffer_bytes(&self) -> usize {
        self.buffers
    }
}

impl Accounts {
    const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    fn bytes(&self, slot: u32) -> usize {
        self.entries.get(slot as usize).map_or(0, |entry| entry.bytes())
    }

    fn table_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Holding>()
    }

    /// Sets what a holder holds, and returns what it held before.
    #[inline]
    fn settle(&mut self, slot: u32, holding: Holding) -> Holding {
        let place = slot as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, Holding::default());
        }
        core::mem::replace(&mut self.entries[place], holding)
    }
}

#[cfg(test)]
mod tests {
    use super::{Holding, MemoryBudget};
    use crate::broker::ids::{ClientKey, PeerId};
    use crate::memory_meter::MemoryMeter;

    #[test]
    fn the_parts_are_counted_together_and_shared_messages_once() {
        let mut memory = MemoryBudget::new(1 << 30, MemoryMeter::default());
        let charge = memory.meter().charge(1_000);
        for key in [1, 2] {
            memory.settle_client(ClientKey(key), Holding { own: 10, shared: 1_000 });
        }
        let peer = PeerId::new(1, 5);
        memory.settle_peer(peer, 7);
        memory.note_buffer_grown(300);
        assert_eq!((memory.bytes(), memory.held_by(ClientKey(1), Some(peer))), (1_327, 1_017));
        memory.note_buffer_freed(300);
        memory.settle_peer(peer, 0);
        memory.settle_client(ClientKey(1), Holding::default());
        drop(charge);
        assert_eq!(memory.bytes(), 10);
    }
}
