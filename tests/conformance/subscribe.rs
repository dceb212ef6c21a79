//! SUBSCRIBE, UNSUBSCRIBE and their answers (§3.8 to §3.11; 3.1.1 likewise).

use wasmqtt::broker::{BrokerOptions, PeerId};
use wasmqtt::codec::{
    Connect, Packet, Properties, Property, Publish, QoS, RetainHandling, Subscribe, Subscription, SubscriptionOptions,
    Unsubscribe, Version,
};

use crate::support::packets::{
    BOTH, QOS, V4, V5, connect, id, lasting, message, properties, puback, pubcomp, publish, pubrec,
};
use crate::support::scenario::Scenario;

fn subscribe_all(scenario: &mut Scenario, peer: PeerId, value: u16, filters: &[(&str, QoS)]) -> Vec<String> {
    let options = |qos| SubscriptionOptions { qos, ..SubscriptionOptions::default() };
    let subscriptions = filters.iter().map(|(filter, qos)| Subscription { filter, options: options(*qos) }).collect();
    let subscribe = Subscribe { packet_id: id(value), properties: Properties::EMPTY, subscriptions };
    scenario.send(peer, &Packet::Subscribe(subscribe));
    scenario.hear(peer)
}

fn unsubscribe_all(scenario: &mut Scenario, peer: PeerId, value: u16, filters: &[&str]) -> Vec<String> {
    let unsubscribe = Unsubscribe { packet_id: id(value), properties: Properties::EMPTY, filters: filters.to_vec() };
    scenario.send(peer, &Packet::Unsubscribe(unsubscribe));
    scenario.hear(peer)
}

/// [MQTT-3.8.4-1], [MQTT-3.8.4-2], [MQTT-2.2.1-6], [MQTT-3.10.4-4], [MQTT-3.10.4-5],
/// [3.1.1 MQTT-3.8.4-1], [3.1.1 MQTT-3.8.4-2], [3.1.1 MQTT-2.3.1-7], [3.1.1 MQTT-3.10.4-4],
/// [3.1.1 MQTT-3.10.4-5].
#[test]
fn each_request_has_its_answer_with_its_identifier() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        for value in [1, 255, 256, 65_535] {
            assert_eq!(
                subscribe_all(&mut scenario, peer, value, &[("t", QoS::AtMostOnce)]),
                [format!("SUBACK #{value} 00")]
            );
            for there in [true, false] {
                let reason = match (version, there) {
                    (V4, _) => "",
                    (_, true) => "00",
                    (_, false) => "11",
                };
                assert_eq!(
                    unsubscribe_all(&mut scenario, peer, value, &["t"]),
                    [format!("UNSUBACK #{value} {reason}")]
                );
            }
        }
    }
}

/// [MQTT-3.8.4-5], [MQTT-3.8.4-6], [MQTT-3.8.4-7], [MQTT-3.9.3-1], [MQTT-3.9.3-2],
/// [3.1.1 MQTT-3.8.4-4], [3.1.1 MQTT-3.8.4-5], [3.1.1 MQTT-3.9.3-1], [3.1.1 MQTT-3.9.3-2]: also
/// where a filter of the list comes twice.
#[test]
fn many_filters_are_many_subscriptions_and_one_answer() {
    let filters = [
        ("a", QOS[2]),
        ("b/c/#", QOS[0]),
        ("b", QOS[1]),
        ("a", QOS[0]),
        ("//", QOS[1]),
        ("c", QOS[0]),
        ("$share/g/a/b/c", QOS[0]),
    ];
    for (version, expected) in [(V4, "SUBACK #5 02 80 01 00 80 00 80"), (V5, "SUBACK #5 02 8F 01 00 8F 00 8F")] {
        let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 2, ..BrokerOptions::default() });
        let peer = scenario.join(version, "a");
        for topic in ["a", "b", "c"] {
            scenario.retain(peer, topic, "kept", QoS::ExactlyOnce);
        }
        let heard = subscribe_all(&mut scenario, peer, 5, &filters);
        assert_eq!(heard[0], expected);
        // The second subscription to `a` replaces the first before that has brought anything.
        assert_eq!(heard[1..], ["b=kept q1 #1 retain", "a=kept q0 retain", "c=kept q0 retain"]);
        let session = scenario.broker.sessions().next().expect("connected");
        let held: Vec<_> = session.subscriptions.iter().map(|(filter, qos)| (*filter, *qos)).collect();
        assert_eq!(held, [("a", QOS[0]), ("b", QOS[1]), ("c", QOS[0])]);
    }
}

/// [MQTT-3.8.4-3], [MQTT-3.8.4-4], [3.1.1 MQTT-3.8.4-3].
#[test]
fn the_same_filter_again_replaces_its_subscription() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (peer, other) = (scenario.join(version, "a"), scenario.join(V5, "other"));
        scenario.retain(other, "t/x", "kept", QoS::ExactlyOnce);
        for (index, qos) in [2, 0, 1, 1].into_iter().enumerate() {
            let answer = scenario.subscribe(peer, "t/+", QOS[qos]);
            assert_eq!(answer[0], format!("SUBACK #100 0{qos}"));
            assert_eq!(answer.len(), 2, "the retained message comes each time");
            assert!(answer[1].starts_with(&format!("t/x=kept q{qos}")) && answer[1].ends_with(" retain"), "{answer:?}");
            scenario.publish(other, "t/y", &index.to_string(), QoS::ExactlyOnce);
            let heard = scenario.hear(peer);
            assert_eq!(heard.len(), 1, "one subscription, and no message lost: {heard:?}");
            assert!(heard[0].starts_with(&format!("t/y={index} q{qos}")), "{heard:?}");
        }
        assert_eq!(scenario.broker.subscriptions(), 1);
    }
}

/// [MQTT-3.3.1-9], [MQTT-3.8.4-4], [MQTT-3.3.4-9], [3.1.1 MQTT-3.3.1-6], [3.1.1 MQTT-3.8.4-3]: all
/// retained messages come once each, far more than may be in flight or queued. They come again when
/// the filter comes again. A live message does not wait for their end.
#[test]
fn a_subscription_brings_all_that_it_matches_however_much_that_is() {
    const COUNT: usize = 3_000;
    for version in BOTH {
        let in_flight_max = 20.try_into().expect("not 0");
        let mut scenario =
            Scenario::with(BrokerOptions { in_flight_max, queue_messages: 100, ..BrokerOptions::default() });
        let other = scenario.join(V5, "other");
        for number in 0..COUNT {
            scenario.retain(other, &format!("t/{number:04}"), "kept", QoS::AtLeastOnce);
        }
        let maximum = properties(&[Property::ReceiveMaximum(7)]);
        let list = if version == V5 { maximum.as_properties() } else { Properties::EMPTY };
        let peer = scenario.join_with(&Connect { properties: list, ..connect(version, "a") });
        for _ in 0..2 {
            let mut unread = subscribe_all(&mut scenario, peer, 5, &[("t/#", QoS::AtLeastOnce)]);
            assert!(unread.remove(0).starts_with("SUBACK"));
            assert_eq!(unread.len(), if version == V5 { 7 } else { 20 });
            let (mut kept, mut live) = (Vec::new(), None);
            scenario.publish(other, "t/live", "live", QoS::AtLeastOnce);
            while let Some(line) = unread.pop() {
                let packet_id = line.split(['#', ' ']).nth(3).and_then(|id| id.parse().ok()).expect(&line);
                match line.split_once(" q1 #").expect(&line) {
                    ("t/live=live", _) => live = Some(kept.len()),
                    (message, _) => kept.push(message.to_string()),
                }
                scenario.send(peer, &puback(packet_id));
                unread.extend(scenario.hear(peer));
            }
            assert!(live.is_some_and(|place| place < 30), "{live:?}");
            kept.sort();
            assert!(kept.iter().enumerate().all(|(number, message)| *message == format!("t/{number:04}=kept")));
            assert_eq!(kept.len(), COUNT);
        }
        assert_eq!(scenario.broker.counters().dropped, 0);
    }
}

/// [MQTT-3.8.4-3]: every option and the identifier are the new one's.
#[test]
fn all_of_a_subscription_is_replaced() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    let first = SubscriptionOptions {
        qos: QoS::AtLeastOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    scenario.subscribe_with(peer, "t", first, Some(7));
    assert!(scenario.publish(peer, "t", "x", QoS::AtMostOnce).is_empty());
    scenario.subscribe_with(peer, "t", SubscriptionOptions::default(), None);
    let kept = Publish { retain: true, ..publish("t", "x", QoS::ExactlyOnce) };
    assert_eq!(scenario.publish_with(peer, kept), ["t=x q0", "PUBREC #9 ok", "PUBCOMP #9 ok"]);
    let again = SubscriptionOptions { retain_handling: RetainHandling::SendIfNew, ..SubscriptionOptions::default() };
    assert_eq!(scenario.subscribe_with(peer, "t", again, Some(8)), ["SUBACK #100 00"]);
    assert_eq!(scenario.publish(peer, "t", "x", QoS::AtMostOnce), ["t=x q0 SubscriptionIdentifier(8)"]);
}

/// [MQTT-3.8.4-8], [3.1.1 MQTT-3.8.4-6]: retained messages too.
#[test]
fn delivery_has_the_lower_of_the_published_and_the_granted_quality() {
    for version in BOTH {
        for sent in QOS {
            for granted in QOS {
                let mut scenario = Scenario::new();
                let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(version, "s"));
                scenario.retain(publisher, "t", "kept", sent);
                let qos = sent.min(granted).bits();
                let heard = scenario.subscribe(subscriber, "t", granted);
                assert!(heard[1].starts_with(&format!("t=kept q{qos}")), "{heard:?}");
                scenario.publish(publisher, "t", "x", sent);
                assert!(scenario.hear(subscriber)[0].starts_with(&format!("t=x q{qos}")));
            }
        }
    }
}

/// [MQTT-3.10.4-1], [3.1.1 MQTT-3.10.4-1]: a filter that matches another, or looks like it, is
/// another.
#[test]
fn filters_to_unsubscribe_are_compared_as_they_are_written() {
    let held = ["a/#", "a/+", "a/b", "a", "A", "a/", "$share/g/a/b", "\u{E9}", "e\u{301}"];
    for version in BOTH {
        for (place, filter) in held.iter().enumerate() {
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            for filter in held {
                scenario.subscribe(peer, filter, QoS::AtMostOnce);
            }
            for none in ["#", "+/+", "a/b/", "/a", "$share/h/a/b", "\u{C9}"] {
                unsubscribe_all(&mut scenario, peer, 1, &[none]);
                assert_eq!(scenario.broker.sessions().next().expect("it").subscriptions.len(), held.len(), "{none}");
            }
            unsubscribe_all(&mut scenario, peer, 1, &[filter]);
            let session = scenario.broker.sessions().next().expect("it");
            let mut left: Vec<_> = session.subscriptions.iter().map(|(filter, _)| *filter).collect();
            let mut expected = held.to_vec();
            expected.remove(place);
            left.sort_unstable();
            expected.sort_unstable();
            assert_eq!(left, expected, "{filter} {version:?}");
        }
    }
}

/// [MQTT-3.10.4-2], [MQTT-3.10.4-3], [3.1.1 MQTT-3.10.4-2], [3.1.1 MQTT-3.10.4-3].
#[test]
fn what_was_begun_is_completed_after_unsubscribe_and_nothing_new_comes() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (peer, other) = (scenario.join(version, "a"), scenario.join(V5, "other"));
        scenario.subscribe(peer, "t", QoS::ExactlyOnce);
        for (payload, qos) in [("1", 1), ("2", 2), ("3", 2)] {
            scenario.publish(other, "t", payload, QOS[qos]);
        }
        assert_eq!(scenario.hear(peer), ["t=1 q1 #1", "t=2 q2 #2", "t=3 q2 #3"]);
        scenario.send(peer, &pubrec(2));
        assert_eq!(scenario.hear(peer), ["PUBREL #2 ok"]);
        scenario.unsubscribe(peer, "t");
        scenario.publish(other, "t", "new", QoS::ExactlyOnce);
        assert!(scenario.hear(peer).is_empty());
        for (packet, heard) in
            [(puback(1), None), (pubcomp(2), None), (pubrec(3), Some("PUBREL #3 ok")), (pubcomp(3), None)]
        {
            scenario.send(peer, &packet);
            assert_eq!(scenario.hear(peer), heard.into_iter().collect::<Vec<_>>());
        }
        let left: usize = scenario.broker.sessions().map(|session| session.in_flight + session.queued).sum();
        assert_eq!(left, 0, "{version:?}");
    }
}

/// [MQTT-3.10.4-6], [MQTT-3.11.3-1], [MQTT-3.11.3-2], [3.1.1 MQTT-3.10.4-6].
#[test]
fn many_filters_to_unsubscribe_have_one_answer() {
    for (version, expected) in [(V4, "UNSUBACK #6 "), (V5, "UNSUBACK #6 00 11 8F 00 11")] {
        let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 2, ..BrokerOptions::default() });
        let peer = scenario.join(version, "a");
        subscribe_all(&mut scenario, peer, 5, &[("a", QOS[0]), ("b", QOS[0]), ("c", QOS[0])]);
        assert_eq!(unsubscribe_all(&mut scenario, peer, 6, &["c", "x", "b/c/#", "a", "a"]), [expected]);
        let session = scenario.broker.sessions().next().expect("connected");
        assert_eq!(session.subscriptions.iter().map(|(filter, _)| *filter).collect::<Vec<_>>(), ["b"]);
    }
}

/// [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]: old and new by the whole filter; who
/// unsubscribed is new again.
#[test]
fn retain_handling_looks_at_the_subscription_there_was() {
    let options = |retain_handling| SubscriptionOptions { retain_handling, ..SubscriptionOptions::default() };
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    scenario.retain(peer, "t", "x", QoS::AtMostOnce);
    let steps = [
        ("t", RetainHandling::SendIfNew, 1),
        ("t", RetainHandling::SendIfNew, 0),
        ("+", RetainHandling::SendIfNew, 1),
        ("t", RetainHandling::DoNotSend, 0),
        ("#", RetainHandling::DoNotSend, 0),
        ("#", RetainHandling::SendIfNew, 0),
        ("t", RetainHandling::Send, 1),
        ("t", RetainHandling::Send, 1),
    ];
    for (filter, handling, count) in steps {
        assert_eq!(
            scenario.subscribe_with(peer, filter, options(handling), None).len() - 1,
            count,
            "{filter} {handling:?}"
        );
    }
    scenario.unsubscribe(peer, "t");
    assert_eq!(scenario.subscribe_with(peer, "t", options(RetainHandling::SendIfNew), None).len(), 2);
}

/// [MQTT-3.8.3-3]: by the client identifier, and so over a cut and a takeover; messages of the host
/// and wills of others are nobody's own.
#[test]
fn no_local_is_of_the_client_and_not_of_the_connection() {
    let mut scenario = Scenario::new();
    let kept = lasting(V5, "a");
    let peer = scenario.join_with(&kept);
    let no_local = SubscriptionOptions { qos: QoS::AtLeastOnce, no_local: true, ..SubscriptionOptions::default() };
    scenario.subscribe_with(peer, "t", no_local, None);
    scenario.publish(peer, "t", "own", QoS::AtLeastOnce);
    let peer = scenario.join_with(&kept);
    assert_eq!(scenario.publish(peer, "t", "own again", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    scenario.broker.publish(message("t", "host"), scenario.now);
    scenario.drain();
    assert_eq!(scenario.hear(peer), ["t=host q0"]);
}

/// [MQTT-3.2.2-9], [MQTT-3.2.2-10]: the maximum is granted.
#[test]
fn below_qos_2_every_subscription_is_taken_all_the_same() {
    for (maximum, told) in [(QoS::AtMostOnce, "MaximumQoS(false)"), (QoS::AtLeastOnce, "MaximumQoS(true)")] {
        let mut scenario = Scenario::with(BrokerOptions { maximum_qos: maximum, ..BrokerOptions::default() });
        let peer = scenario.connect(&connect(V5, "a"));
        assert!(scenario.hear(peer)[0].contains(told));
        for qos in QOS {
            let granted = qos.min(maximum).bits();
            assert_eq!(scenario.subscribe(peer, "t", qos), [format!("SUBACK #100 0{granted}")]);
        }
    }
}

/// [3.1.1 MQTT-3.9.3-2]: every failure is 0x80, whatever it would be called in 5.0.
#[test]
fn a_failure_has_one_code_in_3_1_1() {
    let mut scenario =
        Scenario::with(BrokerOptions { subscriptions_max: 1, topic_levels_max: 2, ..BrokerOptions::default() });
    let peer = scenario.join(Version::V3_1_1, "a");
    for (filter, code) in [("a", "00"), ("b", "80"), ("a/b/c", "80"), ("$share//a", "80")] {
        assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), [format!("SUBACK #100 {code}")], "{filter}");
    }
}

/// [MQTT-3.9.2-1], [MQTT-3.11.2-1]: with one byte less than the answer with its words has, it goes
/// without them.
#[test]
fn an_answer_goes_without_a_reason_string_that_does_not_fit() {
    let asks: [fn(&mut Scenario, PeerId) -> Vec<String>; 2] = [
        |scenario, peer| scenario.subscribe(peer, "a/b/c", QoS::AtMostOnce),
        |scenario, peer| scenario.unsubscribe(peer, "a/b/c"),
    ];
    for (ask, answer) in asks.into_iter().zip(["SUBACK #100 8F", "UNSUBACK #101 8F"]) {
        let at = |bytes_max: usize| {
            let bytes_max = u32::try_from(bytes_max).expect("small");
            let list = properties(&[wasmqtt::codec::Property::MaximumPacketSize(bytes_max)]);
            let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 2, ..BrokerOptions::default() });
            let plain = connect(V5, "a");
            let peer = scenario.join_with(&wasmqtt::codec::Connect { properties: list.as_properties(), ..plain });
            scenario.reason_strings(peer);
            assert_eq!(ask(&mut scenario, peer), [answer]);
            scenario.reason_strings(peer).concat()
        };
        let words = at(1_000);
        // The answer without words is 6 bytes; the words take 3 more than their length.
        let whole = 6 + 3 + words.len();
        assert_eq!((at(whole), at(whole - 1)), (words, String::new()));
    }
}
