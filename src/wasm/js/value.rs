//! Values as plain objects for JavaScript, by serde.

#[cfg(feature = "simulator")]
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// Any value that the face gets. One type serves all objects, since a serializer for each would add
/// kilobytes.
pub(crate) enum Value<'a> {
    /// A member that is left out.
    Absent,
    Flag(bool),
    Number(f64),
    Text(&'a str),
    #[cfg(feature = "simulator")]
    Owned(String),
    /// A `Uint8Array`.
    #[cfg(feature = "simulator")]
    Bytes(&'a [u8]),
    Object(Members<'a>),
    List(Vec<Value<'a>>),
}

use Value::{Absent, Flag, List, Number, Object, Text};
#[cfg(feature = "simulator")]
use Value::{Bytes, Owned};

/// Members of an object, by name.
pub(crate) type Members<'a> = Vec<(&'static str, Value<'a>)>;

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Absent => serializer.serialize_unit(),
            Flag(value) => serializer.serialize_bool(*value),
            Number(value) => serializer.serialize_f64(*value),
            Text(value) => serializer.serialize_str(value),
            #[cfg(feature = "simulator")]
            Owned(value) => serializer.serialize_str(value),
            #[cfg(feature = "simulator")]
            Bytes(value) => serializer.serialize_bytes(value),
            Object(members) => {
                let present = members.iter().filter(|(_, value)| !matches!(value, Absent));
                serializer.collect_map(present.map(|(name, value)| (name, value)))
            }
            List(values) => serializer.collect_seq(values),
        }
    }
}

/// Converts a value to a plain object, a list or a primitive.
pub(crate) fn to_js(value: &Value) -> JsValue {
    // As maps, since the serializer keeps a table of the names of a struct's fields.
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    // It fails for keys that are not texts, of which there are none.
    value.serialize(&serializer).unwrap_or_default()
}

pub(crate) fn number<'a>(number: impl Into<f64>) -> Value<'a> {
    Number(number.into())
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
pub(crate) fn count<'a>(count: usize) -> Value<'a> {
    Number(count as f64)
}

pub(crate) fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Absent, Text)
}
