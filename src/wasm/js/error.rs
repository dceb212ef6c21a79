//! Failure of a call: a list that is thrown, from which the face makes a typed error.

use alloc::string::{String, ToString};
use core::fmt::Display;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::CallError;
use crate::codec::ReasonCode;
use crate::topic::{TopicError, TopicFilter, TopicName};
use js_sys::Array;

/// Returns the failure as `[code, message, reasonCode]`.
pub(crate) fn failure(code: &str, message: &dyn Display, reason: Option<ReasonCode>) -> JsValue {
    Array::of3(&code.into(), &text_of(message).into(), &reason.map(ReasonCode::value).into()).into()
}

/// Returns the text of a value, by one function for all types.
pub(crate) fn text_of(value: &dyn Display) -> String {
    value.to_string()
}

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

pub(crate) fn of_topic(error: &TopicError) -> JsValue {
    failure("topic", error, None)
}

pub(crate) fn of_filter(error: &TopicError) -> JsValue {
    failure("filter", error, None)
}

/// Validates a topic filter or a topic name.
///
/// # Errors
/// A failure if the text is no topic filter, or no topic name if a name is checked.
#[wasm_bindgen]
pub fn check(text: &str, is_filter: bool) -> Result<(), JsValue> {
    if is_filter { parse_filter(text).map(drop) } else { TopicName::validate(text).map_err(|error| of_topic(&error)) }
}

pub(crate) fn parse_filter(filter: &str) -> Result<TopicFilter, JsValue> {
    TopicFilter::parse(filter).map_err(|error| of_filter(&error))
}
