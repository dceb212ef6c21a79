//! The broker's Receive Maximum and Maximum Packet Size, against brokers that try to break them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wasmqtt::client::{CallError, Client, ClientOptions, CloseReason, Output, Phase};
use wasmqtt::codec::{
    Ack, Decoder, Packet, PacketId, PropertiesBuf, Property, QoS, ReasonCode, SubscriptionOptions, Version,
};

use super::script::{NOW, Script, Seen, bytes, connack, filter, message, opens, publish, resuming};
use crate::support::packets::{id, properties};

/// A step of the broker or of the caller.
#[derive(Clone, Copy, Debug)]
enum Act {
    Publish(QoS),
    /// The right answer to what was sent first.
    Acknowledge,
    /// A refusal of what was sent first.
    Refuse,
    /// The last answer, once more.
    Repeat,
    /// An answer to an identifier that is not in use.
    Nonsense,
    /// A PUBACK for QoS 2, or a PUBREC for QoS 1: the client hangs up.
    WrongKind,
    /// A new connection with another Receive Maximum.
    Cut(u16),
}

/// A PUBLISH that the broker has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Puback,
    Pubrec,
    /// PUBREC is sent; PUBREL may not have come.
    Pubcomp,
}

struct Broker {
    client: Client,
    receive_maximum: u16,
    owed: BTreeMap<u16, Owed>,
    /// Identifiers in the order in which their PUBLISH came.
    order: Vec<u16>,
    /// Identifiers of those with a PUBLISH on this connection.
    counted: BTreeSet<u16>,
    last_answer: Option<Vec<u8>>,
    ends: BTreeMap<u64, usize>,
}

impl Broker {
    fn new(receive_maximum: u16) -> Self {
        let mut broker = Self {
            client: Client::new(ClientOptions { strict: true, ..resuming() }),
            receive_maximum,
            owed: BTreeMap::new(),
            order: Vec::new(),
            counted: BTreeSet::new(),
            last_answer: None,
            ends: BTreeMap::new(),
        };
        broker.open(false, receive_maximum);
        broker
    }

    fn open(&mut self, session_present: bool, receive_maximum: u16) {
        self.client.handle_closed(self.client.attempt(), NOW);
        self.drain();
        self.counted.clear();
        self.last_answer = None;
        self.receive_maximum = receive_maximum;
        opens(&mut self.client, NOW);
        self.drain();
        let list = properties(&[Property::ReceiveMaximum(receive_maximum), Property::TopicAliasMaximum(2)]);
        self.feed(&bytes(&connack(session_present, &list), Version::V5));
    }

    fn feed(&mut self, packet: &[u8]) {
        self.client.handle_bytes(self.client.attempt(), packet, NOW);
        self.drain();
    }

    fn answer(&mut self, packet: &Packet<'_>) {
        let packet = bytes(packet, Version::V5);
        self.feed(&packet);
        self.last_answer = Some(packet);
    }

    /// Reads what the client sends, and counts.
    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Transmit(frame) => {
                    let mut decoder = Decoder::new(u32::MAX);
                    decoder.feed(frame);
                    while let Some(located) = decoder.advance(Version::V5).expect("well formed") {
                        let Packet::Publish(publish) = decoder.packet(&located, Version::V5).expect("well formed")
                        else {
                            continue;
                        };
                        let Some(packet_id) = publish.packet_id.map(PacketId::get) else { continue };
                        // The client may have given the message up that had the identifier before.
                        assert!(!publish.dup || self.owed.contains_key(&packet_id), "[MQTT-3.3.1-1]");
                        if !publish.dup {
                            self.order.retain(|one| *one != packet_id);
                            self.order.push(packet_id);
                            let owed = if publish.qos == QoS::AtLeastOnce { Owed::Puback } else { Owed::Pubrec };
                            self.owed.insert(packet_id, owed);
                        }
                        self.counted.insert(packet_id);
                        assert!(self.counted.len() <= self.receive_maximum.into(), "[MQTT-3.3.4-7]");
                    }
                }
                Output::Done(request, _) => *self.ends.entry(request.0).or_default() += 1,
                Output::Connected(_) | Output::Closed(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn first(&self) -> Option<(PacketId, Owed)> {
        let packet_id = *self.order.first()?;
        Some((id(packet_id), self.owed[&packet_id]))
    }

    fn done(&mut self, packet_id: PacketId) {
        self.owed.remove(&packet_id.get());
        self.order.retain(|one| *one != packet_id.get());
        self.counted.remove(&packet_id.get());
    }

    fn acknowledge(&mut self) {
        let Some((packet_id, owed)) = self.first() else { return };
        match owed {
            Owed::Puback => {
                self.done(packet_id);
                self.answer(&Packet::Puback(Ack::success(packet_id)));
            }
            Owed::Pubrec => {
                self.owed.insert(packet_id.get(), Owed::Pubcomp);
                self.answer(&Packet::Pubrec(Ack::success(packet_id)));
            }
            Owed::Pubcomp => {
                self.done(packet_id);
                self.answer(&Packet::Pubcomp(Ack::success(packet_id)));
            }
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Publish(qos) => {
                self.client.publish(message("topic", qos), NOW).expect("there is room");
                self.drain();
            }
            Act::Acknowledge => self.acknowledge(),
            Act::Refuse => match self.first() {
                Some((packet_id, Owed::Puback)) => {
                    self.done(packet_id);
                    self.answer(&Packet::Puback(Ack::new(packet_id, ReasonCode::QuotaExceeded)));
                }
                Some((packet_id, Owed::Pubrec)) => {
                    self.done(packet_id);
                    self.answer(&Packet::Pubrec(Ack::new(packet_id, ReasonCode::QuotaExceeded)));
                }
                Some((_, Owed::Pubcomp)) | None => {}
            },
            // An identifier that is in use again would be answered rightly.
            Act::Repeat => {
                if let Some(answer) = self.last_answer.clone()
                    && !self.owed.contains_key(&u16::from_be_bytes([answer[2], answer[3]]))
                {
                    self.feed(&answer);
                }
            }
            Act::Nonsense => {
                for packet in [Packet::Puback(Ack::success(id(60_000))), Packet::Pubcomp(Ack::success(id(60_000)))] {
                    self.feed(&bytes(&packet, Version::V5));
                }
            }
            Act::WrongKind => {
                let Some((packet_id, owed)) = self.first() else { return };
                let ack = Ack::success(packet_id);
                self.feed(&bytes(
                    &if owed == Owed::Puback { Packet::Pubrec(ack) } else { Packet::Puback(ack) },
                    Version::V5,
                ));
            }
            Act::Cut(receive_maximum) => self.open(true, receive_maximum),
        }
        if self.client.phase() != Phase::Connected {
            self.open(true, self.receive_maximum);
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (1_u8..3).prop_map(|qos| Act::Publish(QoS::from_bits(qos).expect("1 or 2"))),
        4 => Just(Act::Acknowledge),
        1 => Just(Act::Refuse),
        2 => Just(Act::Repeat),
        1 => Just(Act::Nonsense),
        1 => Just(Act::WrongKind),
        1 => (1_u16..5).prop_map(Act::Cut),
    ]
}

proptest! {
    /// [MQTT-3.3.4-7], [MQTT-4.9.0-1], [MQTT-4.9.0-2]: answers that nothing asked for do not raise
    /// the quota, and each message ends once.
    #[test]
    fn the_receive_maximum_holds_whatever_the_broker_answers(
        receive_maximum in 1_u16..5,
        acts in prop::collection::vec(act(), 1..80),
    ) {
        let mut broker = Broker::new(receive_maximum);
        let published = acts.iter().filter(|act| matches!(act, Act::Publish(_))).count();
        for act in acts {
            broker.act(act);
        }
        while broker.first().is_some() {
            broker.acknowledge();
        }
        prop_assert_eq!(broker.ends.len(), published);
        prop_assert!(broker.ends.values().all(|ends| *ends == 1));
    }
}

/// [MQTT-3.2.2-15]: each packet that the client sends keeps to the maximum, or is refused.
#[test]
fn no_packet_is_above_the_brokers_maximum_packet_size() {
    for maximum in 5..60 {
        let mut script = Script::connected_with(resuming(), &[Property::MaximumPacketSize(maximum)]);
        let none = PropertiesBuf::new();
        let mut calls = Vec::new();
        for len in 1..60 {
            let text = "x".repeat(len);
            for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                calls.push(script.client.publish(message(&text, qos), NOW).map(drop));
            }
            let subscription = (filter(&text), SubscriptionOptions::default());
            calls.push(script.client.subscribe(&[subscription], &none, NOW).map(drop));
            calls.push(script.client.unsubscribe(&[filter(&text)], &none, NOW).map(drop));
        }
        for call in calls {
            let fits = matches!(call, Ok(()) | Err(CallError::PacketTooLarge { .. }));
            assert!(fits, "{call:?}");
        }
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            script.client.handle_bytes(script.client.attempt(), &bytes(&publish("in", qos, 7), Version::V5), NOW);
        }
        script.client.handle_bytes(
            script.client.attempt(),
            &bytes(&Packet::Pubrel(Ack::success(id(9))), Version::V5),
            NOW,
        );
        script.client.disconnect(ReasonCode::Success, &properties(&[Property::ReasonString("enough")]), NOW);
        while let Some(output) = script.client.poll_output() {
            let Output::Transmit(frame) = output else { continue };
            let mut decoder = Decoder::new(u32::MAX);
            decoder.feed(frame);
            while let Some(located) = decoder.advance(Version::V5).expect("well formed") {
                let bytes = decoder.bytes(&located).len();
                assert!(bytes <= maximum as usize, "{bytes} above {maximum}");
            }
        }
    }
}

/// [MQTT-3.2.2-15]: a maximum below the longest acknowledgement leaves nothing to say, not even
/// DISCONNECT.
#[test]
fn a_maximum_packet_size_without_room_for_acknowledgements_ends_the_connection() {
    for maximum in 1..5 {
        let mut script = Script::opening(resuming());
        let list = properties(&[Property::MaximumPacketSize(maximum)]);
        let seen = script.receive(&connack(false, &list));
        let [Seen::Closed(CloseReason::ProtocolError { rule, reason, .. })] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((*rule, *reason), ("MQTT-3.2.2-15", ReasonCode::PacketTooLarge));
    }
}

/// A message that waits for the quota goes on waiting through a connection with a smaller one.
#[test]
fn a_quota_that_shrinks_sends_again_no_more_than_it_allows() {
    let mut broker = Broker::new(3);
    for _ in 0..5 {
        broker.act(Act::Publish(QoS::AtLeastOnce));
    }
    assert_eq!(broker.counted.len(), 3);
    broker.act(Act::Cut(1));
    assert_eq!(broker.counted.len(), 1, "the first of those that were sent");
    for _ in 0..5 {
        broker.acknowledge();
    }
    assert_eq!(broker.ends, (0..5).map(|request| (request, 1)).collect());
}
