//! The client against a broker that lies.
//!
//! It acknowledges what was never sent, uses identifiers twice, exceeds the limits, stops in the
//! middle of a packet, redirects in a circle. Each request ends once all the same.
//!
//! `SEED=n` runs that life alone.

use core::time::Duration;
use std::collections::BTreeSet;

use wasmqtt::client::{
    Attempt, Backoff, CallError, Client, ClientOptions, HandlerId, Keep, Output, Overflow, Phase, RequestError,
    RequestId, Ticket,
};
use wasmqtt::codec::{
    Ack, Auth, Connack, Disconnect, Packet, PacketId, PropertiesBuf, Property, Publish, QoS, ReasonCode, Suback,
    SubscriptionOptions, Unsuback, Version,
};
use wasmqtt::time::Time;

use super::observed_wire::{Announced, Used, Wire};
use super::script::{filter, message};
use crate::support::packets::{QOS, properties};

const LIVES: u64 = 10_000;
const STEPS: u32 = 150;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).expect("short")]
    }
}

struct Life {
    seed: u64,
    random: Random,
    client: Client,
    is_strict: bool,
    now: Time,
    attempt: Attempt,
    wire: Wire,
    begun: BTreeSet<u64>,
    tickets: Vec<Ticket>,
}

fn options(random: &mut Random, seed: u64) -> ClientOptions {
    let version = random.of(&[Version::V3_1_1, Version::V5]);
    ClientOptions {
        version,
        falls_back: random.one_in(4),
        clean_start: random.one_in(3),
        keep_alive: random.of(&[0, 1, 45]),
        receive_maximum: random.of(&[1, 2, u16::MAX]),
        topic_alias_maximum: random.of(&[0, 2]),
        assigned_aliases_max: random.of(&[0, 1, 16]),
        request_filters_max: random.of(&[1, 2, usize::MAX]),
        queue_messages: random.of(&[1, 4, 1_000]),
        offline_messages: random.of(&[0, 2, usize::MAX]),
        overflow: random.of(&[Overflow::Reject, Overflow::DropOldest]),
        keep: random.of(&[Keep::All, Keep::Acknowledged, Keep::Nothing]),
        request_timeout: random.of(&[Duration::ZERO, Duration::from_secs(5)]),
        strict: random.one_in(2),
        reconnect: (!random.one_in(5)).then(Backoff::default),
        packet_bytes_max: random.of(&[64, 1 << 20]),
        authentication_method: (version == Version::V5 && random.one_in(4)).then(|| "m".into()),
        seed,
        ..ClientOptions::new("c")
    }
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let options = options(&mut random, seed);
        let is_strict = options.strict;
        let mut client = Client::new(options);
        client.add_handler(&filter("a/#"), HandlerId(1));
        Self {
            seed,
            random,
            client,
            is_strict,
            now: Time::ZERO,
            attempt: Attempt(0),
            wire: Wire::default(),
            begun: BTreeSet::new(),
            tickets: Vec::new(),
        }
    }

    fn run(mut self) {
        self.client.connect(self.now);
        self.drain();
        for _ in 0..STEPS {
            if self.random.one_in(2) {
                self.broker_acts();
            } else {
                self.host_acts();
            }
            self.drain();
        }
        self.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), self.now);
        self.drain();
        assert!(self.begun.is_empty(), "seed {}: {:?} never ended", self.seed, self.begun);
        assert_eq!(self.client.next_deadline(), None, "seed {}", self.seed);
    }

    fn begin(&mut self, request: &Result<RequestId, CallError>) {
        if let Ok(request) = request {
            assert!(self.begun.insert(request.0), "seed {}: {request:?} twice", self.seed);
        }
    }

    fn host_acts(&mut self) {
        let none = PropertiesBuf::new();
        match self.random.below(12) {
            0..3 => {
                let qos = self.random.of(&QOS);
                let mut message = message(self.random.of(&["a", "a/b", "c"]), qos);
                message.retain = self.random.one_in(5);
                let request = self.client.publish(message, self.now);
                self.begin(&request);
            }
            3 => {
                let list =
                    [(filter("a/#"), SubscriptionOptions::default()), (filter("b"), SubscriptionOptions::default())];
                let request = self.client.subscribe(&list, &none, self.now);
                self.begin(&request);
            }
            4 => {
                let request = self.client.unsubscribe(&[filter("a/#"), filter("b")], &none, self.now);
                self.begin(&request);
            }
            5 => {
                self.now = self.client.next_deadline().unwrap_or(self.now).max(self.now);
                self.client.handle_timeout(self.now);
            }
            6 => self.now = self.now + Duration::from_millis(self.random.below(100_000)),
            7 => self.transport_acts(),
            8 => self.client.handle_wake(self.now),
            9 => self.client.connect(self.now),
            10 => {
                if let Some(ticket) = self.tickets.pop() {
                    self.client.acknowledge(ticket, ReasonCode::Success, self.now);
                }
            }
            _ => {
                let request = self.begun.iter().copied().next_back();
                if let Some(request) = request {
                    self.client.withdraw(RequestId(request), self.now);
                }
            }
        }
    }

    /// News of a transport, of this attempt or an older one.
    fn transport_acts(&mut self) {
        let attempt = Attempt(self.attempt.0.saturating_sub(self.random.of(&[0, 0, 0, 1])));
        match self.random.below(4) {
            0 => self.client.handle_failed(attempt, false, self.now),
            1 => self.client.handle_closed(attempt, self.now),
            _ => self.client.handle_open(attempt, self.now),
        }
    }

    fn broker_acts(&mut self) {
        self.client.handle_open(self.attempt, self.now);
        self.drain();
        let version = self.client.version();
        if self.wire.decoder.is_none() {
            return;
        }
        if !self.wire.is_accepted && !self.random.one_in(10) {
            return self.accept(version);
        }
        if self.random.one_in(50) {
            let noise: Vec<u8> = (0..self.random.below(9)).map(|_| self.random.below(256).to_le_bytes()[0]).collect();
            self.wire.is_torn |= !noise.is_empty();
            return self.client.handle_bytes(self.attempt, &noise, self.now);
        }
        let (id, packet_id) = self.some_id();
        if self.random.one_in(4) { self.publish(version, id) } else { self.answer(version, id, packet_id) }
    }

    /// An answer of the broker, to what was asked or not.
    fn answer(&mut self, version: Version, id: u16, packet_id: PacketId) {
        let reason = self.random.of(ReasonCode::ALL);
        let ack = if self.random.one_in(3) { Ack::new(packet_id, reason) } else { Ack::success(packet_id) };
        let empty = PropertiesBuf::new();
        let reference = properties(&[Property::ServerReference("b.example")]);
        let auth = properties(&[Property::AuthenticationMethod("m")]);
        let none = empty.as_properties();
        let count = match self.wire.used.get(&id) {
            Some(Used::Request(count)) if !self.random.one_in(5) => *count,
            _ => usize::try_from(self.random.below(4)).expect("small"),
        };
        let reasons = vec![self.random.of(&[ReasonCode::Success, ReasonCode::NotAuthorized]); count];
        let packet = match self.random.below(13) {
            0..3 => Packet::Puback(ack),
            3..5 => Packet::Pubrec(ack),
            5..7 => Packet::Pubcomp(ack),
            7 => {
                self.wire.received.insert(id);
                Packet::Pubrel(ack)
            }
            8 => Packet::Suback(Suback { packet_id, properties: none, reasons }),
            9 => Packet::Unsuback(Unsuback { packet_id, properties: none, reasons }),
            10 if self.random.one_in(3) => Packet::Disconnect(Disconnect {
                reason,
                properties: if version == Version::V5 { reference.as_properties() } else { none },
            }),
            11 if self.random.one_in(3) => {
                let reason = self.random.of(&[ReasonCode::ContinueAuthentication, ReasonCode::Success]);
                Packet::Auth(Auth { reason, properties: auth.as_properties() })
            }
            _ => Packet::Pingresp,
        };
        self.send(&packet, version);
    }

    /// A message of the broker; what it says may be wrong in any way that can be encoded.
    fn publish(&mut self, version: Version, id: u16) {
        let qos = self.random.of(&QOS);
        let alias = properties(&[Property::TopicAlias(self.random.of(&[1, 2, 3, u16::MAX]))]);
        let has_alias = version == Version::V5 && self.random.one_in(3);
        let empty = PropertiesBuf::new();
        let packet = Packet::Publish(Publish {
            dup: qos != QoS::AtMostOnce && self.random.one_in(4),
            qos,
            retain: self.random.one_in(3),
            topic: if has_alias && self.random.one_in(2) { "" } else { self.random.of(&["a/b", "c"]) },
            packet_id: (qos != QoS::AtMostOnce).then(|| PacketId::new(id).expect("not 0")),
            properties: if has_alias { alias.as_properties() } else { empty.as_properties() },
            payload: self.random.of(&[&b""[..], b"hello", &[7; 100]]),
        });
        if qos != QoS::AtMostOnce {
            self.wire.received.insert(id);
        }
        self.send(&packet, version);
    }

    /// An identifier that the client uses, or any other.
    fn some_id(&mut self) -> (u16, PacketId) {
        let used: Vec<u16> = self.wire.used.keys().chain(&self.wire.received).copied().collect();
        let id = if used.is_empty() || self.random.one_in(6) {
            self.random.of(&[1, 2, 9, u16::MAX])
        } else {
            self.random.of(&used)
        };
        (id, PacketId::new(id).expect("not 0"))
    }

    fn accept(&mut self, version: Version) {
        let mut announced = Announced::default();
        let mut list = Vec::new();
        if version == Version::V5 && self.random.one_in(2) {
            announced = Announced {
                receive_maximum: self.random.of(&[1, 2, 100]),
                packet_bytes_max: self.random.of(&[20, 40, 1_000]),
                aliases_max: self.random.of(&[0, 1, 10]),
                has_qos_2: !self.random.one_in(3),
                has_retain: !self.random.one_in(3),
            };
            list.push(Property::ReceiveMaximum(announced.receive_maximum));
            list.push(Property::MaximumPacketSize(u32::try_from(announced.packet_bytes_max).expect("small")));
            list.push(Property::TopicAliasMaximum(announced.aliases_max));
            list.push(Property::RetainAvailable(announced.has_retain));
            if !announced.has_qos_2 {
                list.push(Property::MaximumQoS(true));
            }
            if self.random.one_in(3) {
                list.push(Property::ServerKeepAlive(self.random.of(&[0, 1, u16::MAX])));
            }
        }
        let list = properties(&list);
        let session_present = self.random.one_in(2);
        let connack = Connack { session_present, reason: ReasonCode::Success, properties: list.as_properties() };
        self.wire.announced = announced;
        self.send(&Packet::Connack(connack), version);
    }

    /// Sends a packet in two pieces; sometimes only the first of them.
    fn send(&mut self, packet: &Packet<'_>, version: Version) {
        let mut bytes = Vec::new();
        if packet.encode(version, &mut bytes).is_err() {
            return;
        }
        let cut = usize::try_from(self.random.below(bytes.len() as u64)).expect("short");
        let is_cut = self.random.one_in(40);
        if !is_cut && !self.wire.is_torn && (self.wire.is_accepted || matches!(packet, Packet::Connack(_))) {
            self.wire.note_answer(packet, self.client.version(), self.is_strict);
        }
        self.client.handle_bytes(self.attempt, &bytes[..cut], self.now);
        self.drain();
        if is_cut {
            self.client.handle_closed(self.attempt, self.now);
        } else {
            self.client.handle_bytes(self.attempt, &bytes[cut..], self.now);
        }
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.client.poll_output() {
            outputs += 1;
            assert!(outputs < 1_000, "seed {}: outputs without end", self.seed);
            match output {
                Output::Transmit(bytes) => {
                    let bytes = bytes.to_vec();
                    self.wire.check_frame(&bytes, self.client.version(), self.seed);
                }
                Output::Done(request, result) => {
                    // Its identifier is free, which cannot be seen on the wire.
                    self.wire.is_unsure |= result == Err(RequestError::LostThrice);
                    assert!(self.begun.remove(&request.0), "seed {}: {request:?} ended twice", self.seed);
                }
                Output::Open { attempt, .. } => {
                    assert!(attempt > self.attempt, "seed {}", self.seed);
                    self.attempt = attempt;
                    self.wire.decoder = None;
                }
                Output::Lost(_) | Output::Closed(_) => self.wire.decoder = None,
                Output::Message(incoming) => self.tickets.extend(incoming.ticket),
                Output::Connected(_) | Output::Authenticate(..) | Output::Notice(_) | Output::Store(..) => {}
            }
        }
        let phase = self.client.phase();
        let has_deadline = self.client.next_deadline().is_some();
        match phase {
            Phase::Idle | Phase::Ended => assert!(!has_deadline, "seed {}: {phase:?}", self.seed),
            Phase::Waiting | Phase::Connecting => assert!(has_deadline, "seed {}: {phase:?}", self.seed),
            // With a keep alive of 0 there is none.
            Phase::Connected => {}
        }
    }
}

#[test]
fn a_broker_that_lies_cannot_make_the_client_lie() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        return Life::new(seed).run();
    }
    for seed in 0..LIVES {
        Life::new(seed).run();
    }
}
