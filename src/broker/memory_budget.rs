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
use crate::memory_meter::MemoryMeter;
use crate::time::Time;
use crate::topic::TopicFilter;

/// The reserve is the limit divided by this.
const RESERVE_PART: usize = 4;

/// The text of a refusal.
pub(crate) const MEMORY_USED_UP: &str = "the memory of the broker is used up; try again later";

/// Bytes from which on an account is ranked. Below it, it has too little to give.
const RANKED_BYTES: usize = 4 * 1024;

/// Ranks for each power of two.
const STEPS: u32 = 4;

/// Number of ranks: for each power of two from [`RANKED_BYTES`] on.
const RANKS: usize = ((usize::BITS - RANKED_BYTES.ilog2()) * STEPS) as usize;

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
    /// Bytes of tables at the last count.
    tables: usize,
    /// Bytes of outgoing buffers.
    buffers: usize,
    clients: Accounts,
    peers: Accounts,
    /// Clients whose accounts are to be set at the end of the input, each once.
    changed: Vec<ClientKey>,
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

/// Memory of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Bytes that it holds alone.
    pub(crate) own: usize,
    /// Bytes of messages that it may share with others, each in full.
    pub(crate) shared: usize,
    /// Its messages, for the gauges.
    pub(crate) load: Load,
}

/// QoS 1 and 2 messages of a client, or of all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Messages that wait to be sent, and below it the bytes of their topics, payloads and
    /// properties.
    pub(crate) queued: usize,
    pub(crate) queued_bytes: usize,
    pub(crate) in_flight: usize,
}

/// Accounts by the numbers of their holders.
#[derive(Debug)]
struct Accounts {
    entries: Vec<Entry>,
    /// Holders by rank; each rank spans a quarter of a power of two.
    ranks: Vec<Vec<u32>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    holding: Holding,
    /// The place in its rank.
    place: u32,
    /// True while its account is to be set at the end of the input.
    is_changed: bool,
    /// The time until which it is not asked again to give.
    asked_until: Time,
}

/// Returns about the bytes of memory of a subscription: its filter, and its levels in the router.
pub(crate) fn subscription_bytes(filter: &TopicFilter) -> usize {
    const BYTES: usize = 256;
    const LEVEL_BYTES: usize = 128;
    let text = filter.as_str();
    let levels = text.bytes().filter(|byte| *byte == b'/').count() + 1;
    BYTES + 2 * text.len() + levels * LEVEL_BYTES
}

impl Holding {
    /// Returns the sum of both.
    pub(crate) const fn bytes(self) -> usize {
        self.own + self.shared
    }

    /// Returns the rank, the higher the more bytes; `None` below [`RANKED_BYTES`].
    fn rank(self) -> Option<usize> {
        let bytes = self.bytes();
        if bytes < RANKED_BYTES {
            return None;
        }
        let power = bytes.ilog2();
        let quarter = (bytes >> (power - STEPS.ilog2())) & (STEPS as usize - 1);
        Some(((power - RANKED_BYTES.ilog2()) * STEPS) as usize + quarter)
    }
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
            buffers: 0,
            clients,
            peers,
            changed,
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

    /// Returns the most bytes that were held at the end of an input.
    fn highest(&self) -> usize {
        self.highest.max(self.bytes())
    }

    /// Returns the numbers for the host.
    pub(crate) fn view(&self) -> Memory {
        Memory { bytes: self.bytes(), highest: self.highest(), max: self.max }
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

    /// Sets what a client holds.
    #[inline]
    pub(crate) fn settle_client(&mut self, key: ClientKey, holding: Holding) {
        let former = self.clients.settle(key.0, holding);
        self.accounts = self.accounts - former.own + holding.own;
        self.load.queued = self.load.queued - former.load.queued + holding.load.queued;
        self.load.queued_bytes = self.load.queued_bytes - former.load.queued_bytes + holding.load.queued_bytes;
        self.load.in_flight = self.load.in_flight - former.load.in_flight + holding.load.in_flight;
    }

    /// Notes that the account of a client is to be set at the end of the input. So a burst of
    /// messages to it counts once. False if memory is too short for that.
    #[inline]
    pub(crate) fn note_changed(&mut self, key: ClientKey) -> bool {
        if !self.is_ample(0) {
            return false;
        }
        let entry = self.clients.entry(key.0);
        if !entry.is_changed {
            entry.is_changed = true;
            self.changed.push(key);
        }
        true
    }

    /// Takes a client whose account is to be set.
    #[inline]
    pub(crate) fn pop_changed(&mut self) -> Option<ClientKey> {
        let key = self.changed.pop()?;
        self.clients.entry(key.0).is_changed = false;
        Some(key)
    }

    /// Sets the bytes that a connection holds.
    #[inline]
    pub(crate) fn settle_peer(&mut self, peer: PeerId, own: usize) {
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

    /// Notes the bytes of the broker's tables and the number of holders, at the end of an input.
    pub(crate) fn note_tables(&mut self, bytes: usize, holders: usize) {
        self.holders = holders;
        let changed = self.changed.capacity() * size_of::<ClientKey>();
        self.tables = bytes + self.clients.table_bytes() + self.peers.table_bytes() + changed;
        self.highest = self.highest();
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

impl Accounts {
    const fn new() -> Self {
        Self { entries: Vec::new(), ranks: Vec::new() }
    }

    fn bytes(&self, slot: u32) -> usize {
        self.entries.get(slot as usize).map_or(0, |entry| entry.holding.bytes())
    }

    fn table_bytes(&self) -> usize {
        // A ranked holder has a number in its rank, which may have had as many more.
        self.entries.capacity() * (size_of::<Entry>() + size_of::<u32>())
    }

    /// Returns the entry of a holder.
    #[inline]
    fn entry(&mut self, slot: u32) -> &mut Entry {
        let place = slot as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, Entry::default());
        }
        &mut self.entries[place]
    }

    /// Sets what a holder holds, and returns what it held before.
    #[inline]
    fn settle(&mut self, slot: u32, holding: Holding) -> Holding {
        let former = core::mem::replace(&mut self.entry(slot).holding, holding);
        if former.bytes() | holding.bytes() >= RANKED_BYTES {
            self.rank(slot, former.rank(), holding.rank());
        }
        former
    }

    /// Moves a holder from one rank to another.
    fn rank(&mut self, slot: u32, from: Option<usize>, to: Option<usize>) {
        if from == to {
            return;
        }
        if let Some(rank) = from.and_then(|from| self.ranks.get_mut(from)) {
            let place = self.entries[slot as usize].place;
            rank.swap_remove(place as usize);
            if let Some(moved) = rank.get(place as usize) {
                self.entries[*moved as usize].place = place;
            }
        }
        if let Some(to) = to {
            if self.ranks.is_empty() {
                self.ranks.resize(RANKS, Vec::new());
            }
            let rank = &mut self.ranks[to];
            #[expect(clippy::cast_possible_truncation, reason = "there are no more places than slots")]
            let place = rank.len() as u32;
            self.entries[slot as usize].place = place;
            rank.push(slot);
        }
    }

    /// Returns one of the highest holders that may be asked now, and asks it no more until then.
    ///
    /// It looks at a bounded number of them.
    fn next_to_give(&mut self, now: Time, until: Time) -> Option<u32> {
        const LOOKS: usize = 64;
        let Self { entries, ranks } = self;
        let may_give = |slot: &&u32| entries[**slot as usize].asked_until <= now;
        let slot = *ranks.iter().rev().flatten().take(LOOKS).find(may_give)?;
        entries[slot as usize].asked_until = until;
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use core::time::Duration;

    use super::{Accounts, Holding, MemoryBudget, RANKED_BYTES, STEPS};
    use crate::broker::ids::{ClientKey, PeerId};
    use crate::memory_meter::MemoryMeter;
    use crate::time::Time;

    fn own(own: usize) -> Holding {
        Holding { own, ..Holding::default() }
    }

    #[test]
    fn who_holds_about_the_most_is_asked_first_and_once_for_a_while() {
        let mut accounts = Accounts::new();
        let mut held = BTreeMap::new();
        let mut state = 1_u32;
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (slot, bytes) = (state >> 24, (state >> 4 & 0xFFFF) as usize);
            let former = accounts.settle(slot, own(bytes));
            assert_eq!(former.own, held.insert(slot, bytes).unwrap_or(0));
        }
        let until = Time::ZERO + Duration::from_secs(1);
        let mut last = usize::from(u16::MAX);
        for _ in 0..50 {
            let slot = accounts.next_to_give(Time::ZERO, until).expect("many");
            let bytes = held.remove(&slot).expect("asked once");
            assert!(bytes >= RANKED_BYTES && bytes <= last + last / STEPS as usize, "{bytes} after {last}");
            assert!(held.values().all(|other| *other <= bytes + bytes / STEPS as usize), "{bytes}");
            last = bytes;
        }
        assert!(accounts.next_to_give(until, until).is_some(), "again, then");
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
