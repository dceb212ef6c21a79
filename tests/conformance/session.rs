//! The session's state: what is of it, and how long (§4.1, §4.5; 3.1.1 likewise).

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Connect, Disconnect, Packet, Property, QoS, ReasonCode};

use crate::room::{QOS, Room, V4, V5, connect, properties};
use crate::scene::{BOTH, lasting, pubcomp, pubrec, pubrel};

/// [MQTT-4.1.0-1], [MQTT-3.1.2-5], [MQTT-3.1.2-6], [MQTT-3.1.4-4], [3.1.1 MQTT-4.1.0-1], [3.1.1 MQTT-3.1.2-4],
/// [3.1.1 MQTT-3.1.4-3]: subscriptions with their options, what waits, what is half sent and what is half received.
#[test]
fn all_of_a_session_is_there_when_its_client_comes_back() {
    for version in BOTH {
        let mut room = Room::new();
        let (peer, other) = (room.connect(&lasting(version, "a")), room.join(V5, "other"));
        assert!(!room.hear(peer)[0].contains("present"));
        room.subscribe(peer, "t", QoS::ExactlyOnce);
        room.subscribe(peer, "u", QoS::AtMostOnce);
        room.subscribe(other, "out", QoS::AtMostOnce);
        room.publish(other, "t", "half sent", QoS::ExactlyOnce);
        room.publish(other, "t", "released", QoS::ExactlyOnce);
        room.send(peer, &pubrec(2));
        room.send(peer, &Packet::Publish(crate::room::publish("out", "half received", QoS::ExactlyOnce)));
        assert_eq!(room.hear(other), ["out=half received q0"]);
        room.hear(peer);
        room.cut(peer);
        room.publish(other, "t", "waits", QoS::AtLeastOnce);
        room.publish(other, "u", "is not kept", QoS::ExactlyOnce);
        let peer = room.connect(&lasting(version, "a"));
        let heard = room.hear(peer);
        assert!(heard[0].starts_with("CONNACK ok present"));
        assert_eq!(heard[1..], ["PUBREL #2 ok", "t=half sent q2 #1 dup", "t=waits q1 #3"], "{version:?}");
        room.send(peer, &Packet::Publish(crate::room::publish("out", "half received", QoS::ExactlyOnce)));
        room.send(peer, &pubrel(9));
        assert_eq!(room.hear(peer)[1], "PUBCOMP #9 ok");
        assert!(room.hear(other).is_empty(), "it was received before");
        room.publish(other, "u", "comes", QoS::ExactlyOnce);
        assert_eq!(room.hear(peer), ["u=comes q0"]);
    }
}

/// [MQTT-4.1.0-1], [3.1.1 MQTT-4.1.0-2]: a connection that lasts longer than the expiry interval keeps its session, the first
/// one and one that came back to it.
#[test]
fn a_session_lasts_at_least_as_long_as_its_connection() {
    for version in BOTH {
        let list = properties(&[Property::SessionExpiryInterval(1)]);
        let properties = if version == V5 { list.as_properties() } else { wasmqtt::codec::Properties::EMPTY };
        let mut room = Room::with(BrokerOptions { session_expiry_max: 1, ..BrokerOptions::default() });
        let kept = Connect { clean_start: false, properties, ..connect(version, "a") };
        let mut peer = room.join_with(&kept);
        room.subscribe(peer, "t", QoS::AtLeastOnce);
        for _ in 0..2 {
            room.wait_ms(1_000_000);
            assert_eq!(room.publish(peer, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
            assert_eq!(room.sessions(), ["a"]);
            room.cut(peer);
            room.wait_ms(999);
            peer = room.connect(&kept);
            assert!(room.hear(peer)[0].starts_with("CONNACK ok present"));
        }
    }
}

/// [MQTT-4.1.0-2], [MQTT-3.1.2-23], [3.1.1 MQTT-3.1.2-6]: its subscriptions and what waited in it go too, and another of the
/// name begins anew.
#[test]
fn a_session_is_gone_when_its_time_is_over() {
    let list = properties(&[Property::SessionExpiryInterval(10)]);
    let rows = [
        (Connect { properties: list.as_properties(), ..connect(V5, "a") }, 10),
        (connect(V5, "a"), 0),
        (connect(V4, "a"), 0),
    ];
    for (row, seconds) in rows {
        let mut room = Room::new();
        let (peer, other) = (room.join_with(&row), room.join(V5, "other"));
        room.subscribe(peer, "t", QoS::AtLeastOnce);
        room.cut(peer);
        if seconds > 0 {
            room.wait_ms(seconds * 1000 - 1);
            assert_eq!(room.publish(other, "t", "waits", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
            room.wait_ms(1);
        }
        assert_eq!(room.sessions(), ["other"]);
        assert_eq!(room.broker.subscriptions(), 0);
        assert_eq!(room.publish(other, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
        let again = room.connect(&Connect { clean_start: false, ..row.clone() });
        let heard = room.hear(again);
        assert!(heard.len() == 1 && !heard[0].contains("present"), "{heard:?}");
    }
}

/// [MQTT-3.1.2-23], [3.1.1 MQTT-4.1.0-1]: 0xFFFFFFFF is for ever (§3.1.2.11.2), and one less is 136 years.
#[test]
fn a_session_may_stay_for_ever() {
    let longest = u64::from(u32::MAX) * 1_000;
    let list = properties(&[Property::SessionExpiryInterval(u32::MAX - 1)]);
    let long = Connect { properties: list.as_properties(), ..lasting(V5, "long") };
    let mut room = Room::new();
    for connect in [lasting(V4, "old"), lasting(V5, "new"), long] {
        let peer = room.join_with(&connect);
        room.cut(peer);
    }
    room.wait_ms(longest - 1_001);
    assert_eq!(room.sessions(), ["long", "new", "old"]);
    room.wait_ms(1);
    assert_eq!(room.sessions(), ["new", "old"]);
    room.wait_ms(longest);
    for (version, name) in [(V4, "old"), (V5, "new")] {
        let peer = room.connect(&lasting(version, name));
        assert!(room.hear(peer)[0].starts_with("CONNACK ok present"));
    }
}

/// [MQTT-4.5.0-1], [3.1.1 MQTT-4.5.0-1], [3.1.1 MQTT-3.1.2-5]: each that matches, connected or not, once, and no other.
#[test]
fn a_message_joins_every_session_that_subscribes_to_it() {
    for version in BOTH {
        let mut room = Room::new();
        let publisher = room.join(version, "p");
        let names = ["here", "away", "elsewhere"];
        let peers = names.map(|name| room.join_with(&lasting(version, name)));
        for (peer, filter) in peers.into_iter().zip(["t/#", "+/x", "other"]) {
            room.subscribe(peer, filter, QoS::AtLeastOnce);
        }
        room.cut(peers[1]);
        room.publish(publisher, "t/x", "1", QoS::AtLeastOnce);
        room.publish(publisher, "t/x", "2", QoS::ExactlyOnce);
        assert_eq!(room.hear(peers[0]), ["t/x=1 q1 #1", "t/x=2 q1 #2"]);
        assert!(room.hear(peers[2]).is_empty());
        let away = room.connect(&lasting(version, "away"));
        assert_eq!(room.hear(away)[1..], ["t/x=1 q1 #1", "t/x=2 q1 #2"]);
    }
}

/// [MQTT-3.1.2-4], [MQTT-3.1.4-4], [3.1.1 MQTT-3.1.2-6], [3.1.1 MQTT-3.1.4-3]: also of the connection that is taken over.
#[test]
fn a_clean_start_discards_all_of_the_session() {
    for version in BOTH {
        for connected in [false, true] {
            let mut room = Room::new();
            let (peer, other) = (room.join_with(&lasting(version, "a")), room.join(V5, "other"));
            room.subscribe(peer, "t", QoS::ExactlyOnce);
            room.subscribe(other, "out", QoS::AtMostOnce);
            room.publish(other, "t", "x", QoS::ExactlyOnce);
            room.send(peer, &Packet::Publish(crate::room::publish("out", "1", QoS::ExactlyOnce)));
            if !connected {
                room.cut(peer);
            }
            let clean = Connect { clean_start: true, ..lasting(version, "a") };
            let peer = room.connect(&clean);
            let heard = room.hear(peer);
            assert!(heard.len() == 1 && !heard[0].contains("present"), "{heard:?}");
            assert_eq!(room.broker.subscriptions(), 1, "the other's");
            room.send(peer, &pubcomp(1));
            room.send(peer, &Packet::Publish(crate::room::publish("out", "2", QoS::ExactlyOnce)));
            assert_eq!(room.hear(other), ["out=1 q0", "out=2 q0"], "an identifier of the old session is free");
        }
    }
}

/// [MQTT-3.1.4-3], [3.1.1 MQTT-3.1.4-2]: whichever version comes, and whichever was there.
#[test]
fn a_second_connection_ends_the_first() {
    for (first, second) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
        let mut room = Room::new();
        let old = room.join_with(&lasting(first, "a"));
        room.subscribe(old, "t", QoS::AtLeastOnce);
        let new = room.connect(&lasting(second, "a"));
        assert!(room.is_closed(old));
        assert_eq!(room.hear(old), if first == V5 { vec!["DISCONNECT 8E"] } else { vec![] });
        assert!(room.hear(new)[0].starts_with("CONNACK ok present"));
        assert_eq!(room.publish(new, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
        assert_eq!(room.broker.connections(), 1);
    }
}

/// §3.14.2.2.2: within what the broker allows, and never from 0 to more; 3.1.1 has no such thing.
#[test]
fn disconnect_may_change_how_long_the_session_stays() {
    let interval = |seconds| properties(&[Property::SessionExpiryInterval(seconds)]);
    for (asked, changed, stays) in [(10, 20, 20), (10, 5, 5), (10, 0, 0), (10, 1_000, 60), (0, 0, 0)] {
        let mut room = Room::with(BrokerOptions { session_expiry_max: 60, ..BrokerOptions::default() });
        let list = interval(asked);
        let peer = room.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        let list = interval(changed);
        let goodbye = Disconnect { reason: ReasonCode::Success, properties: list.as_properties() };
        room.send(peer, &Packet::Disconnect(goodbye));
        for waited in 0..=stays {
            assert_eq!(room.sessions().len(), usize::from(waited < stays), "{asked} {changed} {waited}");
            room.wait_ms(1_000);
        }
    }
}

/// The two versions share a session: properties are kept for who understands them (§4.1).
#[test]
fn a_session_goes_from_one_version_to_the_other() {
    for qos in QOS[1..].iter().copied() {
        let mut room = Room::new();
        let old = room.join_with(&lasting(V4, "a"));
        room.subscribe(old, "t", qos);
        room.cut(old);
        let other = room.join(V5, "other");
        let list = properties(&[Property::ContentType("x")]);
        let message = crate::room::publish("t", "waits", qos);
        room.publish_with(other, wasmqtt::codec::Publish { properties: list.as_properties(), ..message });
        let new = room.connect(&lasting(V5, "a"));
        let line = format!("t=waits q{} #1", qos.bits());
        assert_eq!(room.hear(new)[1..], [format!("{line} ContentType(\"x\")")]);
        room.cut(new);
        let old = room.connect(&lasting(V4, "a"));
        assert_eq!(room.hear(old)[1..], [format!("{line} dup")]);
    }
}
