//! Failures of a client's calls.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::CallError;
use crate::codec::ReasonCode;
use crate::topic::TopicName;
use crate::wasm::js::error::{failure, of_topic, parse_filter};

pub(crate) fn of_call(error: &CallError) -> JsValue {
    let (code, reason) = match error {
        CallError::Ended => ("ended", None),
        CallError::NotConnected => ("not-connected", None),
        CallError::Encode(_) => ("encode", None),
        CallError::QueueFull { .. } | CallError::TransmitFull { .. } => ("queue-full", Some(ReasonCode::QuotaExceeded)),
        CallError::NoPacketId => ("no-packet-id", None),
        CallError::NotSupported { reason, .. } => ("not-supported", Some(*reason)),
        CallError::PacketTooLarge { .. } => ("not-supported", Some(ReasonCode::PacketTooLarge)),
    };
    failure(code, error, reason)
}

/// Validates a topic filter or a topic name.
///
/// # Errors
/// A failure if the text is no topic filter, or no topic name if a name is checked.
#[wasm_bindgen]
pub fn check(text: &str, is_filter: bool) -> Result<(), JsValue> {
    if is_filter { parse_filter(text).map(drop) } else { TopicName::validate(text).map_err(|error| of_topic(&error)) }
}
