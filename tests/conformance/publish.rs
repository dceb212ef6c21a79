//! PUBLISH: its flags, its topic, retained messages (§3.3; 3.1.1 §3.3).

use wasmqtt::broker::{Answer, Asks, BrokerOptions};
use wasmqtt::codec::{Packet, Publish, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions};

use crate::support::packets::{BOTH, QOS, V4, V5, connect, id, lasting, properties, pubcomp, publish, pubrec, pubrel};
use crate::support::scenario::Scenario;

/// [MQTT-3.3.1-3], [3.1.1 MQTT-3.3.1-3], [MQTT-3.3.1-2], [3.1.1 MQTT-3.3.1-2]: a first delivery has
/// no DUP though the publisher sent it again.
#[test]
fn dup_is_not_passed_on() {
    for version in BOTH {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            for granted in QOS {
                let mut scenario = Scenario::new();
                let (publisher, subscriber) = (scenario.join(version, "p"), scenario.join(version, "s"));
                scenario.subscribe(subscriber, "t", granted);
                scenario.send(publisher, &Packet::Publish(Publish { dup: true, ..publish("t", "x", qos) }));
                let heard = scenario.hear(subscriber);
                assert_eq!(heard.len(), 1);
                assert!(!heard[0].contains("dup"), "{heard:?}");
            }
        }
    }
}

/// [MQTT-2.2.1-2], [3.1.1 MQTT-2.3.1-5], [MQTT-2.2.2-1], [MQTT-4.3.1-1], [3.1.1 MQTT-4.3.1-1]: byte
/// for byte; what follows the topic in 3.1.1 is the payload, and in 5.0 a length of no properties
/// is between.
#[test]
fn qos_0_goes_out_without_an_identifier() {
    let rows: [(_, &[u8], &[u8]); 2] = [
        (V4, b"\x30\x05\x00\x01txy", b"\x30\x05\x00\x01txy"),
        (V5, b"\x30\x06\x00\x01t\x00xy", b"\x30\x06\x00\x01t\x00xy"),
    ];
    for (version, sent, expected) in rows {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        scenario.subscribe(peer, "t", QoS::ExactlyOnce);
        scenario.broker.handle_bytes(peer, sent, scenario.now);
        let heard = match scenario.broker.poll_output() {
            Some(wasmqtt::broker::Output::Transmit(to, bytes)) if to == peer => bytes.to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(heard, expected, "{version:?}");
    }
}

/// [MQTT-3.3.2-3], [3.1.1 MQTT-3.3.2-3]: the name it was published with, whatever filter found it.
#[test]
fn the_topic_name_is_the_publishers() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (publisher, subscriber) = (scenario.join(version, "p"), scenario.join(version, "s"));
        for filter in ["#", "a/+/c", "+/b/#", "a/b/c"] {
            scenario.subscribe(subscriber, filter, QoS::AtMostOnce);
            scenario.publish(publisher, "a/b/c", "x", QoS::AtMostOnce);
            assert_eq!(scenario.hear(subscriber), ["a/b/c=x q0"], "{version:?} {filter}");
            scenario.unsubscribe(subscriber, filter);
        }
    }
}

/// [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-7], [MQTT-3.3.1-8], [MQTT-3.3.1-9],
/// [3.1.1 MQTT-3.3.1-5], [3.1.1 MQTT-3.3.1-6], [3.1.1 MQTT-3.3.1-7], [3.1.1 MQTT-3.3.1-8],
/// [3.1.1 MQTT-3.3.1-9], [3.1.1 MQTT-3.3.1-10], [3.1.1 MQTT-3.3.1-11], [3.1.1 MQTT-3.3.1-12]: one
/// message a topic, the last with RETAIN. Each step has the message of a subscriber and that of a
/// new one.
#[test]
fn what_is_retained_is_the_last_that_was_to_be() {
    for (from, to) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
        let mut scenario = Scenario::new();
        let (publisher, there) = (scenario.join(from, "p"), scenario.join(to, "there"));
        scenario.subscribe(there, "t/+", QoS::ExactlyOnce);
        let (keep, pass) = (true, false);
        let steps: [(&str, bool, usize, &[&str]); 9] = [
            ("one", keep, 2, &["t/x=one q2 #1 retain"]),
            ("two", keep, 1, &["t/x=two q1 #1 retain"]),
            ("not kept", pass, 2, &["t/x=two q1 #1 retain"]),
            ("", pass, 2, &["t/x=two q1 #1 retain"]),
            ("three", keep, 0, &["t/x=three q0 retain"]),
            ("four", keep, 2, &["t/x=four q2 #1 retain"]),
            ("", keep, 1, &[]),
            ("", keep, 0, &[]),
            ("five", keep, 1, &["t/x=five q1 #1 retain"]),
        ];
        for (index, (payload, retain, qos, kept)) in steps.into_iter().enumerate() {
            scenario.publish_with(publisher, Publish { retain, ..publish("t/x", payload, QOS[qos]) });
            let heard = scenario.hear(there);
            assert_eq!(heard.len(), 1, "{index}: {heard:?}");
            assert!(
                heard[0].starts_with(&format!("t/x={payload} q{qos}")) && !heard[0].contains("retain"),
                "{heard:?}"
            );
            let late = scenario.join(to, "late");
            assert_eq!(scenario.subscribe(late, "t/#", QoS::ExactlyOnce)[1..], *kept, "{index} {from:?} {to:?}");
            scenario.cut(late);
        }
    }
}

/// [MQTT-3.3.1-12], [MQTT-3.3.1-13], [3.1.1 MQTT-3.3.1-9]: each subscription of a client has its
/// own choice, and 3.1.1 none.
#[test]
fn the_retain_flag_of_a_delivery_is_the_subscriptions_choice() {
    let mut scenario = Scenario::new();
    let (publisher, new, old) = (scenario.join(V5, "p"), scenario.join(V5, "new"), scenario.join(V4, "old"));
    let as_published = |retain_as_published| SubscriptionOptions { retain_as_published, ..Default::default() };
    scenario.subscribe_with(new, "kept/#", as_published(true), None);
    scenario.subscribe_with(new, "clear/#", as_published(false), None);
    scenario.subscribe(old, "#", QoS::AtMostOnce);
    for retain in [false, true] {
        for (topic, expected) in [("kept/x", retain), ("clear/x", false)] {
            scenario.publish_with(publisher, Publish { retain, ..publish(topic, "x", QoS::AtMostOnce) });
            assert_eq!(scenario.hear(new)[0].contains("retain"), expected, "{topic} {retain}");
            assert!(!scenario.hear(old)[0].contains("retain"));
        }
    }
}

/// [MQTT-3.3.1-13]: where one client has the message by two filters in one copy, it is enough that
/// one asks for the flag.
#[test]
fn overlapping_filters_keep_the_retain_flag_if_one_of_them_does() {
    for choices in [[false, false], [true, false], [false, true], [true, true]] {
        let mut scenario = Scenario::new();
        let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
        for (filter, retain_as_published) in ["t/x", "t/+"].into_iter().zip(choices) {
            let options = SubscriptionOptions { retain_as_published, ..Default::default() };
            scenario.subscribe_with(subscriber, filter, options, None);
        }
        for retain in [false, true] {
            scenario.publish_with(publisher, Publish { retain, ..publish("t/x", "x", QoS::AtMostOnce) });
            let flag = if retain && choices.contains(&true) { " retain" } else { "" };
            assert_eq!(scenario.hear(subscriber), [format!("t/x=x q0{flag}")], "{choices:?}");
        }
    }
}

/// [MQTT-3.3.4-5]: a shared subscription's copy is beside that of the client's own subscriptions.
#[test]
fn several_copies_have_each_its_own_identifier() {
    for qos in QOS {
        let mut scenario = Scenario::new();
        let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
        for (filter, identifier) in [("t", Some(1)), ("$share/g/t", Some(2)), ("$share/h/t", None), ("+", Some(4))] {
            let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
            scenario.subscribe_with(subscriber, filter, options, identifier);
        }
        scenario.publish(publisher, "t", "x", qos);
        let identifiers =
            |line: &String| line.match_indices(" Sub").next().map_or("", |(at, _)| &line[at..]).to_owned();
        let mut heard: Vec<_> = scenario.hear(subscriber).iter().map(identifiers).collect();
        heard.sort();
        let own = " SubscriptionIdentifier(4) SubscriptionIdentifier(1)";
        assert_eq!(heard, ["", " SubscriptionIdentifier(2)", own], "{qos:?}");
    }
}

/// [MQTT-3.3.4-1], [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.7.2-1], [MQTT-2.2.1-5],
/// [3.1.1 MQTT-3.3.4-1], [3.1.1 MQTT-2.3.1-6], [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-11]:
/// with any identifier, and with subscribers or without.
#[test]
fn each_quality_has_its_answer_with_its_identifier() {
    for version in BOTH {
        for subscribed in [false, true] {
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            if subscribed {
                let other = scenario.join(V4, "other");
                scenario.subscribe(other, "t", QoS::AtMostOnce);
            }
            let reason = if version == V5 && !subscribed { "10" } else { "ok" };
            for value in [1, 2, 255, 256, 65_535] {
                let with = |qos| Packet::Publish(Publish { packet_id: Some(id(value)), ..publish("t", "", qos) });
                scenario.send(peer, &Packet::Publish(publish("t", "", QoS::AtMostOnce)));
                assert!(scenario.hear(peer).is_empty());
                scenario.send(peer, &with(QoS::AtLeastOnce));
                assert_eq!(scenario.hear(peer), [format!("PUBACK #{value} {reason}")]);
                scenario.send(peer, &with(QoS::ExactlyOnce));
                assert_eq!(scenario.hear(peer), [format!("PUBREC #{value} {reason}")]);
                scenario.send(peer, &pubrel(value));
                assert_eq!(scenario.hear(peer), [format!("PUBCOMP #{value} ok")]);
            }
        }
    }
}

/// [MQTT-3.3.4-2], [3.1.1 MQTT-3.3.5-1], [MQTT-3.8.4-8]: in any order of subscribing, one copy with
/// the highest of them.
#[test]
fn overlapping_filters_deliver_with_the_highest_quality() {
    let filters = ["a/#", "a/+", "a/b"];
    for version in BOTH {
        for granted in [[0, 1, 2], [2, 1, 0], [1, 0, 1], [0, 0, 0], [0, 2, 2]] {
            for sent in QOS {
                let mut scenario = Scenario::new();
                let (publisher, subscriber) = (scenario.join(version, "p"), scenario.join(version, "s"));
                for (filter, qos) in filters.into_iter().zip(granted) {
                    scenario.subscribe(subscriber, filter, QOS[qos]);
                }
                scenario.publish(publisher, "a/b", "x", sent);
                let qos = sent.min(granted.map(|qos| QOS[qos]).into_iter().max().expect("three")).bits();
                let id = if qos == 0 { "" } else { " #1" };
                assert_eq!(scenario.hear(subscriber), [format!("a/b=x q{qos}{id}")], "{granted:?} {sent:?}");
            }
        }
    }
}

/// [MQTT-3.3.4-10], [MQTT-3.3.4-9], [MQTT-4.9.0-1], [MQTT-4.9.0-2], [MQTT-4.9.0-3]: only messages
/// above QoS 0 wait for the client's acknowledgements.
#[test]
fn a_full_quota_holds_back_nothing_but_publish() {
    let list = properties(&[wasmqtt::codec::Property::ReceiveMaximum(1)]);
    let mut scenario = Scenario::new();
    let plain = connect(V5, "a");
    let peer = scenario.join_with(&wasmqtt::codec::Connect { properties: list.as_properties(), ..plain });
    let other = scenario.join(V5, "other");
    scenario.subscribe(peer, "t", QoS::ExactlyOnce);
    for payload in ["1", "2", "3"] {
        scenario.publish(other, "t", payload, QoS::ExactlyOnce);
    }
    assert_eq!(scenario.hear(peer), ["t=1 q2 #1"]);
    scenario.publish(other, "t", "0", QoS::AtMostOnce);
    assert_eq!(scenario.hear(peer), ["t=0 q0"]);
    scenario.send(peer, &Packet::Pingreq);
    assert_eq!(scenario.hear(peer), ["PINGRESP"]);
    assert_eq!(scenario.publish(peer, "x", "", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    assert_eq!(scenario.publish(peer, "x", "", QoS::ExactlyOnce), ["PUBREC #9 10", "PUBCOMP #9 ok"]);
    let subscription = Subscription { filter: "y", options: SubscriptionOptions::default() };
    let properties = wasmqtt::codec::Properties::EMPTY;
    let subscribe = Subscribe { packet_id: id(7), properties, subscriptions: vec![subscription] };
    scenario.send(peer, &Packet::Subscribe(subscribe));
    assert_eq!(scenario.hear(peer), ["SUBACK #7 00"]);
    assert_eq!(scenario.unsubscribe(peer, "y"), ["UNSUBACK #101 00"]);
    scenario.send(peer, &pubrec(1));
    assert_eq!(scenario.hear(peer), ["PUBREL #1 ok"]);
    scenario.publish(other, "t", "4", QoS::ExactlyOnce);
    assert!(scenario.hear(peer).is_empty(), "PUBREC alone does not free a place");
    scenario.send(peer, &pubcomp(1));
    assert_eq!(scenario.hear(peer), ["t=2 q2 #2"]);
}

/// [MQTT-4.13.1-1], [3.1.1 MQTT-4.8.0-1]: a feature that the broker does not serve ends the
/// connection, where the version has no code for it.
#[test]
fn what_is_not_served_ends_the_connection() {
    let options = BrokerOptions { maximum_qos: QoS::AtMostOnce, retain_available: false, ..BrokerOptions::default() };
    for version in BOTH {
        for (row, reason) in [
            (publish("t", "x", QoS::AtLeastOnce), "9B"),
            (publish("t", "x", QoS::ExactlyOnce), "9B"),
            (Publish { retain: true, ..publish("t", "x", QoS::AtMostOnce) }, "9A"),
        ] {
            let mut scenario = Scenario::with(options.clone());
            let (peer, other) = (scenario.join(version, "a"), scenario.join(version, "other"));
            scenario.subscribe(other, "t", QoS::ExactlyOnce);
            scenario.send(peer, &Packet::Publish(row));
            assert!(scenario.is_closed(peer) && !scenario.is_closed(other));
            let told = if version == V5 { vec![format!("DISCONNECT {reason}")] } else { vec![] };
            assert_eq!(scenario.hear(peer), told);
            assert!(scenario.hear(other).is_empty() && scenario.broker.retained().count() == 0);
        }
    }
}

/// [3.1.1 MQTT-4.3.3-2], [3.1.1 MQTT-3.3.5-2]: 3.1.1 has no word for a refusal, so that the
/// exchange goes on: what comes again before PUBREL is the same message, and refused already.
#[test]
fn a_refused_qos_2_message_of_3_1_1_stays_refused() {
    let asks = Asks { publish: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (peer, other) = (scenario.join(V4, "a"), scenario.join(V5, "other"));
    scenario.subscribe(other, "#", QoS::AtMostOnce);
    let message = publish("t", "x", QoS::ExactlyOnce);
    scenario.send(peer, &Packet::Publish(message));
    scenario.answer(Answer::Refuse(ReasonCode::NotAuthorized));
    scenario.send(peer, &Packet::Publish(Publish { dup: true, ..message }));
    scenario.send(peer, &pubrel(9));
    assert_eq!(scenario.hear(peer), ["PUBREC #9 ok", "PUBREC #9 ok", "PUBCOMP #9 ok"]);
    assert!(scenario.asked.is_empty() && scenario.hear(other).is_empty());
}

/// A retained message belongs to no session, and comes to a subscriber in whichever version it was
/// published. [MQTT-3.3.1-9], [3.1.1 MQTT-3.3.1-6].
#[test]
fn a_new_subscription_brings_every_topic_it_matches() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (old, new) = (scenario.join_with(&lasting(V4, "old")), scenario.join_with(&lasting(V5, "new")));
        for (peer, topic) in [(old, "a/b"), (new, "a/c"), (old, "a"), (new, "b/a"), (old, "a/b/c")] {
            scenario.retain(peer, topic, "x", QoS::AtMostOnce);
        }
        for (filter, topics) in [
            ("a/+", vec!["a/b", "a/c"]),
            ("a/#", vec!["a", "a/b", "a/b/c", "a/c"]),
            ("b/a", vec!["b/a"]),
            ("c", vec![]),
        ] {
            let peer = scenario.join(version, "late");
            let mut heard = scenario.subscribe(peer, filter, QoS::AtMostOnce).split_off(1);
            heard.sort();
            let mut expected: Vec<_> = topics.iter().map(|topic| format!("{topic}=x q0 retain")).collect();
            expected.sort();
            assert_eq!(heard, expected, "{filter}");
        }
    }
}
