//! The parts of the broker that all deliveries of an input share.

use crate::broker::auth::open_questions::Questions;
use crate::broker::auth::verdict::RequiredChecks;
use crate::broker::connection::outbox::Outbox;
use crate::broker::memory_budget::MemoryBudget;
use crate::broker::monitor::event_queue::EventQueue;
use crate::broker::options::BrokerOptions;
use crate::broker::retained::Retained;
use crate::time::Time;

/// The parts of the broker that deliveries need, beside the clients and their connections.
#[derive(Debug)]
pub(crate) struct DeliveryParts<'a> {
    pub(crate) retained: &'a Retained,
    pub(crate) questions: &'a mut Questions,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) memory: &'a mut MemoryBudget,
    pub(crate) events: &'a mut EventQueue,
    pub(crate) options: &'a BrokerOptions,
    pub(crate) required_checks: RequiredChecks,
    pub(crate) now: Time,
}
