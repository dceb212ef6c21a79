//! The codec: packets by rows, and laws for all packets and for all bytes.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod codec {
    mod bad;
    mod dissect;
    mod generate;
    mod good;
    mod laws;
    mod reasons;
}
