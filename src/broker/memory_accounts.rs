//! Memory accounts: what each holder of memory holds, and who holds about the most.

use alloc::vec::Vec;

use crate::time::Time;

/// Bytes from which on an account is ranked. Below it, it has too little to give.
const RANKED_BYTES: usize = 4 * 1024;

/// Ranks for each power of two.
const STEPS: u32 = 4;

/// Number of ranks: for each power of two from [`RANKED_BYTES`] on.
const RANKS: usize = ((usize::BITS - RANKED_BYTES.ilog2()) * STEPS) as usize;

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
pub(crate) struct Accounts {
    entries: Vec<Entry>,
    /// Holders by rank; each rank spans a quarter of a power of two.
    ranks: Vec<Vec<u32>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    holding: Holding,
    /// The place in its rank.
    place: u32,
    /// True while its account is to be set.
    is_changed: bool,
    /// The time until which it is not asked again to give.
    asked_until: Time,
}

impl Load {
    /// Returns the sum of both.
    pub(crate) const fn add(self, other: Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            queued_bytes: self.queued_bytes + other.queued_bytes,
            in_flight: self.in_flight + other.in_flight,
        }
    }

    /// Returns the rest without a part.
    pub(crate) const fn less(self, part: Self) -> Self {
        Self {
            queued: self.queued - part.queued,
            queued_bytes: self.queued_bytes - part.queued_bytes,
            in_flight: self.in_flight - part.in_flight,
        }
    }
}

impl Holding {
    /// Returns the sum with the holding of another.
    pub(crate) const fn add(self, other: Self) -> Self {
        Self { own: self.own + other.own, shared: self.shared + other.shared, load: self.load.add(other.load) }
    }

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

impl Accounts {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), ranks: Vec::new() }
    }

    pub(super) fn bytes(&self, slot: u32) -> usize {
        self.entries.get(slot as usize).map_or(0, |entry| entry.holding.bytes())
    }

    /// Returns the account of a holder.
    pub(super) fn holding(&self, slot: u32) -> Holding {
        self.entries.get(slot as usize).map_or(Holding::default(), |entry| entry.holding)
    }

    /// True while the account is to be set.
    #[inline]
    pub(super) fn is_changed(&self, slot: u32) -> bool {
        self.entries.get(slot as usize).is_some_and(|entry| entry.is_changed)
    }

    /// Notes whether the account is to be set.
    pub(super) fn set_changed(&mut self, slot: u32, is_changed: bool) {
        self.entry(slot).is_changed = is_changed;
    }

    pub(super) fn table_bytes(&self) -> usize {
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
    pub(super) fn settle(&mut self, slot: u32, holding: Holding) -> Holding {
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
    pub(super) fn next_to_give(&mut self, now: Time, until: Time) -> Option<u32> {
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

    use super::{Accounts, Holding, RANKED_BYTES, STEPS};
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
}
