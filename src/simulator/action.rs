//! Actions: what users and the network do, as data.

use alloc::boxed::Box;
use alloc::string::String;
use core::num::NonZeroU32;

use thiserror::Error;

use super::link::LinkId;
use crate::client::{CallError, ClientOptions};
use crate::codec::{PropertiesBuf, QoS, ReasonCode, SubscriptionOptions};

/// A client of the world, by the order of their [`Action::Add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub usize);

/// An action of a user or of the network.
#[derive(Clone, Debug)]
pub enum Action {
    /// A new client, which connects at once.
    Add(Box<ClientOptions>),
    /// A foreign client of this name, whose code runs outside of the world. It has no link yet.
    Join(Box<str>),
    /// The host of a foreign client opens a link, which is then its [latest](super::World::link).
    Open {
        /// The client.
        client: Actor,
    },
    /// A foreign client sends bytes.
    Send {
        /// The client.
        client: Actor,
        /// The link.
        link: LinkId,
        /// The bytes.
        bytes: Box<[u8]>,
    },
    /// The host of a foreign client closes a link.
    Close {
        /// The client.
        client: Actor,
        /// The link.
        link: LinkId,
    },
    /// A client subscribes.
    Subscribe {
        /// The client.
        client: Actor,
        /// The topic filter.
        filter: Box<str>,
        /// Its options, the maximum QoS among them.
        options: SubscriptionOptions,
    },
    /// A client unsubscribes.
    Unsubscribe {
        /// The client.
        client: Actor,
        /// The topic filter.
        filter: Box<str>,
    },
    /// A client publishes.
    Publish {
        /// The client.
        client: Actor,
        /// The topic name.
        topic: Box<str>,
        /// The payload.
        payload: Box<[u8]>,
        /// The quality of service.
        qos: QoS,
        /// The RETAIN flag.
        retain: bool,
        /// Properties of the PUBLISH.
        properties: PropertiesBuf,
    },
    /// A client sends DISCONNECT, and ends for good.
    Disconnect {
        /// The client.
        client: Actor,
        /// The reason: success, or 0x04 to have the will published.
        reason: ReasonCode,
    },
    /// A client's process is gone, and its socket is closed by its host.
    Kill {
        /// The client.
        client: Actor,
    },
    /// A client begins anew with the same options, without the state that it had.
    Reload {
        /// The client.
        client: Actor,
    },
    /// The broker's host ends a client's connection, with this reason in DISCONNECT where the
    /// version has it.
    Dismiss {
        /// The client.
        client: Actor,
        /// The reason.
        reason: ReasonCode,
    },
    /// The broker's process is gone, its sockets are closed by its host, and another begins.
    RestartBroker(Restart),
    /// The network of a client changes.
    Fault {
        /// The client.
        client: Actor,
        /// The change.
        fault: Fault,
    },
    /// The next event happens.
    Step,
    /// Milliseconds pass.
    Run(u64),
    /// The pending event with this index in [`World::choices`](super::World::choices) happens.
    Choose(usize),
}

/// State that a restarted broker has. Without a store it is always none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// None: sessions and retained messages are forgotten, and the store is empty.
    Forgets,
    /// The store's, with the batch that was being written.
    Written,
    /// The store's, without the batch that was being written.
    Unwritten,
}

/// One of the two ways of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client to the broker.
    Up,
    /// From the broker to the client.
    Down,
}

/// A change of a client's network.
///
/// MQTT runs over an ordered and reliable stream, so no packet is lost on a link that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are sent from now on take so many milliseconds, and at random up to `jitter`
    /// more.
    Latency {
        /// The least time.
        milliseconds: u64,
        /// The most that is added.
        jitter: u64,
    },
    /// Bytes pass no faster than this in each direction; `None`: at once.
    Bandwidth(Option<NonZeroU32>),
    /// Nothing arrives for so many milliseconds. Then all arrives, in order.
    Stall(u64),
    /// The link breaks once `after` more bytes have arrived in this direction. Bytes under way are
    /// lost, and a packet may arrive in part.
    Cut {
        /// The direction whose bytes count.
        direction: Direction,
        /// How many still arrive.
        after: usize,
        /// Milliseconds after which the client's host closes its socket; `None`: never, the
        /// connection is half open.
        client_learns: Option<u64>,
        /// As `client_learns`, for the broker's host.
        broker_learns: Option<u64>,
    },
    /// Nothing arrives any more in either direction, and neither host is told.
    BlackHole,
    /// The client's host reads no faster than this; `None`: it reads all. The unread bytes fill its
    /// socket, and then the broker's.
    SlowReader(Option<NonZeroU32>),
    /// Bytes arrive in segments of random lengths up to this, as those of TCP: with a part of a
    /// packet or with several packets [MQTT-6.0.0-2]. `None`: each packet arrives on its own.
    Segments(Option<NonZeroU32>),
}

/// An action that cannot be done. The world is as before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActionError {
    /// No client has this number.
    #[error("there is no client {}; there are {count}, counted from 0", .client.0)]
    UnknownClient {
        /// The number.
        client: Actor,
        /// How many clients there are.
        count: usize,
    },
    /// The topic name or topic filter is not well formed.
    #[error("{text:?}: {problem}")]
    Topic {
        /// The topic.
        text: Box<str>,
        /// Why, and what would be right.
        problem: String,
    },
    /// The client refused the call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Another client has this identifier. In a world each has its own, so that it can be named.
    #[error("there is a client {0:?} already")]
    TakenName(Box<str>),
    /// The code of the client runs outside of the world, and only that can do it.
    #[error("client {} is foreign: its own code subscribes, publishes and ends", .0.0)]
    Foreign(Actor),
    /// The code of the client runs in the world.
    #[error("client {} is simulated: it has no link to open, to send on or to close by hand", .0.0)]
    NotForeign(Actor),
    /// The client has no open link of this number.
    #[error("link {} is not open at its client", .0.0)]
    ClosedLink(LinkId),
    /// The client has no link that could change so.
    #[error("the client has no connection")]
    NoLink,
    /// There is no pending event of this index.
    #[error("there is no choice {index}; {count} events are pending")]
    UnknownChoice {
        /// The index.
        index: usize,
        /// How many events are pending.
        count: usize,
    },
    /// The trace has as many entries as the world's options allow.
    #[error("the trace is full with {0} entries; begin a new world, or raise the bound in its options")]
    TraceFull(usize),
    /// The packet or timer to step to did not come.
    #[error("it did not happen within {0} events")]
    NotFound(usize),
    /// More events than this happened at one moment: a loop without end.
    #[error("more than {0} events at one moment")]
    Loop(usize),
}

impl Action {
    /// True if it lets time pass or an event happen. Other actions are those of users and of the
    /// network, which the trace has.
    #[must_use]
    pub const fn is_of_time(&self) -> bool {
        matches!(self, Self::Step | Self::Run(_) | Self::Choose(_))
    }

    /// A subscription with default options but for its QoS.
    #[must_use]
    pub fn subscribe(client: Actor, filter: &str, qos: QoS) -> Self {
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        Self::Subscribe { client, filter: filter.into(), options }
    }

    /// A message that is not retained, without properties.
    #[must_use]
    pub fn publish(client: Actor, topic: &str, payload: &[u8], qos: QoS) -> Self {
        let (topic, payload, properties) = (topic.into(), payload.into(), PropertiesBuf::new());
        Self::Publish { client, topic, payload, qos, retain: false, properties }
    }
}
