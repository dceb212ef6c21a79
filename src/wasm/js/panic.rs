//! Panic hook, which reports a panic's text to the console and the TypeScript face.
//!
//! Only a bug of ours panics.

use alloc::boxed::Box;
use alloc::string::ToString;
use std::panic;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::throw_str;

/// Installs the hook once the module is loaded.
///
/// The call that panics throws an `Error` with place and message. The trap behind it has no text.
#[wasm_bindgen(start)]
fn start() {
    panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        web_sys::console::error_1(&text.as_str().into());
        throw_str(&text);
    }));
}
