//! A FIFO queue made of two stacks.

use alloc::vec::Vec;

/// Two stacks. When the front is empty, the back is turned over into it. It has less than half the
/// code of `VecDeque`.
#[derive(Clone, Debug)]
pub(crate) struct Fifo<T> {
    /// Its last value is popped next.
    front: Vec<T>,
    /// Its last value was pushed last.
    back: Vec<T>,
}

impl<T> Fifo<T> {
    pub(crate) const fn new() -> Self {
        Self { front: Vec::new(), back: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.front.len() + self.back.len()
    }

    /// Returns the bytes of memory of its tables.
    pub(crate) const fn table_bytes(&self) -> usize {
        (self.front.capacity() + self.back.capacity()) * size_of::<T>()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn push(&mut self, value: T) {
        self.back.push(value);
    }

    /// Pushes a value to the front.
    pub(crate) fn put_first(&mut self, value: T) {
        self.front.push(value);
    }

    /// Returns the value at this place, counted from the front.
    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        match self.front.len().checked_sub(place + 1) {
            Some(from_last) => self.front.get_mut(from_last),
            None => self.back.get_mut(place - self.front.len()),
        }
    }

    /// Returns the value that is popped next.
    pub(crate) fn first(&self) -> Option<&T> {
        self.front.last().or_else(|| self.back.first())
    }

    /// Returns the values from the front to the back.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.front.iter().rev().chain(&self.back)
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.front.is_empty() {
            while let Some(value) = self.back.pop() {
                // The last one need not go through the front.
                if self.back.is_empty() {
                    free_if_long(&mut self.back);
                    return Some(value);
                }
                self.front.push(value);
            }
        }
        let value = self.front.pop();
        if self.front.is_empty() {
            free_if_long(&mut self.front);
        }
        value
    }

    /// Takes out the first value for which `is_it` is true.
    pub(crate) fn remove(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        if let Some(place) = self.front.iter().rposition(&is_it) {
            return Some(self.front.remove(place));
        }
        let place = self.back.iter().position(is_it)?;
        Some(self.back.remove(place))
    }
}

/// Frees an empty stack that had many values, so that a long queue leaves no memory behind.
#[inline]
fn free_if_long<T>(stack: &mut Vec<T>) {
    const KEPT: usize = 64;
    if stack.capacity() > KEPT {
        *stack = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_popped_in_the_order_of_their_pushes() {
        let mut fifo = Fifo::new();
        let mut gone = Vec::new();
        for value in 0..10 {
            fifo.push(2 * value);
            fifo.push(2 * value + 1);
            gone.extend(fifo.pop());
        }
        assert_eq!((fifo.len(), fifo.is_empty()), (10, false));
        assert_eq!((fifo.remove(|value| *value == 12), fifo.remove(|value| *value == 3)), (Some(12), None));
        assert_eq!(fifo.remove(|value| value % 5 == 4), Some(14));
        gone.extend(core::iter::from_fn(|| fifo.pop()));
        assert_eq!(gone, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19]);
        assert!(fifo.is_empty());
    }
}
