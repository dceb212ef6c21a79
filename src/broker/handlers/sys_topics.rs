//! `$SYS`: what the broker tells of itself, in the customary topics below `$SYS/broker/` (MQTT 5.0 §4.7.2).
//!
//! Who subscribes is sent the values at once, as retained messages are, and from then on those that have changed, at an
//! interval. The values are not kept: they are made while a client is connected that subscribes to them, or the host does, and
//! only then is there a deadline. They are of QoS 0, so that nobody's queue fills with what is out of date. Clients publish none.

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::clients::{ClientKey, ClientState, Subscription};
use crate::broker::connection::deadlines::Deadline;
use crate::broker::delivery_tag::Mark;
use crate::broker::event::DropCause;
use crate::broker::handlers::distribute::Subscriber;
use crate::broker::handlers::host::HostMessage;
use crate::broker::monitor::counters::{Counters, Gauges, Traffic};
use crate::codec::{Message, QoS};
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

const VERSION: &str = concat!("wasmqtt version ", env!("CARGO_PKG_VERSION"));

/// What a topic tells.
type Number = fn(&Counters, &Gauges) -> u64;

/// What stands behind `$SYS/broker/`, and the number there; the version is none. The drops by their causes follow these.
const NUMBERS: [(&str, Number); 25] = [
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
];

/// How many topics there are.
const COUNT: usize = NUMBERS.len() + DropCause::ALL.len();

/// Who is told, and what was.
#[derive(Debug)]
pub(crate) struct Sys {
    /// Connected clients that subscribe to any of it, and subscriptions of the host's.
    watching: usize,
    /// When its [`Deadline::Sys`] stands.
    due: Option<Time>,
    /// What all that are subscribed were told last; `None` if not all were told the same.
    told: [Option<u64>; COUNT],
}

impl Sys {
    pub(crate) const fn new() -> Self {
        Self { watching: 0, due: None, told: [None; COUNT] }
    }
}

/// Whether the topic is of those that the broker alone publishes.
pub(crate) fn is_sys(topic: &str) -> bool {
    topic.strip_prefix("$SYS").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl ClientState {
    /// Whether it has a subscription to `$SYS`. One that begins with a wildcard is none [MQTT-4.7.2-1].
    pub(crate) fn watches_sys(&self) -> bool {
        self.subscriptions.iter().any(|held| is_sys(held.filter.filter()))
    }
}

impl Broker {
    pub(crate) fn watches_sys(&self, key: ClientKey) -> bool {
        self.clients.get(key).is_some_and(ClientState::watches_sys)
    }

    /// There is one more connected client that subscribes to `$SYS`, or subscription of the host's; or one less.
    pub(crate) fn watch_sys(&mut self, more: bool, now: Time) {
        if more {
            self.sys.watching += 1;
            if self.sys.due.is_none() {
                self.set_sys_deadline(now);
            }
        } else {
            self.sys.watching -= 1;
            if self.sys.watching == 0 {
                self.sys.told = [None; COUNT];
                if let Some(due) = self.sys.due.take() {
                    self.deadlines.remove(due, Deadline::Sys);
                }
            }
        }
    }

    /// The interval is over: tells what has changed.
    pub(crate) fn tell_sys(&mut self, now: Time) {
        self.sys.due = None;
        let (counters, gauges) = (self.counters(), self.gauges(now));
        for index in 0..COUNT {
            let entry = entry(index, &counters, &gauges);
            let told = self.sys.told.get_mut(index);
            if told.is_some_and(|told| told.replace(entry.value) != Some(entry.value)) {
                let Some(message) = entry.message() else { continue };
                self.fan_out(message.as_publish(), Some(Arc::clone(&message)), None, now);
            }
        }
        self.set_sys_deadline(now);
    }

    /// Tells a new subscriber the values that its filter matches.
    pub(crate) fn replay_sys(&mut self, to: Subscriber, filter: &TopicFilter, subscription: Subscription, now: Time) {
        if !is_sys(filter.filter()) || self.options.sys_interval.is_zero() {
            return;
        }
        let (counters, gauges) = (self.counters(), self.gauges(now));
        for index in 0..COUNT {
            let entry = entry(index, &counters, &gauges);
            let Some(message) = entry.message().filter(|message| filter.matches(&message.topic)) else { continue };
            match to {
                Subscriber::Client(key) => {
                    let is_guarded = self.guards.read;
                    let Some(mut hop) = self.hop(key, now) else { return };
                    if is_guarded && !hop.options.access.may_read(hop.client.who(), message.topic.as_str()) {
                        continue;
                    }
                    hop.relay(subscription.delivery(&message, true, Mark { arrived: now, group: None }));
                }
                Subscriber::Host(handler) => {
                    self.log.post(HostMessage { handler, message, arrived: now, retain: true });
                }
                // Nothing comes on subscribing (§3.8.4).
                Subscriber::Group(_) => return,
            }
            let Sys { told, watching, .. } = &mut self.sys;
            if let Some(told) = told.get_mut(index) {
                // Others may have been told something else.
                *told = Some(entry.value).filter(|value| *watching == 1 || *told == Some(*value));
            }
        }
    }

    fn set_sys_deadline(&mut self, now: Time) {
        let interval = self.options.sys_interval;
        if !interval.is_zero() && self.sys.watching > 0 {
            let due = now + interval.max(Duration::from_secs(1));
            self.sys.due = Some(due);
            self.deadlines.insert(due, Deadline::Sys);
        }
    }
}

/// A topic and its value. That of the version is no number.
struct Entry {
    name: &'static str,
    /// The name's end.
    cause: &'static str,
    value: u64,
}

impl Entry {
    /// The value as text. The uptime says its unit, as Mosquitto's does.
    fn message(&self) -> Option<Arc<Message>> {
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

/// The entry at this place, below [`COUNT`].
fn entry(index: usize, counters: &Counters, gauges: &Gauges) -> Entry {
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
