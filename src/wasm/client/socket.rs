//! WebSocket, or an object like one, whose events all go to one callback.

use wasm_bindgen::{JsCast, JsValue};

use crate::wasm::client::task::Callback;
use js_sys::Uint8Array;
use web_sys::WebSocket;

/// Owner of a socket's `on…` slots. Dropping it clears them and closes the socket, so that nothing
/// is called any more.
pub(crate) struct Socket {
    inner: WebSocket,
}

impl Socket {
    /// Calls the callback with the socket's events. The caller checks whether the socket is open
    /// already.
    pub(crate) fn attach(socket: WebSocket, callback: &Callback) -> Self {
        socket.set_binary_type(web_sys::BinaryType::Arraybuffer);
        let socket = Self { inner: socket };
        socket.fill_slots(callback.as_ref());
        socket
    }

    /// Sets the slots. An error is always followed by the close, so that `onerror` is not needed.
    fn fill_slots(&self, callback: &JsValue) {
        let callback = Some(callback.unchecked_ref());
        self.inner.set_onopen(callback);
        self.inner.set_onmessage(callback);
        self.inner.set_onclose(callback);
    }

    /// Returns the socket itself, for use while nothing is borrowed. A socket that is not the
    /// browser's may call back at once.
    pub(crate) fn handle(&self) -> WebSocket {
        self.inner.clone()
    }
}

/// Sends a frame. A socket that is not open any more takes nothing, and reports its close soon.
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
