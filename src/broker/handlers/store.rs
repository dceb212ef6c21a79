//! The hold: what was made while the store was not written waits for it; and so does, at a bound, what comes in.

use crate::broker::Broker;
use crate::broker::auth::open_questions::Questions;
use crate::broker::cause::{DisconnectCause, RejectCause};
use crate::broker::connection::deadlines::Deadlines;
use crate::broker::connection::flow::Flow;
use crate::broker::connection::peer::Connection;
use crate::broker::event::Event;
use crate::broker::ids::PeerId;
use crate::broker::store::held::{Frame, HeldOutput, Stage};
use crate::broker::store::{BatchId, State};
use crate::codec::Decoder;
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
    }

    /// Looks at a peer that was not looked at while the store was behind, if it no longer is; says whether there was one.
    ///
    /// Once what had come before is on its way to the store: else all that waits would be handled at one go, and go into the
    /// same batch and the same queues.
    pub(crate) fn wake(&mut self) -> bool {
        if self.store.as_ref().is_none_or(|store| store.is_behind(&self.options)) {
            return false;
        }
        let Some(id) = self.held.stalled.pop_front() else { return false };
        if let Some(peer) = self.peers.get_mut(id) {
            peer.is_stalled = false;
            self.receive_again(id, self.now);
        }
        true
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
            let Some(peer) = self.peers.get_mut(id) else { continue };
            peer.transmit.clear();
            peer.decoder = Decoder::new(0);
            let former = core::mem::replace(&mut peer.connection, Connection::Closing);
            self.outbox.enlist(peer);
            match former {
                Connection::AwaitConnect | Connection::Authenticating(_) => {
                    self.events.event(|| Event::Rejected { peer: id, cause: RejectCause::StoreFailed });
                }
                Connection::Connected(connected) => {
                    if let Some(client) = self.clients.get(connected.client) {
                        let client_id = client.id.clone();
                        let cause = DisconnectCause::StoreFailed;
                        self.events.event(|| Event::Disconnected { peer: id, client_id, cause });
                    }
                }
                Connection::Closing => {}
            }
        }
    }

    /// Whether the store has everything: true too without a store, and false for ever once it has failed. A host that ends
    /// waits for it.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let is_idle = self.store.as_ref().is_none_or(|store| store.state == State::Idle);
        is_idle && !self.clients.has_changed() && !self.retained.has_changed()
    }

    /// Whether the peer is not to be looked at until the store has caught up; if so, it will be then.
    pub(crate) fn must_wait_for_store(&mut self, id: PeerId) -> bool {
        let is_behind = self.store.as_ref().is_some_and(|store| store.is_behind(&self.options));
        if is_behind
            && let Some(peer) = self.peers.get_mut(id)
            && !core::mem::replace(&mut peer.is_stalled, true)
        {
            self.held.stalled.push_back(id);
        }
        is_behind
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

    /// What comes next, behind the events.
    #[inline]
    pub(crate) fn stage(&mut self) -> Stage {
        if self.store.is_none() { Stage::Live } else { self.stage_with_store() }
    }

    fn stage_with_store(&mut self) -> Stage {
        let Self { store: Some(store), held, clients, groups, retained, peers, outbox, .. } = self else {
            return Stage::Live;
        };
        match store.state {
            State::Writing(_) => return Stage::Wait,
            State::Failed => return Stage::Live,
            State::Idle => {}
        }
        while let Some(frame) = held.frames.front_mut() {
            let id = frame.peer;
            if let Some(peer) = peers.get_mut(id) {
                if !frame.bytes.is_empty() && peer.flow != Flow::Gone {
                    peer.count_frame(frame.bytes.len());
                    outbox.set_frame(core::mem::take(&mut frame.bytes));
                    return Stage::Transmit(id);
                }
                if frame.is_last {
                    let is_gone = peer.flow == Flow::Gone;
                    held.frames.pop_front();
                    peers.remove(id);
                    if is_gone {
                        continue;
                    }
                    return Stage::Close(id);
                }
            }
            held.frames.pop_front();
        }
        let Some(batch) = store.make_batch(clients, groups, retained) else { return Stage::Live };
        // Those that have more, or ran over, stay in line for it.
        for id in outbox.take_line() {
            let Some(peer) = peers.get_mut(id) else { continue };
            peer.in_line = false;
            let is_last = matches!(peer.connection, Connection::Closing);
            held.frames.push_back(Frame { peer: id, bytes: core::mem::take(&mut peer.transmit), is_last });
            if peer.has_more || peer.ran_over {
                outbox.enlist(peer);
            }
        }
        Stage::Store(batch)
    }
}
