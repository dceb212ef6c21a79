//! A slab: values by small numbers, which are reused. A delivery finds its peer by index instead of
//! by name.

use alloc::vec::Vec;

/// Bytes of a chunk.
const CHUNK_BYTES: usize = 64 * 1024;

/// Values by number.
///
/// The number freed last is given out first, so that the same calls return the same numbers. No map
/// of the standard library gives out numbers.
///
/// The first chunk grows as a vector does. The others have their room from the beginning, so that
/// no more than a chunk is ever moved, however many values there are.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    first: Vec<Option<T>>,
    others: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    /// Bits of a number within its chunk.
    const SHIFT: u32 = {
        let entries = CHUNK_BYTES / size_of::<Option<T>>();
        if entries > 4 { entries.ilog2() } else { 2 }
    };
    const CHUNK: usize = 1 << Self::SHIFT;

    pub(crate) const fn new() -> Self {
        Self { first: Vec::new(), others: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers() - self.free.len()
    }

    /// Returns the number of values that were there at one time.
    fn numbers(&self) -> usize {
        match self.others.last() {
            Some(last) => (self.others.len() << Self::SHIFT) + last.len(),
            None => self.first.len(),
        }
    }

    /// Returns the bytes of memory of its tables, as if all entries were free once.
    pub(crate) const fn table_bytes(&self) -> usize {
        let entries = self.first.capacity() + (self.others.len() << Self::SHIFT);
        entries * (size_of::<Option<T>>() + size_of::<u32>()) + self.others.capacity() * size_of::<Vec<Option<T>>>()
    }

    /// Returns the number that the next [`insert`](Self::insert) gives out.
    pub(crate) fn next_slot(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| {
            u32::try_from(self.numbers()).expect("every slab is bounded by an option far below 2^32")
        })
    }

    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = self.next_slot();
        if self.free.pop().is_some() {
            if let Some(entry) = self.entry_mut(slot) {
                *entry = Some(value);
            }
            return slot;
        }
        let is_full = |chunk: &Vec<Option<T>>| chunk.len() >= Self::CHUNK;
        if is_full(&self.first) && self.others.last().is_none_or(is_full) {
            self.others.push(Vec::with_capacity(Self::CHUNK));
        }
        self.others.last_mut().unwrap_or(&mut self.first).push(Some(value));
        slot
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let (chunk, at) = Self::place(slot);
        let chunk = if chunk == 0 { &self.first } else { self.others.get(chunk - 1)? };
        chunk.get(at)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.entry_mut(slot)?.as_mut()
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.entry_mut(slot)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    /// Returns the values in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(self.others.iter().flatten()).flatten()
    }

    #[inline]
    fn entry_mut(&mut self, slot: u32) -> Option<&mut Option<T>> {
        let (chunk, at) = Self::place(slot);
        let chunk = if chunk == 0 { &mut self.first } else { self.others.get_mut(chunk - 1)? };
        chunk.get_mut(at)
    }

    #[inline]
    const fn place(slot: u32) -> (usize, usize) {
        let slot = slot as usize;
        (slot >> Self::SHIFT, slot & (Self::CHUNK - 1))
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

    #[test]
    fn values_of_many_chunks_stay_where_they_are() {
        let mut slab: Slab<[u64; 100]> = Slab::new();
        let many = u32::try_from(5 * Slab::<[u64; 100]>::CHUNK + 4).expect("few");
        for number in 0..many {
            assert_eq!(slab.insert([u64::from(number); 100]), number);
        }
        let first = core::ptr::from_ref(slab.get(many - 1).expect("the last"));
        let rooms = slab.table_bytes() / size_of::<Option<[u64; 100]>>();
        assert!(rooms >= many as usize && rooms <= many as usize + Slab::<[u64; 100]>::CHUNK, "{rooms}");
        for number in (0..many).step_by(7) {
            assert_eq!(slab.remove(number).map(|value| value[9]), Some(u64::from(number)));
        }
        for _ in 0..many {
            slab.insert([0; 100]);
        }
        assert!(!(many - 1).is_multiple_of(7), "the last one stays");
        assert!(slab.get(many - 1).is_some_and(|last| core::ptr::eq(first, last)));
        assert_eq!(slab.len(), slab.iter().count());
        assert!(slab.get(u32::MAX).is_none());
        for number in 0..many {
            let expected = if number % 7 == 0 { 0 } else { u64::from(number) };
            assert_eq!(slab.get(number).map(|value| value[50]), Some(expected));
        }
    }
}
