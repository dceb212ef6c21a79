//! Outbox: the queue of peers with output, and their buffers.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::broker::budget::{Budget, FRAME_STEPS};
use crate::broker::connection::peer::Peer;
use crate::broker::connection::peer_output::Backlog;
use crate::broker::ids::PeerId;

/// Limit of pooled buffers.
pub(crate) const POOL_BUFFERS: usize = 64;

/// Work in a turn beyond which QoS 0 messages are no longer copied to subscribers: half a gigabyte.
pub(crate) const COPIES_MAX: usize = 8_000_000;

/// Work since the frames were handed out beyond which queued messages wait, if the store holds the
/// frames.
const HELD_MAX: usize = 1_000_000;

/// Limit of a pooled buffer's capacity.
pub(crate) const POOL_BUFFER_BYTES: usize = 256 * 1024;

/// The queue of peers with output, and their buffers.
///
/// A peer borrows a buffer from the pool with its first byte of a turn, so that idle peers hold
/// none.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Peers with bytes to send or a close pending, in the order in which they got it.
    queue: VecDeque<PeerId>,
    /// The same for peers that are not accepted. Their output promises nothing, and waits for no
    /// store.
    unaccepted: VecDeque<PeerId>,
    /// Peers whose deliveries continue in the next turn, each once.
    next_turn: VecDeque<PeerId>,
    /// Peers whose queue overflowed, to be disconnected at the end of this input.
    overflowed: VecDeque<PeerId>,
    pool: Vec<Vec<u8>>,
    /// The frame that was handed to the host last.
    frame: Vec<u8>,
    pub(crate) budget: Budget,
}

/// State of the first peer in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// It has bytes to send, or a close pending.
    Ready,
    /// Its bytes are sent, and its deliveries are to be flushed. It moved to the back.
    Flush,
    /// It had nothing more and left the queue.
    Left,
}

impl Outbox {
    /// Returns the peer's buffer, to append to.
    pub(crate) fn open<'p>(&mut self, peer: &'p mut Peer) -> &'p mut Vec<u8> {
        self.enlist(peer);
        let buffer = peer.output.buffer_mut();
        if buffer.capacity() == 0 {
            *buffer = self.pool.pop().unwrap_or_default();
        }
        buffer
    }

    /// Adds work: a number of steps, and of bytes copied.
    #[inline]
    pub(crate) const fn note_work(&mut self, steps: usize, bytes: usize) {
        self.budget.spend(steps, bytes);
    }

    /// True if the budget of the turn is used up.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    /// True if queued messages wait for the next turn, or for the frames that the store holds.
    #[inline]
    pub(crate) const fn is_full(&self) -> bool {
        self.budget.is_spent() || self.budget.unsent_steps() > HELD_MAX
    }

    /// True if a message may be copied to one more subscriber.
    #[inline]
    pub(crate) const fn takes_copies(&self) -> bool {
        self.budget.unsent_steps() < COPIES_MAX
    }

    /// Ends the turn, since all frames were handed out.
    pub(crate) const fn end_turn(&mut self) {
        self.budget.end_turn();
    }

    /// Puts a peer with output or a pending close into the queue.
    pub(crate) fn enlist(&mut self, peer: &mut Peer) {
        if peer.output.enlist() {
            self.note_work(FRAME_STEPS, 0);
            self.list(peer);
        }
    }

    /// Puts a peer that is listed into the queue where it belongs now.
    fn list(&mut self, peer: &Peer) {
        let queue = if peer.is_accepted { &mut self.queue } else { &mut self.unaccepted };
        queue.push_back(peer.id);
    }

    /// Notes that the peer's session or its cursors have more, to be flushed once its bytes are
    /// sent.
    pub(crate) fn continue_later(&mut self, peer: &mut Peer) {
        peer.output.set_more();
        self.enlist(peer);
    }

    /// Notes an overflow of the session's queue, which disconnects the peer.
    pub(crate) fn note_overflow(&mut self, peer: &mut Peer) {
        if peer.output.set_overflow() {
            self.overflowed.push_back(peer.id);
        }
    }

    /// Takes the next peer to disconnect for an overflowed queue.
    pub(crate) fn pop_overflowed(&mut self) -> Option<PeerId> {
        self.overflowed.pop_front()
    }

    /// True if peers wait for the end of an input or for the next turn.
    pub(crate) fn has_next(&self) -> bool {
        !self.next_turn.is_empty() || !self.overflowed.is_empty()
    }

    /// Takes the peers whose deliveries continue in this turn.
    pub(crate) fn take_next_turn(&mut self) -> VecDeque<PeerId> {
        core::mem::take(&mut self.next_turn)
    }

    pub(crate) fn first(&self) -> Option<PeerId> {
        self.queue.front().copied()
    }

    /// Takes the first peer that was not accepted when it got output.
    #[inline]
    pub(crate) fn pop_unaccepted(&mut self) -> Option<PeerId> {
        self.unaccepted.pop_front()
    }

    /// Lends the bytes of a peer that is not accepted, if there are any. True if they are the next
    /// frame. A peer that was accepted meanwhile goes to the other queue.
    pub(crate) fn lend_unaccepted(&mut self, peer: &mut Peer) -> bool {
        let has_frame = !peer.is_accepted && peer.output.waiting_bytes() > 0;
        if has_frame {
            self.lend(peer);
        }
        if has_frame || peer.is_accepted {
            self.list(peer);
        } else {
            peer.output.delist();
        }
        has_frame
    }

    /// Returns the state of the first peer, which leaves the queue if it has nothing more.
    pub(crate) fn look_at_first(&mut self, peer: &mut Peer) -> First {
        if peer.output.is_gone() {
            peer.output.discard();
        }
        if peer.output.waiting_bytes() > 0 || peer.connection.is_closing() {
            return First::Ready;
        }
        self.queue.pop_front();
        match peer.output.backlog() {
            Backlog::More if self.is_full() => {
                peer.output.set_next_turn();
                self.next_turn.push_back(peer.id);
            }
            Backlog::More => {
                peer.output.take_backlog();
                self.queue.push_back(peer.id);
                return First::Flush;
            }
            Backlog::Nothing | Backlog::NextTurn | Backlog::Overflow => {}
        }
        peer.output.delist();
        First::Left
    }

    /// Puts a peer back into the queue if its deliveries waited for this turn.
    pub(crate) fn resume(&mut self, peer: &mut Peer) {
        if peer.output.backlog() == Backlog::NextTurn {
            peer.output.take_backlog();
            self.continue_later(peer);
        }
    }

    /// Takes the first peer out of the queue.
    pub(crate) fn pop(&mut self) {
        self.queue.pop_front();
    }

    /// Takes all peers out of the queue.
    pub(crate) fn take_queue(&mut self) -> VecDeque<PeerId> {
        core::mem::take(&mut self.queue)
    }

    /// Takes the bytes of a peer that left the queue. A peer with more deliveries enters it again.
    pub(crate) fn take_bytes(&mut self, peer: &mut Peer) -> Vec<u8> {
        peer.output.delist();
        if peer.output.backlog() == Backlog::More {
            self.enlist(peer);
        }
        peer.output.take()
    }

    /// Takes the peer's bytes to hand them out. Returns the bytes of memory that were freed.
    pub(crate) fn lend(&mut self, peer: &mut Peer) -> usize {
        let bytes = peer.output.take();
        self.set_frame(peer, bytes)
    }

    /// Makes these bytes of the peer the next frame. Returns the bytes of memory that were freed.
    pub(crate) fn set_frame(&mut self, peer: &mut Peer, bytes: Vec<u8>) -> usize {
        peer.output.count_frame(bytes.len());
        let freed = self.reclaim();
        self.frame = bytes;
        freed
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Returns the bytes of memory of the buffers that no peer has.
    #[cfg(debug_assertions)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.frame.capacity() + self.pool.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Puts the last frame's buffer back into the pool. Returns its bytes of memory if it is freed.
    pub(crate) fn reclaim(&mut self) -> usize {
        let mut frame = core::mem::take(&mut self.frame);
        if frame.capacity() > 0 && frame.capacity() <= POOL_BUFFER_BYTES && self.pool.len() < POOL_BUFFERS {
            frame.clear();
            self.pool.push(frame);
            return 0;
        }
        frame.capacity()
    }
}
