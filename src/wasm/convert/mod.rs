//! Options of both machines from lists, and what they report as values.
//!
//! The classes of the client and the broker share them with the simulated world.

#[cfg(any(feature = "broker", feature = "simulator"))]
pub(crate) mod broker_event;
#[cfg(any(feature = "broker", feature = "simulator"))]
pub(crate) mod broker_options;
pub(crate) mod client_options;
#[cfg(any(feature = "broker", feature = "simulator"))]
pub(crate) mod explanation;
