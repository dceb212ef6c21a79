//! Stored image of a session, compared with the session to make the records of a batch.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;

use crate::broker::clients::retained_cursors::{OvertakenChange, OvertakenKind};
use crate::broker::clients::will::Will;
use crate::broker::clients::{ClientState, SubscriptionChanges};
use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::{ClientKey, CursorId};
use crate::broker::store::key::Key;
use crate::broker::store::messages::{MessageKey, address};
use crate::broker::store::record::{SessionRecord, WillRecord, write_cursors, write_sent, write_subscription};
use crate::broker::store::record_writer::RecordWriter;
use crate::broker::store::stored_queue::StoredQueue;
use crate::codec::{Message, PacketId};
use crate::collections::by_id::ById;
use crate::collections::sorted_list::SortedList;
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
    /// QoS 2 messages received and not released.
    unreleased: ById<()>,
    overtaken: SortedList<StoredOvertaken>,
    /// Bytes of memory of the lists of cursors in it.
    overtaken_bytes: usize,
}

/// A stored topic that live messages reached before these cursors, in their order.
#[derive(Debug)]
struct StoredOvertaken {
    /// The short form of the topic.
    topic: Arc<str>,
    cursors: Vec<CursorId>,
    /// True while it is to be written again.
    is_changed: bool,
    /// True if the store has a record of it.
    is_written: bool,
}

impl Borrow<str> for StoredOvertaken {
    fn borrow(&self) -> &str {
        &self.topic
    }
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
            unreleased: ById::new(),
            overtaken: SortedList::new(),
            overtaken_bytes: 0,
        }
    }

    /// Returns the bytes of memory that it takes.
    fn held_bytes(&self) -> usize {
        block(size_of::<Self>())
            + self.overtaken.table_bytes()
            + self.overtaken_bytes
            + self.queue.table_bytes()
            + self.approvals.table_bytes()
            + self.sent.capacity() * size_of::<Sent>()
            + self.unreleased.table_bytes()
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
            let changes = client.take_subscription_changes();
            self.sync_subscriptions(&changes, client, writer);
            self.sync_overtaken(&changes.overtaken, writer);
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
            self.sync_received(client, writer);
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
        for stored in self.overtaken.iter() {
            writer.batch.remove(Key::Overtaken(self.number, &stored.topic));
        }
        self.queue.forget(self.number, u64::MAX, writer);
        self.approvals.forget(self.number, u64::MAX, writer);
        for sent in &self.sent {
            self.forget_sent(*sent, writer);
        }
        for (packet_id, ()) in self.unreleased.iter() {
            writer.batch.remove(Key::Received(self.number, packet_id));
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
        let rechecks = client.rechecks.as_deref();
        let record = SessionRecord {
            username,
            expiry_interval,
            ends_at: client.expires_at,
            will,
            is_of_other_user: rechecks.is_some_and(|rechecks| rechecks.is_of_other_user),
            has_lost_subscriptions: rechecks.is_some_and(|rechecks| rechecks.has_lost_subscriptions),
        };
        if self.record.as_ref() != Some(&record) {
            writer.batch.put(Key::Session(self.number), |out| record.write(&client.id, out));
            self.record = Some(record);
        }
    }

    fn sync_subscriptions(
        &mut self,
        changes: &SubscriptionChanges,
        client: &ClientState,
        writer: &mut RecordWriter<'_>,
    ) {
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
    }

    /// Writes the topics that live messages reached before cursors, each with its cursors.
    ///
    /// A cursor that passes a topic stays in the record until its last one has, so that each is
    /// written twice. By its own record, it is behind the topic then.
    fn sync_overtaken(&mut self, changes: &[OvertakenChange], writer: &mut RecordWriter<'_>) {
        let mut written = Vec::new();
        for OvertakenChange { cursor, topic, kind } in changes {
            let mut is_changed = *kind == OvertakenKind::Overtaken;
            if is_changed {
                self.add_overtaken(*cursor, topic, false);
            }
            let Some(stored) = self.overtaken.find_mut(&**topic) else { continue };
            if !is_changed && let Ok(place) = stored.cursors.binary_search(cursor) {
                stored.cursors.remove(place);
                is_changed = stored.cursors.is_empty() || *kind == OvertakenKind::GivenBack;
            }
            if is_changed && !core::mem::replace(&mut stored.is_changed, true) {
                written.push(Arc::clone(topic));
            }
        }
        for topic in written {
            let Some(stored) = self.overtaken.find_mut(&*topic) else { continue };
            let key = Key::Overtaken(self.number, &topic);
            let was_written = stored.is_written;
            (stored.is_changed, stored.is_written) = (false, true);
            if !stored.cursors.is_empty() {
                writer.batch.put(key, |out| write_cursors(&stored.cursors, out));
                continue;
            }
            self.overtaken_bytes -= stored.cursors.capacity() * size_of::<CursorId>();
            self.overtaken.remove(&*topic);
            if was_written {
                writer.batch.remove(key);
            }
        }
    }

    /// Adds a cursor to a topic. `is_written` tells of a new topic whether the store has it.
    fn add_overtaken(&mut self, cursor: CursorId, topic: &Arc<str>, is_written: bool) {
        if self.overtaken.find(&**topic).is_none() {
            let (topic, cursors) = (Arc::clone(topic), Vec::new());
            self.overtaken.insert::<str>(StoredOvertaken { topic, cursors, is_changed: false, is_written });
        }
        let Some(StoredOvertaken { cursors, .. }) = self.overtaken.find_mut(&**topic) else { return };
        if let Err(place) = cursors.binary_search(&cursor) {
            self.overtaken_bytes -= cursors.capacity() * size_of::<CursorId>();
            cursors.insert(place, cursor);
            self.overtaken_bytes += cursors.capacity() * size_of::<CursorId>();
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

    fn sync_received(&mut self, client: &mut ClientState, writer: &mut RecordWriter<'_>) {
        for packet_id in client.session.take_received_changes() {
            let key = Key::Received(self.number, packet_id);
            match (client.session.has_received(packet_id), self.unreleased.contains(packet_id)) {
                (true, false) => {
                    self.unreleased.insert(packet_id, ());
                    writer.batch.put(key, |_| ());
                }
                (false, true) => {
                    self.unreleased.remove(packet_id);
                    writer.batch.remove(key);
                }
                (true, true) | (false, false) => {}
            }
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

    /// Adds a cursor to a topic of this short form.
    pub(crate) fn restore_overtaken(&mut self, cursor: CursorId, topic: &Arc<str>) {
        self.add_overtaken(cursor, topic, true);
    }

    pub(crate) fn restore_received(&mut self, packet_id: PacketId) {
        self.unreleased.insert(packet_id, ());
    }
}
