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

impl HeldOutput {
    /// Holds bytes of a peer, if there are any, and its close if they are the last.
    pub(crate) fn hold(&mut self, id: PeerId, bytes: Vec<u8>, is_last: bool) {
        if !bytes.is_empty() {
            self.held.push_back(Held::Frame(id, bytes));
        }
        if is_last {
            self.held.push_back(Held::Close(id));
        }
    }

    /// Releases all that is held, since the batch is written.
    pub(crate) fn release(&mut self) {
        self.released.append(&mut self.held);
    }

    /// Drops the first pieces of released output whose peers are gone.
    pub(crate) fn skip(&mut self, is_gone: impl Fn(PeerId) -> bool) {
        while let Some(Held::Frame(id, _) | Held::Close(id)) = self.released.front()
            && is_gone(*id)
        {
            self.released.pop_front();
        }
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
