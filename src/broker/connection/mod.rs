//! One connection: its peer, topic aliases, deadlines and reason strings.

pub(crate) mod auth_exchange;
pub(crate) mod deadlines;
pub(crate) mod flow;
pub(crate) mod outbox;
pub(crate) mod peer;
pub(crate) mod reason_string;
pub(crate) mod topic_aliases;
