//! The subscribers of one filter.

/// Subscribers in the order of `K`. Most filters have one, which takes no memory beside the node.
#[derive(Clone, Debug)]
pub(super) enum Subscribers<K, V> {
    None,
    One(K, V),
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

    #[inline]
    pub(super) fn for_each<'a>(&'a self, visit: &mut impl FnMut(&'a K, &'a V)) {
        match self {
            Self::None => {}
            Self::One(key, value) => visit(key, value),
            Self::Many(list) => list.iter().for_each(|(key, value)| visit(key, value)),
        }
    }
}

impl<K: Ord, V> Subscribers<K, V> {
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match core::mem::replace(self, Self::None) {
            Self::None => {
                *self = Self::One(key, value);
                None
            }
            Self::One(old_key, old_value) if old_key == key => {
                *self = Self::One(key, value);
                Some(old_value)
            }
            Self::One(old_key, old_value) => {
                let (old, new) = ((old_key, old_value), (key, value));
                let list = if old.0 < new.0 { vec![old, new] } else { vec![new, old] };
                *self = Self::Many(Box::new(list));
                None
            }
            Self::Many(mut list) => {
                let replaced = match list.binary_search_by(|(other, _)| other.cmp(&key)) {
                    Ok(place) => Some(core::mem::replace(&mut list[place].1, value)),
                    Err(place) => {
                        list.insert(place, (key, value));
                        None
                    }
                };
                *self = Self::Many(list);
                replaced
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        match core::mem::replace(self, Self::None) {
            Self::None => None,
            Self::One(only, value) if only == *key => Some(value),
            Self::One(only, value) => {
                *self = Self::One(only, value);
                None
            }
            Self::Many(mut list) => {
                let place = list.binary_search_by(|(other, _)| other.cmp(key)).ok();
                let removed = place.map(|place| list.remove(place).1);
                *self = match list.len() {
                    1 => list.pop().map_or(Self::None, |(key, value)| Self::One(key, value)),
                    _ => Self::Many(list),
                };
                removed
            }
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        match self {
            Self::None => None,
            Self::One(only, value) => (only == key).then_some(value),
            Self::Many(list) => list.binary_search_by(|(other, _)| other.cmp(key)).ok().map(|place| &list[place].1),
        }
    }
}
