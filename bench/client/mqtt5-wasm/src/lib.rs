//! Module of mqtt5-wasm, to measure beside ours.

pub use mqtt5_wasm::*;
