//! Failure of a call: a list that is thrown, from which the face makes a typed error.

use alloc::string::{String, ToString};
use core::fmt::Display;

use wasm_bindgen::JsValue;

use crate::codec::ReasonCode;
use crate::topic::{TopicError, TopicFilter};
use js_sys::Array;

/// Returns the failure as `[code, message, reasonCode]`.
pub(crate) fn failure(code: &str, message: &dyn Display, reason: Option<ReasonCode>) -> JsValue {
    Array::of3(&code.into(), &text_of(message).into(), &reason.map(ReasonCode::value).into()).into()
}

/// Returns the text of a value, by one function for all types.
pub(crate) fn text_of(value: &dyn Display) -> String {
    value.to_string()
}

pub(crate) fn of_topic(error: &TopicError) -> JsValue {
    failure("topic", error, None)
}

pub(crate) fn of_filter(error: &TopicError) -> JsValue {
    failure("filter", error, None)
}

pub(crate) fn parse_filter(filter: &str) -> Result<TopicFilter, JsValue> {
    TopicFilter::parse(filter).map_err(|error| of_filter(&error))
}
