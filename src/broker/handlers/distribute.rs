//! Fan-out: from one PUBLISH to all its subscribers, each once [MQTT-3.3.4-2].

use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::cause::DropCause;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions};
use crate::broker::event::Event;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::ClientKey;
use crate::codec::{Message, Publish, QoS};
use crate::time::Time;

impl Broker {
    /// Retains a message with the RETAIN flag, and delivers it to all subscribers. Returns their
    /// number.
    ///
    /// `message` is an owned form of `publish`, if there is one. `publisher` is its client.
    pub(crate) fn distribute(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> usize {
        self.events.counters.published += 1;
        if publish.qos != QoS::AtMostOnce {
            self.note_message();
        }
        let message = if publish.retain { self.retain(publish, message, publisher, now) } else { message };
        let subscribers = self.fan_out(publish, message, publisher, now);
        let clients = &self.clients;
        self.events.event(|| Event::Published {
            client_id: publisher.and_then(|key| clients.get(key)).map(|client| Arc::clone(&client.id)),
            topic: publish.topic.into(),
            qos: publish.qos,
            retain: publish.retain,
            payload_bytes: publish.payload.len(),
            subscribers,
        });
        subscribers
    }

    /// Retains a message, or removes that of its topic. Returns the message if it is owned now.
    fn retain(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> Option<Arc<Message>> {
        if publish.payload.is_empty() {
            self.retained.clear(publish.topic);
            return message;
        }
        let mut broadcast = Broadcast::new(publish, message, now, &mut self.encodings);
        let message = Arc::clone(broadcast.message());
        let publisher = publisher.and_then(|key| self.clients.get(key)).map(|client| Arc::clone(&client.id));
        if self.retained.set(Arc::clone(&message), publisher, now).is_err() {
            self.events.dropped(None, publish.topic, DropCause::RetainedFull);
        }
        Some(message)
    }

    /// Delivers a message to all subscribers without retaining it. Returns their number.
    pub(crate) fn fan_out(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> usize {
        let Self { clients, peers, subscriptions, groups, retained, questions, outbox, events, options, .. } = self;
        let Self { fan_out, encodings, required_checks, .. } = self;
        let access = required_checks.read.then_some(&options.access);
        let looked_at = fan_out.collect((&publish, publisher), access, subscriptions, groups, clients);
        outbox.note_work(looked_at + fan_out.targets.len(), 0);
        let mut broadcast = Broadcast::new(publish, message, now, encodings);
        for place in 0..fan_out.targets.len() {
            fan_out.gather(place);
            let target = fan_out.targets[place];
            let Some(client) = clients.get_mut(target.client) else { continue };
            let peer = client.peer.and_then(|id| peers.get_mut(id));
            let (key, required_checks) = (target.client, *required_checks);
            let mut subscriber = SubscriberDelivery {
                key,
                client,
                peer,
                retained,
                questions,
                outbox,
                events,
                options,
                required_checks,
                now,
            };
            // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
            let retain = publish.retain && target.retain_as_published;
            let (qos, group) = (publish.qos.min(target.qos), target.group);
            let options = DeliveryOptions { qos, retain, identifiers: &fan_out.identifiers, group };
            if fan_out.cursors.is_empty() {
                subscriber.deliver(&mut broadcast, &options);
            } else {
                subscriber.outbox.note_work(fan_out.cursors.len(), 0);
                subscriber.deliver_with_cursors(&mut broadcast, &options, &fan_out.cursors);
            }
        }
        if fan_out.handlers.is_empty() {
            return fan_out.targets.len();
        }
        for (handler, retain) in fan_out.handlers.iter().copied() {
            events.post(HostMessage { handler, message: Arc::clone(broadcast.message()), arrived: now, retain });
        }
        fan_out.targets.len() + 1
    }
}
