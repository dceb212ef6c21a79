//! Sorted numbers in chunks, so that an insertion or removal moves few of them.

use alloc::vec::Vec;

/// A chunk that grows beyond this is cut in two.
pub(crate) const CHUNK_MAX: usize = 128;

/// The numbers of values in a slab, in the order of the values. Chunks keep the moves few at any
/// length.
#[derive(Debug)]
pub(crate) struct Order {
    /// No chunk is empty, and two neighbours are not both small.
    chunks: Vec<Vec<u32>>,
}

/// The place of a number: the chunk, and the index in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    chunk: usize,
    at: usize,
}

impl Place {
    pub(crate) const FIRST: Self = Self { chunk: 0, at: 0 };
}

impl Order {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    pub(crate) fn table_bytes(&self) -> usize {
        let numbers = match &*self.chunks {
            [only] => only.capacity(),
            // A chunk that was cut keeps the room that it had: once or twice the limit.
            chunks => 3 * CHUNK_MAX / 2 * chunks.len(),
        };
        self.chunks.capacity() * size_of::<Vec<u32>>() + numbers * size_of::<u32>()
    }

    pub(crate) fn get(&self, Place { chunk, at }: Place) -> Option<u32> {
        self.chunks.get(chunk)?.get(at).copied()
    }

    /// Returns the numbers from a place on.
    pub(crate) fn from(&self, place: Place) -> impl Iterator<Item = u32> + use<'_> {
        let mut next = place;
        core::iter::from_fn(move || {
            let slot = self.get(next).or_else(|| {
                next = Place { chunk: next.chunk + 1, at: 0 };
                self.get(next)
            })?;
            next.at += 1;
            Some(slot)
        })
    }

    /// Returns the place of the first number that is not below what is looked for.
    pub(crate) fn place(&self, is_below: &dyn Fn(u32) -> bool) -> Place {
        let chunk = first_not(self.chunks.len(), |chunk| self.chunks[chunk].last().is_some_and(|last| is_below(*last)));
        let at = self.chunks.get(chunk).map_or(0, |slots| first_not(slots.len(), |at| is_below(slots[at])));
        Place { chunk, at }
    }

    pub(crate) fn insert(&mut self, Place { mut chunk, mut at }: Place, slot: u32) {
        if chunk == self.chunks.len() {
            // Behind all others.
            match self.chunks.last() {
                None => self.chunks.push(Vec::new()),
                Some(last) => (chunk, at) = (chunk - 1, last.len()),
            }
        }
        let slots = &mut self.chunks[chunk];
        slots.insert(at, slot);
        if slots.len() > CHUNK_MAX {
            let upper = slots.split_off(CHUNK_MAX / 2);
            self.chunks.insert(chunk + 1, upper);
        }
    }

    pub(crate) fn remove(&mut self, Place { chunk, at }: Place) {
        let slots = &mut self.chunks[chunk];
        slots.remove(at);
        if slots.is_empty() {
            self.chunks.remove(chunk);
        } else {
            self.join(chunk);
            self.join(chunk.wrapping_sub(1));
        }
    }

    /// Adds a number behind all others.
    pub(crate) fn push(&mut self, slot: u32) {
        self.insert(Place { chunk: self.chunks.len(), at: 0 }, slot);
    }

    #[cfg(test)]
    pub(crate) fn chunk_lens(&self) -> impl Iterator<Item = usize> {
        self.chunks.iter().map(Vec::len)
    }

    /// Joins this chunk and the next if both are small.
    fn join(&mut self, chunk: usize) {
        if let Some([left, right]) = self.chunks.get_mut(chunk..).and_then(<[_]>::first_chunk_mut)
            && left.len() + right.len() <= CHUNK_MAX / 2
        {
            left.append(right);
            self.chunks.remove(chunk + 1);
        }
    }
}

/// `partition_point` with a branch. The processor predicts the branch and prefetches the next
/// value. Among thousands of names, it is a third faster.
fn first_not(len: usize, is_below: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, len);
    while from < to {
        let middle = usize::midpoint(from, to);
        if is_below(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
