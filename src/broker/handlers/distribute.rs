//! Distribution: one PUBLISH retained, and delivered to each of its subscribers once
//! [MQTT-3.3.4-2].

use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::cause::DropCause;
use crate::broker::delivery::deliver::Deliveries;
use crate::broker::delivery::encoded_publish::Broadcast;
use crate::broker::delivery::parts::DeliveryParts;
use crate::broker::delivery::publication::{Origin, Publication};
use crate::broker::digest::hash_bytes;
use crate::broker::event::Event;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::ClientKey;
use crate::broker::tasks::{CutFanOut, Task};
use crate::codec::{Message, Publish, QoS};
use crate::time::Time;

/// Cost of a delivery of QoS 1 or 2 to a session, in steps.
const QUEUE_STEPS: usize = 32;

/// Topics that a retained one is compared with, about.
const COMPARED: usize = 16;

impl Broker {
    /// Retains a message with the RETAIN flag, and delivers it to all subscribers. Returns their
    /// number, or `None` if the rest goes on as a task.
    pub(crate) fn distribute(&mut self, publication: &mut Publication<'_>, now: Time) -> Option<usize> {
        self.take_published(publication);
        let subscribers = self.fan_out(publication, now)?;
        self.note_published(publication, subscribers);
        Some(subscribers)
    }

    /// Distributes a message of the host. Finds all its subscribers at once, and returns their
    /// number. Its deliveries may go on as a task.
    pub(crate) fn distribute_whole(&mut self, message: &Arc<Message>, now: Time) -> usize {
        let publish = message.as_publish();
        let origin = Origin::new(None, now);
        let mut publication = Publication { publish: &publish, message: Some(Arc::clone(message)), origin };
        self.take_published(&mut publication);
        self.fan_out.begin();
        self.outbox.budget.set_unbounded(true);
        self.collect(&publish, None);
        self.outbox.budget.set_unbounded(false);
        let subscribers = self.fan_out.subscribers();
        // It is reported here, also if the rest goes on as a task.
        publication.origin.is_published = false;
        self.resume_fan_out(&mut publication, now);
        self.note_published(&publication, subscribers);
        subscribers
    }

    /// Counts a published message, and retains it if it is to be.
    #[inline]
    fn take_published(&mut self, publication: &mut Publication<'_>) {
        self.events.counters.published += 1;
        self.outbox.note_work(0, publication.publish.topic.len());
        if publication.publish.qos != QoS::AtMostOnce {
            self.note_message();
        }
        if publication.publish.retain {
            self.retain(publication);
        }
    }

    /// Reports a message that has been distributed.
    #[inline]
    pub(crate) fn note_published(&mut self, publication: &Publication<'_>, subscribers: usize) {
        let Self { clients, events, .. } = self;
        let Publication { publish, origin, .. } = publication;
        events.event(|| Event::Published {
            client_id: origin.publisher.and_then(|key| clients.get(key)).map(|client| Arc::clone(&client.id)),
            topic: publish.topic.into(),
            qos: publish.qos,
            retain: publish.retain,
            payload_bytes: publish.payload.len(),
            subscribers,
        });
    }

    /// Retains a message, or removes that of its topic.
    fn retain(&mut self, publication: &mut Publication<'_>) {
        let publish = publication.publish;
        // A search compares the topic with others, in the store too.
        self.outbox.note_work(0, COMPARED * publish.topic.len());
        if publish.payload.is_empty() {
            return self.retained.clear(publish.topic);
        }
        let Origin { publisher, arrived, .. } = publication.origin;
        let message = Arc::clone(Broadcast::new(publication, &mut self.encodings).message());
        self.outbox.note_work(0, hash_bytes(publish.topic));
        let publisher = publisher.and_then(|key| self.clients.get(key)).map(|client| Arc::clone(&client.short_id));
        let is_retained = if self.has_memory_to_retain(publish) {
            self.retained.set(message, publisher, arrived).is_ok()
        } else {
            // The former one is out of date.
            self.retained.clear(publish.topic);
            false
        };
        if !is_retained {
            self.events.dropped(None, publish.topic, DropCause::RetainedFull);
        }
    }

    /// Delivers a message to all subscribers without retaining it. Returns their number, or `None`
    /// if the rest goes on as a task.
    pub(crate) fn fan_out(&mut self, publication: &mut Publication<'_>, now: Time) -> Option<usize> {
        self.fan_out.begin();
        self.resume_fan_out(publication, now)
    }

    /// Continues the fan-out, as far as the budget goes; see [`fan_out`](Self::fan_out).
    pub(crate) fn resume_fan_out(&mut self, publication: &mut Publication<'_>, now: Time) -> Option<usize> {
        let (publish, origin) = (publication.publish, publication.origin);
        let is_collected = self.collect(publish, origin.publisher);
        let Self { clients, peers, retained, questions, outbox, events, options, .. } = self;
        let Self { fan_out, encodings, required_checks, memory, .. } = self;
        let retained = &*retained;
        let mut broadcast = Broadcast::new(publication, encodings);
        let required_checks = *required_checks;
        let parts = DeliveryParts { retained, questions, outbox, memory, events, options, required_checks, now };
        let mut deliveries = Deliveries { clients, peers, parts };
        let mut entry = None;
        while is_collected && !deliveries.parts.outbox.is_spent() {
            let Some(target) = fan_out.next() else {
                let arrived = origin.arrived;
                for (handler, retain) in fan_out.handlers().iter().copied() {
                    let message = Arc::clone(broadcast.message());
                    deliveries.parts.events.post(HostMessage { handler, message, arrived, retain });
                }
                return Some(fan_out.subscribers());
            };
            let options = target.options(publish, &fan_out.identifiers);
            let queue_steps = if options.qos == QoS::AtMostOnce { 0 } else { QUEUE_STEPS };
            // A delivery compares the topic, asks about it or reports it, and the store's records
            // have it.
            deliveries.parts.outbox.note_work(1 + queue_steps + fan_out.identifiers.len(), publish.topic.len());
            let Some(mut subscriber) = deliveries.to(target.client) else { continue };
            if fan_out.cursors.is_empty() {
                subscriber.deliver(&mut broadcast, &options);
            } else {
                let entry = *entry.get_or_insert_with(|| retained.get(publish.topic));
                subscriber.deliver_with_cursors(&mut broadcast, &options, &fan_out.cursors, entry);
            }
        }
        let message = Arc::clone(broadcast.message());
        self.tasks.push_first(Task::FanOut(CutFanOut { message, origin }));
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
