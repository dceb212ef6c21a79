//! Properties from a list of identifiers, each followed by its value, as MQTT numbers and types
//! them.
//!
//! The face knows their names.

use wasm_bindgen::JsValue;

use crate::codec::{EncodeError, PropertiesBuf, PropertyId, Value, ValueKind};
use crate::wasm::js::error::failure;
use crate::wasm::js::list;
use js_sys::Array;

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
