//! Properties as a list of identifiers, each followed by its value, as MQTT numbers and types them.
//!
//! The face knows their names.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::codec::{EncodeError, Properties, PropertiesBuf, PropertyId, Value, ValueKind};
use crate::wasm::js::error::failure;
use crate::wasm::js::list;
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

/// Returns the properties of a list that the face has checked; none without a list.
pub(crate) fn write(given: Option<Array>) -> Result<PropertiesBuf, JsValue> {
    let mut list = PropertiesBuf::new();
    let Some(given) = given else { return Ok(list) };
    for index in (0..given.length()).step_by(2) {
        let Some(id) = PropertyId::from_value(list::number(&given, index)) else {
            return Err(failure("property", &"there is no such property", None));
        };
        push(&mut list, id, &given, index + 1).map_err(|error| failure("property", &error, None))?;
    }
    Ok(list)
}

/// Appends a value of the property's type.
fn push(list: &mut PropertiesBuf, id: PropertyId, given: &Array, index: u32) -> Result<(), EncodeError> {
    match id.value_kind() {
        ValueKind::Bool => list.push_value(id, Value::Bool(list::number(given, index) != 0)),
        ValueKind::TwoByte | ValueKind::FourByte | ValueKind::Variable => {
            list.push_value(id, Value::Number(list::number(given, index)))
        }
        ValueKind::Text => list.push_value(id, Value::Text(&list::text(given, index))),
        ValueKind::Binary => list.push_value(id, Value::Binary(&list::bytes(given, index))),
        ValueKind::Pair => {
            let pair = list::list(given, index);
            list.push_value(id, Value::Pair(&list::text(&pair, 0), &list::text(&pair, 1)))
        }
    }
}
