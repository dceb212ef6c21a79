//! Statements of the specifications about a client, in both versions.

use core::time::Duration;

use wasmqtt::client::{
    CallError, Client, ClientOptions, ClientWill, CloseReason, Completion, Output, Phase, RequestError,
};
use wasmqtt::codec::{
    Ack, Connect, Disconnect, Message, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode,
    SubscriptionOptions, Version,
};
use wasmqtt::topic::{TopicFilter, TopicName};

use super::script::{NOW, Script, Seen, begin, bytes, connack, filter, message, publish, sent};
use crate::support::packets::{BOTH, id, properties};

fn options(version: Version) -> ClientOptions {
    ClientOptions { version, ..ClientOptions::new("c") }
}

fn lasting(version: Version) -> ClientOptions {
    let properties = match version {
        Version::V3_1_1 => PropertiesBuf::new(),
        Version::V5 => properties(&[Property::SessionExpiryInterval(100)]),
    };
    ClientOptions { clean_start: false, properties, ..options(version) }
}

/// The bytes of the first frame.
fn connect_bytes(options: ClientOptions) -> Vec<u8> {
    let mut client = Client::new(options);
    let attempt = begin(&mut client);
    client.handle_open(attempt, NOW);
    match client.poll_output() {
        Some(Output::Transmit(bytes)) => bytes.to_vec(),
        other => panic!("{other:?}"),
    }
}

/// [MQTT-3.1.0-1], [MQTT-3.1.2-1], [MQTT-3.1.2-11], [MQTT-3.1.2-12], [MQTT-3.1.2-13],
/// [MQTT-3.1.2-16], [MQTT-3.1.2-18], [MQTT-3.1.3-2], [MQTT-3.1.3-3], [3.1.1 MQTT-3.1.0-1],
/// [3.1.1 MQTT-3.1.2-11], [3.1.1 MQTT-3.1.2-13], [3.1.1 MQTT-3.1.2-14], [3.1.1 MQTT-3.1.2-15],
/// [3.1.1 MQTT-3.1.2-18], [3.1.1 MQTT-3.1.2-20], [3.1.1 MQTT-3.1.3-2], [3.1.1 MQTT-3.1.3-3]: byte
/// for byte, and one flag for each thing that is there.
#[test]
fn connect_says_what_there_is_and_nothing_else() {
    let will = |qos, retain| {
        let message = Message { qos, retain, ..Message::new(TopicName::parse("w").expect("a topic"), *b"x") };
        Some(ClientWill { message })
    };
    for version in BOTH {
        let plain = || ClientOptions { keep_alive: 0, ..options(version) };
        let rows = [
            (plain(), 0x02),
            (ClientOptions { clean_start: false, ..plain() }, 0x00),
            (ClientOptions { will: will(QoS::AtMostOnce, false), ..plain() }, 0x06),
            (ClientOptions { will: will(QoS::AtLeastOnce, true), ..plain() }, 0x2E),
            (ClientOptions { will: will(QoS::ExactlyOnce, false), ..plain() }, 0x16),
            (ClientOptions { username: Some("u".into()), ..plain() }, 0x82),
            (ClientOptions { username: Some("u".into()), password: Some(b"p".to_vec()), ..plain() }, 0xC2),
        ];
        for (options, flags) in rows {
            let bytes = connect_bytes(options.clone());
            assert_eq!(bytes[0], 0x10);
            assert_eq!(bytes[2..9], [0, 4, b'M', b'Q', b'T', b'T', version.level()]);
            assert_eq!(bytes[9], flags, "{version:?}");
            let Ok(Packet::Connect(connect)) = Packet::decode(&bytes, version) else { panic!("{bytes:?}") };
            let Connect { client_id, will, username, password, .. } = *connect;
            assert_eq!(
                (client_id, username, password),
                ("c", options.username.as_deref(), options.password.as_deref())
            );
            assert_eq!(will.is_some(), options.will.is_some());
        }
    }
}

/// [MQTT-4.3.1-1], [MQTT-4.3.2-2], [MQTT-4.3.3-2], [MQTT-4.3.3-4], [MQTT-2.2.1-5],
/// [3.1.1 MQTT-4.3.1-1], [3.1.1 MQTT-4.3.2-1], [3.1.1 MQTT-2.3.1-6], [3.1.1 MQTT-2.3.1-3].
#[test]
fn each_quality_is_sent_with_its_packets() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        let done = |request| Seen::Done(request, Ok(Completion::Published(ReasonCode::Success)));
        assert_eq!(script.publish("a", QoS::AtMostOnce), [done(0), sent("PUBLISH a q0 id0 dup0")]);
        assert_eq!(script.publish("a", QoS::AtLeastOnce), [sent("PUBLISH a q1 id1 dup0")]);
        assert_eq!(script.publish("a", QoS::ExactlyOnce), [sent("PUBLISH a q2 id2 dup0")]);
        assert_eq!(script.receive(&Packet::Pubrec(Ack::success(id(2)))), [sent("PUBREL 2 00")]);
        assert_eq!(script.receive(&Packet::Puback(Ack::success(id(1)))), [done(1)]);
        assert_eq!(script.receive(&Packet::Pubcomp(Ack::success(id(2)))), [done(2)]);
    }
}

/// [MQTT-3.3.4-1], [MQTT-4.3.2-5], [MQTT-4.3.3-12], [MQTT-4.5.0-2], [3.1.1 MQTT-3.3.4-1],
/// [3.1.1 MQTT-4.3.2-2], [3.1.1 MQTT-4.3.3-2], [3.1.1 MQTT-4.5.0-2]: though no handler wants it;
/// and what is acknowledged is over.
#[test]
fn each_quality_is_answered_with_its_packets() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        let is_message = |seen: &Seen| matches!(seen, Seen::Message { handlers, .. } if handlers.is_empty());
        for dup in [false, true] {
            let Packet::Publish(plain) = publish("a", QoS::AtLeastOnce, 9) else { unreachable!() };
            let seen = script.receive(&Packet::Publish(Publish { dup, ..plain }));
            assert!(is_message(&seen[0]) && seen[1..] == [sent("PUBACK 9")], "{seen:?}");
        }
        for _ in 0..2 {
            let seen = script.receive(&publish("a", QoS::ExactlyOnce, 9));
            assert!(is_message(&seen[0]) && seen[1..] == [sent("PUBREC 9")], "{seen:?}");
            assert_eq!(script.receive(&publish("a", QoS::ExactlyOnce, 9)), [sent("PUBREC 9")]);
            assert_eq!(script.receive(&Packet::Pubrel(Ack::success(id(9)))), [sent("PUBCOMP 9 00")]);
        }
        let seen = script.receive(&publish("a", QoS::AtMostOnce, 0));
        assert!(is_message(&seen[0]) && seen.len() == 1);
    }
}

/// [MQTT-4.6.0-2], [MQTT-4.6.0-3], [MQTT-4.6.0-4], [3.1.1 MQTT-4.6.0-2], [3.1.1 MQTT-4.6.0-3],
/// [3.1.1 MQTT-4.6.0-4].
#[test]
fn answers_keep_the_order_of_what_they_answer() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        let mut frame = Vec::new();
        for (value, qos) in [(3, 2), (1, 1), (2, 2), (5, 1), (4, 2)] {
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][qos];
            frame.extend(bytes(&publish("a", qos, value), version));
        }
        let seen = script.receive_bytes(&frame);
        let answers: Vec<_> = seen.into_iter().filter(|seen| matches!(seen, Seen::Sent(_))).collect();
        assert_eq!(answers, ["PUBREC 3", "PUBACK 1", "PUBREC 2", "PUBACK 5", "PUBREC 4"].map(sent));
        for topic in ["1", "2", "3"] {
            script.publish(topic, QoS::ExactlyOnce);
        }
        let frame: Vec<_> =
            [2, 3, 1].into_iter().flat_map(|value| bytes(&Packet::Pubrec(Ack::success(id(value))), version)).collect();
        assert_eq!(script.receive_bytes(&frame), ["PUBREL 2 00", "PUBREL 3 00", "PUBREL 1 00"].map(sent));
    }
}

/// [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-3.3.1-1], [MQTT-3.1.2-23], [MQTT-4.1.0-1], [MQTT-4.3.3-7],
/// [3.1.1 MQTT-4.4.0-1], [3.1.1 MQTT-4.6.0-1], [3.1.1 MQTT-3.3.1-1], [3.1.1 MQTT-2.3.1-3],
/// [3.1.1 MQTT-3.1.2-4], [3.1.1 MQTT-4.1.0-1], [3.1.1 MQTT-4.1.0-2], [3.1.1 MQTT-4.3.3-1]: though
/// the broker would let it expire.
#[test]
fn a_session_goes_on_where_it_stood() {
    for version in BOTH {
        let mut script = Script::connected_with(lasting(version), &[]);
        let mut expiring = message("1", QoS::ExactlyOnce);
        if version == Version::V5 {
            expiring.properties = properties(&[Property::MessageExpiryInterval(1)]);
        }
        script.client.publish(expiring, NOW).expect("it can be sent");
        script.drain();
        for (topic, qos) in [("2", QoS::ExactlyOnce), ("3", QoS::AtLeastOnce)] {
            script.publish(topic, qos);
        }
        script.receive(&Packet::Pubrec(Ack::success(id(2))));
        script.receive(&publish("in", QoS::ExactlyOnce, 7));
        for _ in 0..2 {
            script.cut();
            let again = ["PUBREL 2 00", "PUBLISH 1 q2 id1 dup1", "PUBLISH 3 q1 id3 dup1"].map(sent);
            assert_eq!(script.reopen(true), [&[Seen::Connected(true)], &again[..]].concat());
        }
        assert_eq!(script.receive(&publish("in", QoS::ExactlyOnce, 7)), [sent("PUBREC 7")], "it was received before");
    }
}

/// [MQTT-3.1.2-4], [MQTT-3.2.2-5], [3.1.1 MQTT-3.1.2-6].
#[test]
fn a_clean_start_begins_anew() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        script.publish("sent", QoS::AtLeastOnce);
        script.receive(&publish("in", QoS::ExactlyOnce, 7));
        script.cut();
        let lost = Seen::Done(0, Err(RequestError::SessionLost));
        assert_eq!(script.reopen(false), [Seen::Connected(false), lost]);
        let seen = script.receive(&publish("in", QoS::ExactlyOnce, 7));
        assert!(matches!(seen[0], Seen::Message { .. }), "an identifier of the old session is free: {seen:?}");
    }
}

/// [MQTT-3.2.2-4]: a client that asked for a clean start has no session.
#[test]
fn a_session_that_cannot_be_there_ends_the_connection() {
    for version in BOTH {
        let mut script = Script::opening(options(version));
        let seen = script.receive(&connack(true, &PropertiesBuf::new()));
        assert!(matches!(seen.last(), Some(Seen::Closed(CloseReason::ProtocolError { .. }))), "{seen:?}");
    }
}

/// [MQTT-3.3.4-8], [MQTT-3.3.4-7], [MQTT-4.9.0-3].
#[test]
fn a_full_quota_holds_back_nothing_but_publish() {
    let mut script = Script::connected_with(options(Version::V5), &[Property::ReceiveMaximum(1)]);
    let none = PropertiesBuf::new();
    script.publish("a", QoS::ExactlyOnce);
    assert_eq!(script.publish("b", QoS::AtLeastOnce), []);
    let done = Seen::Done(2, Ok(Completion::Published(ReasonCode::Success)));
    assert_eq!(script.publish("c", QoS::AtMostOnce), [done, sent("PUBLISH c q0 id0 dup0")]);
    script.client.subscribe(&[(filter("a"), SubscriptionOptions::default())], &none, NOW).expect("it can be sent");
    script.client.unsubscribe(&[filter("a")], &none, NOW).expect("it can be sent");
    assert_eq!(script.drain(), ["SUBSCRIBE", "UNSUBSCRIBE"].map(sent));
    assert_eq!(script.receive(&publish("in", QoS::AtLeastOnce, 3)).last(), Some(&sent("PUBACK 3")));
    script.client.handle_timeout(NOW + Duration::from_mins(1));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    assert_eq!(script.receive(&Packet::Pubrec(Ack::success(id(1)))), [sent("PUBREL 1 00")]);
    script.client.disconnect(ReasonCode::Success, &none, NOW);
    assert!(script.drain().contains(&sent("DISCONNECT 00")));
}

/// [MQTT-3.14.4-1], [MQTT-3.14.4-2], [3.1.1 MQTT-3.14.4-1], [3.1.1 MQTT-3.14.4-2].
#[test]
fn nothing_is_sent_after_disconnect() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
        assert_eq!(script.drain(), [sent("DISCONNECT 00"), Seen::Closed(CloseReason::Requested)]);
        assert_eq!(script.receive(&publish("a", QoS::AtLeastOnce, 1)), []);
        script.client.handle_timeout(NOW + Duration::from_secs(1_000));
        assert_eq!((script.drain(), script.client.phase()), (vec![], Phase::Ended));
    }
}

/// [MQTT-3.1.2-20], [3.1.1 MQTT-3.1.2-23]: any packet puts it off.
#[test]
fn silence_is_broken_within_the_keep_alive() {
    for version in BOTH {
        let mut script = Script::connected_with(ClientOptions { keep_alive: 10, ..options(version) }, &[]);
        let at = |seconds| NOW + Duration::from_secs(seconds);
        script.client.publish(message("a", QoS::AtLeastOnce), at(4)).expect("it can be sent");
        script.drain();
        script.client.handle_bytes(script.attempt, &bytes(&Packet::Puback(Ack::success(id(1))), version), at(4));
        script.drain();
        script.client.handle_timeout(at(10));
        assert_eq!(script.drain(), []);
        assert!(script.client.next_deadline().is_some_and(|next| next <= at(14)));
        script.client.handle_timeout(at(14));
        assert_eq!(script.drain(), [sent("PINGREQ")]);
    }
}

/// [MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT-1.5.7-1], [MQTT-3.3.1-4], [MQTT-3.3.2-2], [MQTT-3.3.2-13],
/// [MQTT-3.3.2-19], [MQTT-4.13.2-1], [3.1.1 MQTT-1.5.3-1], [3.1.1 MQTT-1.5.3-2],
/// [3.1.1 MQTT-2.2.2-2], [3.1.1 MQTT-3.3.1-4], [3.1.1 MQTT-3.3.2-2], [3.1.1 MQTT-4.8.0-1]: nothing
/// behind it counts, and the connection is closed.
#[test]
fn what_is_malformed_ends_the_connection() {
    let rows: [(Version, &[u8]); 15] = [
        (Version::V3_1_1, b"\x30\x03\x00\x01\xFF"),
        (Version::V3_1_1, b"\x30\x03\x00\x01\0"),
        (Version::V3_1_1, b"\x30\x03\x00\x01#"),
        (Version::V3_1_1, b"\x36\x05\x00\x01t\x00\x01"),
        (Version::V3_1_1, b"\x61\x02\x00\x01"),
        (Version::V3_1_1, b"\x00\x00"),
        (Version::V5, b"\x30\x04\x00\x01\xFF\0"),
        (Version::V5, b"\x30\x04\x00\x01\0\0"),
        (Version::V5, b"\x30\x04\x00\x01+\0"),
        (Version::V5, b"\x36\x06\x00\x01t\x00\x01\0"),
        (Version::V5, b"\x30\x08\x00\x01t\x04\x08\x00\x01\xFF"),
        (Version::V5, b"\x30\x08\x00\x01t\x04\x03\x00\x01\xFF"),
        (Version::V5, b"\x30\x0B\x00\x01t\x07\x26\x00\x01\xFF\x00\x01a"),
        (Version::V5, b"\x30\x0B\x00\x01t\x07\x26\x00\x01a\x00\x01\xFF"),
        (Version::V5, b"\xE0\x02\x8E\x01"),
    ];
    for (version, hostile) in rows {
        let mut script = Script::connected_with(options(version), &[]);
        let seen = script.receive_bytes(&[hostile, &bytes(&publish("a", QoS::AtMostOnce, 0), version)].concat());
        assert!(
            matches!(seen.last(), Some(Seen::Closed(CloseReason::Malformed(_) | CloseReason::ProtocolError { .. }))),
            "{hostile:X?}: {seen:?}"
        );
        assert!(!seen.iter().any(|seen| matches!(seen, Seen::Message { .. })), "{hostile:X?}: {seen:?}");
        assert_eq!(seen.len(), if version == Version::V5 { 2 } else { 1 }, "5.0 is told why: {seen:?}");
    }
}

/// [MQTT-4.13.2-1]: the broker's DISCONNECT too.
#[test]
fn a_disconnect_of_the_broker_ends_the_connection() {
    let mut script = Script::connected_with(options(Version::V5), &[]);
    let disconnect = Disconnect { reason: ReasonCode::ServerBusy, properties: Properties::EMPTY };
    let seen = script.receive(&Packet::Disconnect(disconnect));
    assert!(matches!(seen.as_slice(), [Seen::Closed(CloseReason::Disconnected { .. })]), "{seen:?}");
    assert_eq!(script.receive(&publish("a", QoS::AtLeastOnce, 1)), []);
}

/// [MQTT-1.5.4-3], [3.1.1 MQTT-1.5.3-3], [MQTT-3.3.1-3], [3.1.1 MQTT-3.3.1-3]: U+FEFF is handed
/// over as it came, and DUP of what comes in has nothing to do with what goes out.
#[test]
fn what_comes_in_is_handed_over_as_it_came() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        let Packet::Publish(plain) = publish("\u{FEFF}a", QoS::AtLeastOnce, 9) else { unreachable!() };
        let seen = script.receive(&Packet::Publish(Publish { dup: true, ..plain }));
        assert!(matches!(&seen[0], Seen::Message { topic, dup: true, .. } if topic == "\u{FEFF}a"), "{seen:?}");
        assert_eq!(script.publish("\u{FEFF}a", QoS::AtLeastOnce), [sent("PUBLISH \u{FEFF}a q1 id1 dup0")]);
    }
}

/// [MQTT-3.1.3-4], [MQTT-3.1.3-11], [MQTT-3.1.3-12], [MQTT-3.8.3-1], [MQTT-3.10.3-1],
/// [3.1.1 MQTT-3.1.3-4], [3.1.1 MQTT-3.1.3-10], [3.1.1 MQTT-3.1.3-11], [3.1.1 MQTT-3.8.3-1],
/// [3.1.1 MQTT-3.10.3-1], [3.1.1 MQTT-3.1.2-22]: a `str` is UTF-8, and U+0000 in one is found
/// before anything is sent.
#[test]
fn options_that_make_no_connect_send_nothing() {
    for version in BOTH {
        for (options, wrong) in [
            (ClientOptions { client_id: "a\0".into(), ..options(version) }, true),
            (ClientOptions { username: Some("a\0".into()), ..options(version) }, true),
            (ClientOptions { password: Some(b"p".to_vec()), ..options(version) }, version == Version::V3_1_1),
        ] {
            let mut client = Client::new(options);
            let attempt = begin(&mut client);
            client.handle_open(attempt, NOW);
            let seen = super::script::drain(&mut client, version);
            assert_eq!(matches!(seen.as_slice(), [Seen::Closed(CloseReason::Options(_))]), wrong, "{seen:?}");
        }
        assert!(TopicName::parse("a\0").is_err() && TopicFilter::parse("a\0").is_err());
    }
}

/// [MQTT-3.8.3-2], [MQTT-3.10.3-2], [3.1.1 MQTT-3.8.3-3], [3.1.1 MQTT-3.10.3-2].
#[test]
fn a_request_without_a_filter_is_the_callers_mistake() {
    for version in BOTH {
        let mut script = Script::connected_with(options(version), &[]);
        let none = PropertiesBuf::new();
        assert!(matches!(script.client.subscribe(&[], &none, NOW), Err(CallError::Encode(_))));
        assert!(matches!(script.client.unsubscribe(&[], &none, NOW), Err(CallError::Encode(_))));
        assert_eq!(script.drain(), []);
    }
}

/// [MQTT-3.3.2-7]: an alias of an earlier connection has no meaning on this one.
#[test]
fn topic_aliases_end_with_the_connection() {
    let options = ClientOptions { topic_alias_maximum: 1, ..lasting(Version::V5) };
    let mut script = Script::connected_with(options, &[]);
    let alias = properties(&[Property::TopicAlias(1)]);
    let Packet::Publish(plain) = publish("a", QoS::AtMostOnce, 0) else { unreachable!() };
    let named = Publish { properties: alias.as_properties(), ..plain };
    assert!(matches!(script.receive(&Packet::Publish(named)).as_slice(), [Seen::Message { .. }]));
    script.cut();
    assert_eq!(script.reopen(true), [Seen::Connected(true)]);
    let seen = script.receive(&Packet::Publish(Publish { topic: "", ..named }));
    assert!(matches!(seen.last(), Some(Seen::Closed(CloseReason::ProtocolError { .. }))), "{seen:?}");
}
