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

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::clients::subscription::Subscription;
use crate::broker::ids::CursorId;
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
    changes: ChangeList<OvertakenChange>,
}

/// A change of the topics where live messages overtook a cursor.
#[derive(Clone, Debug)]
pub(crate) struct OvertakenChange {
    pub(crate) cursor: CursorId,
    /// The short form of the topic.
    pub(crate) topic: Arc<str>,
    pub(crate) kind: OvertakenKind,
}

/// Kind of a change of the topics where live messages overtook a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OvertakenKind {
    Overtaken,
    /// The topic is left to the cursor again.
    GivenBack,
    /// The cursor has passed the topic, or has ended.
    Passed,
}

/// The cursor of one subscription.
#[derive(Debug)]
pub(crate) struct RetainedCursor {
    id: CursorId,
    pub(crate) filter: TopicFilter,
    /// Its subscription. It is kept here too, since filters may be long, and a search compares
    /// them.
    subscription: Subscription,
    /// The last topic that it passed.
    after: Option<TopicName>,
    /// Topics ahead of it that a live message overtook, in their short form. A long one whose
    /// message is gone may stay until the cursor ends.
    overtaken: SortedList<Arc<str>>,
}

impl RetainedCursor {
    fn new(id: CursorId, filter: TopicFilter, subscription: Subscription, after: Option<TopicName>) -> Self {
        Self { id, filter, subscription, after, overtaken: SortedList::new() }
    }

    pub(crate) const fn id(&self) -> CursorId {
        self.id
    }

    pub(crate) const fn subscription(&self) -> Subscription {
        self.subscription
    }

    /// Returns the last topic that it passed.
    pub(crate) const fn after(&self) -> Option<&TopicName> {
        self.after.as_ref()
    }

    /// True if the topic is still ahead of it.
    pub(crate) fn is_before(&self, topic: &str) -> bool {
        self.after.as_ref().is_none_or(|after| after.as_str() < topic)
    }

    /// True if a live message overtook it at the topic of this short form.
    pub(crate) fn is_overtaken(&self, short: &str) -> bool {
        self.overtaken.find(short).is_some()
    }

    /// True if a live message overtook it at any topic.
    pub(crate) fn has_overtaken(&self) -> bool {
        self.overtaken.first().is_some()
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
    pub(crate) fn begin(&mut self, filter: TopicFilter, subscription: Subscription) -> CursorId {
        self.last_id = self.last_id.next();
        let id = self.last_id;
        self.cursors.push(RetainedCursor::new(id, filter, subscription, None));
        id
    }

    /// Adds a cursor that was stored.
    pub(crate) fn restore(
        &mut self,
        id: CursorId,
        filter: TopicFilter,
        subscription: Subscription,
        after: Option<TopicName>,
    ) {
        self.last_id = self.last_id.max(id);
        if let Err(place) = self.place(id) {
            self.overtaken_bytes += after.as_ref().map_or(0, |after| text_bytes(after.text()));
            self.cursors.insert(place, RetainedCursor::new(id, filter, subscription, after));
        }
    }

    /// Adds a stored overtaken topic with its short form, unless the cursor has passed it or has
    /// ended since.
    pub(crate) fn restore_overtaken(&mut self, id: CursorId, topic: &str, short: &Arc<str>) {
        self.last_id = self.last_id.max(id);
        if self.get(id).is_some_and(|cursor| cursor.is_before(topic)) {
            self.overtake(id, short);
        } else {
            self.note(id, short, OvertakenKind::Passed);
        }
    }

    pub(crate) fn end(&mut self, id: CursorId) {
        if let Ok(place) = self.place(id) {
            let ended = self.cursors.remove(place);
            let after_bytes = ended.after.as_ref().map_or(0, |after| text_bytes(after.text()));
            self.overtaken_bytes -= ended.overtaken.table_bytes() + after_bytes;
            for topic in ended.overtaken.iter() {
                self.overtaken_bytes -= text_bytes(topic);
                self.note(id, topic, OvertakenKind::Passed);
            }
        }
    }

    /// Returns the cursor at this place, from 0 on.
    pub(crate) fn at(&self, place: usize) -> Option<&RetainedCursor> {
        self.cursors.get(place)
    }

    /// Changes the options of a cursor's subscription.
    pub(crate) fn set_subscription(&mut self, id: CursorId, subscription: Subscription) {
        if let Ok(place) = self.place(id) {
            self.cursors[place].subscription = subscription;
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.cursors.len()
    }

    /// Moves a cursor behind this topic. The overtaken topics up to there are not needed any more;
    /// [`forget`](Self::forget) removes the long ones.
    pub(crate) fn pass(&mut self, id: CursorId, topic: TopicName) {
        let Ok(place) = self.place(id) else { return };
        loop {
            let first = self.cursors[place].overtaken.from(FIRST_SHORT).next();
            let Some(first) = first.filter(|first| ***first <= *topic.as_str()).cloned() else { break };
            self.forget(id, &first);
        }
        self.overtaken_bytes += text_bytes(topic.text());
        let former = self.cursors[place].after.replace(topic);
        self.overtaken_bytes -= former.as_ref().map_or(0, |former| text_bytes(former.text()));
    }

    /// Notes that the cursor passes a topic of this short form.
    pub(crate) fn forget(&mut self, id: CursorId, short: &str) {
        self.remove_overtaken(id, short, OvertakenKind::Passed);
    }

    /// Notes a live message that overtakes the cursor at a topic, of this short form, that is ahead
    /// of it. The cursor then skips the topic.
    pub(crate) fn overtake(&mut self, id: CursorId, short: &Arc<str>) {
        let Ok(place) = self.place(id) else { return };
        let cursor = &mut self.cursors[place];
        if !cursor.is_overtaken(short) {
            self.overtaken_bytes -= cursor.overtaken.table_bytes();
            self.overtaken_bytes += text_bytes(short);
            cursor.overtaken.insert::<str>(Arc::clone(short));
            self.overtaken_bytes += cursor.overtaken.table_bytes();
            self.note(id, short, OvertakenKind::Overtaken);
        }
    }

    /// Leaves a topic of this short form to the cursor again.
    pub(crate) fn give_back(&mut self, id: CursorId, short: &str) {
        self.remove_overtaken(id, short, OvertakenKind::GivenBack);
    }

    fn remove_overtaken(&mut self, id: CursorId, short: &str, kind: OvertakenKind) {
        let Ok(place) = self.place(id) else { return };
        let overtaken = &mut self.cursors[place].overtaken;
        let table_bytes = overtaken.table_bytes();
        if let Some(topic) = overtaken.remove(short) {
            self.overtaken_bytes -= text_bytes(&topic) + table_bytes;
            self.overtaken_bytes += overtaken.table_bytes();
            self.note(id, &topic, kind);
        }
    }

    fn note(&mut self, cursor: CursorId, topic: &Arc<str>, kind: OvertakenKind) {
        self.changes.note(|| OvertakenChange { cursor, topic: Arc::clone(topic), kind });
    }

    /// Begins to note changes for a store, and notes all present topics as changed.
    pub(crate) fn begin_noting(&mut self) {
        self.changes.begin();
        for cursor in &self.cursors {
            for topic in cursor.overtaken.iter() {
                let (topic, kind) = (Arc::clone(topic), OvertakenKind::Overtaken);
                self.changes.note(|| OvertakenChange { cursor: cursor.id, topic, kind });
            }
        }
    }

    /// Returns the overtaken topics that were added or removed, in order.
    pub(crate) fn take_changes(&mut self) -> Vec<OvertakenChange> {
        self.changes.take()
    }

    fn place(&self, id: CursorId) -> Result<usize, usize> {
        self.cursors.binary_search_by_key(&id, RetainedCursor::id)
    }
}

/// The first text of a topic, behind all digests.
const FIRST_SHORT: &str = "\u{1}";

/// Bytes of memory of the text of a topic that was overtaken or passed. A short one and a digest
/// are mostly those of the retained message. A long one counts for each cursor, since it may stay
/// when the message is gone.
fn text_bytes(topic: &str) -> usize {
    const SHORT_BYTES: usize = 64;
    if topic.len() <= SHORT_BYTES { 0 } else { shared_text(topic) }
}
