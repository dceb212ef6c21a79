//! Helpers of several test programs: each root has them by `mod support;`.
#![allow(dead_code, reason = "no test program uses them all")]

pub(crate) mod bytes;
pub(crate) mod client_disk;
pub(crate) mod disk;
pub(crate) mod packets;
pub(crate) mod scenario;
pub(crate) mod subscriber_wire;
pub(crate) mod transcript;
