//! A timeout: a callback that the page runs once, later. Not gloo-timers', which needs the standard library.

use crate::wasm::js::{self, Callback};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// Dropped, it runs nothing.
pub(crate) struct Timeout {
    /// A number, or an object in Node.
    handle: JsValue,
    _callback: Callback,
}

impl Timeout {
    /// `delay` is in milliseconds, up to 2^31 - 1; one that is longer runs at once.
    pub(crate) fn new(delay: u32, run: impl Fn() + 'static) -> Self {
        let callback: Callback = Closure::new(move |_| run());
        let handle = js::set_timeout(callback.as_ref(), delay);
        Self { handle, _callback: callback }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        js::clear_timeout(&self.handle);
    }
}
