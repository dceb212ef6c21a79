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

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.index.contains(id)
    }

    pub(crate) fn get(&self, id: PacketId) -> Option<&T> {
        self.slots.get(self.index.slot(id)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: PacketId) -> Option<&mut T> {
        self.slots.get_mut(self.index.slot(id)?)?.as_mut()
    }

    /// Inserts a value, in place of an old one.
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

    /// Returns the identifiers by the number of their value. The lowest number is last, and so the
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

    /// Returns the values in the order of their identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PacketId, &T)> {
        self.index.entries.iter().filter_map(|(id, slot)| Some((*id, self.slots.get(usize::from(*slot))?.as_ref()?)))
    }

    /// Returns the values in any order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().flatten()
    }
}

/// The slots of the identifiers, as a sorted list. It does not depend on the type of value, so its
/// code is in the page once.
///
/// An insertion moves four bytes for each identifier behind the place. With the usual dozens in
/// flight, this costs next to nothing. A tree is faster from tens of thousands on, but has ten
/// times the code.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    entries: Vec<(PacketId, u16)>,
    /// Freed slots. While there are none, the slots in use are the first ones.
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

    /// Adds the identifier and returns its slot.
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

    /// Removes the identifier and returns its slot, which is free then.
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

    /// Returns the place of the identifier, present or not, and its slot. It looks at both ends
    /// first, since identifiers are given out and acknowledged in order.
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
}
