//! One connection: its peer with input and output, topic aliases, deadlines and reason strings.

pub(crate) mod auth_exchange;
pub(crate) mod close_cause;
pub(crate) mod connack;
pub(crate) mod deadlines;
pub(crate) mod outbox;
pub(crate) mod peer;
pub(crate) mod peer_input;
pub(crate) mod peer_output;
pub(crate) mod reason_string;
pub(crate) mod topic_aliases;
