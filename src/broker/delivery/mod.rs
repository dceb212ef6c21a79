//! Delivery: from a message to the bytes for its subscribers.

pub(crate) mod approve;
pub(crate) mod deliver;
pub(crate) mod encoded_publish;
pub(crate) mod fan_out;
mod host_publish;
mod packet_writer;
pub(crate) mod parts;
pub(crate) mod publication;
pub(crate) mod readiness;
mod recheck;
pub(crate) mod retained_delivery;
