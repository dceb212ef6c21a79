//! Platform access of both classes: js-sys, web-sys, gloo-timers, and the global that they lack.

#[cfg(feature = "client")]
pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod panic;
pub(crate) mod properties;
#[cfg(feature = "client")]
pub(crate) mod timer;
#[cfg(any(feature = "broker", feature = "simulator"))]
pub(crate) mod value;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
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
