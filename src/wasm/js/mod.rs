//! Platform access of both classes: js-sys, web-sys, gloo-timers, and the two globals that these lack.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod panic;
pub(crate) mod properties;
pub(crate) mod timer;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

/// Callback of the browser, with an event or without.
///
/// All have one type, so that one shim serves them. It is `Fn`: a socket that is not the browser's may give a frame
/// while a handler has the one before.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

#[wasm_bindgen]
extern "C" {
    /// The global function, which web-sys has only as a method of `Window` and `WorkerGlobalScope`. Node has neither.
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub(crate) fn queue_microtask(callback: &JsValue);

    /// The global object, which web-sys gives only for `Window` and `WorkerGlobalScope`.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    pub(crate) static PERFORMANCE: web_sys::Performance;
}
