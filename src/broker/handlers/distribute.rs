//! Distribution: one PUBLISH retained, and delivered to each of its subscribers once
//! [MQTT-3.3.4-2].

use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::cause::DropCause;
use crate::broker::delivery::deliver::DeliveryContext;
use crate::broker::delivery::encoded_publish::Broadcast;
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
        let Self { fan_out, encodings, required_checks, memory, .. } = self;
        let access = required_checks.read.then_some(&options.access);
        let parts = (&*peers, &*options);
        let looked_at = fan_out.collect((&publish, publisher), access, subscriptions, groups, clients, parts);
        outbox.note_work(looked_at + fan_out.targets.len(), 0);
        let mut broadcast = Broadcast::new(publish, message, now, encodings);
        for place in 0..fan_out.targets.len() {
            fan_out.gather(place);
            let target = fan_out.targets[place];
            let required_checks = *required_checks;
            let context = DeliveryContext {
                clients,
                peers,
                retained,
                questions,
                outbox,
                memory,
                events,
                options,
                required_checks,
                now,
            };
            let Some(mut subscriber) = context.to(target.client) else { continue };
            let options = target.options(&publish, &fan_out.identifiers);
            if fan_out.cursors.is_empty() {
                subscriber.deliver(&mut broadcast, &options);
            } else {
                subscriber.deliver_with_cursors(&mut broadcast, &options, &fan_out.cursors);
            }
        }
        for (handler, retain) in fan_out.handlers.iter().copied() {
            events.post(HostMessage { handler, message: Arc::clone(broadcast.message()), arrived: now, retain });
        }
        fan_out.targets.len() + usize::from(!fan_out.handlers.is_empty())
    }
}
