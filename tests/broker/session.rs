//! Sessions across connections: present or not, their expiry, and the messages that waited in them.

use wasmqtt::broker::{BrokerOptions, DropCause, QueueOverflow};
use wasmqtt::codec::{Ack, Connect, Disconnect, Packet, Properties, Property, QoS, ReasonCode};

use crate::support::packets::{V4, V5, connect, id, properties, publish, will};
use crate::support::scenario::Scenario;

/// [MQTT-3.1.2-4], [MQTT-3.1.2-5], [MQTT-3.1.2-6], [MQTT-3.2.2-3]; in 3.1.1 clean session is start
/// and end in one.
#[test]
fn a_session_is_present_if_it_was_kept_and_is_asked_for() {
    let long = properties(&[Property::SessionExpiryInterval(1_000)]);
    let kept = |version| match version {
        V4 => Connect { clean_start: false, ..connect(V4, "a") },
        V5 => Connect { properties: long.as_properties(), ..connect(V5, "a") },
    };
    let resume = |version| Connect { clean_start: false, ..connect(version, "a") };
    let rows = [
        (kept(V4), resume(V4), true),
        (kept(V4), resume(V5), true),
        (kept(V5), resume(V4), true),
        (kept(V5), resume(V5), true),
        (connect(V4, "a"), resume(V4), false),
        (connect(V5, "a"), resume(V5), false),
        (kept(V4), connect(V4, "a"), false),
        (kept(V5), connect(V5, "a"), false),
    ];
    for (first, second, present) in rows {
        let mut scenario = Scenario::new();
        let peer = scenario.connect(&first);
        assert!(!scenario.hear(peer)[0].contains("present"), "{first:?}");
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.cut(peer);
        let peer = scenario.connect(&second);
        assert_eq!(scenario.hear(peer)[0].contains("present"), present, "{first:?} {second:?}");
        let answers = scenario.publish(peer, "t", "x", QoS::AtMostOnce);
        assert_eq!(answers.len(), usize::from(present), "a subscription is part of the session: {answers:?}");
    }
}

/// §3.1.2.11.2, and [MQTT-3.1.2-23]: what a DISCONNECT says counts; never from 0 to more
/// (§3.14.2.2.2).
#[test]
fn a_session_ends_its_expiry_interval_after_the_connection() {
    let interval = |seconds| properties(&[Property::SessionExpiryInterval(seconds)]);
    let rows = [(Some(10), None, 10), (Some(10), Some(20), 20), (Some(10), Some(0), 0), (None, None, 0)];
    for (asked, changed, seconds) in rows {
        let mut scenario = Scenario::new();
        let list = asked.map(interval).unwrap_or_default();
        let peer = scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        let list = changed.map(interval).unwrap_or_default();
        let disconnect = Disconnect { reason: ReasonCode::Success, properties: list.as_properties() };
        scenario.send(peer, &Packet::Disconnect(disconnect));
        assert!(scenario.is_closed(peer));
        if seconds > 0 {
            scenario.wait_ms(seconds * 1000 - 1);
            assert_eq!(scenario.sessions(), ["a"], "{asked:?} {changed:?}");
            scenario.wait_ms(1);
        }
        assert!(scenario.sessions().is_empty(), "{asked:?} {changed:?}");
        assert_eq!(scenario.broker.next_deadline(), None);
    }
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    let list = interval(5);
    let disconnect = Disconnect { reason: ReasonCode::Success, properties: list.as_properties() };
    scenario.send(peer, &Packet::Disconnect(disconnect));
    assert_eq!(scenario.hear(peer), ["DISCONNECT 82"]);
}

#[test]
fn an_expiry_above_the_maximum_is_cut_and_told() {
    let mut scenario = Scenario::with(BrokerOptions { session_expiry_max: 60, ..BrokerOptions::default() });
    let list = properties(&[Property::SessionExpiryInterval(u32::MAX)]);
    let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
    assert_eq!(
        scenario.hear(peer),
        ["CONNACK ok SessionExpiryInterval(60) MaximumPacketSize(1048576) TopicAliasMaximum(16)"]
    );
    scenario.cut(peer);
    scenario.wait_ms(60_000);
    assert!(scenario.sessions().is_empty());
}

#[test]
fn coming_back_stops_the_expiry() {
    let mut scenario = Scenario::new();
    let list = properties(&[Property::SessionExpiryInterval(10)]);
    let again = Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "a") };
    let peer = scenario.join_with(&again);
    scenario.cut(peer);
    scenario.wait_ms(9_000);
    let peer = scenario.join_with(&again);
    scenario.wait_ms(100_000);
    assert!(!scenario.is_closed(peer));
    assert_eq!(scenario.sessions(), ["a"]);
}

fn sleeper() -> Connect<'static> {
    Connect { clean_start: false, ..connect(V4, "sleeper") }
}

/// [MQTT-4.5.0-1]: QoS 1 and 2 wait, in order, QoS 0 does not.
#[test]
fn what_was_missed_waits_in_the_session() {
    let mut scenario = Scenario::new();
    let peer = scenario.join_with(&sleeper());
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    scenario.cut(peer);
    let other = scenario.join(V5, "other");
    for (payload, qos) in [("1", 1), ("2", 2), ("0", 0), ("3", 1)] {
        scenario.publish(other, "t", payload, crate::support::packets::QOS[qos]);
    }
    assert_eq!(scenario.broker.sessions().map(|session| session.queued).sum::<usize>(), 3);
    let peer = scenario.connect(&sleeper());
    assert_eq!(scenario.hear(peer), ["CONNACK ok present", "t=1 q1 #1", "t=2 q2 #2", "t=3 q1 #3"]);
    assert_eq!(scenario.frames(peer), 1, "a turn's packets share a frame");
}

/// [MQTT-4.4.0-1], [MQTT-3.3.1-1], [MQTT-4.6.0-1]: with DUP, in the same order, and PUBREL where
/// PUBREC had come.
#[test]
fn what_was_not_acknowledged_is_sent_again_on_resuming() {
    let mut scenario = Scenario::new();
    let peer = scenario.join_with(&sleeper());
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let other = scenario.join(V4, "other");
    for (payload, qos) in [("1", 1), ("2", 2), ("3", 2)] {
        scenario.publish(other, "t", payload, crate::support::packets::QOS[qos]);
    }
    assert_eq!(scenario.hear(peer), ["t=1 q1 #1", "t=2 q2 #2", "t=3 q2 #3"]);
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(2))));
    assert_eq!(scenario.hear(peer), ["PUBREL #2 ok"]);
    scenario.cut(peer);
    let peer = scenario.connect(&sleeper());
    assert_eq!(scenario.hear(peer), ["CONNACK ok present", "PUBREL #2 ok", "t=1 q1 #1 dup", "t=3 q2 #3 dup"]);
    for ack in [Packet::Puback(Ack::success(id(1))), Packet::Pubcomp(Ack::success(id(2)))] {
        scenario.send(peer, &ack);
    }
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(3))));
    scenario.send(peer, &Packet::Pubcomp(Ack::success(id(3))));
    assert_eq!(scenario.broker.sessions().map(|session| session.in_flight).sum::<usize>(), 0);
}

#[test]
fn a_full_queue_drops_what_the_option_says_and_counts_it() {
    for (overflow, kept) in [(QueueOverflow::DropNewest, ["1", "2"]), (QueueOverflow::DropOldest, ["3", "4"])] {
        let options =
            BrokerOptions { queue_messages: 2, queue_overflow: overflow, events: true, ..BrokerOptions::default() };
        let mut scenario = Scenario::with(options);
        let peer = scenario.join_with(&sleeper());
        scenario.subscribe(peer, "#", QoS::AtLeastOnce);
        scenario.cut(peer);
        let other = scenario.join(V4, "other");
        for payload in ["1", "2", "3", "4"] {
            assert_eq!(scenario.publish(other, "t", payload, QoS::AtLeastOnce), ["PUBACK #9 ok"]);
        }
        assert_eq!(scenario.broker.counters().dropped, 2);
        let dropped = scenario.events.iter().filter(|event| matches!(event, wasmqtt::broker::Event::Dropped { .. }));
        assert_eq!(dropped.count(), 2);
        let peer = scenario.connect(&sleeper());
        let expected = [format!("t={} q1 #1", kept[0]), format!("t={} q1 #2", kept[1])];
        assert_eq!(scenario.hear(peer)[1..], expected);
    }
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    let mut scenario = Scenario::with(BrokerOptions { queue_bytes: 10, ..BrokerOptions::default() });
    let peer = scenario.join_with(&sleeper());
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    scenario.cut(peer);
    let other = scenario.join(V4, "other");
    for payload in ["12345", "12345", "1234567890", ""] {
        scenario.publish(other, "t", payload, QoS::AtLeastOnce);
    }
    let session = scenario.broker.sessions().find(|session| session.client_id == "sleeper").expect("kept");
    assert_eq!((session.queued, session.queued_bytes), (2, 7));
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6].
#[test]
fn a_message_expires_while_it_waits_and_its_interval_counts_down() {
    let mut scenario = Scenario::new();
    let list = properties(&[Property::SessionExpiryInterval(1_000)]);
    let sleeper = Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "sleeper") };
    let peer = scenario.join_with(&sleeper);
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    scenario.cut(peer);
    let other = scenario.join(V5, "other");
    for (topic, seconds) in [("short", 5), ("long", 60)] {
        let list = properties(&[Property::MessageExpiryInterval(seconds), Property::ContentType("x")]);
        let publish = publish(topic, "", QoS::AtLeastOnce);
        let publish = wasmqtt::codec::Publish { retain: true, properties: list.as_properties(), ..publish };
        scenario.publish_with(other, publish);
    }
    scenario.wait_ms(10_000);
    let peer = scenario.connect(&sleeper);
    let expected = "long= q1 #2 ContentType(\"x\") MessageExpiryInterval(50)";
    assert_eq!(scenario.hear(peer)[1..], [expected]);
    let ack = Ack { packet_id: id(2), reason: ReasonCode::Success, properties: Properties::EMPTY };
    scenario.send(peer, &Packet::Puback(ack));
    assert_eq!(scenario.broker.sessions().map(|session| session.in_flight).sum::<usize>(), 0);
    assert_eq!(scenario.broker.counters().dropped, 1);
}

/// [MQTT-3.3.2-5]: also for a client of 3.1.1, which is not told of the interval.
#[test]
fn a_message_expires_while_it_waits_for_a_client_of_3_1_1() {
    let mut scenario = Scenario::new();
    let peer = scenario.join_with(&sleeper());
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    scenario.cut(peer);
    let other = scenario.join(V5, "other");
    for (payload, seconds) in [("short", 10), ("long", 11)] {
        let list = properties(&[Property::MessageExpiryInterval(seconds)]);
        let publish = publish("t", payload, QoS::AtLeastOnce);
        scenario.publish_with(other, wasmqtt::codec::Publish { properties: list.as_properties(), ..publish });
    }
    scenario.wait_ms(10_000);
    let peer = scenario.connect(&sleeper());
    assert_eq!(scenario.hear(peer)[1..], ["t=long q1 #2"]);
}

/// [MQTT-3.3.2-5], [MQTT-4.5.0-1]: an expired message takes no room from later ones, whatever a
/// full queue drops.
#[test]
fn expired_messages_make_room_in_the_queue() {
    for queue_overflow in [QueueOverflow::DropNewest, QueueOverflow::DropOldest, QueueOverflow::Disconnect] {
        let mut scenario =
            Scenario::with(BrokerOptions { queue_messages: 3, queue_overflow, ..BrokerOptions::default() });
        let peer = scenario.join_with(&sleeper());
        scenario.subscribe(peer, "#", QoS::AtLeastOnce);
        scenario.cut(peer);
        let other = scenario.join(V5, "other");
        for (payload, seconds) in [("1", 5), ("2", 5), ("3", 60)] {
            let list = properties(&[Property::MessageExpiryInterval(seconds)]);
            let publish = publish("t", payload, QoS::AtLeastOnce);
            scenario.publish_with(other, wasmqtt::codec::Publish { properties: list.as_properties(), ..publish });
        }
        scenario.wait_ms(5_000);
        for payload in ["4", "5"] {
            scenario.publish(other, "t", payload, QoS::AtLeastOnce);
        }
        let peer = scenario.connect(&sleeper());
        assert_eq!(scenario.hear(peer)[1..], ["t=3 q1 #1", "t=4 q1 #2", "t=5 q1 #3"], "{queue_overflow:?}");
        let counters = scenario.broker.counters();
        assert_eq!((counters.dropped, counters.dropped_for(DropCause::Expired)), (2, 2));
    }
}

/// [MQTT-4.4.0-1]: a message that was sent comes again though it has expired, since its receiver
/// may hold it. One that waited does not.
#[test]
fn a_message_in_flight_is_sent_again_though_it_has_expired() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = Scenario::new();
        let list = properties(&[Property::SessionExpiryInterval(1_000), Property::ReceiveMaximum(1)]);
        let sleeper = Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "sleeper") };
        let peer = scenario.join_with(&sleeper);
        scenario.subscribe(peer, "#", QoS::ExactlyOnce);
        let other = scenario.join(V5, "other");
        let list = properties(&[Property::MessageExpiryInterval(1)]);
        for payload in ["sent", "waits"] {
            let publish = publish("t", payload, qos);
            scenario.publish_with(other, wasmqtt::codec::Publish { properties: list.as_properties(), ..publish });
        }
        let bits = qos.bits();
        assert_eq!(scenario.hear(peer), [format!("t=sent q{bits} #1 MessageExpiryInterval(1)")]);
        scenario.cut(peer);
        scenario.wait_ms(5_000);
        let peer = scenario.connect(&sleeper);
        assert_eq!(scenario.hear(peer)[1..], [format!("t=sent q{bits} #1 dup MessageExpiryInterval(0)")]);
        assert_eq!(scenario.broker.counters().dropped, 0);
        if qos == QoS::ExactlyOnce {
            scenario.send(peer, &Packet::Pubrec(Ack::success(id(1))));
            scenario.send(peer, &Packet::Pubcomp(Ack::success(id(1))));
            assert_eq!(scenario.hear(peer), ["PUBREL #1 ok"]);
        } else {
            scenario.send(peer, &Packet::Puback(Ack::success(id(1))));
            assert!(scenario.hear(peer).is_empty());
        }
        assert_eq!(scenario.broker.sessions().map(|session| session.in_flight + session.queued).sum::<usize>(), 0);
        assert_eq!(scenario.broker.counters().dropped, 1, "what waited has expired");
    }
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]: PUBREL fits; the message does not, and is given up.
#[test]
fn a_client_that_comes_back_smaller_gets_what_fits() {
    let mut scenario = Scenario::new();
    let peer = scenario.join_with(&sleeper());
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let other = scenario.join(V4, "other");
    for payload in ["1 is far too large", "2 is far too large", "3"] {
        scenario.publish(other, "t", payload, QoS::ExactlyOnce);
    }
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(1))));
    scenario.cut(peer);
    let list = properties(&[Property::MaximumPacketSize(15)]);
    let peer =
        scenario.connect(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "sleeper") });
    // The client may have the second, and its identifier is in use until PUBCOMP (§4.3.3).
    assert_eq!(scenario.hear(peer)[1..], ["PUBREL #1 ok", "PUBREL #2 ok", "t=3 q2 #3 dup"]);
    assert_eq!(scenario.broker.counters().dropped, 1);
    let gauges = |scenario: &Scenario| scenario.broker.gauges(scenario.now).in_flight;
    assert_eq!(gauges(&scenario), 3);
    scenario.send(peer, &Packet::Pubcomp(Ack::new(id(2), ReasonCode::PacketIdentifierNotFound)));
    scenario.send(peer, &Packet::Pubcomp(Ack::success(id(1))));
    assert_eq!(gauges(&scenario), 1);
}

/// The Receive Maximum of the client is kept [MQTT-3.3.4-9], and the rest follows as it
/// acknowledges.
#[test]
fn no_more_is_in_flight_than_the_client_takes() {
    let mut scenario = Scenario::new();
    let list = properties(&[Property::ReceiveMaximum(2)]);
    let peer = scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    let other = scenario.join(V4, "other");
    for payload in ["1", "2", "3", "4"] {
        scenario.publish(other, "t", payload, QoS::AtLeastOnce);
    }
    assert_eq!(scenario.hear(peer), ["t=1 q1 #1", "t=2 q1 #2"]);
    scenario.send(peer, &Packet::Puback(Ack::success(id(2))));
    assert_eq!(scenario.hear(peer), ["t=3 q1 #3"]);
    scenario.send(peer, &Packet::Puback(Ack::success(id(1))));
    assert_eq!(scenario.hear(peer), ["t=4 q1 #4"]);
}

/// §3.14.2.2.2 is about what CONNECT asked for, and not about what was granted.
#[test]
fn a_client_that_was_granted_no_expiry_interval_may_ask_for_it_again() {
    let mut scenario = Scenario::with(BrokerOptions { session_expiry_max: 0, ..BrokerOptions::default() });
    let watcher = scenario.join(V5, "w");
    scenario.subscribe(watcher, "will", QoS::AtMostOnce);
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let properties = expiry.as_properties();
    let will = Some(will("will", "x", QoS::AtMostOnce));
    let peer = scenario.join_with(&Connect { properties, will, ..connect(V5, "a") });
    scenario.send(peer, &Packet::Disconnect(Disconnect { reason: ReasonCode::Success, properties }));
    assert!(scenario.is_closed(peer));
    assert_eq!((scenario.hear(peer), scenario.hear(watcher)), (vec![], vec![]));
}
