//! Work budget: bounded work per turn, so that one busy peer cannot starve the rest.
//!
//! A turn is one run of the broker between two drains of its outputs. Work beyond the budget is
//! deferred to the next turn: then [`Broker::next_deadline`] is now. So a busy peer is slowed down,
//! and others wait some milliseconds for it. Output is sent before more is made.

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, Fault};
use crate::broker::connection::outbox::First;
use crate::broker::connection::peer_input::Blocked;
use crate::broker::handlers::packet::Sender;
use crate::broker::ids::PeerId;
use crate::broker::output::{Output, Ready};
use crate::broker::store::held::Held;
use crate::codec::{PINGREQ, PINGRESP, Packet};
use crate::time::Time;

/// Deferred peers that are looked at in one step.
const PEERS_IN_STEP: usize = 4;

impl Broker {
    /// Returns the reason that blocks the packets of a peer with this share of the turn. It is the
    /// only place that decides it, except for a packet's own questions.
    #[inline]
    pub(crate) fn blocked_by(&self, share_end: usize) -> Blocked {
        if self.outbox.budget.is_used_up(share_end) || !self.tasks.is_empty() {
            Blocked::Budget
        } else if self.is_store_behind() {
            Blocked::Store
        } else {
            Blocked::Nothing
        }
    }

    /// Blocks the packets of a peer, and puts it into the queue of deferred peers.
    pub(crate) fn defer(&mut self, id: PeerId, blocked: Blocked) {
        if let Some(peer) = self.peers.get_mut(id)
            && !peer.connection.is_closing()
        {
            peer.input.set_blocked(blocked);
            self.deferred.push_back(id);
        }
    }

    /// Handles the packets of deferred peers round robin, until the budget is used up or the store
    /// is behind.
    pub(crate) fn run_deferred(&mut self, now: Time) {
        self.run_tasks(now);
        while !self.outbox.is_spent()
            && self.tasks.is_empty()
            && !self.is_store_behind()
            && let Some(id) = self.deferred.pop_front()
        {
            let Some(peer) = self.peers.get_mut(id) else { continue };
            peer.input.set_blocked(Blocked::Nothing);
            // The keep alive begins anew, since packets of the meantime were not handled.
            if let Some(connected) = peer.connection.connected_mut() {
                connected.last_packet = now;
            }
            self.receive(id, now);
        }
    }

    /// Answers the deferred peers whose next packet is PINGREQ, before others take the budget.
    fn answer_deferred_pings(&mut self, now: Time) {
        self.outbox.note_work(self.deferred.len() / PEERS_IN_STEP, 0);
        for _ in 0..self.deferred.len() {
            let Some(id) = self.deferred.pop_front() else { return };
            let Some(peer) = self.peers.get_mut(id) else { continue };
            if self.outbox.budget.allows_ping() && peer.input.begins_with(&PINGREQ) {
                peer.input.set_blocked(Blocked::Nothing);
                self.receive(id, now);
            } else {
                self.deferred.push_back(id);
            }
        }
    }

    /// True if the next packet is a PINGREQ that is answered although others wait. Its answer
    /// changes nothing, and costs little.
    pub(crate) fn may_answer_ping(&self, id: PeerId, unread: &[u8]) -> bool {
        let peer = self.peers.get(id);
        unread.starts_with(&PINGREQ)
            && self.outbox.budget.allows_ping()
            && peer.is_some_and(|peer| peer.connection.connected().is_some())
    }

    /// Answers PINGREQ [MQTT-3.12.4-1]. While tasks go on, the store holds other output, on which
    /// this answer does not depend.
    pub(crate) fn on_pingreq(&mut self, sender: Sender) -> Result<(), Fault> {
        if self.store.is_none() || self.tasks.is_empty() {
            return self.send(sender, &Packet::Pingresp);
        }
        self.events.counters.sent.count(&PINGRESP);
        self.pongs.push_back(sender.peer);
        Ok(())
    }

    /// Begins a turn with the work that the last one left.
    pub(crate) fn begin_turn(&mut self, now: Time) {
        for id in self.outbox.take_next_turn() {
            if let Some(peer) = self.peers.get_mut(id) {
                self.outbox.resume(peer);
            }
        }
        self.answer_deferred_pings(now);
        self.run_deferred(now);
    }

    /// Ends an input: disconnects the peers whose queue overflowed in it.
    pub(crate) fn end_input(&mut self, now: Time) {
        while !self.outbox.is_spent()
            && let Some(id) = self.outbox.pop_overflowed()
        {
            self.close(id, DisconnectCause::QueueFull, now);
        }
        if self.note_input_memory() {
            self.settle_tables();
            self.relieve(now);
        }
    }

    /// Returns the time for the work that is left: now, unless outputs are to be handed out first.
    pub(crate) fn next_turn(&self) -> Option<Time> {
        let is_deferred = !self.deferred.is_empty() && !self.is_store_behind();
        ((is_deferred || self.outbox.has_next() || !self.tasks.is_empty()) && !self.outbox.is_spent())
            .then_some(self.now)
    }

    /// True if there may be an event, message, question or peer to resume reading.
    #[inline]
    pub(crate) fn has_notice(&self) -> bool {
        !self.events.is_empty() || self.questions.has_unseen() || !self.resumed.is_empty()
    }

    /// Takes the next event, message, question or peer to resume reading.
    pub(crate) fn poll_notice(&mut self) -> Option<Output<'static>> {
        if let Some(notice) = self.events.pop() {
            return Some(notice);
        }
        if let Some(asked) = self.questions.poll() {
            return Some(Output::Ask { question: asked.id, peer: asked.peer, ask: asked.question });
        }
        self.poll_resumed().map(Output::Resume)
    }

    /// Makes the next output ready: flushes deliveries behind a frame that was handed out, and
    /// makes the store's batch.
    ///
    /// It runs between outputs, so that no more than a frame of a peer's queue is copied at a time.
    /// It handles no packet and closes no connection. If nothing is left, the turn ends. True if
    /// deliveries were flushed.
    pub(crate) fn advance(&mut self) -> bool {
        self.memory.note_buffer_freed(self.outbox.reclaim());
        if self.held.is_released() {
            let peers = &self.peers;
            let freed = self.held.skip(|id| peers.get(id).is_none_or(|peer| peer.output.is_gone()));
            self.memory.note_buffer_freed(freed);
        }
        let mut has_flushed = false;
        if self.store.is_some() && !self.tasks.is_empty() {
            // The frames wait for the batch, which waits for the tasks.
            if self.pongs.is_empty() && !self.is_writing() {
                self.outbox.budget.end_turn_unsent();
            }
            return false;
        }
        while !self.hold_for_store() {
            let Some(id) = self.outbox.first() else {
                #[cfg(debug_assertions)]
                self.check_memory();
                self.outbox.end_turn();
                break;
            };
            let Some(peer) = self.peers.get_mut(id) else {
                self.outbox.pop();
                continue;
            };
            match self.outbox.look_at_first(peer) {
                First::Ready => break,
                First::Flush => {
                    self.flush_peer(id, self.now);
                    has_flushed = true;
                }
                First::Left => {}
            }
        }
        has_flushed
    }

    /// Takes the output of a peer that was not accepted when it got it. A refused connection leaves
    /// whether or not the store is being written.
    #[cold]
    fn take_unaccepted(&mut self, id: PeerId) -> Option<Ready> {
        let peer = self.peers.get_mut(id)?;
        if self.outbox.lend_unaccepted(peer) {
            return Some(Ready::Frame(id));
        }
        if peer.is_accepted || !peer.connection.is_closing() {
            return None;
        }
        self.remove_peer(id);
        Some(Ready::Close(id))
    }

    /// Takes the output that [`advance`](Self::advance) made ready.
    pub(crate) fn take_ready(&mut self) -> Option<Ready> {
        while let Some(id) = self.outbox.pop_unaccepted() {
            if let Some(ready) = self.take_unaccepted(id) {
                return Some(ready);
            }
        }
        match self.held.pop() {
            Some(Held::Frame(id, bytes)) => {
                self.memory.note_buffer_freed(self.outbox.set_frame(self.peers.get_mut(id)?, bytes));
                return Some(Ready::Frame(id));
            }
            Some(Held::Close(id)) => {
                self.remove_peer(id);
                return Some(Ready::Close(id));
            }
            None => {}
        }
        while let Some(id) = self.pongs.pop_front() {
            if let Some(peer) = self.peers.get_mut(id).filter(|peer| !peer.output.is_gone()) {
                self.outbox.set_frame(peer, PINGRESP.to_vec());
                return Some(Ready::Frame(id));
            }
        }
        if let Some(store) = self.store.as_mut().filter(|store| !store.takes_output()) {
            return store.take_made().map(Ready::Batch);
        }
        if self.store.is_some() && !self.tasks.is_empty() {
            return None;
        }
        let id = self.outbox.first()?;
        let peer = self.peers.get_mut(id)?;
        if peer.output.waiting_bytes() > 0 {
            self.memory.note_buffer_freed(self.outbox.lend(peer));
            return Some(Ready::Frame(id));
        }
        self.outbox.pop();
        self.remove_peer(id);
        Some(Ready::Close(id))
    }
}
