//! What a broker's store is to the module: it writes batches.

use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::Uint8Array;

#[wasm_bindgen]
extern "C" {
    /// What the face does to store. None of its functions throws, and none calls the module at once.
    #[derive(Clone)]
    pub type Storage;

    /// Writes these changes, as `Batch::as_bytes` gives them; then calls `stored` or `storeFailed`.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Storage, batch: f64, changes: &Uint8Array);
}
