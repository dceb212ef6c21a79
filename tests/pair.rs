//! Clients and a broker, joined over bytes in virtual time: promises from end to end, over cuts at
//! any byte.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod pair {
    mod acts;
    mod connection;
    mod delivery;
    mod net;
    mod node;
    mod pipe;
    mod plan;
    mod property;
    mod random;
    mod sessions;
    mod silence;
    mod store;
    mod trace;
    mod wills;
}
