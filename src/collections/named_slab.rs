//! A register: values under numbers, and in the order of their names.

use alloc::sync::Arc;
use core::borrow::Borrow;

use crate::collections::slab::Slab;
use crate::collections::sorted_list::SortedList;

/// Values under numbers, which are used again, and in the order of their names.
#[derive(Debug)]
pub(crate) struct NamedSlab<T> {
    slab: Slab<T>,
    names: SortedList<Name>,
}

/// A name, and the number of what it names: one type whatever that is, so that its code is in the
/// page once.
#[derive(Debug)]
struct Name {
    text: Arc<str>,
    slot: u32,
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl<T> NamedSlab<T> {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), names: SortedList::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.names.find(name).map(|name| name.slot)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.slab.get(slot)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slab.get_mut(slot)
    }

    /// Adds a value under a name that is not there yet.
    pub(crate) fn insert(&mut self, name: Arc<str>, value: T) -> u32 {
        let slot = self.slab.insert(value);
        self.names.insert::<str>(Name { text: name, slot });
        slot
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<T> {
        self.slab.remove(self.names.remove(name)?.slot)
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.names.iter().filter_map(|name| self.slab.get(name.slot))
    }
}
