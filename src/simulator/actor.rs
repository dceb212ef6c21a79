//! A client with its host, which opens the links that the client asks for.

use alloc::boxed::Box;
use core::num::NonZeroU32;

use super::link::{Conditions, LinkId};
use crate::client::{Attempt, Client, ClientOptions};
use crate::time::Time;

/// A client and its network.
#[derive(Debug)]
pub(super) struct ClientActor {
    pub(super) options: Box<ClientOptions>,
    pub(super) client: Client,
    /// The link of the current attempt.
    pub(super) link: Option<(Attempt, LinkId)>,
    pub(super) conditions: Conditions,
    /// Nothing arrives before this moment.
    pub(super) stalled_until: Time,
    /// Bytes per second that its host reads; `None`: all that come.
    pub(super) reads: Option<NonZeroU32>,
}

impl ClientActor {
    pub(super) fn new(options: Box<ClientOptions>, conditions: Conditions) -> Self {
        let client = Client::new((*options).clone());
        Self { options, client, link: None, conditions, stalled_until: Time::ZERO, reads: None }
    }
}
