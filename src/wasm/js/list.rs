//! Elements of a list that the TypeScript face has checked.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;

/// Returns an element that is a number of 0 to 2^32 - 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the face has checked it")]
pub(crate) fn number(list: &Array, index: u32) -> u32 {
    list.get(index).as_f64().unwrap_or_default() as u32
}

/// Returns an element that is a string.
pub(crate) fn text(list: &Array, index: u32) -> String {
    list.get(index).as_string().unwrap_or_default()
}

/// Returns an element that is a `Uint8Array`.
pub(crate) fn bytes(list: &Array, index: u32) -> Vec<u8> {
    list.get(index).unchecked_into::<Uint8Array>().to_vec()
}

/// Returns an element that is a list itself.
pub(crate) fn list(list: &Array, index: u32) -> Array {
    list.get(index).unchecked_into()
}
