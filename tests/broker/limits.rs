//! Limits of the broker: each has a defined answer.

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Connect, Packet, Properties, QoS, Subscribe, Subscription, SubscriptionOptions};

use crate::support::packets::{V4, V5, connect, id, will};
use crate::support::scenario::Scenario;

#[test]
fn connections_and_sessions_are_bounded() {
    let mut scenario =
        Scenario::with(BrokerOptions { connections_max: 2, sessions_max: 1, ..BrokerOptions::default() });
    let first = scenario.join_with(&Connect { clean_start: false, ..connect(V4, "a") });
    let (old, rows) = (scenario.connect(&connect(V4, "b")), ["CONNACK 88"]);
    assert_eq!(scenario.hear(old), rows, "3.1.1 knows no quota, so the server is unavailable");
    let new = scenario.connect(&connect(V5, "b"));
    assert_eq!(scenario.hear(new), ["CONNACK 97"]);
    let waiting = scenario.open(V5);
    let too_many = scenario.open(V5);
    assert!(scenario.is_closed(too_many) && !scenario.is_closed(waiting));
    scenario.cut(first);
    // The session is there, and so its client may come.
    scenario.join_with(&Connect { clean_start: false, ..connect(V4, "a") });
}

#[test]
fn topic_levels_are_bounded() {
    let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
    let peer = scenario.join(V5, "a");
    let rows = [("a/b/c", "00"), ("a/b/c/d", "8F"), ("///", "8F"), ("//", "00"), ("$share/g/a/b/c", "00")];
    for (filter, reason) in rows {
        assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), [format!("SUBACK #100 {reason}")], "{filter}");
    }
    assert_eq!(scenario.publish(peer, "x/y/z", "", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    assert_eq!(scenario.publish(peer, "x/y/z/w", "", QoS::AtLeastOnce), ["DISCONNECT 90"]);
    for (topic, heard) in [("x/y/z", "CONNACK ok"), ("x/y/z/w", "CONNACK 90")] {
        let peer = scenario.connect(&Connect { will: Some(will(topic, "", QoS::AtMostOnce)), ..connect(V5, "a") });
        assert!(scenario.hear(peer)[0].starts_with(heard), "{topic}");
    }
}

#[test]
fn the_filters_of_a_client_are_bounded_together() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    let long = |number| format!("{number:02}{}", "x".repeat(65_533));
    for number in 0..16 {
        assert_eq!(scenario.subscribe(peer, &long(number), QoS::AtMostOnce), ["SUBACK #100 00"]);
    }
    assert_eq!(scenario.subscribe(peer, &long(16), QoS::AtMostOnce), ["SUBACK #100 97"]);
    assert_eq!(scenario.subscribe(peer, &long(3), QoS::AtMostOnce), ["SUBACK #100 00"], "it has that");
    scenario.unsubscribe(peer, &long(5));
    assert_eq!(scenario.subscribe(peer, &long(16), QoS::AtMostOnce), ["SUBACK #100 00"]);
}

/// One SUBSCRIBE that repeats a filter cannot multiply the retained messages without bound.
#[test]
fn a_long_subscribe_is_bounded() {
    let mut scenario = Scenario::with(BrokerOptions { subscriptions_max: 10, ..BrokerOptions::default() });
    let peer = scenario.join(V5, "a");
    scenario.retain(peer, "t", "x", QoS::AtMostOnce);
    let subscriptions = vec![Subscription { filter: "#", options: SubscriptionOptions::default() }; 1000];
    scenario
        .send(peer, &Packet::Subscribe(Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions }));
    let heard = scenario.hear(peer);
    assert_eq!(heard.len(), 2, "SUBACK, and the message once: the filter that comes again begins anew");
    assert!(heard[0].ends_with(" 00 97 97 97") || heard[0].ends_with("97 97"));
}

/// A topic keeps no message that was to be replaced: a late subscriber would take it for the last
/// one.
#[test]
fn a_retained_message_that_does_not_fit_removes_the_former_one() {
    for (retained_bytes, kept) in [(8, vec![]), (100, vec!["t=new, and longer q0 retain"])] {
        let mut scenario = Scenario::with(BrokerOptions { retained_bytes, ..BrokerOptions::default() });
        let peer = scenario.join(V5, "a");
        scenario.retain(peer, "t", "old", QoS::AtMostOnce);
        assert_eq!(scenario.broker.retained().count(), 1);
        scenario.retain(peer, "t", "new, and longer", QoS::AtMostOnce);
        assert_eq!(scenario.subscribe(peer, "#", QoS::AtMostOnce)[1..], kept);
        assert_eq!(scenario.broker.counters().dropped, u64::from(kept.is_empty()));
    }
}

#[test]
fn the_bytes_that_wait_for_a_peer_in_a_turn_are_bounded() {
    let mut scenario = Scenario::with(BrokerOptions { transmit_bytes_max: 100, ..BrokerOptions::default() });
    let (publisher, subscriber) = (scenario.join(V4, "p"), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
    let one = b"\x30\x17\x00\x01taaaaabbbbbcccccddddd";
    scenario.send_bytes(publisher, &one.repeat(10));
    assert_eq!(scenario.hear(subscriber).len(), 4);
    assert_eq!(scenario.broker.counters().dropped, 6);
    scenario.send_bytes(publisher, one);
    assert_eq!(scenario.hear(subscriber).len(), 1);
}

#[test]
fn no_event_is_made_while_nobody_listens() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    scenario.subscribe(peer, "t", QoS::AtMostOnce);
    scenario.publish(peer, "t", "x", QoS::AtMostOnce);
    assert!(scenario.events.is_empty());
    assert_eq!((scenario.broker.counters().published, scenario.broker.counters().delivered), (1, 1));
}
