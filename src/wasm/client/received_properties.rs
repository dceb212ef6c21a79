//! Received properties as a list of identifiers, each followed by its value, as MQTT numbers and
//! types them.
//!
//! The face knows their names.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::codec::{Properties, Value};
use js_sys::{Array, Uint8Array};

/// Returns the properties of a message as a list. `bytes` are without the property length.
#[wasm_bindgen(js_name = readProperties)]
#[must_use]
pub fn read_properties(bytes: &[u8]) -> Array {
    read(Properties::checked(bytes))
}

/// Returns the list for JavaScript.
pub(crate) fn read(properties: Properties<'_>) -> Array {
    let list = Array::new();
    for (id, value) in properties.entries() {
        list.push(&(id as u8).into());
        list.push(&match value {
            Value::Bool(value) => value.into(),
            Value::Number(value) => value.into(),
            Value::Text(value) => value.into(),
            Value::Binary(value) => Uint8Array::new_from_slice(value).into(),
            Value::Pair(name, value) => {
                let pair = Array::new();
                pair.push(&name.into());
                pair.push(&value.into());
                pair.into()
            }
        });
    }
    list
}

/// Returns the list for JavaScript; none if it is empty.
pub(crate) fn read_some(properties: Properties<'_>) -> Option<Array> {
    (!properties.is_empty()).then(|| read(properties))
}
