//! A named slab: values by number, and by name in the order of the names.

use alloc::sync::Arc;
use core::borrow::Borrow;

use crate::collections::slab::Slab;
use crate::collections::sorted_list::SortedList;

/// A slab with an index of names.
///
/// The standard maps have ten times the code, once for each type of value.
#[derive(Debug)]
pub(crate) struct NamedSlab<T> {
    slab: Slab<T>,
    names: SortedList<Name>,
}

/// A name and the number of its value. It does not depend on the type of value, so its code is in
/// the page once.
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

    /// Returns the number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the bytes of memory of its tables, without the names.
    pub(crate) fn table_bytes(&self) -> usize {
        self.slab.table_bytes() + self.names.table_bytes()
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

    /// Adds a value under a new name, and returns its number.
    pub(crate) fn insert(&mut self, name: Arc<str>, value: T) -> u32 {
        let slot = self.slab.insert(value);
        self.names.insert::<str>(Name { text: name, slot });
        slot
    }

    /// Removes a name. Its value keeps its number until [`take`](Self::take).
    pub(crate) fn unname(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Takes the value of this number, which has no name any more.
    pub(crate) fn take(&mut self, slot: u32) -> Option<T> {
        self.slab.remove(slot)
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<T> {
        self.slab.remove(self.names.remove(name)?.slot)
    }

    /// Returns the values in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.names.iter().filter_map(|name| self.slab.get(name.slot))
    }
}
