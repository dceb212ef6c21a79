//! A message to publish, from its parts in JavaScript.

use alloc::vec::Vec;

use wasm_bindgen::JsValue;

use crate::codec::{Message, QoS};
use crate::topic::TopicName;
use crate::wasm::js::error::{failure, of_topic};
use crate::wasm::js::properties;
use js_sys::Array;

/// Returns a message to publish. `flags` are QoS and RETAIN as in PUBLISH's first byte.
pub(crate) fn message(topic: &str, payload: Vec<u8>, flags: u8, properties: Option<Array>) -> Result<Message, JsValue> {
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    let qos = QoS::from_bits(flags >> 1 & 3).ok_or_else(|| failure("option", &"a QoS is 0, 1 or 2", None))?;
    let properties = properties::write(properties)?;
    Ok(Message { qos, retain: flags & 1 == 1, properties, ..Message::new(topic, payload) })
}
