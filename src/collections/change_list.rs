//! A change list: the keys of values that changed since the store's last batch.

use alloc::vec::Vec;

/// Changes in the order of their notes. Without a store, none is noted.
#[derive(Clone, Debug)]
pub(crate) struct ChangeList<T>(Option<Vec<T>>);

impl<T> ChangeList<T> {
    /// Returns a list that notes nothing.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Begins to note changes, since there is a store now.
    pub(crate) fn begin(&mut self) {
        self.0.get_or_insert_default();
    }

    /// True if changes are noted.
    pub(crate) const fn is_noting(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        match &self.0 {
            Some(noted) => noted.is_empty(),
            None => true,
        }
    }

    pub(crate) fn note(&mut self, value: impl FnOnce() -> T) {
        if let Some(noted) = &mut self.0 {
            noted.push(value());
        }
    }

    /// Takes out the last noted change.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.0.as_mut()?.pop()
    }

    /// Takes out the noted changes.
    pub(crate) fn take(&mut self) -> Vec<T> {
        self.0.as_mut().map(core::mem::take).unwrap_or_default()
    }
}
