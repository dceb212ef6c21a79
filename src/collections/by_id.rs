//! A map by packet identifier, for the deliveries in flight.

use alloc::vec::Vec;

use super::heap_sort::sort_by;
use crate::codec::PacketId;

/// Values in slots, and an index from identifiers to slots.
#[derive(Clone, Debug)]
pub(crate) struct ById<T> {
    index: Index,
    slots: Vec<Option<T>>,
}

impl<T> ById<T> {
    pub(crate) const fn new() -> Self {
        Self { index: Index::new(), slots: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns the bytes of memory of its tables.
    pub(crate) fn table_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<T>>() + self.index.table_bytes()
    }

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.index.contains(id)
    }

    pub(crate) fn get(&self, id: PacketId) -> Option<&T> {
        self.slots.get(self.index.slot(id)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: PacketId) -> Option<&mut T> {
        self.slots.get_mut(self.index.slot(id)?)?.as_mut()
    }

    /// Inserts a value, in place of an old one. Returns it where it stands.
    pub(crate) fn insert(&mut self, id: PacketId, value: T) -> Option<&T> {
        let slot = self.index.insert(id);
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        let slot = self.slots.get_mut(slot)?;
        Some(slot.insert(value))
    }

    pub(crate) fn remove(&mut self, id: PacketId) -> Option<T> {
        const KEPT: usize = 64;
        let value = self.slots.get_mut(self.index.remove(id)?)?.take();
        if self.index.len() == 0 && self.slots.capacity() > KEPT {
            // Many identifiers leave no memory behind.
            self.clear();
        }
        value
    }

    /// Removes all, and frees the memory.
    pub(crate) fn clear(&mut self) {
        self.index.clear();
        self.slots = Vec::new();
    }

    /// Returns the first identifier from this one on that has no value. There must be one.
    pub(crate) fn next_free(&self, from: PacketId) -> PacketId {
        self.index.next_free(from)
    }

    /// Returns the identifiers by the number of their value. The lowest number is last, and so the
    /// first to be popped.
    pub(crate) fn latest_first(&self, number: impl Fn(&T) -> u64) -> Vec<(u64, PacketId)> {
        let mut order = Vec::new();
        for (id, slot) in self.index.entries() {
            if let Some(Some(value)) = self.slots.get(usize::from(*slot)) {
                order.push((number(value), *id));
            }
        }
        sort_by(&mut order, |(one, _), (other, _)| other < one);
        order
    }

    /// Returns the values in the order of their identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PacketId, &T)> {
        self.index.entries().filter_map(|(id, slot)| Some((*id, self.slots.get(usize::from(*slot))?.as_ref()?)))
    }

    /// Returns the values in any order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().flatten()
    }
}

/// The slots of the identifiers, as a sorted list in pages. It does not depend on the type of
/// value, so its code is in the page once.
///
/// A page has the identifiers with one upper byte. So an insertion moves a kilobyte at most,
/// although a peer may hold all identifiers and choose their order. A tree has ten times the code.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Pages in the order of their upper bytes. Only a single one may be empty.
    pages: Vec<Page>,
    len: usize,
    /// Freed slots. While there are none, the slots in use are the first ones.
    free: Vec<u16>,
}

#[derive(Clone, Debug)]
struct Page {
    upper: u8,
    entries: Vec<(PacketId, u16)>,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new(), len: 0, free: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn table_bytes(&self) -> usize {
        let entries = match &*self.pages {
            [only] => only.entries.capacity(),
            // A page has room for up to twice its identifiers.
            _ => self.len + self.len / 4,
        };
        self.pages.capacity() * size_of::<Page>()
            + entries * size_of::<(PacketId, u16)>()
            + self.free.capacity() * size_of::<u16>()
    }

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.len > 0 && self.slot(id).is_some()
    }

    /// Returns the first identifier from this one on that is not in the list. There must be one.
    ///
    /// It skips whole pages, since a peer chooses which identifiers stay in use.
    pub(crate) fn next_free(&self, from: PacketId) -> PacketId {
        let mut next = from;
        while let Ok(page) = self.page(next) {
            let Some(Page { entries, .. }) = self.pages.get(page) else { break };
            let Ok(place) = entries.binary_search_by(|(id, _)| id.cmp(&next)) else { break };
            let run = entries.get(place..).unwrap_or_default();
            match run.last() {
                Some((last, _)) if usize::from(last.get() - next.get()) + 1 == run.len() => next = last.next(),
                // A page has the gap, and few identifiers before it.
                Some(_) | None => {
                    for (id, _) in run {
                        if *id != next {
                            break;
                        }
                        next = next.next();
                    }
                    break;
                }
            }
        }
        next
    }

    /// Returns the identifiers in their order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PacketId> {
        self.entries().map(|(id, _)| *id)
    }

    fn entries(&self) -> impl Iterator<Item = &(PacketId, u16)> {
        self.pages.iter().flat_map(|page| &page.entries)
    }

    fn slot(&self, id: PacketId) -> Option<usize> {
        let page = self.pages.get(self.page(id).ok()?)?;
        let (_, slot) = page.entries.get(page.find(id).ok()?)?;
        Some(usize::from(*slot))
    }

    /// Adds the identifier and returns its slot.
    pub(crate) fn insert(&mut self, id: PacketId) -> usize {
        let upper = upper(id);
        let at = match self.page(id) {
            Ok(at) => at,
            Err(_) if self.len == 0 && !self.pages.is_empty() => {
                // The memory of the last page is used again.
                self.pages[0].upper = upper;
                0
            }
            Err(at) => {
                self.pages.insert(at, Page { upper, entries: Vec::new() });
                at
            }
        };
        let page = &mut self.pages[at];
        let place = match page.find(id) {
            Ok(place) => return usize::from(page.entries[place].1),
            Err(place) => place,
        };
        #[expect(clippy::cast_possible_truncation, reason = "there are no more slots than identifiers")]
        let slot = self.free.pop().unwrap_or(self.len as u16);
        page.entries.insert(place, (id, slot));
        self.len += 1;
        usize::from(slot)
    }

    /// Removes the identifier and returns its slot, which is free then.
    pub(crate) fn remove(&mut self, id: PacketId) -> Option<usize> {
        let at = self.page(id).ok()?;
        let page = self.pages.get_mut(at)?;
        let place = page.find(id).ok()?;
        let (_, slot) = page.entries.remove(place);
        if page.entries.is_empty() && self.pages.len() > 1 {
            self.pages.remove(at);
        }
        self.len -= 1;
        self.free.push(slot);
        Some(usize::from(slot))
    }

    /// Removes all, and frees the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Returns the place of the identifier's page, present or not.
    fn page(&self, id: PacketId) -> Result<usize, usize> {
        let upper = upper(id);
        match &*self.pages {
            [only] if only.upper == upper => Ok(0),
            pages => pages.binary_search_by(|page| page.upper.cmp(&upper)),
        }
    }
}

impl Page {
    /// Returns the place of the identifier, present or not. It looks at both ends first, since
    /// identifiers are given out and acknowledged in order.
    fn find(&self, id: PacketId) -> Result<usize, usize> {
        match &*self.entries {
            [(first, _), ..] if *first == id => Ok(0),
            [.., (last, _)] if *last < id => Err(self.entries.len()),
            entries => {
                let place = entries.partition_point(|(other, _)| *other < id);
                if entries.get(place).is_some_and(|(other, _)| *other == id) { Ok(place) } else { Err(place) }
            }
        }
    }
}

const fn upper(id: PacketId) -> u8 {
    let [upper, _] = id.get().to_be_bytes();
    upper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_the_order_of_their_numbers() {
        let id = |value| PacketId::new(value).expect("not zero");
        let mut map = ById::new();
        for value in [65_534, 65_535, 1, 3, 2] {
            map.insert(id(value), value);
        }
        map.insert(id(3), 33);
        assert_eq!((map.len(), map.get(id(3)), map.get(id(4))), (5, Some(&33), None));
        assert_eq!((map.remove(id(1)), map.remove(id(1)), map.contains(id(1))), (Some(1), None, false));
        map.insert(id(7), 7);
        let all = map.latest_first(|value| u64::from(*value));
        let all: Vec<(u64, u16)> = all.iter().rev().map(|(value, id)| (*value, id.get())).collect();
        assert_eq!(all, [(2, 2), (7, 7), (33, 3), (65_534, 65_534), (65_535, 65_535)]);
        map.clear();
        assert_eq!(map.len(), 0);
    }

    #[test]
    fn it_holds_every_identifier_at_once() {
        let mut map = ById::new();
        let mut id = PacketId::FIRST;
        for _ in 0..u16::MAX {
            map.insert(id, id.get());
            id = id.next();
        }
        assert_eq!(map.len(), usize::from(u16::MAX));
        for id in 1..=u16::MAX {
            assert_eq!(PacketId::new(id).and_then(|id| map.get(id)), Some(&id));
        }
    }

    #[test]
    fn the_next_free_identifier_is_that_of_a_search_one_by_one() {
        let id = |value| PacketId::new(value).expect("not zero");
        let mut map = ById::new();
        (1..=u16::MAX).for_each(|value| _ = map.insert(id(value), ()));
        let free = [1, 2, 255, 256, 512, 513, 30_000, 65_534, 65_535];
        for gaps in [&free[..], &free[2..], &free[3..4], &free[6..7], &free[8..], &free[..1]] {
            for value in gaps {
                map.remove(id(*value));
            }
            for from in (1..=u16::MAX).filter(|from| from % 97 == 0 || free.iter().any(|gap| gap.abs_diff(*from) < 3)) {
                let mut expected = id(from);
                while map.contains(expected) {
                    expected = expected.next();
                }
                assert_eq!(map.next_free(id(from)), expected, "from {from} with {gaps:?} free");
            }
            for value in gaps {
                map.insert(id(*value), ());
            }
        }
    }
}
