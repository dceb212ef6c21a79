//! Replays: how far a client's subscriptions have brought it what is retained (MQTT 5.0 §3.3.1.3).
//!
//! A subscription may match more retained messages than its client takes at once. So it has a replay, which goes through
//! the topics of its filter in their order, as fast as the client takes them, and notes how far it came. Nothing is kept
//! of the messages, which stay where they are retained: one that is forgotten before its turn has come is not sent, and one
//! that has another in its place goes live to the client.
//!
//! A replay belongs to its subscription. It ends with it, begins anew when the filter is subscribed to again (unless Retain
//! Handling says otherwise: then it goes on with the new options), outlives the connection if the session does, and is
//! stored with it. What was under way at QoS 0 when a connection or the broker ended is lost; nothing comes twice for that.

use alloc::vec::Vec;

use crate::broker::clients::ClientState;
use crate::broker::clients::subscription::Subscription;
use crate::broker::retained::Kept;
use crate::topic::{TopicFilter, TopicName};

/// The replays of one client that are not over.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    /// One for a subscription at the most; the oldest first.
    pub(crate) line: Vec<Replay>,
    /// Whose turn it is.
    pub(crate) next: usize,
    /// So many of the deliveries that were ever put into the session's queue are older than the replays, and go first.
    pub(crate) behind: u64,
    /// The next message of QoS 1 or 2 is a replay's, and not of the queue.
    pub(crate) is_next: bool,
}

/// One subscription's.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    pub(crate) filter: TopicFilter,
    pub(crate) subscription: Subscription,
    /// What is retained with a later stamp the client was sent live, or when a live message overtook the replay.
    pub(crate) since: u64,
    /// How far it came.
    pub(crate) after: Option<TopicName>,
}

impl Replay {
    /// Whether it has still to come to the topic.
    pub(crate) fn is_before(&self, kept: &Kept) -> bool {
        self.after.as_ref().is_none_or(|after| after < kept.topic()) && self.filter.matches(kept.topic())
    }
}

impl Replays {
    /// That of a subscription.
    pub(crate) fn find(&self, filter: &str) -> Option<&Replay> {
        self.line.get(self.place(filter)?)
    }

    fn place(&self, filter: &str) -> Option<usize> {
        self.line.iter().position(|replay| replay.filter.as_str() == filter)
    }
}

impl ClientState {
    /// A subscription is to bring what is retained: from the beginning, or what is left of it.
    pub(crate) fn begin_replay(&mut self, replay: Replay) {
        self.end_replay(replay.filter.as_str());
        self.replays.line.push(replay);
        self.queue_goes_first();
    }

    /// A subscription has other options now, and its replay goes on.
    pub(crate) fn change_replay(&mut self, filter: &str, subscription: Subscription) {
        if let Some(place) = self.replays.place(filter) {
            self.replays.line[place].subscription = subscription;
        }
    }

    /// A subscription is given up.
    pub(crate) fn end_replay(&mut self, filter: &str) {
        if let Some(place) = self.replays.place(filter) {
            self.replays.line.remove(place);
        }
    }

    /// What is retained of topics with a stamp up to this one is to come, though newer messages went to them: to all that the
    /// client subscribes to, or to what it wants nothing of its own of [MQTT-3.8.3-3].
    pub(crate) fn go_on_since(&mut self, stamp: u64, all: bool) {
        let mut line = core::mem::take(&mut self.replays.line);
        for replay in &mut line {
            if all || replay.subscription.no_local {
                replay.since = stamp;
                self.note_subscription(&replay.filter);
            }
        }
        self.replays.line = line;
    }

    /// What waits in the queue of the session now goes before the replays.
    pub(crate) fn queue_goes_first(&mut self) {
        self.replays.behind = self.enqueued;
    }
}
