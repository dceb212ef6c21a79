//! What only a broker with a store has: nothing at all in a module that is built without stores.

use core::ops::{Deref, DerefMut};

#[cfg(any(feature = "store", not(feature = "module")))]
type Place<T> = alloc::boxed::Box<T>;
/// It cannot be made, by which the compiler knows that nothing of what would be done with it ever is, and leaves it out.
#[cfg(all(feature = "module", not(feature = "store")))]
type Place<T> = (core::convert::Infallible, core::marker::PhantomData<T>);

/// A part of a broker with a store, used like a box of it.
#[derive(Debug)]
pub(crate) struct Part<T>(Place<T>);

impl<T> Part<T> {
    /// `None` where there are no stores.
    #[cfg_attr(
        any(feature = "store", not(feature = "module")),
        expect(clippy::unnecessary_wraps, reason = "it is there, in this build")
    )]
    pub(crate) fn new(value: T) -> Option<Self> {
        #[cfg(any(feature = "store", not(feature = "module")))]
        return Some(Self(Place::new(value)));
        #[cfg(all(feature = "module", not(feature = "store")))]
        {
            drop(value);
            None
        }
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        #[cfg(any(feature = "store", not(feature = "module")))]
        return &self.0;
        #[cfg(all(feature = "module", not(feature = "store")))]
        match self.0.0 {}
    }
}

impl<T> DerefMut for Part<T> {
    fn deref_mut(&mut self) -> &mut T {
        #[cfg(any(feature = "store", not(feature = "module")))]
        return &mut self.0;
        #[cfg(all(feature = "module", not(feature = "store")))]
        match self.0.0 {}
    }
}
