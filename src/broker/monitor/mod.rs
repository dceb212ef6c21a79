//! Monitoring: counters and events.

pub(crate) mod counters;
pub(crate) mod event_queue;
pub(crate) mod sys_values;
