//! The outbox: peers with bytes to send, and the buffers that hold them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::broker::connection::output::Backlog;
use crate::broker::connection::peer::Peer;
use crate::broker::ids::PeerId;

/// Buffers kept for the next turn.
pub(crate) const POOL_BUFFERS: usize = 64;

/// Work in one turn, above which no more packets are looked at until its frames are handed out: some milliseconds, and some
/// megabytes to send.
pub(crate) const WORK_MAX: usize = 200_000;

/// How many have their share of a turn, where some wait for the next.
pub(crate) const SHARES: usize = 8;

/// Likewise, above which no more messages of QoS 0 are copied for their subscribers: half a gigabyte.
pub(crate) const COPIES_MAX: usize = 8_000_000;

/// So many bytes count as one piece of work.
pub(crate) const PIECE_BYTES: usize = 64;

/// A buffer that grew beyond this is not kept.
pub(crate) const POOL_BUFFER_BYTES: usize = 256 * 1024;

/// The peers with bytes to send, and the buffers that hold them.
///
/// A peer borrows a buffer from the pool with its first byte of a turn, so that idle peers hold none.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// In the order in which they came to have something to send, or to be closed.
    line: VecDeque<PeerId>,
    /// Peers whose deliveries go on in the next turn, each once.
    next_turn: VecDeque<PeerId>,
    /// Peers whose queue overflowed, to be disconnected at the end of this input.
    overflowed: VecDeque<PeerId>,
    pool: Vec<Vec<u8>>,
    /// The frame that was given to the host last.
    frame: Vec<u8>,
    /// What was done since all frames were handed out: packets, nodes of the router and topics looked at, copies made.
    work: usize,
}

/// State of the first peer in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// It has bytes to send, or is to be closed.
    Ready,
    /// Its bytes are sent, and its deliveries are to be flushed; it went behind the others.
    Flush,
    /// It had nothing more and left the line.
    Left,
}

impl Outbox {
    /// The peer's buffer, to append to.
    pub(crate) fn open<'p>(&mut self, peer: &'p mut Peer) -> &'p mut Vec<u8> {
        self.enlist(peer);
        let buffer = peer.output.buffer_mut();
        if buffer.capacity() == 0 {
            *buffer = self.pool.pop().unwrap_or_default();
        }
        buffer
    }

    /// Something was done: so many steps, and so many bytes copied.
    #[inline]
    pub(crate) const fn note_work(&mut self, steps: usize, bytes: usize) {
        self.work += steps + bytes / PIECE_BYTES;
    }

    /// Whether what is left to do waits for the next turn.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.work > WORK_MAX
    }

    /// What was done when a peer has had its share that begins now: all there is, if nobody else waits.
    #[inline]
    pub(crate) const fn share_end(&self, others_wait: bool) -> usize {
        if others_wait { self.work + WORK_MAX / SHARES } else { usize::MAX }
    }

    /// Whether that share is used up, or the turn.
    #[inline]
    pub(crate) const fn is_used_up(&self, share_end: usize) -> bool {
        self.work > share_end || self.is_spent()
    }

    /// Whether a message may be copied for one more subscriber.
    #[inline]
    pub(crate) const fn takes_copies(&self) -> bool {
        self.work < COPIES_MAX
    }

    /// Ends the turn, since all frames were handed out.
    pub(crate) const fn end_turn(&mut self) {
        self.work = 0;
    }

    /// Puts a peer into the line that has something to send or is to be closed.
    pub(crate) fn enlist(&mut self, peer: &mut Peer) {
        if peer.output.enlist() {
            self.line.push_back(peer.id);
        }
    }

    /// Notes that the peer's session or its replays have more, which follows once its bytes are sent.
    pub(crate) fn continue_later(&mut self, peer: &mut Peer) {
        peer.output.set_more();
        self.enlist(peer);
    }

    /// Notes that the queue of the peer's session overflowed, for which the peer is disconnected.
    pub(crate) fn note_overflow(&mut self, peer: &mut Peer) {
        if peer.output.set_overflow() {
            self.overflowed.push_back(peer.id);
        }
    }

    /// Takes the next peer that is to be disconnected since its queue overflowed.
    pub(crate) fn pop_overflowed(&mut self) -> Option<PeerId> {
        self.overflowed.pop_front()
    }

    /// True if peers wait for the end of an input or for the next turn.
    pub(crate) fn has_next(&self) -> bool {
        !self.next_turn.is_empty() || !self.overflowed.is_empty()
    }

    /// Takes the peers whose deliveries go on in this turn.
    pub(crate) fn take_next_turn(&mut self) -> VecDeque<PeerId> {
        core::mem::take(&mut self.next_turn)
    }

    pub(crate) fn first(&self) -> Option<PeerId> {
        self.line.front().copied()
    }

    /// Looks at the peer that is the first in line, which leaves it if it has nothing more.
    pub(crate) fn look_at_first(&mut self, peer: &mut Peer) -> First {
        if peer.output.is_gone() {
            peer.output.discard();
        }
        if peer.output.waiting_bytes() > 0 || peer.connection.is_closing() {
            return First::Ready;
        }
        self.line.pop_front();
        match peer.output.backlog() {
            Backlog::More if self.is_spent() => {
                peer.output.set_next_turn();
                self.next_turn.push_back(peer.id);
            }
            Backlog::More => {
                peer.output.take_backlog();
                self.line.push_back(peer.id);
                return First::Flush;
            }
            Backlog::Nothing | Backlog::NextTurn | Backlog::Overflow => {}
        }
        peer.output.delist();
        First::Left
    }

    /// Puts a peer into the line again whose deliveries had to wait for this turn.
    pub(crate) fn resume(&mut self, peer: &mut Peer) {
        if peer.output.backlog() == Backlog::NextTurn {
            peer.output.take_backlog();
            self.continue_later(peer);
        }
    }

    /// Takes the first peer out of the line.
    pub(crate) fn pop(&mut self) {
        self.line.pop_front();
    }

    /// Takes all peers out of the line.
    pub(crate) fn take_line(&mut self) -> VecDeque<PeerId> {
        core::mem::take(&mut self.line)
    }

    /// Takes the bytes of a peer that left the line; one that has more to send enters it again.
    pub(crate) fn take_bytes(&mut self, peer: &mut Peer) -> Vec<u8> {
        peer.output.delist();
        if peer.output.backlog() == Backlog::More {
            self.enlist(peer);
        }
        peer.output.take()
    }

    /// Takes the peer's bytes to hand them out.
    pub(crate) fn lend(&mut self, peer: &mut Peer) {
        let bytes = peer.output.take();
        self.set_frame(peer, bytes);
    }

    /// Hands these bytes out next, which are the peer's.
    pub(crate) fn set_frame(&mut self, peer: &mut Peer, bytes: Vec<u8>) {
        peer.output.count_frame(bytes.len());
        self.reclaim();
        self.frame = bytes;
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Puts the frame that was given out last back into the pool.
    pub(crate) fn reclaim(&mut self) {
        let mut frame = core::mem::take(&mut self.frame);
        if frame.capacity() > 0 && frame.capacity() <= POOL_BUFFER_BYTES && self.pool.len() < POOL_BUFFERS {
            frame.clear();
            self.pool.push(frame);
        }
    }
}
