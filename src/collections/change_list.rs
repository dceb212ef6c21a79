//! A change list: the keys of values that changed since the store looked last.

use alloc::vec::Vec;

/// Changes, noted by their makers while there is a store.
#[derive(Debug)]
pub(crate) struct ChangeList<T>(Option<Vec<T>>);

impl<T> ChangeList<T> {
    /// There is no store.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// From now on there is.
    pub(crate) fn begin(&mut self) {
        self.0.get_or_insert_default();
    }

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

    /// Takes the changes that were noted.
    pub(crate) fn take(&mut self) -> Vec<T> {
        self.0.as_mut().map(core::mem::take).unwrap_or_default()
    }
}
