//! Monitors: each guarantee of MQTT as a watcher of a trace.
//!
//! They see what anybody on the wire and at the handlers can see, and nothing inside the machines.
//! A message is told by its topic and payload. The guarantees of delivery are watched for those
//! that were published once.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::trace::{ClientEvent, Event, Fate, Trace, TraceEntry};
use super::{Actor, EntryId, PacketRecord, Restart};
use crate::broker::{DisconnectCause, Event as BrokerEvent};
use crate::client::{CloseReason, RequestId};
use crate::codec::{Packet, PacketKind, ReasonCode, Version};

mod deliveries;
mod live;
mod requests;
mod sessions;
mod subscriptions;
mod wills;
mod wire;

use deliveries::Deliveries;
pub use live::LiveMonitors;
use requests::Requests;
use sessions::Sessions;
use subscriptions::Subscriptions;
use wills::Wills;
use wire::Wire;

/// A guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarantee {
    /// No packet identifier is used twice at a time [MQTT-2.2.1-3], [MQTT-2.2.1-4].
    PacketIdentifiers,
    /// No more messages are without an answer than the receiver takes [MQTT-3.3.4-7],
    /// [MQTT-3.3.4-9].
    ReceiveMaximum,
    /// Each topic alias is one that the receiver takes, and stands for a topic [MQTT-3.3.2-8].
    TopicAliases,
    /// No packet is larger than the receiver takes [MQTT-3.1.2-24], [MQTT-3.2.2-15].
    PacketSize,
    /// A message of QoS 0 comes at most once [MQTT-4.3.1-1].
    AtMostOnce,
    /// A message of QoS 2 comes at most once, over all hops of that QoS [MQTT-4.3.3-1].
    ExactlyOnce,
    /// Messages of one publisher, topic and QoS come in their order [MQTT-4.6.0-5].
    Order,
    /// Each request ends once.
    Requests,
    /// A will is published once, or deleted once [MQTT-3.1.2-8].
    Wills,
    /// A session that is resumed was there, and had not expired [MQTT-3.1.2-23].
    Sessions,
    /// A message comes to a client that has subscribed to its topic, at the granted QoS at most
    /// [MQTT-3.3.4-1], [MQTT-3.8.4-8].
    Subscriptions,
    /// A new subscription is sent the last retained message of a topic [MQTT-3.3.1-5].
    Retained,
    /// No message is sent once it has expired [MQTT-3.3.2-5].
    MessageExpiry,
    /// Neither end ends a connection for a fault of the other.
    Peers,
}

/// A guarantee that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The guarantee.
    pub guarantee: Guarantee,
    /// The entry of the trace with which it was broken.
    pub entry: EntryId,
    /// The problem, in a sentence.
    pub text: String,
}

/// Watches a trace as it grows.
#[derive(Debug, Default)]
pub struct Monitors {
    entries: usize,
    arrivals: usize,
    wire: Wire,
    deliveries: Deliveries,
    requests: Requests,
    wills: Wills,
    sessions: Sessions,
    subscriptions: Subscriptions,
    violations: Vec<Violation>,
}

/// Where monitors note what they find.
struct Findings<'a> {
    entry: EntryId,
    violations: &'a mut Vec<Violation>,
}

impl Guarantee {
    /// Every guarantee, in the order of their declaration.
    pub const ALL: [Self; 14] = [
        Self::PacketIdentifiers,
        Self::ReceiveMaximum,
        Self::TopicAliases,
        Self::PacketSize,
        Self::AtMostOnce,
        Self::ExactlyOnce,
        Self::Order,
        Self::Requests,
        Self::Wills,
        Self::Sessions,
        Self::Subscriptions,
        Self::Retained,
        Self::MessageExpiry,
        Self::Peers,
    ];

    /// Returns its name for readers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PacketIdentifiers => "packet identifiers are free when they are used",
            Self::ReceiveMaximum => "the receive maximum is kept",
            Self::TopicAliases => "topic aliases stand for a topic",
            Self::PacketSize => "the maximum packet size is kept",
            Self::AtMostOnce => "QoS 0 comes at most once",
            Self::ExactlyOnce => "QoS 2 comes at most once",
            Self::Order => "messages come in order",
            Self::Requests => "each request ends once",
            Self::Wills => "a will is published once or deleted once",
            Self::Sessions => "a session lasts until its expiry",
            Self::Subscriptions => "messages come as they were subscribed to",
            Self::Retained => "a retained message is its topic's last",
            Self::MessageExpiry => "no message is sent once it has expired",
            Self::Peers => "neither end breaks the protocol",
        }
    }
}

impl Monitors {
    /// Monitors that have seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what is new in the trace. It must be the same trace each time.
    pub fn watch(&mut self, trace: &Trace) {
        while self.entries < trace.entries().len() {
            let id = EntryId(u32::try_from(self.entries).unwrap_or(u32::MAX));
            self.watch_arrivals(trace, id);
            if let Some(entry) = trace.get(id) {
                self.on_entry(id, entry);
            }
            self.entries += 1;
        }
        self.watch_arrivals(trace, EntryId(u32::MAX));
    }

    /// Returns the guarantees that were broken so far, in order.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns the requests that have begun and not ended, each with its client.
    pub fn open_requests(&self) -> impl Iterator<Item = (Actor, RequestId)> {
        self.requests.open()
    }

    /// Reads the arrivals that came before an entry.
    fn watch_arrivals(&mut self, trace: &Trace, before: EntryId) {
        while let Some(arrival) = trace.arrivals().get(self.arrivals)
            && arrival.before <= before
        {
            self.arrivals += 1;
            if let Some(packet) =
                trace.packet(arrival.packet).filter(|packet| matches!(packet.fate, Fate::Delivered(_)))
            {
                self.on_arrival(arrival.before, packet);
            }
        }
    }

    fn on_arrival(&mut self, before: EntryId, packet: &PacketRecord) {
        if packet.kind == Some(PacketKind::Connect)
            && let Ok(Packet::Connect(connect)) = Packet::decode(&packet.bytes, Version::V5)
        {
            self.wills.on_connect(&connect);
        }
        self.subscriptions.on_arrival(before, packet);
        self.wire.on_arrival(packet);
        self.sessions.on_arrival(packet);
    }

    fn on_entry(&mut self, id: EntryId, entry: &TraceEntry) {
        let findings = &mut Findings { entry: id, violations: &mut self.violations };
        match &entry.event {
            Event::Packet(packet) => {
                self.wire.on_sent(packet, findings);
                self.deliveries.on_sent(packet);
                self.subscriptions.on_sent(packet, findings);
            }
            Event::Client(actor, event) => {
                self.requests.on_client(*actor, event, findings);
                self.deliveries.on_client(*actor, event, findings);
                if matches!(event, ClientEvent::Killed) {
                    self.wire.on_killed(*actor);
                }
                self.wire.on_client(*actor, event);
                check_client_end(*actor, event, findings);
            }
            Event::Broker(event) => {
                self.wire.on_broker(event);
                self.wills.on_broker(entry.at, event, findings);
                self.sessions.on_broker(entry.at, event, findings);
                self.subscriptions.on_broker(id, event);
                check_broker_end(event, findings);
            }
            Event::Restarted(restart) => {
                if *restart == Restart::Forgets {
                    self.deliveries.on_forgotten();
                }
                self.wills.on_restart();
                self.sessions.on_restart();
                self.subscriptions.on_restart();
            }
            Event::Action(_) | Event::Timer(_) | Event::Stored | Event::Link(..) => {}
        }
    }
}

/// The broker ends no connection for a fault of its client.
fn check_broker_end(event: &BrokerEvent, findings: &mut Findings<'_>) {
    if let BrokerEvent::Disconnected { client_id, cause: DisconnectCause::Fault(fault), .. } = event {
        findings.add(Guarantee::Peers, format!("the broker finds a fault of {client_id}: {}", fault.problem));
    }
}

/// A client ends no connection for a fault of its broker.
fn check_client_end(actor: Actor, event: &ClientEvent, findings: &mut Findings<'_>) {
    let (ClientEvent::Lost { reason, .. } | ClientEvent::Closed(reason)) = event else { return };
    let is_fault = match reason {
        // A strict client that begins anew, and meets the session of its former process.
        CloseReason::ProtocolError { rule, .. } => *rule != "MQTT-3.2.2-4",
        // A client of 3.1.1 cannot tell its broker how large a packet may be. In 5.0 the wire shows
        // it.
        CloseReason::Malformed(error) => error.reason != ReasonCode::PacketTooLarge,
        _ => false,
    };
    if is_fault {
        findings.add(Guarantee::Peers, format!("client {} finds a fault of the broker: {reason}", actor.0));
    }
}

impl Findings<'_> {
    /// Notes a violation.
    fn add(&mut self, guarantee: Guarantee, text: String) {
        self.violations.push(Violation { guarantee, entry: self.entry, text });
    }
}
