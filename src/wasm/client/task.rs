//! Callbacks of the browser, and its microtasks.

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
}
