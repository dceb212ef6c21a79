//! The subscribers of one filter.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Subscribers in the order of `K`. Most filters have one, which takes no memory beside the node.
#[derive(Clone, Debug)]
pub(super) enum Subscribers<K, V> {
    None,
    One((K, V)),
    #[expect(clippy::box_collection, reason = "a node stays small; lists are for the few popular filters")]
    Many(Box<Vec<(K, V)>>),
}

impl<K, V> Subscribers<K, V> {
    pub(super) const fn new() -> Self {
        Self::None
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn as_slice(&self) -> &[(K, V)] {
        match self {
            Self::None => &[],
            Self::One(only) => core::slice::from_ref(only),
            Self::Many(list) => list,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [(K, V)] {
        match self {
            Self::None => &mut [],
            Self::One(only) => core::slice::from_mut(only),
            Self::Many(list) => list,
        }
    }
}

impl<K: Ord, V> Subscribers<K, V> {
    /// Where the key is, or else where it belongs.
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.as_slice().binary_search_by(|(other, _)| other.cmp(key))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let place = self.place(key).ok()?;
        self.as_slice().get(place).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => {
                let (_, old) = self.as_mut_slice().get_mut(place)?;
                Some(core::mem::replace(old, value))
            }
            Err(place) => {
                let mut list = match core::mem::replace(self, Self::None) {
                    Self::None => {
                        *self = Self::One((key, value));
                        return None;
                    }
                    Self::One(only) => Box::new(vec![only]),
                    Self::Many(list) => list,
                };
                list.insert(place, (key, value));
                *self = Self::Many(list);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        match core::mem::replace(self, Self::None) {
            Self::None => None,
            Self::One((_, value)) => Some(value),
            Self::Many(mut list) => {
                let (_, value) = list.remove(place);
                *self = match list.len() {
                    1 => list.pop().map_or(Self::None, Self::One),
                    _ => Self::Many(list),
                };
                Some(value)
            }
        }
    }
}
