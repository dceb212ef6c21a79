//! The three qualities of service, from the broker as receiver and as sender (§4.3, §4.4, §4.6;
//! 3.1.1 likewise).

use wasmqtt::broker::{BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property, Publish, QoS, ReasonCode, Version};

use crate::support::packets::{
    BOTH, QOS, V4, V5, connect, id, lasting, properties, puback, pubcomp, publish, pubrec, pubrel,
};
use crate::support::scenario::Scenario;

fn in_flight(scenario: &Scenario, name: &str) -> usize {
    scenario.broker.sessions().find(|session| session.client_id == name).map_or(0, |session| session.in_flight)
}

/// A subscriber whose session stays, and somebody who publishes.
fn couple(version: Version) -> (Scenario, PeerId, PeerId) {
    let mut scenario = Scenario::new();
    let (subscriber, publisher) = (scenario.join_with(&lasting(version, "s")), scenario.join(V5, "p"));
    scenario.subscribe(subscriber, "#", QoS::ExactlyOnce);
    (scenario, subscriber, publisher)
}

/// [MQTT-4.3.2-1], [MQTT-4.3.2-2], [MQTT-4.3.3-1], [MQTT-4.3.3-2], [MQTT-2.2.1-4],
/// [3.1.1 MQTT-4.3.2-1], [3.1.1 MQTT-2.3.1-4]: never 0, and none that a delivery still has, also
/// where the numbers begin anew.
#[test]
fn an_identifier_in_use_is_not_given_to_another_message() {
    for version in BOTH {
        let (mut scenario, subscriber, publisher) = couple(version);
        for (payload, qos) in [("stays", 1), ("released", 2)] {
            scenario.publish(publisher, "t", payload, QOS[qos]);
        }
        assert_eq!(scenario.hear(subscriber), ["t=stays q1 #1", "t=released q2 #2"]);
        scenario.send(subscriber, &pubrec(2));
        assert_eq!(scenario.hear(subscriber), ["PUBREL #2 ok"]);
        for expected in (3..=u16::MAX).chain([3, 4]) {
            scenario.publish(publisher, "t", "", QoS::AtLeastOnce);
            assert_eq!(scenario.hear(subscriber), [format!("t= q1 #{expected}")]);
            scenario.send(subscriber, &puback(expected));
        }
        scenario.send(subscriber, &puback(1));
        scenario.send(subscriber, &pubcomp(2));
        assert_eq!(in_flight(&scenario, "s"), 0);
    }
}

/// [MQTT-4.3.2-3], [MQTT-4.3.3-3], [MQTT-4.3.3-4], [MQTT-4.3.3-5], [MQTT-4.3.3-6], [MQTT-4.4.0-1],
/// [MQTT-3.3.1-1], [3.1.1 MQTT-4.3.2-1], [3.1.1 MQTT-4.3.3-1], [3.1.1 MQTT-4.4.0-1],
/// [3.1.1 MQTT-3.3.1-1], [3.1.1 MQTT-2.3.1-4]: again as often as the session is resumed, each in
/// its own step, in the first order, and never while the connection lives.
#[test]
fn what_is_unacknowledged_is_sent_again_on_resuming_and_never_else() {
    for version in BOTH {
        let (mut scenario, mut subscriber, publisher) = couple(version);
        for (payload, qos) in [("1", 1), ("2", 2), ("3", 2), ("4", 1), ("5", 2)] {
            scenario.publish(publisher, "t", payload, QOS[qos]);
        }
        assert_eq!(scenario.hear(subscriber), ["t=1 q1 #1", "t=2 q2 #2", "t=3 q2 #3", "t=4 q1 #4", "t=5 q2 #5"]);
        scenario.send(subscriber, &pubrec(3));
        assert_eq!(scenario.hear(subscriber), ["PUBREL #3 ok"]);
        for _ in 0..3 {
            scenario.wait_ms(1_000_000);
            assert!(scenario.hear(subscriber).is_empty(), "no time passes that sends anything again");
            scenario.cut(subscriber);
            subscriber = scenario.connect(&lasting(version, "s"));
            let heard = scenario.hear(subscriber);
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
            scenario.send(subscriber, &packet);
            assert_eq!(scenario.hear(subscriber), heard.into_iter().collect::<Vec<_>>());
        }
        scenario.cut(subscriber);
        subscriber = scenario.connect(&lasting(version, "s"));
        assert_eq!(scenario.hear(subscriber)[1..], ["PUBREL #2 ok", "PUBREL #5 ok"]);
        scenario.send(subscriber, &pubcomp(2));
        scenario.send(subscriber, &pubcomp(5));
        assert_eq!(in_flight(&scenario, "s"), 0);
        scenario.cut(subscriber);
        subscriber = scenario.connect(&lasting(version, "s"));
        assert_eq!(scenario.hear(subscriber).len(), 1, "CONNACK alone");
    }
}

/// [MQTT-3.3.4-9], [MQTT-4.9.0-1], [MQTT-4.9.0-2]: a message that is sent again counts too, and the
/// quota is the new connection's.
#[test]
fn on_resuming_the_quota_holds_as_well() {
    let list = properties(&[Property::ReceiveMaximum(2), Property::SessionExpiryInterval(100)]);
    let (mut scenario, subscriber, publisher) = couple(V5);
    for payload in ["1", "2", "3", "4"] {
        scenario.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    assert_eq!(scenario.hear(subscriber).len(), 4);
    scenario.cut(subscriber);
    scenario.publish(publisher, "t", "5", QoS::AtLeastOnce);
    let subscriber = scenario.connect(&Connect { properties: list.as_properties(), ..lasting(V5, "s") });
    assert_eq!(scenario.hear(subscriber)[1..], ["t=1 q1 #1 dup", "t=2 q1 #2 dup"]);
    for (acknowledged, next) in
        [(2, Some("t=3 q1 #3 dup")), (1, Some("t=4 q1 #4 dup")), (3, Some("t=5 q1 #5")), (4, None), (5, None)]
    {
        scenario.send(subscriber, &puback(acknowledged));
        assert_eq!(scenario.hear(subscriber), next.into_iter().collect::<Vec<_>>(), "{acknowledged}");
    }
}

/// [MQTT-3.3.4-10], [MQTT-4.9.0-3]: PUBREL is sent again at once, whatever the quota holds back
/// before it.
#[test]
fn on_resuming_pubrel_does_not_wait_for_the_quota() {
    let list = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(100)]);
    let (mut scenario, subscriber, publisher) = couple(V5);
    for payload in ["1", "2", "3", "4"] {
        scenario.publish(publisher, "t", payload, QoS::ExactlyOnce);
    }
    scenario.send(subscriber, &pubrec(4));
    scenario.send(subscriber, &pubrec(3));
    scenario.cut(subscriber);
    let subscriber = scenario.connect(&Connect { properties: list.as_properties(), ..lasting(V5, "s") });
    assert_eq!(scenario.hear(subscriber)[1..], ["PUBREL #4 ok", "PUBREL #3 ok", "t=1 q2 #1 dup"]);
    scenario.send(subscriber, &pubrec(1));
    assert_eq!(scenario.hear(subscriber), ["PUBREL #1 ok"]);
    scenario.send(subscriber, &pubcomp(1));
    assert_eq!(scenario.hear(subscriber), ["t=2 q2 #2 dup"]);
}

/// A clean start has nothing to send again [MQTT-4.4.0-1], [MQTT-3.1.2-4], [3.1.1 MQTT-3.1.2-6].
#[test]
fn a_new_session_gets_nothing_of_the_old() {
    for version in BOTH {
        let (mut scenario, subscriber, publisher) = couple(version);
        for qos in QOS {
            scenario.publish(publisher, "t", "", qos);
        }
        scenario.cut(subscriber);
        scenario.publish(publisher, "t", "waits", QoS::AtLeastOnce);
        let again = scenario.connect(&connect(version, "s"));
        assert_eq!(scenario.hear(again).len(), 1, "CONNACK alone");
        scenario.publish(publisher, "t", "", QoS::AtLeastOnce);
        assert!(scenario.hear(again).is_empty(), "the subscription was of the session");
    }
}

/// [MQTT-4.3.2-4], [MQTT-4.3.2-5], [3.1.1 MQTT-4.3.2-2]: after PUBACK the identifier is of a new
/// message, DUP or not.
#[test]
fn qos_1_is_taken_as_often_as_it_comes() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (publisher, subscriber) = (scenario.join(version, "p"), scenario.join(V5, "s"));
        scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
        for (index, dup) in [false, true, true, false].into_iter().enumerate() {
            let payload = index.to_string();
            let publish = Publish { dup, ..publish("t", &payload, QoS::AtLeastOnce) };
            scenario.send(publisher, &Packet::Publish(publish));
            assert_eq!(scenario.hear(publisher), ["PUBACK #9 ok"]);
            assert_eq!(scenario.hear(subscriber), [format!("t={payload} q0")]);
        }
    }
}

/// [MQTT-4.3.3-8], [MQTT-4.3.3-10], [MQTT-4.3.3-11], [MQTT-4.3.3-12], [3.1.1 MQTT-4.3.3-2]: DUP or
/// not, in one connection or many, until PUBREL; PUBCOMP each time.
#[test]
fn qos_2_is_taken_once_until_it_is_released() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (mut publisher, subscriber) = (scenario.join_with(&lasting(version, "p")), scenario.join(V5, "s"));
        scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
        let send = |scenario: &mut Scenario, peer, payload: &str, dup| {
            scenario.send(peer, &Packet::Publish(Publish { dup, ..publish("t", payload, QoS::ExactlyOnce) }));
            let heard = scenario.hear(peer);
            assert_eq!(heard, ["PUBREC #9 ok"]);
        };
        for round in ["first", "second"] {
            send(&mut scenario, publisher, round, false);
            assert_eq!(scenario.hear(subscriber), [format!("t={round} q0")]);
            for again in [true, false, true] {
                send(&mut scenario, publisher, "again", again);
                scenario.cut(publisher);
                publisher = scenario.join_with(&lasting(version, "p"));
            }
            assert!(scenario.hear(subscriber).is_empty());
            for reason in ["ok", if version == V5 { "92" } else { "ok" }] {
                scenario.send(publisher, &pubrel(9));
                assert_eq!(scenario.hear(publisher), [format!("PUBCOMP #9 {reason}")]);
            }
        }
    }
}

/// [MQTT-4.3.3-13], [MQTT-4.3.3-7]: an expired message is still acknowledged, and one that was sent
/// is not taken back.
#[test]
fn expiry_does_not_end_an_exchange_of_qos_2() {
    let list = properties(&[Property::MessageExpiryInterval(1)]);
    let (mut scenario, subscriber, publisher) = couple(V5);
    let message = Publish { properties: list.as_properties(), ..publish("t", "x", QoS::ExactlyOnce) };
    scenario.send(publisher, &Packet::Publish(message));
    assert_eq!(scenario.hear(publisher), ["PUBREC #9 ok"]);
    assert_eq!(scenario.hear(subscriber), ["t=x q2 #1 MessageExpiryInterval(1)"]);
    scenario.wait_ms(10_000);
    scenario.send(publisher, &Packet::Publish(Publish { dup: true, ..message }));
    assert_eq!(scenario.hear(publisher), ["PUBREC #9 ok"]);
    scenario.send(publisher, &pubrel(9));
    assert_eq!(scenario.hear(publisher), ["PUBCOMP #9 ok"]);
    scenario.cut(subscriber);
    let subscriber = scenario.connect(&lasting(V5, "s"));
    assert_eq!(scenario.hear(subscriber)[1..], ["t=x q2 #1 dup MessageExpiryInterval(0)"]);
    scenario.send(subscriber, &pubrec(1));
    assert_eq!(scenario.hear(subscriber), ["PUBREL #1 ok"]);
    scenario.send(subscriber, &pubcomp(1));
    assert_eq!(in_flight(&scenario, "s"), 0);
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
            let (mut scenario, subscriber, publisher) = couple(V5);
            scenario.publish(publisher, "t", "x", qos);
            assert_eq!(scenario.hear(subscriber).len(), 1);
            let ack = Ack::new(id(1), reason);
            scenario.send(subscriber, &if qos == QoS::AtLeastOnce { Packet::Puback(ack) } else { Packet::Pubrec(ack) });
            assert!(scenario.hear(subscriber).is_empty(), "{reason:?}");
            assert_eq!(in_flight(&scenario, "s"), 0);
            scenario.cut(subscriber);
            let subscriber = scenario.connect(&lasting(V5, "s"));
            assert_eq!(scenario.hear(subscriber).len(), 1, "CONNACK alone");
        }
    }
}

/// [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-2.2.1-5], [3.1.1 MQTT-2.3.1-6]: 0x92 where there is
/// nothing to it.
#[test]
fn an_acknowledgement_of_nothing_is_answered() {
    for version in BOTH {
        let unknown = if version == V5 { "92" } else { "ok" };
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        if version == V5 {
            scenario.send(peer, &Packet::Pubrec(Ack::new(id(8), ReasonCode::QuotaExceeded)));
            assert!(scenario.hear(peer).is_empty(), "nothing is there to release");
        }
        for (packet, heard) in [
            (pubrel(7), Some(format!("PUBCOMP #7 {unknown}"))),
            (pubrec(8), Some(format!("PUBREL #8 {unknown}"))),
            (puback(9), None),
            (pubcomp(10), None),
        ] {
            scenario.send(peer, &packet);
            assert_eq!(scenario.hear(peer), heard.into_iter().collect::<Vec<_>>());
        }
    }
}

/// [MQTT-4.6.0-5], [MQTT-4.6.0-6], [3.1.1 MQTT-4.6.0-5], [3.1.1 MQTT-4.6.0-6]: each subscriber, of
/// each quality, through a queue and a cut.
#[test]
fn subscribers_hear_a_topic_in_the_order_of_its_publisher() {
    for version in BOTH {
        for qos in QOS {
            let in_flight_max = 10.try_into().expect("not 0");
            let mut scenario = Scenario::with(BrokerOptions { in_flight_max, ..BrokerOptions::default() });
            let publisher = scenario.join(version, "p");
            let subscribers = [V4, V5].map(|version| scenario.join_with(&lasting(version, version_name(version))));
            for peer in subscribers {
                scenario.subscribe(peer, "t", qos);
            }
            let mut expected = Vec::new();
            for index in 0..60 {
                expected.push(index.to_string());
                scenario.publish(publisher, "t", &index.to_string(), qos);
            }
            for (peer, version) in subscribers.into_iter().zip(BOTH) {
                assert_eq!(payloads(&mut scenario, peer, version), expected, "{version:?} {qos:?}");
            }
        }
    }
}

/// [3.1.1 MQTT-4.6.0-6]: a client's rules of order hold for the broker too. PUBACK and PUBREC come
/// in the order of PUBLISH, PUBREL in the order of PUBREC. They do in one frame, in many, and on
/// resuming.
#[test]
fn the_brokers_answers_keep_the_order_of_what_they_answer() {
    for version in BOTH {
        for frames in [false, true] {
            let (mut scenario, subscriber, _) = couple(version);
            let peer = scenario.join(version, "answered");
            let send = |scenario: &mut Scenario, peer, packets: &[Packet<'_>]| {
                let mut bytes = Vec::new();
                for packet in packets {
                    packet.encode(version, &mut bytes).expect("good");
                    if frames {
                        scenario.send_bytes(peer, &std::mem::take(&mut bytes));
                    }
                }
                scenario.send_bytes(peer, &bytes);
                scenario.hear(peer)
            };
            let message = |value, qos| Publish { packet_id: Some(id(value)), ..publish("t", "x", QOS[qos]) };
            let packets =
                [(7, 2), (3, 1), (9, 2), (1, 1), (4, 2)].map(|(value, qos)| Packet::Publish(message(value, qos)));
            let heard = send(&mut scenario, peer, &packets);
            assert_eq!(heard, ["PUBREC #7 ok", "PUBACK #3 ok", "PUBREC #9 ok", "PUBACK #1 ok", "PUBREC #4 ok"]);
            let heard = send(&mut scenario, peer, &[pubrel(9), pubrel(4), pubrel(7)]);
            assert_eq!(heard, ["PUBCOMP #9 ok", "PUBCOMP #4 ok", "PUBCOMP #7 ok"]);
            assert_eq!(scenario.hear(subscriber).len(), 5);
            let released = ["PUBREL #5 ok", "PUBREL #1 ok", "PUBREL #3 ok"];
            assert_eq!(send(&mut scenario, subscriber, &[pubrec(5), pubrec(1), pubrec(3)]), released);
            scenario.cut(subscriber);
            let subscriber = scenario.connect(&lasting(version, "s"));
            assert_eq!(scenario.hear(subscriber)[1..4], released, "{version:?}");
        }
    }
}

const fn version_name(version: Version) -> &'static str {
    match version {
        V4 => "old",
        V5 => "new",
    }
}

/// Payloads that the subscriber receives as it acknowledges, cut once in the middle; each at its
/// first arrival.
fn payloads(scenario: &mut Scenario, mut peer: PeerId, version: Version) -> Vec<String> {
    let mut first = Vec::new();
    let mut was_cut = false;
    loop {
        let heard = scenario.hear(peer);
        if heard.is_empty() {
            return first;
        }
        for line in heard {
            if let Some(value) = line.strip_prefix("PUBREL #") {
                scenario.send(peer, &pubcomp(value.split(' ').next().expect("it").parse().expect("a number")));
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
                scenario.cut(peer);
                peer = scenario.connect(&lasting(version, version_name(version)));
                break;
            }
            let value = rest.split_once('#').map(|(_, rest)| rest.split(' ').next().expect("it").parse());
            if let Some(value) = value {
                let value = value.expect("a number");
                scenario.send(peer, &if rest.starts_with('1') { puback(value) } else { pubrec(value) });
            }
        }
    }
}
