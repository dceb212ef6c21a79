//! The WebAssembly module of the npm package: the exports of the crate's `wasm`.

#![no_std]

extern crate wasmqtt as _;
