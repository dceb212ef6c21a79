//! Anything at all, and too much of it: the others go on, and memory has its bounds.

use proptest::prelude::*;
use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{
    Ack, Connect, Packet, Properties, Property, Publish, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
    Unsubscribe, Version,
};

use crate::room::{Room, V4, V5, connect, id, properties, publish, will};
use crate::scene::{BOTH, Bystanders, lasting};

/// What a client may send, one packet of each kind; CONNECT first.
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

fn room() -> Room {
    Room::with(BrokerOptions {
        packet_bytes_max: 2_000.try_into().expect("not 0"),
        queue_messages: 10,
        retained_messages: 5,
        subscriptions_max: 5,
        ..BrokerOptions::default()
    })
}

/// Before CONNECT the connect timeout ends it, afterwards the keep alive; every packet is cut at every byte.
#[test]
fn half_a_packet_and_silence_end_the_connection_in_time() {
    for version in BOTH {
        for (index, packet) in packets(version).iter().enumerate() {
            for cut in 1..packet.len() {
                let mut room = room();
                let mut bystanders = Bystanders::join(&mut room);
                let peer = room.open(version);
                if index > 0 {
                    room.send(peer, &Packet::Connect(Box::new(Connect { keep_alive: 10, ..connect(version, "bad") })));
                    room.hear(peer);
                }
                room.send_bytes(peer, &packet[..cut]);
                room.wait_ms(if index > 0 { 14_999 } else { 9_999 });
                assert!(!room.is_closed(peer), "{index} {cut}");
                bystanders.exchange(&mut room);
                room.wait_ms(1);
                assert!(room.is_closed(peer), "{index} {cut} {version:?}");
                let told = if index > 0 && version == V5 { vec!["DISCONNECT 8D"] } else { vec![] };
                assert_eq!(room.hear(peer), told);
                bystanders.exchange(&mut room);
            }
        }
    }
}

/// A packet shortened, its remaining length right: malformed, or another good packet, and never more than that.
#[test]
fn a_packet_that_ends_early_is_refused_or_is_another() {
    for version in BOTH {
        let packets = packets(version);
        for (index, packet) in packets.iter().enumerate() {
            let body = &packet[2..];
            for cut in 0..body.len() {
                let mut room = room();
                let mut bystanders = Bystanders::join(&mut room);
                let peer = room.open(version);
                if index > 0 {
                    room.send_bytes(peer, &packets[0]);
                    assert_eq!(room.hear(peer).len(), 1);
                }
                let short = crate::bytes::framed(packet[0], &body[..cut]);
                room.send_bytes(peer, &short);
                bystanders.exchange(&mut room);
                let heard = room.hear(peer);
                if room.is_closed(peer) {
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
        let mut room = room();
        let mut bystanders = Bystanders::join(&mut room);
        let peer = room.join_with(&lasting(version, "flood"));
        let sleeper = room.join_with(&lasting(version, "sleeper"));
        room.subscribe(sleeper, "flood/#", QoS::ExactlyOnce);
        room.cut(sleeper);
        for index in 0..2_000 {
            let topic = format!("flood/{index}");
            let qos = if index % 2 == 0 { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            room.publish_with(peer, Publish { retain: true, ..publish(&topic, "x", qos) });
            room.subscribe(peer, &format!("own/{index}"), QoS::AtMostOnce);
            room.send(peer, &Packet::Pingreq);
            if index % 500 == 0 {
                bystanders.exchange(&mut room);
            }
        }
        assert_eq!(room.broker.retained().count(), 5);
        for session in room.broker.sessions() {
            assert!(session.queued <= 10 && session.subscriptions.len() <= 5, "{session:?}");
        }
        assert!(!room.is_closed(peer), "a flood of what is allowed is no breach");
        bystanders.exchange(&mut room);
    }
}

/// Connections, whether they say anything or not, and sessions.
#[test]
fn a_flood_of_connections_stays_within_the_bounds() {
    let mut room = Room::with(BrokerOptions { connections_max: 10, sessions_max: 5, ..BrokerOptions::default() });
    let mut bystanders = Bystanders::join(&mut room);
    let silent: Vec<_> = (0..50).map(|_| room.open(V5)).collect();
    let open = silent.iter().filter(|peer| !room.is_closed(**peer)).count();
    assert_eq!((open, room.broker.connections()), (8, 10));
    bystanders.exchange(&mut room);
    room.wait_ms(10_000);
    assert_eq!(room.broker.connections(), 2);
    for index in 0..50 {
        let peer = room.connect(&lasting(V5, &index.to_string()));
        let heard = room.hear(peer);
        assert!(heard[0].starts_with(if index < 3 { "CONNACK ok" } else { "CONNACK 97" }), "{heard:?}");
        room.cut(peer);
    }
    assert_eq!(room.sessions().len(), 5);
    bystanders.exchange(&mut room);
}

/// What one does to a stream of good packets.
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
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
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

/// The version in which the broker answers a connection that begins so: damage may have made one CONNECT into another's.
fn answered(bytes: &[u8]) -> Version {
    let length = bytes.iter().skip(1).take(4).position(|byte| byte & 0x80 == 0);
    let body = length.and_then(|length| bytes.get(length + 2..)).unwrap_or_default();
    let level = body.strip_prefix(b"\0\x04MQTT").and_then(|rest| rest.first());
    if level.is_some_and(|level| *level >= 5) { V5 } else { V4 }
}

/// Sends the bytes piece by piece; between the pieces the bystanders have their message. Then the connection ends in time,
/// and what is left is within the bounds.
fn endure(version: Version, greet: bool, bytes: &[u8], piece: usize) {
    let mut room = room();
    let mut bystanders = Bystanders::join(&mut room);
    let peer: PeerId = room.open(if greet { version } else { answered(bytes) });
    if greet {
        room.send(peer, &Packet::Connect(Box::new(Connect { keep_alive: 10, ..lasting(version, "greeted") })));
    }
    for piece in bytes.chunks(piece) {
        room.send_bytes(peer, piece);
        bystanders.exchange(&mut room);
    }
    let disconnects = room.hear(peer).iter().filter(|line| line.starts_with("DISCONNECT")).count();
    assert!(disconnects <= usize::from(room.is_closed(peer)));
    assert!(room.broker.retained().count() <= 5);
    assert!(room.broker.sessions().all(|session| session.queued <= 10 && session.subscriptions.len() <= 5));
    room.cut(peer);
    bystanders.exchange(&mut room);
}

/// The same while the host is asked about everything, and answers late, in any order, anything, or not at all.
fn endure_asked(connect: &Connect<'_>, bytes: &[u8], piece: usize, answers: &[(prop::sample::Index, u8)]) {
    let asks = Asks { authenticate: true, enhanced: true, publish: true, subscribe: true, receive: true };
    let mut room = Room::with(BrokerOptions {
        asks,
        packet_bytes_max: 2_000.try_into().expect("not 0"),
        input_bytes_max: 1_000,
        ..BrokerOptions::default()
    });
    let mut bystanders = Bystanders::join(&mut room);
    let peer = room.connect(connect);
    let mut answers = answers.iter().cycle();
    for piece in bytes.chunks(piece) {
        room.send_bytes(peer, piece);
        bystanders.exchange(&mut room);
        for (place, kind) in answers.by_ref().take(2) {
            if room.asked.is_empty() {
                break;
            }
            let (question, _) = room.asked.remove(place.index(room.asked.len()));
            match kind {
                0..=2 => room.answer_to(question, Answer::Allow),
                3 => room.answer_to(question, Answer::Refuse(ReasonCode::NotAuthorized)),
                4 => room.answer_to(question, Answer::Complete([1].into())),
                5 => room.answer_to(question, Answer::Continue([2].into())),
                _ => {}
            }
            bystanders.exchange(&mut room);
        }
    }
    let disconnects = room.hear(peer).iter().filter(|line| line.starts_with("DISCONNECT")).count();
    assert!(disconnects <= usize::from(room.is_closed(peer)));
    // What was never answered is refused in time, and then the keep alive is over.
    for _ in 0..200 {
        room.wait_ms(10_000);
    }
    assert!(room.is_closed(peer));
    bystanders.exchange(&mut room);
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
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20), damages in prop::collection::vec(damage(), 1..6),
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
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20), damages in prop::collection::vec(damage(), 0..3),
        answers in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..30), kind in 0..3, piece in 1..100_usize,
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
