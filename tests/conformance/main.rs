//! What the specifications ask of a server, statement by statement, by their chapters. A test cites what it proves; in
//! tests/broker stands what the broker promises besides, and there too statements are cited.
#![cfg(not(target_arch = "wasm32"))]

mod aliases;
#[path = "../codec/bytes.rs"]
mod bytes;
mod connect;
mod delivery;
mod disconnect;
#[path = "../disk/mod.rs"]
#[allow(dead_code, reason = "tests/broker needs it all")]
mod disk;
mod flood;
mod malformed;
mod malformed_connect;
mod publish;
#[path = "../broker/room.rs"]
#[allow(dead_code, reason = "it has what tests/broker needs besides")]
mod room;
mod scene;
mod session;
mod shared;
mod sizes;
mod subscribe;
#[path = "../broker/told.rs"]
mod told;
mod topics;
