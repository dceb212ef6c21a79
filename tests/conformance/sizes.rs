//! The client's Maximum Packet Size against optional properties of the broker's packets
//! (§3.1.2.11.4).

use wasmqtt::broker::{Answer, Asks, Broker, BrokerOptions, Output, PeerId, QuestionId};
use wasmqtt::codec::{
    Connect, Decoder, Packet, PacketKind, Properties, Property, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, Unsubscribe,
};
use wasmqtt::time::Time;

use crate::support::packets::{BOTH, V5, connect, id, properties, publish, pubrec, pubrel};
use crate::support::scenario::Scenario;

const NOW: Time = Time::ZERO;

/// A client that notes the kind and the length of each packet it is sent.
struct Scale {
    broker: Broker,
    peer: PeerId,
    decoder: Decoder,
    asked: Vec<QuestionId>,
}

impl Scale {
    fn new(options: BrokerOptions) -> Self {
        let mut broker = Broker::new(options, 0);
        let peer = broker.accept(NOW);
        Self { broker, peer, decoder: Decoder::new(u32::MAX), asked: Vec::new() }
    }

    fn send(&mut self, packet: &Packet<'_>) -> Vec<(PacketKind, usize)> {
        let mut bytes = Vec::new();
        packet.encode(V5, &mut bytes).expect("good");
        self.broker.handle_bytes(self.peer, &bytes, NOW);
        self.weigh()
    }

    fn answer(&mut self, answer: Answer) -> Vec<(PacketKind, usize)> {
        let question = self.asked.remove(0);
        self.broker.answer(question, answer, NOW);
        self.weigh()
    }

    fn weigh(&mut self) -> Vec<(PacketKind, usize)> {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(_, bytes) => self.decoder.feed(bytes),
                Output::Ask { question, .. } => self.asked.push(question),
                _ => {}
            }
        }
        let mut weights = Vec::new();
        while let Some(located) = self.decoder.advance(V5).expect("well-formed") {
            let packet = self.decoder.packet(&located, V5).expect("well-formed");
            weights.push((packet.kind(), self.decoder.bytes(&located).len()));
        }
        weights
    }
}

/// CONNECT with this Maximum Packet Size.
fn greet(scale: &mut Scale, bytes_max: u32, method: bool) -> Vec<(PacketKind, usize)> {
    let mut list = properties(&[Property::MaximumPacketSize(bytes_max)]);
    if method {
        list.push(Property::AuthenticationMethod("M")).expect("short");
    }
    scale.send(&Packet::Connect(Box::new(Connect { properties: list.as_properties(), ..connect(V5, "a") })))
}

/// [MQTT-3.1.2-24], [MQTT-3.2.2-19], [MQTT-3.2.2-20], [MQTT-3.4.2-2], [MQTT-3.4.2-3],
/// [MQTT-3.5.2-2], [MQTT-3.5.2-3], [MQTT-3.6.2-2], [MQTT-3.6.2-3], [MQTT-3.7.2-2], [MQTT-3.7.2-3],
/// [MQTT-3.9.2-1], [MQTT-3.9.2-2], [MQTT-3.11.2-1], [MQTT-3.11.2-2], [MQTT-3.14.2-3],
/// [MQTT-3.14.2-4]: every maximum that CONNACK fits in. Each packet that could have a reason string
/// or user properties comes, and is no larger.
#[test]
fn no_reason_string_or_user_property_makes_a_packet_too_large() {
    let asks = Asks { publish: true, ..Asks::default() };
    let options = BrokerOptions { asks, topic_levels_max: 1, ..BrokerOptions::default() };
    let [(PacketKind::Connack, smallest)] = greet(&mut Scale::new(options.clone()), 1_000, false)[..] else {
        panic!("no CONNACK")
    };
    let smallest = u32::try_from(smallest).expect("small");
    for bytes_max in smallest..smallest + 60 {
        let mut scale = Scale::new(options.clone());
        let mut seen = greet(&mut scale, bytes_max, false);
        let subscription = Subscription { filter: "a/b", options: SubscriptionOptions::default() };
        let none = Properties::EMPTY;
        let subscribe = Subscribe { packet_id: id(1), properties: none, subscriptions: vec![subscription] };
        for packet in [
            Packet::Publish(publish("t", "", QoS::AtLeastOnce)),
            Packet::Publish(publish("t", "", QoS::ExactlyOnce)),
            pubrec(5),
            pubrel(7),
            Packet::Subscribe(subscribe),
            Packet::Unsubscribe(Unsubscribe { packet_id: id(2), properties: none, filters: vec!["a/b"] }),
            Packet::Pingresp,
        ] {
            seen.extend(scale.send(&packet));
            if !scale.asked.is_empty() {
                seen.extend(scale.answer(Answer::Refuse(ReasonCode::NotAuthorized)));
            }
        }
        let kinds: Vec<_> = seen.iter().map(|(kind, _)| *kind).collect();
        let expected = [
            PacketKind::Connack,
            PacketKind::Puback,
            PacketKind::Pubrec,
            PacketKind::Pubrel,
            PacketKind::Pubcomp,
            PacketKind::Suback,
            PacketKind::Unsuback,
            PacketKind::Disconnect,
        ];
        assert_eq!(kinds, expected, "{bytes_max}");
        assert!(seen.iter().all(|(_, bytes)| *bytes <= bytes_max as usize), "{bytes_max}: {seen:?}");
    }
}

/// §3.2.2.3.6: our own Maximum Packet Size, fixed header included; one byte more is too large, also
/// where only the fixed header has come.
#[test]
fn the_largest_packet_is_taken_and_no_larger_one() {
    for version in BOTH {
        for bytes_max in [20, 127, 130, 131, 1_000, 16_386, 16_387, 20_000_u32] {
            for (over, whole) in [(false, true), (true, true), (true, false)] {
                let packet_bytes_max = bytes_max.try_into().expect("not 0");
                let mut scenario = Scenario::with(BrokerOptions { packet_bytes_max, ..BrokerOptions::default() });
                let peer = scenario.join(version, "a");
                let wanted = bytes_max as usize + usize::from(over);
                let bytes = |payload: usize| {
                    let mut bytes = Vec::new();
                    let payload = "x".repeat(payload);
                    publish("t", &payload, QoS::AtLeastOnce).encode(version, &mut bytes).expect("good");
                    bytes
                };
                let Some(packet) = (0..wanted).rev().map(bytes).find(|bytes| bytes.len() <= wanted) else {
                    panic!("no PUBLISH is so small")
                };
                if packet.len() < wanted {
                    continue; // A remaining length of one more byte is skipped.
                }
                scenario.send_bytes(peer, if whole { &packet } else { &packet[..5] });
                let reason = if version == V5 { " 10" } else { " ok" };
                let told = match (over, version) {
                    (false, _) => vec![format!("PUBACK #9{reason}")],
                    (true, V5) => vec!["DISCONNECT 95".to_owned()],
                    (true, _) => vec![],
                };
                assert_eq!(
                    (scenario.hear(peer), scenario.is_closed(peer)),
                    (told, over),
                    "{version:?} {bytes_max} {whole}"
                );
            }
        }
    }
}

/// [MQTT-3.2.2-19], [MQTT-3.2.2-20], [MQTT-3.2.2-7]: a refusal is 5 bytes at the least; below, the
/// close alone.
#[test]
fn a_refusal_is_no_larger_than_the_client_takes() {
    let nobody = || BrokerOptions { sessions_max: 0, ..BrokerOptions::default() };
    for bytes_max in 1..60 {
        let seen = greet(&mut Scale::new(nobody()), bytes_max, false);
        assert_eq!(seen.len(), usize::from(bytes_max >= 5), "{bytes_max}");
        assert!(seen.iter().all(|(kind, bytes)| *kind == PacketKind::Connack && *bytes <= bytes_max as usize));
    }
}

/// [MQTT-3.15.2-2], [MQTT-3.15.2-3], [MQTT-3.1.2-24].
#[test]
fn auth_is_no_larger_than_the_client_takes() {
    let asks = Asks { enhanced: true, ..Asks::default() };
    for bytes_max in 1..60 {
        let mut scale = Scale::new(BrokerOptions { asks, ..BrokerOptions::default() });
        greet(&mut scale, bytes_max, true);
        let seen = scale.answer(Answer::Continue([1, 2, 3].into()));
        // Its code, the method and the data, and nothing that could be left out.
        assert_eq!(seen, if bytes_max >= 14 { vec![(PacketKind::Auth, 14)] } else { vec![] }, "{bytes_max}");
    }
}
