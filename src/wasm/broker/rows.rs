//! Rows: the numbers, texts and bytes of many objects at once, of which the face makes the objects.
//!
//! An object that is made member by member takes some calls of JavaScript for each member. In a
//! list of thousands, that is half a second in one call.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Float64Array, Uint8Array};
use wasm_bindgen::JsValue;

/// Bytes of texts and payloads in a part of the rows, about. The module holds no more at a time.
const PART_BYTES: usize = 64 * 1024;
/// Numbers in a part, about.
const PART_NUMBERS: usize = 16 * 1024;

/// Rows in parts. Each part has its numbers, all its texts as one, and all its bytes as one.
#[derive(Debug)]
pub(crate) struct Rows {
    parts: Array,
    numbers: Vec<f64>,
    texts: String,
    bytes: Vec<u8>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        Self { parts: Array::new(), numbers: Vec::new(), texts: String::new(), bytes: Vec::new() }
    }

    pub(crate) fn number(&mut self, number: f64) {
        self.numbers.push(number);
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as f64);
    }

    /// Adds a text. Its length is a number, in units of UTF-16.
    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.encode_utf16().count());
        self.texts.push_str(text);
    }

    /// Adds bytes. Their length is a number.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Ends a row, which is whole in its part.
    pub(crate) fn end(&mut self) {
        if self.texts.len() + self.bytes.len() >= PART_BYTES || self.numbers.len() >= PART_NUMBERS {
            self.end_part();
        }
    }

    /// Returns the parts.
    pub(crate) fn finish(mut self) -> Array {
        self.end_part();
        self.parts
    }

    fn end_part(&mut self) {
        let (numbers, bytes) = (Float64Array::new_from_slice(&self.numbers), Uint8Array::new_from_slice(&self.bytes));
        self.parts.push(&Array::of3(&numbers, &JsValue::from_str(&self.texts), &bytes));
        self.numbers.clear();
        self.texts.clear();
        self.bytes.clear();
    }
}
