//! The memory of a broker: what is counted against what is allocated, and the limit.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod memory {
    #[path = "../support/allocator.rs"]
    mod allocator;
    mod counted;
    mod host;
    mod limit;
    mod long;
}
