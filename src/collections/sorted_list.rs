//! A sorted list, whose insertions and removals move few numbers and no value.

use core::borrow::Borrow;

use crate::collections::order::{Order, Place};
use crate::collections::slab::Slab;

/// Values in a slab, with their numbers sorted.
///
/// The standard tree is no faster, and adds ten times the code for each type of value. This list
/// adds little, since it sorts numbers only.
#[derive(Debug)]
pub(crate) struct SortedList<T> {
    values: Slab<T>,
    order: Order,
}

impl<T> SortedList<T> {
    pub(crate) const fn new() -> Self {
        Self { values: Slab::new(), order: Order::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the bytes of memory of its tables.
    pub(crate) fn table_bytes(&self) -> usize {
        self.values.table_bytes() + self.order.table_bytes()
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.values.get(self.order.get(Place::FIRST)?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.starting_at(Place::FIRST)
    }

    pub(crate) fn find<K: Ord + ?Sized>(&self, key: &K) -> Option<&T>
    where
        T: Borrow<K>,
    {
        let slot = self.order.get(self.place(key))?;
        self.values.get(slot).filter(|value| (*value).borrow() == key)
    }

    /// Returns the value to change, except for its key.
    pub(crate) fn find_mut<K: Ord + ?Sized>(&mut self, key: &K) -> Option<&mut T>
    where
        T: Borrow<K>,
    {
        let slot = self.order.get(self.place(key))?;
        self.values.get_mut(slot).filter(|value| (**value).borrow() == key)
    }

    /// Returns all values from the key on.
    pub(crate) fn from<'a, K: Ord + ?Sized>(&'a self, key: &K) -> impl Iterator<Item = &'a T> + use<'a, T, K>
    where
        T: Borrow<K>,
    {
        self.starting_at(self.place(key))
    }

    /// Adds a value with a new key.
    pub(crate) fn insert<K: Ord + ?Sized>(&mut self, value: T)
    where
        T: Borrow<K>,
    {
        let place = self.place(value.borrow());
        let slot = self.values.insert(value);
        self.order.insert(place, slot);
    }

    pub(crate) fn remove<K: Ord + ?Sized>(&mut self, key: &K) -> Option<T>
    where
        T: Borrow<K>,
    {
        let place = self.place(key);
        let slot = self.order.get(place)?;
        if self.values.get(slot)?.borrow() != key {
            return None;
        }
        self.order.remove(place);
        self.values.remove(slot)
    }

    /// Returns the place of the first value that is not below the key.
    fn place<K: Ord + ?Sized>(&self, key: &K) -> Place
    where
        T: Borrow<K>,
    {
        self.order.place(&|slot| self.values.get(slot).is_some_and(|value| value.borrow() < key))
    }

    fn starting_at(&self, place: Place) -> impl Iterator<Item = &T> + use<'_, T> {
        self.order.from(place).map_while(|slot| self.values.get(slot))
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use super::SortedList;
    use crate::collections::order::CHUNK_MAX;

    fn check(sorted: &SortedList<u32>, expected: &BTreeSet<u32>) {
        assert!(sorted.iter().eq(expected));
        assert_eq!((sorted.len(), sorted.first()), (expected.len(), expected.first()));
        let lens: Vec<_> = sorted.order.chunk_lens().collect();
        assert!(lens.iter().all(|len| (1..=CHUNK_MAX).contains(len)), "{lens:?}");
        assert!(lens.windows(2).all(|pair| pair[0] + pair[1] > CHUNK_MAX / 2), "{lens:?}");
    }

    #[test]
    fn it_equals_a_set_while_it_grows_and_shrinks() {
        let mut sorted = SortedList::new();
        let mut expected = BTreeSet::new();
        let mut state = 1_u32;
        for step in 0..40_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = state >> 18;
            // Mostly insertions first, then mostly removals.
            if (state >> 8 & 7 < 6) == (step < 20_000) {
                if expected.insert(number) {
                    sorted.insert::<u32>(number);
                }
            } else {
                assert_eq!(sorted.remove(&number), expected.take(&number));
            }
            let probe = state >> 4 & 0x3FFF;
            assert_eq!(sorted.find(&probe), expected.get(&probe));
            assert_eq!(sorted.from(&probe).next(), expected.range(probe..).next());
            if step % 1_000 == 0 {
                check(&sorted, &expected);
            }
        }
        check(&sorted, &expected);
    }

    #[test]
    fn removals_from_either_end_leave_no_sparse_chunks() {
        for is_downwards in [false, true] {
            let mut sorted = SortedList::new();
            (0..10_000).for_each(|number| sorted.insert::<u32>(number));
            let mut expected: BTreeSet<u32> = (0..10_000).collect();
            for step in (0..10_000).filter(|step| step % 100 != 0) {
                let number = if is_downwards { 9_999 - step } else { step };
                assert_eq!(sorted.remove(&number), Some(number));
                expected.remove(&number);
            }
            check(&sorted, &expected);
        }
    }
}
