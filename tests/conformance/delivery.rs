//! The three qualities of service, from the broker as receiver and as sender (§4.3, §4.4, §4.6; 3.1.1 likewise).

use wasmqtt::broker::{BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property, Publish, QoS, ReasonCode, Version};

use crate::room::{QOS, Room, V4, V5, id, properties, publish};
use crate::scene::{BOTH, lasting, puback, pubcomp, pubrec, pubrel};

fn in_flight(room: &Room, name: &str) -> usize {
    room.broker.sessions().find(|session| session.client_id == name).map_or(0, |session| session.in_flight)
}

/// A subscriber whose session stays, and somebody who publishes.
fn couple(version: Version) -> (Room, PeerId, PeerId) {
    let mut room = Room::new();
    let (subscriber, publisher) = (room.join_with(&lasting(version, "s")), room.join(V5, "p"));
    room.subscribe(subscriber, "#", QoS::ExactlyOnce);
    (room, subscriber, publisher)
}

/// [MQTT-4.3.2-1], [MQTT-4.3.2-2], [MQTT-4.3.3-1], [MQTT-4.3.3-2], [MQTT-2.2.1-4], [3.1.1 MQTT-4.3.2-1],
/// [3.1.1 MQTT-2.3.1-4]: never 0, and none that a delivery still has, also where the numbers begin anew.
#[test]
fn an_identifier_in_use_is_not_given_to_another_message() {
    for version in BOTH {
        let (mut room, subscriber, publisher) = couple(version);
        for (payload, qos) in [("stays", 1), ("released", 2)] {
            room.publish(publisher, "t", payload, QOS[qos]);
        }
        assert_eq!(room.hear(subscriber), ["t=stays q1 #1", "t=released q2 #2"]);
        room.send(subscriber, &pubrec(2));
        assert_eq!(room.hear(subscriber), ["PUBREL #2 ok"]);
        for expected in (3..=u16::MAX).chain([3, 4]) {
            room.publish(publisher, "t", "", QoS::AtLeastOnce);
            assert_eq!(room.hear(subscriber), [format!("t= q1 #{expected}")]);
            room.send(subscriber, &puback(expected));
        }
        room.send(subscriber, &puback(1));
        room.send(subscriber, &pubcomp(2));
        assert_eq!(in_flight(&room, "s"), 0);
    }
}

/// [MQTT-4.3.2-3], [MQTT-4.3.3-3], [MQTT-4.3.3-4], [MQTT-4.3.3-5], [MQTT-4.3.3-6], [MQTT-4.4.0-1], [MQTT-3.3.1-1],
/// [3.1.1 MQTT-4.3.2-1], [3.1.1 MQTT-4.3.3-1], [3.1.1 MQTT-4.4.0-1], [3.1.1 MQTT-3.3.1-1], [3.1.1 MQTT-2.3.1-4]: again and
/// again, as often as the session is resumed, each in its own step, in the first order; and not while the connection lives.
#[test]
fn what_is_unacknowledged_is_sent_again_on_resuming_and_never_else() {
    for version in BOTH {
        let (mut room, mut subscriber, publisher) = couple(version);
        for (payload, qos) in [("1", 1), ("2", 2), ("3", 2), ("4", 1), ("5", 2)] {
            room.publish(publisher, "t", payload, QOS[qos]);
        }
        assert_eq!(room.hear(subscriber), ["t=1 q1 #1", "t=2 q2 #2", "t=3 q2 #3", "t=4 q1 #4", "t=5 q2 #5"]);
        room.send(subscriber, &pubrec(3));
        assert_eq!(room.hear(subscriber), ["PUBREL #3 ok"]);
        for _ in 0..3 {
            room.wait_ms(1_000_000);
            assert!(room.hear(subscriber).is_empty(), "no time passes that sends anything again");
            room.cut(subscriber);
            subscriber = room.connect(&lasting(version, "s"));
            let heard = room.hear(subscriber);
            let again = ["PUBREL #3 ok", "t=1 q1 #1 dup", "t=2 q2 #2 dup", "t=4 q1 #4 dup", "t=5 q2 #5 dup"];
            assert_eq!(heard[1..], again, "{version:?}");
        }
        for (packet, heard) in [
            (puback(1), None),
            (pubrec(2), Some("PUBREL #2 ok")),
            (pubcomp(3), None),
            (puback(4), None),
            (pubrec(5), Some("PUBREL #5 ok")),
        ] {
            room.send(subscriber, &packet);
            assert_eq!(room.hear(subscriber), heard.into_iter().collect::<Vec<_>>());
        }
        room.cut(subscriber);
        subscriber = room.connect(&lasting(version, "s"));
        assert_eq!(room.hear(subscriber)[1..], ["PUBREL #2 ok", "PUBREL #5 ok"]);
        room.send(subscriber, &pubcomp(2));
        room.send(subscriber, &pubcomp(5));
        assert_eq!(in_flight(&room, "s"), 0);
        room.cut(subscriber);
        subscriber = room.connect(&lasting(version, "s"));
        assert_eq!(room.hear(subscriber).len(), 1, "CONNACK alone");
    }
}

/// [MQTT-3.3.4-9], [MQTT-4.9.0-1], [MQTT-4.9.0-2]: what is sent again counts too, and the quota is the new connection's.
#[test]
fn on_resuming_the_quota_holds_as_well() {
    let list = properties(&[Property::ReceiveMaximum(2), Property::SessionExpiryInterval(100)]);
    let (mut room, subscriber, publisher) = couple(V5);
    for payload in ["1", "2", "3", "4"] {
        room.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    assert_eq!(room.hear(subscriber).len(), 4);
    room.cut(subscriber);
    room.publish(publisher, "t", "5", QoS::AtLeastOnce);
    let subscriber = room.connect(&Connect { properties: list.as_properties(), ..lasting(V5, "s") });
    assert_eq!(room.hear(subscriber)[1..], ["t=1 q1 #1 dup", "t=2 q1 #2 dup"]);
    for (acknowledged, next) in
        [(2, Some("t=3 q1 #3 dup")), (1, Some("t=4 q1 #4 dup")), (3, Some("t=5 q1 #5")), (4, None), (5, None)]
    {
        room.send(subscriber, &puback(acknowledged));
        assert_eq!(room.hear(subscriber), next.into_iter().collect::<Vec<_>>(), "{acknowledged}");
    }
}

/// [MQTT-3.3.4-10], [MQTT-4.9.0-3]: PUBREL is sent again at once, whatever the quota holds back before it.
#[test]
fn on_resuming_pubrel_does_not_wait_for_the_quota() {
    let list = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(100)]);
    let (mut room, subscriber, publisher) = couple(V5);
    for payload in ["1", "2", "3", "4"] {
        room.publish(publisher, "t", payload, QoS::ExactlyOnce);
    }
    room.send(subscriber, &pubrec(4));
    room.send(subscriber, &pubrec(3));
    room.cut(subscriber);
    let subscriber = room.connect(&Connect { properties: list.as_properties(), ..lasting(V5, "s") });
    assert_eq!(room.hear(subscriber)[1..], ["PUBREL #4 ok", "PUBREL #3 ok", "t=1 q2 #1 dup"]);
    room.send(subscriber, &pubrec(1));
    assert_eq!(room.hear(subscriber), ["PUBREL #1 ok"]);
    room.send(subscriber, &pubcomp(1));
    assert_eq!(room.hear(subscriber), ["t=2 q2 #2 dup"]);
}

/// A clean start has nothing to send again [MQTT-4.4.0-1], [MQTT-3.1.2-4], [3.1.1 MQTT-3.1.2-6].
#[test]
fn a_new_session_gets_nothing_of_the_old() {
    for version in BOTH {
        let (mut room, subscriber, publisher) = couple(version);
        for qos in QOS {
            room.publish(publisher, "t", "", qos);
        }
        room.cut(subscriber);
        room.publish(publisher, "t", "waits", QoS::AtLeastOnce);
        let again = room.connect(&crate::room::connect(version, "s"));
        assert_eq!(room.hear(again).len(), 1, "CONNACK alone");
        room.publish(publisher, "t", "", QoS::AtLeastOnce);
        assert!(room.hear(again).is_empty(), "the subscription was of the session");
    }
}

/// [MQTT-4.3.2-4], [MQTT-4.3.2-5], [3.1.1 MQTT-4.3.2-2]: after PUBACK the identifier is of a new message, DUP or not.
#[test]
fn qos_1_is_taken_as_often_as_it_comes() {
    for version in BOTH {
        let mut room = Room::new();
        let (publisher, subscriber) = (room.join(version, "p"), room.join(V5, "s"));
        room.subscribe(subscriber, "t", QoS::AtMostOnce);
        for (index, dup) in [false, true, true, false].into_iter().enumerate() {
            let payload = index.to_string();
            let publish = Publish { dup, ..publish("t", &payload, QoS::AtLeastOnce) };
            room.send(publisher, &Packet::Publish(publish));
            assert_eq!(room.hear(publisher), ["PUBACK #9 ok"]);
            assert_eq!(room.hear(subscriber), [format!("t={payload} q0")]);
        }
    }
}

/// [MQTT-4.3.3-8], [MQTT-4.3.3-10], [MQTT-4.3.3-11], [MQTT-4.3.3-12], [3.1.1 MQTT-4.3.3-2]: DUP or not, in one connection or
/// many, until PUBREL; PUBCOMP each time.
#[test]
fn qos_2_is_taken_once_until_it_is_released() {
    for version in BOTH {
        let mut room = Room::new();
        let (mut publisher, subscriber) = (room.join_with(&lasting(version, "p")), room.join(V5, "s"));
        room.subscribe(subscriber, "t", QoS::AtMostOnce);
        let send = |room: &mut Room, peer, payload: &str, dup| {
            room.send(peer, &Packet::Publish(Publish { dup, ..publish("t", payload, QoS::ExactlyOnce) }));
            let heard = room.hear(peer);
            assert_eq!(heard, ["PUBREC #9 ok"]);
        };
        for round in ["first", "second"] {
            send(&mut room, publisher, round, false);
            assert_eq!(room.hear(subscriber), [format!("t={round} q0")]);
            for again in [true, false, true] {
                send(&mut room, publisher, "again", again);
                room.cut(publisher);
                publisher = room.join_with(&lasting(version, "p"));
            }
            assert!(room.hear(subscriber).is_empty());
            for reason in ["ok", if version == V5 { "92" } else { "ok" }] {
                room.send(publisher, &pubrel(9));
                assert_eq!(room.hear(publisher), [format!("PUBCOMP #9 {reason}")]);
            }
        }
    }
}

/// [MQTT-4.3.3-13], [MQTT-4.3.3-7]: what is over is still acknowledged, and what was sent is not taken back.
#[test]
fn expiry_does_not_end_an_exchange_of_qos_2() {
    let list = properties(&[Property::MessageExpiryInterval(1)]);
    let (mut room, subscriber, publisher) = couple(V5);
    let message = Publish { properties: list.as_properties(), ..publish("t", "x", QoS::ExactlyOnce) };
    room.send(publisher, &Packet::Publish(message));
    assert_eq!(room.hear(publisher), ["PUBREC #9 ok"]);
    assert_eq!(room.hear(subscriber), ["t=x q2 #1 MessageExpiryInterval(1)"]);
    room.wait_ms(10_000);
    room.send(publisher, &Packet::Publish(Publish { dup: true, ..message }));
    assert_eq!(room.hear(publisher), ["PUBREC #9 ok"]);
    room.send(publisher, &pubrel(9));
    assert_eq!(room.hear(publisher), ["PUBCOMP #9 ok"]);
    room.cut(subscriber);
    let subscriber = room.connect(&lasting(V5, "s"));
    assert_eq!(room.hear(subscriber)[1..], ["t=x q2 #1 dup MessageExpiryInterval(0)"]);
    room.send(subscriber, &pubrec(1));
    assert_eq!(room.hear(subscriber), ["PUBREL #1 ok"]);
    room.send(subscriber, &pubcomp(1));
    assert_eq!(in_flight(&room, "s"), 0);
}

/// [MQTT-4.4.0-2], [MQTT-4.3.3-4]: no PUBREL follows, and nothing comes again.
#[test]
fn a_refusal_by_the_subscriber_is_an_acknowledgement() {
    let refusals = [
        ReasonCode::UnspecifiedError,
        ReasonCode::ImplementationSpecificError,
        ReasonCode::NotAuthorized,
        ReasonCode::TopicNameInvalid,
        ReasonCode::PacketIdentifierInUse,
        ReasonCode::QuotaExceeded,
        ReasonCode::PayloadFormatInvalid,
    ];
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        for reason in refusals {
            let (mut room, subscriber, publisher) = couple(V5);
            room.publish(publisher, "t", "x", qos);
            assert_eq!(room.hear(subscriber).len(), 1);
            let ack = Ack::new(id(1), reason);
            room.send(subscriber, &if qos == QoS::AtLeastOnce { Packet::Puback(ack) } else { Packet::Pubrec(ack) });
            assert!(room.hear(subscriber).is_empty(), "{reason:?}");
            assert_eq!(in_flight(&room, "s"), 0);
            room.cut(subscriber);
            let subscriber = room.connect(&lasting(V5, "s"));
            assert_eq!(room.hear(subscriber).len(), 1, "CONNACK alone");
        }
    }
}

/// [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-2.2.1-5], [3.1.1 MQTT-2.3.1-6]: 0x92 where there is nothing to it.
#[test]
fn an_acknowledgement_of_nothing_is_answered() {
    for version in BOTH {
        let unknown = if version == V5 { "92" } else { "ok" };
        let mut room = Room::new();
        let peer = room.join(version, "a");
        if version == V5 {
            room.send(peer, &Packet::Pubrec(Ack::new(id(8), ReasonCode::QuotaExceeded)));
            assert!(room.hear(peer).is_empty(), "nothing is there to release");
        }
        for (packet, heard) in [
            (pubrel(7), Some(format!("PUBCOMP #7 {unknown}"))),
            (pubrec(8), Some(format!("PUBREL #8 {unknown}"))),
            (puback(9), None),
            (pubcomp(10), None),
        ] {
            room.send(peer, &packet);
            assert_eq!(room.hear(peer), heard.into_iter().collect::<Vec<_>>());
        }
    }
}

/// [MQTT-4.6.0-5], [MQTT-4.6.0-6], [3.1.1 MQTT-4.6.0-5], [3.1.1 MQTT-4.6.0-6]: each subscriber, of each quality, through a
/// queue and a cut.
#[test]
fn subscribers_hear_a_topic_in_the_order_of_its_publisher() {
    for version in BOTH {
        for qos in QOS {
            let in_flight_max = 10.try_into().expect("not 0");
            let mut room = Room::with(BrokerOptions { in_flight_max, ..BrokerOptions::default() });
            let publisher = room.join(version, "p");
            let subscribers = [V4, V5].map(|version| room.join_with(&lasting(version, version_name(version))));
            for peer in subscribers {
                room.subscribe(peer, "t", qos);
            }
            let mut expected = Vec::new();
            for index in 0..60 {
                expected.push(index.to_string());
                room.publish(publisher, "t", &index.to_string(), qos);
            }
            for (peer, version) in subscribers.into_iter().zip(BOTH) {
                assert_eq!(payloads(&mut room, peer, version), expected, "{version:?} {qos:?}");
            }
        }
    }
}

/// [3.1.1 MQTT-4.6.0-6]: the rules of a client's order are the broker's too: PUBACK and PUBREC in the order of PUBLISH,
/// PUBREL in the order of PUBREC, in one frame and in many, and once more on resuming.
#[test]
fn the_brokers_answers_keep_the_order_of_what_they_answer() {
    for version in BOTH {
        for frames in [false, true] {
            let (mut room, subscriber, _) = couple(version);
            let peer = room.join(version, "answered");
            let send = |room: &mut Room, peer, packets: &[Packet<'_>]| {
                let mut bytes = Vec::new();
                for packet in packets {
                    packet.encode(version, &mut bytes).expect("good");
                    if frames {
                        room.send_bytes(peer, &std::mem::take(&mut bytes));
                    }
                }
                room.send_bytes(peer, &bytes);
                room.hear(peer)
            };
            let message = |value, qos| Publish { packet_id: Some(id(value)), ..publish("t", "x", QOS[qos]) };
            let packets =
                [(7, 2), (3, 1), (9, 2), (1, 1), (4, 2)].map(|(value, qos)| Packet::Publish(message(value, qos)));
            let heard = send(&mut room, peer, &packets);
            assert_eq!(heard, ["PUBREC #7 ok", "PUBACK #3 ok", "PUBREC #9 ok", "PUBACK #1 ok", "PUBREC #4 ok"]);
            let heard = send(&mut room, peer, &[pubrel(9), pubrel(4), pubrel(7)]);
            assert_eq!(heard, ["PUBCOMP #9 ok", "PUBCOMP #4 ok", "PUBCOMP #7 ok"]);
            assert_eq!(room.hear(subscriber).len(), 5);
            let released = ["PUBREL #5 ok", "PUBREL #1 ok", "PUBREL #3 ok"];
            assert_eq!(send(&mut room, subscriber, &[pubrec(5), pubrec(1), pubrec(3)]), released);
            room.cut(subscriber);
            let subscriber = room.connect(&lasting(version, "s"));
            assert_eq!(room.hear(subscriber)[1..4], released, "{version:?}");
        }
    }
}

const fn version_name(version: Version) -> &'static str {
    match version {
        V4 => "old",
        V5 => "new",
    }
}

/// What the subscriber hears as it acknowledges, cut once in the middle; each message at its first arrival.
fn payloads(room: &mut Room, mut peer: PeerId, version: Version) -> Vec<String> {
    let mut first = Vec::new();
    let mut was_cut = false;
    loop {
        let heard = room.hear(peer);
        if heard.is_empty() {
            return first;
        }
        for line in heard {
            if let Some(value) = line.strip_prefix("PUBREL #") {
                room.send(peer, &pubcomp(value.split(' ').next().expect("it").parse().expect("a number")));
                continue;
            }
            let Some((payload, rest)) = line.strip_prefix("t=").and_then(|line| line.split_once(" q")) else {
                continue;
            };
            if !first.iter().any(|heard| heard == payload) {
                first.push(payload.to_owned());
            }
            if !was_cut && first.len() > 30 && !rest.starts_with('0') {
                was_cut = true;
                room.cut(peer);
                peer = room.connect(&lasting(version, version_name(version)));
                break;
            }
            let value = rest.split_once('#').map(|(_, rest)| rest.split(' ').next().expect("it").parse());
            if let Some(value) = value {
                let value = value.expect("a number");
                room.send(peer, &if rest.starts_with('1') { puback(value) } else { pubrec(value) });
            }
        }
    }
}
