//! Browser bindings: sockets, timers, conversion, and the exported classes under the TypeScript
//! face.
//!
//! A [`ClientDriver`](client::driver::ClientDriver) owns a machine behind the only `RefCell`. Run
//! the machine under a short borrow, then act on one output at a time with the borrow released. So
//! a handler that calls back in finds nothing borrowed.

#[cfg(feature = "broker")]
mod broker;
#[cfg(feature = "client")]
mod client;
mod convert;
mod js;
#[cfg(feature = "broker")]
mod link;
#[cfg(feature = "simulator")]
mod simulator;

#[cfg(feature = "broker")]
pub use broker::hooks::Asker;
#[cfg(feature = "broker")]
pub use broker::peer_socket::PeerSocket;
#[cfg(feature = "broker")]
pub use broker::storage::Storage;
#[cfg(feature = "broker")]
pub use broker::{BrokerCore, explain};
#[cfg(feature = "client")]
pub use client::{ClientCore, failed_call::check, received_properties::read_properties};
#[cfg(feature = "client")]
pub use js::callbacks::Host;
#[cfg(feature = "simulator")]
pub use simulator::{WorldCore, dissect, explain_all};

#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
