//! A link: one transport between a client and the broker, and what each end knows of it.

use core::num::NonZeroU32;

use super::action::{Actor, Direction};
use super::pipe::Pipe;
use crate::broker::PeerId;
use crate::client::Attempt;
use crate::codec::Version;
use crate::time::Time;

/// A link, by the order of their opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// How a client's network treats bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    pub(super) latency: u64,
    pub(super) jitter: u64,
    pub(super) bytes_per_second: Option<NonZeroU32>,
    /// The longest segment; `None`: each packet is one.
    pub(super) segment_bytes_max: Option<NonZeroU32>,
}

/// State of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The transport is not open yet.
    Opening,
    Open,
    /// The link is broken, and the end's host learns it at this moment; never if it is `None`.
    Learns(Option<Time>),
    Closed,
}

/// A cut to come: after so many more bytes in this direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) direction: Direction,
    pub(super) after: usize,
    pub(super) client_learns: Option<u64>,
    pub(super) broker_learns: Option<u64>,
}

/// One transport between a client and the broker.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) actor: Actor,
    pub(super) attempt: Attempt,
    /// The version of the last CONNECT.
    pub(super) version: Version,
    /// The broker's name of it, once it is open.
    pub(super) peer: Option<PeerId>,
    /// When it opens.
    pub(super) opens_at: Option<Time>,
    pub(super) up: Pipe,
    pub(super) down: Pipe,
    pub(super) client: End,
    pub(super) broker: End,
    pub(super) cut: Option<Cut>,
    pub(super) is_broken: bool,
    /// Bytes per second that the client's host reads.
    pub(super) reads: Option<NonZeroU32>,
    /// The broker was told that the transport takes no more.
    pub(super) is_full: bool,
}

impl Link {
    pub(super) fn new(actor: Actor, attempt: Attempt, opens_at: Time, reads: Option<NonZeroU32>) -> Self {
        Self {
            actor,
            attempt,
            version: Version::V5,
            peer: None,
            opens_at: Some(opens_at),
            up: Pipe::default(),
            down: Pipe::default(),
            client: End::Opening,
            broker: End::Opening,
            cut: None,
            is_broken: false,
            reads,
            is_full: false,
        }
    }

    pub(super) const fn pipe(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }

    /// The end that receives in this direction.
    pub(super) const fn receiver(&self, direction: Direction) -> End {
        match direction {
            Direction::Up => self.broker,
            Direction::Down => self.client,
        }
    }

    /// True if nothing will happen on it any more.
    pub(super) fn is_over(&self) -> bool {
        let is_done = |end| matches!(end, End::Closed);
        is_done(self.client) && (is_done(self.broker) || self.broker == End::Opening)
    }
}
