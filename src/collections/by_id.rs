//! A map from packet identifiers, for what a sender or receiver has under way.

use alloc::vec::Vec;

use super::heap_sort::sort_by;
use crate::codec::PacketId;

/// Values in slots, and the index of which identifier has which.
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

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.index.contains(id)
    }

    pub(crate) fn get(&self, id: PacketId) -> Option<&T> {
        self.slots.get(self.index.slot(id)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: PacketId) -> Option<&mut T> {
        self.slots.get_mut(self.index.slot(id)?)?.as_mut()
    }

    /// Puts a value in, in place of the one that is there.
    pub(crate) fn insert(&mut self, id: PacketId, value: T) {
        let slot = self.index.insert(id);
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Some(value);
        }
    }

    pub(crate) fn remove(&mut self, id: PacketId) -> Option<T> {
        self.slots.get_mut(self.index.remove(id)?)?.take()
    }

    /// Removes all, and frees the memory.
    pub(crate) fn clear(&mut self) {
        self.index.clear();
        self.slots = Vec::new();
    }

    /// The identifiers and the number of each value; the lowest number is the last, and so the
    /// first to be popped.
    pub(crate) fn latest_first(&self, number: impl Fn(&T) -> u64) -> Vec<(u64, PacketId)> {
        let mut order = Vec::new();
        for (id, slot) in &self.index.entries {
            if let Some(Some(value)) = self.slots.get(usize::from(*slot)) {
                order.push((number(value), *id));
            }
        }
        sort_by(&mut order, |(one, _), (other, _)| other < one);
        order
    }

    /// In the order of the identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PacketId, &T)> {
        self.index.entries.iter().filter_map(|(id, slot)| Some((*id, self.slots.get(usize::from(*slot))?.as_ref()?)))
    }

    /// In any order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().flatten()
    }
}

/// A sorted list of which identifier has which slot. It knows nothing of the values, so that its
/// code is there once.
///
/// To keep the list sorted moves four bytes for each identifier behind the place, which at the
/// usual dozens under way is next to nothing. A tree does better from tens of thousands on, with
/// ten times the code, which every page would download.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    entries: Vec<(PacketId, u16)>,
    /// Slots that are free again. While there are none, the slots in use are the first ones.
    free: Vec<u16>,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.slot(id).is_some()
    }

    fn slot(&self, id: PacketId) -> Option<usize> {
        self.find(id).1
    }

    /// The slot of an identifier that is in the list from now on.
    pub(crate) fn insert(&mut self, id: PacketId) -> usize {
        let (place, slot) = self.find(id);
        if let Some(slot) = slot {
            return slot;
        }
        #[expect(clippy::cast_possible_truncation, reason = "there are no more slots than identifiers")]
        let slot = self.free.pop().unwrap_or(self.entries.len() as u16);
        self.entries.insert(place, (id, slot));
        usize::from(slot)
    }

    /// The slot that is free from now on.
    pub(crate) fn remove(&mut self, id: PacketId) -> Option<usize> {
        let (place, slot) = self.find(id);
        slot?;
        let (_, slot) = self.entries.remove(place);
        self.free.push(slot);
        Some(usize::from(slot))
    }

    /// Removes all, and frees the memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Where the identifier is, or would be, and its slot. The ends are looked at first:
    /// identifiers are given out in turn, and come back so.
    fn find(&self, id: PacketId) -> (usize, Option<usize>) {
        let place = match &*self.entries {
            [(first, _), ..] if *first == id => 0,
            [.., (last, _)] if *last < id => self.entries.len(),
            entries => entries.partition_point(|(other, _)| *other < id),
        };
        let slot = self.entries.get(place).filter(|(other, _)| *other == id).map(|(_, slot)| usize::from(*slot));
        (place, slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_gives_it_back_in_order() {
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
}
