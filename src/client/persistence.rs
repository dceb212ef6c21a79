//! Persistence: batches of what changed in the session, and the packets that wait for them.
//!
//! A packet leaves once the batch with its state is durable (group commit). PUBLISH waits for its
//! message and identifier, and PUBREC for the identifier that was received. PUBREL waits for the
//! note that PUBREC came, and PUBCOMP for the release. A client that is restored at any moment thus
//! goes on with what its packets have promised.

use alloc::vec::Vec;

use super::parts::HAS_STORE;
use super::records::{FORMAT, Key, Step, write_message, write_sent};
use super::{Client, Core, Next};
use crate::collections::by_id::Index;
use crate::session::Changes;
use crate::store::{Batch, BatchId};
use crate::time::Time;

/// The record of the client's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IdentityRecord {
    /// The store has none, nor one of its format.
    None,
    /// It is to be written again.
    Changed,
    Stored,
}

/// The store of a client, as far as the client knows it.
#[derive(Debug)]
pub(super) struct Persistence {
    /// The batch that is made, or was handed out last.
    pub(super) batch: Batch,
    pub(super) last: BatchId,
    /// The batch waits for `poll_output`.
    is_made: bool,
    /// A batch is being written, the last one of them.
    is_writing: bool,
    identity: IdentityRecord,
    /// The store has failed, or the client has ended: no batch follows.
    is_over: bool,
    /// Packets that wait for the batches that were made.
    held: Vec<u8>,
}

impl Persistence {
    pub(super) fn new(batch: Batch, is_new: bool) -> Self {
        Self {
            is_made: !batch.is_empty(),
            batch,
            last: BatchId::ZERO,
            is_writing: false,
            identity: if is_new { IdentityRecord::None } else { IdentityRecord::Stored },
            is_over: false,
            held: Vec::new(),
        }
    }

    /// Adds a change to the batch.
    fn change(&mut self, key: Key, value: Option<&[u8]>) {
        let mut bytes = Vec::new();
        key.write(&mut bytes);
        self.batch.append(&bytes, value);
    }

    /// The client identifier has changed, or a broker has accepted it.
    pub(super) fn note_identity(&mut self) {
        if self.identity == IdentityRecord::Stored {
            self.identity = IdentityRecord::Changed;
        }
    }

    /// The connection is gone, and what was to be sent on it.
    pub(super) fn drop_held(&mut self) {
        self.held.clear();
    }
}

impl Client {
    /// Notes that the batch is durable. Packets that waited for it leave. A batch that is not the
    /// last one of those that are out is ignored: the later one comes after it.
    pub fn handle_stored(&mut self, batch: BatchId, now: Time) {
        self.core.now = now;
        if let Some(store) = &mut self.core.store
            && store.last == batch
        {
            store.is_writing = false;
        }
    }

    /// Notes that a batch could not be written. The client goes on without a store, in memory.
    ///
    /// One more [`Output::Store`](super::Output::Store) follows, which marks the records as void. A
    /// client that is restored from them would send again what is over by then. The host tries to
    /// write it, and reports no result.
    pub fn handle_store_failed(&mut self, now: Time) {
        self.core.now = now;
        let Core { store: Some(store), session, outgoing, .. } = &mut self.core else { return };
        if core::mem::replace(&mut store.is_over, true) {
            return;
        }
        session.end_noting_deliveries();
        session.end_noting_received();
        store.held.append(outgoing);
        store.is_writing = false;
        store.batch.clear();
        store.change(Key::Identity, None);
        store.is_made = true;
    }

    /// Makes a batch of what has changed, although another may be under way: the host's page may be
    /// gone in a moment. The host writes batches in their order.
    pub fn save(&mut self, now: Time) {
        self.core.now = now;
        self.core.make_batch();
    }

    /// True if all changes are durable, or there is no store.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let core = &self.core;
        core.store.as_ref().is_none_or(|store| store.is_over || !(store.is_made || store.is_writing))
            && !core.has_changes()
    }
}

impl Core {
    /// Returns the store.
    pub(super) fn store(&self) -> Option<&Persistence> {
        if HAS_STORE { self.store.as_deref() } else { None }
    }

    /// Returns the store, to change what is known of it.
    pub(super) fn store_mut(&mut self) -> Option<&mut Persistence> {
        if HAS_STORE { self.store.as_deref_mut() } else { None }
    }

    /// Returns the next output that the store is behind. `Err`: there is none, and no packet may
    /// leave.
    pub(super) fn next_of_store(&mut self, sending: &mut Vec<u8>) -> Result<Option<Next>, ()> {
        let Some(store) = self.store() else { return Ok(None) };
        if !store.is_made && !store.is_writing && store.held.is_empty() {
            self.make_batch();
        }
        let Some(store) = &mut self.store else { return Ok(None) };
        if core::mem::take(&mut store.is_made) {
            store.is_writing = !store.is_over;
            store.last = store.last.next();
            return Ok(Some(Next::Store));
        }
        if store.is_writing {
            return if store.held.is_empty() && self.outgoing.is_empty() { Ok(None) } else { Err(()) };
        }
        if store.held.is_empty() {
            return Ok(None);
        }
        sending.clear();
        core::mem::swap(&mut store.held, sending);
        Ok(Some(Next::Held))
    }

    /// Makes a batch of all changes, and lets the packets wait for it.
    fn make_batch(&mut self) {
        if !self.has_changes() {
            return;
        }
        let Some(mut store) = self.store.take() else { return };
        // A batch that still waits for `poll_output` gets the changes too.
        if !store.is_made {
            store.batch.clear();
        }
        let identity = core::mem::replace(&mut store.identity, IdentityRecord::Stored);
        if identity == IdentityRecord::None {
            store.change(Key::Format, Some(FORMAT));
        }
        if identity != IdentityRecord::Stored {
            let mut identity = Vec::from([self.has_session.into()]);
            identity.extend_from_slice(self.options.client_id.as_bytes());
            store.change(Key::Identity, Some(&identity));
        }
        let changes = self.session.take_delivery_changes();
        self.write_deliveries(&changes, &mut store);
        self.write_received(&mut store);
        store.held.append(&mut self.outgoing);
        store.is_made = true;
        self.store = Some(store);
    }

    fn has_changes(&self) -> bool {
        self.store().is_some_and(|store| {
            !store.is_over && (store.identity != IdentityRecord::Stored || self.session.has_changes())
        })
    }

    fn write_deliveries(&self, changes: &Changes<super::RequestId>, store: &mut Persistence) {
        let mut value = Vec::new();
        for delivery in &changes.queued {
            value.clear();
            write_message(&delivery.message, &mut value);
            store.change(Key::Message(delivery.tag.number()), Some(&value));
        }
        // Some of them may have come since the last batch too.
        for tag in &changes.over {
            store.change(Key::Message(tag.number()), None);
        }
        for packet_id in changes.sent.ids() {
            value.clear();
            let stands = self.session.stands(packet_id);
            if let Some((order, stands)) = stands {
                write_sent(order, Step::from(stands), &mut value);
            }
            store.change(Key::Sent(packet_id), stands.is_some().then_some(&*value));
        }
    }

    /// Writes the identifiers of received messages. One that waits for the application's
    /// acknowledgement has no record: after a crash the message comes again.
    fn write_received(&mut self, store: &mut Persistence) {
        let mut changed = Index::new();
        for packet_id in self.session.take_received_changes() {
            changed.insert(packet_id);
        }
        for packet_id in changed.ids() {
            let is_kept = self.session.has_received(packet_id) && !self.held_acks.is_unanswered(packet_id);
            store.change(Key::Received(packet_id), is_kept.then_some(&[]));
        }
    }

    /// The client ends: the last batch is made, and what follows changes no record. The session
    /// goes on with the next client of the store.
    pub(super) fn end_storing(&mut self) {
        self.make_batch();
        self.session.end_noting_deliveries();
        self.session.end_noting_received();
    }
}
