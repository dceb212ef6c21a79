//! Outcomes of requests and of a connection, as the codes that the TypeScript face knows.

use crate::client::{CloseReason, Completion, Notice, RequestError};
use crate::codec::ReasonCode;
use crate::wasm::client::request_number::RequestNumber;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::error::text_of;
use js_sys::Array;

/// Reports the outcome of the request with this number: for each filter of SUBSCRIBE and
/// UNSUBSCRIBE, in order.
pub(crate) fn tell_request(host: &Host, id: f64, result: Result<Completion, RequestError>, properties: Option<Array>) {
    match result {
        Ok(Completion::Published(reason)) => host.done(id, reason.value(), properties),
        Ok(Completion::Authenticated) => host.done(id, 0, properties),
        Ok(Completion::Subscribed(reasons) | Completion::Unsubscribed(reasons)) => {
            for reason in reasons {
                if reason.is_error() {
                    let error = RequestError::Refused(reason);
                    host.failed(id, "filter-refused", &text_of(&error), Some(reason.value()), properties.clone());
                } else {
                    host.done(id, reason.value(), properties.clone());
                }
            }
        }
        Err(error) => fail(host, id, &error, properties),
    }
}

/// Reports news that ends no request.
pub(crate) fn tell_notice(host: &Host, notice: &Notice) {
    match notice {
        Notice::NotResubscribed { filter, error } => {
            let reason = if let RequestError::Refused(reason) = error { Some(reason.value()) } else { None };
            host.notice("unsubscribed", &text_of(error), 0.0, filter.as_str(), reason);
        }
        Notice::Downgraded(request) => {
            host.notice("downgraded", "", RequestNumber::Machine(*request).to_js(), "", None);
        }
    }
}

fn fail(host: &Host, id: f64, error: &RequestError, properties: Option<Array>) {
    let (code, reason) = match error {
        RequestError::Refused(reason) => ("refused", Some(reason.value())),
        RequestError::SessionLost => ("session-lost", None),
        RequestError::Unanswered => ("unanswered", None),
        RequestError::LostThrice => ("lost-thrice", None),
        RequestError::TimedOut => ("timed-out", None),
        RequestError::Dropped => ("dropped", Some(ReasonCode::QuotaExceeded.value())),
        RequestError::Withdrawn => ("withdrawn", None),
        RequestError::ConnectionClosed => ("connection-closed", None),
        RequestError::PacketTooLarge { .. } => ("too-large", Some(ReasonCode::PacketTooLarge.value())),
    };
    host.failed(id, code, &text_of(&error), reason, properties);
}

/// Reports the end of an attempt or a connection. The next attempt is in `wait` milliseconds;
/// without, the life of the client is over.
pub(crate) fn tell_close(host: &Host, cause: &CloseReason, properties: Option<Array>, wait: Option<f64>) {
    let (code, reason, rule) = match cause {
        CloseReason::Requested => ("requested", None, None),
        CloseReason::Options(_) => ("options", None, None),
        CloseReason::Refused { reason, .. } => ("refused", Some(*reason), None),
        CloseReason::Disconnected { reason, .. } => ("disconnected", Some(*reason), None),
        CloseReason::Malformed(error) => ("malformed", Some(error.reason), Some(error.rule)),
        CloseReason::ProtocolError { reason, rule, .. } => ("protocol", Some(*reason), Some(*rule)),
        CloseReason::AuthenticationFailed => ("authentication", None, None),
        CloseReason::KeepAliveTimeout => ("keep-alive", Some(ReasonCode::KeepAliveTimeout), None),
        CloseReason::ConnectTimeout => ("connect-timeout", None, None),
        CloseReason::TransportClosed => ("lost", None, None),
        CloseReason::OpenFailed { .. } => ("open", None, None),
        CloseReason::CredentialsExpire => ("renewal", None, None),
    };
    host.closed(code, &text_of(&cause), reason.map(ReasonCode::value), rule, properties, wait);
}
