//! A slab: values by small numbers, which are reused. A delivery finds its peer by index instead of
//! by name.

use alloc::vec::Vec;

/// Values by number.
///
/// The number freed last is given out first, so that the same calls return the same numbers. No map
/// of the standard library gives out numbers.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Returns the bytes of memory of its tables, as if all entries were free once.
    pub(crate) const fn table_bytes(&self) -> usize {
        self.entries.capacity() * (size_of::<Option<T>>() + size_of::<u32>())
    }

    /// Returns the number that the next [`insert`](Self::insert) gives out.
    pub(crate) fn next_slot(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| {
            u32::try_from(self.entries.len()).expect("every slab is bounded by an option far below 2^32")
        })
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = self.next_slot();
        if self.free.pop().is_some() {
            self.entries[slot as usize] = Some(value);
        } else {
            self.entries.push(Some(value));
        }
        slot
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.entries.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    /// Returns the values in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::Slab;

    #[test]
    fn freed_slots_are_reused_and_empty_meanwhile() {
        let mut slab = Slab::new();
        assert_eq!((slab.insert('a'), slab.insert('b'), slab.insert('c')), (0, 1, 2));
        assert_eq!(slab.remove(1), Some('b'));
        assert_eq!(slab.remove(1), None);
        assert!(slab.get(1).is_none() && slab.get_mut(9).is_none());
        assert_eq!(slab.len(), 2);
        assert_eq!((slab.next_slot(), slab.insert('d'), slab.next_slot()), (1, 1, 3));
        assert_eq!(slab.iter().collect::<String>(), "adc");
    }
}
