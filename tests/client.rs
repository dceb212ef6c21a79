//! The client against a scripted broker: bytes in, bytes and outputs out.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod client {
    mod assigned_aliases;
    mod auth;
    mod delivery;
    mod disconnect;
    mod faults;
    mod flow;
    mod grammar;
    mod host;
    mod liar;
    mod life;
    mod manual;
    mod observed_wire;
    mod offline;
    mod reconnect;
    mod recovery;
    mod redirect;
    mod script;
    mod shared;
    mod split;
    mod statements;
    mod store;
    mod stored_exchange;
    mod streams;
    mod timing;
}
