//! A snapshot of a client: its state as plain data, for drawing and for checks.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Attempt, Client, Phase, State};
use crate::codec::{SubscriptionOptions, Version};
use crate::session::SessionSnapshot;
use crate::time::Time;

/// The state of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSnapshot {
    /// Where the connection stands.
    pub phase: Phase,
    /// The version of the current or latest attempt.
    pub version: Version,
    /// The number of the current or latest attempt.
    pub attempt: Attempt,
    /// When the next attempt begins, if one waits for its time.
    pub retry_at: Option<Time>,
    /// When keep alive wants its next ping, or gives the connection up; `None` if it is off or the
    /// client is not connected.
    pub keep_alive_at: Option<Time>,
    /// The delivery state.
    pub session: SessionSnapshot,
    /// Requests that wait for a connection, apart from the messages in the session's queue.
    pub offline: usize,
    /// Subscriptions that the broker accepted, in the order of their filters.
    pub subscriptions: Vec<AcceptedSubscription>,
    /// Topics of the broker's aliases, from alias 1 on. An alias that stands for nothing has an
    /// empty one.
    pub received_aliases: Vec<Box<str>>,
    /// Topics of the client's own aliases, from alias 1 on.
    pub sent_aliases: Vec<Box<str>>,
}

/// A subscription that the broker accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedSubscription {
    /// The topic filter.
    pub filter: Box<str>,
    /// Its options, as they were asked for.
    pub options: SubscriptionOptions,
    /// True if the session of the connection may lack it, and it is to be made again.
    pub is_owed: bool,
}

impl Client {
    /// Returns its state.
    #[must_use]
    pub fn snapshot(&self) -> ClientSnapshot {
        let core = &self.core;
        let subscriptions = core.subscriptions.each().map(|(filter, options, is_owed)| AcceptedSubscription {
            filter: filter.as_str().into(),
            options,
            is_owed,
        });
        ClientSnapshot {
            phase: self.phase(),
            version: self.version(),
            attempt: self.attempt(),
            retry_at: match &core.state {
                State::Waiting { until } => Some(*until),
                _ => None,
            },
            keep_alive_at: match &core.state {
                State::Connected { keep_alive, .. } => keep_alive.deadline(),
                _ => None,
            },
            session: core.session.snapshot(),
            offline: core.offline.len(),
            subscriptions: subscriptions.collect(),
            received_aliases: core.aliases.topics().to_vec(),
            sent_aliases: core.assigned_aliases.topics().map(Box::from).collect(),
        }
    }
}
