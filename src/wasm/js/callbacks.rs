//! The host: the TypeScript object that a client's driver calls.
//!
//! On the hot path it gets numbers only: addresses in WebAssembly memory. It reads them before it
//! calls anybody.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::{Array, Uint8Array};

#[wasm_bindgen]
extern "C" {
    /// Callbacks into the face for a client; a broker calls `route` and `message` alone. No
    /// callback throws.
    pub type Host;

    /// Keeps the `data` of a socket's message event as the current frame and returns its length.
    /// Returns -1 for a text frame, -2 for an event that is no message.
    #[wasm_bindgen(method, js_name = frame)]
    fn frame_number(this: &Host, event: &JsValue) -> i32;

    /// Copies the current frame's bytes from one offset to another to this address.
    #[wasm_bindgen(method)]
    pub(crate) fn fill(this: &Host, address: usize, from: usize, to: usize);

    /// Sets the topic and the handlers of a slot.
    #[wasm_bindgen(method)]
    pub(crate) fn route(this: &Host, slot: u32, topic: usize, topic_bytes: usize, handlers: usize, count: usize);

    /// Delivers a message to the handlers of a slot.
    ///
    /// `flags` are the low four bits of PUBLISH, and above them a client's ticket for the
    /// acknowledgement, 0 if there is none. The payload is at `address`, with its properties
    /// right before it. `offset` is the payload's offset in the current frame; -1 if the frame does
    /// not contain all of it.
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

    /// Asks for `resume` in a task of its own.
    #[wasm_bindgen(method)]
    pub(crate) fn pause(this: &Host);

    /// Reports an accepting CONNACK. `absence` is in milliseconds, -1 at the first connection.
    /// `version` is the protocol level of CONNECT.
    #[wasm_bindgen(method)]
    pub(crate) fn connected(this: &Host, session_present: bool, properties: &Array, absence: f64, version: u8);

    /// Reports the success of a request.
    #[wasm_bindgen(method)]
    pub(crate) fn done(this: &Host, request: f64, reason: u8, properties: Option<Array>);

    /// Reports the failure of a request.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(
        this: &Host,
        request: f64,
        code: &str,
        message: &str,
        reason: Option<u8>,
        properties: Option<Array>,
    );

    /// Reports news that ends no request: of the request with this number, or of this filter.
    #[wasm_bindgen(method)]
    pub(crate) fn notice(this: &Host, code: &str, message: &str, request: f64, filter: &str, reason: Option<u8>);

    /// Asks for a transport to the server with this index, or with this reference.
    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Host, attempt: u32, listed: usize, reference: Option<&str>);

    /// Reports the end of an attempt or a connection. The next attempt is in `wait` milliseconds.
    /// Without, this is the client's last call.
    #[wasm_bindgen(method)]
    pub(crate) fn closed(
        this: &Host,
        code: &str,
        message: &str,
        reason: Option<u8>,
        rule: Option<&str>,
        properties: Option<Array>,
        wait: Option<f64>,
    );

    /// Asks for the answer to a challenge of enhanced authentication.
    #[cfg(feature = "full")]
    #[wasm_bindgen(method)]
    pub(crate) fn authenticate(this: &Host, challenge: u32, properties: &Array);

    /// Records a packet that was sent or received, while somebody watches. It calls nobody. No
    /// packet identifier is 0; no reason code and no payload are -1.
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

    /// Writes the changes to the client's store, as `Batch::as_bytes` encodes them, then calls
    /// `stored`.
    #[cfg(feature = "full")]
    #[wasm_bindgen(method)]
    pub(crate) fn store(this: &Host, batch: f64, changes: &Uint8Array);

    /// Reports the recorded packets to the watchers.
    #[wasm_bindgen(method, js_name = tellPackets)]
    pub(crate) fn tell_packets(this: &Host);
}

/// Event of a socket.
pub(crate) enum SocketEvent {
    /// A binary frame, now the current one, with its length in bytes.
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
