//! The browser's side: sockets, timers, conversion, and the classes that the TypeScript face builds on.
//!
//! A [`ClientDriver`](client::driver::ClientDriver) holds a machine behind the only `RefCell`: run the machine under a short borrow,
//! then act on one output at a time with the borrow released. So a handler that calls back in finds nothing borrowed.

#[cfg(feature = "broker")]
mod broker;
mod client;
mod js;
#[cfg(feature = "broker")]
mod link;

#[cfg(feature = "broker")]
pub use broker::hooks::Asker;
#[cfg(feature = "broker")]
pub use broker::peer_socket::PeerSocket;
#[cfg(feature = "broker")]
pub use broker::storage::Storage;
#[cfg(feature = "broker")]
pub use broker::{BrokerCore, explain};
pub use client::ClientCore;
pub use js::callbacks::Host;
pub use js::error::check;
pub use js::properties::read_properties;

#[cfg(feature = "allocator")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
