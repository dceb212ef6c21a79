//! Redelivery in shared subscriptions: unfinished messages of a leaving member go to another member
//! (MQTT 5.0 §4.8.2).
//!
//! - A message that was not sent goes over when its member's connection, session or subscription
//!   ends.
//! - A message sent at QoS 1 waits for its client, so that it is not delivered twice needlessly. If
//!   the session ends first, it goes over.
//! - A message sent at QoS 2 stays with its client, and ends with the session [MQTT-4.8.2-4],
//!   [MQTT-4.8.2-5].
//! - A message sent before an UNSUBSCRIBE is completed with the client [MQTT-3.10.4-3].
//! - A message that a member refuses is not redelivered [MQTT-4.8.2-6].
//!
//! A message that waits for the host's approval was not sent.
//!
//! The other member must be connected and have room in its queues. After the end of a session, a
//! member that is not connected is taken too. Without another member, an unsent message stays in
//! its session's queue.

use alloc::boxed::Box;

use crate::broker::Broker;
use crate::broker::auth::verdict::Verdict;
use crate::broker::budget::Budget;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::subscription::Subscription;
use crate::broker::delivery::fan_out::may_read;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::{ClientKey, GroupKey};
use crate::broker::tasks::{HandOver, Left, Task};
use crate::collections::fifo::Fifo;
use crate::time::Time;

/// Cost of a delivery that is moved or dropped, in steps.
const DELIVERY_STEPS: usize = 8;

impl Broker {
    /// Redelivers the queue of a client that has disconnected with its session kept.
    pub(crate) fn hand_over_queue(&mut self, key: ClientKey, now: Time) {
        let Self { clients, groups, outbox, .. } = self;
        let Some(client) = clients.get(key) else { return };
        // Mostly it is in no group, and the queue is not touched.
        if client.shared_filters().next().is_none() {
            return;
        }
        outbox.note_work(client.session.queued(), 0);
        let is_wanted = |delivery: &Delivery| delivery.tag.group.is_some_and(|group| groups.is_attended(group));
        let is_in_line = client.approvals.as_ref().is_some_and(|line| line.waiting_from(0).any(is_wanted));
        if client.session.waiting().any(is_wanted) {
            self.begin_hand_over(key, Left::Connection, now);
        }
        if is_in_line {
            self.hand_over_line(key, None, now);
        }
    }

    /// Redelivers the deliveries of this group, or of any, that wait for the host's approval. They
    /// keep their group if they stay with a member.
    fn hand_over_line(&mut self, key: ClientKey, left: Option<GroupKey>, now: Time) {
        let Some(mut line) = self.clients.get_mut(key).and_then(|client| client.approvals.take()) else { return };
        let mut kept = Box::<ApprovalQueue>::default();
        while let Some((question, verdict, mut delivery)) = line.pop() {
            self.outbox.note_work(DELIVERY_STEPS, 0);
            let DeliveryTag { arrived, group } = delivery.tag;
            let goes = group.filter(|group| left.is_none_or(|left| left == *group));
            let is_refused = matches!(verdict, Verdict::Refused(_));
            if !is_refused && goes.is_some_and(|group| self.hand_over(group, arrived, &delivery, false, now)) {
                self.questions.close(question);
                continue;
            }
            if goes.is_some() && left.is_some() {
                delivery.tag.group = None;
            }
            kept.push(question, delivery);
            kept.put(question, verdict);
        }
        if let Some(client) = self.clients.get_mut(key) {
            client.approvals = Some(kept).filter(|kept| kept.len() > 0);
            client.move_approvals();
        }
    }

    /// Redelivers the messages of a client that has left this group.
    pub(crate) fn leave_group(&mut self, key: ClientKey, group: GroupKey, now: Time) {
        let is_of_group = |delivery: &Delivery| delivery.tag.group == Some(group);
        let Some(client) = self.clients.get_mut(key) else { return };
        self.outbox.note_work(client.session.in_flight() + client.session.queued(), 0);
        let untag = |delivery: &mut Delivery| {
            if is_of_group(delivery) {
                delivery.tag.group = None;
            }
        };
        client.session.each_sent_mut(untag);
        let is_in_line = client.approvals.as_ref().is_some_and(|line| line.waiting_from(0).any(is_of_group));
        if is_in_line {
            self.hand_over_line(key, Some(group), now);
        }
        let Some(client) = self.clients.get(key) else { return };
        if client.session.waiting().any(is_of_group) {
            self.begin_hand_over(key, Left::Group(group), now);
        }
    }

    fn begin_hand_over(&mut self, from: ClientKey, left: Left, now: Time) {
        let Some(client) = self.clients.get_mut(from) else { return };
        let deliveries = client.session.take_waiting();
        self.settle_client(from);
        self.begin_task(Task::HandOver(HandOver { from, deliveries, left }), now);
    }

    /// Redelivers all messages of a client whose session ends, before its other tasks.
    pub(crate) fn hand_over_all(&mut self, key: ClientKey) {
        let Some(client) = self.clients.get_mut(key) else { return };
        self.outbox.note_work(client.session.in_flight(), 0);
        let left = Left::Session;
        let waiting = client.session.take_waiting();
        let sent = client.session.take_sent_once();
        let (mut line, mut approvals) = (client.approvals.take(), Fifo::new());
        while let Some((question, verdict, delivery)) = line.as_mut().and_then(|line| line.pop()) {
            self.questions.close(question);
            if !matches!(verdict, Verdict::Refused(_)) {
                approvals.push(Some(delivery));
            }
        }
        // The last one goes first.
        for deliveries in [approvals, waiting, sent] {
            if !deliveries.is_empty() {
                self.tasks.push_first(Task::HandOver(HandOver { from: key, deliveries, left }));
            }
        }
    }

    /// Continues to redeliver messages.
    pub(crate) fn continue_hand_over(&mut self, mut hand_over: HandOver, now: Time) {
        let (from, left) = (hand_over.from, hand_over.left);
        while !self.outbox.is_spent() {
            let Some(delivery) = hand_over.deliveries.pop() else { return self.settle_client(from) };
            self.outbox.note_work(DELIVERY_STEPS, 0);
            let Some(mut delivery) = delivery else { continue };
            let DeliveryTag { arrived, group } = delivery.tag;
            let (is_leaving, or_away) = match left {
                // It may be back already.
                Left::Connection => (self.clients.get(from).is_some_and(|client| client.peer.is_none()), false),
                Left::Group(of) => (group == Some(of), false),
                Left::Session => (true, true),
            };
            let is_gone =
                is_leaving && group.is_some_and(|group| self.hand_over(group, arrived, &delivery, or_away, now));
            if is_gone || left == Left::Session {
                continue;
            }
            if matches!(left, Left::Group(_)) && is_leaving {
                delivery.tag.group = None;
            }
            let is_checked = self.required_checks.read || self.options.asks.receive;
            if let Some(client) = self.clients.get_mut(from) {
                client.put_back(delivery);
                // It may be back with another user.
                if is_checked && client.peer.is_some() && left == Left::Connection {
                    client.recheck();
                }
            }
        }
        self.settle_client(from);
        self.tasks.push_first(Task::HandOver(hand_over));
    }

    /// Moves a delivery to another member, with that member's options. True if there is one.
    fn hand_over(&mut self, group: GroupKey, arrived: Time, delivery: &Delivery, or_away: bool, now: Time) -> bool {
        let Self { clients, groups, options, required_checks, peers, outbox, .. } = self;
        let Delivery { message, .. } = delivery;
        let is_attended = groups.is_attended(group);
        if !or_away && !is_attended {
            return false;
        }
        let access = required_checks.read.then_some(&options.access);
        let readiness = |key, subscription: &Subscription, budget: &mut Budget| {
            let size = (message.qos.min(subscription.qos), delivery.bytes());
            let readiness = Readiness::of(key, size, clients, (peers, options), now)?;
            // A member with a full queue would drop it.
            let is_taken = or_away || readiness >= Readiness::Waiting;
            (is_taken && may_read(access, key, message.topic.as_str(), clients, budget)).then_some(readiness)
        };
        let best = Readiness::best(message.qos, is_attended);
        let picked = groups.pick(group, best, &mut outbox.budget, readiness);
        let Some((key, subscription)) = picked else { return false };
        let Some(mut subscriber) = self.delivery_to(key, now) else { return false };
        let retain = message.retain && subscription.retain_as_published;
        // [MQTT-4.8.2-3]
        subscriber.deliver_single(subscription.delivery(message, retain, DeliveryTag { arrived, group: Some(group) }));
        true
    }
}
