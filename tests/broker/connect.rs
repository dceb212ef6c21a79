//! CONNECT, refusals, takeover, keep alive.

use wasmqtt::broker::{BrokerOptions, DisconnectCause, Event, RejectCause};
use wasmqtt::codec::{Connect, Packet, Properties, Property, QoS, ReasonCode};

use crate::support::bytes::{framed, hex};
use crate::support::packets::{V4, V5, connect, properties, will};
use crate::support::scenario::Scenario;

/// [MQTT-3.2.0-1], [MQTT-3.2.2-2]: 5.0 gets the largest packet that is taken, and the number of
/// aliases.
#[test]
fn a_client_of_either_version_is_welcomed() {
    let mut scenario = Scenario::new();
    let old = scenario.connect(&connect(V4, "old"));
    assert_eq!(scenario.hear(old), ["CONNACK ok"]);
    let new = scenario.connect(&connect(V5, "new"));
    assert_eq!(scenario.hear(new), ["CONNACK ok MaximumPacketSize(1048576) TopicAliasMaximum(16)"]);
    let clients: Vec<_> = scenario.broker.clients().map(|client| (client.client_id, client.version)).collect();
    assert_eq!(clients, [("new", V5), ("old", V4)]);
}

/// The answer to an unknown client before the close (§3.1.4; 3.1.1 §3.1.4). The bytes are CONNACK's
/// own. [MQTT-3.1.4-2], [MQTT-3.2.2-7], [MQTT-3.2.2-12], [MQTT-3.2.2-13], [MQTT-4.12.0-1],
/// [MQTT-4.13.2-1], [3.1.1 MQTT-3.1.3-8], [3.1.1 MQTT-3.2.2-5].
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
        let mut scenario = Scenario::with(options.clone());
        let peer = scenario.connect(&row);
        assert_eq!(scenario.hear(peer), [expected], "{name}");
        assert!(scenario.is_closed(peer), "{name}");
        assert_eq!(scenario.broker.sessions().count(), 0, "{name}");
        assert_eq!(scenario.broker.connections(), 0, "{name}");
    }
    let mut scenario = Scenario::with(options);
    scenario.join_with(&known(V4));
    scenario.join_with(&known(V5));
}

/// [MQTT-3.1.2-2]; 3.1.1 and older have return code 1 [3.1.1 MQTT-3.1.2-2]. A level with bit 7 is
/// that of a bridge, which tries the level without it once it is refused so.
#[test]
fn a_version_that_is_not_served_is_refused_in_the_form_that_its_sender_reads() {
    let old: &[u8] = &[0x20, 2, 0, 1];
    let new: &[u8] = &[0x20, 3, 0, 0x84, 0];
    let rows: [(&str, &[u8]); 20] = [
        ("0006 'MQIsdp' 04 02 0000 0000", old),
        ("0006 'MQIsdp' 05 02 0000 0000", old),
        ("0006 'MQIsdp' 06 02 0000 00 0000", old),
        ("0006 'MQIsdp' 83 02 0000 0001 'a'", old),
        ("0004 'MQTT' 00 02 0000 0000", old),
        ("0004 'MQTT' 03 02 0000 0000", old),
        ("0004 'MQTT' 03 02 0000 00 0000", new),
        ("0004 'MQTT' 06 02 0000 0000", old),
        ("0004 'MQTT' 06 02 0000 0001 'a'", old),
        ("0004 'MQTT' 06 02 0000 00 0000", new),
        ("0004 'MQTT' 06 C6 0000 03 21 0001 0001 'a' 00 0001 'w' 0000 0001 'u' 0001 'p'", new),
        ("0004 'MQTT' 7F 02 0000 00 0000", new),
        ("0004 'MQTT' 06 02 0000 05 27 00000005 0000", new),
        ("0004 'MQTT' 06 02 0000 05 27 00000004 0000", &[]),
        ("0004 'MQTT' 06", old),
        ("0004 'MQTT' 84 02 0000 0001 'a'", old),
        ("0004 'MQTT' 84 2E 003C 0001 'a' 0001 'w' 0001 '0'", old),
        ("0004 'MQTT' 85 02 0000 00 0000", old),
        ("0004 'MQTT' 86 02 0000 00 0000", old),
        ("0004 'MQTT' FF 02 0000 00 0000", old),
    ];
    for (body, expected) in rows {
        let bytes = &framed(0x10, &hex(body))[..];
        let mut broker = wasmqtt::broker::Broker::new(BrokerOptions::default(), 0);
        let now = wasmqtt::time::Time::ZERO;
        let peer = broker.accept(now);
        broker.handle_bytes(peer, bytes, now);
        if !expected.is_empty() {
            match broker.poll_output() {
                Some(wasmqtt::broker::Output::Transmit(to, frame)) => {
                    assert_eq!((to, frame), (peer, expected), "{body}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        assert!(matches!(broker.poll_output(), Some(wasmqtt::broker::Output::Close(to)) if to == peer), "{body}");
        assert!(broker.poll_output().is_none() && broker.next_deadline().is_none());
    }
}

/// MQTT 3.1 has a name of its own and wants a client identifier. It has neither a session present
/// flag nor a refused subscription. A User Name flag may stand without a user name (3.1 §3.1).
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
        let mut scenario = Scenario::new();
        let peer = scenario.open(V4);
        scenario.send_bytes(peer, &connect(flags, client_id));
        assert_eq!(scenario.hear(peer), [heard], "{flags:x} {client_id}");
    }
    let mut scenario = Scenario::new();
    for _ in 0..2 {
        let peer = scenario.open(V4);
        scenario.send_bytes(peer, &connect(0, "a"));
        assert_eq!(scenario.hear(peer)[0], "CONNACK ok", "whether the session is new or goes on");
        assert_eq!(scenario.broker.clients().map(|client| client.version).collect::<Vec<_>>(), [V4]);
        let options = wasmqtt::codec::SubscriptionOptions { qos: QoS::AtLeastOnce, ..Default::default() };
        assert_eq!(scenario.subscribe_with(peer, "t", options, None), ["SUBACK #100 01"]);
        assert_eq!(scenario.subscribe_with(peer, "$share/g", options, None), ["SUBACK #100 00"]);
        assert_eq!(scenario.publish(peer, "t", "x", QoS::ExactlyOnce).len(), 3);
    }
    assert_eq!(scenario.broker.subscriptions(), 1);
}

/// A client of MQTT 3.1 sets DUP on whatever it sends again that has an identifier (3.1 §2.1); in
/// 3.1.1 and 5.0 those flags are reserved [MQTT-2.1.3-1].
#[test]
fn what_a_client_of_3_1_sends_again_may_have_dup() {
    type Row = (&'static [u8], &'static [u8], &'static [u8], &'static str);
    let v3: &[u8] = b"\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x00\x00\x01a";
    let v4: &[u8] = b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01a";
    let v5: &[u8] = b"\x10\x0E\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01a";
    let rows: [Row; 3] = [
        (b"\x6A\x02\x00\x01", b"\x6A\x02\x00\x01", b"\x66\x02\x00\x01", "PUBCOMP #1 ok"),
        (b"\x8A\x06\x00\x01\x00\x01t\x00", b"\x8A\x07\x00\x01\x00\x00\x01t\x00", b"\x86", "SUBACK #1 00"),
        (b"\xAA\x05\x00\x01\x00\x01t", b"\xAA\x06\x00\x01\x00\x00\x01t", b"\xA3", "UNSUBACK #1 "),
    ];
    for (old, new, other_flag, answer) in rows {
        let hear = |version, bytes: &[u8]| {
            let mut scenario = Scenario::new();
            let peer = scenario.open(version);
            scenario.send_bytes(peer, bytes);
            let is_open = scenario.is_open(peer);
            (scenario.hear(peer), is_open)
        };
        let (heard, is_open) = hear(V4, &[v3, old, &[old[0] & !8], &old[1..]].concat());
        assert_eq!((&heard[1..], is_open), (&[answer.to_owned(), answer.to_owned()][..], true), "{answer}");
        let (heard, is_open) = hear(V4, &[v3, other_flag].concat());
        assert_eq!((heard.len(), is_open), (1, false), "{answer}: another flag");
        let (heard, is_open) = hear(V4, &[v4, old].concat());
        assert_eq!((heard.len(), is_open), (1, false), "{answer} of 3.1.1");
        let (heard, is_open) = hear(V5, &[v5, new].concat());
        assert_eq!((heard.last().map(String::as_str), is_open), (Some("DISCONNECT 81"), false), "{answer} of 5.0");
    }
}

/// [MQTT-3.2.2-16], [MQTT-3.1.3-6]: from the seed, and never one that is taken.
#[test]
fn an_empty_identifier_is_replaced_by_a_unique_one() {
    let assigned = || {
        let mut scenario = Scenario::new();
        let (first, second) = (scenario.connect(&connect(V5, "")), scenario.connect(&connect(V5, "")));
        scenario.join(V4, "");
        assert_eq!(scenario.sessions().len(), 3);
        (scenario.hear(first), scenario.hear(second))
    };
    let (first, second) = assigned();
    assert!(first[0].contains("AssignedClientIdentifier(\"auto-"), "{first:?}");
    assert_ne!(first, second);
    assert_eq!(assigned(), (first.clone(), second));
    let (_, rest) = first[0].split_once("AssignedClientIdentifier(\"").expect("it is told");
    let taken = rest.split('"').next().expect("a text");
    let mut scenario = Scenario::new();
    scenario.join(V5, taken);
    let peer = scenario.connect(&connect(V5, ""));
    assert!(!scenario.hear(peer)[0].contains(taken), "somebody has it");
    assert_eq!(scenario.sessions().len(), 2);
}

/// [MQTT-3.1.4-3]: with 0x8E in 5.0, and the session goes on.
#[test]
fn a_second_connection_takes_the_session_over() {
    for version in [V4, V5] {
        let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
        let expiry = properties(&[Property::SessionExpiryInterval(100)]);
        let again = Connect {
            clean_start: false,
            properties: if version == V5 { expiry.as_properties() } else { Properties::EMPTY },
            ..connect(version, "a")
        };
        let old = scenario.join_with(&again);
        scenario.subscribe(old, "t", QoS::AtLeastOnce);
        let new = scenario.connect(&again);
        assert_eq!(scenario.hear(old), if version == V5 { vec!["DISCONNECT 8E"] } else { vec![] });
        assert!(scenario.is_closed(old));
        assert!(scenario.hear(new)[0].starts_with("CONNACK ok present"));
        scenario.publish(new, "t", "x", QoS::AtLeastOnce);
        assert_eq!(scenario.broker.sessions().next().map(|session| session.in_flight), Some(1));
        let cause = DisconnectCause::TakenOver;
        assert!(scenario.events.contains(&Event::Disconnected { peer: old, client_id: "a".into(), cause }));
    }
}

/// [MQTT-3.1.2-24], [MQTT-3.14.0-1]: CONNACK with its properties is 13 bytes, a refusal 5; neither
/// is followed by DISCONNECT.
#[test]
fn a_connection_whose_connack_does_not_fit_never_was() {
    let long = properties(&[Property::SessionExpiryInterval(100)]);
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let witness = scenario.join(V5, "witness");
    scenario.subscribe(witness, "#", QoS::AtMostOnce);
    let old = scenario.join_with(&Connect {
        properties: long.as_properties(),
        will: Some(will("old", "x", QoS::AtMostOnce)),
        ..connect(V5, "a")
    });
    for (client_id, clean_start) in [("a", true), ("a", false), ("b", true), ("", true)] {
        scenario.events.clear();
        let list = properties(&[Property::MaximumPacketSize(12)]);
        let small = Connect { clean_start, properties: list.as_properties(), ..connect(V5, client_id) };
        let peer = scenario.connect(&Connect { will: Some(will("new", "x", QoS::AtMostOnce)), ..small });
        assert!(scenario.is_closed(peer) && scenario.hear(peer).is_empty(), "{client_id}");
        let [Event::Rejected { peer: rejected, cause: RejectCause::Fault(fault) }] = scenario.events.as_slice() else {
            panic!("{client_id}: {:?}", scenario.events);
        };
        assert_eq!((*rejected, fault.reason), (peer, ReasonCode::PacketTooLarge));
        assert!(!scenario.is_closed(old) && scenario.hear(old).is_empty(), "nothing was taken over");
        assert!(scenario.hear(witness).is_empty(), "no will fired");
        assert_eq!(scenario.sessions(), ["a", "witness"]);
    }
    let list = properties(&[Property::MaximumPacketSize(13)]);
    scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "b") });
}

#[test]
fn a_refusal_that_does_not_fit_is_not_sent() {
    for (bytes, heard) in [(4, vec![]), (5, vec!["CONNACK 97"])] {
        let mut scenario = Scenario::with(BrokerOptions { sessions_max: 0, events: true, ..BrokerOptions::default() });
        let list = properties(&[Property::MaximumPacketSize(bytes)]);
        let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        assert!(scenario.is_closed(peer));
        assert_eq!(scenario.hear(peer), heard);
        assert_eq!(scenario.events, [Event::Rejected { peer, cause: RejectCause::Refused(ReasonCode::QuotaExceeded) }]);
    }
}

/// [MQTT-3.1.2-22].
#[test]
fn silence_of_one_and_a_half_keep_alives_ends_the_connection() {
    for (version, last_words) in [(V4, vec![]), (V5, vec!["DISCONNECT 8D"])] {
        let mut scenario = Scenario::new();
        let peer = scenario.join_with(&Connect { keep_alive: 10, ..connect(version, "a") });
        scenario.wait_ms(9_000);
        scenario.send(peer, &Packet::Pingreq);
        assert_eq!(scenario.hear(peer), ["PINGRESP"]);
        scenario.wait_ms(14_999);
        assert!(!scenario.is_closed(peer));
        scenario.wait_ms(1);
        assert!(scenario.is_closed(peer));
        assert_eq!(scenario.hear(peer), last_words);
        assert_eq!(scenario.broker.next_deadline(), None);
    }
}

/// Half a packet is no packet [MQTT-3.1.2-22].
#[test]
fn bytes_without_a_packet_do_not_keep_a_connection_alive() {
    let mut scenario = Scenario::new();
    let peer = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    scenario.wait_ms(14_000);
    scenario.send_bytes(peer, &[0x30, 0x10, 0]);
    scenario.wait_ms(1_000);
    assert_eq!(scenario.hear(peer), ["DISCONNECT 8D"]);
}

#[test]
fn without_keep_alive_silence_is_allowed() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V4, "a");
    assert_eq!(scenario.broker.next_deadline(), None);
    scenario.wait_ms(1_000_000_000);
    scenario.send(peer, &Packet::Pingreq);
    assert_eq!(scenario.hear(peer), ["PINGRESP"]);
}

/// [MQTT-3.2.2-21]: a client that asks for more, or for none, is given the maximum.
#[test]
fn the_server_keep_alive_is_the_longest_that_5_0_gets() {
    for (asked, told) in [(0, " ServerKeepAlive(60)"), (61, " ServerKeepAlive(60)"), (60, ""), (5, "")] {
        let mut scenario = Scenario::with(BrokerOptions { keep_alive_max: 60, ..BrokerOptions::default() });
        let peer = scenario.connect(&Connect { keep_alive: asked, ..connect(V5, "a") });
        assert_eq!(scenario.hear(peer), [format!("CONNACK ok MaximumPacketSize(1048576) TopicAliasMaximum(16){told}")]);
        scenario.wait_ms(90_000);
        assert!(scenario.is_closed(peer), "{asked}");
    }
}

#[test]
fn a_transport_without_connect_is_closed_in_time() {
    let mut scenario = Scenario::new();
    let peer = scenario.open(V5);
    scenario.send_bytes(peer, &[0x10]);
    scenario.wait_ms(9_999);
    assert!(!scenario.is_closed(peer));
    scenario.wait_ms(1);
    assert!(scenario.is_closed(peer));
    assert!(scenario.hear(peer).is_empty());
}

#[test]
fn the_host_can_end_one_connection_or_all() {
    let mut scenario = Scenario::new();
    let (one, two) = (scenario.join(V5, "one"), scenario.join(V4, "two"));
    scenario.broker.disconnect(one, ReasonCode::AdministrativeAction, scenario.now);
    scenario.drain();
    assert_eq!(scenario.hear(one), ["DISCONNECT 98"]);
    let three = scenario.join(V5, "three");
    scenario.broker.shut_down(scenario.now);
    scenario.drain();
    assert_eq!(scenario.hear(three), ["DISCONNECT 8B"]);
    assert!(scenario.is_closed(one) && scenario.is_closed(two) && scenario.is_closed(three));
    assert_eq!(scenario.broker.connections(), 0);
}
