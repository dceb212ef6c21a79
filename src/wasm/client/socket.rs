//! A socket: a WebSocket, or what looks like one, whose events one callback is called with.

use wasm_bindgen::{JsCast, JsValue};

use crate::wasm::js::Callback;
use js_sys::Uint8Array;
use web_sys::WebSocket;

/// Owns the socket's `on…` slots. Dropped, it empties them and closes the socket, so that nothing is called any more.
pub(crate) struct Socket {
    inner: WebSocket,
}

impl Socket {
    /// Has the callback called, which must look itself whether the socket is open already.
    pub(crate) fn attach(socket: WebSocket, callback: &Callback) -> Self {
        socket.set_binary_type(web_sys::BinaryType::Arraybuffer);
        let socket = Self { inner: socket };
        socket.fill_slots(callback.as_ref());
        socket
    }

    /// An error is always followed by the close, which is what we act on.
    fn fill_slots(&self, callback: &JsValue) {
        let callback = Some(callback.unchecked_ref());
        self.inner.set_onopen(callback);
        self.inner.set_onmessage(callback);
        self.inner.set_onclose(callback);
    }

    /// The socket itself, to be used while nothing is borrowed: one that is not the browser's may call back at once.
    pub(crate) fn handle(&self) -> WebSocket {
        self.inner.clone()
    }
}

/// Sends a frame. A socket that is not open any more takes nothing, and tells of its close soon.
pub(crate) fn send(socket: &WebSocket, frame: &Uint8Array) {
    if is_open(socket) {
        let _ = socket.send_with_js_u8_array(frame);
    }
}

pub(crate) fn is_open(socket: &WebSocket) -> bool {
    socket.ready_state() == WebSocket::OPEN
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Not undefined, which a socket that is not the browser's may take for a function.
        self.fill_slots(&JsValue::NULL);
        // Closed already, or not open yet: both are well.
        let _ = self.inner.close();
    }
}
