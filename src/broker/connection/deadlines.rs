//! Timers of the broker: one queue of deadlines in order.

use crate::broker::ids::{ClientKey, PeerId};
use crate::collections::sorted_list::SortedList;
use crate::time::Time;

/// A deadline, by its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deadline {
    /// The end of a will's delay (§3.1.3.2.2). It comes before the session's expiry at the same
    /// time.
    Will(ClientKey),
    /// The expiry of a session (§3.1.2.11.2).
    Session(ClientKey),
    /// The connect timeout of a connection, or one and a half times its keep alive [MQTT-3.1.2-22].
    Peer(PeerId),
    /// The next publication of the `$SYS` topics.
    Sys,
    /// The next attempt for publishers that are held back for want of memory.
    HeldBack,
}

/// Queue of deadlines, each at most once. A caller that sets one keeps its time, to remove it
/// again.
#[derive(Debug)]
pub(crate) struct Deadlines(SortedList<(Time, Deadline)>);

impl Deadlines {
    pub(crate) const fn new() -> Self {
        Self(SortedList::new())
    }

    /// Returns the bytes of memory that they take.
    pub(crate) fn table_bytes(&self) -> usize {
        self.0.table_bytes()
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

    /// Takes the first deadline that is due, with its time.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<(Time, Deadline)> {
        let due = self.0.first().filter(|(at, _)| *at <= now).copied()?;
        self.0.remove(&due)
    }
}
