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

use crate::broker::Broker;
use crate::broker::auth::verdict::Verdict;
use crate::broker::budget::Budget;
use crate::broker::clients::shared_groups::{Picked, Search};
use crate::broker::clients::subscription::Subscription;
use crate::broker::delivery::fan_out::may_read;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::{ClientKey, GroupKey, QuestionId};
use crate::broker::tasks::{HandOver, HandOverLine, Task};
use crate::collections::fifo::Fifo;
use crate::time::Time;

/// Cost of a delivery that is moved or dropped, in steps.
const DELIVERY_STEPS: usize = 8;

/// Deliveries that are moved in one step, where one is taken out between them.
const MOVED_IN_STEP: usize = 32;

/// Result of the search for another member for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HandedOver {
    Yes,
    /// No other member takes it.
    No,
    /// The search goes on in the next turn.
    Later,
}

impl Broker {
    /// Redelivers the queue of a client that has disconnected with its session kept.
    pub(crate) fn hand_over_queue(&mut self, key: ClientKey, now: Time) {
        let Some(client) = self.clients.get(key) else { return };
        // Mostly it is in no group, and the queue is not touched.
        if client.shared_filters().next().is_none() {
            return;
        }
        let groups = &self.groups;
        let is_wanted = |delivery: &Delivery| delivery.tag.group.is_some_and(|group| groups.is_attended(group));
        self.outbox.note_work(client.session.places() + client.approvals.as_ref().map_or(0, |line| line.len()), 0);
        let is_queued = client.session.waiting().any(is_wanted);
        let is_in_line = client.approvals.as_ref().is_some_and(|line| line.waiting_from(0).any(is_wanted));
        self.begin_hand_over(key, (is_queued, is_in_line), now);
    }

    /// Redelivers the messages of a client that has left this group.
    pub(crate) fn leave_group(&mut self, key: ClientKey, group: GroupKey, now: Time) {
        let is_of_group = |delivery: &Delivery| delivery.tag.group == Some(group);
        let Some(client) = self.clients.get_mut(key) else { return };
        let waiting = client.session.places() + client.approvals.as_ref().map_or(0, |line| line.len());
        self.outbox.note_work(client.session.in_flight() + waiting, 0);
        let untag = |delivery: &mut Delivery| {
            if is_of_group(delivery) {
                delivery.tag.group = None;
            }
        };
        client.session.each_sent_mut(untag);
        let is_in_line = client.approvals.as_ref().is_some_and(|line| line.waiting_from(0).any(is_of_group));
        let is_queued = client.session.waiting().any(is_of_group);
        self.begin_hand_over(key, (is_queued, is_in_line), now);
    }

    /// Begins to redeliver the queue, and behind it the deliveries that wait for approval.
    fn begin_hand_over(&mut self, from: ClientKey, (is_queued, is_in_line): (bool, bool), now: Time) {
        if let Some(client) = self.clients.get_mut(from).filter(|_| is_queued) {
            client.is_handing_over = true;
            let deliveries = client.session.take_waiting();
            self.settle_client(from);
            let hand_over = HandOver { from, deliveries, is_ended: false, search: Search::default() };
            self.begin_task(Task::HandOver(hand_over), now);
        }
        if is_in_line {
            let (after, search) = (QuestionId(0), Search::default());
            self.begin_task(Task::HandOverLine(HandOverLine { from, after, search }), now);
        }
    }

    /// Redelivers all messages of a client whose session ends, before its other tasks.
    pub(crate) fn hand_over_all(&mut self, key: ClientKey) {
        let Some(client) = self.clients.get_mut(key) else { return };
        self.outbox.note_work(client.session.in_flight(), 0);
        let waiting = client.session.take_waiting();
        let sent = client.session.take_sent_once();
        let (mut line, mut approvals) = (client.approvals.take(), Fifo::new());
        while let Some((question, verdict, delivery)) = line.as_mut().and_then(|line| line.pop()) {
            self.outbox.note_work(1, 0);
            self.questions.close(question);
            if !matches!(verdict, Verdict::Refused(_)) {
                approvals.push(Some(delivery));
            }
        }
        // The last one goes first.
        for deliveries in [approvals, waiting, sent] {
            if !deliveries.is_empty() {
                let hand_over = HandOver { from: key, deliveries, is_ended: true, search: Search::default() };
                self.tasks.push_first(Task::HandOver(hand_over));
            }
        }
    }

    /// Continues to redeliver messages.
    pub(crate) fn continue_hand_over(&mut self, mut hand_over: HandOver, now: Time) {
        let HandOver { from, is_ended, .. } = hand_over;
        while !self.outbox.is_spent() {
            let Some(delivery) = hand_over.deliveries.pop() else { return self.end_hand_over(from, is_ended, now) };
            self.outbox.note_work(DELIVERY_STEPS, 0);
            let Some(mut delivery) = delivery else { continue };
            let group = delivery.tag.group.filter(|group| is_ended || self.has_left(from, *group));
            let handed_over = group
                .map_or(HandedOver::No, |group| self.hand_over(group, &delivery, &mut hand_over.search, is_ended, now));
            match handed_over {
                HandedOver::Yes => {}
                HandedOver::No if is_ended => {}
                HandedOver::No => {
                    if group.is_some_and(|group| !self.is_member(from, group)) {
                        delivery.tag.group = None;
                    }
                    if let Some(client) = self.clients.get_mut(from) {
                        client.put_back(delivery);
                    }
                }
                HandedOver::Later => {
                    hand_over.deliveries.put_first(Some(delivery));
                    break;
                }
            }
        }
        self.settle_client(from);
        self.tasks.push_first(Task::HandOver(hand_over));
    }

    /// Ends the redelivery of a queue. A client that is back is sent what is left in it.
    fn end_hand_over(&mut self, from: ClientKey, is_ended: bool, now: Time) {
        self.settle_client(from);
        let Some(client) = self.clients.get_mut(from).filter(|_| !is_ended) else { return };
        client.is_handing_over = false;
        if client.peer.is_some()
            && let Some(mut subscriber) = self.deliveries(now).to(from)
        {
            subscriber.flush();
        }
    }

    /// True if the client is a member of the group.
    fn is_member(&self, key: ClientKey, group: GroupKey) -> bool {
        let filter = self.groups.filter(group);
        let client = self.clients.get(key).zip(filter);
        client.is_some_and(|(client, filter)| client.subscriptions.find(filter).is_some())
    }

    /// True if a delivery of this group is to leave the client, which has left the group, or is not
    /// connected. It may be back since the redelivery began.
    fn has_left(&self, key: ClientKey, group: GroupKey) -> bool {
        self.clients.get(key).is_some_and(|client| client.peer.is_none()) || !self.is_member(key, group)
    }

    /// Continues to redeliver messages that wait for the host's approval. They keep their group if
    /// they stay with a member.
    pub(crate) fn continue_hand_over_line(&mut self, mut line: HandOverLine, now: Time) {
        let from = line.from;
        while !self.outbox.is_spent() {
            let client = self.clients.get(from);
            let next =
                client.and_then(|client| client.approvals.as_deref()).and_then(|waiting| waiting.after(line.after));
            let Some((question, verdict, delivery)) = next else { return self.settle_client(from) };
            let delivery = delivery.clone();
            self.outbox.note_work(DELIVERY_STEPS, 0);
            let group = delivery.tag.group.filter(|group| self.has_left(from, *group));
            let goes = group.filter(|_| !matches!(verdict, Verdict::Refused(_)));
            let handed_over =
                goes.map_or(HandedOver::No, |group| self.hand_over(group, &delivery, &mut line.search, false, now));
            let has_left_group = group.is_some_and(|group| !self.is_member(from, group));
            let Some(client) = self.clients.get_mut(from) else { return };
            let Some(approvals) = client.approvals.as_deref_mut() else { return };
            match handed_over {
                HandedOver::Yes => {
                    self.questions.close(question);
                    self.outbox.note_work(approvals.len() / MOVED_IN_STEP, 0);
                    approvals.remove(question);
                    if approvals.len() == 0 {
                        client.approvals = None;
                    }
                    client.move_approvals();
                }
                HandedOver::No if has_left_group => approvals.leave_group(question),
                HandedOver::No => {}
                HandedOver::Later => break,
            }
            line.after = question;
        }
        self.settle_client(from);
        self.tasks.push_first(Task::HandOverLine(line));
    }

    /// Moves a delivery to another member, with that member's options, if there is one. The search
    /// goes as far as the budget does.
    fn hand_over(
        &mut self,
        group: GroupKey,
        delivery: &Delivery,
        search: &mut Search<Readiness>,
        or_away: bool,
        now: Time,
    ) -> HandedOver {
        let Self { clients, groups, options, required_checks, peers, outbox, .. } = self;
        let Delivery { message, tag: DeliveryTag { arrived, .. }, .. } = delivery;
        let is_attended = groups.is_attended(group);
        if !or_away && !is_attended {
            return HandedOver::No;
        }
        let access = required_checks.read.then_some(&options.access);
        let readiness = |key, subscription: &Subscription, budget: &mut Budget| {
            let size = (message.qos.min(subscription.qos), delivery.bytes());
            let readiness = Readiness::of(key, size, clients, (peers, options), (now, budget))?;
            // A member with a full queue would drop it.
            let is_taken = or_away || readiness >= Readiness::Waiting;
            (is_taken && may_read(access, key, message.topic.as_str(), clients, budget)).then_some(readiness)
        };
        let best = Readiness::best(message.qos, is_attended);
        let (key, subscription) = match groups.pick(group, best, search, &mut outbox.budget, readiness) {
            Picked::Member(key, subscription) => (key, subscription),
            Picked::Nobody => return HandedOver::No,
            Picked::Later => return HandedOver::Later,
        };
        let mut deliveries = self.deliveries(now);
        let Some(mut subscriber) = deliveries.to(key) else { return HandedOver::No };
        let retain = message.retain && subscription.retain_as_published;
        let tag = DeliveryTag { arrived: *arrived, group: Some(group) };
        subscriber.deliver_single(subscription.delivery(message, retain, tag)); // [MQTT-4.8.2-3]
        HandedOver::Yes
    }
}
