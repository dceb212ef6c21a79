//! Reason Strings: where there is something to say, to who wants it and has room for it.

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Answer, Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions};

use crate::room::{Room, V4, V5, connect, id, properties, publish, will};

/// A client of 5.0 with this Maximum Packet Size, that wants Reason Strings or not.
fn join(room: &mut Room, packet_bytes_max: u32, wants_words: bool) -> PeerId {
    let list =
        properties(&[Property::MaximumPacketSize(packet_bytes_max), Property::RequestProblemInformation(wants_words)]);
    room.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "a") })
}

fn subscribe(room: &mut Room, peer: PeerId, filters: &[&str]) {
    let options = SubscriptionOptions::default();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
    let properties = wasmqtt::codec::Properties::EMPTY;
    room.send(peer, &Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
}

/// §4.13.1: the rule, and how it was broken.
#[test]
fn disconnect_tells_what_was_wrong() {
    let rows: [(&[u8], &str, &str); 3] = [
        (b"\x30\x05\x00\x02t#\x00", "DISCONNECT 90", "a wildcard in a topic name (MQTT-3.3.2-2)"),
        (b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", "DISCONNECT 82", "a second CONNECT (MQTT-3.1.0-2)"),
        (
            b"\x30\x07\x00\x01t\x03\x23\x00\x11",
            "DISCONNECT 94",
            "a topic alias that is 0 or above the topic alias maximum (MQTT-3.3.2-9)",
        ),
    ];
    for (bytes, heard, words) in rows {
        for version in [V4, V5] {
            let mut room = Room::new();
            let peer = room.join(version, "a");
            room.send_bytes(peer, bytes);
            let expected = if version == V5 { vec![words] } else { vec![] };
            assert_eq!(room.words(peer), expected);
            assert_eq!(room.hear(peer), if version == V5 { vec![heard] } else { vec![] });
        }
    }
}

#[test]
fn disconnect_tells_why_a_good_client_has_to_go() {
    let mut room = Room::new();
    let old = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    let new = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    assert_eq!(room.words(old), ["another connection came with this client identifier"]);
    room.wait_ms(15_000);
    assert_eq!(room.words(new), ["nothing came for one and a half times the keep alive"]);
}

/// §3.2.2.3.9. Of a name and a password nothing is said that would tell which of them was wrong.
#[test]
fn connack_tells_why_a_client_is_refused() {
    let method = properties(&[Property::AuthenticationMethod("M")]);
    let options = BrokerOptions { maximum_qos: QoS::AtLeastOnce, ..BrokerOptions::default() };
    let rows = [
        (
            options.clone(),
            Connect { will: Some(will("w", "x", QoS::ExactlyOnce)), ..connect(V5, "a") },
            "CONNACK 9B",
            &["a will with a quality of service above the maximum (MQTT-3.2.2-12)"][..],
        ),
        (
            BrokerOptions { sessions_max: 0, ..BrokerOptions::default() },
            connect(V5, "a"),
            "CONNACK 97",
            &["one more session than are kept (§4.1)"],
        ),
        (
            options.clone(),
            Connect { properties: method.as_properties(), ..connect(V5, "a") },
            "CONNACK 8C",
            &["no authentication method is served"],
        ),
        (
            BrokerOptions { asks: Asks { authenticate: true, ..Asks::default() }, ..options },
            Connect { username: Some("ann"), password: Some(b"guess"), ..connect(V5, "a") },
            "CONNACK 86",
            &[],
        ),
    ];
    for (options, connect, heard, words) in rows {
        let mut room = Room::with(options);
        let peer = room.connect(&connect);
        if !room.asked.is_empty() {
            room.answer(Answer::Refuse(ReasonCode::BadUserNameOrPassword));
        }
        assert_eq!(room.words(peer), words);
        assert_eq!(room.hear(peer), [heard]);
        assert!(room.is_closed(peer));
    }
}

/// §3.9.2.1.2, §3.11.2.1.2: of the first filter that was refused.
#[test]
fn suback_and_unsuback_tell_what_is_wrong_with_a_filter() {
    let mut room = Room::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
    let peer = room.join(V5, "a");
    subscribe(&mut room, peer, &["good", "a/#/b", "1/2/3/4"]);
    assert_eq!(room.hear(peer), ["SUBACK #1 00 8F 8F"]);
    let words = room.words(peer);
    assert!(words[0].starts_with("`a/#/b` has `#` in level 2"), "{words:?}");
    subscribe(&mut room, peer, &["1/2/3/4"]);
    assert_eq!(room.words(peer), ["a filter of more levels than are served"]);
    subscribe(&mut room, peer, &["good"]);
    assert_eq!(room.words(peer).len(), 0);
    room.hear(peer);
    assert_eq!(room.unsubscribe(peer, "a+"), ["UNSUBACK #101 8F"]);
    assert!(room.words(peer)[0].starts_with("`a+` has `+` beside other characters"));
    assert_eq!(room.unsubscribe(peer, "other"), ["UNSUBACK #101 11"]);
    assert_eq!(room.words(peer).len(), 0);
}

/// §3.4.2.2.2, §3.5.2.2.2: with the refusal alone, if it fits [MQTT-3.4.2-2], [MQTT-3.5.2-2] and is wanted [MQTT-3.1.2-29].
#[test]
fn puback_and_pubrec_tell_why_a_message_was_refused() {
    let rule = AccessRule {
        action: None,
        filter: AccessFilter::parse("private/#").expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    let own = "only the broker publishes below $SYS";
    for (qos, name) in [(QoS::AtLeastOnce, "PUBACK"), (QoS::ExactlyOnce, "PUBREC")] {
        let access = Access::new(vec![rule.clone()]);
        let mut room = Room::with(BrokerOptions { access, ..BrokerOptions::default() });
        // Without words it is 5 bytes; they take 4 more than their length.
        for (bytes_max, wanted, said) in
            [(1_000, true, 1), (own.len() + 9, true, 1), (own.len() + 8, true, 0), (1_000, false, 0)]
        {
            let peer = join(&mut room, u32::try_from(bytes_max).expect("small"), wanted);
            for (topic, heard, words) in [
                ("$SYS/x", "87", Some(own)),
                ("private/x", "87", Some("may not publish to this topic")),
                ("t", "10", None),
            ] {
                room.send(peer, &Packet::Publish(publish(topic, "x", qos)));
                assert_eq!(room.hear(peer), [format!("{name} #9 {heard}")], "{bytes_max}");
                let fits = said == 1 || wanted && words.is_some_and(|words| words.len() < own.len());
                let expected: Vec<_> = words.into_iter().filter(|_| fits).collect();
                assert_eq!(room.words(peer), expected, "{topic} {bytes_max} {wanted}");
                room.send(peer, &Packet::Pubrel(Ack::success(id(9))));
                room.hear(peer);
            }
            subscribe(&mut room, peer, &["private/x"]);
            assert_eq!(room.hear(peer), ["SUBACK #1 87"]);
            assert_eq!(room.words(peer).len(), usize::from(wanted));
        }
    }
}

/// [MQTT-3.1.2-29]: CONNACK, DISCONNECT and PUBLISH alone may have them.
#[test]
fn who_wants_no_problem_information_gets_it_at_the_end_alone() {
    let mut room = Room::new();
    let peer = join(&mut room, 1_000, false);
    subscribe(&mut room, peer, &["a/#/b"]);
    room.unsubscribe(peer, "a+");
    room.publish(peer, "t", "x", QoS::AtLeastOnce);
    assert_eq!(room.words(peer).len(), 0);
    let list = properties(&[Property::UserProperty("a", "1")]);
    room.subscribe(peer, "t", QoS::AtMostOnce);
    let heard = room.publish_with(
        peer,
        wasmqtt::codec::Publish { properties: list.as_properties(), ..publish("t", "x", QoS::AtMostOnce) },
    );
    assert_eq!(heard, ["t=x q0 UserProperty(\"a\", \"1\")"]);
    room.send_bytes(peer, &[0xD0, 0]);
    assert_eq!(room.words(peer), ["a packet that only a server sends (§2.1.2)"]);
}

/// [MQTT-3.9.2-1], [MQTT-3.14.2-3]: the packet goes without the words, and not over the maximum.
#[test]
fn words_that_do_not_fit_are_left_out() {
    // SUBACK without words is 6 bytes; the words take 5 more than their length. DISCONNECT is 3, or 5 and 3 more.
    let suback_words = "a filter of more levels than are served".len();
    let disconnect_words = "a packet that only a server sends (§2.1.2)".len();
    for (bytes_max, said) in [(suback_words + 8, 0), (suback_words + 9, 1), (100, 1)] {
        let mut room = Room::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
        let peer = join(&mut room, u32::try_from(bytes_max).expect("small"), true);
        subscribe(&mut room, peer, &["1/2/3/4"]);
        assert_eq!(room.hear(peer), ["SUBACK #1 8F"]);
        assert_eq!(room.words(peer).len(), said, "{bytes_max}");
    }
    for (bytes_max, said) in [(disconnect_words + 6, 0), (disconnect_words + 7, 1)] {
        let mut room = Room::new();
        let peer = join(&mut room, u32::try_from(bytes_max).expect("small"), true);
        room.send_bytes(peer, &[0xD0, 0]);
        assert_eq!(room.hear(peer), ["DISCONNECT 82"]);
        assert_eq!(room.words(peer).len(), said, "{bytes_max}");
    }
}

/// [MQTT-3.2.2-19].
#[test]
fn a_refusal_goes_without_words_that_do_not_fit() {
    let words = "one more session than are kept (§4.1)".len();
    for (bytes_max, said) in [(5, 0), (words + 7, 0), (words + 8, 1)] {
        let mut room = Room::with(BrokerOptions { sessions_max: 0, ..BrokerOptions::default() });
        let list = properties(&[Property::MaximumPacketSize(u32::try_from(bytes_max).expect("small"))]);
        let peer = room.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        assert_eq!(room.hear(peer), ["CONNACK 97"]);
        assert_eq!(room.words(peer).len(), said, "{bytes_max}");
    }
}
