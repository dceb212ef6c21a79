//! The host: the TypeScript object that a client's driver calls.
//!
//! On the hot path it is given numbers only: addresses into the WebAssembly memory, which it reads before it calls anybody.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::{Array, Uint8Array};

#[wasm_bindgen]
extern "C" {
    /// What the face does for a client; for a broker `route` and `message` alone. None of its functions throws.
    pub type Host;

    /// Keeps the `data` of a socket's message event as the current frame, and returns its length; -1
    /// for a text frame, -2 for an event that is no message.
    #[wasm_bindgen(method, js_name = frame)]
    fn frame_number(this: &Host, event: &JsValue) -> i32;

    /// Copies the current frame's bytes from one offset to another to this address.
    #[wasm_bindgen(method)]
    pub(crate) fn fill(this: &Host, address: usize, from: usize, to: usize);

    /// The topic and the handlers of a slot, from now on.
    #[wasm_bindgen(method)]
    pub(crate) fn route(this: &Host, slot: u32, topic: usize, topic_bytes: usize, handlers: usize, count: usize);

    /// A message for the handlers of a slot. `flags` are the low four bits of PUBLISH; `address` is where its payload is, and
    /// its properties are right before it; `offset` is where in the current frame the payload is, -1 if it is not all there.
    #[wasm_bindgen(method)]
    pub(crate) fn message(
        this: &Host,
        slot: u32,
        flags: u32,
        address: usize,
        payload_bytes: usize,
        properties_bytes: usize,
        offset: i32,
    );

    #[wasm_bindgen(method)]
    pub(crate) fn connected(this: &Host, session_present: bool, properties: &Array);

    /// A request ended well.
    #[wasm_bindgen(method)]
    pub(crate) fn done(this: &Host, request: f64, reason: u8);

    /// A request failed.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Host, request: f64, code: &str, message: &str, reason: Option<u8>);

    /// The connection is over: the last call of a connection.
    #[wasm_bindgen(method)]
    pub(crate) fn closed(this: &Host, code: &str, message: &str, reason: Option<u8>, rule: Option<&str>);

    /// Notes a packet that passed, and calls nobody; only while somebody watches. 0 is no packet identifier, -1 no reason code
    /// and no payload.
    #[wasm_bindgen(method)]
    pub(crate) fn packet(
        this: &Host,
        outgoing: bool,
        header: u8,
        packet_id: u16,
        reason: i32,
        topic: Option<&str>,
        payload_bytes: i32,
        bytes: &Uint8Array,
    );

    /// Tells the packets that were noted.
    #[wasm_bindgen(method, js_name = tellPackets)]
    pub(crate) fn tell_packets(this: &Host);
}

/// Event of a socket.
pub(crate) enum SocketEvent {
    /// A binary frame of so many bytes, which is the current one.
    Frame(usize),
    /// A text frame.
    Text,
    /// The socket opened or closed.
    State,
}

impl Host {
    /// Keeps the frame of a message event as the current one.
    pub(crate) fn frame(&self, event: &JsValue) -> SocketEvent {
        match self.frame_number(event) {
            -1 => SocketEvent::Text,
            -2 => SocketEvent::State,
            len => SocketEvent::Frame(len.unsigned_abs() as usize),
        }
    }
}
