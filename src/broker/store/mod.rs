//! Durable state of the broker: the image of the store's records, and the batches that update it.
//!
//! The host writes changes in batches (group commit). Output that was made for a batch is held
//! until the batch is written, so an acknowledgement never leaves before its message is durable.
//! One batch is out at a time; later changes go into the next. A slow store thus writes fewer,
//! larger batches.
//!
//! Handlers write no records. Before output is handed out, the touched clients and topics are
//! compared with their stored images, and the differences make the batch. So no change is missed,
//! and a change that was undone in between costs nothing.
//!
//! The store keeps retained messages, and sessions that outlive their connection, with their
//! session state (MQTT 5.0 §4.1). For a session that ends with its connection, it keeps the will:
//! after a restart that connection is gone, and its will due [MQTT-3.1.2-8].

pub(crate) mod clock;
pub(crate) mod held;
pub(crate) mod key;
pub(crate) mod messages;
pub(crate) mod record;
pub(crate) mod record_writer;
pub(crate) mod restore;
pub(crate) mod stored_queue;
pub(crate) mod stored_session;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::borrow::Borrow;

use clock::TimeOfDay;
use key::Key;
use messages::{MessageKey, Messages};
use record::FORMAT;
use record_writer::RecordWriter;
pub(crate) use stored_session::{StoredSession, StoredSessions};

use crate::broker::budget::Budget;
use crate::broker::clients::shared_groups::Groups;
use crate::broker::clients::{ClientState, Clients};
use crate::broker::ids::ClientKey;
use crate::broker::options::BrokerOptions;
use crate::broker::retained::Retained;
use crate::collections::sorted_list::SortedList;
use crate::store::{Batch, BatchId};
use crate::topic::TopicName;

/// Cost of a changed session or retained message in a batch, in steps.
const CHANGE_STEPS: usize = 16;

/// Image of the store's records, and the batch on its way there.
#[derive(Debug)]
pub(crate) struct Store {
    state: State,
    /// The batch that was handed out last, or is being made.
    batch: Batch,
    /// True if changes are in it that were not handed out.
    is_begun: bool,
    last_batch: BatchId,
    /// The store has no record of its format yet.
    is_new: bool,
    pub(crate) last_session: u64,
    pub(crate) sessions: StoredSessions,
    pub(crate) messages: Messages,
    pub(crate) retained: SortedList<StoredTopic>,
    pub(crate) time_of_day: TimeOfDay,
    /// Restored records of a session and a digest that belong to nothing.
    pub(crate) unknown: Vec<(u64, Box<str>)>,
    /// Work done since the batch was handed out.
    since: Load,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The store has written every batch.
    Idle,
    /// The batch is made, and waits for `poll_output`.
    Made(BatchId),
    Writing(BatchId),
    Failed,
}

/// An amount of handled work.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    messages: usize,
    bytes: usize,
}

/// Stored image of a topic's retained message.
#[derive(Debug)]
pub(crate) struct StoredTopic {
    pub(crate) topic: TopicName,
    pub(crate) message: MessageKey,
}

impl Borrow<str> for StoredTopic {
    fn borrow(&self) -> &str {
        self.topic.as_str()
    }
}

impl Store {
    pub(crate) fn new(is_new: bool) -> Self {
        Self {
            state: State::Idle,
            batch: Batch::default(),
            is_begun: false,
            last_batch: BatchId::ZERO,
            is_new,
            last_session: 0,
            sessions: StoredSessions::default(),
            messages: Messages::new(),
            retained: SortedList::new(),
            time_of_day: TimeOfDay::default(),
            unknown: Vec::new(),
            since: Load::default(),
        }
    }

    /// Returns the bytes of memory that it takes. The messages are charged by themselves.
    pub(crate) fn held_bytes(&self) -> usize {
        self.batch.held_bytes() + self.sessions.held_bytes() + self.messages.table_bytes() + self.retained.table_bytes()
    }

    pub(crate) const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// True if every batch is written.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state == State::Failed
    }

    /// Notes that nothing is written any more.
    pub(crate) const fn fail(&mut self) {
        self.state = State::Failed;
    }

    /// Notes that the batch is written; true if it was out.
    pub(crate) fn note_written(&mut self, batch: BatchId) -> bool {
        let was_out = self.state == State::Writing(batch);
        if was_out {
            self.state = State::Idle;
        }
        was_out
    }

    /// Counts a handled packet of so many bytes.
    pub(crate) const fn count_input(&mut self, bytes: usize) {
        self.since.bytes += bytes;
    }

    /// Counts a distributed message that sessions keep.
    pub(crate) const fn count_message(&mut self) {
        self.since.messages += 1;
    }

    /// True if output leaves at once, since no batch is out.
    pub(crate) const fn takes_output(&self) -> bool {
        match self.state {
            State::Idle | State::Failed => true,
            State::Made(_) | State::Writing(_) => false,
        }
    }

    /// Takes the batch that was made, to be handed out.
    pub(crate) fn take_made(&mut self) -> Option<BatchId> {
        let State::Made(batch) = self.state else { return None };
        self.state = State::Writing(batch);
        Some(batch)
    }

    /// True if so much was handled since the batch was handed out that input has to wait for the
    /// store.
    ///
    /// The limit is half of a client's queue, since two such loads can wait in it: that of the
    /// written batch, and the next. So a slow store slows down the publishers, by
    /// `handlers/backpressure.rs`, and overflows no queue.
    pub(crate) fn is_behind(&self, options: &BrokerOptions) -> bool {
        let Load { messages, bytes } = self.since;
        let is_much = messages >= (options.queue_messages / 2).max(1) || bytes >= options.store_bytes_max.max(1);
        is_much && !self.has_failed()
    }

    /// Makes a batch of all changes since the last. `None` if nothing has changed.
    pub(crate) fn make_batch(
        &mut self,
        clients: &mut Clients,
        groups: &Groups,
        retained: &mut Retained,
        budget: &mut Budget,
    ) -> Option<BatchId> {
        let mut changes = 0;
        self.begin_batch();
        self.is_begun = false;
        // Ended sessions come first, since their keys may be in use again.
        for (key, subscriptions) in clients.take_ended() {
            if let Some(mut stored) = self.sessions.take(key) {
                stored.remove(&subscriptions, &mut self.writer(groups));
            }
        }
        for key in clients.take_touched() {
            if let Some(client) = clients.get_for_store(key) {
                self.sync_session(key, client, groups);
                changes += 1;
            }
        }
        for topic in retained.take_changed() {
            self.sync_retained(topic, retained);
            changes += 1;
        }
        budget.note_batch(CHANGE_STEPS * changes);
        self.messages.remove_unreferenced(&mut self.batch);
        self.messages.write_shifted(&mut self.batch);
        for (session, digest) in self.unknown.drain(..) {
            self.batch.remove(Key::Overtaken(session, &digest));
        }
        if let Some(ahead) = self.time_of_day.take_changed() {
            self.batch.put(Key::Clock, |out| out.extend_from_slice(&ahead.to_bytes()));
        }
        self.since = Load::default();
        if self.batch.is_empty() {
            return None;
        }
        if core::mem::take(&mut self.is_new) {
            self.batch.put(Key::Format, |out| out.extend_from_slice(&FORMAT));
        }
        self.last_batch = self.last_batch.next();
        self.state = State::Made(self.last_batch);
        Some(self.last_batch)
    }

    /// Begins the next batch, if it has not begun. The last one was handed out.
    pub(crate) fn begin_batch(&mut self) {
        if !core::mem::replace(&mut self.is_begun, true) {
            self.batch.clear();
        }
    }

    /// Puts the changes of a session into the batch.
    pub(crate) fn sync_session(&mut self, key: ClientKey, client: &mut ClientState, groups: &Groups) {
        let stored = self.sessions.take(key).or_else(|| {
            (client.expiry_interval > 0 || client.will.is_some()).then(|| {
                self.last_session += 1;
                Box::new(StoredSession::new(self.last_session))
            })
        });
        if let Some(mut stored) = stored {
            stored.sync(client, &mut self.writer(groups));
            self.sessions.put(key, stored);
        }
    }

    /// Puts the change of a topic's retained message into the batch.
    pub(crate) fn sync_retained(&mut self, topic: TopicName, retained: &Retained) {
        let entry = retained.get(topic.as_str());
        let stored = self.retained.find(topic.as_str()).map(|stored| stored.message);
        if let (Some(stored), Some(entry)) = (stored, entry)
            && self.messages.is(stored, &entry.message)
        {
            return;
        }
        let message =
            entry.and_then(|entry| self.messages.add_reference(&entry.message, entry.arrived, &mut self.batch));
        if let Some(former) = stored {
            self.retained.remove(topic.as_str());
            self.messages.remove_reference(former);
        }
        let key = Key::Retained(topic.as_str());
        match message {
            Some(message) => {
                let number = self.messages.number(message);
                let publisher = entry.and_then(|entry| entry.publisher.as_deref()).unwrap_or_default();
                self.batch.put(key, |out| {
                    out.extend_from_slice(&number.to_be_bytes());
                    out.extend_from_slice(publisher.as_bytes());
                });
                self.retained.insert::<str>(StoredTopic { topic, message });
            }
            None => self.batch.remove(key),
        }
    }

    const fn writer<'a>(&'a mut self, groups: &'a Groups) -> RecordWriter<'a> {
        let Self { batch, messages, .. } = self;
        RecordWriter { batch, messages, groups }
    }
}
