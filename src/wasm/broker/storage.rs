//! Storage of a broker's batches.

use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::Uint8Array;

#[wasm_bindgen]
extern "C" {
    /// Callbacks into the face for a broker's store. No callback throws, and none calls the module
    /// at once.
    #[derive(Clone)]
    pub type Storage;

    /// Writes the changes, as `Batch::as_bytes` encodes them, then calls `stored` or `storeFailed`.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Storage, batch: f64, changes: &Uint8Array);
}
