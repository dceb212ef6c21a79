//! Event of the broker as a value.

use alloc::vec::Vec;

use crate::broker::{Action, DisconnectCause, Event, Fault, RejectCause, WillFate};
use crate::codec::{ReasonCode, Version};
use crate::wasm::js::value::Value::{Flag, Object, Text};
use crate::wasm::js::value::{Members, Value, count, number, text};

/// Returns an event as a value.
pub(crate) fn event_value(event: &Event) -> Value<'_> {
    let mut members = vec![("type", Text(event_type(event))), ("clientId", text(client_id(event)))];
    members.extend(event_members(event));
    Object(members)
}

/// Returns the members of an event that its kind has.
fn event_members(event: &Event) -> Members<'_> {
    match event {
        Event::Connected { version, session_present, .. } => {
            vec![("version", number(version_number(*version))), ("sessionPresent", Flag(*session_present))]
        }
        Event::Rejected { cause, .. } => vec![("cause", reject_cause(cause))],
        Event::Disconnected { cause, .. } => vec![("cause", disconnect_cause(cause))],
        Event::Subscribed { filter, reason, .. } | Event::Unsubscribed { filter, reason, .. } => {
            vec![("filter", Text(filter)), ("reasonCode", number(reason.value()))]
        }
        Event::Published { topic, qos, retain, payload_bytes, subscribers, .. } => vec![
            ("topic", Text(topic)),
            ("qos", number(qos.bits())),
            ("retain", Flag(*retain)),
            ("payloadBytes", count(*payload_bytes)),
            ("subscribers", count(*subscribers)),
        ],
        Event::Dropped { topic, cause, .. } => vec![("topic", Text(topic)), ("cause", Text(cause.name()))],
        Event::Refused { action, topic, reason, .. } => {
            vec![("action", Text(action_name(*action))), ("topic", Text(topic)), ("reasonCode", number(reason.value()))]
        }
        Event::Will { topic, fate, .. } => vec![("topic", Text(topic)), ("fate", Text(will_fate(*fate)))],
        Event::SessionEnded { .. } => Vec::new(),
    }
}

fn reject_cause(cause: &RejectCause) -> Value<'_> {
    match cause {
        RejectCause::Refused(reason) => told("refused", *reason),
        RejectCause::Fault(fault) => fault_cause(fault),
        RejectCause::Client(reason) => told("client", *reason),
        RejectCause::ConnectTimeout => untold("connect-timeout"),
        RejectCause::TooManyConnections => untold("too-many-connections"),
        RejectCause::TakenOver => untold("taken-over"),
        RejectCause::TransportClosed => untold("transport-closed"),
        RejectCause::StoreFailed => untold("store-failed"),
        RejectCause::Host => untold("host"),
    }
}

fn disconnect_cause(cause: &DisconnectCause) -> Value<'_> {
    match cause {
        DisconnectCause::Client(reason) => told("client", *reason),
        DisconnectCause::TransportClosed => untold("transport-closed"),
        DisconnectCause::KeepAliveTimeout => untold("keep-alive-timeout"),
        DisconnectCause::TakenOver => untold("taken-over"),
        DisconnectCause::Fault(fault) => fault_cause(fault),
        DisconnectCause::QueueFull => untold("queue-full"),
        DisconnectCause::StoreFailed => untold("store-failed"),
        DisconnectCause::Host(reason) => told("host", *reason),
    }
}

/// Cause without a reason code.
fn untold(kind: &str) -> Value<'_> {
    Object(vec![("kind", Text(kind))])
}

fn told(kind: &str, reason: ReasonCode) -> Value<'_> {
    Object(vec![("kind", Text(kind)), ("reasonCode", number(reason.value()))])
}

fn fault_cause(fault: &Fault) -> Value<'_> {
    Object(vec![
        ("kind", Text("fault")),
        ("reasonCode", number(fault.reason.value())),
        ("rule", Text(fault.rule)),
        ("problem", Text(fault.problem)),
    ])
}

const fn event_type(event: &Event) -> &'static str {
    match event {
        Event::Connected { .. } => "connected",
        Event::Rejected { .. } => "rejected",
        Event::Disconnected { .. } => "disconnected",
        Event::Subscribed { .. } => "subscribed",
        Event::Unsubscribed { .. } => "unsubscribed",
        Event::Published { .. } => "published",
        Event::Dropped { .. } => "dropped",
        Event::Refused { .. } => "refused",
        Event::Will { .. } => "will",
        Event::SessionEnded { .. } => "session-ended",
    }
}

/// Returns the client identifier of the event, if it has one.
fn client_id(event: &Event) -> Option<&str> {
    match event {
        Event::Rejected { .. } => None,
        Event::Published { client_id, .. } | Event::Dropped { client_id, .. } => client_id.as_deref(),
        Event::Connected { client_id, .. }
        | Event::Disconnected { client_id, .. }
        | Event::Subscribed { client_id, .. }
        | Event::Unsubscribed { client_id, .. }
        | Event::Refused { client_id, .. }
        | Event::Will { client_id, .. }
        | Event::SessionEnded { client_id } => Some(client_id),
    }
}

pub(crate) const fn action_name(action: Action) -> &'static str {
    match action {
        Action::Publish => "publish",
        Action::Subscribe => "subscribe",
        Action::Receive => "receive",
    }
}

const fn will_fate(fate: WillFate) -> &'static str {
    match fate {
        WillFate::Armed => "armed",
        WillFate::Delayed => "delayed",
        WillFate::Fired => "fired",
        WillFate::Cleared => "cleared",
        WillFate::Cancelled => "cancelled",
    }
}

pub(crate) const fn version_number(version: Version) -> u8 {
    match version {
        Version::V3_1_1 => 4,
        Version::V5 => 5,
    }
}
