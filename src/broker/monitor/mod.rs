//! Monitoring: counters and events.

pub(crate) mod counters;
pub(crate) mod event_queue;
