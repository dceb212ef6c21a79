//! Deliveries of a client that await the host's approval.

use alloc::collections::VecDeque;

use crate::broker::auth::verdict::Verdict;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::QuestionId;

/// Deliveries that wait, bounded as the queue behind them is: in messages, and in bytes of topics and payloads.
#[derive(Debug, Default)]
pub(crate) struct ApprovalQueue {
    waiting: VecDeque<(QuestionId, Verdict, Delivery)>,
    bytes: usize,
}

impl ApprovalQueue {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The deliveries from this place on.
    pub(crate) fn waiting_from(&self, place: usize) -> impl Iterator<Item = &Delivery> {
        self.waiting.iter().skip(place).map(|(_, _, delivery)| delivery)
    }

    pub(crate) fn questions(&self) -> impl Iterator<Item = QuestionId> {
        self.waiting.iter().map(|(question, _, _)| *question)
    }

    /// In their order.
    pub(crate) fn deliveries_mut(&mut self) -> impl Iterator<Item = &mut Delivery> {
        self.waiting.iter_mut().map(|(_, _, delivery)| delivery)
    }

    /// One alone is let in, whatever its length.
    pub(crate) fn has_room(&self, bytes: usize, messages_max: usize, bytes_max: usize) -> bool {
        self.waiting.is_empty() || (self.waiting.len() < messages_max && self.bytes + bytes <= bytes_max)
    }

    pub(crate) fn push(&mut self, question: QuestionId, delivery: Delivery) {
        self.bytes += delivery.bytes();
        self.waiting.push_back((question, Verdict::Pending, delivery));
    }

    pub(crate) fn pop(&mut self) -> Option<(QuestionId, Verdict, Delivery)> {
        let first = self.waiting.pop_front()?;
        self.bytes -= first.2.bytes();
        Some(first)
    }

    pub(crate) fn put(&mut self, question: QuestionId, verdict: Verdict) {
        if let Ok(place) = self.waiting.binary_search_by_key(&question, |(question, _, _)| *question) {
            self.waiting[place].1 = verdict;
        }
    }

    /// The first, if it is known what becomes of it.
    pub(crate) fn first_settled(&self) -> Option<(Verdict, &Delivery)> {
        let (_, verdict, delivery) = self.waiting.front()?;
        (*verdict != Verdict::Pending).then_some((*verdict, delivery))
    }
}
