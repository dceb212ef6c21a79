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
use crate::broker::clients::ClientState;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::subscription::Subscription;
use crate::broker::delivery::fan_out::may_read;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::{ClientKey, GroupKey};
use crate::time::Time;

impl Broker {
    /// Redelivers the queue of a client that has disconnected with its session kept.
    pub(crate) fn hand_over_queue(&mut self, key: ClientKey, now: Time) {
        let Self { clients, groups, .. } = self;
        let Some(client) = clients.get(key) else { return };
        let is_connected = |key| clients.get(key).is_some_and(|client: &ClientState| client.peer.is_some());
        let is_wanted =
            |delivery: &Delivery| delivery.tag.group.is_some_and(|group| groups.has_any(group, is_connected));
        // Mostly there is none, and the queue is not touched.
        let is_in_line = client.approvals.as_ref().is_some_and(|line| line.waiting_from(0).any(is_wanted));
        if !is_in_line && !client.session.waiting().any(is_wanted) {
            return;
        }
        let deliveries = clients.get_mut(key).map(|client| client.session.take_waiting()).unwrap_or_default();
        for delivery in deliveries {
            let DeliveryTag { arrived, group } = delivery.tag;
            if !group.is_some_and(|group| self.hand_over(group, arrived, &delivery, false, now)) {
                self.keep(key, delivery);
            }
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
            // They are stored anew.
            client.approvals_enqueued += kept.len() as u64;
            if let Some(rechecks) = &mut client.rechecks {
                rechecks.approvals_enqueued = client.approvals_enqueued;
            }
            client.approvals = Some(kept).filter(|kept| kept.len() > 0);
        }
    }

    /// Redelivers the messages of a client that has left this group.
    pub(crate) fn leave_group(&mut self, key: ClientKey, group: GroupKey, now: Time) {
        let is_of_group = |delivery: &Delivery| delivery.tag.group == Some(group);
        let Some(client) = self.clients.get_mut(key) else { return };
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
        let Some(client) = self.clients.get_mut(key) else { return };
        if !client.session.waiting().any(is_of_group) {
            return;
        }
        for mut delivery in client.session.take_waiting() {
            if !is_of_group(&delivery) {
                self.keep(key, delivery);
            } else if !self.hand_over(group, delivery.tag.arrived, &delivery, false, now) {
                delivery.tag.group = None;
                self.keep(key, delivery);
            }
        }
    }

    /// Redelivers all messages of a client whose session has ended.
    pub(crate) fn hand_over_all(&mut self, key: ClientKey, now: Time) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let mut deliveries = client.session.take_sent_once();
        deliveries.append(&mut client.session.take_waiting());
        let mut line = client.approvals.take();
        while let Some((question, verdict, delivery)) = line.as_mut().and_then(|line| line.pop()) {
            self.questions.close(question);
            if !matches!(verdict, Verdict::Refused(_)) {
                deliveries.push(delivery);
            }
        }
        for delivery in deliveries {
            let DeliveryTag { arrived, group } = delivery.tag;
            if let Some(group) = group {
                self.hand_over(group, arrived, &delivery, true, now);
            }
        }
    }

    /// Moves a delivery to another member, with that member's options. True if there is one.
    fn hand_over(&mut self, group: GroupKey, arrived: Time, delivery: &Delivery, or_away: bool, now: Time) -> bool {
        let Self { clients, groups, options, required_checks, peers, .. } = self;
        let Delivery { message, .. } = delivery;
        let access = required_checks.read.then_some(&options.access);
        let readiness = |key, subscription: &Subscription| {
            let client = clients.get(key).filter(|_| may_read(access, key, message.topic.as_str(), clients))?;
            let readiness = Readiness::of(client, message.qos.min(subscription.qos), delivery.bytes(), peers, options);
            // A member with a full queue would drop it.
            (or_away || readiness >= Readiness::Waiting).then_some(readiness)
        };
        let Some((key, subscription)) = groups.pick(group, Readiness::Ready, readiness) else { return false };
        let Some(mut subscriber) = self.delivery_to(key, now) else { return false };
        let retain = message.retain && subscription.retain_as_published;
        // [MQTT-4.8.2-3]
        subscriber.deliver_single(subscription.delivery(message, retain, DeliveryTag { arrived, group: Some(group) }));
        true
    }

    /// Puts a delivery back into the queue.
    fn keep(&mut self, key: ClientKey, delivery: Delivery) {
        if let Some(client) = self.clients.get_mut(key) {
            client.put_back(delivery);
        }
    }
}
