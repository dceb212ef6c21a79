//! What is used of JavaScript and the browser beside js-sys and web-sys: objects and lists, by fewer and smaller
//! functions than js-sys brings along into the module.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod message;
pub(crate) mod properties;
pub(crate) mod timeout;
pub(crate) mod timer;

use alloc::string::String;
use alloc::vec::Vec;

pub(crate) use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
pub use web_sys::WebSocket;

/// What the browser calls: with an event or with nothing. All are of one type, so that one shim serves them all; `Fn`, since
/// a socket that is not the browser's may give a frame while a handler has the one before.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

#[wasm_bindgen]
extern "C" {
    /// An object.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(typescript_type = "object")]
    pub type Object;

    /// A plain one.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Object;

    /// A list.
    #[wasm_bindgen(typescript_type = "readonly unknown[]")]
    pub type Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Array;
    /// One of these.
    #[wasm_bindgen(static_method_of = Array, js_name = of)]
    pub(crate) fn of(code: &str, message: &str, reason: Option<u8>) -> Array;
    #[wasm_bindgen(method)]
    pub(crate) fn push(this: &Array, value: &JsValue);
    #[wasm_bindgen(method, getter)]
    pub(crate) fn length(this: &Array) -> u32;
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn get(this: &Array, index: u32) -> JsValue;
    /// An element that is a number.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn number(this: &Array, index: u32) -> u32;
    /// An element that is a list itself.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn list(this: &Array, index: u32) -> Array;
    /// An element that is a string.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn text(this: &Array, index: u32) -> String;
    /// An element that is a `Uint8Array`.
    #[wasm_bindgen(method, structural, indexing_getter)]
    pub(crate) fn bytes(this: &Array, index: u32) -> Vec<u8>;

    /// A function that is told events.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(typescript_type = "(event: object) => void")]
    #[derive(Clone)]
    pub type Listener;

    #[cfg(feature = "broker")]
    #[wasm_bindgen(method, catch)]
    pub(crate) fn call(this: &Listener, receiver: &JsValue, event: &JsValue) -> Result<(), JsValue>;

    /// From 0 to below 1.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &JsValue, delay: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(handle: &JsValue);
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub(crate) fn queue_microtask(callback: &JsValue);
    /// Milliseconds since the page or the process began.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;
    /// When the page or the process began, in milliseconds since 1970.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    pub(crate) static TIME_ORIGIN: f64;
}
