//! Expired deliveries in the queue of a broker's session. A page without a broker has nothing of
//! it.
//!
//! The order of expiry is kept from the first time that the queue is full. An expired delivery is
//! taken out wherever it stands, and leaves its place empty, so that the others keep theirs.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use super::{Delivery, Session};
use crate::collections::fifo::Fifo;

/// Times at which deliveries expire, each with the place of its delivery. Some may have left.
pub(super) type Expiries = BinaryHeap<Reverse<(u64, u64)>>;

/// Empty places, or times of deliveries that have left, that are kept whatever the queue's length.
const SPARE: usize = 64;

/// Time of a delivery that does not expire.
pub(crate) const NEVER: u64 = u64::MAX;

impl<T: Copy> Session<T> {
    /// Returns the number of places in the queue, the empty ones included.
    pub(crate) const fn places(&self) -> usize {
        self.queue.deliveries.len()
    }

    /// True if the order of expiry is kept.
    pub(crate) const fn is_ordered(&self) -> bool {
        self.queue.expiries.is_some()
    }

    /// Notes when the last delivery in the queue expires.
    pub(crate) fn note_expiry(&mut self, at: u64) {
        let queue = &mut self.queue;
        let len = queue.deliveries.len();
        if let Some(expiries) = &mut queue.expiries {
            if expiries.len() > 2 * len + SPARE {
                queue.expiries = None;
            } else if at != NEVER {
                expiries.push(Reverse((at, queue.first + len as u64 - 1)));
            }
        }
    }

    /// Looks for an expired delivery in the queue, which is put in order by expiry first. `expiry`
    /// returns when one expires. Returns true if there is one.
    pub(crate) fn find_expired(&mut self, now: u64, expiry: impl Fn(&Delivery<T>) -> u64) -> bool {
        let queue = &mut self.queue;
        let first = queue.first;
        let expiries = queue.expiries.get_or_insert_with(|| {
            let times = queue.deliveries.iter().map(|delivery| delivery.as_ref().map_or(NEVER, &expiry));
            times.zip(first..).filter(|(at, _)| *at != NEVER).map(Reverse).collect()
        });
        while let Some(Reverse((at, place))) = expiries.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            if place >= first {
                return at <= now;
            }
            expiries.pop();
        }
        false
    }

    /// Takes an expired delivery out of the queue, wherever it stands. Returns it with its place,
    /// counted from the front.
    pub(crate) fn take_expired(
        &mut self,
        now: u64,
        expiry: impl Fn(&Delivery<T>) -> u64,
    ) -> Option<(usize, Delivery<T>)> {
        if !self.find_expired(now, expiry) {
            return None;
        }
        let queue = &mut self.queue;
        let Reverse((_, place)) = queue.expiries.as_mut()?.pop()?;
        let index = usize::try_from(place - queue.first).ok()?;
        let delivery = queue.deliveries.get_mut(index)?.take()?;
        queue.held.remove(&delivery);
        Some((index, delivery))
    }

    /// Removes the empty places if they are the most. True if the deliveries have other places
    /// then.
    pub(crate) fn remove_empty_places(&mut self) -> bool {
        let queue = &mut self.queue;
        if queue.deliveries.len() <= 2 * queue.held.messages + SPARE {
            return false;
        }
        let mut former = core::mem::replace(&mut queue.deliveries, Fifo::new());
        while let Some(delivery) = former.pop() {
            if delivery.is_some() {
                queue.deliveries.push(delivery);
            }
        }
        queue.expiries = None;
        true
    }
}
