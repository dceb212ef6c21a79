//! One connection: two pipes, the knowledge of each end, and how the link breaks.

use wasmqtt::broker::PeerId;
use wasmqtt::codec::{Decoder, Packet, ReasonCode, Version};
use wasmqtt::time::Time;

use super::pipe::Pipe;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the broker.
    Up,
    Down,
}

/// How a link breaks: at a byte, and with what each end learns of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Break {
    /// The link breaks when `after` more bytes have arrived in this direction.
    pub(crate) direction: Direction,
    pub(crate) after: usize,
    /// So many of the bytes that are under way the other way still arrive.
    pub(crate) other: usize,
    /// Milliseconds until the client's host is told; `None`: never, the connection is half open.
    pub(crate) client_learns: Option<u64>,
    pub(crate) broker_learns: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Link {
    Whole,
    Breaks(Break),
    /// Nothing arrives any more. When each end is told, if it is still to be told.
    Broken {
        client: Option<Time>,
        broker: Option<Time>,
    },
}

#[expect(clippy::struct_excessive_bools, reason = "facts about two ends, each on its own")]
pub(crate) struct Connection {
    pub(crate) node: usize,
    /// When the transport stands; `None` once it does.
    pub(crate) stands_at: Option<Time>,
    /// Given when the transport stands.
    pub(crate) peer: Option<PeerId>,
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
    /// Each end, as long as it has neither closed nor learnt that the link is gone.
    pub(crate) client_is_there: bool,
    pub(crate) broker_is_there: bool,
    pub(crate) link: Link,
    /// The broker sent a CONNACK of success.
    pub(crate) is_accepted: bool,
    /// The broker's host has ended it: what still comes is not read, while a store has yet to let
    /// the end go out.
    pub(crate) is_dismissed: bool,
    /// The client's DISCONNECT of success has come to the broker.
    pub(crate) said_goodbye: bool,
    pub(crate) up_bytes: usize,
    pub(crate) down_bytes: usize,
    version: Version,
    heard_by_broker: Decoder,
    said_by_broker: Decoder,
}

impl Break {
    /// Now, with everything that is under way, and both ends are told at once.
    pub(crate) const NOW: Self =
        Self { direction: Direction::Up, after: 0, other: 0, client_learns: Some(0), broker_learns: Some(0) };
    /// From now on nothing arrives, and nobody is told: a black hole.
    pub(crate) const SILENT: Self =
        Self { direction: Direction::Up, after: 0, other: 0, client_learns: None, broker_learns: None };

    /// Once `after` more bytes have arrived in this direction; both ends are told at once.
    pub(crate) const fn after(direction: Direction, after: usize) -> Self {
        Self { direction, after, ..Self::NOW }
    }
}

impl Connection {
    pub(crate) fn new(node: usize, version: Version, stands_at: Time) -> Self {
        Self {
            node,
            stands_at: Some(stands_at),
            peer: None,
            up: Pipe::default(),
            down: Pipe::default(),
            client_is_there: true,
            broker_is_there: false,
            link: Link::Whole,
            is_accepted: false,
            is_dismissed: false,
            said_goodbye: false,
            up_bytes: 0,
            down_bytes: 0,
            version,
            heard_by_broker: Decoder::new(u32::MAX),
            said_by_broker: Decoder::new(u32::MAX),
        }
    }

    /// True if the broker accepted it and it ended otherwise than by DISCONNECT: then the will is
    /// due.
    pub(crate) const fn ended_abruptly(&self) -> bool {
        self.is_accepted && !self.broker_is_there && !self.said_goodbye
    }

    pub(crate) const fn is_broken(&self) -> bool {
        matches!(self.link, Link::Broken { .. })
    }

    /// Reads what arrives at the broker.
    pub(crate) fn tap_up(&mut self, bytes: &[u8]) {
        self.up_bytes += bytes.len();
        self.heard_by_broker.feed(bytes);
        while let Some(located) = self.heard_by_broker.advance(self.version).expect("clients send packets") {
            let packet = self.heard_by_broker.packet(&located, self.version).expect("clients send good packets");
            let is_goodbye = matches!(packet, Packet::Disconnect(bye) if bye.reason == ReasonCode::Success);
            self.said_goodbye |= is_goodbye && !self.is_dismissed;
        }
    }

    /// Reads what the broker sends.
    pub(crate) fn tap_down(&mut self, bytes: &[u8]) {
        self.said_by_broker.feed(bytes);
        while let Some(located) = self.said_by_broker.advance(self.version).expect("the broker sends packets") {
            let packet = self.said_by_broker.packet(&located, self.version).expect("the broker sends good packets");
            self.is_accepted |= matches!(packet, Packet::Connack(connack) if !connack.reason.is_error());
        }
    }
}
