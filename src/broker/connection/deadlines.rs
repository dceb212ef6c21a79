//! The moments at which the broker must act by itself, in one ordered queue.

use crate::broker::ids::{ClientKey, PeerId};
use crate::collections::sorted_list::SortedList;
use crate::time::Time;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deadline {
    /// A will whose delay is over (§3.1.3.2.2). Before the session's end at the same moment.
    Will(ClientKey),
    /// A session that nobody came back for (§3.1.2.11.2).
    Session(ClientKey),
    /// A connection without CONNECT, or silent for one and a half times its keep alive [MQTT-3.1.2-22].
    Peer(PeerId),
    /// What `$SYS` tells.
    Sys,
}

/// Each deadline stands in it at most once; who arms one remembers the moment, to take it out again.
#[derive(Debug)]
pub(crate) struct Deadlines(SortedList<(Time, Deadline)>);

impl Deadlines {
    pub(crate) const fn new() -> Self {
        Self(SortedList::new())
    }

    pub(crate) fn insert(&mut self, at: Time, deadline: Deadline) {
        self.0.insert::<(Time, Deadline)>((at, deadline));
    }

    pub(crate) fn remove(&mut self, at: Time, deadline: Deadline) {
        self.0.remove(&(at, deadline));
    }

    pub(crate) fn first(&self) -> Option<Time> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes out the first that is due.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Deadline> {
        let due = self.0.first().filter(|(at, _)| *at <= now).copied()?;
        self.0.remove(&due).map(|(_, deadline)| deadline)
    }
}
