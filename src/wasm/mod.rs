//! The browser's side: sockets, timers, conversion, and the classes that the TypeScript face builds on.
//!
//! A [`ClientShell`](shell::ClientShell) holds a machine behind the only `RefCell`: run the machine under a short borrow,
//! then act on one output at a time with the borrow released. So a handler that calls back in finds nothing borrowed.

mod arrival;
#[cfg(feature = "broker")]
mod asker;
#[cfg(feature = "broker")]
mod broker;
#[cfg(feature = "broker")]
mod broker_options;
mod client;
#[cfg(feature = "broker")]
mod counters;
#[cfg(feature = "broker")]
mod ends;
mod js;
#[cfg(feature = "broker")]
mod link;
#[cfg(feature = "broker")]
mod mail;
mod options;
#[cfg(feature = "broker")]
mod pause;
#[cfg(feature = "broker")]
mod pipe;
#[cfg(feature = "broker")]
mod port;
#[cfg(feature = "broker")]
mod report;
#[cfg(feature = "store")]
mod restore;
mod shell;
mod socket;
#[cfg(feature = "broker")]
mod storage;
mod tap;
mod transport;

#[cfg(feature = "broker")]
pub use asker::Asker;
#[cfg(feature = "broker")]
pub use broker::{BrokerCore, explain};
pub use client::{ClientCore, check};
#[cfg(feature = "broker")]
pub use js::Object;
pub use js::callbacks::Host;
pub use js::properties::read_properties;
pub use js::{Array, WebSocket};
#[cfg(feature = "broker")]
pub use port::Port;
#[cfg(feature = "broker")]
pub use storage::Storage;

#[cfg(feature = "module")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Traps: the call that it is in throws a `RuntimeError`, and the face ends the client. Only a bug of ours panics.
#[cfg(feature = "module")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
