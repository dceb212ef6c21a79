//! MQTT 3.1.1 and 5.0 without I/O: the codec, the session, the router, the client and the broker.
//!
//! Everything outside `wasm` is a plain value that takes bytes and the time as arguments, and
//! returns the next action. It has no socket, no timer, no promise. So the same code runs natively,
//! in tests under virtual time, and in a web page. It needs an allocator, and nothing else of the
//! standard library.

// The core is safe Rust. In `wasm`, the code that wasm-bindgen writes is not ours to judge.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![no_std]

#[macro_use]
extern crate alloc;
// The core cannot name the standard library; `src/wasm` and unit tests can.
#[cfg(any(test, target_arch = "wasm32"))]
extern crate std;

pub mod broker;
mod byte_search;
pub mod client;
pub mod codec;
mod collections;
mod memory_meter;
mod random;
pub mod router;
pub mod session;
pub mod simulator;
pub mod store;
pub mod time;
mod time_limit;
pub mod topic;
#[cfg(all(target_arch = "wasm32", any(feature = "client", feature = "simulator")))]
pub mod wasm;
