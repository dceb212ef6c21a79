//! Delivery of retained messages to new subscriptions (MQTT 5.0 §3.3.1.3).
//!
//! The cursor of a subscription sends a message only when the client can take it. This is while the
//! connection is writable at QoS 0, and within the send quota at QoS 1 and 2. The session's queue
//! is for live messages. Queue and cursors share the quota round robin, and so do the cursors of
//! one client. A walk over many topics is cut into pieces, between which other peers are served.
//!
//! Promise: each matching retained message comes once for the subscription [MQTT-3.3.1-9], or a
//! newer message of its topic comes in its place. None comes after a newer message of its topic on
//! that subscription [MQTT-4.6.0-5]. Nothing is promised about the order of different topics.
//!
//! A live message does not wait for a cursor. If the cursor has still to come to its topic, the
//! retained message goes before the live one, and the cursor passes the topic over. If there is
//! room for only one of them, the live one is dropped, and the retained one is left to the cursor.
//! One exception: the connection does not take a retained message of QoS 0, but the queue takes the
//! live one. Then the retained one is dropped.
//!
//! A retained message that goes live and is dropped is left to the cursor in the same way.
//!
//! The promise ends where the queue drops its oldest messages, since retained ones that went before
//! live ones may be among them. At QoS 0, it also ends with the connection.
//!
//! If the host approves each message, those of cursors wait for its answer too. They take up to
//! half of the room for waiting messages, and go from there into the queue.

use crate::broker::cause::DropCause;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::retained_cursors::RetainedCursor;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions};
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::digest::is_digest;
use crate::broker::ids::CursorId;
use crate::broker::retained::RetainedMessage;
use crate::codec::QoS;

/// Bytes in the outgoing buffer above which a cursor waits until they are sent.
const FRAME_BYTES: usize = 64 * 1024;
/// Topics that a cursor visits before other peers are served.
const LOOKS: usize = 4_096;

/// Topics that are compared to find the place of a cursor, about.
const COMPARED: usize = 8;

/// Bytes of memory of a topic that a live message overtook, at one cursor.
const OVERTAKEN_BYTES: usize = 64;

/// The reason for which a cursor stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The cursor has ended.
    Over,
    /// It waits for an acknowledgement or an answer.
    Waits,
    /// It waits for the connection, or for other peers.
    Full,
}

/// Result for a retained message that goes before a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// It was delivered to each subscription that may have it.
    Delivered,
    /// It cannot go now at QoS 0, and the live message need not wait for it.
    GaveWay,
    /// There is no room, neither for it nor for the live message, which has been counted as
    /// dropped.
    NoRoom,
}

impl SubscriberDelivery<'_, '_> {
    /// Delivers a live message whose topic these cursors match. If the topic is still ahead of a
    /// cursor, the retained message goes first.
    ///
    /// `entry` is the retained message of its topic, if there is one.
    pub(crate) fn deliver_with_cursors(
        &mut self,
        broadcast: &mut Broadcast<'_>,
        options: &DeliveryOptions<'_>,
        cursors: &[CursorId],
        entry: Option<&RetainedMessage>,
    ) {
        // Each cursor compares the topic with its own.
        self.parts.outbox.note_work(cursors.len(), cursors.len() * broadcast.topic().len());
        self.deliver_among_cursors(broadcast, options, cursors, entry);
        // What overtook a cursor is kept, at QoS 0 too.
        self.is_changed = true;
    }

    fn deliver_among_cursors(
        &mut self,
        broadcast: &mut Broadcast<'_>,
        options: &DeliveryOptions<'_>,
        cursors: &[CursorId],
        entry: Option<&RetainedMessage>,
    ) {
        let Some(entry) = entry else {
            self.deliver(broadcast, options);
            // The topic's message is removed, and cursors find none there.
            for id in cursors {
                if self.client.cursors.get(*id).is_some_and(RetainedCursor::has_overtaken) {
                    self.client.cursors.give_back(*id, &broadcast.short_topic());
                }
            }
            return;
        };
        if !self.ensure_memory((OVERTAKEN_BYTES + entry.short_topic().len()) * cursors.len()) {
            return self.note_dropped(broadcast.topic(), DropCause::QueueFull);
        }
        if broadcast.publish().retain {
            let is_taken = self.deliver(broadcast, options);
            return self.settle(entry, cursors, is_taken);
        }
        match self.deliver_retained_first(entry, options.qos, cursors) {
            First::Delivered => _ = self.deliver(broadcast, options),
            First::GaveWay => {
                if self.deliver(broadcast, options) {
                    self.drop_retained(entry, cursors);
                }
            }
            First::NoRoom => {}
        }
    }

    /// Drops the retained message of a topic where a live one overtook it.
    fn drop_retained(&mut self, entry: &RetainedMessage, cursors: &[CursorId]) {
        for id in cursors {
            if self.retained_delivery(entry, *id).is_some() {
                let cause = self.check_writable().err().unwrap_or(DropCause::NotWritable);
                self.note_dropped(entry.topic().as_str(), cause);
                self.client.cursors.overtake(*id, entry.short_topic());
            }
        }
    }

    /// A retained message went live: if the client has it, no cursor sends it again.
    fn settle(&mut self, entry: &RetainedMessage, cursors: &[CursorId], is_taken: bool) {
        for id in cursors {
            let is_before = |cursor: &RetainedCursor| cursor.is_before(entry.topic().as_str());
            let is_ahead = self.client.cursors.get(*id).is_some_and(is_before);
            if !is_taken {
                self.client.cursors.give_back(*id, entry.short_topic());
            }
            if is_ahead && is_taken {
                self.client.cursors.overtake(*id, entry.short_topic());
            } else if is_ahead {
                // An older message of the topic may wait in the queue.
                self.client.queue_goes_first();
            }
        }
    }

    /// Delivers the retained message of a topic for each cursor that has the topic ahead, before a
    /// live message of this quality of service.
    fn deliver_retained_first(&mut self, entry: &RetainedMessage, live: QoS, cursors: &[CursorId]) -> First {
        let mut first = First::Delivered;
        for id in cursors {
            let Some(delivery) = self.retained_delivery(entry, *id) else { continue };
            if delivery.qos == QoS::AtMostOnce && live != QoS::AtMostOnce && !self.takes_at_most_once() {
                first = First::GaveWay;
            } else if self.deliver_single(delivery) {
                self.client.cursors.overtake(*id, entry.short_topic());
            } else {
                return First::NoRoom;
            }
        }
        first
    }

    /// Sends the messages of the cursors, as far as the client takes them.
    pub(crate) fn flush_cursors(&mut self) {
        if !self.is_open() {
            return;
        }
        let (mut looks, mut place) = (LOOKS, self.client.cursors.next());
        for _ in 0..self.client.cursors.len() {
            place = if place < self.client.cursors.len() { place } else { 0 };
            let Some(cursor) = self.client.cursors.at(place) else { break };
            let (id, qos) = (cursor.id(), cursor.subscription().qos);
            // This check is cheap, since one acknowledgement may wake many cursors.
            if qos != QoS::AtMostOnce && !self.takes_retained(qos, 0) {
                place += 1;
                continue;
            }
            match self.flush_cursor(id, place, &mut looks) {
                Stop::Over => self.client.cursors.end(id),
                Stop::Waits => place += 1,
                Stop::Full => {
                    self.flush_later();
                    break;
                }
            }
        }
        // A visit costs more than one of a router node.
        self.parts.outbox.note_work(2 * (LOOKS - looks), 0);
    }

    /// Sends the messages of one cursor.
    fn flush_cursor(&mut self, id: CursorId, place: usize, looks: &mut usize) -> Stop {
        // A message that goes before the queue must leave at once, since it has no place there.
        if self.parts.outbox.is_spent() {
            return Stop::Full;
        }
        let Some(cursor) = self.client.cursors.get(id) else { return Stop::Over };
        let (filter, after) = (cursor.filter.clone(), cursor.after().cloned());
        // The place of the next topic is found by comparing some of them, and that of the filter
        // among those that changed.
        let compared = after.as_ref().map_or(0, |after| after.as_str().len()) + filter.as_str().len();
        self.parts.outbox.note_work(COMPARED, COMPARED * compared);
        self.client.cursors.set_next(place + 1);
        let frame_bytes = FRAME_BYTES.min(self.parts.options.transmit_bytes_max / 2);
        let (mut passed, mut stop) = (None, Stop::Over);
        self.parts.retained.each(&filter, after.as_ref(), &mut |entry| {
            let waiting = self.peer.as_ref().map_or(0, |peer| peer.output.waiting_bytes());
            self.parts.outbox.note_work(0, entry.topic().as_str().len());
            if *looks == 0 || waiting > 0 && waiting >= frame_bytes || self.parts.outbox.is_spent() {
                stop = Stop::Full;
            } else if filter.matches(entry.topic()) && !self.flush_retained(entry, id) {
                stop = Stop::Waits;
            }
            if stop == Stop::Over {
                *looks -= 1;
                passed = Some(entry.topic());
                if is_digest(entry.short_topic()) {
                    self.client.cursors.forget(id, entry.short_topic());
                }
            }
            stop == Stop::Over
        });
        if passed.is_some() || stop == Stop::Over {
            self.client.note_subscription(&filter);
        }
        if let Some(topic) = passed {
            self.client.cursors.pass(id, topic.clone());
        }
        stop
    }

    /// Sends the retained message of the topic that a cursor has come to. False if the client does
    /// not take it now.
    fn flush_retained(&mut self, entry: &RetainedMessage, id: CursorId) -> bool {
        let Some(delivery) = self.retained_delivery(entry, id) else { return true };
        if !self.takes_retained(delivery.qos, delivery.bytes()) {
            return false;
        }
        if delivery.qos == QoS::AtMostOnce || self.parts.options.asks.receive {
            return self.deliver_single(delivery);
        }
        self.client.cursors.note_cursor_served();
        if self.client.has_older_queued() {
            self.client.append(delivery);
        } else {
            self.client.session.put_first(delivery);
        }
        self.flush_queue();
        true
    }

    /// Returns the delivery of a topic's retained message to a cursor's subscription. `None` if the
    /// cursor has passed the topic, was overtaken there, or its subscription may not have the
    /// message.
    fn retained_delivery(&mut self, entry: &RetainedMessage, id: CursorId) -> Option<Delivery> {
        let topic = entry.topic().as_str();
        let cursor = self.client.cursors.get(id)?;
        if cursor.is_overtaken(entry.short_topic()) || !cursor.is_before(topic) || entry.has_expired(self.parts.now) {
            return None;
        }
        let subscription = cursor.subscription();
        // [MQTT-3.8.3-3]
        let is_own = subscription.no_local && entry.publisher.as_ref() == Some(&self.client.short_id);
        let tag = DeliveryTag { arrived: entry.arrived, group: None };
        (!is_own && self.may_read(topic)).then(|| subscription.delivery(&entry.message, true, tag))
    }

    /// True if the client takes a cursor's message of so many bytes now.
    fn takes_retained(&self, qos: QoS, bytes: usize) -> bool {
        let (options, client) = (self.parts.options, &*self.client);
        if options.asks.receive {
            let has_room =
                |approvals: &ApprovalQueue| approvals.has_room(bytes, options.queue_messages / 2, options.queue_bytes);
            return client.approvals.as_deref().is_none_or(has_room);
        }
        if qos == QoS::AtMostOnce { self.check_writable().is_ok() } else { client.session.may_send() }
    }

    /// True if a message of QoS 0 can go to the client now, or to the host that approves it.
    fn takes_at_most_once(&self) -> bool {
        if self.parts.options.asks.receive { self.peer.is_some() } else { self.check_writable().is_ok() }
    }
}
