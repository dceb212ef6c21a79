//! Read and write backpressure of one connection.

use alloc::collections::VecDeque;

use crate::broker::ids::PeerId;

/// Whether a peer's transport takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Open,
    /// So many bytes were given to the host since it said that the peer takes no more.
    Stopped(usize),
    /// The transport is closed, and what came before is still to be handled.
    Gone,
}

/// Whether a peer's transport is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    Open,
    /// The host was asked not to; it may keep so many bytes waiting all the same.
    Paused(usize),
    /// The host is asked to go on by the next outputs.
    Resuming,
}

/// The peers that are read again, for the host to see.
pub(crate) type Resumed = VecDeque<PeerId>;

/// The peers that go on in the next turn, in the order in which they had to stop.
pub(crate) type Deferred = VecDeque<PeerId>;
