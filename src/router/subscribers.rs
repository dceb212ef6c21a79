//! The subscribers of one filter.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::memory_meter::block;

/// A chunk that grows beyond this is cut in two.
const CHUNK_MAX: usize = 256;

/// Subscribers in the order of `K`. Most filters have one, which takes no memory beside the node.
#[derive(Clone, Debug)]
pub(super) enum Subscribers<K, V> {
    None,
    One((K, V)),
    /// A node stays small: lists are for the few popular filters.
    Many(Box<Chunks<K, V>>),
}

/// A sorted list in chunks, of which none is empty. An insertion or removal moves few subscribers,
/// however many there are.
type Chunks<K, V> = Vec<Vec<(K, V)>>;

impl<K, V> Subscribers<K, V> {
    pub(super) const fn new() -> Self {
        Self::None
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Bytes of memory that they take beside the node.
    pub(super) fn held_bytes(&self) -> usize {
        let Self::Many(chunks) = self else { return 0 };
        let room = match &***chunks {
            [only] => only.capacity(),
            // A chunk that was cut keeps the room that it had.
            chunks => chunks.len() * CHUNK_MAX,
        };
        block(size_of::<Chunks<K, V>>()) + chunks.capacity() * size_of::<Vec<(K, V)>>() + room * size_of::<(K, V)>()
    }

    /// Returns a chunk of the subscribers, from 0 on; `None` behind the last.
    pub(super) fn chunk(&self, chunk: usize) -> Option<&[(K, V)]> {
        match self {
            Self::One(only) if chunk == 0 => Some(core::slice::from_ref(only)),
            Self::None | Self::One(_) => None,
            Self::Many(chunks) => chunks.get(chunk).map(Vec::as_slice),
        }
    }

    fn chunk_mut(&mut self, chunk: usize) -> Option<&mut [(K, V)]> {
        match self {
            Self::One(only) if chunk == 0 => Some(core::slice::from_mut(only)),
            Self::None | Self::One(_) => None,
            Self::Many(chunks) => chunks.get_mut(chunk).map(Vec::as_mut_slice),
        }
    }
}

impl<K: Ord, V> Subscribers<K, V> {
    /// Returns the chunk of the key, and where in it the key is, or else where it belongs.
    fn place(&self, key: &K) -> (usize, Result<usize, usize>) {
        let chunk = match self {
            Self::None | Self::One(_) => 0,
            Self::Many(chunks) => {
                let chunk = chunks.partition_point(|chunk| chunk.last().is_some_and(|(last, _)| last < key));
                chunk.min(chunks.len() - 1)
            }
        };
        (chunk, self.chunk(chunk).unwrap_or_default().binary_search_by(|(other, _)| other.cmp(key)))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let (chunk, place) = self.place(key);
        self.chunk(chunk)?.get(place.ok()?).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (chunk, place) = self.place(&key);
        let at = match place {
            Ok(at) => {
                let (_, old) = self.chunk_mut(chunk)?.get_mut(at)?;
                return Some(core::mem::replace(old, value));
            }
            Err(at) => at,
        };
        let mut chunks = match core::mem::replace(self, Self::None) {
            Self::None => {
                *self = Self::One((key, value));
                return None;
            }
            Self::One(only) => Box::new(vec![vec![only]]),
            Self::Many(chunks) => chunks,
        };
        if let Some(list) = chunks.get_mut(chunk) {
            list.insert(at, (key, value));
            if list.len() > CHUNK_MAX {
                let upper = list.split_off(CHUNK_MAX / 2);
                chunks.insert(chunk + 1, upper);
            }
        }
        *self = Self::Many(chunks);
        None
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (chunk, place) = self.place(key);
        let at = place.ok()?;
        match core::mem::replace(self, Self::None) {
            Self::None => None,
            Self::One((_, value)) => Some(value),
            Self::Many(mut chunks) => {
                let list = chunks.get_mut(chunk)?;
                let (_, value) = list.remove(at);
                if list.is_empty() {
                    chunks.remove(chunk);
                }
                *self = match &mut **chunks {
                    [only] if only.len() == 1 => only.pop().map_or(Self::None, Self::One),
                    _ => Self::Many(chunks),
                };
                Some(value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    use super::{CHUNK_MAX, Subscribers};

    #[test]
    fn a_long_list_equals_a_map_and_its_chunks_are_short() {
        let (mut list, mut map, mut state) = (Subscribers::new(), BTreeMap::new(), 1_u32);
        for step in 0..60_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = state >> 19;
            if (state >> 8 & 7 < 6) == (step < 30_000) {
                assert_eq!(list.insert(key, step), map.insert(key, step));
            } else {
                assert_eq!(list.remove(&key), map.remove(&key));
            }
            assert_eq!(list.get(&(key ^ 1)), map.get(&(key ^ 1)));
        }
        let chunks: Vec<_> = (0..).map_while(|chunk| list.chunk(chunk)).collect();
        assert!(chunks.iter().all(|chunk| (1..=CHUNK_MAX).contains(&chunk.len())));
        assert!(chunks.concat().into_iter().eq(map.clone()));
        for key in map.keys() {
            list.remove(key);
        }
        assert!(list.is_empty());
    }
}
