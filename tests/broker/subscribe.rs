//! SUBSCRIBE, UNSUBSCRIBE and retained messages.

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{
    Packet, Properties, Property, Publish, QoS, RetainHandling, Subscribe, Subscription, SubscriptionOptions,
};

use crate::support::packets::{V4, V5, connect, id, properties, publish};
use crate::support::scenario::Scenario;

/// [MQTT-3.8.4-5], [MQTT-3.8.4-6], [MQTT-3.9.3-1]: a reason for each, in order; 3.1.1 has one
/// failure alone.
#[test]
fn each_filter_gets_its_own_reason() {
    for (version, expected) in [(V4, "SUBACK #4 01 80 80 02"), (V5, "SUBACK #4 01 8F 97 02")] {
        let options = BrokerOptions { subscriptions_max: 4, topic_levels_max: 2, ..BrokerOptions::default() };
        let mut scenario = Scenario::with(options);
        let peer = scenario.join(version, "a");
        for filter in ["1", "2", "3"] {
            scenario.subscribe(peer, filter, QoS::AtMostOnce);
        }
        let subscribe = |rows: &[(&'static str, QoS)]| Subscribe {
            packet_id: id(4),
            properties: Properties::EMPTY,
            subscriptions: rows
                .iter()
                .map(|(filter, qos)| Subscription {
                    filter,
                    options: SubscriptionOptions { qos: *qos, ..Default::default() },
                })
                .collect(),
        };
        let rows = [
            ("a/b", QoS::AtLeastOnce),
            ("a/b/#", QoS::AtLeastOnce),
            ("one/more", QoS::AtMostOnce),
            ("1", QoS::ExactlyOnce),
        ];
        scenario.send(peer, &Packet::Subscribe(subscribe(&rows)));
        assert_eq!(scenario.hear(peer), [expected]);
        let session = scenario.broker.sessions().next().expect("connected");
        let filters: Vec<_> = session.subscriptions.iter().map(|(filter, qos)| (*filter, qos.bits())).collect();
        assert_eq!(filters, [("1", 2), ("2", 0), ("3", 0), ("a/b", 1)]);
        assert_eq!(scenario.broker.subscriptions(), 4);
    }
}

/// [MQTT-3.10.4-1], [MQTT-3.11.3-1].
#[test]
fn unsubscribing_ends_delivery_and_tells_what_there_was() {
    for (version, answers) in [(V4, ["", "", ""]), (V5, ["00", "11", "8F"])] {
        let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 2, ..BrokerOptions::default() });
        let peer = scenario.join(version, "a");
        scenario.subscribe(peer, "t", QoS::AtMostOnce);
        assert_eq!(scenario.publish(peer, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
        for (filter, answer) in ["t", "t", "a/b/#"].into_iter().zip(answers) {
            assert_eq!(scenario.unsubscribe(peer, filter), [format!("UNSUBACK #101 {answer}")]);
        }
        assert!(scenario.publish(peer, "t", "x", QoS::AtMostOnce).is_empty());
        assert_eq!(scenario.broker.subscriptions(), 0);
    }
}

/// [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-7], [MQTT-3.3.1-8].
#[test]
fn the_last_retained_message_of_a_topic_greets_a_new_subscriber() {
    let mut scenario = Scenario::new();
    let (publisher, before) = (scenario.join(V4, "p"), scenario.join(V5, "before"));
    scenario.subscribe(before, "#", QoS::AtLeastOnce);
    scenario.retain(publisher, "a/b", "old", QoS::AtLeastOnce);
    scenario.retain(publisher, "a/b", "new", QoS::AtLeastOnce);
    scenario.publish(publisher, "a/b", "not retained", QoS::AtLeastOnce);
    scenario.retain(publisher, "a", "zero", QoS::AtMostOnce);
    for version in [V4, V5] {
        let peer = scenario.join(version, "after");
        assert_eq!(
            scenario.subscribe(peer, "a/#", QoS::AtLeastOnce),
            ["SUBACK #100 01", "a=zero q0 retain", "a/b=new q1 #1 retain"]
        );
        assert_eq!(
            scenario.subscribe(peer, "a/#", QoS::AtMostOnce),
            ["SUBACK #100 00", "a=zero q0 retain", "a/b=new q0 retain"]
        );
    }
    scenario.hear(before);
    scenario.retain(publisher, "a/b", "", QoS::AtLeastOnce);
    assert_eq!(scenario.hear(before).len(), 1, "an empty message is delivered, and not kept");
    let peer = scenario.join(V4, "late");
    assert_eq!(scenario.subscribe(peer, "#", QoS::AtLeastOnce), ["SUBACK #100 01", "a=zero q0 retain"]);
}

/// [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11].
#[test]
fn retain_handling_says_when_retained_messages_come() {
    let rows =
        [(RetainHandling::Send, [1, 1]), (RetainHandling::SendIfNew, [1, 0]), (RetainHandling::DoNotSend, [0, 0])];
    for (retain_handling, counts) in rows {
        let mut scenario = Scenario::new();
        let peer = scenario.join(V5, "a");
        scenario.retain(peer, "t", "x", QoS::AtMostOnce);
        let options = SubscriptionOptions { retain_handling, ..SubscriptionOptions::default() };
        for count in counts {
            let heard = scenario.subscribe_with(peer, "t", options, Some(5));
            assert_eq!(heard.len() - 1, count, "{retain_handling:?}: {heard:?}");
            assert!(heard.iter().skip(1).all(|line| line == "t=x q0 retain SubscriptionIdentifier(5)"));
        }
    }
}

/// [MQTT-4.7.2-1].
#[test]
fn wildcards_leave_dollar_topics_alone() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V4, "a");
    scenario.retain(peer, "$a/b", "x", QoS::AtMostOnce);
    assert_eq!(scenario.subscribe(peer, "#", QoS::AtMostOnce).len(), 1);
    assert_eq!(scenario.subscribe(peer, "$a/+", QoS::AtMostOnce).len(), 2);
    assert_eq!(scenario.publish(peer, "$a/c", "y", QoS::AtMostOnce), ["$a/c=y q0"]);
}

#[test]
fn retained_messages_are_bounded_and_delivered_all_the_same() {
    let mut scenario = Scenario::with(BrokerOptions { retained_messages: 2, ..BrokerOptions::default() });
    let peer = scenario.join(V4, "a");
    scenario.subscribe(peer, "#", QoS::AtMostOnce);
    for topic in ["1", "2", "3"] {
        assert_eq!(scenario.retain(peer, topic, "x", QoS::AtMostOnce).len(), 1);
    }
    assert_eq!(scenario.broker.retained().count(), 2);
    assert_eq!(scenario.broker.counters().dropped, 1);
}

fn retain_for(scenario: &mut Scenario, peer: wasmqtt::broker::PeerId, topic: &str, seconds: u32) {
    let list = properties(&[Property::MessageExpiryInterval(seconds)]);
    let publish = publish(topic, "x", QoS::AtMostOnce);
    scenario.publish_with(peer, Publish { retain: true, properties: list.as_properties(), ..publish });
}

/// [MQTT-3.3.2-5]: neither sent, nor listed, nor counted as dropped, at the very second it is over.
#[test]
fn an_expired_retained_message_is_forgotten() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    for (topic, seconds) in [("a", 10), ("b", 20), ("c", 0)] {
        retain_for(&mut scenario, peer, topic, seconds);
    }
    scenario.retain(peer, "d", "x", QoS::AtMostOnce);
    let rows = [
        (0, vec!["a", "b", "c", "d"]),
        (9_999, vec!["a", "b", "d"]),
        (1, vec!["b", "d"]),
        (9_999, vec!["b", "d"]),
        (1, vec!["d"]),
    ];
    for (waited, expected) in rows {
        scenario.wait_ms(waited);
        let heard = scenario.subscribe(peer, "#", QoS::AtLeastOnce);
        let topics: Vec<_> = heard[1..].iter().filter_map(|line| line.split('=').next()).collect();
        assert_eq!(topics, expected);
        assert_eq!(scenario.broker.retained().map(|message| message.topic.as_str()).collect::<Vec<_>>(), expected);
    }
    assert_eq!(scenario.broker.counters().dropped, 0);
}

/// A list needs no subscriber to leave out what is over.
#[test]
fn an_expired_retained_message_is_not_listed() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    retain_for(&mut scenario, peer, "a", 10);
    for (waited, listed) in [(9_999, 1), (1, 0)] {
        scenario.wait_ms(waited);
        scenario.send(peer, &Packet::Pingreq);
        assert_eq!(scenario.broker.retained().count(), listed);
    }
}

#[test]
fn expired_retained_messages_make_room() {
    let bounds = [
        BrokerOptions { retained_messages: 2, ..BrokerOptions::default() },
        // One byte of topic, one of payload, five of property.
        BrokerOptions { retained_bytes: 14, ..BrokerOptions::default() },
    ];
    for options in bounds {
        let mut scenario = Scenario::with(options);
        let peer = scenario.join(V5, "a");
        retain_for(&mut scenario, peer, "a", 10);
        retain_for(&mut scenario, peer, "b", 20);
        for (waited, topic, kept, dropped) in [
            (9_999, "c", ["a", "b"], 1),
            (1, "d", ["b", "d"], 1),
            (0, "e", ["b", "d"], 2),
            (10_000, "f", ["d", "f"], 2),
        ] {
            scenario.wait_ms(waited);
            retain_for(&mut scenario, peer, topic, 60);
            assert_eq!(scenario.broker.retained().map(|message| message.topic.as_str()).collect::<Vec<_>>(), kept);
            assert_eq!(scenario.broker.counters().dropped, dropped);
        }
    }
}

/// [MQTT-3.2.2-9], [MQTT-3.2.2-10], [MQTT-3.2.2-11], [MQTT-3.2.2-14].
#[test]
fn what_connack_excludes_is_refused() {
    let options = BrokerOptions { maximum_qos: QoS::AtLeastOnce, retain_available: false, ..BrokerOptions::default() };
    let rows = [
        (publish("t", "x", QoS::ExactlyOnce), "DISCONNECT 9B"),
        (Publish { retain: true, ..publish("t", "x", QoS::AtMostOnce) }, "DISCONNECT 9A"),
    ];
    for (row, expected) in rows {
        let mut scenario = Scenario::with(options.clone());
        let peer = scenario.connect(&connect(V5, "a"));
        assert_eq!(
            scenario.hear(peer),
            ["CONNACK ok MaximumQoS(true) RetainAvailable(false) MaximumPacketSize(1048576) TopicAliasMaximum(16)"]
        );
        assert_eq!(scenario.subscribe(peer, "t", QoS::ExactlyOnce), ["SUBACK #100 01"]);
        scenario.send(peer, &Packet::Publish(row));
        assert_eq!(scenario.hear(peer), [expected]);
        assert!(scenario.is_closed(peer));
    }
}
