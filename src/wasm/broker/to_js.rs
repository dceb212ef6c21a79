//! Reports: the broker's events and views as plain objects for JavaScript.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use crate::broker::{Action, ClientView, DisconnectCause, Event, Fault, RejectCause, SessionView, WillFate};
use crate::codec::{Message, QoS, ReasonCode, Version};
use crate::router::{Explanation, LevelExplanation, Verdict};
use crate::time::Time;
use crate::wasm::js::{Array, Object, Uint8Array};

#[wasm_bindgen]
extern "C" {
    /// An object of ours, with what is set of these fields. That what is set is in JavaScript's hands keeps the names of
    /// the fields, and the code that would look them up, out of the module.
    #[wasm_bindgen(extends = Object)]
    pub(crate) type Report;

    #[wasm_bindgen(method, setter)]
    fn set_type(this: &Report, event: &str);
    #[wasm_bindgen(method, setter, js_name = clientId)]
    fn set_client_id(this: &Report, client_id: &str);
    #[wasm_bindgen(method, setter)]
    fn set_version(this: &Report, version: u8);
    #[wasm_bindgen(method, setter, js_name = sessionPresent)]
    fn set_session_present(this: &Report, session_present: bool);
    #[wasm_bindgen(method, setter)]
    fn set_cause(this: &Report, cause: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_kind(this: &Report, kind: &str);
    #[wasm_bindgen(method, setter)]
    fn set_rule(this: &Report, rule: &str);
    #[wasm_bindgen(method, setter)]
    fn set_problem(this: &Report, problem: &str);
    #[wasm_bindgen(method, setter, js_name = reasonCode)]
    fn set_reason_code(this: &Report, reason_code: u8);
    #[wasm_bindgen(method, setter)]
    fn set_filter(this: &Report, filter: &str);
    #[wasm_bindgen(method, setter)]
    fn set_topic(this: &Report, topic: &str);
    #[wasm_bindgen(method, setter)]
    fn set_qos(this: &Report, qos: u8);
    #[wasm_bindgen(method, setter)]
    fn set_retain(this: &Report, retain: bool);
    #[wasm_bindgen(method, setter)]
    fn set_payload(this: &Report, payload: &Uint8Array);
    #[wasm_bindgen(method, setter, js_name = payloadBytes)]
    fn set_payload_bytes(this: &Report, payload_bytes: usize);
    #[wasm_bindgen(method, setter)]
    fn set_subscribers(this: &Report, subscribers: usize);
    #[wasm_bindgen(method, setter)]
    fn set_action(this: &Report, action: &str);
    #[wasm_bindgen(method, setter)]
    fn set_fate(this: &Report, fate: &str);
    #[wasm_bindgen(method, setter)]
    fn set_connected(this: &Report, connected: bool);
    #[wasm_bindgen(method, setter)]
    fn set_subscriptions(this: &Report, subscriptions: &Array);
    #[wasm_bindgen(method, setter)]
    fn set_queued(this: &Report, queued: usize);
    #[wasm_bindgen(method, setter, js_name = queuedBytes)]
    fn set_queued_bytes(this: &Report, queued_bytes: usize);
    #[wasm_bindgen(method, setter, js_name = inFlight)]
    fn set_in_flight(this: &Report, in_flight: usize);
    #[wasm_bindgen(method, setter, js_name = expiresIn)]
    fn set_expires_in(this: &Report, milliseconds: f64);
    #[wasm_bindgen(method, setter, js_name = hasWill)]
    fn set_has_will(this: &Report, has_will: bool);
    #[wasm_bindgen(method, setter)]
    fn set_matches(this: &Report, matches: bool);
    #[wasm_bindgen(method, setter)]
    fn set_levels(this: &Report, levels: &Array);
    #[wasm_bindgen(method, setter)]
    fn set_verdict(this: &Report, verdict: &str);
}

/// A list of reports.
pub(crate) fn list(reports: impl Iterator<Item = Report>) -> Array {
    let list = Array::new();
    for report in reports {
        list.push(&report);
    }
    list
}

/// Something that happened.
pub(crate) fn event(event: &Event) -> Report {
    let report = new();
    report.set_type(event_type(event));
    if let Some(client_id) = client_id(event) {
        report.set_client_id(client_id);
    }
    match event {
        Event::Connected { version, session_present, .. } => {
            report.set_version(version_number(*version));
            report.set_session_present(*session_present);
        }
        Event::Rejected { cause, .. } => report.set_cause(&reject_cause(cause)),
        Event::Disconnected { cause, .. } => report.set_cause(&disconnect_cause(cause)),
        Event::Subscribed { filter, reason, .. } | Event::Unsubscribed { filter, reason, .. } => {
            report.set_filter(filter);
            report.set_reason_code(reason.value());
        }
        Event::Published { topic, qos, retain, payload_bytes, subscribers, .. } => {
            report.set_topic(topic);
            report.set_qos(qos.bits());
            report.set_retain(*retain);
            report.set_payload_bytes(*payload_bytes);
            report.set_subscribers(*subscribers);
        }
        Event::Dropped { topic, cause, .. } => {
            report.set_topic(topic);
            report.set_cause(&cause.name().into());
        }
        Event::Refused { action, topic, reason, .. } => {
            report.set_action(action_name(*action));
            report.set_topic(topic);
            report.set_reason_code(reason.value());
        }
        Event::Will { topic, fate, .. } => {
            report.set_topic(topic);
            report.set_fate(will_fate(*fate));
        }
        Event::SessionEnded { .. } => {}
    }
    report
}

/// A connected client.
pub(crate) fn client(view: ClientView<'_>) -> Report {
    let report = new();
    report.set_client_id(view.client_id);
    report.set_version(version_number(view.version));
    report
}

/// A session, connected or not.
pub(crate) fn session(view: &SessionView<'_>, now: Time) -> Report {
    let report = new();
    report.set_client_id(view.client_id);
    report.set_connected(view.peer.is_some());
    report.set_subscriptions(&list(view.subscriptions.iter().map(|(filter, qos)| subscription(filter, *qos))));
    report.set_queued(view.queued);
    report.set_queued_bytes(view.queued_bytes);
    report.set_in_flight(view.in_flight);
    if let Some(at) = view.expires_at {
        report.set_expires_in(number(at.as_millis().saturating_sub(now.as_millis())));
    }
    report.set_has_will(view.has_will);
    report
}

fn subscription(filter: &str, qos: QoS) -> Report {
    let report = new();
    report.set_filter(filter);
    report.set_qos(qos.bits());
    report
}

/// A retained message.
pub(crate) fn retained(message: &Message) -> Report {
    let report = new();
    report.set_topic(message.topic.as_str());
    report.set_qos(message.qos.bits());
    report.set_payload(&Uint8Array::new_from_slice(&message.payload));
    report
}

/// Why a filter matches a topic, or why not.
pub(crate) fn explanation(explanation: &Explanation) -> Report {
    let report = new();
    report.set_matches(explanation.matches);
    report.set_levels(&list(explanation.levels.iter().map(level)));
    report
}

fn level(level: &LevelExplanation) -> Report {
    let report = new();
    if let Some(filter) = &level.filter {
        report.set_filter(filter);
    }
    if let Some(topic) = &level.topic {
        report.set_topic(topic);
    }
    report.set_verdict(verdict(level.verdict));
    report
}

fn new() -> Report {
    Object::new().unchecked_into()
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
const fn number(value: u64) -> f64 {
    value as f64
}

fn reject_cause(cause: &RejectCause) -> Report {
    match cause {
        RejectCause::Refused(reason) => told("refused", *reason),
        RejectCause::Fault(fault) => fault_cause(fault),
        RejectCause::Client(reason) => told("client", *reason),
        RejectCause::ConnectTimeout => untold("connect-timeout"),
        RejectCause::TooManyConnections => untold("too-many-connections"),
        RejectCause::TransportClosed => untold("transport-closed"),
        RejectCause::StoreFailed => untold("store-failed"),
        RejectCause::Host => untold("host"),
    }
}

fn disconnect_cause(cause: &DisconnectCause) -> Report {
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

/// A cause without a reason code.
fn untold(kind: &str) -> Report {
    let cause = new();
    cause.set_kind(kind);
    cause
}

fn told(kind: &str, reason: ReasonCode) -> Report {
    let cause = untold(kind);
    cause.set_reason_code(reason.value());
    cause
}

fn fault_cause(fault: &Fault) -> Report {
    let cause = told("fault", fault.reason);
    cause.set_rule(fault.rule);
    cause.set_problem(fault.problem);
    cause
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

/// Whose event it is, if it is a client's.
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
