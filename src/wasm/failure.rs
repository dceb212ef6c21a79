//! A failure: what a call throws, as a plain object that the face makes a typed error of.

use core::fmt::Display;

use wasm_bindgen::JsValue;

use super::js::Object;
use crate::client::CallError;
use crate::codec::ReasonCode;
use crate::topic::TopicError;

/// `{ code, message, reasonCode }`.
pub(super) fn failure(code: &str, message: &str, reason: Option<ReasonCode>) -> JsValue {
    let object = Object::new();
    object.set("code", &code.into());
    object.set("message", &message.into());
    if let Some(reason) = reason {
        object.set("reasonCode", &reason.value().into());
    }
    object.into()
}

pub(super) fn of_call(error: &CallError) -> JsValue {
    let (code, reason) = match error {
        CallError::Ended => ("ended", None),
        CallError::NotConnected => ("not-connected", None),
        CallError::Encode(_) => ("encode", None),
        CallError::QueueFull { .. } | CallError::TransmitFull { .. } => ("queue-full", Some(ReasonCode::QuotaExceeded)),
        CallError::NoPacketId => ("no-packet-id", None),
        CallError::NotSupported { reason, .. } => ("not-supported", Some(*reason)),
        CallError::PacketTooLarge { .. } => ("not-supported", Some(ReasonCode::PacketTooLarge)),
    };
    failure(code, &text(error), reason)
}

pub(super) fn of_topic(error: &TopicError) -> JsValue {
    failure("topic", &text(error), None)
}

pub(super) fn of_filter(error: &TopicError) -> JsValue {
    failure("filter", &text(error), None)
}

/// What an error says: one function for all of them, since each `to_string` is code of its own.
pub(super) fn text(error: &dyn Display) -> String {
    error.to_string()
}

/// Has a panic, which only a bug of ours can cause, thrown as an error that says what and where: out of the call that caused
/// it, and out of every later one that finds what it was at.
pub(super) fn throw_panics() {
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&text(info))));
}
