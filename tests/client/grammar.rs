//! The grammar of a life, over random inputs in any order.
//!
//! Each attempt has one end, each connection has one loss, and the life always goes on.

use core::time::Duration;

use proptest::prelude::*;
use wasmqtt::client::{Attempt, Backoff, Client, ClientOptions, CloseReason, Output, Phase};
use wasmqtt::codec::{Connack, Disconnect, Packet, Properties, PropertiesBuf, Property, QoS, ReasonCode, Version};
use wasmqtt::time::Time;

use super::script::{bytes, message, publish};
use crate::support::packets::properties;

/// An input of a client. `late`: an attempt that is so many behind the current one.
#[derive(Clone, Debug)]
enum Input {
    Connect,
    Open {
        late: u32,
    },
    Failed {
        late: u32,
        is_final: bool,
    },
    Closed {
        late: u32,
    },
    Accept {
        late: u32,
        session_present: bool,
    },
    Refuse(ReasonCode),
    Dismiss(ReasonCode),
    Bytes {
        late: u32,
        bytes: Vec<u8>,
    },
    Text {
        late: u32,
    },
    Credentials {
        late: u32,
        lifetime: u64,
    },
    Wake,
    Offline,
    Timeout,
    /// The timer of the deadline runs.
    Deadline,
    Publish(u8),
    Waiting(usize),
    Wait(u64),
    Disconnect,
    Kill,
}

fn input() -> impl Strategy<Value = Input> {
    let late = || prop_oneof![6 => Just(0_u32), 1 => 1_u32..3];
    let reason = || prop::sample::select(ReasonCode::ALL);
    prop_oneof![
        2 => Just(Input::Connect),
        8 => late().prop_map(|late| Input::Open { late }),
        3 => (late(), prop::bool::weighted(0.1)).prop_map(|(late, is_final)| Input::Failed { late, is_final }),
        4 => late().prop_map(|late| Input::Closed { late }),
        8 => (late(), any::<bool>()).prop_map(|(late, session_present)| Input::Accept { late, session_present }),
        2 => reason().prop_map(Input::Refuse),
        2 => reason().prop_map(Input::Dismiss),
        1 => (late(), prop::collection::vec(any::<u8>(), 0..6)).prop_map(|(late, bytes)| Input::Bytes { late, bytes }),
        1 => late().prop_map(|late| Input::Text { late }),
        2 => (late(), 0_u64..100_000).prop_map(|(late, lifetime)| Input::Credentials { late, lifetime }),
        2 => Just(Input::Wake),
        1 => Just(Input::Offline),
        1 => Just(Input::Timeout),
        8 => Just(Input::Deadline),
        2 => (0_u8..3).prop_map(Input::Publish),
        1 => (0_usize..100).prop_map(Input::Waiting),
        3 => (0_u64..50_000).prop_map(Input::Wait),
        1 => prop::bool::weighted(0.1).prop_map(|ends| if ends { Input::Disconnect } else { Input::Timeout }),
        1 => prop::bool::weighted(0.1).prop_map(|ends| if ends { Input::Kill } else { Input::Wake }),
    ]
}

/// Where a life stands by its outputs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Between lives.
    Over,
    /// Between attempts.
    Between,
    Attempt(Attempt),
    Connection(Attempt),
}

struct Watcher {
    client: Client,
    now: Time,
    stage: Stage,
    latest: Attempt,
    ends: u32,
    is_reconnecting: bool,
}

impl Watcher {
    fn new(options: ClientOptions) -> Self {
        let is_reconnecting = options.reconnect.is_some();
        let client = Client::new(options);
        Self { client, now: Time::ZERO, stage: Stage::Over, latest: Attempt(0), ends: 0, is_reconnecting }
    }

    fn feed(&mut self, late: u32, bytes: &[u8]) {
        let attempt = Attempt(self.client.attempt().0.saturating_sub(late));
        self.client.handle_bytes(attempt, bytes, self.now);
    }

    fn takes(&mut self, input: Input) {
        let (now, version, none) = (self.now, self.client.version(), PropertiesBuf::new());
        let current = self.client.attempt();
        let numbered = |late: u32| Attempt(current.0.saturating_sub(late));
        let client = &mut self.client;
        match input {
            Input::Connect => {
                client.connect(now);
                if self.stage == Stage::Over && client.phase() != Phase::Ended {
                    self.stage = Stage::Between;
                }
            }
            Input::Open { late } => client.handle_open(numbered(late), now),
            Input::Failed { late, is_final } => client.handle_failed(numbered(late), is_final, now),
            Input::Closed { late } => client.handle_closed(numbered(late), now),
            Input::Text { late } => client.handle_text(numbered(late), now),
            Input::Credentials { late, lifetime } => {
                let expires = now + Duration::from_millis(lifetime);
                client.handle_credentials(numbered(late), Some("u".into()), None, Some(expires), now);
            }
            Input::Accept { late, session_present } => {
                let properties = Properties::EMPTY;
                let connack = Connack { session_present, reason: ReasonCode::Success, properties };
                self.feed(late, &bytes(&Packet::Connack(connack), version));
            }
            Input::Refuse(reason) | Input::Dismiss(reason) => {
                let reference = properties(&[Property::ServerReference("b.example")]);
                let properties = if version == Version::V5 { &reference } else { &none }.as_properties();
                let mut encoded = Vec::new();
                let packet = match input {
                    Input::Refuse(_) => Packet::Connack(Connack { session_present: false, reason, properties }),
                    _ => Packet::Disconnect(Disconnect { reason, properties }),
                };
                if packet.encode(version, &mut encoded).is_ok() {
                    self.feed(0, &encoded);
                }
            }
            Input::Bytes { late, bytes } => self.feed(late, &bytes),
            Input::Wake => client.handle_wake(now),
            Input::Offline => client.handle_offline(now),
            Input::Timeout => client.handle_timeout(now),
            Input::Deadline => {
                self.now = client.next_deadline().unwrap_or(now).max(now);
                client.handle_timeout(self.now);
            }
            Input::Publish(0) => self.feed(0, &bytes(&publish("a", QoS::AtLeastOnce, 1), version)),
            Input::Publish(qos) => {
                let qos = if qos == 1 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
                let _ = client.publish(message("a", qos), now);
            }
            Input::Waiting(bytes) => client.handle_waiting(bytes, now),
            Input::Wait(milliseconds) => {
                self.now = now + Duration::from_millis(milliseconds);
                client.handle_timeout(self.now);
            }
            Input::Disconnect => client.disconnect(ReasonCode::Success, &none, now),
            Input::Kill => client.kill(now),
        }
    }

    /// Reads the outputs, each of which must be possible where the life stands.
    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.client.poll_output() {
            outputs += 1;
            assert!(outputs < 1_000, "outputs without end");
            self.stage = match (self.stage, output) {
                (Stage::Between, Output::Open { attempt, .. }) => {
                    assert!(attempt > self.latest, "{attempt:?} after {:?}", self.latest);
                    self.latest = attempt;
                    Stage::Attempt(attempt)
                }
                (Stage::Attempt(attempt), Output::Connected(_)) => Stage::Connection(attempt),
                (stage @ (Stage::Attempt(attempt) | Stage::Connection(attempt)), Output::Lost(lost)) => {
                    assert_eq!(lost.attempt, attempt);
                    assert_eq!(lost.was_connected, stage == Stage::Connection(attempt));
                    assert!(self.is_reconnecting, "{lost:?}");
                    assert!(!lost.reason.is_final() || matches!(lost.reason, CloseReason::Refused { .. }), "{lost:?}");
                    assert!(lost.retry_at >= self.now && lost.retry_at <= self.now + Duration::from_secs(30));
                    self.ends += 1;
                    Stage::Between
                }
                (Stage::Attempt(_) | Stage::Connection(_), Output::Closed(_)) => {
                    self.ends += 1;
                    Stage::Over
                }
                (Stage::Between, Output::Closed(reason)) => {
                    let ends = matches!(reason, CloseReason::Requested | CloseReason::TransportClosed);
                    assert!(ends, "the end of an attempt is the last only once: {reason}");
                    Stage::Over
                }
                (stage @ (Stage::Attempt(_) | Stage::Connection(_)), Output::Transmit(_))
                | (stage @ Stage::Connection(_), Output::Message(_))
                | (stage, Output::Done(..)) => stage,
                (stage, output) => panic!("{output:?} at {stage:?}"),
            };
        }
    }

    /// The life goes on by itself, or by the host's answer.
    fn progresses(&self) {
        let deadline = self.client.next_deadline();
        match self.client.phase() {
            Phase::Idle | Phase::Ended => {
                assert_eq!((self.stage, deadline), (Stage::Over, None));
                assert_eq!(self.ends, self.latest.0, "an end of each attempt");
            }
            Phase::Waiting => {
                assert_eq!(self.stage, Stage::Between);
                assert!(deadline.is_some_and(|at| at > self.now), "what is due is done");
                assert_eq!(self.ends, self.latest.0);
            }
            Phase::Connecting => {
                assert_eq!(self.stage, Stage::Attempt(self.latest));
                assert!(deadline.is_some() && self.ends + 1 == self.latest.0);
            }
            Phase::Connected => {
                assert_eq!(self.stage, Stage::Connection(self.latest));
                assert!(deadline.is_some() && self.ends + 1 == self.latest.0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_life_has_this_grammar(
        inputs in prop::collection::vec(input(), 1..120),
        reconnects in prop::bool::weighted(0.8),
        falls_back in any::<bool>(),
        old in any::<bool>(),
        servers in 0_usize..4,
        seed in any::<u64>(),
    ) {
        let options = ClientOptions {
            reconnect: reconnects.then(Backoff::default),
            version: if old { Version::V3_1_1 } else { Version::V5 },
            falls_back: falls_back && reconnects,
            clean_start: seed % 2 == 0,
            servers,
            seed,
            ..ClientOptions::new("c")
        };
        let mut watcher = Watcher::new(options);
        watcher.takes(Input::Connect);
        for input in inputs {
            watcher.takes(input);
            watcher.drain();
            watcher.progresses();
        }
    }

    /// A host need not look at once at what a client wants.
    #[test]
    fn inputs_that_come_before_the_outputs_are_read_break_nothing(
        inputs in prop::collection::vec((input(), prop::bool::weighted(0.2)), 1..120),
        seed in any::<u64>(),
    ) {
        let options = ClientOptions { reconnect: Some(Backoff::default()), seed, ..ClientOptions::new("c") };
        let mut client = Watcher::new(options);
        for (input, drains) in inputs {
            client.takes(input);
            if drains {
                let mut outputs = 0;
                while client.client.poll_output().is_some() {
                    outputs += 1;
                    prop_assert!(outputs < 1_000);
                }
                let is_over = matches!(client.client.phase(), Phase::Idle | Phase::Ended);
                prop_assert_eq!(client.client.next_deadline().is_none(), is_over);
            }
        }
    }
}
