//! A socket: a WebSocket, or what looks like one, with the closures that listen to it.

use std::rc::Weak;

use js_sys::Uint8Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, WebSocket};

use super::shell::ClientShell;

/// Owns the socket's `on…` slots. Dropped, it empties them and closes the socket, so that nothing is called any more.
pub(super) struct Socket {
    inner: WebSocket,
    /// Dropped after the slots are empty.
    _on_open: Closure<dyn FnMut()>,
    /// `Fn`, since a socket that is not the browser's may give a frame while a handler has the one before.
    _on_message: Closure<dyn Fn(JsValue)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Socket {
    /// Listens for the shell, which must look itself whether the socket is open already.
    pub(super) fn attach(socket: WebSocket, shell: &Weak<ClientShell>) -> Self {
        let on_open = {
            let shell = Weak::clone(shell);
            Closure::<dyn FnMut()>::new(move || {
                if let Some(shell) = shell.upgrade() {
                    shell.on_open();
                }
            })
        };
        let on_message = {
            let shell = Weak::clone(shell);
            Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
                if let Some(shell) = shell.upgrade() {
                    shell.on_frame(&event);
                }
            })
        };
        let on_close = {
            let shell = Weak::clone(shell);
            Closure::<dyn FnMut()>::new(move || {
                if let Some(shell) = shell.upgrade() {
                    shell.on_closed();
                }
            })
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // An error is always followed by the close, which is what we act on.
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Self { inner: socket, _on_open: on_open, _on_message: on_message, _on_close: on_close }
    }

    /// The socket itself, to be used while nothing is borrowed: one that is not the browser's may call back at once.
    pub(super) fn handle(&self) -> WebSocket {
        self.inner.clone()
    }
}

/// Sends a frame. A socket that is not open any more takes nothing, and tells of its close soon.
pub(super) fn send(socket: &WebSocket, frame: &Uint8Array) {
    if is_open(socket) {
        let _ = socket.send_with_js_u8_array(frame);
    }
}

pub(super) fn is_open(socket: &WebSocket) -> bool {
    socket.ready_state() == WebSocket::OPEN
}

impl Drop for Socket {
    fn drop(&mut self) {
        // `None` would be undefined, which a socket that is not the browser's may take for a function.
        let null = JsValue::NULL;
        let nobody = Some(null.unchecked_ref());
        self.inner.set_onopen(nobody);
        self.inner.set_onmessage(nobody);
        self.inner.set_onclose(nobody);
        // Closed already, or not open yet: both are well.
        let _ = self.inner.close();
    }
}
