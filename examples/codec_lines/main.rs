//! The codec as a filter of lines, for tests that hold it against another codec.
//!
//! Each line of standard input has a command, the version (4 or 5) and an operand; each gets one
//! line of JSON:
//!
//! - `decode 5 c000` answers `{"packets":[{"kind":"PINGREQ"}],"error":null,"unread":0}`: the
//!   packets of a stream, the fault that ended it, and how many bytes wait for more;
//! - `encode 5 {"kind":"PINGREQ"}` answers `{"hex":"c000"}`, or an `error`.
//!
//! Bytes are hexadecimal, property lists are pairs of name and value in wire order.

#[cfg(not(target_arch = "wasm32"))]
mod describe;
#[cfg(not(target_arch = "wasm32"))]
mod lines;
#[cfg(not(target_arch = "wasm32"))]
mod read;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::io::Result<()> {
    lines::run()
}

/// A page has no standard input.
#[cfg(target_arch = "wasm32")]
fn main() {}
