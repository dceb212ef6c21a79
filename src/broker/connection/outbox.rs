//! The outbox: peers with bytes to send, and the buffers that hold them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

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

/// The peers that have something to send, and the buffers it is in.
///
/// A peer borrows a buffer from the pool with its first byte of a turn, so that idle peers hold none.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// In the order in which they came to have something to send, or to be closed.
    line: VecDeque<PeerId>,
    pool: Vec<Vec<u8>>,
    /// The frame that was given to the host last.
    frame: Vec<u8>,
    /// What was done since all frames were handed out: packets, nodes of the router and topics looked at, copies made.
    work: usize,
}

impl Outbox {
    /// The peer's buffer, to append to.
    pub(crate) fn open<'p>(&mut self, peer: &'p mut Peer) -> &'p mut Vec<u8> {
        self.enlist(peer);
        if peer.transmit.capacity() == 0 {
            peer.transmit = self.pool.pop().unwrap_or_default();
        }
        &mut peer.transmit
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

    /// All frames were handed out: the turn is over.
    pub(crate) const fn end_turn(&mut self) {
        self.work = 0;
    }

    /// The peer has something to send or is to be closed.
    pub(crate) fn enlist(&mut self, peer: &mut Peer) {
        if !peer.in_line {
            peer.in_line = true;
            self.line.push_back(peer.id);
        }
    }

    pub(crate) fn first(&self) -> Option<PeerId> {
        self.line.front().copied()
    }

    /// The first leaves the line.
    pub(crate) fn pop(&mut self) {
        self.line.pop_front();
    }

    /// The first goes behind the others.
    pub(crate) fn turn(&mut self) {
        if let Some(first) = self.line.pop_front() {
            self.line.push_back(first);
        }
    }

    /// All leave the line.
    pub(crate) fn take_line(&mut self) -> VecDeque<PeerId> {
        core::mem::take(&mut self.line)
    }

    /// Takes the peer's bytes to hand them out.
    pub(crate) fn lend(&mut self, peer: &mut Peer) -> &[u8] {
        self.set_frame(core::mem::take(&mut peer.transmit));
        &self.frame
    }

    /// These bytes are handed out next.
    pub(crate) fn set_frame(&mut self, bytes: Vec<u8>) {
        self.reclaim();
        self.frame = bytes;
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// The frame that was given out last is sent.
    pub(crate) fn reclaim(&mut self) {
        let mut frame = core::mem::take(&mut self.frame);
        if frame.capacity() > 0 && frame.capacity() <= POOL_BUFFER_BYTES && self.pool.len() < POOL_BUFFERS {
            frame.clear();
            self.pool.push(frame);
        }
    }
}
