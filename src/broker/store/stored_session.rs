//! Stored image of a session, compared with the session to make the records of a batch.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::clients::will::Will;
use crate::broker::clients::{ClientState, SubscriptionChanges};
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::ClientKey;
use crate::broker::store::key::Key;
use crate::broker::store::messages::{MessageKey, address};
use crate::broker::store::record::{SessionRecord, WillRecord, write_sent, write_subscription};
use crate::broker::store::record_writer::RecordWriter;
use crate::broker::store::stored_queue::StoredQueue;
use crate::codec::{Message, PacketId};
use crate::memory_meter::block;
use crate::session;
use crate::time::Time;

/// Stored image of a session.
#[derive(Debug)]
pub(crate) struct StoredSession {
    /// The session's number in the keys.
    number: u64,
    /// The session's record, once it is written.
    record: Option<SessionRecord>,
    will: Option<StoredWill>,
    /// False for a session that ends with its connection: only its will is stored.
    is_whole: bool,
    /// The outgoing queue, and below it the approval queue.
    queue: StoredQueue,
    approvals: StoredQueue,
    /// Deliveries in flight, in the order of their packet identifiers.
    sent: Vec<Sent>,
    handed_over: Vec<PacketId>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    packet_id: PacketId,
    order: u64,
    tag: DeliveryTag,
    message: Option<MessageKey>,
}

impl Sent {
    fn is(&self, now: session::Sent<'_, DeliveryTag>) -> bool {
        (self.packet_id, self.order, self.tag) == (now.packet_id, now.order, tag(now.delivery))
    }
}

/// Returns the tag of a delivery, or the default once PUBREL was sent, when no tag is needed.
fn tag(delivery: Option<&Delivery>) -> DeliveryTag {
    delivery.map_or_else(DeliveryTag::default, |delivery| delivery.tag)
}

/// A stored will: the address and the key of its message.
#[derive(Clone, Copy, Debug)]
struct StoredWill {
    address: usize,
    message: Option<MessageKey>,
}

impl StoredSession {
    /// Makes the image of a session that is not stored yet.
    pub(crate) const fn new(number: u64) -> Self {
        Self {
            number,
            record: None,
            will: None,
            is_whole: false,
            queue: StoredQueue::new(Key::Queued),
            approvals: StoredQueue::new(Key::Approval),
            sent: Vec::new(),
            handed_over: Vec::new(),
        }
    }

    /// Returns the bytes of memory that it takes.
    const fn held_bytes(&self) -> usize {
        block(size_of::<Self>())
            + self.queue.table_bytes()
            + self.approvals.table_bytes()
            + self.sent.capacity() * size_of::<Sent>()
            + self.handed_over.capacity() * size_of::<PacketId>()
    }

    /// Writes the differences between the session and this image.
    pub(crate) fn sync(&mut self, client: &mut ClientState, writer: &mut RecordWriter<'_>) {
        if !self.is_whole && client.expiry_interval > 0 {
            self.is_whole = true;
            client.begin_noting_filters();
            client.note_all_subscriptions();
        }
        self.sync_record(client, writer);
        if self.is_whole {
            self.sync_subscriptions(&client.take_subscription_changes(), client, writer);
            self.queue.empty(self.number, client.take_emptied(), writer);
            let queued = client.session.places();
            self.queue.sync(self.number, client.enqueued, queued, |from| client.session.waiting_from(from), writer);
            if let Some(approvals) = &client.approvals {
                let count = approvals.len();
                self.approvals.sync(
                    self.number,
                    client.approvals_enqueued,
                    count,
                    |from| approvals.waiting_from(from).map(Some),
                    writer,
                );
            } else {
                self.approvals.forget(self.number, client.approvals_enqueued, writer);
            }
            self.sync_sent(client, writer);
            self.sync_handed_over(client, writer);
        }
    }

    /// Removes all records of an ended session. `changes` are those since the last batch.
    pub(crate) fn remove(&mut self, changes: &SubscriptionChanges, writer: &mut RecordWriter<'_>) {
        writer.batch.remove(Key::Session(self.number));
        if let Some(message) = self.will.and_then(|will| will.message) {
            writer.messages.remove_reference(message);
        }
        for filter in changes.filters.iter() {
            writer.batch.remove(Key::Subscription(self.number, filter));
        }
        for (cursor, topic) in &changes.overtaken {
            writer.batch.remove(Key::Overtaken(self.number, *cursor, topic.as_str()));
        }
        self.queue.forget(self.number, u64::MAX, writer);
        self.approvals.forget(self.number, u64::MAX, writer);
        for sent in &self.sent {
            self.forget_sent(*sent, writer);
        }
        for packet_id in &self.handed_over {
            writer.batch.remove(Key::HandedOver(self.number, *packet_id));
        }
    }

    fn sync_record(&mut self, client: &ClientState, writer: &mut RecordWriter<'_>) {
        let message = client.will.as_ref().map(Will::message);
        if self.will.map(|will| will.address) != message.map(address) {
            let stored = message.map(|message| StoredWill {
                address: address(message),
                // A will has no arrival before it is published.
                message: writer.messages.add_reference(message, Time::ZERO, writer.batch),
            });
            if let Some(former) = core::mem::replace(&mut self.will, stored).and_then(|will| will.message) {
                writer.messages.remove_reference(former);
            }
        }
        let number = self.will.and_then(|will| will.message).map(|message| writer.messages.number(message));
        let will = match (&client.will, number) {
            (Some(Will::Armed { delay, .. }), Some(number)) => WillRecord::Armed(number, *delay),
            (Some(Will::Delayed { delay, due, .. }), Some(number)) => WillRecord::Delayed(number, *delay, *due),
            (None, _) | (_, None) => WillRecord::None,
        };
        let (username, expiry_interval) = (client.username.clone(), client.expiry_interval);
        let record = SessionRecord { username, expiry_interval, ends_at: client.expires_at, will };
        if self.record.as_ref() != Some(&record) {
            writer.batch.put(Key::Session(self.number), |out| record.write(&client.id, out));
            self.record = Some(record);
        }
    }

    fn sync_subscriptions(&self, changes: &SubscriptionChanges, client: &ClientState, writer: &mut RecordWriter<'_>) {
        for filter in changes.filters.iter() {
            let key = Key::Subscription(self.number, filter);
            match client.subscriptions.find(&**filter) {
                Some(subscribed) => {
                    let cursor = subscribed.subscription.cursor.and_then(|cursor| client.cursors.get(cursor));
                    writer.batch.put(key, |out| write_subscription(subscribed.subscription, cursor, out));
                }
                None => writer.batch.remove(key),
            }
        }
        for (cursor, topic) in &changes.overtaken {
            let key = Key::Overtaken(self.number, *cursor, topic.as_str());
            if client.cursors.get(*cursor).is_some_and(|cursor| cursor.is_overtaken(topic.as_str())) {
                writer.batch.put(key, |_| ());
            } else {
                writer.batch.remove(key);
            }
        }
    }

    fn sync_sent(&mut self, client: &ClientState, writer: &mut RecordWriter<'_>) {
        let is_same = |(former, now): (&Sent, session::Sent<'_, DeliveryTag>)| former.is(now);
        if self.sent.len() == client.session.in_flight() && self.sent.iter().zip(client.session.sent()).all(is_same) {
            return;
        }
        let former = core::mem::take(&mut self.sent);
        let mut former = former.as_slice();
        for now in client.session.sent() {
            while let Some((ended, rest)) = former.split_first().filter(|(ended, _)| ended.packet_id < now.packet_id) {
                self.forget_sent(*ended, writer);
                former = rest;
            }
            let same_id = former.split_first().filter(|(same_id, _)| same_id.packet_id == now.packet_id);
            if let Some((_, rest)) = same_id {
                former = rest;
            }
            let same_id = same_id.map(|(same_id, _)| *same_id);
            if let Some(same) = same_id.filter(|former| former.is(now)) {
                self.sent.push(same);
                continue;
            }
            let sent = self.write_sent(now, writer);
            if let Some(message) = same_id.and_then(|former| former.message) {
                writer.messages.remove_reference(message);
            }
            self.sent.push(sent);
        }
        for ended in former {
            self.forget_sent(*ended, writer);
        }
    }

    fn write_sent(&self, now: session::Sent<'_, DeliveryTag>, writer: &mut RecordWriter<'_>) -> Sent {
        let message = now.delivery.and_then(|delivery| writer.add_reference(delivery));
        let delivery = now.delivery.zip(message);
        let delivery = delivery.map(|(delivery, key)| (delivery, writer.messages.number(key), writer.group(delivery)));
        // A message that cannot be stored was not sent either.
        if now.delivery.is_none() || delivery.is_some() {
            let key = Key::Sent(self.number, now.packet_id);
            writer.batch.put(key, |out| write_sent(now.order, delivery, out));
        }
        Sent { packet_id: now.packet_id, order: now.order, tag: tag(now.delivery), message }
    }

    fn forget_sent(&self, sent: Sent, writer: &mut RecordWriter<'_>) {
        writer.batch.remove(Key::Sent(self.number, sent.packet_id));
        if let Some(message) = sent.message {
            writer.messages.remove_reference(message);
        }
    }

    fn sync_handed_over(&mut self, client: &ClientState, writer: &mut RecordWriter<'_>) {
        if client.session.handed_over().eq(self.handed_over.iter().copied()) {
            return;
        }
        let former = core::mem::take(&mut self.handed_over);
        let mut former = former.as_slice();
        for now in client.session.handed_over() {
            while let Some((ended, rest)) = former.split_first().filter(|(ended, _)| **ended < now) {
                writer.batch.remove(Key::HandedOver(self.number, *ended));
                former = rest;
            }
            match former.split_first() {
                Some((same, rest)) if *same == now => former = rest,
                _ => writer.batch.put(Key::HandedOver(self.number, now), |_| ()),
            }
            self.handed_over.push(now);
        }
        for ended in former {
            writer.batch.remove(Key::HandedOver(self.number, *ended));
        }
    }
}

/// Stored images of sessions, by the keys of their clients.
#[derive(Debug, Default)]
pub(crate) struct StoredSessions {
    images: Vec<Option<Box<StoredSession>>>,
    /// Bytes of memory of the images.
    image_bytes: usize,
}

impl StoredSessions {
    /// Returns the bytes of memory that they take.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.images.capacity() * size_of::<Option<Box<StoredSession>>>() + self.image_bytes
    }

    pub(crate) fn get_mut(&mut self, key: ClientKey) -> Option<&mut StoredSession> {
        self.images.get_mut(key.index())?.as_deref_mut()
    }

    /// Takes an image out. It is put back unless its session has ended.
    pub(crate) fn take(&mut self, key: ClientKey) -> Option<Box<StoredSession>> {
        let image = self.images.get_mut(key.index())?.take()?;
        self.image_bytes -= image.held_bytes();
        Some(image)
    }

    pub(crate) fn put(&mut self, key: ClientKey, session: Box<StoredSession>) {
        if self.images.len() <= key.index() {
            self.images.resize_with(key.index() + 1, || None);
        }
        self.image_bytes += session.held_bytes();
        self.images[key.index()] = Some(session);
    }
}

/// Restoring of an image from records.
impl StoredSession {
    pub(crate) fn restore(number: u64, record: SessionRecord) -> Self {
        // This includes a session that ends with its connection: it may have outlived one before.
        Self { is_whole: true, record: Some(record), ..Self::new(number) }
    }

    pub(crate) fn restore_will(&mut self, key: MessageKey, message: &Arc<Message>) {
        self.will = Some(StoredWill { address: address(message), message: Some(key) });
    }

    pub(crate) const fn queue(&mut self) -> &mut StoredQueue {
        &mut self.queue
    }

    pub(crate) const fn approvals(&mut self) -> &mut StoredQueue {
        &mut self.approvals
    }

    pub(crate) fn restore_sent(&mut self, sent: session::Sent<'_, DeliveryTag>, message: Option<MessageKey>) {
        let session::Sent { packet_id, order, delivery } = sent;
        self.sent.push(Sent { packet_id, order, tag: tag(delivery), message });
    }

    pub(crate) fn restore_handed_over(&mut self, packet_id: PacketId) {
        self.handed_over.push(packet_id);
    }
}
