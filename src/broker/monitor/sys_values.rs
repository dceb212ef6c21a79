//! Values of the `$SYS` topics.

use alloc::string::String;
use alloc::sync::Arc;

use crate::broker::cause::DropCause;
use crate::broker::clients::subscription::is_sys;
use crate::broker::monitor::counters::{Counters, Gauges, Traffic};
use crate::codec::{Message, QoS};
use crate::time::Time;
use crate::topic::TopicName;

pub(crate) const VERSION: &str = concat!("wasmqtt version ", env!("CARGO_PKG_VERSION"));

/// Value of a `$SYS` topic.
pub(crate) type Number = fn(&Counters, &Gauges) -> u64;

/// Topics below `$SYS/broker/` with their values; that of the version is text. A topic for each
/// cause of a drop follows them.
pub(crate) const NUMBERS: [(&str, Number); 27] = [
    ("version", |_, _| 0),
    ("uptime", |_, gauges| gauges.uptime),
    ("clients/connected", |_, gauges| gauges.clients as u64),
    ("clients/disconnected", |_, gauges| gauges.sessions.saturating_sub(gauges.clients) as u64),
    ("clients/total", |_, gauges| gauges.sessions as u64),
    ("clients/maximum", |counters, _| counters.clients_max as u64),
    ("connections/accepted", |counters, _| counters.accepted),
    ("connections/rejected", |counters, _| counters.rejected),
    ("messages/received", |counters, _| counters.received.total()),
    ("messages/sent", |counters, _| counters.sent.total()),
    ("messages/queued", |_, gauges| gauges.queued as u64),
    ("messages/inflight", |_, gauges| gauges.in_flight as u64),
    ("publish/messages/received", |counters, _| publishes(counters.received)),
    ("publish/messages/sent", |counters, _| publishes(counters.sent)),
    ("publish/messages/dropped", |counters, _| counters.dropped),
    ("publish/bytes/received", |counters, _| counters.received.publish_bytes),
    ("publish/bytes/sent", |counters, _| counters.sent.publish_bytes),
    ("bytes/received", |counters, _| counters.received.bytes),
    ("bytes/sent", |counters, _| counters.sent.bytes),
    ("subscriptions/count", |_, gauges| gauges.subscriptions as u64),
    ("shared_subscriptions/count", |_, gauges| gauges.shared_subscriptions as u64),
    ("retained messages/count", |_, gauges| gauges.retained as u64),
    ("retained messages/bytes", |_, gauges| gauges.retained_bytes as u64),
    ("store/messages/count", |_, gauges| (gauges.retained + gauges.queued) as u64),
    ("store/messages/bytes", |_, gauges| (gauges.retained_bytes + gauges.queued_bytes) as u64),
    ("heap/current", |counters, _| counters.memory.bytes as u64),
    ("heap/maximum", |counters, _| counters.memory.highest as u64),
];

/// Number of `$SYS` topics.
pub(crate) const COUNT: usize = NUMBERS.len() + DropCause::ALL.len();

/// State of the `$SYS` topics: their subscribers, and the values published last.
#[derive(Debug)]
pub(crate) struct Sys {
    /// Connected clients with a subscription to `$SYS`, plus such subscriptions of the host.
    pub(crate) watching: usize,
    /// Time of the pending [`Deadline::Sys`].
    pub(crate) due: Option<Time>,
    /// Values that all subscribers were sent last; `None` if they were not sent the same.
    pub(crate) last_sent: [Option<u64>; COUNT],
}

impl Sys {
    pub(crate) const fn new() -> Self {
        Self { watching: 0, due: None, last_sent: [None; COUNT] }
    }
}

/// True if only the broker may publish to the topic: below `$SYS`, but where bridges tell whether
/// they are connected.
pub(crate) fn is_brokers_own(topic: &str) -> bool {
    is_sys(topic) && !topic.starts_with("$SYS/broker/connection/")
}

/// A `$SYS` topic and its value. The version has no number.
pub(crate) struct Entry {
    name: &'static str,
    /// The end of the topic for a drop's cause.
    cause: &'static str,
    pub(crate) value: u64,
}

impl Entry {
    /// Returns the message with the value as text. The uptime has its unit, as in Mosquitto.
    pub(crate) fn message(&self) -> Option<Arc<Message>> {
        let mut topic = String::from("$SYS/broker/");
        topic.push_str(self.name);
        topic.push_str(self.cause);
        let mut text = String::new();
        match self.name {
            "version" => text.push_str(VERSION),
            "uptime" => {
                decimal(&mut text, self.value);
                text.push_str(" seconds");
            }
            _ => decimal(&mut text, self.value),
        }
        let topic = TopicName::parse(&topic).ok()?;
        Some(Arc::new(Message { retain: true, ..Message::new(topic, text) }))
    }
}

/// Returns the entry at this index, which is below [`COUNT`].
pub(crate) fn entry(index: usize, counters: &Counters, gauges: &Gauges) -> Entry {
    if let Some((name, value)) = NUMBERS.get(index) {
        return Entry { name, cause: "", value: value(counters, gauges) };
    }
    let cause = index.checked_sub(NUMBERS.len()).and_then(|index| DropCause::ALL.get(index).copied());
    let name = "publish/messages/dropped/";
    Entry {
        name,
        cause: cause.map_or("", DropCause::name),
        value: cause.map_or(0, |cause| counters.dropped_for(cause)),
    }
}

fn publishes(traffic: Traffic) -> u64 {
    [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].map(|qos| traffic.publishes(qos)).iter().sum()
}

fn decimal(text: &mut String, value: u64) {
    if value >= 10 {
        decimal(text, value / 10);
    }
    text.push(b"0123456789".get((value % 10) as usize).map_or('?', |digit| char::from(*digit)));
}
