//! Floods: any bytes, and too many of them. The others go on, and memory is bounded.

use proptest::prelude::*;
use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{
    Ack, Connect, Packet, Properties, Property, Publish, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
    Unsubscribe, Version,
};

use super::bystanders::Bystanders;
use crate::support::bytes::framed;
use crate::support::packets::{BOTH, V4, V5, connect, id, lasting, properties, publish, will};
use crate::support::scenario::Scenario;

/// Packets that a client may send, one of each kind; CONNECT first.
fn packets(version: Version) -> Vec<Vec<u8>> {
    let list =
        properties(&[Property::UserProperty("a", "b"), Property::ContentType("c"), Property::ResponseTopic("r")]);
    let list = if version == V5 { list.as_properties() } else { Properties::EMPTY };
    let subscription = Subscription { filter: "a/#", options: SubscriptionOptions::default() };
    let connect = Connect {
        will: Some(will("t", "will", QoS::AtLeastOnce)),
        username: Some("u"),
        password: Some(b"p"),
        keep_alive: 10,
        ..lasting(version, "bad")
    };
    [
        Packet::Connect(Box::new(connect)),
        Packet::Publish(Publish { retain: true, properties: list, ..publish("t", "x", QoS::AtMostOnce) }),
        Packet::Publish(publish("a/b", "x", QoS::AtLeastOnce)),
        Packet::Publish(publish("a/b", "x", QoS::ExactlyOnce)),
        Packet::Puback(Ack::success(id(1))),
        Packet::Pubrec(Ack::success(id(2))),
        Packet::Pubrel(Ack::success(id(9))),
        Packet::Pubcomp(Ack::success(id(2))),
        Packet::Subscribe(Subscribe {
            packet_id: id(3),
            properties: Properties::EMPTY,
            subscriptions: vec![subscription],
        }),
        Packet::Unsubscribe(Unsubscribe { packet_id: id(4), properties: Properties::EMPTY, filters: vec!["a/#"] }),
        Packet::Pingreq,
    ]
    .iter()
    .map(|packet| {
        let mut bytes = Vec::new();
        packet.encode(version, &mut bytes).expect("good");
        bytes
    })
    .collect()
}

fn scenario() -> Scenario {
    Scenario::with(BrokerOptions {
        packet_bytes_max: 2_000.try_into().expect("not 0"),
        queue_messages: 10,
        retained_messages: 5,
        subscriptions_max: 5,
        ..BrokerOptions::default()
    })
}

/// Before CONNECT the connect timeout ends it, afterwards the keep alive; every packet is cut at
/// every byte.
#[test]
fn half_a_packet_and_silence_end_the_connection_in_time() {
    for version in BOTH {
        for (index, packet) in packets(version).iter().enumerate() {
            for cut in 1..packet.len() {
                let mut scenario = scenario();
                let mut bystanders = Bystanders::join(&mut scenario);
                let peer = scenario.open(version);
                if index > 0 {
                    scenario
                        .send(peer, &Packet::Connect(Box::new(Connect { keep_alive: 10, ..connect(version, "bad") })));
                    scenario.hear(peer);
                }
                scenario.send_bytes(peer, &packet[..cut]);
                scenario.wait_ms(if index > 0 { 14_999 } else { 9_999 });
                assert!(!scenario.is_closed(peer), "{index} {cut}");
                bystanders.exchange(&mut scenario);
                scenario.wait_ms(1);
                assert!(scenario.is_closed(peer), "{index} {cut} {version:?}");
                let told = if index > 0 && version == V5 { vec!["DISCONNECT 8D"] } else { vec![] };
                assert_eq!(scenario.hear(peer), told);
                bystanders.exchange(&mut scenario);
            }
        }
    }
}

/// A packet shortened, its remaining length right: malformed, or another good packet, and never
/// more than that.
#[test]
fn a_packet_that_ends_early_is_refused_or_is_another() {
    for version in BOTH {
        let packets = packets(version);
        for (index, packet) in packets.iter().enumerate() {
            let body = &packet[2..];
            for cut in 0..body.len() {
                let mut scenario = scenario();
                let mut bystanders = Bystanders::join(&mut scenario);
                let peer = scenario.open(version);
                if index > 0 {
                    scenario.send_bytes(peer, &packets[0]);
                    assert_eq!(scenario.hear(peer).len(), 1);
                }
                let short = framed(packet[0], &body[..cut]);
                scenario.send_bytes(peer, &short);
                bystanders.exchange(&mut scenario);
                let heard = scenario.hear(peer);
                if scenario.is_closed(peer) {
                    assert!(heard.len() <= 1, "{index} {cut}: {heard:?}");
                    assert!(heard.iter().all(|line| line.starts_with("DISCONNECT ") || line.starts_with("CONNACK ")));
                }
            }
        }
    }
}

/// Each bound has its answer, and what it bounds stays below it.
#[test]
fn a_flood_of_good_packets_stays_within_the_bounds() {
    for version in BOTH {
        let mut scenario = scenario();
        let mut bystanders = Bystanders::join(&mut scenario);
        let peer = scenario.join_with(&lasting(version, "flood"));
        let sleeper = scenario.join_with(&lasting(version, "sleeper"));
        scenario.subscribe(sleeper, "flood/#", QoS::ExactlyOnce);
        scenario.cut(sleeper);
        for index in 0..2_000 {
            let topic = format!("flood/{index}");
            let qos = if index % 2 == 0 { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            scenario.publish_with(peer, Publish { retain: true, ..publish(&topic, "x", qos) });
            scenario.subscribe(peer, &format!("own/{index}"), QoS::AtMostOnce);
            scenario.send(peer, &Packet::Pingreq);
            if index % 500 == 0 {
                bystanders.exchange(&mut scenario);
            }
        }
        assert_eq!(scenario.broker.retained().count(), 5);
        for session in scenario.broker.sessions() {
            assert!(session.queued <= 10 && session.subscriptions.len() <= 5, "{session:?}");
        }
        assert!(!scenario.is_closed(peer), "a flood of what is allowed is no breach");
        bystanders.exchange(&mut scenario);
    }
}

/// Connections, whether they say anything or not, and sessions.
#[test]
fn a_flood_of_connections_stays_within_the_bounds() {
    let mut scenario =
        Scenario::with(BrokerOptions { connections_max: 10, sessions_max: 5, ..BrokerOptions::default() });
    let mut bystanders = Bystanders::join(&mut scenario);
    let silent: Vec<_> = (0..50).map(|_| scenario.open(V5)).collect();
    let open = silent.iter().filter(|peer| !scenario.is_closed(**peer)).count();
    assert_eq!((open, scenario.broker.connections()), (8, 10));
    bystanders.exchange(&mut scenario);
    scenario.wait_ms(10_000);
    assert_eq!(scenario.broker.connections(), 2);
    for index in 0..50 {
        let peer = scenario.connect(&lasting(V5, &index.to_string()));
        let heard = scenario.hear(peer);
        assert!(heard[0].starts_with(if index < 3 { "CONNACK ok" } else { "CONNACK 97" }), "{heard:?}");
        scenario.cut(peer);
    }
    assert_eq!(scenario.sessions().len(), 5);
    bystanders.exchange(&mut scenario);
}

/// Damage to a stream of good packets.
#[derive(Clone, Debug)]
enum Damage {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, value)| Damage::Byte(at, value)),
        1 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        1 => (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let len = bytes.len();
    if len == 0 {
        return;
    }
    match damage {
        Damage::Byte(at, value) => bytes[at.index(len)] = *value,
        Damage::Cut(at) => bytes.truncate(at.index(len)),
        Damage::Insert(at, more) => drop(bytes.splice(at.index(len)..at.index(len), more.iter().copied())),
        Damage::Repeat(from, to) => {
            let (from, to) = (from.index(len), to.index(len));
            bytes.extend_from_within(from.min(to)..from.max(to));
        }
    }
}

/// The version in which the broker answers a connection that begins so: damage may have made one
/// CONNECT into another's.
fn answered(bytes: &[u8]) -> Version {
    let length = bytes.iter().skip(1).take(4).position(|byte| byte & 0x80 == 0);
    let body = length.and_then(|length| bytes.get(length + 2..)).unwrap_or_default();
    let level = body.strip_prefix(b"\0\x04MQTT").and_then(|rest| rest.first());
    if level.is_some_and(|level| *level >= 5) { V5 } else { V4 }
}

/// Sends the bytes piece by piece; between the pieces the bystanders have their message. Then the
/// connection ends in time, and what is left is within the bounds.
fn endure(version: Version, greet: bool, bytes: &[u8], piece: usize) {
    let mut scenario = scenario();
    let mut bystanders = Bystanders::join(&mut scenario);
    let peer: PeerId = scenario.open(if greet { version } else { answered(bytes) });
    if greet {
        scenario.send(peer, &Packet::Connect(Box::new(Connect { keep_alive: 10, ..lasting(version, "greeted") })));
    }
    for piece in bytes.chunks(piece) {
        scenario.send_bytes(peer, piece);
        bystanders.exchange(&mut scenario);
    }
    let disconnects = scenario.hear(peer).iter().filter(|line| line.starts_with("DISCONNECT")).count();
    assert!(disconnects <= usize::from(scenario.is_closed(peer)));
    assert!(scenario.broker.retained().count() <= 5);
    assert!(scenario.broker.sessions().all(|session| session.queued <= 10 && session.subscriptions.len() <= 5));
    scenario.cut(peer);
    bystanders.exchange(&mut scenario);
}

/// The same while the host is asked about everything, and answers late, in any order, anything, or
/// not at all.
fn endure_asked(connect: &Connect<'_>, bytes: &[u8], piece: usize, answers: &[(prop::sample::Index, u8)]) {
    let asks = Asks { authenticate: true, enhanced: true, publish: true, subscribe: true, receive: true };
    let mut scenario = Scenario::with(BrokerOptions {
        asks,
        packet_bytes_max: 2_000.try_into().expect("not 0"),
        input_bytes_max: 1_000,
        ..BrokerOptions::default()
    });
    let mut bystanders = Bystanders::join(&mut scenario);
    let peer = scenario.connect(connect);
    let mut answers = answers.iter().cycle();
    for piece in bytes.chunks(piece) {
        scenario.send_bytes(peer, piece);
        bystanders.exchange(&mut scenario);
        for (place, kind) in answers.by_ref().take(2) {
            if scenario.asked.is_empty() {
                break;
            }
            let (question, _) = scenario.asked.remove(place.index(scenario.asked.len()));
            match kind {
                0..=2 => scenario.answer_to(question, Answer::Allow),
                3 => scenario.answer_to(question, Answer::Refuse(ReasonCode::NotAuthorized)),
                4 => scenario.answer_to(question, Answer::Complete([1].into())),
                5 => scenario.answer_to(question, Answer::Continue([2].into())),
                _ => {}
            }
            bystanders.exchange(&mut scenario);
        }
    }
    let disconnects = scenario.hear(peer).iter().filter(|line| line.starts_with("DISCONNECT")).count();
    assert!(disconnects <= usize::from(scenario.is_closed(peer)));
    // What was never answered is refused in time, and then the keep alive is over.
    for _ in 0..200 {
        scenario.wait_ms(10_000);
    }
    assert!(scenario.is_closed(peer));
    bystanders.exchange(&mut scenario);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_before_connect_and_after_disturb_nobody(
        bytes in prop::collection::vec(any::<u8>(), 0..300), new: bool, greet: bool, piece in 1..100_usize,
    ) {
        endure(if new { V5 } else { V4 }, greet, &bytes, piece);
    }

    #[test]
    fn damaged_packets_before_connect_and_after_disturb_nobody(
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        damages in prop::collection::vec(damage(), 1..6),
        new: bool, greet: bool, piece in 1..100_usize,
    ) {
        let version = if new { V5 } else { V4 };
        let packets = packets(version);
        let mut bytes = if greet { Vec::new() } else { packets[0].clone() };
        for index in order {
            bytes.extend_from_slice(&packets[1 + index.index(packets.len() - 1)]);
        }
        for one in &damages {
            apply(&mut bytes, one);
        }
        endure(version, greet, &bytes, piece);
    }

    #[test]
    fn a_host_that_answers_late_or_never_disturbs_nobody(
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        damages in prop::collection::vec(damage(), 0..3),
        answers in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..30),
        kind in 0..3, piece in 1..100_usize,
    ) {
        let version = if kind == 0 { V4 } else { V5 };
        let method = properties(&[Property::AuthenticationMethod("M"), Property::SessionExpiryInterval(100)]);
        let mut connect = Connect { keep_alive: 10, ..lasting(version, "asked") };
        connect.will = Some(will("t", "will", QoS::AtLeastOnce));
        if kind == 2 {
            connect.properties = method.as_properties();
        }
        let mut packets = packets(version);
        if version == V5 {
            packets.push(b"\xF0\x06\x18\x04\x15\x00\x01M".to_vec());
            packets.push(b"\xF0\x06\x19\x04\x15\x00\x01M".to_vec());
        }
        let mut bytes = Vec::new();
        for index in order {
            bytes.extend_from_slice(&packets[1 + index.index(packets.len() - 1)]);
        }
        for one in &damages {
            apply(&mut bytes, one);
        }
        endure_asked(&connect, &bytes, piece, &answers);
    }
}
