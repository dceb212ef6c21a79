//! Panic hook, which reports a panic's text to the console and the TypeScript face.
//!
//! Only a bug of ours panics.

use alloc::boxed::Box;
use std::panic;

use js_sys::WebAssembly::RuntimeError;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::throw_val;

use crate::wasm::js::error::text_of;

/// Installs the hook once the module is loaded.
///
/// The call that panics throws a `WebAssembly.RuntimeError` with place and message, the class of
/// the trap that would come next and has no text. So the face treats both alike.
#[wasm_bindgen(start)]
fn start() {
    panic::set_hook(Box::new(|panic| {
        let text = text_of(panic);
        web_sys::console::error_1(&text.as_str().into());
        throw_val(RuntimeError::new(&text).into());
    }));
}
