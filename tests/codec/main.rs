//! The codec: packets by rows, and what holds for all packets and for all bytes.
#![cfg(not(target_arch = "wasm32"))]

mod bad;
mod bytes;
mod generate;
mod good;
mod laws;
mod reasons;

use bytes::{framed, hex};
use wasmqtt::codec::Version;

const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];
