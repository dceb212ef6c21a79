//! Rare states that the random worlds must have come to.

use std::collections::BTreeMap;
use std::fmt;

use wasmqtt::broker::{self, DisconnectCause, DropCause, RejectCause, WillFate};
use wasmqtt::client::{CloseReason, RequestError};
use wasmqtt::codec::{PacketKind, QoS, ReasonCode};
use wasmqtt::simulator::{ClientEvent, Direction, Event, Fate, LossCause, PacketRecord, Restart, World};

/// How often each state was seen.
#[derive(Debug)]
pub(super) struct Seen(BTreeMap<&'static str, u64>);

const NAMES: [&str; 45] = [
    "PUBLISH of QoS 1 is sent again by a client",
    "PUBLISH of QoS 1 is sent again by the broker",
    "PUBLISH of QoS 2 is sent again by a client",
    "PUBLISH of QoS 2 is sent again by the broker",
    "CONNECT is lost",
    "CONNACK is lost",
    "PUBACK is lost",
    "PUBREC is lost",
    "PUBREL is lost",
    "PUBCOMP is lost",
    "SUBACK is lost",
    "DISCONNECT is lost",
    "a packet arrives in part",
    "a packet comes to a receiver that is gone",
    "a client's alias stands for a topic",
    "the broker's alias stands for a topic",
    "a retained message comes to a new subscription",
    "a message comes with DUP to a handler",
    "a session is resumed",
    "a session is lost",
    "a session ends",
    "a session is taken over",
    "the broker's host ends a connection",
    "keep alive times out at the broker",
    "keep alive times out at a client",
    "connecting times out at a client",
    "a connection ends before CONNECT",
    "a will is armed",
    "a will waits for its delay",
    "a will is published",
    "a will is cleared",
    "a will is cancelled within its delay",
    "a message is too large for a subscriber",
    "a message expires before it is sent",
    "a client ends for good",
    "a message has no subscriber",
    "a subscription ends",
    "a request times out",
    "a request's session is lost",
    "a broker restarts without its last batch",
    "a request is dropped from a full queue",
    "a request is given up with its connection",
    "a call is refused while there is no connection",
    "a batch is written",
    "a broker restarts",
];

impl Default for Seen {
    fn default() -> Self {
        Self(NAMES.into_iter().map(|name| (name, 0)).collect())
    }
}

impl Seen {
    pub(super) fn look(&mut self, world: &World, refused: u64) {
        *self.0.get_mut("a call is refused while there is no connection").expect("in the list") += refused;
        for entry in world.trace().entries() {
            match &entry.event {
                Event::Packet(packet) => self.packet(packet),
                Event::Client(_, event) => self.client(event),
                Event::Broker(event) => self.broker(event),
                Event::Stored => self.add("a batch is written"),
                Event::Restarted(restart) => {
                    self.add("a broker restarts");
                    if *restart == Restart::Unwritten {
                        self.add("a broker restarts without its last batch");
                    }
                }
                Event::Action(_) | Event::Timer(_) | Event::Link(..) => {}
            }
        }
    }

    /// Returns the names of those that were never seen.
    pub(super) fn never(&self) -> Vec<&'static str> {
        self.0.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect()
    }

    fn add(&mut self, name: &'static str) {
        *self.0.get_mut(name).unwrap_or_else(|| panic!("{name:?} is in no list")) += 1;
    }

    fn packet(&mut self, packet: &PacketRecord) {
        let is_up = packet.direction == Direction::Up;
        if packet.dup {
            let is_exact = packet.qos == Some(QoS::ExactlyOnce);
            self.add(match (is_exact, is_up) {
                (false, true) => "PUBLISH of QoS 1 is sent again by a client",
                (false, false) => "PUBLISH of QoS 1 is sent again by the broker",
                (true, true) => "PUBLISH of QoS 2 is sent again by a client",
                (true, false) => "PUBLISH of QoS 2 is sent again by the broker",
            });
        }
        match packet.fate {
            Fate::Truncated(..) => self.add("a packet arrives in part"),
            Fate::Lost(_, cause) => {
                if cause == LossCause::ReceiverGone {
                    self.add("a packet comes to a receiver that is gone");
                }
                self.lost(packet.kind);
            }
            Fate::InFlight | Fate::Delivered(_) => {}
        }
        if packet.topic.as_deref() == Some("") {
            self.add(if is_up {
                "a client's alias stands for a topic"
            } else {
                "the broker's alias stands for a topic"
            });
        }
    }

    fn lost(&mut self, kind: Option<PacketKind>) {
        self.add(match kind {
            Some(PacketKind::Connect) => "CONNECT is lost",
            Some(PacketKind::Connack) => "CONNACK is lost",
            Some(PacketKind::Puback) => "PUBACK is lost",
            Some(PacketKind::Pubrec) => "PUBREC is lost",
            Some(PacketKind::Pubrel) => "PUBREL is lost",
            Some(PacketKind::Pubcomp) => "PUBCOMP is lost",
            Some(PacketKind::Suback) => "SUBACK is lost",
            Some(PacketKind::Disconnect) => "DISCONNECT is lost",
            _ => return,
        });
    }

    fn client(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Message { retain: true, .. } => self.add("a retained message comes to a new subscription"),
            ClientEvent::Message { dup: true, .. } => self.add("a message comes with DUP to a handler"),
            ClientEvent::Done(_, Err(error)) => self.add(match error {
                RequestError::TimedOut => "a request times out",
                RequestError::SessionLost => "a request's session is lost",
                RequestError::Dropped => "a request is dropped from a full queue",
                RequestError::ConnectionClosed | RequestError::Unanswered => {
                    "a request is given up with its connection"
                }
                _ => return,
            }),
            ClientEvent::Lost { reason, .. } => self.add(match reason {
                CloseReason::KeepAliveTimeout => "keep alive times out at a client",
                CloseReason::ConnectTimeout => "connecting times out at a client",
                _ => return,
            }),
            ClientEvent::Closed(_) => self.add("a client ends for good"),
            _ => {}
        }
    }

    fn broker(&mut self, event: &broker::Event) {
        self.add(match event {
            broker::Event::Connected { session_present: true, .. } => "a session is resumed",
            broker::Event::Connected { .. } => "a session is lost",
            broker::Event::Rejected { cause: RejectCause::TransportClosed, .. } => "a connection ends before CONNECT",
            broker::Event::Disconnected { cause, .. } => match cause {
                DisconnectCause::KeepAliveTimeout => "keep alive times out at the broker",
                DisconnectCause::TakenOver => "a session is taken over",
                DisconnectCause::Host(_) => "the broker's host ends a connection",
                _ => return,
            },
            broker::Event::Unsubscribed { reason: ReasonCode::Success, .. } => "a subscription ends",
            broker::Event::Published { subscribers: 0, .. } => "a message has no subscriber",
            broker::Event::Dropped { cause, .. } => match cause {
                DropCause::PacketTooLarge => "a message is too large for a subscriber",
                DropCause::Expired => "a message expires before it is sent",
                _ => return,
            },
            broker::Event::Will { fate, .. } => match fate {
                WillFate::Armed => "a will is armed",
                WillFate::Delayed => "a will waits for its delay",
                WillFate::Fired => "a will is published",
                WillFate::Cleared => "a will is cleared",
                WillFate::Cancelled => "a will is cancelled within its delay",
            },
            broker::Event::SessionEnded { .. } => "a session ends",
            _ => return,
        });
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NAMES.iter().try_for_each(|name| writeln!(f, "{:>9} {name}", self.0[name]))
    }
}
