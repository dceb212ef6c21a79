//! The page's clock, which never goes backwards.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::time::Time;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page or the process began.
pub(super) fn now() -> Time {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page does not live for 2^64 ms")]
    Time::from_millis(performance_now() as u64)
}
