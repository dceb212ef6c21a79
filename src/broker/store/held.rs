//! Output that is held back until the store has written what it promises.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::broker::ids::PeerId;

/// Queue of output that leaves once a batch is written.
#[derive(Debug, Default)]
pub(crate) struct HeldOutput {
    /// Output that waits for the batch being written.
    held: VecDeque<Held>,
    /// Output whose batch is written.
    released: VecDeque<Held>,
}

/// A piece of held output.
#[derive(Debug)]
pub(crate) enum Held {
    /// Bytes for a peer.
    Frame(PeerId, Vec<u8>),
    /// The close of a peer's transport.
    Close(PeerId),
}

impl Held {
    /// Returns the bytes of memory that it takes.
    const fn bytes(&self) -> usize {
        match self {
            Self::Frame(_, bytes) => bytes.capacity(),
            Self::Close(_) => 0,
        }
    }
}

impl HeldOutput {
    /// Drops all. Returns the bytes of memory that were freed.
    pub(crate) fn clear(&mut self) -> usize {
        let Self { held, released } = core::mem::take(self);
        held.iter().chain(&released).map(Held::bytes).sum()
    }

    /// Returns the bytes of memory that it takes.
    #[cfg(debug_assertions)]
    pub(crate) fn buffer_bytes(&self) -> usize {
        self.held.iter().chain(&self.released).map(Held::bytes).sum()
    }

    /// Holds bytes of a peer, if there are any, and its close if they are the last. Returns the
    /// bytes of memory that were freed.
    pub(crate) fn hold(&mut self, id: PeerId, bytes: Vec<u8>, is_last: bool) -> usize {
        let freed = if bytes.is_empty() { bytes.capacity() } else { 0 };
        if !bytes.is_empty() {
            self.held.push_back(Held::Frame(id, bytes));
        }
        if is_last {
            self.held.push_back(Held::Close(id));
        }
        freed
    }

    /// Releases all that is held, since the batch is written.
    pub(crate) fn release(&mut self) {
        self.released.append(&mut self.held);
    }

    /// Drops the first pieces of released output whose peers are gone. Returns the bytes of memory
    /// that were freed.
    pub(crate) fn skip(&mut self, is_gone: impl Fn(PeerId) -> bool) -> usize {
        let mut freed = 0;
        while let Some(Held::Frame(id, _) | Held::Close(id)) = self.released.front()
            && is_gone(*id)
        {
            freed += self.released.pop_front().map_or(0, |held| held.bytes());
        }
        freed
    }

    /// True if there is released output.
    pub(crate) fn is_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// Takes the next piece of released output.
    pub(crate) fn pop(&mut self) -> Option<Held> {
        self.released.pop_front()
    }
}
