//! CONNECT, refusals, takeover, keep alive.

use wasmqtt::broker::{BrokerOptions, DisconnectCause, Event, RejectCause};
use wasmqtt::codec::{Connect, Packet, Properties, Property, QoS, ReasonCode};

use crate::room::{Room, V4, V5, connect, properties, will};

/// [MQTT-3.2.0-1], [MQTT-3.2.2-2]: and 5.0 is told the largest packet that is taken, and how many aliases.
#[test]
fn a_client_of_either_version_is_welcomed() {
    let mut room = Room::new();
    let old = room.connect(&connect(V4, "old"));
    assert_eq!(room.hear(old), ["CONNACK ok"]);
    let new = room.connect(&connect(V5, "new"));
    assert_eq!(room.hear(new), ["CONNACK ok MaximumPacketSize(1048576) TopicAliasMaximum(16)"]);
    let clients: Vec<_> = room.broker.clients().map(|client| (client.client_id, client.version)).collect();
    assert_eq!(clients, [("new", V5), ("old", V4)]);
}

/// What an unknown client is told before the close (§3.1.4; 3.1.1 §3.1.4). The bytes are CONNACK's own.
/// [MQTT-3.1.4-2], [MQTT-3.2.2-7], [MQTT-3.2.2-12], [MQTT-3.2.2-13], [MQTT-4.12.0-1], [MQTT-4.13.2-1],
/// [3.1.1 MQTT-3.1.3-8], [3.1.1 MQTT-3.2.2-5].
#[test]
fn refusals_carry_their_reason() {
    let method = properties(&[Property::AuthenticationMethod("SCRAM-SHA-1")]);
    let options = BrokerOptions { maximum_qos: QoS::AtLeastOnce, retain_available: false, ..BrokerOptions::default() };
    let known = |version| connect(version, "a");
    let retained = wasmqtt::codec::Will { retain: true, ..will("w", "x", QoS::AtMostOnce) };
    let rows: [(&str, Connect<'_>, &str); 4] = [
        ("no name for a session", Connect { client_id: "", clean_start: false, ..known(V4) }, "CONNACK 85"),
        ("an authentication method", Connect { properties: method.as_properties(), ..known(V5) }, "CONNACK 8C"),
        (
            "a will above the maximum QoS",
            Connect { will: Some(will("w", "x", QoS::ExactlyOnce)), ..known(V5) },
            "CONNACK 9B",
        ),
        ("a retained will", Connect { will: Some(retained), ..known(V5) }, "CONNACK 9A"),
    ];
    for (name, row, expected) in rows {
        let mut room = Room::with(options.clone());
        let peer = room.connect(&row);
        assert_eq!(room.hear(peer), [expected], "{name}");
        assert!(room.is_closed(peer), "{name}");
        assert_eq!(room.broker.sessions().count(), 0, "{name}");
        assert_eq!(room.broker.connections(), 0, "{name}");
    }
    let mut room = Room::with(options);
    room.join_with(&known(V4));
    room.join_with(&known(V5));
}

/// [MQTT-3.1.2-2]; 3.1.1 and older have return code 1 (3.1.1 §3.1.2.2).
#[test]
fn a_version_that_is_not_served_is_refused_in_its_own_words() {
    let rows: [(&[u8], &[u8]); 3] = [
        (b"\x10\x0E\x00\x06MQIsdp\x04\x02\x00\x00\x00\x00", &[0x20, 2, 0, 1]),
        (b"\x10\x0C\x00\x04MQTT\x03\x02\x00\x00\x00\x00", &[0x20, 2, 0, 1]),
        (b"\x10\x0D\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x00", &[0x20, 3, 0, 0x84, 0]),
    ];
    for (bytes, expected) in rows {
        let mut broker = wasmqtt::broker::Broker::new(BrokerOptions::default(), 0);
        let now = wasmqtt::time::Time::ZERO;
        let peer = broker.accept(now);
        broker.handle_bytes(peer, bytes, now);
        match broker.poll_output() {
            Some(wasmqtt::broker::Output::Transmit(to, frame)) => assert_eq!((to, frame), (peer, expected)),
            other => panic!("{bytes:?}: {other:?}"),
        }
        assert!(matches!(broker.poll_output(), Some(wasmqtt::broker::Output::Close(to)) if to == peer), "{bytes:?}");
        assert!(broker.poll_output().is_none() && broker.next_deadline().is_none());
    }
}

/// MQTT 3.1 has a name of its own, wants a client identifier, and knows neither a session that is present nor a
/// subscription that is refused. A User Name flag may stand without a user name (3.1 §3.1).
#[test]
fn a_client_of_3_1_is_served_as_one_of_3_1_1() {
    let connect = |flags: u8, client_id: &str| {
        let mut bytes = vec![0x10, 14 + u8::try_from(client_id.len()).expect("short")];
        bytes.extend_from_slice(b"\0\x06MQIsdp\x03");
        bytes.extend_from_slice(&[flags, 0, 0, 0, u8::try_from(client_id.len()).expect("short")]);
        bytes.extend_from_slice(client_id.as_bytes());
        bytes
    };
    let long = "more than 23 characters long";
    for (flags, client_id, heard) in
        [(2, "a", "CONNACK ok"), (0x82, "a", "CONNACK ok"), (0xC2, long, "CONNACK ok"), (2, "", "CONNACK 85")]
    {
        let mut room = Room::new();
        let peer = room.open(V4);
        room.send_bytes(peer, &connect(flags, client_id));
        assert_eq!(room.hear(peer), [heard], "{flags:x} {client_id}");
    }
    let mut room = Room::new();
    for _ in 0..2 {
        let peer = room.open(V4);
        room.send_bytes(peer, &connect(0, "a"));
        assert_eq!(room.hear(peer)[0], "CONNACK ok", "whether the session is new or goes on");
        assert_eq!(room.broker.clients().map(|client| client.version).collect::<Vec<_>>(), [V4]);
        let options = wasmqtt::codec::SubscriptionOptions { qos: QoS::AtLeastOnce, ..Default::default() };
        assert_eq!(room.subscribe_with(peer, "t", options, None), ["SUBACK #100 01"]);
        assert_eq!(room.subscribe_with(peer, "a/#/b", options, None), ["SUBACK #100 00"]);
        assert_eq!(room.publish(peer, "t", "x", QoS::ExactlyOnce).len(), 3);
    }
    assert_eq!(room.broker.subscriptions(), 1);
}

/// [MQTT-3.2.2-16], [MQTT-3.1.3-6]: from the seed, and never one that is taken.
#[test]
fn an_empty_identifier_is_replaced_by_a_unique_one() {
    let assigned = || {
        let mut room = Room::new();
        let (first, second) = (room.connect(&connect(V5, "")), room.connect(&connect(V5, "")));
        room.join(V4, "");
        assert_eq!(room.sessions().len(), 3);
        (room.hear(first), room.hear(second))
    };
    let (first, second) = assigned();
    assert!(first[0].contains("AssignedClientIdentifier(\"auto-"), "{first:?}");
    assert_ne!(first, second);
    assert_eq!(assigned(), (first.clone(), second));
    let (_, rest) = first[0].split_once("AssignedClientIdentifier(\"").expect("it is told");
    let taken = rest.split('"').next().expect("a text");
    let mut room = Room::new();
    room.join(V5, taken);
    let peer = room.connect(&connect(V5, ""));
    assert!(!room.hear(peer)[0].contains(taken), "somebody has it");
    assert_eq!(room.sessions().len(), 2);
}

/// [MQTT-3.1.4-3]: with 0x8E in 5.0, and the session goes on.
#[test]
fn a_second_connection_takes_the_session_over() {
    for version in [V4, V5] {
        let mut room = Room::with(BrokerOptions { events: true, ..BrokerOptions::default() });
        let expiry = properties(&[Property::SessionExpiryInterval(100)]);
        let again = Connect {
            clean_start: false,
            properties: if version == V5 { expiry.as_properties() } else { Properties::EMPTY },
            ..connect(version, "a")
        };
        let old = room.join_with(&again);
        room.subscribe(old, "t", QoS::AtLeastOnce);
        let new = room.connect(&again);
        assert_eq!(room.hear(old), if version == V5 { vec!["DISCONNECT 8E"] } else { vec![] });
        assert!(room.is_closed(old));
        assert!(room.hear(new)[0].starts_with("CONNACK ok present"));
        room.publish(new, "t", "x", QoS::AtLeastOnce);
        assert_eq!(room.broker.sessions().next().map(|session| session.in_flight), Some(1));
        let cause = DisconnectCause::TakenOver;
        assert!(room.events.contains(&Event::Disconnected { peer: old, client_id: "a".into(), cause }));
    }
}

/// [MQTT-3.1.2-24], [MQTT-3.14.0-1]: CONNACK with its properties is 13 bytes, a refusal 5; neither is followed by DISCONNECT.
#[test]
fn a_connection_whose_connack_does_not_fit_never_was() {
    let long = properties(&[Property::SessionExpiryInterval(100)]);
    let mut room = Room::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let witness = room.join(V5, "witness");
    room.subscribe(witness, "#", QoS::AtMostOnce);
    let old = room.join_with(&Connect {
        properties: long.as_properties(),
        will: Some(will("old", "x", QoS::AtMostOnce)),
        ..connect(V5, "a")
    });
    for (client_id, clean_start) in [("a", true), ("a", false), ("b", true), ("", true)] {
        room.events.clear();
        let list = properties(&[Property::MaximumPacketSize(12)]);
        let small = Connect { clean_start, properties: list.as_properties(), ..connect(V5, client_id) };
        let peer = room.connect(&Connect { will: Some(will("new", "x", QoS::AtMostOnce)), ..small });
        assert!(room.is_closed(peer) && room.hear(peer).is_empty(), "{client_id}");
        let [Event::Rejected { peer: rejected, cause: RejectCause::Fault(fault) }] = room.events.as_slice() else {
            panic!("{client_id}: {:?}", room.events);
        };
        assert_eq!((*rejected, fault.reason), (peer, ReasonCode::PacketTooLarge));
        assert!(!room.is_closed(old) && room.hear(old).is_empty(), "nothing was taken over");
        assert!(room.hear(witness).is_empty(), "no will fired");
        assert_eq!(room.sessions(), ["a", "witness"]);
    }
    let list = properties(&[Property::MaximumPacketSize(13)]);
    room.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "b") });
}

#[test]
fn a_refusal_that_does_not_fit_is_not_sent() {
    for (bytes, heard) in [(4, vec![]), (5, vec!["CONNACK 97"])] {
        let mut room = Room::with(BrokerOptions { sessions_max: 0, events: true, ..BrokerOptions::default() });
        let list = properties(&[Property::MaximumPacketSize(bytes)]);
        let peer = room.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        assert!(room.is_closed(peer));
        assert_eq!(room.hear(peer), heard);
        assert_eq!(room.events, [Event::Rejected { peer, cause: RejectCause::Refused(ReasonCode::QuotaExceeded) }]);
    }
}

/// [MQTT-3.1.2-22].
#[test]
fn silence_of_one_and_a_half_keep_alives_ends_the_connection() {
    for (version, last_words) in [(V4, vec![]), (V5, vec!["DISCONNECT 8D"])] {
        let mut room = Room::new();
        let peer = room.join_with(&Connect { keep_alive: 10, ..connect(version, "a") });
        room.wait_ms(9_000);
        room.send(peer, &Packet::Pingreq);
        assert_eq!(room.hear(peer), ["PINGRESP"]);
        room.wait_ms(14_999);
        assert!(!room.is_closed(peer));
        room.wait_ms(1);
        assert!(room.is_closed(peer));
        assert_eq!(room.hear(peer), last_words);
        assert_eq!(room.broker.next_deadline(), None);
    }
}

/// Half a packet is no packet [MQTT-3.1.2-22].
#[test]
fn bytes_without_a_packet_do_not_keep_a_connection_alive() {
    let mut room = Room::new();
    let peer = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    room.wait_ms(14_000);
    room.send_bytes(peer, &[0x30, 0x10, 0]);
    room.wait_ms(1_000);
    assert_eq!(room.hear(peer), ["DISCONNECT 8D"]);
}

#[test]
fn without_keep_alive_silence_is_allowed() {
    let mut room = Room::new();
    let peer = room.join(V4, "a");
    assert_eq!(room.broker.next_deadline(), None);
    room.wait_ms(1_000_000_000);
    room.send(peer, &Packet::Pingreq);
    assert_eq!(room.hear(peer), ["PINGRESP"]);
}

/// [MQTT-3.2.2-21]: who asks for more, or for none, is given the most there is.
#[test]
fn the_server_keep_alive_is_the_longest_that_5_0_gets() {
    for (asked, told) in [(0, " ServerKeepAlive(60)"), (61, " ServerKeepAlive(60)"), (60, ""), (5, "")] {
        let mut room = Room::with(BrokerOptions { keep_alive_max: 60, ..BrokerOptions::default() });
        let peer = room.connect(&Connect { keep_alive: asked, ..connect(V5, "a") });
        assert_eq!(room.hear(peer), [format!("CONNACK ok MaximumPacketSize(1048576) TopicAliasMaximum(16){told}")]);
        room.wait_ms(90_000);
        assert!(room.is_closed(peer), "{asked}");
    }
}

#[test]
fn a_transport_without_connect_is_closed_in_time() {
    let mut room = Room::new();
    let peer = room.open(V5);
    room.send_bytes(peer, &[0x10]);
    room.wait_ms(9_999);
    assert!(!room.is_closed(peer));
    room.wait_ms(1);
    assert!(room.is_closed(peer));
    assert!(room.hear(peer).is_empty());
}

#[test]
fn the_host_can_end_one_connection_or_all() {
    let mut room = Room::new();
    let (one, two) = (room.join(V5, "one"), room.join(V4, "two"));
    room.broker.disconnect(one, ReasonCode::AdministrativeAction, room.now);
    room.drain();
    assert_eq!(room.hear(one), ["DISCONNECT 98"]);
    let three = room.join(V5, "three");
    room.broker.shut_down(room.now);
    room.drain();
    assert_eq!(room.hear(three), ["DISCONNECT 8B"]);
    assert!(room.is_closed(one) && room.is_closed(two) && room.is_closed(three));
    assert_eq!(room.broker.connections(), 0);
}
