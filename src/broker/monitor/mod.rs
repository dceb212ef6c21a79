//! Monitoring: counters, the event queue, and the values of `$SYS`.

pub(crate) mod counters;
pub(crate) mod event_queue;
pub(crate) mod sys_values;
