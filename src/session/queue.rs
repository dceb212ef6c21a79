//! The deliveries that wait for the connection or for the peer's send quota.

use super::Delivery;
use super::delivery::Held;
use super::expiry::Expiries;
use crate::collections::fifo::Fifo;
use core::fmt;

/// A bounded first-in, first-out queue, measured in messages and in bytes; it has room for one
/// message at least.
#[derive(Clone, Debug)]
pub(super) struct Queue<T> {
    /// Deliveries in their places. The place of one that expired is empty.
    pub(super) deliveries: Fifo<Option<Delivery<T>>>,
    /// The number of the first place.
    pub(super) first: u64,
    pub(super) expiries: Option<Expiries>,
    pub(super) held: Held,
    messages_max: usize,
    bytes_max: usize,
}

/// The queue's bound is reached; the delivery is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFull<T> {
    /// The delivery that did not fit.
    pub delivery: Delivery<T>,
    /// How many messages wait.
    pub messages: usize,
    /// How many bytes they have: topics, payloads and properties.
    pub bytes: usize,
}

impl<T> fmt::Display for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the outgoing queue is full with {} messages of {} bytes", self.messages, self.bytes)
    }
}

impl<T: fmt::Debug> core::error::Error for QueueFull<T> {}

impl<T: Copy> Queue<T> {
    pub(super) const fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { deliveries: Fifo::new(), first: 1 << 32, expiries: None, held: Held::new(), messages_max, bytes_max }
    }

    pub(super) fn push(&mut self, delivery: Delivery<T>) -> Result<(), QueueFull<T>> {
        if !self.has_room(delivery.bytes()) {
            return Err(QueueFull { delivery, messages: self.held.messages, bytes: self.held.bytes });
        }
        self.restore(delivery);
        Ok(())
    }

    /// True if a delivery of so many bytes may be pushed.
    pub(super) const fn has_room(&self, bytes: usize) -> bool {
        // One alone is let in, whatever its length: it is bounded as a packet is, and would
        // otherwise never be delivered.
        self.held.messages == 0
            || self.held.has_room(bytes, size_of::<Delivery<T>>(), self.messages_max, self.bytes_max)
    }

    /// Adds one that was in a queue before, whose bounds may have been others.
    pub(super) fn restore(&mut self, delivery: Delivery<T>) {
        self.held.add(&delivery);
        self.deliveries.push(Some(delivery));
    }

    /// Adds one that is to go before the others.
    pub(super) fn put_first(&mut self, delivery: Delivery<T>) {
        self.held.add(&delivery);
        self.first -= 1;
        self.deliveries.put_first(Some(delivery));
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Delivery<T>> {
        self.deliveries.iter().flatten()
    }

    /// Takes all, the empty places included.
    pub(super) fn take(&mut self) -> Fifo<Option<Delivery<T>>> {
        self.held = Held::new();
        self.first += self.deliveries.len() as u64;
        self.expiries = None;
        core::mem::replace(&mut self.deliveries, Fifo::new())
    }

    pub(super) fn pop(&mut self) -> Option<Delivery<T>> {
        loop {
            let delivery = self.deliveries.pop()?;
            self.first += 1;
            if let Some(delivery) = delivery {
                self.held.remove(&delivery);
                return Some(delivery);
            }
        }
    }

    pub(super) fn remove(&mut self, tag: T) -> Option<Delivery<T>>
    where
        T: PartialEq,
    {
        let delivery = self.deliveries.remove(|delivery| delivery.as_ref().is_some_and(|one| one.tag == tag))??;
        self.held.remove(&delivery);
        Some(delivery)
    }

    pub(super) const fn len(&self) -> usize {
        self.held.messages
    }

    pub(super) const fn bytes(&self) -> usize {
        self.held.bytes
    }

    pub(super) const fn held(&self) -> Held {
        self.held
    }

    /// Returns the bytes of memory of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        let expiries = match &self.expiries {
            Some(expiries) => expiries.capacity() * size_of::<(u64, u64)>(),
            None => 0,
        };
        self.deliveries.table_bytes() + expiries
    }
}
