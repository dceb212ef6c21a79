//! A sorted list: values in their order, where one more or less moves few others.

use alloc::vec::Vec;
use core::borrow::Borrow;

/// A chunk that grows beyond this is cut in two.
const CHUNK_MAX: usize = 128;

/// Values in order, in chunks, so that one more or less moves few others, however many there are.
///
/// A tree finds nothing faster, and would be ten times the code in a page for each type of value.
#[derive(Debug)]
pub(super) struct Sorted<T> {
    /// None is empty, and two that are neighbours are not both small.
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Sorted<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&T> {
        self.chunks.first()?.first()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.chunks.into_iter().flatten()
    }

    pub(super) fn find<K: Ord + ?Sized>(&self, key: &K) -> Option<&T>
    where
        T: Borrow<K>,
    {
        let (chunk, at) = self.place(key);
        self.chunks.get(chunk)?.get(at).filter(|value| (*value).borrow() == key)
    }

    /// Its key must stay the same.
    pub(super) fn find_mut<K: Ord + ?Sized>(&mut self, key: &K) -> Option<&mut T>
    where
        T: Borrow<K>,
    {
        let (chunk, at) = self.place(key);
        self.chunks.get_mut(chunk)?.get_mut(at).filter(|value| (**value).borrow() == key)
    }

    /// All that are not below the key.
    pub(super) fn from<'a, K: Ord + ?Sized>(&'a self, key: &K) -> impl Iterator<Item = &'a T> + use<'a, T, K>
    where
        T: Borrow<K>,
    {
        let (chunk, at) = self.place(key);
        let mut chunks = self.chunks.iter().skip(chunk);
        let first = chunks.next().and_then(|values| values.get(at..)).unwrap_or_default();
        first.iter().chain(chunks.flatten())
    }

    /// Adds a value whose key is not there yet.
    pub(super) fn insert<K: Ord + ?Sized>(&mut self, value: T)
    where
        T: Borrow<K>,
    {
        let (mut chunk, mut at) = self.place(value.borrow());
        if chunk == self.chunks.len() {
            // Behind all others.
            match self.chunks.last() {
                None => self.chunks.push(Vec::new()),
                Some(last) => (chunk, at) = (chunk - 1, last.len()),
            }
        }
        let values = &mut self.chunks[chunk];
        values.insert(at, value);
        self.len += 1;
        if values.len() > CHUNK_MAX {
            let upper = values.split_off(CHUNK_MAX / 2);
            self.chunks.insert(chunk + 1, upper);
        }
    }

    pub(super) fn remove<K: Ord + ?Sized>(&mut self, key: &K) -> Option<T>
    where
        T: Borrow<K>,
    {
        let (chunk, at) = self.place(key);
        let values = self.chunks.get_mut(chunk)?;
        if values.get(at)?.borrow() != key {
            return None;
        }
        let value = values.remove(at);
        self.len -= 1;
        if values.is_empty() {
            self.chunks.remove(chunk);
        } else {
            self.join(chunk);
            self.join(chunk.wrapping_sub(1));
        }
        Some(value)
    }

    /// Where the first stands that is not below the key: the chunk, and the place in it.
    fn place<K: Ord + ?Sized>(&self, key: &K) -> (usize, usize)
    where
        T: Borrow<K>,
    {
        let is_below = |value: &T| value.borrow() < key;
        let chunk = first_not(&self.chunks, |values| values.last().is_some_and(is_below));
        (chunk, self.chunks.get(chunk).map_or(0, |values| first_not(values, is_below)))
    }

    /// Makes one of this chunk and the next if both are small.
    fn join(&mut self, chunk: usize) {
        if let Some([left, right]) = self.chunks.get_mut(chunk..).and_then(<[_]>::first_chunk_mut)
            && left.len() + right.len() <= CHUNK_MAX / 2
        {
            left.append(right);
            self.chunks.remove(chunk + 1);
        }
    }
}

/// As `partition_point`, which looks at no value before it has compared the one before: with a branch instead, the
/// processor fetches ahead what it guesses to be the next, which is a third faster among names in the thousands.
fn first_not<T>(values: &[T], is_below: impl Fn(&T) -> bool) -> usize {
    let (mut from, mut to) = (0, values.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        if is_below(&values[middle]) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use super::{CHUNK_MAX, Sorted};

    fn check(sorted: &Sorted<u32>, expected: &BTreeSet<u32>) {
        assert!(sorted.iter().eq(expected));
        assert_eq!((sorted.len(), sorted.first()), (expected.len(), expected.first()));
        let lens: Vec<_> = sorted.chunks.iter().map(Vec::len).collect();
        assert!(lens.iter().all(|len| (1..=CHUNK_MAX).contains(len)), "{lens:?}");
        assert!(lens.windows(2).all(|pair| pair[0] + pair[1] > CHUNK_MAX / 2), "{lens:?}");
    }

    #[test]
    fn it_holds_what_a_set_holds_through_growing_and_shrinking() {
        let mut sorted = Sorted::new();
        let mut expected = BTreeSet::new();
        let mut state = 1_u32;
        for step in 0..40_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = state >> 18;
            // First mostly in, then mostly out.
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
    fn what_is_taken_out_from_either_end_leaves_no_sparse_chunks() {
        for is_downwards in [false, true] {
            let mut sorted = Sorted::new();
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
