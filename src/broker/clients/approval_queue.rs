//! Approval queue: a client's deliveries that wait for the host's approval.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::broker::auth::verdict::Verdict;
use crate::broker::delivery_tag::{Delivery, expires_at};
use crate::broker::ids::QuestionId;
use crate::session::Held;
use crate::time::Time;

/// Bytes of memory of one delivery, without its message.
const OWN_BYTES: usize = size_of::<(QuestionId, Verdict, Delivery)>();

/// Queue of deliveries with their verdicts, with the limits of the outgoing queue.
#[derive(Debug, Default)]
pub(crate) struct ApprovalQueue {
    waiting: VecDeque<(QuestionId, Verdict, Delivery)>,
    held: Held,
    /// A time before which none of them expires, in milliseconds; 0 if it is not known.
    unexpired_until: u64,
}

impl ApprovalQueue {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.held.bytes
    }

    /// Returns the memory of the deliveries.
    pub(crate) const fn held(&self) -> Held {
        self.held
    }

    /// Returns the bytes of memory of its table.
    pub(crate) fn table_bytes(&self) -> usize {
        self.waiting.capacity() * OWN_BYTES
    }

    /// Returns the deliveries from this place on.
    pub(crate) fn waiting_from(&self, place: usize) -> impl Iterator<Item = &Delivery> {
        self.waiting.iter().skip(place).map(|(_, _, delivery)| delivery)
    }

    /// True if a delivery fits. An empty queue takes one of any length.
    pub(crate) fn has_room(&self, bytes: usize, messages_max: usize, bytes_max: usize) -> bool {
        self.waiting.is_empty() || self.held.has_room(bytes, OWN_BYTES, messages_max, bytes_max)
    }

    pub(crate) fn push(&mut self, question: QuestionId, delivery: Delivery) {
        let at = expires_at(&delivery);
        self.unexpired_until = if self.waiting.is_empty() { at } else { self.unexpired_until.min(at) };
        self.held.add(&delivery);
        self.waiting.push_back((question, Verdict::Pending, delivery));
    }

    pub(crate) fn pop(&mut self) -> Option<(QuestionId, Verdict, Delivery)> {
        let first = self.waiting.pop_front()?;
        self.held.remove(&first.2);
        Some(first)
    }

    /// Returns the first delivery that was asked about after this question, with its question and
    /// verdict.
    pub(crate) fn after(&self, question: QuestionId) -> Option<(QuestionId, Verdict, &Delivery)> {
        let place = self.waiting.partition_point(|(other, _, _)| *other <= question);
        let (question, verdict, delivery) = self.waiting.get(place)?;
        Some((*question, *verdict, delivery))
    }

    /// Takes the delivery of this question out, wherever it stands.
    pub(crate) fn remove(&mut self, question: QuestionId) -> Option<Delivery> {
        let place = self.waiting.binary_search_by_key(&question, |(question, _, _)| *question).ok()?;
        let (_, _, delivery) = self.waiting.remove(place)?;
        self.held.remove(&delivery);
        Some(delivery)
    }

    /// Takes the delivery of this question out of its group.
    pub(crate) fn leave_group(&mut self, question: QuestionId) {
        if let Ok(place) = self.waiting.binary_search_by_key(&question, |(question, _, _)| *question) {
            self.waiting[place].2.tag.group = None;
        }
    }

    /// True if a delivery has expired.
    pub(crate) fn has_expired(&self, now: Time) -> bool {
        let now = now.as_millis();
        self.unexpired_until <= now && self.waiting.iter().any(|(_, _, delivery)| expires_at(delivery) <= now)
    }

    /// Takes out the expired deliveries, wherever they stand.
    pub(crate) fn take_expired(&mut self, now: Time) -> Vec<(QuestionId, Delivery)> {
        let mut expired = Vec::new();
        if self.unexpired_until <= now.as_millis() {
            for _ in 0..self.waiting.len() {
                let Some((question, verdict, delivery)) = self.pop() else { break };
                if expires_at(&delivery) <= now.as_millis() {
                    expired.push((question, delivery));
                } else {
                    self.push(question, delivery);
                    self.put(question, verdict);
                }
            }
        }
        expired
    }

    pub(crate) fn put(&mut self, question: QuestionId, verdict: Verdict) {
        if let Ok(place) = self.waiting.binary_search_by_key(&question, |(question, _, _)| *question) {
            self.waiting[place].1 = verdict;
        }
    }

    /// Returns the first delivery, if its verdict is known.
    pub(crate) fn first_settled(&self) -> Option<(Verdict, &Delivery)> {
        let (_, verdict, delivery) = self.waiting.front()?;
        (*verdict != Verdict::Pending).then_some((*verdict, delivery))
    }
}
