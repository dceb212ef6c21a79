//! Reason Strings: for clients that want them and have room for them.

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Answer, Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions};

use crate::support::packets::{V4, V5, connect, id, properties, publish, will};
use crate::support::scenario::Scenario;

/// A client of 5.0 with this Maximum Packet Size, that wants Reason Strings or not.
fn join(scenario: &mut Scenario, packet_bytes_max: u32, wants_reason_strings: bool) -> PeerId {
    let list = properties(&[
        Property::MaximumPacketSize(packet_bytes_max),
        Property::RequestProblemInformation(wants_reason_strings),
    ]);
    scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "a") })
}

fn subscribe(scenario: &mut Scenario, peer: PeerId, filters: &[&str]) {
    let options = SubscriptionOptions::default();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
    let properties = wasmqtt::codec::Properties::EMPTY;
    scenario.send(peer, &Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
}

/// §4.13.1: the rule, and how it was broken.
#[test]
fn disconnect_tells_what_was_wrong() {
    let rows: [(&[u8], &str, &str); 5] = [
        (
            b"\x82\x08\x00\x01\x00\x00\x02a+\x00",
            "DISCONNECT 81",
            "`+` beside other characters in a topic filter; it fills its level alone, as in `a/+/b` (MQTT-4.7.1-2)",
        ),
        (b"\xA2\x05\x00\x01\x00\x00\x00", "DISCONNECT 81", "an empty topic filter (MQTT-4.7.3-1)"),
        (b"\x30\x05\x00\x02t#\x00", "DISCONNECT 90", "a wildcard in a topic name (MQTT-3.3.2-2)"),
        (b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", "DISCONNECT 82", "a second CONNECT (MQTT-3.1.0-2)"),
        (
            b"\x30\x07\x00\x01t\x03\x23\x00\x11",
            "DISCONNECT 94",
            "topic alias is 0 or above the topic alias maximum (MQTT-3.3.2-9)",
        ),
    ];
    for (bytes, heard, text) in rows {
        for version in [V4, V5] {
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            scenario.send_bytes(peer, bytes);
            let expected = if version == V5 { vec![text] } else { vec![] };
            assert_eq!(scenario.reason_strings(peer), expected);
            assert_eq!(scenario.hear(peer), if version == V5 { vec![heard] } else { vec![] });
        }
    }
}

#[test]
fn disconnect_tells_why_a_good_client_has_to_go() {
    let mut scenario = Scenario::new();
    let old = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    let new = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    assert_eq!(scenario.reason_strings(old), ["session taken over by another connection"]);
    scenario.wait_ms(15_000);
    assert_eq!(scenario.reason_strings(new), ["no packet within 1.5 times the keep alive"]);
}

/// §3.2.2.3.9. The text does not tell whether the name or the password was wrong.
#[test]
fn connack_tells_why_a_client_is_refused() {
    let method = properties(&[Property::AuthenticationMethod("M")]);
    let options = BrokerOptions { maximum_qos: QoS::AtLeastOnce, ..BrokerOptions::default() };
    let rows = [
        (
            options.clone(),
            Connect { will: Some(will("w", "x", QoS::ExactlyOnce)), ..connect(V5, "a") },
            "CONNACK 9B",
            &["will QoS is above the maximum QoS (MQTT-3.2.2-12)"][..],
        ),
        (
            BrokerOptions { sessions_max: 0, ..BrokerOptions::default() },
            connect(V5, "a"),
            "CONNACK 97",
            &["session limit reached (§4.1)"],
        ),
        (
            options.clone(),
            Connect { properties: method.as_properties(), ..connect(V5, "a") },
            "CONNACK 8C",
            &["enhanced authentication is not supported"],
        ),
        (
            BrokerOptions { asks: Asks { authenticate: true, ..Asks::default() }, ..options },
            Connect { username: Some("ann"), password: Some(b"guess"), ..connect(V5, "a") },
            "CONNACK 86",
            &[],
        ),
    ];
    for (options, connect, heard, text) in rows {
        let mut scenario = Scenario::with(options);
        let peer = scenario.connect(&connect);
        if !scenario.asked.is_empty() {
            scenario.answer(Answer::Refuse(ReasonCode::BadUserNameOrPassword));
        }
        assert_eq!(scenario.reason_strings(peer), text);
        assert_eq!(scenario.hear(peer), [heard]);
        assert!(scenario.is_closed(peer));
    }
}

/// §3.9.2.1.2, §3.11.2.1.2: the first filter that was refused.
#[test]
fn suback_and_unsuback_tell_what_is_wrong_with_a_filter() {
    let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
    let peer = scenario.join(V5, "a");
    let text = "topic filter has more levels than the broker allows";
    subscribe(&mut scenario, peer, &["good", "1/2/3/4", "///"]);
    assert_eq!(scenario.hear(peer), ["SUBACK #1 00 8F 8F"]);
    assert_eq!(scenario.reason_strings(peer), [text]);
    subscribe(&mut scenario, peer, &["good"]);
    assert_eq!(scenario.reason_strings(peer).len(), 0);
    scenario.hear(peer);
    assert_eq!(scenario.unsubscribe(peer, "1/2/3/4"), ["UNSUBACK #101 8F"]);
    assert_eq!(scenario.reason_strings(peer), [text]);
    assert_eq!(scenario.unsubscribe(peer, "other"), ["UNSUBACK #101 11"]);
    assert_eq!(scenario.reason_strings(peer).len(), 0);
}

/// §3.4.2.2.2, §3.5.2.2.2: with the refusal alone, if it fits [MQTT-3.4.2-2], [MQTT-3.5.2-2] and is
/// wanted [MQTT-3.1.2-29].
#[test]
fn puback_and_pubrec_tell_why_a_message_was_refused() {
    let rule = AccessRule {
        action: None,
        filter: AccessFilter::parse("private/#").expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    let own = "only the broker publishes below $SYS, but for $SYS/broker/connection/";
    for (qos, name) in [(QoS::AtLeastOnce, "PUBACK"), (QoS::ExactlyOnce, "PUBREC")] {
        let access = Access::new(vec![rule.clone()]);
        let mut scenario = Scenario::with(BrokerOptions { access, ..BrokerOptions::default() });
        // Without text it is 5 bytes; they take 4 more than their length.
        for (bytes_max, wanted, said) in
            [(1_000, true, 1), (own.len() + 9, true, 1), (own.len() + 8, true, 0), (1_000, false, 0)]
        {
            let peer = join(&mut scenario, u32::try_from(bytes_max).expect("small"), wanted);
            for (topic, heard, text) in [
                ("$SYS/x", "87", Some(own)),
                ("private/x", "87", Some("not authorized for this topic")),
                ("t", "10", None),
            ] {
                scenario.send(peer, &Packet::Publish(publish(topic, "x", qos)));
                assert_eq!(scenario.hear(peer), [format!("{name} #9 {heard}")], "{bytes_max}");
                let fits = said == 1 || wanted && text.is_some_and(|text| text.len() < own.len());
                let expected: Vec<_> = text.into_iter().filter(|_| fits).collect();
                assert_eq!(scenario.reason_strings(peer), expected, "{topic} {bytes_max} {wanted}");
                scenario.send(peer, &Packet::Pubrel(Ack::success(id(9))));
                scenario.hear(peer);
            }
            subscribe(&mut scenario, peer, &["private/x"]);
            assert_eq!(scenario.hear(peer), ["SUBACK #1 87"]);
            assert_eq!(scenario.reason_strings(peer).len(), usize::from(wanted));
        }
    }
}

/// [MQTT-3.1.2-29]: CONNACK, DISCONNECT and PUBLISH alone may have them.
#[test]
fn who_wants_no_problem_information_gets_it_at_the_end_alone() {
    let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
    let peer = join(&mut scenario, 1_000, false);
    subscribe(&mut scenario, peer, &["1/2/3/4"]);
    scenario.unsubscribe(peer, "1/2/3/4");
    scenario.publish(peer, "t", "x", QoS::AtLeastOnce);
    assert_eq!(scenario.reason_strings(peer).len(), 0);
    let list = properties(&[Property::UserProperty("a", "1")]);
    scenario.subscribe(peer, "t", QoS::AtMostOnce);
    let heard = scenario.publish_with(
        peer,
        wasmqtt::codec::Publish { properties: list.as_properties(), ..publish("t", "x", QoS::AtMostOnce) },
    );
    assert_eq!(heard, ["t=x q0 UserProperty(\"a\", \"1\")"]);
    scenario.send_bytes(peer, &[0xD0, 0]);
    assert_eq!(scenario.reason_strings(peer), ["a packet that only a server sends (§2.1.2)"]);
}

/// [MQTT-3.9.2-1], [MQTT-3.14.2-3]: the packet goes without the text, and not over the maximum.
#[test]
fn reason_strings_that_do_not_fit_are_left_out() {
    // SUBACK without text is 6 bytes; the text takes 5 more than its length. DISCONNECT is 3, or 5
    // and 3 more.
    let suback_words = "topic filter has more levels than the broker allows".len();
    let disconnect_words = "a packet that only a server sends (§2.1.2)".len();
    for (bytes_max, said) in [(suback_words + 8, 0), (suback_words + 9, 1), (100, 1)] {
        let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 3, ..BrokerOptions::default() });
        let peer = join(&mut scenario, u32::try_from(bytes_max).expect("small"), true);
        subscribe(&mut scenario, peer, &["1/2/3/4"]);
        assert_eq!(scenario.hear(peer), ["SUBACK #1 8F"]);
        assert_eq!(scenario.reason_strings(peer).len(), said, "{bytes_max}");
    }
    for (bytes_max, said) in [(disconnect_words + 6, 0), (disconnect_words + 7, 1)] {
        let mut scenario = Scenario::new();
        let peer = join(&mut scenario, u32::try_from(bytes_max).expect("small"), true);
        scenario.send_bytes(peer, &[0xD0, 0]);
        assert_eq!(scenario.hear(peer), ["DISCONNECT 82"]);
        assert_eq!(scenario.reason_strings(peer).len(), said, "{bytes_max}");
    }
}

/// [MQTT-3.2.2-19].
#[test]
fn a_refusal_goes_without_a_reason_string_that_does_not_fit() {
    let text = "session limit reached (§4.1)".len();
    for (bytes_max, said) in [(5, 0), (text + 7, 0), (text + 8, 1)] {
        let mut scenario = Scenario::with(BrokerOptions { sessions_max: 0, ..BrokerOptions::default() });
        let list = properties(&[Property::MaximumPacketSize(u32::try_from(bytes_max).expect("small"))]);
        let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
        assert_eq!(scenario.hear(peer), ["CONNACK 97"]);
        assert_eq!(scenario.reason_strings(peer).len(), said, "{bytes_max}");
    }
}
