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
//! The other member must be connected and have room in its queue. After the end of a session, a
//! member that is not connected is taken too. Without another member, an unsent message stays in
//! its session's queue.

use crate::broker::Broker;
use crate::broker::clients::ClientState;
use crate::broker::delivery::fan_out::may_read;
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
        if !client.session.waiting().any(is_wanted) {
            return;
        }
        let deliveries = clients.get_mut(key).map(|client| client.session.take_waiting()).unwrap_or_default();
        for delivery in deliveries {
            let DeliveryTag { arrived, group } = delivery.tag;
            if !group.is_some_and(|group| self.hand_over(group, arrived, &delivery, false, now)) {
                self.keep(key, delivery);
            }
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
        if let Some(approvals) = &mut client.approvals {
            approvals.deliveries_mut().for_each(untag);
            // They are stored anew.
            client.approvals_enqueued += approvals.len() as u64;
        }
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
        if let Some(approvals) = &client.approvals {
            for delivery in approvals.waiting_from(0) {
                deliveries.push(delivery.clone());
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
        let Self { clients, groups, options, required_checks, .. } = self;
        let Delivery { message, .. } = delivery;
        // A member with a full queue would drop it.
        let has_room = |client: &ClientState| client.peer.is_some() && client.session.has_room(delivery.bytes());
        let is_preferred = |key| clients.get(key).is_some_and(has_room);
        let may_read =
            |key| may_read(required_checks.read.then_some(&options.access), key, message.topic.as_str(), clients);
        let Some((key, subscription)) = groups.pick(group, or_away, may_read, is_preferred) else { return false };
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
