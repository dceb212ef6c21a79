//! What the specifications ask of a server, statement by statement, by their chapters. A test cites what it proves; in
//! tests/broker stands what the broker promises besides, and there too statements are cited.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod conformance {
    mod aliases;
    mod bystanders;
    mod connect;
    mod delivery;
    mod disconnect;
    mod flood;
    mod malformed;
    mod malformed_connect;
    mod publish;
    mod session;
    mod shared;
    mod sizes;
    mod subscribe;
    mod topics;
}
