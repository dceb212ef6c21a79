//! Platform access of both classes: js-sys, web-sys, gloo-timers, and the two globals that they
//! lack.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod panic;
pub(crate) mod properties;
pub(crate) mod timer;
#[cfg(feature = "broker")]
pub(crate) mod value;

use alloc::rc::Weak;

use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;

/// Callback of the browser, with an event or without.
///
/// All callbacks have one type, so that one shim serves them. It is `Fn`, since sockets other than
/// the browser's may send a frame while a handler runs.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

/// Returns a callback that calls the owner as long as it exists.
pub(crate) fn callback<T: 'static>(owner: &Weak<T>, act: fn(&T, &JsValue)) -> Callback {
    let owner = Weak::clone(owner);
    Callback::new(move |event| {
        if let Some(owner) = owner.upgrade() {
            act(&owner, &event);
        }
    })
}

#[wasm_bindgen]
extern "C" {
    /// Queues a microtask by the global function. web-sys has it only for `Window` and
    /// `WorkerGlobalScope`, which Node lacks.
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub(crate) fn queue_microtask(callback: &JsValue);

    /// Returns the milliseconds of the monotonic clock. web-sys has it only for `Window` and
    /// `WorkerGlobalScope`.
    ///
    /// The global object is read at each call: fake timers of tests put another in its place.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;

    /// The moment at which that clock was zero, in milliseconds since 1970.
    #[cfg(feature = "broker")]
    #[wasm_bindgen(thread_local_v2, js_namespace = performance, js_name = timeOrigin)]
    pub(crate) static TIME_ORIGIN: f64;
}
