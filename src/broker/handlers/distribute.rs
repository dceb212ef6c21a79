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
use crate::broker::tasks::{CutFanOut, Task};
use crate::codec::{Message, Publish, QoS};
use crate::time::Time;

/// Cost of a delivery of QoS 1 or 2 to a session, in steps.
const QUEUE_STEPS: usize = 32;

impl Broker {
    /// Retains a message with the RETAIN flag, and delivers it to all subscribers. Returns their
    /// number, or `None` if the rest goes on as a task.
    ///
    /// `message` is an owned form of `publish`, if there is one. `publisher` is its client.
    pub(crate) fn distribute(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> Option<usize> {
        let message = self.take_published(publish, message, publisher, now);
        let subscribers = self.fan_out(publish, message, publisher, now);
        match subscribers {
            Some(subscribers) => self.note_published(&publish, publisher, subscribers),
            None => {
                if let Some(cut) = self.tasks.cut_fan_out() {
                    cut.is_published = true;
                }
            }
        }
        subscribers
    }

    /// Distributes a message of the host. Finds all its subscribers at once, and returns their
    /// number. Its deliveries may go on as a task.
    pub(crate) fn distribute_whole(&mut self, message: &Arc<Message>, now: Time) -> usize {
        let publish = message.as_publish();
        self.take_published(publish, Some(Arc::clone(message)), None, now);
        self.fan_out.begin();
        self.outbox.budget.set_unbounded(true);
        self.collect(&publish, None);
        self.outbox.budget.set_unbounded(false);
        let subscribers = self.fan_out.subscribers();
        self.resume_fan_out(publish, Some(Arc::clone(message)), None, now, now);
        self.note_published(&publish, None, subscribers);
        subscribers
    }

    /// Counts a published message, and retains it if it is to be. Returns its owned form if there
    /// is one now.
    fn take_published(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> Option<Arc<Message>> {
        self.events.counters.published += 1;
        if publish.qos != QoS::AtMostOnce {
            self.note_message();
        }
        if publish.retain { self.retain(publish, message, publisher, now) } else { message }
    }

    /// Reports a message that has been distributed.
    pub(crate) fn note_published(&mut self, publish: &Publish<'_>, publisher: Option<ClientKey>, subscribers: usize) {
        let clients = &self.clients;
        self.events.event(|| Event::Published {
            client_id: publisher.and_then(|key| clients.get(key)).map(|client| Arc::clone(&client.id)),
            topic: publish.topic.into(),
            qos: publish.qos,
            retain: publish.retain,
            payload_bytes: publish.payload.len(),
            subscribers,
        });
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
        let is_retained = if self.has_memory_to_retain(&publish) {
            self.retained.set(Arc::clone(&message), publisher, now).is_ok()
        } else {
            // The former one is out of date.
            self.retained.clear(publish.topic);
            false
        };
        if !is_retained {
            self.events.dropped(None, publish.topic, DropCause::RetainedFull);
        }
        Some(message)
    }

    /// Delivers a message to all subscribers without retaining it. Returns their number, or `None`
    /// if the rest goes on as a task.
    pub(crate) fn fan_out(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> Option<usize> {
        self.fan_out.begin();
        self.resume_fan_out(publish, message, publisher, now, now)
    }

    /// Continues the fan-out, as far as the budget goes; see [`fan_out`](Self::fan_out).
    pub(crate) fn resume_fan_out(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        arrived: Time,
        now: Time,
    ) -> Option<usize> {
        let is_collected = self.collect(&publish, publisher);
        let Self { clients, peers, retained, questions, outbox, events, options, .. } = self;
        let Self { fan_out, encodings, required_checks, memory, .. } = self;
        let mut broadcast = Broadcast::new(publish, message, arrived, encodings);
        while is_collected && !outbox.is_spent() {
            let Some(target) = fan_out.next() else {
                for (handler, retain) in fan_out.handlers.iter().copied() {
                    events.post(HostMessage { handler, message: Arc::clone(broadcast.message()), arrived, retain });
                }
                return Some(fan_out.subscribers());
            };
            let queue_steps = if publish.qos.min(target.qos) == QoS::AtMostOnce { 0 } else { QUEUE_STEPS };
            outbox.note_work(1 + queue_steps + fan_out.identifiers.len(), 0);
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
        let message = Arc::clone(broadcast.message());
        let cut = CutFanOut { message, publisher, arrived, is_published: false, acknowledges: None };
        self.tasks.push_first(Task::FanOut(cut));
        None
    }

    /// Finds the targets of the fan-out, as far as the budget goes. True if all are found.
    pub(crate) fn collect(&mut self, publish: &Publish<'_>, publisher: Option<ClientKey>) -> bool {
        let Self { clients, subscriptions, groups, peers, outbox, options, fan_out, required_checks, now, .. } = self;
        let access = required_checks.read.then_some(&options.access);
        let parts = ((&*peers, &*options), access, *now);
        fan_out.collect((publish, publisher), subscriptions, groups, clients, parts, &mut outbox.budget)
    }
}
