//! Batches of the store. Output waits for the batch that it depends on; input waits once the store
//! is behind.

use crate::broker::Broker;
use crate::broker::auth::open_questions::Questions;
use crate::broker::cause::DisconnectCause;
use crate::broker::connection::deadlines::Deadlines;
use crate::broker::ids::ClientKey;
use crate::broker::tasks::Tasks;
use crate::store::BatchId;
use crate::time::Time;
use crate::topic::TopicName;

impl Broker {
    /// Notes that the batch is durable, and releases the output that waited for it. A batch
    /// that is not out is ignored.
    pub fn handle_stored(&mut self, batch: BatchId, now: Time) {
        self.now = now;
        let Some(store) = &mut self.store else { return };
        if !store.note_written(batch) {
            return;
        }
        self.held.release();
        // The next batch is made first, so that the packets waiting for the store go into the one
        // after it. Otherwise all of them would go into one batch, and the same queues.
        self.begin_batch();
        self.run_deferred(now);
        self.end_input(now);
    }

    /// Notes that a batch could not be written, which ends the broker.
    ///
    /// Output that is not durable is never sent. Every connection is closed without a DISCONNECT,
    /// since one may follow only the output that was held. No further connection is accepted. To go
    /// on, restore another broker from the store.
    pub fn handle_store_failed(&mut self, now: Time) {
        self.now = now;
        let Some(store) = &mut self.store else { return };
        store.fail();
        self.memory.note_buffer_freed(self.held.clear());
        self.deadlines = Deadlines::new();
        self.questions = Questions::new();
        self.tasks = Tasks::default();
        for id in self.peers.ids() {
            if let Some(peer) = self.peers.get_mut(id) {
                peer.output.discard();
                self.outbox.enlist(peer);
            }
            self.close(id, DisconnectCause::StoreFailed, now);
        }
    }

    /// Tells the broker the time of day, in milliseconds since 1970, where its host knows it apart
    /// from `now`. The host's clock may be set while the broker runs, or its monotonic clock may
    /// rest while a laptop sleeps.
    ///
    /// Nothing becomes due by it. The store gets the difference, so that the dates are right after
    /// [`restore`](Self::restore). Differences below a minute do not count.
    pub fn set_time_of_day(&mut self, time_of_day: Time, now: Time) {
        self.now = now;
        if let Some(store) = &mut self.store {
            store.time_of_day.note(time_of_day, now);
        }
    }

    /// True if everything is durable, or there is no store. After a failure it stays false. A host
    /// waits for it before it ends.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let is_idle = self.store.as_ref().is_none_or(|store| store.is_idle() && !store.time_of_day.has_changed());
        is_idle && self.tasks.is_empty() && !self.clients.has_changed() && !self.retained.has_changed()
    }

    /// True if so much was handled since the last batch that the store is to be waited for.
    #[inline]
    pub(crate) fn is_store_behind(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.is_behind(&self.options))
    }

    /// Counts a handled packet of so many bytes.
    #[inline]
    pub(crate) fn note_input(&mut self, bytes: usize) {
        if let Some(store) = &mut self.store {
            store.count_input(bytes);
        }
    }

    /// Counts a distributed message that sessions keep.
    #[inline]
    pub(crate) fn note_message(&mut self) {
        if let Some(store) = &mut self.store {
            store.count_message();
        }
    }

    /// Holds queued output for the store, for which it makes the next batch if there is none.
    /// Returns false if nothing is to be stored, and no released output comes first.
    #[inline]
    pub(crate) fn hold_for_store(&mut self) -> bool {
        self.store.is_some() && (self.held.is_released() || self.is_writing() || self.begin_batch())
    }

    pub(crate) fn is_writing(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.takes_output())
    }

    /// Puts the changes of a session into the batch that is made next.
    pub(crate) fn store_session(&mut self, key: ClientKey) {
        let Self { store: Some(store), clients, groups, .. } = self else { return };
        if let Some(client) = clients.get_for_store(key) {
            store.begin_batch();
            store.sync_session(key, client, groups);
        }
    }

    /// Puts the change of a retained message into the batch that is made next.
    pub(crate) fn store_retained(&mut self, topic: TopicName) {
        if let Some(store) = &mut self.store {
            store.begin_batch();
            store.sync_retained(topic, &self.retained);
        }
    }

    /// Makes the next batch, and holds the output until it is written. False if nothing has
    /// changed.
    fn begin_batch(&mut self) -> bool {
        let Self { store: Some(store), held, clients, groups, retained, peers, outbox, memory, tasks, .. } = self
        else {
            return false;
        };
        if tasks.is_restoring
            || !tasks.is_empty()
            || store.has_failed()
            || store.make_batch(clients, groups, retained, &mut outbox.budget).is_none()
        {
            return false;
        }
        for id in outbox.take_queue() {
            if let Some(peer) = peers.get_mut(id) {
                let bytes = outbox.take_bytes(peer);
                memory.note_buffer_freed(held.hold(id, bytes, peer.connection.is_closing()));
            }
        }
        true
    }
}
