//! The simulator: one broker, clients, and the links between them, on a clock of their own.
//!
//! A [`World`] runs the very same [`Client`] and [`Broker`] that a program runs, over bytes.
//! Nothing happens by itself and nothing is left to chance: the same options and the same
//! [actions](Action) make the same [trace](Trace), to the byte.
//!
//! Order of calls: [`World::act`] for each action of a user or of the network. Then
//! [`World::step`] to the next event, or [`World::run`] for a time. Or [`World::choices`] and
//! [`World::choose`], where the caller is the network.
//!
//! ```
//! use wasmqtt::client::ClientOptions;
//! use wasmqtt::codec::QoS;
//! use wasmqtt::simulator::{Action, World, WorldOptions};
//!
//! let mut world = World::new(WorldOptions::default());
//! for name in ["dash", "sensor"] {
//!     world.act(Action::Add(Box::new(ClientOptions::new(name)))).expect("a new client");
//! }
//! let [dash, sensor] = [world.find("dash").unwrap(), world.find("sensor").unwrap()];
//! world.run(100);
//! world.act(Action::subscribe(dash, "home/#", QoS::ExactlyOnce)).expect("a good filter");
//! world.run(100);
//! let message = Action::publish(sensor, "home/kitchen", b"21", QoS::ExactlyOnce);
//! world.act(message).expect("a good topic");
//! world.run(1_000);
//! assert_eq!(world.messages(dash).count(), 1);
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::broker::{Broker, BrokerOptions, PeerId};
use crate::client::Client;
use crate::random::split_mix;
use crate::simulator::sorted_map::SortedMap;
use crate::time::Time;

mod action;
mod actor;
mod arrive;
mod diagram;
mod disk;
mod drain;
mod foreign;
mod link;
mod monitor;
mod pcapng;
mod pending;
mod perform;
mod pipe;
mod share;
mod snapshot;
mod socket_events;
mod sorted_map;
mod timeline;
mod trace;
mod variant;

pub use action::{Action, ActionError, Actor, Direction, Fault, Restart};
pub use disk::{StoreChange, StoreSnapshot};
pub use link::LinkId;
pub use monitor::{Guarantee, LiveMonitors, Monitors, Violation};
pub use pending::Choice;
pub use share::{ShareError, SharedRun};
pub use snapshot::{ActorSnapshot, EndSnapshot, LinkSnapshot, Snapshot};
pub use socket_events::{SocketEvent, SocketEvents};
pub use timeline::{Branch, Timeline, TimelineError};
pub use trace::{
    Arrival, ClientEvent, EntryId, Event, Fate, LinkEvent, LossCause, PacketRecord, Place, Trace, TraceEntry,
};

use actor::ClientActor;
use disk::Disk;
use link::{Conditions, Link};

/// Options of a world.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Milliseconds that bytes take from one end of a link to the other.
    pub latency: u64,
    /// Random milliseconds that are added to the latency, at most. Bytes never overtake others.
    pub jitter: u64,
    /// The broker's options. Its events are always reported.
    pub broker: BrokerOptions,
    /// True if the broker has a store, which takes some milliseconds for a batch.
    pub has_store: bool,
    /// Entries of the trace at which the world takes no more actions and its clock stands.
    pub trace_entries_max: usize,
}

impl Default for WorldOptions {
    /// A latency of 20 milliseconds without jitter, and a broker without a store.
    fn default() -> Self {
        Self {
            seed: 7,
            latency: 20,
            jitter: 0,
            broker: BrokerOptions::default(),
            has_store: false,
            trace_entries_max: 1_000_000,
        }
    }
}

/// A broker and its clients, on a clock of their own.
#[derive(Debug)]
pub struct World {
    options: WorldOptions,
    now: Time,
    broker: Broker,
    disk: Option<Disk>,
    clients: Vec<ClientActor>,
    /// Links that carry bytes, or have an end that has not learnt of the other's.
    links: SortedMap<LinkId, Link>,
    next_link: u32,
    peers: SortedMap<PeerId, LinkId>,
    trace: Trace,
    /// The actions so far.
    actions: Vec<Action>,
    /// Users' actions and events so far.
    moments: u64,
    /// The entry that what happens now follows from.
    cause: Option<EntryId>,
    random: u64,
}

impl World {
    /// A world with a broker and no client, at time zero.
    #[must_use]
    pub fn new(options: WorldOptions) -> Self {
        let mut random = options.seed;
        let mut world = Self {
            now: Time::ZERO,
            broker: new_broker(&options, &mut random),
            disk: options.has_store.then(Disk::default),
            clients: Vec::new(),
            links: SortedMap::default(),
            next_link: 0,
            peers: SortedMap::default(),
            trace: Trace::new(),
            actions: Vec::new(),
            moments: 0,
            cause: None,
            random,
            options,
        };
        world.begin_broker();
        world
    }

    /// Runs a list of actions in a new world, such as [`actions`](Self::actions) of another.
    ///
    /// # Errors
    /// [`ActionError`] of the first action that fails, with its index.
    pub fn replay(options: WorldOptions, actions: &[Action]) -> Result<Self, (usize, ActionError)> {
        let mut world = Self::new(options);
        for (index, action) in actions.iter().enumerate() {
            world.act(action.clone()).map_err(|error| (index, error))?;
        }
        Ok(world)
    }

    /// Returns the time of the world's clock.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Returns the trace of all that has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Returns the actions so far. A world of the same options that takes them is the same.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Returns how many actions of users and events have happened. It names a point of the run.
    #[must_use]
    pub const fn moments(&self) -> u64 {
        self.moments
    }

    /// Returns the options.
    #[must_use]
    pub const fn options(&self) -> &WorldOptions {
        &self.options
    }

    /// Returns the broker.
    #[must_use]
    pub const fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Returns a client, if there is a simulated one of this number.
    #[must_use]
    pub fn client(&self, actor: Actor) -> Option<&Client> {
        self.clients.get(actor.0).and_then(ClientActor::client)
    }

    /// Returns the client of this name, if there is one. A simulated client has its client
    /// identifier.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Actor> {
        self.clients.iter().position(|actor| *actor.name == *name).map(Actor)
    }

    /// Returns the name of a client, if there is one of this number.
    #[must_use]
    pub fn name(&self, actor: Actor) -> Option<&str> {
        self.clients.get(actor.0).map(|actor| &*actor.name)
    }

    /// Returns the messages that a client's handlers were given, in order: topic and payload.
    pub fn messages(&self, actor: Actor) -> impl Iterator<Item = (&str, &[u8])> {
        self.trace.entries().iter().filter_map(move |entry| match &entry.event {
            Event::Client(client, ClientEvent::Message { topic, payload, .. }) if *client == actor => {
                Some((&**topic, &**payload))
            }
            _ => None,
        })
    }

    /// Returns the conditions of a new link.
    const fn conditions(&self) -> Conditions {
        Conditions {
            latency: self.options.latency,
            jitter: self.options.jitter,
            bytes_per_second: None,
            segment_bytes_max: None,
        }
    }
}

fn new_broker(options: &WorldOptions, random: &mut u64) -> Broker {
    let mut broker = options.broker.clone();
    broker.events = true;
    Broker::new(broker, split_mix(random))
}

/// A box of bytes.
fn boxed(bytes: &[u8]) -> Box<[u8]> {
    bytes.into()
}
