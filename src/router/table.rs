//! A hash table of numbers, for whatever the numbers stand for.

use alloc::vec::Vec;

use crate::memory_meter::block;

/// Entries of a page, on average, beyond which a page is cut in two.
const PAGE_MAX: usize = 512;
/// Entries of a page, on average, below which two pages become one.
const PAGE_MIN: usize = PAGE_MAX / 4;

/// Numbers by the hash of what they stand for: a linear hash table of small pages.
///
/// It holds neither keys nor a way to compare them: a caller that looks something up says which
/// number it is. So one table serves levels and edges, eight bytes an entry, and its code is in the
/// client's module once.
///
/// It grows and shrinks by one page at a time. So no call moves more than the entries of a page or
/// two, however many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// By the upper half of the hash. The lower half chooses the slot in a page.
    pages: Vec<Page>,
    /// As many bits as the number of the last page has.
    mask: usize,
    len: usize,
    /// Bytes of memory of the pages.
    page_bytes: usize,
}

/// Entries with open addressing, probed in line.
#[derive(Clone, Debug, Default)]
struct Page {
    /// As many as a power of two, or none; at least a quarter is free.
    slots: Vec<Slot>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    number: u32,
}

const FREE: u32 = u32::MAX;

/// Bits without a pattern: 2^64 by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Table {
    /// Bytes of memory that it takes.
    pub(super) const fn held_bytes(&self) -> usize {
        self.pages.capacity() * size_of::<Page>() + self.page_bytes
    }

    /// The number with this hash that `is_it` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        // An empty table has no page to look at.
        self.pages.get(self.page_of(hash))?.find(hash, is_it)
    }

    /// Adds a number that is not there yet and is not the largest.
    pub(super) fn insert(&mut self, hash: u32, number: u32) {
        self.len += 1;
        if self.len > self.pages.len() * PAGE_MAX {
            self.cut_page();
        }
        let page = self.page_of(hash);
        self.change(page, |page| page.insert(Slot { hash, number }));
    }

    /// Removes a number that was inserted with this hash.
    pub(super) fn remove(&mut self, hash: u32, number: u32) {
        let page = self.page_of(hash);
        if page >= self.pages.len() || !self.change(page, |page| page.remove(hash, number)) {
            return;
        }
        self.len -= 1;
        if self.len < self.pages.len() * PAGE_MIN && self.pages.len() > 1 {
            self.join_page();
        }
    }

    /// Changes a page, and counts its memory.
    fn change<R>(&mut self, page: usize, change: impl FnOnce(&mut Page) -> R) -> R {
        let page = &mut self.pages[page];
        self.page_bytes -= page.held_bytes();
        let result = change(page);
        self.page_bytes += page.held_bytes();
        result
    }

    /// Adds a page, to which a part of the entries of its [pair](pair_of) moves.
    fn cut_page(&mut self) {
        let new = self.pages.len();
        self.pages.push(Page::default());
        self.set_mask();
        if new > 0 {
            self.move_page(pair_of(new));
        }
    }

    /// Removes the last page, whose entries move to its [pair](pair_of).
    fn join_page(&mut self) {
        let Some(last) = self.pages.pop() else { return };
        self.page_bytes -= last.held_bytes();
        self.set_mask();
        self.place_all(last);
    }

    /// Puts the entries of a page where they belong now.
    fn move_page(&mut self, page: usize) {
        let former = core::mem::take(&mut self.pages[page]);
        self.page_bytes -= former.held_bytes();
        self.place_all(former);
    }

    fn place_all(&mut self, former: Page) {
        for slot in former.slots.into_iter().filter(|slot| slot.number != FREE) {
            let page = self.page_of(slot.hash);
            self.change(page, |page| page.insert(slot));
        }
    }

    /// Returns the page of a hash.
    #[inline]
    fn page_of(&self, hash: u32) -> usize {
        let page = hash.rotate_left(16) as usize & self.mask;
        if page < self.pages.len() { page } else { page & self.mask >> 1 }
    }

    const fn set_mask(&mut self) {
        self.mask = match self.pages.len() {
            0 | 1 => 0,
            pages => usize::MAX >> (pages - 1).leading_zeros(),
        };
    }
}

/// Returns the page that has the entries of this page before it is added, and after it is removed:
/// its number without the highest bit.
const fn pair_of(page: usize) -> usize {
    page & !(1 << page.ilog2())
}

impl Page {
    const fn held_bytes(&self) -> usize {
        block(self.slots.capacity() * size_of::<Slot>())
    }

    #[inline]
    fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut place = self.home(hash);
        loop {
            // An empty page has no slot to look at.
            let slot = self.slots.get(place)?;
            if slot.number == FREE {
                return None;
            }
            if slot.hash == hash && is_it(slot.number) {
                return Some(slot.number);
            }
            place = self.after(place);
        }
    }

    fn insert(&mut self, slot: Slot) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.len += 1;
        self.put(slot);
    }

    /// Removes a number. True if it was there.
    fn remove(&mut self, hash: u32, number: u32) -> bool {
        let mut gap = self.home(hash);
        loop {
            match self.slots.get(gap) {
                None => return false,
                Some(slot) if slot.number == FREE => return false,
                Some(slot) if slot.number == number => break,
                Some(_) => gap = self.after(gap),
            }
        }
        self.len -= 1;
        // An entry behind the gap that would not be found across it moves into it.
        let mut place = self.after(gap);
        while self.slots[place].number != FREE {
            let home = self.home(self.slots[place].hash);
            let mask = self.slots.len() - 1;
            if place.wrapping_sub(home) & mask >= place.wrapping_sub(gap) & mask {
                self.slots[gap] = self.slots[place];
                gap = place;
            }
            place = self.after(place);
        }
        self.slots[gap].number = FREE;
        true
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(8);
        let old = core::mem::replace(&mut self.slots, vec![Slot { hash: 0, number: FREE }; slots]);
        old.into_iter().filter(|slot| slot.number != FREE).for_each(|slot| self.put(slot));
    }

    fn put(&mut self, slot: Slot) {
        let mut place = self.home(slot.hash);
        while self.slots[place].number != FREE {
            place = self.after(place);
        }
        self.slots[place] = slot;
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }
}

/// Hashes a text with a secret, so that a stranger cannot choose texts that collide.
#[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
pub(super) fn hash_text(secret: u64, text: &[u8]) -> u32 {
    let mut state = secret ^ text.len() as u64;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        state = product(state ^ u64::from_le_bytes(*word)) ^ secret;
    }
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let product = product(state ^ last);
    product as u32 ^ (product >> 32) as u32
}

/// Multiplies the halves of a number: in a page there is no product of more than 64 bits at once.
#[inline]
const fn product(state: u64) -> u64 {
    let state = state ^ GOLDEN;
    (state >> 32) * (state & 0xFFFF_FFFF)
}

/// Hashes a number with a secret, different numbers to different hashes: each step can be undone.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves of the secret")]
pub(super) const fn hash_number(secret: u64, number: u32) -> u32 {
    let mixed = (number ^ (secret >> 32) as u32).wrapping_mul((secret ^ GOLDEN) as u32 | 1);
    let mixed = (mixed ^ mixed >> 16).wrapping_mul(GOLDEN as u32);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_is_found_and_what_is_out_is_not_through_growing_and_removing() {
        // A poor hash, so that runs are long and wrap around.
        let hash = |number: u32| number % 7 * 0x2492_4924;
        let mut table = Table::default();
        let mut inside = alloc::collections::BTreeSet::new();
        let mut state = 1_u32;
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = state >> 16 & 0xFF;
            if inside.remove(&number) {
                table.remove(hash(number), number);
            } else {
                inside.insert(number);
                table.insert(hash(number), number);
            }
            let probe = state >> 8 & 0xFF;
            let found = table.find(hash(probe), |other| other == probe);
            assert_eq!(found, inside.get(&probe).copied());
        }
        assert_eq!(table.len, inside.len());
    }

    /// How many slots a lookup looks at.
    fn steps(table: &Table, hash: u32) -> u32 {
        let page = &table.pages[table.page_of(hash)];
        let mut place = page.home(hash);
        let mut steps = 1;
        while page.slots.get(place).is_some_and(|slot| slot.number != FREE && slot.hash != hash) {
            place = page.after(place);
            steps += 1;
        }
        steps
    }

    #[test]
    fn a_lookup_takes_as_few_steps_among_a_million_as_among_a_thousand() {
        // As full as a table gets, and half of that.
        for edges in [384, 768, 393_217, 786_432] {
            for secret in [0, 7] {
                // From each parent to sixteen children.
                let hash = |edge: u32| hash_number(secret, edge / 16) ^ hash_text(secret, &[b'a' + (edge % 16) as u8]);
                let mut table = Table::default();
                (0..edges).for_each(|edge| table.insert(hash(edge), edge));
                let inside: u32 = (0..edges).map(|edge| steps(&table, hash(edge))).sum();
                let outside: u32 = (edges..2 * edges).map(|edge| steps(&table, hash(edge))).sum();
                // Where three quarters are taken 2.5 and 8.5, by theory and in large tables; small
                // ones have good and bad luck.
                assert!(inside < 4 * edges, "{inside} steps to {edges} edges with the secret {secret}");
                assert!(outside < 16 * edges, "{outside} steps to {edges} edges that are not with the secret {secret}");
            }
        }
    }

    #[test]
    fn no_call_moves_more_than_the_entries_of_two_pages_while_a_table_grows_and_shrinks() {
        let hash = |edge: u32| hash_number(7, edge / 16) ^ hash_text(7, &[b'a' + (edge % 16) as u8]);
        let is_small = |table: &Table| {
            let held: usize = table.pages.iter().map(Page::held_bytes).sum();
            assert_eq!(table.held_bytes(), table.pages.capacity() * size_of::<Page>() + held);
            table.pages.iter().all(|page| page.slots.len() <= 4 * PAGE_MAX)
        };
        let (mut table, edges) = (Table::default(), 200_000);
        for edge in 0..edges {
            let pages = table.pages.len();
            table.insert(hash(edge), edge);
            assert!(table.pages.len() <= pages + 1);
            assert!(edge % 1_000 > 0 || is_small(&table), "at {edge}");
        }
        for edge in 0..edges {
            let pages = table.pages.len();
            table.remove(hash(edge), edge);
            assert!(table.pages.len() + 1 >= pages);
            assert!(edge % 1_000 > 0 || is_small(&table), "at {edge}");
            let next = (edge + 1) % edges;
            assert!(next == 0 || table.find(hash(next), |other| other == next).is_some());
        }
        assert_eq!((table.len, table.pages.len()), (0, 1));
    }

    #[test]
    fn different_numbers_have_different_hashes() {
        for secret in [0, 7, u64::MAX] {
            let hashes: alloc::collections::BTreeSet<u32> =
                (0..100_000).map(|number| hash_number(secret, number)).collect();
            assert_eq!(hashes.len(), 100_000, "with the secret {secret}");
        }
    }

    #[test]
    fn an_empty_table_has_nothing() {
        let mut table = Table::default();
        assert_eq!(table.find(5, |_| true), None);
        table.remove(5, 5);
    }

    #[test]
    fn texts_hash_apart_and_by_the_secret() {
        let texts = ["", "a", "b", "aa", "sensor-1", "sensor-2", "sensor-12", "temperature", "temperaturf"];
        let hashes: alloc::collections::BTreeSet<u32> =
            [1, 1 << 40].into_iter().flat_map(|secret| texts.map(|text| hash_text(secret, text.as_bytes()))).collect();
        assert_eq!(hashes.len(), 2 * texts.len());
    }
}
