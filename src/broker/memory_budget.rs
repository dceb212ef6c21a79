//! Memory budget: the bytes held for all peers, and who may have more of them.
//!
//! The count is the sum of three parts:
//! - the account of each client and each connection: what it holds alone;
//! - the messages, each once, however many clients share it (by a [`MemoryMeter`]);
//! - the tables of the broker, with the room that they keep.
//!
//! A quarter of the limit is the reserve. A client may take more while it holds no more than is
//! free beside the reserve ([dynamic threshold]). Messages that it shares count in full here. So
//! one that fills memory alone gets half of it, and `n` of them get a part of `n + 1`. Each client
//! may always have its share of the reserve, in equal parts.
//!
//! While half of the memory is free, everybody may take more. Then a check is one comparison.
//!
//! [dynamic threshold]: https://doi.org/10.1109/90.664262

use alloc::vec::Vec;

use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::memory_accounts::{Accounts, Holding, Load};
use crate::memory_meter::MemoryMeter;
use crate::time::Time;
use crate::topic::TopicFilter;

/// The reserve is the limit divided by this.
const RESERVE_PART: usize = 4;

/// Bytes that may be taken before the accounts are set again.
const SLACK: usize = 1 << 20;

/// Work in steps after which the accounts are set, however much memory is free.
const SETTLE_STEPS: usize = 512;

/// The text of a refusal.
pub(crate) const MEMORY_USED_UP: &str = "the memory of the broker is used up; try again later";

/// The memory of a broker.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    max: usize,
    /// The messages.
    meter: MemoryMeter,
    /// Sum of the accounts' own bytes.
    accounts: usize,
    /// Sum of the clients' messages.
    load: Load,
    /// Bytes of tables at the last count, with those of the store.
    tables: usize,
    /// Bytes of the store at the last count.
    store: usize,
    /// Bytes of outgoing buffers.
    buffers: usize,
    clients: Accounts,
    peers: Accounts,
    /// Clients whose accounts are to be set, each once.
    changed: Vec<ClientKey>,
    /// Steps of work since the accounts and the tables were set.
    unsettled: usize,
    /// The most bytes that were counted at the end of an input.
    highest: usize,
    /// Sessions, and connections without one.
    holders: usize,
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

/// Returns about the bytes of memory of a subscription: its filter, and its levels in the router.
pub(crate) fn subscription_bytes(filter: &TopicFilter) -> usize {
    const BYTES: usize = 256;
    const LEVEL_BYTES: usize = 128;
    let text = filter.as_str();
    let levels = text.bytes().filter(|byte| *byte == b'/').count() + 1;
    BYTES + 2 * text.len() + levels * LEVEL_BYTES
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub(crate) fn new(max: usize, meter: MemoryMeter) -> Self {
        let (clients, peers) = (Accounts::new(), Accounts::new());
        let changed = Vec::new();
        Self {
            max,
            meter,
            accounts: 0,
            load: Load::default(),
            tables: 0,
            store: 0,
            buffers: 0,
            clients,
            peers,
            changed,
            unsettled: 0,
            highest: 0,
            holders: 0,
        }
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

    /// Returns the numbers for the host. The tables beside the store and the changed accounts have
    /// `present` bytes now. These accounts say `noted` bytes.
    pub(crate) fn view(&self, present: usize, noted: usize) -> Memory {
        let bytes = self.bytes() - self.tables + self.store + present - noted;
        Memory { bytes, highest: self.highest.max(bytes), max: self.max }
    }

    /// Returns the messages of all clients, by their accounts.
    pub(crate) const fn load(&self) -> Load {
        self.load
    }

    /// Returns the bytes that are free.
    #[inline]
    pub(crate) fn free(&self) -> usize {
        self.max.saturating_sub(self.bytes())
    }

    /// True if anyone may take so many bytes, since half of the memory stays free.
    #[inline]
    pub(crate) fn is_ample(&self, bytes: usize) -> bool {
        self.bytes() + bytes <= self.max / 2
    }

    /// True if a newcomer may take so many bytes. It has no share of the reserve yet.
    pub(crate) fn has_room_for_new(&self, bytes: usize) -> bool {
        self.is_ample(bytes) || bytes <= self.threshold()
    }

    /// True if a holder of so many bytes may take more.
    pub(crate) fn has_room(&self, held: usize, bytes: usize) -> bool {
        let wanted = held.saturating_add(bytes);
        self.is_ample(bytes) || wanted <= self.threshold() || (wanted <= self.share() && bytes <= self.free())
    }

    /// True if the client may take so many bytes more, beside those of its connection.
    #[inline]
    pub(crate) fn has_room_for(&self, key: ClientKey, peer: Option<PeerId>, bytes: usize) -> bool {
        self.is_ample(bytes) || self.has_room(self.held_by(key, peer), bytes)
    }

    /// True if a holder of so many bytes has more than its part.
    pub(crate) fn is_over(&self, held: usize) -> bool {
        !self.is_ample(0) && held > self.threshold().max(self.share())
    }

    /// Returns the bytes that are free beside the reserve, which is also the most that a holder may
    /// have.
    fn threshold(&self) -> usize {
        self.free().saturating_sub(self.max / RESERVE_PART)
    }

    /// Returns a holder's share of the reserve.
    fn share(&self) -> usize {
        self.max / RESERVE_PART / self.holders.max(1)
    }

    /// Returns the bytes that a client holds with its connection, shared messages in full.
    pub(crate) fn held_by(&self, key: ClientKey, peer: Option<PeerId>) -> usize {
        self.clients.bytes(key.0) + peer.map_or(0, |peer| self.peers.bytes(peer.slot()))
    }

    /// Returns the account of a client.
    pub(crate) fn holding(&self, key: ClientKey) -> Holding {
        self.clients.holding(key.0)
    }

    /// Sets what a client holds.
    #[inline]
    pub(crate) fn settle_client(&mut self, key: ClientKey, holding: Holding) {
        let former = self.clients.settle(key.0, holding);
        self.accounts = self.accounts - former.own + holding.own;
        self.load = self.load.add(holding.load).less(former.load);
    }

    /// Notes that the account of a client is to be set. So a burst of messages to it counts once.
    /// False if memory is too short for that.
    #[inline]
    pub(crate) fn note_changed(&mut self, key: ClientKey) -> bool {
        let is_ample = self.is_ample(SLACK);
        if is_ample && !self.clients.is_changed(key.0) {
            self.push_changed(key);
        }
        is_ample
    }

    #[cold]
    fn push_changed(&mut self, key: ClientKey) {
        self.clients.set_changed(key.0, true);
        self.changed.push(key);
    }

    /// Notes the work of an input. True if the accounts and the tables are to be set now: after
    /// some work, or if memory is short.
    #[inline]
    pub(crate) fn note_work(&mut self, steps: usize) -> bool {
        const INPUT_STEPS: usize = 8;
        self.unsettled += INPUT_STEPS + steps;
        self.unsettled > SETTLE_STEPS || !self.is_ample(SLACK)
    }

    /// Returns the clients whose accounts are to be set.
    pub(crate) fn changed(&self) -> &[ClientKey] {
        &self.changed
    }

    /// Takes a client whose account is to be set.
    pub(crate) fn pop_changed(&mut self) -> Option<ClientKey> {
        let key = self.changed.pop()?;
        self.clients.set_changed(key.0, false);
        Some(key)
    }

    /// Sets the bytes that a connection holds.
    #[inline]
    pub(crate) fn settle_peer(&mut self, peer: PeerId, own: usize) {
        if self.peers.bytes(peer.slot()) == own {
            return;
        }
        let former = self.peers.settle(peer.slot(), Holding { own, ..Holding::default() });
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

    /// Notes the bytes of the store, at the end of an input.
    pub(crate) const fn note_store(&mut self, bytes: usize) {
        self.tables = self.tables - self.store + bytes;
        self.store = bytes;
    }

    /// Notes the bytes of the broker's other tables and the number of holders.
    pub(crate) fn note_tables(&mut self, bytes: usize, holders: usize) {
        self.holders = holders;
        self.tables = bytes + self.store;
        self.unsettled = 0;
        self.highest = self.highest.max(self.bytes());
    }

    /// Returns the bytes of its own tables.
    pub(crate) fn table_bytes(&self) -> usize {
        let changed = self.changed.capacity() * size_of::<ClientKey>();
        self.clients.table_bytes() + self.peers.table_bytes() + changed
    }

    /// Returns a client that holds about the most, and was not asked to give before.
    pub(crate) fn next_client_to_give(&mut self, now: Time, until: Time) -> Option<ClientKey> {
        self.clients.next_to_give(now, until).map(ClientKey)
    }

    /// Returns the slot of a connection that holds about the most, and was not asked before.
    pub(crate) fn next_peer_to_give(&mut self, now: Time, until: Time) -> Option<u32> {
        self.peers.next_to_give(now, until)
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

#[cfg(test)]
mod tests {
    use super::{Holding, MemoryBudget};
    use crate::broker::ids::{ClientKey, PeerId};
    use crate::memory_meter::MemoryMeter;

    fn own(own: usize) -> Holding {
        Holding { own, ..Holding::default() }
    }

    #[test]
    fn several_may_take_parts_of_one_more_and_another_has_its_share() {
        for count in [1, 2, 3, 7] {
            let mut memory = MemoryBudget::new(8_000, MemoryMeter::default());
            memory.note_tables(0, count as usize + 1);
            let mut held = [0; 7];
            for _ in 0..8_000 {
                for (key, bytes) in (0..count).zip(&mut held) {
                    if memory.has_room_for(ClientKey(key), None, 1) {
                        *bytes += 1;
                        memory.settle_client(ClientKey(key), own(*bytes));
                    }
                }
            }
            // Half of it goes to anybody; then the free part beside the reserve is the threshold.
            let part = (6_000 / (count as usize + 1)).max(4_000 / count as usize);
            assert!(held.iter().take(count as usize).all(|bytes| bytes.abs_diff(part) <= 8), "{held:?} of {part}");
            let share = 2_000 / (count as usize + 1);
            assert!(memory.has_room_for(ClientKey(99), None, share), "another has its share");
            assert!(!memory.is_over(share), "and is not asked to give");
        }
    }

    #[test]
    fn the_parts_are_counted_together_and_shared_messages_once() {
        let mut memory = MemoryBudget::new(1 << 30, MemoryMeter::default());
        let charge = memory.meter().charge(1_000);
        for key in [1, 2] {
            memory.settle_client(ClientKey(key), Holding { own: 10, shared: 1_000, ..Holding::default() });
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
