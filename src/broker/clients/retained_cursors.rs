//! Retained cursors: how far a client's subscriptions have sent it the retained messages (MQTT 5.0
//! §3.3.1.3).
//!
//! A subscription may match more retained messages than its client takes at once. Its cursor goes
//! through the topics of its filter in their order, as fast as the client takes the messages. The
//! cursor keeps the last topic that it passed, and none of the messages. A live message may go to a
//! topic before the cursor comes there; the cursor then keeps that topic's name, and sends nothing
//! for it.
//!
//! A cursor belongs to one subscription of one client. It ends with the subscription. It begins
//! anew when the filter is subscribed to again, unless Retain Handling says otherwise: then it goes
//! on with the new options. It outlives the connection if the session does, and is stored with it.

use alloc::vec::Vec;

use crate::broker::ids::CursorId;
use crate::codec::QoS;
use crate::collections::change_list::ChangeList;
use crate::collections::sorted_list::SortedList;
use crate::memory_meter::shared_text;
use crate::topic::{TopicFilter, TopicName};

/// A client's cursors that have not ended.
#[derive(Debug)]
pub(crate) struct RetainedCursors {
    /// Cursors in the order of their identifiers, at most one for a subscription.
    cursors: Vec<RetainedCursor>,
    last_id: CursorId,
    /// The place of the next cursor, round robin.
    next: usize,
    /// True if the next message of QoS 1 or 2 comes from a cursor instead of the queue.
    is_next: bool,
    /// Number of deliveries, of those ever enqueued, that go before the messages of the cursors.
    older: u64,
    /// Bytes of memory of all `overtaken`, and of long topics that were passed.
    overtaken_bytes: usize,
    /// Topics added to or removed from `overtaken`, for the store.
    changes: ChangeList<(CursorId, TopicName)>,
}

/// The cursor of one subscription.
#[derive(Debug)]
pub(crate) struct RetainedCursor {
    id: CursorId,
    pub(crate) filter: TopicFilter,
    /// The maximum QoS of its subscription.
    qos: QoS,
    /// The last topic that it passed.
    after: Option<TopicName>,
    /// Topics ahead of it that a live message overtook.
    overtaken: SortedList<TopicName>,
}

impl RetainedCursor {
    fn new(id: CursorId, filter: TopicFilter, qos: QoS, after: Option<TopicName>) -> Self {
        Self { id, filter, qos, after, overtaken: SortedList::new() }
    }

    pub(crate) const fn id(&self) -> CursorId {
        self.id
    }

    pub(crate) const fn qos(&self) -> QoS {
        self.qos
    }

    /// Returns the last topic that it passed.
    pub(crate) const fn after(&self) -> Option<&TopicName> {
        self.after.as_ref()
    }

    /// True if the topic is still ahead of it.
    pub(crate) fn is_before(&self, topic: &str) -> bool {
        self.after.as_ref().is_none_or(|after| after.as_str() < topic)
    }

    /// True if a live message overtook it at the topic.
    pub(crate) fn is_overtaken(&self, topic: &str) -> bool {
        self.overtaken.find(topic).is_some()
    }
}

impl RetainedCursors {
    pub(crate) const fn new() -> Self {
        Self {
            cursors: Vec::new(),
            last_id: CursorId::START,
            next: 0,
            is_next: false,
            older: 0,
            overtaken_bytes: 0,
            changes: ChangeList::new(),
        }
    }

    /// Returns the bytes of memory that they take.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.cursors.capacity() * size_of::<RetainedCursor>() + self.overtaken_bytes
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.cursors.is_empty()
    }

    /// Returns the place of the next cursor, round robin.
    pub(crate) const fn next(&self) -> usize {
        self.next
    }

    pub(crate) const fn set_next(&mut self, place: usize) {
        self.next = place;
    }

    /// True if the next message of QoS 1 or 2 is a cursor's, and not the queue's.
    pub(crate) const fn is_cursor_next(&self) -> bool {
        self.is_next
    }

    /// Notes that the queue was served last.
    pub(crate) const fn note_queue_served(&mut self) {
        self.is_next = !self.is_empty();
    }

    /// Notes that a cursor was served last.
    pub(crate) const fn note_cursor_served(&mut self) {
        self.is_next = false;
    }

    /// Returns how many of the deliveries ever enqueued go before the messages of the cursors.
    pub(crate) const fn older(&self) -> u64 {
        self.older
    }

    pub(crate) const fn set_older(&mut self, enqueued: u64) {
        self.older = enqueued;
    }

    /// Returns the cursor, unless it has come to its end.
    pub(crate) fn get(&self, id: CursorId) -> Option<&RetainedCursor> {
        self.cursors.get(self.place(id).ok()?)
    }

    /// Adds a cursor that begins before all topics.
    pub(crate) fn begin(&mut self, filter: TopicFilter, qos: QoS) -> CursorId {
        self.last_id = self.last_id.next();
        let id = self.last_id;
        self.cursors.push(RetainedCursor::new(id, filter, qos, None));
        id
    }

    /// Adds a cursor that was stored.
    pub(crate) fn restore(&mut self, id: CursorId, filter: TopicFilter, qos: QoS, after: Option<TopicName>) {
        self.last_id = self.last_id.max(id);
        if let Err(place) = self.place(id) {
            self.overtaken_bytes += after.as_ref().map_or(0, text_bytes);
            self.cursors.insert(place, RetainedCursor::new(id, filter, qos, after));
        }
    }

    /// Adds a stored overtaken topic, unless the cursor has passed it or has ended since.
    pub(crate) fn restore_overtaken(&mut self, id: CursorId, topic: &TopicName) {
        self.last_id = self.last_id.max(id);
        self.overtake(id, topic);
        if !self.get(id).is_some_and(|cursor| cursor.is_overtaken(topic.as_str())) {
            self.changes.note(|| (id, topic.clone()));
        }
    }

    pub(crate) fn end(&mut self, id: CursorId) {
        if let Ok(place) = self.place(id) {
            let ended = self.cursors.remove(place);
            self.overtaken_bytes -= ended.overtaken.table_bytes() + ended.after.as_ref().map_or(0, text_bytes);
            for topic in ended.overtaken.iter() {
                self.overtaken_bytes -= text_bytes(topic);
                self.changes.note(|| (id, topic.clone()));
            }
        }
    }

    /// Returns the cursor at this place, from 0 on.
    pub(crate) fn at(&self, place: usize) -> Option<&RetainedCursor> {
        self.cursors.get(place)
    }

    /// Changes the maximum QoS of a cursor's subscription.
    pub(crate) fn set_qos(&mut self, id: CursorId, qos: QoS) {
        if let Ok(place) = self.place(id) {
            self.cursors[place].qos = qos;
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.cursors.len()
    }

    /// Moves a cursor behind this topic. The overtaken topics up to there are not needed any more.
    pub(crate) fn pass(&mut self, id: CursorId, topic: TopicName) {
        let Ok(place) = self.place(id) else { return };
        let cursor = &mut self.cursors[place];
        self.overtaken_bytes -= cursor.overtaken.table_bytes();
        while let Some(first) = cursor.overtaken.first().filter(|first| **first <= topic).cloned() {
            cursor.overtaken.remove(first.as_str());
            self.overtaken_bytes -= text_bytes(&first);
            self.changes.note(|| (id, first));
        }
        self.overtaken_bytes += cursor.overtaken.table_bytes() + text_bytes(&topic);
        self.overtaken_bytes -= cursor.after.replace(topic).as_ref().map_or(0, text_bytes);
    }

    /// Notes a live message that overtakes the cursor. The cursor then skips the topic.
    pub(crate) fn overtake(&mut self, id: CursorId, topic: &TopicName) {
        let Ok(place) = self.place(id) else { return };
        let cursor = &mut self.cursors[place];
        if cursor.is_before(topic.as_str()) && !cursor.is_overtaken(topic.as_str()) {
            self.overtaken_bytes -= cursor.overtaken.table_bytes();
            self.overtaken_bytes += text_bytes(topic);
            cursor.overtaken.insert::<str>(topic.clone());
            self.overtaken_bytes += cursor.overtaken.table_bytes();
            self.changes.note(|| (id, topic.clone()));
        }
    }

    /// Leaves the topic to the cursor again. True if the topic is still ahead of it.
    pub(crate) fn give_back(&mut self, id: CursorId, topic: &str) -> bool {
        let Ok(place) = self.place(id) else { return false };
        let cursor = &mut self.cursors[place];
        let table_bytes = cursor.overtaken.table_bytes();
        if let Some(topic) = cursor.overtaken.remove(topic) {
            self.overtaken_bytes -= text_bytes(&topic) + table_bytes;
            self.overtaken_bytes += cursor.overtaken.table_bytes();
            self.changes.note(|| (id, topic));
        }
        cursor.is_before(topic)
    }

    /// Begins to note changes for a store, and notes all present topics as changed.
    pub(crate) fn begin_noting(&mut self) {
        self.changes.begin();
        for cursor in &self.cursors {
            cursor.overtaken.iter().for_each(|topic| self.changes.note(|| (cursor.id, topic.clone())));
        }
    }

    /// Returns the overtaken topics that were added or removed, once or more.
    pub(crate) fn take_changes(&mut self) -> Vec<(CursorId, TopicName)> {
        self.changes.take()
    }

    fn place(&self, id: CursorId) -> Result<usize, usize> {
        self.cursors.binary_search_by_key(&id, RetainedCursor::id)
    }
}

/// Bytes of memory of the text of a topic that was overtaken or passed. A short one is mostly that
/// of the retained message. A long one counts for each cursor, since it may stay when the message
/// is gone.
fn text_bytes(topic: &TopicName) -> usize {
    const SHORT_BYTES: usize = 64;
    if topic.as_str().len() <= SHORT_BYTES { 0 } else { shared_text(topic.as_str()) }
}
