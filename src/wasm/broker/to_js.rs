//! Events and views of the broker as plain objects for JavaScript, by serde.

use alloc::vec::Vec;

use js_sys::Array;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

use crate::broker::{Action, ClientView, DisconnectCause, Event, Fault, RejectCause, SessionView, WillFate};
use crate::codec::{Message, QoS, ReasonCode, Version};
use crate::router::{Explanation, LevelExplanation, Verdict};
use crate::time::Time;

/// Converts a value to a plain object, a list or a primitive.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    // It fails for keys of maps and numbers above 2^53, of which there are none.
    serde_wasm_bindgen::to_value(value).unwrap_or_default()
}

/// Event as the face passes it on, in one type for all kinds. A serializer for each would add a
/// kilobyte.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventObject<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_present: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qos: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribers: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<CauseValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<u8>,
}

/// Cause of an event: a name alone for a lost message.
#[derive(Serialize)]
#[serde(untagged)]
enum CauseValue<'a> {
    Name(&'a str),
    Object(CauseObject<'a>),
}

/// Cause of an end, with what is known of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseObject<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientObject<'a> {
    client_id: &'a str,
    version: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionObject<'a> {
    client_id: &'a str,
    connected: bool,
    subscriptions: Vec<SubscriptionObject<'a>>,
    queued: usize,
    queued_bytes: usize,
    in_flight: usize,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    has_will: bool,
}

#[derive(Serialize)]
struct SubscriptionObject<'a> {
    filter: &'a str,
    qos: u8,
}

#[derive(Serialize)]
struct RetainedObject<'a> {
    topic: &'a str,
    qos: u8,
    #[serde(serialize_with = "as_bytes")]
    payload: &'a [u8],
}

#[derive(Serialize)]
struct ExplanationObject<'a> {
    matches: bool,
    levels: Vec<LevelObject<'a>>,
}

#[derive(Serialize)]
struct LevelObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    verdict: &'a str,
}

/// Converts an event.
pub(crate) fn event(event: &Event) -> JsValue {
    to_js(&event_object(event))
}

fn event_object(event: &Event) -> EventObject<'_> {
    let object = EventObject { r#type: event_type(event), client_id: client_id(event), ..EventObject::default() };
    match event {
        Event::Connected { version, session_present, .. } => {
            EventObject { version: Some(version_number(*version)), session_present: Some(*session_present), ..object }
        }
        Event::Rejected { cause, .. } => EventObject { cause: Some(CauseValue::Object(reject_cause(cause))), ..object },
        Event::Disconnected { cause, .. } => {
            EventObject { cause: Some(CauseValue::Object(disconnect_cause(cause))), ..object }
        }
        Event::Subscribed { filter, reason, .. } | Event::Unsubscribed { filter, reason, .. } => {
            EventObject { filter: Some(filter), reason_code: Some(reason.value()), ..object }
        }
        Event::Published { topic, qos, retain, payload_bytes, subscribers, .. } => EventObject {
            topic: Some(topic),
            qos: Some(qos.bits()),
            retain: Some(*retain),
            payload_bytes: Some(*payload_bytes),
            subscribers: Some(*subscribers),
            ..object
        },
        Event::Dropped { topic, cause, .. } => {
            EventObject { topic: Some(topic), cause: Some(CauseValue::Name(cause.name())), ..object }
        }
        Event::Refused { action, topic, reason, .. } => EventObject {
            action: Some(action_name(*action)),
            topic: Some(topic),
            reason_code: Some(reason.value()),
            ..object
        },
        Event::Will { topic, fate, .. } => EventObject { topic: Some(topic), fate: Some(will_fate(*fate)), ..object },
        Event::SessionEnded { .. } => object,
    }
}

/// Converts the connected clients.
pub(crate) fn clients<'a>(views: impl Iterator<Item = ClientView<'a>>) -> Array {
    let object =
        |view: ClientView<'a>| ClientObject { client_id: view.client_id, version: version_number(view.version) };
    list(views.map(object))
}

/// Converts the sessions, connected or not.
pub(crate) fn sessions<'a>(views: impl Iterator<Item = SessionView<'a>>, now: Time) -> Array {
    let sessions = Array::new();
    for view in views {
        sessions.push(&to_js(&session(&view, now)));
    }
    sessions
}

fn session<'a>(view: &'a SessionView<'_>, now: Time) -> SessionObject<'a> {
    let subscription = |&(filter, qos): &(&'a str, QoS)| SubscriptionObject { filter, qos: qos.bits() };
    SessionObject {
        client_id: view.client_id,
        connected: view.peer.is_some(),
        subscriptions: view.subscriptions.iter().map(subscription).collect(),
        queued: view.queued,
        queued_bytes: view.queued_bytes,
        in_flight: view.in_flight,
        expires_in: view.expires_at.map(|at| at.as_millis().saturating_sub(now.as_millis())),
        has_will: view.has_will,
    }
}

/// Converts the retained messages.
pub(crate) fn retained<'a>(messages: impl Iterator<Item = &'a Message>) -> Array {
    let object = |message: &'a Message| RetainedObject {
        topic: message.topic.as_str(),
        qos: message.qos.bits(),
        payload: &message.payload,
    };
    list(messages.map(object))
}

fn list(objects: impl Iterator<Item = impl Serialize>) -> Array {
    let list = Array::new();
    for object in objects {
        list.push(&to_js(&object));
    }
    list
}

/// Converts the explanation of a match.
pub(crate) fn explanation(explanation: &Explanation) -> JsValue {
    to_js(&ExplanationObject { matches: explanation.matches, levels: explanation.levels.iter().map(level).collect() })
}

fn level(level: &LevelExplanation) -> LevelObject<'_> {
    LevelObject { filter: level.filter.as_deref(), topic: level.topic.as_deref(), verdict: verdict(level.verdict) }
}

/// Serializes as a `Uint8Array`, and not as a list of numbers.
fn as_bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

fn reject_cause(cause: &RejectCause) -> CauseObject<'_> {
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

fn disconnect_cause(cause: &DisconnectCause) -> CauseObject<'_> {
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
const fn untold(kind: &str) -> CauseObject<'_> {
    CauseObject { kind, reason_code: None, rule: None, problem: None }
}

const fn told(kind: &str, reason: ReasonCode) -> CauseObject<'_> {
    CauseObject { reason_code: Some(reason.value()), ..untold(kind) }
}

fn fault_cause(fault: &Fault) -> CauseObject<'_> {
    CauseObject { rule: Some(fault.rule), problem: Some(fault.problem), ..told("fault", fault.reason) }
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
