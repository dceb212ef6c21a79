//! Recheck of deliveries before they leave, for another user than the one whom they were allowed
//! to.
//!
//! The access list is applied first. If the host approves each delivery, it is asked about the next
//! few, in order.

use alloc::vec::Vec;

use crate::broker::auth::question::Action;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::DropCause;
use crate::broker::clients::rechecks::Rechecked;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::delivery::encoded_publish::has_expired;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::QuestionId;
use crate::session::Outgoing;

/// Deliveries that the host is asked about at a time.
const ASKED_MAX: usize = 16;

impl SubscriberDelivery<'_, '_> {
    /// Checks the next delivery again, if it has to be. One that is refused is dropped.
    #[cold]
    pub(super) fn recheck_next(&mut self) -> Rechecked {
        let client = &mut *self.client;
        let Some(rechecks) = client.rechecks.as_deref() else { return Rechecked::Passed };
        let is_of_other_user = rechecks.is_of_other_user;
        // A retained message that goes before the queue has no place in it.
        let place = client.enqueued.saturating_sub(client.session.places() as u64);
        let Some((delivery, was_sent)) = client.session.next_publish() else { return Rechecked::Passed };
        if !was_sent && place >= rechecks.enqueued {
            self.end_rechecks();
            return Rechecked::Passed;
        }
        // An expired one is dropped anyway.
        if !was_sent && has_expired(delivery, self.parts.now) {
            return Rechecked::Passed;
        }
        let delivery = delivery.clone();
        let verdict = if !self.may_read(delivery.message.topic.as_str()) || !self.is_subscribed(&delivery) {
            None
        } else if self.parts.options.asks.receive && (is_of_other_user || !was_sent) {
            Some(self.recheck_by_host(&delivery))
        } else {
            Some(Verdict::Allowed)
        };
        match verdict {
            Some(Verdict::Allowed) => return Rechecked::Passed,
            Some(Verdict::Pending) => return Rechecked::Waits,
            Some(Verdict::Refused(reason)) => {
                let topic = delivery.message.topic.as_str();
                self.parts.events.refused(&self.client.id, Action::Receive, topic, reason);
            }
            None => {}
        }
        self.drop_next(was_sent);
        self.parts.events.dropped(Some(&self.client.id), delivery.message.topic.as_str(), DropCause::NotAuthorized);
        Rechecked::Dropped
    }

    /// True if a subscription of the present user matches the delivery, or if none was refused.
    fn is_subscribed(&mut self, delivery: &Delivery) -> bool {
        let client = &*self.client;
        if !client.rechecks.as_ref().is_some_and(|rechecks| rechecks.has_lost_subscriptions) {
            return true;
        }
        // Each filter is compared as far as the topic goes.
        let count = client.subscriptions.len();
        let bytes = client.filter_bytes().min(count * delivery.message.topic.as_str().len());
        self.parts.outbox.note_work(count, bytes);
        client.subscriptions.iter().any(|own| own.filter.matches(&delivery.message.topic))
    }

    /// Drops the next delivery. A QoS 2 exchange that has begun continues with PUBREL.
    fn drop_next(&mut self, was_sent: bool) {
        let session = &mut self.client.session;
        if !was_sent {
            session.drop_oldest();
        } else if let Some(Outgoing::Publish { packet_id, .. }) = session.next_outgoing() {
            session.abandon(packet_id);
        }
        self.parts.outbox.note_work(1, 0);
    }

    /// Returns the host's verdict on the next delivery, and asks it if it was not asked.
    fn recheck_by_host(&mut self, delivery: &Delivery) -> Verdict {
        let Some(rechecks) = self.client.rechecks.as_deref_mut() else { return Verdict::Pending };
        // Others were dropped or acknowledged meanwhile.
        while rechecks.first().is_some_and(|first| !first.is_about(delivery)) {
            rechecks.pop().and_then(|question| self.parts.questions.close(question));
        }
        match rechecks.first().map(|first| first.verdict) {
            Some(Verdict::Pending) => Verdict::Pending,
            Some(verdict) => {
                rechecks.pop();
                verdict
            }
            None => {
                self.ask_about_next();
                Verdict::Pending
            }
        }
    }

    /// Asks the host about the next deliveries.
    fn ask_about_next(&mut self) {
        let client = &*self.client;
        let place = client.enqueued.saturating_sub(client.session.places() as u64);
        let end = client.rechecks.as_ref().map_or(0, |rechecks| rechecks.enqueued);
        let queued = usize::try_from(end.saturating_sub(place)).unwrap_or(ASKED_MAX);
        let next: Vec<Delivery> = client.session.unsent(queued).take(ASKED_MAX).cloned().collect();
        for delivery in next {
            if self.may_read(delivery.message.topic.as_str()) {
                let question = self.ask_to_receive(&delivery);
                if let Some(rechecks) = &mut self.client.rechecks {
                    rechecks.push(question, &delivery);
                }
            }
        }
    }

    /// Takes the host's verdict on a delivery to be sent.
    pub(super) fn put_recheck(&mut self, question: QuestionId, verdict: Verdict) {
        if let Some(rechecks) = &mut self.client.rechecks {
            rechecks.put(question, verdict);
        }
    }

    /// True if the first delivery of the approval queue was approved for a former user.
    pub(super) fn is_approval_outdated(&self) -> bool {
        let (Some(rechecks), Some(approvals)) = (&self.client.rechecks, &self.client.approvals) else { return false };
        self.client.approvals_enqueued - (approvals.len() as u64) < rechecks.approvals_enqueued
    }

    /// Ends the rechecks, since nothing is left of them.
    fn end_rechecks(&mut self) {
        if !self.is_approval_outdated() && !self.client.is_handing_over {
            self.client.close_rechecks(self.parts.questions);
            self.client.rechecks = None;
        }
    }
}
