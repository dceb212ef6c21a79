//! A client with its host, which opens the links that the client asks for.

use alloc::boxed::Box;
use core::num::NonZeroU32;

use super::foreign::ForeignClient;
use super::link::{Conditions, LinkId};
use crate::client::{Attempt, Client, ClientOptions};
use crate::time::Time;

/// A client and its network.
#[derive(Debug)]
pub(super) struct ClientActor {
    /// Name that is its own in this world; of a simulated client its client identifier.
    pub(super) name: Box<str>,
    pub(super) machine: Machine,
    /// The link of the current attempt.
    pub(super) link: Option<(Attempt, LinkId)>,
    pub(super) conditions: Conditions,
    /// Nothing arrives before this moment.
    pub(super) stalled_until: Time,
    /// Bytes per second that its host reads; `None`: all that come.
    pub(super) reads: Option<NonZeroU32>,
}

/// The code of a client.
#[derive(Debug)]
pub(super) enum Machine {
    /// It runs in the world.
    Simulated {
        /// Its options.
        options: Box<ClientOptions>,
        /// Its state.
        client: Box<Client>,
    },
    /// It runs outside.
    Foreign(Box<ForeignClient>),
}

impl ClientActor {
    pub(super) fn simulated(options: Box<ClientOptions>, conditions: Conditions) -> Self {
        let name = options.client_id.as_str().into();
        let client = Box::new(Client::new((*options).clone()));
        Self::new(name, Machine::Simulated { options, client }, conditions)
    }

    pub(super) fn foreign(name: Box<str>, conditions: Conditions) -> Self {
        Self::new(name, Machine::Foreign(Box::default()), conditions)
    }

    const fn new(name: Box<str>, machine: Machine, conditions: Conditions) -> Self {
        Self { name, machine, link: None, conditions, stalled_until: Time::ZERO, reads: None }
    }

    /// Returns the client, if it is simulated.
    pub(super) const fn client(&self) -> Option<&Client> {
        match &self.machine {
            Machine::Simulated { client, .. } => Some(client),
            Machine::Foreign(_) => None,
        }
    }

    /// Returns the client, if it is simulated.
    pub(super) const fn client_mut(&mut self) -> Option<&mut Client> {
        match &mut self.machine {
            Machine::Simulated { client, .. } => Some(client),
            Machine::Foreign(_) => None,
        }
    }

    /// Returns what the world knows of the client, if it is foreign.
    pub(super) const fn foreign_mut(&mut self) -> Option<&mut ForeignClient> {
        match &mut self.machine {
            Machine::Simulated { .. } => None,
            Machine::Foreign(foreign) => Some(foreign),
        }
    }
}
