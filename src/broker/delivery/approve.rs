//! Approval of a client's deliveries by the host.
//!
//! They stay in order. An approved delivery continues after all before it, and once there is room
//! for it.

use alloc::sync::Arc;

use crate::broker::auth::open_questions::Subject;
use crate::broker::auth::question::{Action, Question};
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::DropCause;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::QuestionId;
use crate::broker::options::QueueOverflow;
use crate::codec::QoS;

impl SubscriberDelivery<'_, '_> {
    /// Asks the host to approve a delivery, which waits for the answer. False if it is dropped.
    pub(crate) fn enqueue_for_approval(&mut self, delivery: Delivery) -> bool {
        // A QoS 0 message is not kept for a disconnected client, so the host is not asked.
        if delivery.qos == QoS::AtMostOnce && self.peer.is_none() {
            return false;
        }
        if !self.make_room(&delivery) {
            return false;
        }
        let id = self.ask_to_receive(&delivery);
        self.client.approvals.get_or_insert_default().push(id, delivery);
        self.client.approvals_enqueued += 1;
        true
    }

    /// Asks the host to approve a delivery.
    pub(super) fn ask_to_receive(&mut self, delivery: &Delivery) -> QuestionId {
        self.parts.outbox.note_work(0, delivery.message.topic.as_str().len());
        let question = Question::Authorize {
            client_id: Arc::clone(&self.client.id),
            username: self.client.username.clone(),
            action: Action::Receive,
            topic: delivery.message.topic.as_str().into(),
            qos: delivery.qos,
            retain: delivery.retain,
        };
        let due = self.parts.now + self.parts.options.answer_timeout;
        let peer = self.peer.as_ref().map(|peer| peer.id);
        self.parts.questions.ask(Subject::Delivery(self.key), peer, question, due)
    }

    /// Takes the host's verdict on a delivery, and flushes the first deliveries with a verdict.
    pub(crate) fn approval_answered(&mut self, question: QuestionId, verdict: Verdict) {
        if let Some(approvals) = &mut self.client.approvals {
            approvals.put(question, verdict);
        }
        self.put_recheck(question, verdict);
        self.flush();
    }

    /// Flushes the first deliveries with a verdict, as far as there is room.
    pub(crate) fn flush_approvals(&mut self) {
        while let Some((verdict, delivery)) =
            self.client.approvals.as_ref().and_then(|approvals| approvals.first_settled())
        {
            let (qos, bytes) = (delivery.qos, delivery.bytes());
            let is_away = qos == QoS::AtMostOnce && self.peer.is_none();
            if verdict == Verdict::Allowed && !is_away && !self.ensure_room(qos, bytes) {
                if let Some(peer) = self.peer.as_deref_mut()
                    && peer.output.waiting_bytes() > 0
                {
                    peer.output.set_more();
                }
                return;
            }
            let is_outdated = self.is_approval_outdated();
            let Some((_, _, delivery)) = self.client.approvals.as_mut().and_then(|approvals| approvals.pop()) else {
                return;
            };
            if let Verdict::Refused(reason) = verdict {
                let topic = delivery.message.topic.as_str();
                self.parts.events.refused(&self.client.id, Action::Receive, topic, reason);
                continue;
            }
            if is_outdated && qos == QoS::AtMostOnce {
                self.note_dropped(delivery.message.topic.as_str(), DropCause::NotAuthorized);
                continue;
            }
            if is_outdated && let Some(rechecks) = &mut self.client.rechecks {
                rechecks.enqueued = self.client.enqueued + 1;
            }
            self.deliver_approved(delivery);
        }
        if self.client.approvals.as_ref().is_some_and(|approvals| approvals.len() == 0) {
            self.client.approvals = None;
        }
    }

    /// Drops the expired deliveries that wait for approval, wherever they stand. False if there is
    /// none.
    fn drop_expired_approvals(&mut self) -> bool {
        let Some(approvals) = &mut self.client.approvals else { return false };
        self.parts.outbox.note_work(approvals.len(), 0);
        let expired = approvals.take_expired(self.parts.now);
        if expired.is_empty() {
            return false;
        }
        self.client.move_approvals();
        for (question, delivery) in expired {
            self.parts.questions.close(question);
            self.parts.events.dropped(Some(&self.client.id), delivery.message.topic.as_str(), DropCause::Expired);
        }
        true
    }

    /// Makes room for a delivery by the overflow policy. False if that delivery is dropped.
    fn make_room(&mut self, delivery: &Delivery) -> bool {
        let (messages_max, bytes_max) = (self.parts.options.queue_messages, self.parts.options.queue_bytes);
        if !self.ensure_memory(delivery.bytes()) {
            self.parts.events.dropped(Some(&self.client.id), delivery.message.topic.as_str(), DropCause::QueueFull);
            return false;
        }
        let has_room = |approvals: &ApprovalQueue| approvals.has_room(delivery.bytes(), messages_max, bytes_max);
        while self.client.approvals.as_ref().is_some_and(|approvals| !has_room(approvals)) {
            if self.drop_expired_approvals() {
                continue;
            }
            let Some(approvals) = &mut self.client.approvals else { return true };
            let oldest = match self.parts.options.queue_overflow {
                QueueOverflow::DropOldest => approvals.pop(),
                QueueOverflow::DropNewest => None,
                QueueOverflow::Disconnect => {
                    self.overflow();
                    None
                }
            };
            let lost = oldest.as_ref().map_or(delivery, |(_, _, oldest)| oldest);
            self.parts.events.dropped(Some(&self.client.id), lost.message.topic.as_str(), DropCause::QueueFull);
            match oldest {
                Some((question, _, _)) => self.parts.questions.close(question),
                None => return false,
            };
        }
        true
    }
}
