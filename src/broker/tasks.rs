//! Tasks: work that is begun and goes on in later turns, since a peer chooses its length.
//!
//! While there is a task, no packet is handled but PINGREQ. So nothing that a cut task walks over
//! changes. A publisher's next message does not overtake the one that is being delivered
//! [MQTT-4.6.0-6]. The store's batch waits for the end of the tasks too, so that it holds all of a
//! change or nothing.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::clients::shared_groups::Search;
use crate::broker::clients::subscription::Subscription;
use crate::broker::delivery::publication::Origin;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::{ClientKey, PeerId, QuestionId};
use crate::broker::monitor::counters::{Counters, Gauges};
use crate::codec::Message;
use crate::collections::fifo::Fifo;
use crate::topic::TopicFilter;

/// Work that goes on in a later turn.
#[derive(Debug)]
pub(crate) enum Task {
    /// Delivers the message of the broker's fan-out to the subscribers that are left.
    FanOut(CutFanOut),
    /// Publishes the will of a client.
    Will(ClientKey, Arc<Message>),
    /// Redelivers messages to other members of their groups.
    HandOver(HandOver),
    /// Redelivers those that wait for the host's approval.
    HandOverLine(HandOverLine),
    /// Ends a session.
    EndSession(ClientKey, EndStage),
    /// Sends a client the values of `$SYS` for these new subscriptions.
    NewSysFilters(ClientKey, Vec<(TopicFilter, Subscription)>, Box<(Counters, Gauges)>),
    /// Publishes the changed values of `$SYS`, from this index on.
    Sys(usize, Box<(Counters, Gauges)>),
    /// Disconnects these peers, since the host shuts down.
    ShutDown(VecDeque<PeerId>),
}

/// A fan-out that was cut.
#[derive(Debug)]
pub(crate) struct CutFanOut {
    pub(crate) message: Arc<Message>,
    pub(crate) origin: Origin,
}

/// Deliveries to redeliver, of a client that has left its connection, a group or its session.
#[derive(Debug)]
pub(crate) struct HandOver {
    pub(crate) from: ClientKey,
    /// Deliveries, and the empty places between them.
    pub(crate) deliveries: Fifo<Option<Delivery>>,
    /// True if its session has ended. Messages that no other member takes are dropped then, and
    /// stay in its queue otherwise.
    pub(crate) is_ended: bool,
    /// The search for a member for the first of them.
    pub(crate) search: Search<Readiness>,
}

/// Deliveries to redeliver that wait for approval. They stay in the queue meanwhile, since their
/// answers may come.
#[derive(Debug)]
pub(crate) struct HandOverLine {
    pub(crate) from: ClientKey,
    /// The question of the last delivery that was looked at.
    pub(crate) after: QuestionId,
    /// The search for a member for the next one.
    pub(crate) search: Search<Readiness>,
}

/// Next stage of the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndStage {
    Subscriptions,
    Will,
    Removal,
}

/// Tasks in their order. The first goes on next.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    queue: VecDeque<Task>,
    /// True while one runs. It then stands in no queue.
    pub(crate) is_running: bool,
    /// True while peers are to be disconnected, since the host shuts down.
    pub(crate) is_shutting_down: bool,
    /// True while a restore goes on. Then nothing is due, and the store gets no batch.
    pub(crate) is_restoring: bool,
}

impl Tasks {
    /// True if no work is left.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds a task behind the others.
    pub(crate) fn push(&mut self, task: Task) {
        self.queue.push_back(task);
    }

    /// Adds a task that goes on first: the rest of the running one, or a part of it.
    pub(crate) fn push_first(&mut self, task: Task) {
        self.queue.push_front(task);
    }

    /// Takes the next task.
    pub(crate) fn pop(&mut self) -> Option<Task> {
        self.queue.pop_front()
    }
}
