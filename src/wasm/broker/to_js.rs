//! Events and views of the broker as plain objects for JavaScript, by serde.

use alloc::vec::Vec;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::broker::{Action, Broker, ClientView, DisconnectCause, Event, Fault, RejectCause, SessionView, WillFate};
use crate::codec::{Message, QoS, ReasonCode, Version};
use crate::router::{Explanation, LevelExplanation, Verdict};
use crate::time::Time;
use crate::wasm::js::value::Value::{Absent, Bytes, Flag, List, Number, Object, Text};
use crate::wasm::js::value::{Members, Value, count, number, text, to_js};

/// Converts an event.
pub(crate) fn event(event: &Event) -> JsValue {
    to_js(&event_value(event))
}

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

/// Converts the connected clients.
pub(crate) fn clients<'a>(views: impl Iterator<Item = ClientView<'a>>) -> Array {
    let client = |view: ClientView<'a>| {
        vec![("clientId", Text(view.client_id)), ("version", number(version_number(view.version)))]
    };
    list(views.map(client))
}

/// Converts the sessions, connected or not.
pub(crate) fn sessions(broker: &Broker, now: Time) -> Array {
    list(broker.sessions().map(|view| session(&view, broker.memory_of(view.client_id).unwrap_or(0), now)))
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
fn session<'a>(view: &SessionView<'a>, memory: usize, now: Time) -> Members<'a> {
    let subscription =
        |&(filter, qos): &(&'a str, QoS)| Object(vec![("filter", Text(filter)), ("qos", number(qos.bits()))]);
    let milliseconds = |at: Time| Number(at.as_millis().saturating_sub(now.as_millis()) as f64);
    vec![
        ("clientId", Text(view.client_id)),
        ("connected", Flag(view.peer.is_some())),
        ("subscriptions", List(view.subscriptions.iter().map(subscription).collect())),
        ("queued", count(view.queued)),
        ("queuedBytes", count(view.queued_bytes)),
        ("inFlight", count(view.in_flight)),
        ("memory", count(memory)),
        ("expiresIn", view.expires_at.map_or(Absent, milliseconds)),
        ("hasWill", Flag(view.has_will)),
    ]
}

/// Converts the retained messages.
pub(crate) fn retained<'a>(messages: impl Iterator<Item = &'a Message>) -> Array {
    let members = |message: &'a Message| {
        vec![
            ("topic", Text(message.topic.as_str())),
            ("qos", number(message.qos.bits())),
            ("payload", Bytes(&message.payload)),
        ]
    };
    list(messages.map(members))
}

fn list<'a>(objects: impl Iterator<Item = Members<'a>>) -> Array {
    let list = Array::new();
    for object in objects {
        list.push(&to_js(&Object(object)));
    }
    list
}

/// Converts the explanation of a match.
pub(crate) fn explanation(explanation: &Explanation) -> JsValue {
    to_js(&Object(vec![("matches", Flag(explanation.matches)), ("levels", explained_levels(explanation))]))
}

/// Converts the levels of an explanation.
pub(crate) fn explained_levels(explanation: &Explanation) -> Value<'_> {
    List(explanation.levels.iter().map(level).collect())
}

fn level(level: &LevelExplanation) -> Value<'_> {
    Object(vec![
        ("filter", text(level.filter.as_deref())),
        ("topic", text(level.topic.as_deref())),
        ("verdict", Text(verdict(level.verdict))),
    ])
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

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equal => "equal",
        Verdict::Plus => "plus",
        Verdict::Hash => "hash",
        Verdict::Differs => "differs",
        Verdict::TopicEnded => "topic-ended",
        Verdict::FilterEnded => "filter-ended",
        Verdict::DollarHidden => "dollar-hidden",
    }
}
