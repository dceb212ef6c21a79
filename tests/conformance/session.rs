//! The session's state: its parts, and its life (§4.1, §4.5; 3.1.1 likewise).

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Connect, Disconnect, Packet, Property, QoS, ReasonCode};

use crate::support::packets::{BOTH, QOS, V4, V5, connect, lasting, properties, pubcomp, publish, pubrec, pubrel};
use crate::support::scenario::Scenario;

/// [MQTT-4.1.0-1], [MQTT-3.1.2-5], [MQTT-3.1.2-6], [MQTT-3.1.4-4], [3.1.1 MQTT-4.1.0-1],
/// [3.1.1 MQTT-3.1.2-4], [3.1.1 MQTT-3.1.4-3]: subscriptions with their options, what waits, what
/// is half sent and what is half received.
#[test]
fn all_of_a_session_is_there_when_its_client_comes_back() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let (peer, other) = (scenario.connect(&lasting(version, "a")), scenario.join(V5, "other"));
        assert!(!scenario.hear(peer)[0].contains("present"));
        scenario.subscribe(peer, "t", QoS::ExactlyOnce);
        scenario.subscribe(peer, "u", QoS::AtMostOnce);
        scenario.subscribe(other, "out", QoS::AtMostOnce);
        scenario.publish(other, "t", "half sent", QoS::ExactlyOnce);
        scenario.publish(other, "t", "released", QoS::ExactlyOnce);
        scenario.send(peer, &pubrec(2));
        scenario.send(peer, &Packet::Publish(publish("out", "half received", QoS::ExactlyOnce)));
        assert_eq!(scenario.hear(other), ["out=half received q0"]);
        scenario.hear(peer);
        scenario.cut(peer);
        scenario.publish(other, "t", "waits", QoS::AtLeastOnce);
        scenario.publish(other, "u", "is not kept", QoS::ExactlyOnce);
        let peer = scenario.connect(&lasting(version, "a"));
        let heard = scenario.hear(peer);
        assert!(heard[0].starts_with("CONNACK ok present"));
        assert_eq!(heard[1..], ["PUBREL #2 ok", "t=half sent q2 #1 dup", "t=waits q1 #3"], "{version:?}");
        scenario.send(peer, &Packet::Publish(publish("out", "half received", QoS::ExactlyOnce)));
        scenario.send(peer, &pubrel(9));
        assert_eq!(scenario.hear(peer)[1], "PUBCOMP #9 ok");
        assert!(scenario.hear(other).is_empty(), "it was received before");
        scenario.publish(other, "u", "comes", QoS::ExactlyOnce);
        assert_eq!(scenario.hear(peer), ["u=comes q0"]);
    }
}

/// [MQTT-4.1.0-1], [3.1.1 MQTT-4.1.0-2]: a connection that lasts longer than the expiry interval
/// keeps its session, the first one and one that came back to it.
#[test]
fn a_session_lasts_at_least_as_long_as_its_connection() {
    for version in BOTH {
        let list = properties(&[Property::SessionExpiryInterval(1)]);
        let properties = if version == V5 { list.as_properties() } else { wasmqtt::codec::Properties::EMPTY };
        let mut scenario = Scenario::with(BrokerOptions { session_expiry_max: 1, ..BrokerOptions::default() });
        let kept = Connect { clean_start: false, properties, ..connect(version, "a") };
        let mut peer = scenario.join_with(&kept);
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        for _ in 0..2 {
            scenario.wait_ms(1_000_000);
            assert_eq!(scenario.publish(peer, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
            assert_eq!(scenario.sessions(), ["a"]);
            scenario.cut(peer);
            scenario.wait_ms(999);
            peer = scenario.connect(&kept);
            assert!(scenario.hear(peer)[0].starts_with("CONNACK ok present"));
        }
    }
}

/// [MQTT-4.1.0-2], [MQTT-3.1.2-23], [3.1.1 MQTT-3.1.2-6]: its subscriptions and what waited in it
/// go too, and another of the name begins anew.
#[test]
fn a_session_is_gone_when_its_time_is_over() {
    let list = properties(&[Property::SessionExpiryInterval(10)]);
    let rows = [
        (Connect { properties: list.as_properties(), ..connect(V5, "a") }, 10),
        (connect(V5, "a"), 0),
        (connect(V4, "a"), 0),
    ];
    for (row, seconds) in rows {
        let mut scenario = Scenario::new();
        let (peer, other) = (scenario.join_with(&row), scenario.join(V5, "other"));
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.cut(peer);
        if seconds > 0 {
            scenario.wait_ms(seconds * 1000 - 1);
            assert_eq!(scenario.publish(other, "t", "waits", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
            scenario.wait_ms(1);
        }
        assert_eq!(scenario.sessions(), ["other"]);
        assert_eq!(scenario.broker.subscriptions(), 0);
        assert_eq!(scenario.publish(other, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
        let again = scenario.connect(&Connect { clean_start: false, ..row.clone() });
        let heard = scenario.hear(again);
        assert!(heard.len() == 1 && !heard[0].contains("present"), "{heard:?}");
    }
}

/// [MQTT-3.1.2-23], [3.1.1 MQTT-4.1.0-1]: 0xFFFFFFFF is for ever (§3.1.2.11.2), and one less is 136
/// years.
#[test]
fn a_session_may_stay_for_ever() {
    let longest = u64::from(u32::MAX) * 1_000;
    let list = properties(&[Property::SessionExpiryInterval(u32::MAX - 1)]);
    let long = Connect { properties: list.as_properties(), ..lasting(V5, "long") };
    let mut scenario = Scenario::new();
    for connect in [lasting(V4, "old"), lasting(V5, "new"), long] {
        let peer = scenario.join_with(&connect);
        scenario.cut(peer);
    }
    scenario.wait_ms(longest - 1_001);
    assert_eq!(scenario.sessions(), ["long", "new", "old"]);
    scenario.wait_ms(1);
    assert_eq!(scenario.sessions(), ["new", "old"]);
    scenario.wait_ms(longest);
    for (version, name) in [(V4, "old"), (V5, "new")] {
        let peer = scenario.connect(&lasting(version, name));
        assert!(scenario.hear(peer)[0].starts_with("CONNACK ok present"));
    }
}

/// [MQTT-4.5.0-1], [3.1.1 MQTT-4.5.0-1], [3.1.1 MQTT-3.1.2-5]: each that matches, connected or not,
/// once, and no other.
#[test]
fn a_message_joins_every_session_that_subscribes_to_it() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let publisher = scenario.join(version, "p");
        let names = ["here", "away", "elsewhere"];
        let peers = names.map(|name| scenario.join_with(&lasting(version, name)));
        for (peer, filter) in peers.into_iter().zip(["t/#", "+/x", "other"]) {
            scenario.subscribe(peer, filter, QoS::AtLeastOnce);
        }
        scenario.cut(peers[1]);
        scenario.publish(publisher, "t/x", "1", QoS::AtLeastOnce);
        scenario.publish(publisher, "t/x", "2", QoS::ExactlyOnce);
        assert_eq!(scenario.hear(peers[0]), ["t/x=1 q1 #1", "t/x=2 q1 #2"]);
        assert!(scenario.hear(peers[2]).is_empty());
        let away = scenario.connect(&lasting(version, "away"));
        assert_eq!(scenario.hear(away)[1..], ["t/x=1 q1 #1", "t/x=2 q1 #2"]);
    }
}

/// [MQTT-3.1.2-4], [MQTT-3.1.4-4], [3.1.1 MQTT-3.1.2-6], [3.1.1 MQTT-3.1.4-3]: also of the
/// connection that is taken over.
#[test]
fn a_clean_start_discards_all_of_the_session() {
    for version in BOTH {
        for connected in [false, true] {
            let mut scenario = Scenario::new();
            let (peer, other) = (scenario.join_with(&lasting(version, "a")), scenario.join(V5, "other"));
            scenario.subscribe(peer, "t", QoS::ExactlyOnce);
            scenario.subscribe(other, "out", QoS::AtMostOnce);
            scenario.publish(other, "t", "x", QoS::ExactlyOnce);
            scenario.send(peer, &Packet::Publish(publish("out", "1", QoS::ExactlyOnce)));
            if !connected {
                scenario.cut(peer);
            }
            let clean = Connect { clean_start: true, ..lasting(version, "a") };
            let peer = scenario.connect(&clean);
            let heard = scenario.hear(peer);
            assert!(heard.len() == 1 && !heard[0].contains("present"), "{heard:?}");
            assert_eq!(scenario.broker.subscriptions(), 1, "the other's");
            scenario.send(peer, &pubcomp(1));
            scenario.send(peer, &Packet::Publish(publish("out", "2", QoS::ExactlyOnce)));
            assert_eq!(scenario.hear(other), ["out=1 q0", "out=2 q0"], "an identifier of the old session is free");
        }
    }
}

/// [MQTT-3.1.4-3], [3.1.1 MQTT-3.1.4-2]: whichever version comes, and whichever was there.
#[test]
fn a_second_connection_ends_the_first() {
    for (first, second) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
        let mut scenario = Scenario::new();
        let old = scenario.join_with(&lasting(first, "a"));
        scenario.subscribe(old, "t", QoS::AtLeastOnce);
        let new = scenario.connect(&lasting(second, "a"));
        assert!(scenario.is_closed(old));
        assert_eq!(scenario.hear(old), if first == V5 { vec!["DISCONNECT 8E"] } else { vec![] });
        assert!(scenario.hear(new)[0].starts_with("CONNACK ok present"));
        assert_eq!(scenario.publish(new, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
        assert_eq!(scenario.broker.connections(), 1);
    }
}

/// §3.14.2.2.2: within what the broker allows, and never from 0 to more; 3.1.1 has no such thing.
#[test]
fn disconnect_may_change_how_long_the_session_stays() {
    let interval = |seconds| properties(&[Property::SessionExpiryInterval(seconds)]);
    for (asked, changed, stays) in [(10, 20, 20), (10, 5, 5), (10, 0, 0), (10, 1_000, 60), (0, 0, 0)] {
        let mut scenario = Scenario::with(BrokerOptions { session_expiry_max: 60, ..BrokerOptions::default() });
        let list = interval(asked);
        let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        let list = interval(changed);
        let goodbye = Disconnect { reason: ReasonCode::Success, properties: list.as_properties() };
        scenario.send(peer, &Packet::Disconnect(goodbye));
        for waited in 0..=stays {
            assert_eq!(scenario.sessions().len(), usize::from(waited < stays), "{asked} {changed} {waited}");
            scenario.wait_ms(1_000);
        }
    }
}

/// The two versions share a session: properties are kept for who understands them (§4.1).
#[test]
fn a_session_goes_from_one_version_to_the_other() {
    for qos in QOS[1..].iter().copied() {
        let mut scenario = Scenario::new();
        let old = scenario.join_with(&lasting(V4, "a"));
        scenario.subscribe(old, "t", qos);
        scenario.cut(old);
        let other = scenario.join(V5, "other");
        let list = properties(&[Property::ContentType("x")]);
        let message = publish("t", "waits", qos);
        scenario.publish_with(other, wasmqtt::codec::Publish { properties: list.as_properties(), ..message });
        let new = scenario.connect(&lasting(V5, "a"));
        let line = format!("t=waits q{} #1", qos.bits());
        assert_eq!(scenario.hear(new)[1..], [format!("{line} ContentType(\"x\")")]);
        scenario.cut(new);
        let old = scenario.connect(&lasting(V4, "a"));
        assert_eq!(scenario.hear(old)[1..], [format!("{line} dup")]);
    }
}
