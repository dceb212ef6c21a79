//! Output that is held back until the store has written what it promises.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::broker::ids::PeerId;
use crate::broker::store::BatchId;

/// What leaves when the store has a batch, and who waits for it to be read from again.
#[derive(Debug, Default)]
pub(crate) struct HeldOutput {
    pub(crate) frames: VecDeque<Frame>,
    /// Peers with packets that were not looked at since the store is behind.
    pub(crate) stalled: VecDeque<PeerId>,
}

/// What one peer is sent, and whether it is closed then.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) peer: PeerId,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_last: bool,
}

/// What of the broker's outputs comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing: the store is being written.
    Wait,
    /// The batch, which is to be written.
    Store(BatchId),
    /// Bytes that were held, for this peer.
    Transmit(PeerId),
    /// The close that was held, of this peer.
    Close(PeerId),
    /// What the peers in line have.
    Live,
}
