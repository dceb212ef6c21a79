//! Approval queue: a client's deliveries that wait for the host's approval.

use alloc::collections::VecDeque;

use crate::broker::auth::verdict::Verdict;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::QuestionId;
use crate::session::Held;

/// Bytes of memory of one delivery, without its message.
const OWN_BYTES: usize = size_of::<(QuestionId, Verdict, Delivery)>();

/// Queue of deliveries with their verdicts, with the limits of the outgoing queue.
#[derive(Debug, Default)]
pub(crate) struct ApprovalQueue {
    waiting: VecDeque<(QuestionId, Verdict, Delivery)>,
    held: Held,
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
        self.held.add(&delivery);
        self.waiting.push_back((question, Verdict::Pending, delivery));
    }

    pub(crate) fn pop(&mut self) -> Option<(QuestionId, Verdict, Delivery)> {
        let first = self.waiting.pop_front()?;
        self.held.remove(&first.2);
        Some(first)
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
