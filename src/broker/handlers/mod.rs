//! Handlers: methods of `Broker`, a file for each kind of input or event.

pub(crate) mod auth;
pub(crate) mod authorize;
pub(crate) mod backpressure;
pub(crate) mod connect;
pub(crate) mod deliver;
pub(crate) mod disconnect;
pub(crate) mod distribute;
pub(crate) mod host;
pub(crate) mod memory;
pub(crate) mod packet;
pub(crate) mod publish;
pub(crate) mod redeliver_shared;
pub(crate) mod restore;
pub(crate) mod restore_parts;
pub(crate) mod store;
pub(crate) mod subscribe;
pub(crate) mod sys_topics;
pub(crate) mod tasks;
pub(crate) mod timeout;
pub(crate) mod turn;
pub(crate) mod will;
