//! Conformance of the broker: the specifications' statements about a server, by their chapters. A
//! test cites the statements that it proves. The broker's further promises are tested in
//! tests/broker, where statements are cited too.
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
