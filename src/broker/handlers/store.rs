//! The store's batches: output waits until what it promises is written, and so does, at a bound, input.

use crate::broker::Broker;
use crate::broker::auth::open_questions::Questions;
use crate::broker::cause::DisconnectCause;
use crate::broker::connection::deadlines::Deadlines;
use crate::broker::store::held::HeldOutput;
use crate::broker::store::{BatchId, State};
use crate::time::Time;

impl Broker {
    /// The batch is durable, and with it all before it: what it promises may leave. Ignored for a batch that is not out.
    pub fn handle_stored(&mut self, batch: BatchId, now: Time) {
        self.now = now;
        let Some(store) = &mut self.store else { return };
        if store.state != State::Writing(batch) {
            return;
        }
        store.state = State::Idle;
        self.held.release();
        // First, so that what waited for the store makes the batch after this one: else all that waits would be handled at
        // one go, and go into the same batch and the same queues.
        self.begin_batch();
        self.run_deferred(now);
        self.end_input(now);
    }

    /// A batch could not be written, and so what the store has is all that there is: the broker is over.
    ///
    /// Nothing leaves that is not stored. Every connection is closed, without a word, since a word may follow only on what
    /// was held; none is accepted any more. To go on, make another broker of what the store holds.
    pub fn handle_store_failed(&mut self, now: Time) {
        self.now = now;
        let Some(store) = &mut self.store else { return };
        store.state = State::Failed;
        self.held = HeldOutput::default();
        self.deadlines = Deadlines::new();
        self.questions = Questions::new();
        for id in self.peers.ids() {
            if let Some(peer) = self.peers.get_mut(id) {
                peer.output.discard();
                self.outbox.enlist(peer);
            }
            self.close(id, DisconnectCause::StoreFailed, now);
        }
    }

    /// Whether the store has everything: true too without a store, and false for ever once it has failed. A host that ends
    /// waits for it.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let is_idle = self.store.as_ref().is_none_or(|store| store.state == State::Idle);
        is_idle && !self.clients.has_changed() && !self.retained.has_changed()
    }

    /// True if so much was handled since the last batch that the store is to be waited for.
    #[inline]
    pub(crate) fn is_store_behind(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.is_behind(&self.options))
    }

    /// A packet was handled, of so many bytes.
    #[inline]
    pub(crate) fn note_input(&mut self, bytes: usize) {
        if let Some(store) = &mut self.store {
            store.since.bytes += bytes;
        }
    }

    /// A message was distributed that is kept for who is not there.
    #[inline]
    pub(crate) fn note_message(&mut self) {
        if let Some(store) = &mut self.store {
            store.since.messages += 1;
        }
    }

    /// True if the output of the peers in line waits for the store, or for what it has released; makes the next batch if
    /// there is none.
    #[inline]
    pub(crate) fn is_held_by_store(&mut self) -> bool {
        self.store.is_some() && (self.held.is_released() || self.is_writing() || self.begin_batch())
    }

    fn is_writing(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.takes_output())
    }

    /// Makes the next batch, and holds what waits for the peers until it is written; false if the store has it all.
    fn begin_batch(&mut self) -> bool {
        let Self { store: Some(store), held, clients, groups, retained, peers, outbox, .. } = self else {
            return false;
        };
        if store.has_failed() || store.make_batch(clients, groups, retained).is_none() {
            return false;
        }
        for id in outbox.take_queue() {
            if let Some(peer) = peers.get_mut(id) {
                let bytes = outbox.take_bytes(peer);
                held.hold(id, bytes, peer.connection.is_closing());
            }
        }
        true
    }
}
