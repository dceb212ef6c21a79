//! Rechecks: deliveries that were allowed to a former user of the session, or in a former run.
//!
//! They are checked again before they leave, by the access list and by the host.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::broker::auth::verdict::Verdict;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::QuestionId;
use crate::codec::{Message, QoS};

/// Deliveries to check again: all that were sent and are to be sent again, and the first of the
/// queues.
#[derive(Debug, Default)]
pub(crate) struct Rechecks {
    /// How many of the deliveries ever put into the session's queue are to be checked.
    pub(crate) enqueued: u64,
    /// The same for the approval queue.
    pub(crate) approvals_enqueued: u64,
    /// True if the session has had another user since. Then the host is also asked about deliveries
    /// that were sent before.
    pub(crate) is_of_other_user: bool,
    /// True if a subscription of the former user has ended with it. A delivery leaves only if a
    /// present subscription matches it.
    pub(crate) has_lost_subscriptions: bool,
    /// Questions about the next deliveries, in their order.
    asked: VecDeque<Recheck>,
}

/// A question about a delivery.
#[derive(Debug)]
pub(crate) struct Recheck {
    pub(crate) question: QuestionId,
    pub(crate) verdict: Verdict,
    message: Arc<Message>,
    qos: QoS,
    retain: bool,
}

/// Result of a recheck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rechecked {
    /// The next packet may leave.
    Passed,
    /// The next delivery was dropped.
    Dropped,
    /// The next delivery waits for the host's answer.
    Waits,
}

impl Rechecks {
    pub(crate) fn push(&mut self, question: QuestionId, delivery: &Delivery) {
        let Delivery { message, qos, retain, .. } = delivery;
        let (message, qos, retain) = (Arc::clone(message), *qos, *retain);
        self.asked.push_back(Recheck { question, verdict: Verdict::Pending, message, qos, retain });
    }

    pub(crate) fn put(&mut self, question: QuestionId, verdict: Verdict) {
        if let Some(recheck) = self.asked.iter_mut().find(|recheck| recheck.question == question) {
            recheck.verdict = verdict;
        }
    }

    pub(crate) fn first(&self) -> Option<&Recheck> {
        self.asked.front()
    }

    /// Removes the first question, and returns its identifier.
    pub(crate) fn pop(&mut self) -> Option<QuestionId> {
        self.asked.pop_front().map(|recheck| recheck.question)
    }
}

impl Recheck {
    /// True if the question is about this delivery, or one that asks the same.
    pub(crate) fn is_about(&self, delivery: &Delivery) -> bool {
        Arc::ptr_eq(&self.message, &delivery.message) && (self.qos, self.retain) == (delivery.qos, delivery.retain)
    }
}
