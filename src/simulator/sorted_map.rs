//! A sorted map, whose insertions and removals move few numbers and no value.

use core::borrow::Borrow;
use core::mem;

use crate::collections::order::{Order, Place};
use crate::collections::slab::Slab;

/// Values by their keys, in a slab, with their numbers sorted.
///
/// The standard tree has the same methods, and five times the code for each type of key and value.
#[derive(Debug)]
pub(super) struct SortedMap<K, V> {
    entries: Slab<(K, V)>,
    order: Order,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: Slab::new(), order: Order::new() }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(key).ok()?;
        self.entries.get(slot).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(key).ok()?;
        self.entries.get_mut(slot).map(|(_, value)| value)
    }

    pub(super) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Returns the value of the key, which is the given one if there was none.
    pub(super) fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let slot = self.find(&key).unwrap_or_else(|place| {
            let slot = self.entries.insert((key, value));
            self.order.insert(place, slot);
            slot
        });
        let entry = self.entries.get_mut(slot);
        &mut entry.expect("it was found or inserted").1
    }

    pub(super) fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.get_or_insert(key, V::default())
    }

    /// Sets the value of a key, and returns the one that it had.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(slot) => self.entries.get_mut(slot).map(|entry| mem::replace(&mut entry.1, value)),
            Err(place) => {
                let slot = self.entries.insert((key, value));
                self.order.insert(place, slot);
                None
            }
        }
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(key).ok()?;
        self.order.remove(self.place(key));
        self.entries.remove(slot).map(|(_, value)| value)
    }

    /// Removes the entries for which `keep` is false.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let order = mem::replace(&mut self.order, Order::new());
        for slot in order.from(Place::FIRST) {
            if self.entries.get(slot).is_some_and(|(key, value)| keep(key, value)) {
                self.order.push(slot);
            } else {
                self.entries.remove(slot);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let entries = self.order.from(Place::FIRST).filter_map(|slot| self.entries.get(slot));
        entries.map(|(key, value)| (key, value))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Changes each value.
    pub(super) fn for_each_mut(&mut self, mut change: impl FnMut(&mut V)) {
        for slot in self.order.from(Place::FIRST) {
            if let Some((_, value)) = self.entries.get_mut(slot) {
                change(value);
            }
        }
    }

    /// Returns the number of the key's entry; without one, the place for it.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<u32, Place>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key);
        let found = self.order.get(place).filter(|slot| {
            let entry = self.entries.get(*slot);
            entry.is_some_and(|(found, _)| found.borrow() == key)
        });
        found.ok_or(place)
    }

    /// Returns the place of the first entry whose key is not below.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Place
    where
        K: Borrow<Q>,
    {
        self.order.place(&|slot| self.entries.get(slot).is_some_and(|(found, _)| found.borrow() < key))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::SortedMap;

    #[test]
    fn it_equals_the_standard_map() {
        let mut map = SortedMap::default();
        let mut expected = BTreeMap::new();
        let mut state = 1_u32;
        for step in 0..40_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = state >> 20;
            match state >> 8 & 7 {
                0 | 1 => assert_eq!(map.insert(key, step), expected.insert(key, step)),
                2 | 3 => assert_eq!(map.get_or_insert(key, step), expected.entry(key).or_insert(step)),
                4 | 5 => assert_eq!(map.remove(&key), expected.remove(&key)),
                6 => assert_eq!(map.get_mut(&key), expected.get_mut(&key)),
                _ => assert_eq!(
                    (map.get(&key), map.contains_key(&key)),
                    (expected.get(&key), expected.contains_key(&key))
                ),
            }
            if step % 1_000 == 0 {
                map.for_each_mut(|value| *value += 1);
                for value in expected.values_mut() {
                    *value += 1;
                }
                map.retain(|key, value| (key ^ value) % 3 != 0);
                expected.retain(|key, value| (key ^ *value) % 3 != 0);
                assert!(
                    map.iter().eq(&expected) && map.keys().eq(expected.keys()) && map.values().eq(expected.values())
                );
                assert_eq!(map.len(), expected.len());
            }
        }
        map.clear();
        assert_eq!((map.len(), map.iter().next()), (0, None));
    }
}
