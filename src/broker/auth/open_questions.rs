//! The questions that are open: whose each is, and until when.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::broker::auth::question::{Answer, Asked, Question};
use crate::broker::ids::{ClientKey, PeerId, QuestionId};
use crate::collections::sorted_list::SortedList;
use crate::time::Time;

/// The open questions in the order of their asking, which is that of their ends too.
#[derive(Debug)]
pub(crate) struct Questions {
    open: SortedList<Open>,
    /// Those that the host has not seen yet.
    line: VecDeque<Asked>,
    asked: u64,
}

#[derive(Debug)]
struct Open {
    id: QuestionId,
    whose: Whose,
    /// When it counts as refused.
    due: Time,
}

/// What waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// A packet in its peer's decoder.
    Packet(PeerId),
    /// A delivery to a client.
    Delivery(ClientKey),
}

/// What the packet that waits in a peer's decoder was asked, in order, and the answers that have come.
#[derive(Debug, Default)]
pub(crate) struct PendingAnswers(Vec<(QuestionId, Option<Answer>)>);

impl Questions {
    pub(crate) const fn new() -> Self {
        Self { open: SortedList::new(), line: VecDeque::new(), asked: 0 }
    }

    /// Asks the host.
    pub(crate) fn ask(&mut self, whose: Whose, peer: Option<PeerId>, question: Question, due: Time) -> QuestionId {
        self.asked += 1;
        let id = QuestionId(self.asked);
        self.open.insert::<QuestionId>(Open { id, whose, due });
        self.line.push_back(Asked { id, peer, question });
        id
    }

    /// The next for the host to see, without those that are over.
    pub(crate) fn poll(&mut self) -> Option<Asked> {
        loop {
            let asked = self.line.pop_front()?;
            if self.open.find(&asked.id).is_some() {
                return Some(asked);
            }
        }
    }

    /// The question is over; says whose it was, if it was open.
    pub(crate) fn close(&mut self, id: QuestionId) -> Option<Whose> {
        self.open.remove(&id).map(|open| open.whose)
    }

    /// When the first of them counts as refused.
    pub(crate) fn first_due(&self) -> Option<Time> {
        self.open.first().map(|open| open.due)
    }

    /// The first, if its time is over.
    pub(crate) fn first_over(&self, now: Time) -> Option<QuestionId> {
        self.open.first().filter(|open| open.due <= now).map(|open| open.id)
    }
}

impl Borrow<QuestionId> for Open {
    fn borrow(&self) -> &QuestionId {
        &self.id
    }
}

impl PendingAnswers {
    /// The answer to the question at this place; `None` if it has not come or was not asked.
    pub(crate) fn answer(&self, place: usize) -> Option<&Answer> {
        self.0.get(place)?.1.as_ref()
    }

    /// Whether the question at this place was asked.
    pub(crate) const fn has(&self, place: usize) -> bool {
        place < self.0.len()
    }

    pub(crate) fn push(&mut self, id: QuestionId) {
        self.0.push((id, None));
    }

    /// Notes an answer; says whether it was the last.
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
