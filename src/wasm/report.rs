//! Reports: the broker's events and views as plain objects for JavaScript.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::broker::{
    ClientView, Counters, DisconnectCause, DropCause, Event, Fault, RejectCause, SessionView, WillFate,
};
use crate::codec::{Message, Version};
use crate::router::{Explanation, Verdict};
use crate::time::Time;

/// Something that happened.
pub(super) fn event(event: &Event) -> JsValue {
    to_js(&EventReport::from(event))
}

/// Plain data of ours always has a form in JavaScript.
pub(super) fn to_js(report: &impl Serialize) -> JsValue {
    serde_wasm_bindgen::to_value(report).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum EventReport<'a> {
    Connected {
        client_id: &'a str,
        version: u8,
        session_present: bool,
    },
    Rejected {
        cause: Cause,
    },
    Disconnected {
        client_id: &'a str,
        cause: Cause,
    },
    Subscribed {
        client_id: &'a str,
        filter: &'a str,
        reason_code: u8,
    },
    Unsubscribed {
        client_id: &'a str,
        filter: &'a str,
        reason_code: u8,
    },
    Published {
        client_id: Option<&'a str>,
        topic: &'a str,
        qos: u8,
        retain: bool,
        payload_bytes: usize,
        subscribers: usize,
    },
    Dropped {
        client_id: Option<&'a str>,
        topic: &'a str,
        cause: &'static str,
    },
    Will {
        client_id: &'a str,
        topic: &'a str,
        fate: &'static str,
    },
    SessionEnded {
        client_id: &'a str,
    },
}

/// Why a connection ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cause {
    kind: &'static str,
    reason_code: Option<u8>,
    rule: Option<&'static str>,
    problem: Option<&'static str>,
}

impl Cause {
    const fn new(kind: &'static str, reason_code: Option<u8>) -> Self {
        Self { kind, reason_code, rule: None, problem: None }
    }

    const fn fault(fault: &Fault) -> Self {
        let reason_code = Some(fault.reason.value());
        Self { kind: "fault", reason_code, rule: Some(fault.rule), problem: Some(fault.problem) }
    }
}

impl From<&RejectCause> for Cause {
    fn from(cause: &RejectCause) -> Self {
        match cause {
            RejectCause::Refused(reason) => Self::new("refused", Some(reason.value())),
            RejectCause::Fault(fault) => Self::fault(fault),
            RejectCause::ConnectTimeout => Self::new("connect-timeout", None),
            RejectCause::TooManyConnections => Self::new("too-many-connections", None),
            RejectCause::TransportClosed => Self::new("transport-closed", None),
            RejectCause::Host => Self::new("host", None),
        }
    }
}

impl From<&DisconnectCause> for Cause {
    fn from(cause: &DisconnectCause) -> Self {
        match cause {
            DisconnectCause::Client(reason) => Self::new("client", Some(reason.value())),
            DisconnectCause::TransportClosed => Self::new("transport-closed", None),
            DisconnectCause::KeepAliveTimeout => Self::new("keep-alive-timeout", None),
            DisconnectCause::TakenOver => Self::new("taken-over", None),
            DisconnectCause::Fault(fault) => Self::fault(fault),
            DisconnectCause::Host(reason) => Self::new("host", Some(reason.value())),
        }
    }
}

const fn drop_cause(cause: DropCause) -> &'static str {
    match cause {
        DropCause::QueueFull => "queue-full",
        DropCause::TransmitFull => "transmit-full",
        DropCause::PacketTooLarge => "packet-too-large",
        DropCause::Expired => "expired",
        DropCause::RetainedFull => "retained-full",
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

const fn version_number(version: Version) -> u8 {
    match version {
        Version::V3_1_1 => 4,
        Version::V5 => 5,
    }
}

impl<'a> From<&'a Event> for EventReport<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Connected { peer: _, client_id, version, session_present } => {
                Self::Connected { client_id, version: version_number(*version), session_present: *session_present }
            }
            Event::Rejected { peer: _, cause } => Self::Rejected { cause: cause.into() },
            Event::Disconnected { peer: _, client_id, cause } => Self::Disconnected { client_id, cause: cause.into() },
            Event::Subscribed { client_id, filter, reason } => {
                Self::Subscribed { client_id, filter, reason_code: reason.value() }
            }
            Event::Unsubscribed { client_id, filter, reason } => {
                Self::Unsubscribed { client_id, filter, reason_code: reason.value() }
            }
            Event::Published { client_id, topic, qos, retain, payload_bytes, subscribers } => Self::Published {
                client_id: client_id.as_deref(),
                topic,
                qos: qos.bits(),
                retain: *retain,
                payload_bytes: *payload_bytes,
                subscribers: *subscribers,
            },
            Event::Dropped { client_id, topic, cause } => {
                Self::Dropped { client_id: client_id.as_deref(), topic, cause: drop_cause(*cause) }
            }
            Event::Will { client_id, topic, fate } => Self::Will { client_id, topic, fate: will_fate(*fate) },
            Event::SessionEnded { client_id } => Self::SessionEnded { client_id },
        }
    }
}

/// A connected client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientReport<'a> {
    client_id: &'a str,
    version: u8,
}

impl<'a> From<ClientView<'a>> for ClientReport<'a> {
    fn from(view: ClientView<'a>) -> Self {
        Self { client_id: view.client_id, version: version_number(view.version) }
    }
}

/// A session, connected or not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionReport<'a> {
    client_id: &'a str,
    connected: bool,
    subscriptions: Vec<SubscriptionReport<'a>>,
    queued: usize,
    queued_bytes: usize,
    in_flight: usize,
    /// Milliseconds from now.
    expires_in: Option<u64>,
    has_will: bool,
}

#[derive(Serialize)]
struct SubscriptionReport<'a> {
    filter: &'a str,
    qos: u8,
}

impl<'a> SessionReport<'a> {
    pub(super) fn new(view: SessionView<'a>, now: Time) -> Self {
        let subscriptions = view.subscriptions.into_iter();
        Self {
            client_id: view.client_id,
            connected: view.peer.is_some(),
            subscriptions: subscriptions.map(|(filter, qos)| SubscriptionReport { filter, qos: qos.bits() }).collect(),
            queued: view.queued,
            queued_bytes: view.queued_bytes,
            in_flight: view.in_flight,
            expires_in: view.expires_at.map(|at| at.as_millis().saturating_sub(now.as_millis())),
            has_will: view.has_will,
        }
    }
}

/// A retained message.
#[derive(Serialize)]
pub(super) struct RetainedReport<'a> {
    topic: &'a str,
    qos: u8,
    #[serde(with = "serde_bytes")]
    payload: &'a [u8],
}

impl<'a> From<&'a Message> for RetainedReport<'a> {
    fn from(message: &'a Message) -> Self {
        Self { topic: message.topic.as_str(), qos: message.qos.bits(), payload: &message.payload }
    }
}

/// What was counted.
#[derive(Serialize)]
pub(super) struct CountersReport {
    published: u64,
    delivered: u64,
    dropped: u64,
}

impl From<Counters> for CountersReport {
    fn from(counters: Counters) -> Self {
        Self { published: counters.published, delivered: counters.delivered, dropped: counters.dropped }
    }
}

/// Why a filter matches a topic, or why not.
#[derive(Serialize)]
pub(super) struct ExplanationReport {
    matches: bool,
    levels: Vec<LevelReport>,
}

#[derive(Serialize)]
struct LevelReport {
    filter: Option<Box<str>>,
    topic: Option<Box<str>>,
    verdict: &'static str,
}

impl From<Explanation> for ExplanationReport {
    fn from(explanation: Explanation) -> Self {
        let levels = explanation.levels.into_iter();
        Self {
            matches: explanation.matches,
            levels: levels
                .map(|level| LevelReport { filter: level.filter, topic: level.topic, verdict: verdict(level.verdict) })
                .collect(),
        }
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
