//! A map from packet identifiers, for what a sender or receiver has under way.

use std::collections::VecDeque;

use crate::codec::PacketId;

/// A sorted ring. Identifiers are given out in turn and come back about in turn, so nearly all that is put in goes to one
/// end and nearly all that is taken out comes from the other; and it is a fraction of a tree's code, which a page downloads.
#[derive(Clone, Debug)]
pub(crate) struct ById<T>(VecDeque<(PacketId, T)>);

impl<T> ById<T> {
    pub(crate) const fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, id: PacketId) -> bool {
        self.find(id).is_ok()
    }

    pub(crate) fn get(&self, id: PacketId) -> Option<&T> {
        let place = self.find(id).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, id: PacketId) -> Option<&mut T> {
        let place = self.find(id).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Puts a value in, in place of the one that is there.
    pub(crate) fn insert(&mut self, id: PacketId, value: T) {
        match self.find(id) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (id, value)),
        }
    }

    pub(crate) fn remove(&mut self, id: PacketId) -> Option<T> {
        let place = self.find(id).ok()?;
        self.0.remove(place).map(|(_, value)| value)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// In the order of the identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (PacketId, &T)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Takes all out, in the order of the identifiers.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        core::mem::take(&mut self.0).into_iter().map(|(_, value)| value)
    }

    /// Where it is, or would be. Both ends are looked at first.
    fn find(&self, id: PacketId) -> Result<usize, usize> {
        match (self.0.front(), self.0.back()) {
            (Some((first, _)), _) if *first == id => Ok(0),
            (_, Some((last, _))) if *last < id => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&id, |(other, _)| *other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_gives_it_back_in_order() {
        let id = |value| PacketId::new(value).expect("not zero");
        let mut map = ById::new();
        for value in [65_534, 65_535, 1, 3, 2] {
            map.insert(id(value), value);
        }
        map.insert(id(3), 33);
        assert_eq!((map.len(), map.get(id(3)), map.get(id(4))), (5, Some(&33), None));
        assert_eq!((map.remove(id(1)), map.remove(id(1)), map.contains(id(1))), (Some(1), None, false));
        assert_eq!(map.iter().map(|(id, _)| id.get()).collect::<Vec<_>>(), [2, 3, 65_534, 65_535]);
        assert_eq!(map.take_all().collect::<Vec<_>>(), [2, 33, 65_534, 65_535]);
        assert_eq!(map.len(), 0);
    }
}
