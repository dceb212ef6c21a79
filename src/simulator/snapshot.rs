//! A snapshot of a world: the state of each actor as plain data, for drawing and for checks.

use alloc::string::String;
use alloc::vec::Vec;

use super::disk::{Disk, StoreSnapshot};
use super::link::{End, LinkId};
use super::{Actor, World};
use crate::broker::{BrokerSnapshot, PeerId};
use crate::client::ClientSnapshot;
use crate::time::Time;

/// The state of a world at its [`now`](World::now).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The broker.
    pub broker: BrokerSnapshot,
    /// The clients in the order of their numbers.
    pub clients: Vec<ActorSnapshot>,
    /// The links that carry bytes, or have an end that has not learnt of the other's.
    pub links: Vec<LinkSnapshot>,
    /// The broker's store, if it has one.
    pub store: Option<StoreSnapshot>,
}

/// A client of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorSnapshot {
    /// Its name; of a simulated client its client identifier.
    pub name: String,
    /// Its state; `None` if it is foreign.
    pub client: Option<ClientSnapshot>,
    /// The link of its current attempt.
    pub link: Option<LinkId>,
    /// Nothing arrives before this moment.
    pub stalled_until: Time,
}

/// A link of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSnapshot {
    /// The link.
    pub link: LinkId,
    /// The client at its end.
    pub actor: Actor,
    /// The broker's name of it, once it is open.
    pub peer: Option<PeerId>,
    /// The end at the client's host.
    pub client: EndSnapshot,
    /// The end at the broker's host.
    pub broker: EndSnapshot,
    /// True if it broke: nothing arrives any more.
    pub is_broken: bool,
    /// Bytes under way to the broker.
    pub bytes_up: usize,
    /// Bytes under way to the client.
    pub bytes_down: usize,
}

/// An end of a link, as its host knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndSnapshot {
    /// The transport is not open yet.
    Opening,
    /// It is open.
    Open,
    /// It is broken, and the host learns it at this moment; never if it is `None`.
    Learns(Option<Time>),
    /// It is closed.
    Closed,
}

impl World {
    /// Returns the state of the broker, of each client and of each link.
    ///
    /// It costs as much as there is state: a picture takes one, a loop over events does not.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let clients = self.clients.iter().map(|actor| ActorSnapshot {
            name: String::from(&*actor.name),
            client: actor.client().map(crate::client::Client::snapshot),
            link: actor.link.map(|(_, link)| link),
            stalled_until: actor.stalled_until,
        });
        let links = self.links.iter().map(|(id, link)| LinkSnapshot {
            link: *id,
            actor: link.actor,
            peer: link.peer,
            client: end(link.client),
            broker: end(link.broker),
            is_broken: link.is_broken,
            bytes_up: link.up.bytes(),
            bytes_down: link.down.bytes(),
        });
        let store = self.disk.as_ref().map(Disk::snapshot);
        Snapshot { broker: self.broker.snapshot(), clients: clients.collect(), links: links.collect(), store }
    }
}

const fn end(end: End) -> EndSnapshot {
    match end {
        End::Opening => EndSnapshot::Opening,
        End::Open => EndSnapshot::Open,
        End::Learns(at) => EndSnapshot::Learns(at),
        End::Closed => EndSnapshot::Closed,
    }
}
