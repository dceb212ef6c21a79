//! Open questions to the host, with their subjects and deadlines.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::broker::auth::question::{Answer, Asked, Question};
use crate::broker::ids::{ClientKey, PeerId, QuestionId};
use crate::collections::sorted_list::SortedList;
use crate::time::Time;
use crate::time_limit::{GRACE, is_late};

/// Open questions in the order in which they were asked, which is also the order of their
/// deadlines.
#[derive(Debug)]
pub(crate) struct Questions {
    open: SortedList<Open>,
    /// Questions that `poll_output` has not returned yet.
    unseen: VecDeque<Asked>,
    /// Bytes of memory of their texts.
    unseen_bytes: usize,
    asked: u64,
}

#[derive(Debug)]
struct Open {
    id: QuestionId,
    subject: Subject,
    /// The deadline: then the question counts as refused.
    due: Time,
    /// True if the deadline was postponed for a host that was stopped.
    is_postponed: bool,
}

/// The packet or delivery that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A packet in its peer's decoder.
    Packet(PeerId),
    /// A delivery in a client's approval queue.
    Delivery(ClientKey),
}

/// Questions about the packet in a peer's decoder, in order, with the answers so far.
#[derive(Debug, Default)]
pub(crate) struct PendingAnswers(Vec<(QuestionId, Option<Answer>)>);

impl Questions {
    pub(crate) const fn new() -> Self {
        Self { open: SortedList::new(), unseen: VecDeque::new(), unseen_bytes: 0, asked: 0 }
    }

    /// Returns the bytes of memory that they take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.open.table_bytes() + self.unseen.capacity() * size_of::<Asked>() + self.unseen_bytes
    }

    /// Asks the host, and returns the question's identifier.
    pub(crate) fn ask(&mut self, subject: Subject, peer: Option<PeerId>, question: Question, due: Time) -> QuestionId {
        self.asked += 1;
        let id = QuestionId(self.asked);
        self.open.insert::<QuestionId>(Open { id, subject, due, is_postponed: false });
        self.unseen_bytes += question.text_bytes();
        self.unseen.push_back(Asked { id, peer, question });
        id
    }

    /// True if `poll` may return a question.
    #[inline]
    pub(crate) fn has_unseen(&self) -> bool {
        !self.unseen.is_empty()
    }

    /// Returns the next question for the host, and skips those that are closed.
    pub(crate) fn poll(&mut self) -> Option<Asked> {
        loop {
            let asked = self.unseen.pop_front()?;
            self.unseen_bytes -= asked.question.text_bytes();
            if self.open.find(&asked.id).is_some() {
                return Some(asked);
            }
        }
    }

    /// Closes the question and returns its subject, if it was open.
    pub(crate) fn close(&mut self, id: QuestionId) -> Option<Subject> {
        self.open.remove(&id).map(|open| open.subject)
    }

    /// Returns the deadline of the first open question.
    pub(crate) fn first_due(&self) -> Option<Time> {
        self.open.first().map(|open| open.due)
    }

    /// Returns the first open question if its deadline has passed. If that is long ago, the host
    /// was stopped: the deadline is postponed once, since the answer may be there.
    pub(crate) fn first_expired(&mut self, now: Time) -> Option<QuestionId> {
        let Open { id, due, is_postponed, .. } = *self.open.first().filter(|open| open.due <= now)?;
        if is_postponed || !is_late(due, now) {
            return Some(id);
        }
        if let Some(open) = self.open.find_mut(&id) {
            open.due = now + GRACE;
            open.is_postponed = true;
        }
        None
    }
}

impl Borrow<QuestionId> for Open {
    fn borrow(&self) -> &QuestionId {
        &self.id
    }
}

impl PendingAnswers {
    /// Returns the bytes of memory of its table.
    pub(crate) const fn table_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(QuestionId, Option<Answer>)>()
    }

    /// Returns the answer to the question at this place; `None` if it has no answer yet, or was not
    /// asked.
    pub(crate) fn answer(&self, place: usize) -> Option<&Answer> {
        self.0.get(place)?.1.as_ref()
    }

    /// True if the question at this place was asked.
    pub(crate) const fn has(&self, place: usize) -> bool {
        place < self.0.len()
    }

    pub(crate) fn push(&mut self, id: QuestionId) {
        self.0.push((id, None));
    }

    /// Records an answer. True if all questions are answered now.
    pub(crate) fn put(&mut self, id: QuestionId, answer: Answer) -> bool {
        if let Some((_, place)) = self.0.iter_mut().find(|(asked, _)| *asked == id) {
            *place = Some(answer);
        }
        self.0.iter().all(|(_, answer)| answer.is_some())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = QuestionId> {
        self.0.iter().map(|(id, _)| *id)
    }
}
