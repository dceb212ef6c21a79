//! CONNECT and CONNACK (§3.1, §3.2; 3.1.1 §3.1, §3.2).

use wasmqtt::broker::{Answer, Asks, Broker, BrokerOptions, Credentials, Output, Question};
use wasmqtt::codec::{Connect, Packet, Property, QoS, ReasonCode, Version, Will};
use wasmqtt::time::Time;

use crate::support::packets::{BOTH, QOS, V4, V5, connect, lasting, properties, publish, will};
use crate::support::scenario::Scenario;
use crate::support::transcript;

/// [MQTT-3.1.4-5], [MQTT-3.2.0-1], [MQTT-3.2.0-2], [3.1.1 MQTT-3.1.4-4], [3.1.1 MQTT-3.2.0-1]: also
/// for who does not wait for it, and where messages do.
#[test]
fn connack_is_the_first_packet_and_comes_once() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let peer = scenario.join_with(&lasting(version, "a"));
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.cut(peer);
        let other = scenario.join(V5, "other");
        scenario.publish(other, "t", "waits", QoS::AtLeastOnce);
        let mut frame = Vec::new();
        for packet in [
            Packet::Connect(Box::new(lasting(version, "a"))),
            Packet::Publish(publish("t", "own", QoS::AtMostOnce)),
            Packet::Pingreq,
        ] {
            packet.encode(version, &mut frame).expect("good");
        }
        let peer = scenario.open(version);
        scenario.send_bytes(peer, &frame);
        let heard = scenario.hear(peer);
        assert!(heard[0].starts_with("CONNACK ok present"), "{heard:?}");
        assert_eq!(heard[1..], ["t=waits q1 #1", "t=own q0", "PINGRESP"], "{version:?}");
    }
}

/// [3.1.1 MQTT-3.2.2-6], and so there too [3.1.1 MQTT-3.2.2-5]: nothing of table 3.1 says that a
/// will is not served.
#[test]
fn a_refusal_that_3_1_1_has_no_return_code_for_is_the_close_alone() {
    let options = BrokerOptions { maximum_qos: QoS::AtLeastOnce, retain_available: false, ..BrokerOptions::default() };
    let retained = Will { retain: true, ..will("w", "x", QoS::AtMostOnce) };
    for (will, told) in [(will("w", "x", QoS::ExactlyOnce), "CONNACK 9B"), (retained, "CONNACK 9A")] {
        for version in BOTH {
            let mut scenario = Scenario::with(options.clone());
            let peer = scenario.connect(&Connect { will: Some(will), ..connect(version, "a") });
            assert_eq!(scenario.hear(peer), if version == V5 { vec![told] } else { vec![] });
            assert!(scenario.is_closed(peer) && scenario.sessions().is_empty());
        }
    }
}

/// Options by which the host is asked who may connect.
fn asking() -> BrokerOptions {
    BrokerOptions { asks: Asks { authenticate: true, ..Asks::default() }, ..BrokerOptions::default() }
}

/// Lets `a` in by its password, which is its name.
fn judge(who: &Credentials) -> Answer {
    match (who.username.as_deref(), who.password.as_deref()) {
        (None, _) => Answer::Refuse(ReasonCode::NotAuthorized),
        (Some("a"), Some(b"a")) => Answer::Allow,
        (Some(_), _) => Answer::Refuse(ReasonCode::BadUserNameOrPassword),
    }
}

/// [MQTT-3.1.2-17], [MQTT-3.1.2-19], [3.1.1 MQTT-3.1.2-19], [3.1.1 MQTT-3.1.2-21]: the host is
/// asked about the credentials of CONNECT, empty ones too. A password alone is of 5.0 (§3.1.2.9).
#[test]
fn user_name_and_password_are_what_connect_says() {
    for version in BOTH {
        let rows: [(Option<&str>, Option<&[u8]>); 5] =
            [(None, None), (Some("u"), None), (Some("u"), Some(b"p\0\xFF")), (Some(""), Some(b"")), (None, Some(b"p"))];
        for (username, password) in rows.into_iter().filter(|row| version == V5 || row.0.is_some() || row.1.is_none()) {
            let mut scenario = Scenario::with(asking());
            let peer = scenario.connect(&Connect { username, password, ..connect(version, "a") });
            let Question::Authenticate(who) = &scenario.asked[0].1 else { panic!("{:?}", scenario.asked) };
            assert_eq!((who.username.as_deref(), who.password.as_deref()), (username, password));
            scenario.answer(Answer::Allow);
            assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
        }
    }
}

/// [MQTT-3.2.2-1], [MQTT-3.2.2-2], [MQTT-3.2.2-3], [MQTT-3.2.2-6], [MQTT-3.2.2-8],
/// [3.1.1 MQTT-3.2.2-1], [3.1.1 MQTT-3.2.2-2], [3.1.1 MQTT-3.2.2-3], [3.1.1 MQTT-3.2.2-4]: byte for
/// byte.
#[test]
fn connack_has_one_flag() {
    for version in BOTH {
        let mut broker = Broker::new(asking(), 0);
        let mut answer = |connect: &Connect<'_>| {
            let mut bytes = Vec::new();
            Packet::Connect(Box::new(connect.clone())).encode(version, &mut bytes).expect("good");
            let peer = broker.accept(Time::ZERO);
            broker.handle_bytes(peer, &bytes, Time::ZERO);
            let heard = loop {
                let asked = match broker.poll_output() {
                    Some(Output::Transmit(to, bytes)) if to == peer => break bytes[..4].to_vec(),
                    Some(Output::Ask { question, ask: Question::Authenticate(who), .. }) => Some((question, who)),
                    Some(_) => None,
                    None => panic!("no answer"),
                };
                if let Some((question, who)) = asked {
                    broker.answer(question, judge(&who), Time::ZERO);
                }
            };
            broker.handle_closed(peer, Time::ZERO);
            while broker.poll_output().is_some() {}
            heard
        };
        let known = |connect| Connect { username: Some("a"), password: Some(b"a"), ..connect };
        let wrong = |connect| Connect { username: Some("a"), password: Some(b"b"), ..connect };
        let rows = [
            (known(lasting(version, "a")), [0, 0]),
            (known(lasting(version, "a")), [1, 0]),
            (wrong(lasting(version, "a")), [0, if version == V5 { 0x86 } else { 4 }]),
            (lasting(version, "a"), [0, if version == V5 { 0x87 } else { 5 }]),
            (known(lasting(version, "a")), [1, 0]),
            (known(connect(version, "a")), [0, 0]),
            (known(lasting(version, "a")), [0, 0]),
        ];
        for (index, (connect, expected)) in rows.into_iter().enumerate() {
            let heard = answer(&connect);
            assert_eq!((heard[0], &heard[2..]), (0x20, expected.as_slice()), "{index} {version:?}");
        }
    }
}

/// [MQTT-3.1.4-2], [MQTT-3.1.4-6], [MQTT-3.2.2-7], [3.1.1 MQTT-3.1.4-5], [3.1.1 MQTT-3.2.2-5].
#[test]
fn nothing_behind_a_refused_connect_is_looked_at() {
    for version in BOTH {
        let mut scenario = Scenario::with(asking());
        let watcher = scenario.connect(&connect(V5, "watcher"));
        scenario.answer(Answer::Allow);
        scenario.hear(watcher);
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        let mut frame = Vec::new();
        let stranger = Connect { will: Some(will("t", "will", QoS::AtMostOnce)), ..connect(version, "a") };
        for packet in [
            Packet::Connect(Box::new(stranger)),
            Packet::Connect(Box::new(connect(version, "b"))),
            Packet::Publish(publish("t", "x", QoS::AtMostOnce)),
            Packet::Pingreq,
        ] {
            packet.encode(version, &mut frame).expect("good");
        }
        let peer = scenario.open(version);
        scenario.send_bytes(peer, &frame);
        scenario.answer(Answer::Refuse(ReasonCode::NotAuthorized));
        assert_eq!(scenario.hear(peer), ["CONNACK 87"]);
        assert!(scenario.is_closed(peer));
        scenario.send_bytes(peer, &frame);
        assert!(scenario.asked.is_empty());
        assert!(scenario.hear(watcher).is_empty() && scenario.hear(peer).is_empty());
        assert_eq!(scenario.sessions(), ["watcher"]);
    }
}

/// [MQTT-3.1.3-5], [3.1.1 MQTT-3.1.3-5].
#[test]
fn letters_and_digits_up_to_23_are_a_client_identifier() {
    let all = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for version in BOTH {
        let mut scenario = Scenario::new();
        let names = (1..=23).map(|len| &all[..len]).chain((0..=all.len() - 23).map(|start| &all[start..start + 23]));
        for name in names {
            let peer = scenario.join(version, name);
            assert_eq!(scenario.sessions(), [name]);
            scenario.cut(peer);
        }
    }
}

/// [MQTT-3.1.3-2], [3.1.1 MQTT-3.1.3-2]: nothing else does, and a letter's case is of it.
#[test]
fn the_client_identifier_names_the_session() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        for (name, filter) in [("a", "one"), ("A", "two"), ("aa", "three")] {
            let peer = scenario.join_with(&lasting(version, name));
            scenario.subscribe(peer, filter, QoS::AtLeastOnce);
            scenario.cut(peer);
        }
        let other = scenario.join(version, "other");
        for topic in ["one", "two", "three"] {
            scenario.publish(other, topic, "", QoS::AtLeastOnce);
        }
        for (name, heard) in [("aa", "three= q1 #1"), ("a", "one= q1 #1"), ("A", "two= q1 #1")] {
            let named = Connect { username: Some("someone else"), ..lasting(version, name) };
            let peer = scenario.connect(&named);
            assert_eq!(scenario.hear(peer)[1..], [heard], "{name}");
        }
    }
}

/// [MQTT-3.1.3-6], [MQTT-3.1.3-7], [MQTT-3.2.2-16], [3.1.1 MQTT-3.1.3-6], [3.1.1 MQTT-3.1.3-8],
/// [3.1.1 MQTT-3.1.3-9].
#[test]
fn an_empty_client_identifier_is_replaced_or_refused() {
    let mut scenario = Scenario::new();
    let old = scenario.connect(&connect(V4, ""));
    assert_eq!(scenario.hear(old), ["CONNACK ok"]);
    let refused = scenario.connect(&Connect { clean_start: false, ..connect(V4, "") });
    assert_eq!(scenario.hear(refused), ["CONNACK 85"], "3.1.1 writes it as 2");
    assert!(scenario.is_closed(refused));
    let new = scenario.connect(&lasting(V5, ""));
    let heard = scenario.hear(new).concat();
    let (_, rest) = heard.split_once("AssignedClientIdentifier(\"").expect("it is told");
    let name = rest.split('"').next().expect("a text").to_owned();
    assert_eq!(scenario.sessions().len(), 2);
    assert!(scenario.sessions().contains(&name.as_str()));
    scenario.subscribe(new, "t", QoS::AtMostOnce);
    scenario.cut(new);
    let again = scenario.connect(&lasting(V5, &name));
    assert!(scenario.hear(again)[0].starts_with("CONNACK ok present"), "the name is as good as one of its own");
}

/// [MQTT-3.1.2-9], [MQTT-3.1.2-12], [MQTT-3.1.2-14], [MQTT-3.1.2-15], [3.1.1 MQTT-3.1.2-9],
/// [3.1.1 MQTT-3.1.2-14], [3.1.1 MQTT-3.1.2-16], [3.1.1 MQTT-3.1.2-17].
#[test]
fn a_will_has_the_quality_and_the_retain_flag_of_connect() {
    for version in BOTH {
        for qos in QOS {
            for retain in [false, true] {
                let mut scenario = Scenario::new();
                let watcher = scenario.join(V5, "watcher");
                scenario.subscribe(watcher, "gone", QoS::ExactlyOnce);
                let will = Will { retain, ..will("gone", "a", qos) };
                let peer = scenario.join_with(&Connect { will: Some(will), ..connect(version, "a") });
                assert!(scenario.hear(watcher).is_empty() && scenario.broker.retained().count() == 0);
                scenario.cut(peer);
                let id = if qos == QoS::AtMostOnce { "" } else { " #1" };
                assert_eq!(scenario.hear(watcher), [format!("gone=a q{}{id}", qos.bits())]);
                let late = scenario.join(V5, "late");
                let heard = scenario.subscribe(late, "gone", QoS::ExactlyOnce);
                let kept = format!("gone=a q{}{id} retain", qos.bits());
                assert_eq!(heard[1..], if retain { vec![kept] } else { vec![] }, "{version:?} {qos:?}");
            }
        }
    }
}

/// [MQTT-3.1.2-8], [MQTT-3.1.2-10], [3.1.1 MQTT-3.1.2-8], [3.1.1 MQTT-3.1.2-10]: the connection
/// ends by a cut, or by the next one of the same session. No later event, up to the session's end,
/// publishes the will again.
#[test]
fn a_will_goes_with_its_publication() {
    for version in BOTH {
        for taken_over in [false, true] {
            let mut scenario = Scenario::with(BrokerOptions { session_expiry_max: 10, ..BrokerOptions::default() });
            let watcher = scenario.join(V5, "watcher");
            scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
            let will = Some(will("gone", "a", QoS::AtMostOnce));
            let peer = scenario.join_with(&Connect { will, ..lasting(version, "a") });
            assert!(scenario.hear(watcher).is_empty());
            if taken_over {
                let next = scenario.connect(&lasting(version, "a"));
                assert!(scenario.is_closed(peer) && scenario.hear(next)[0].starts_with("CONNACK ok present"));
                assert_eq!(scenario.hear(watcher), ["gone=a q0"]);
                scenario.cut(next);
            } else {
                scenario.cut(peer);
                assert_eq!(scenario.hear(watcher), ["gone=a q0"]);
            }
            scenario.wait_ms(10_000);
            assert_eq!((scenario.hear(watcher).len(), scenario.sessions()), (0, vec!["watcher"]), "{version:?}");
        }
    }
}

/// [MQTT-3.1.2-8], [3.1.1 MQTT-3.1.2-8]: a client that goes while its packet waits for the host is
/// gone when that is answered.
#[test]
fn a_will_waits_for_what_its_client_sent_before() {
    for version in BOTH {
        let asks = Asks { publish: true, ..Asks::default() };
        let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        let will = Some(will("gone", "a", QoS::AtMostOnce));
        let peer = scenario.connect(&Connect { will, ..connect(version, "a") });
        scenario.answer(Answer::Allow);
        scenario.send(peer, &Packet::Publish(publish("t", "last", QoS::AtLeastOnce)));
        scenario.cut(peer);
        assert!(scenario.hear(watcher).is_empty());
        scenario.answer(Answer::Allow);
        assert_eq!(scenario.hear(watcher), ["t=last q0", "gone=a q0"]);
        assert_eq!((scenario.sessions(), scenario.broker.connections()), (vec!["watcher"], 1));
    }
}

/// [MQTT-3.1.2-7], [MQTT-3.1.2-10], [3.1.1 MQTT-3.1.2-8], [3.1.1 MQTT-3.1.2-10],
/// [3.1.1 MQTT-3.1.2-12]: it is of its own connection and of no later one.
#[test]
fn a_will_is_published_once_at_most() {
    for version in BOTH {
        for goodbye in [false, true] {
            let mut scenario = Scenario::new();
            let watcher = scenario.join(V5, "watcher");
            scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
            let peer = scenario
                .join_with(&Connect { will: Some(will("gone", "a", QoS::AtMostOnce)), ..lasting(version, "a") });
            if goodbye {
                scenario.disconnect(peer, wasmqtt::codec::ReasonCode::Success);
            } else {
                scenario.cut(peer);
            }
            assert_eq!(scenario.hear(watcher).len(), usize::from(!goodbye));
            let peer = scenario.join_with(&lasting(version, "a"));
            scenario.cut(peer);
            scenario.wait_ms(100_000);
            assert!(scenario.hear(watcher).is_empty(), "{version:?}");
        }
    }
}

/// [MQTT-3.1.3-10], [MQTT-3.1.2-9], and as those of any message [MQTT-3.3.2-4], [MQTT-3.3.2-15],
/// [MQTT-3.3.2-16], [MQTT-3.3.2-17], [MQTT-3.3.2-18], [MQTT-3.3.2-20]; the delay is for the broker
/// alone (§3.1.3.2).
#[test]
fn a_wills_properties_go_out_with_it_in_their_order() {
    let list = [
        Property::UserProperty("z", "1"),
        Property::PayloadFormatIndicator(true),
        Property::UserProperty("a", "2"),
        Property::ContentType("text/plain"),
        Property::ResponseTopic("answer"),
        Property::CorrelationData(b"c"),
        Property::UserProperty("z", "3"),
    ];
    let sent = properties(&list);
    let mut with_delay = properties(&list);
    with_delay.push(Property::WillDelayInterval(1)).expect("short");
    let mut scenario = Scenario::new();
    let (new, old) = (scenario.join(V5, "new"), scenario.join(V4, "old"));
    for peer in [new, old] {
        scenario.subscribe(peer, "gone", QoS::AtMostOnce);
    }
    let will = Will { properties: with_delay.as_properties(), ..will("gone", "a", QoS::AtMostOnce) };
    let peer = scenario.join_with(&Connect { will: Some(will), ..lasting(V5, "a") });
    scenario.cut(peer);
    scenario.wait_ms(1_000);
    assert_eq!(scenario.hear(new), [format!("gone=a q0{}", transcript::list(sent.as_properties()))]);
    assert_eq!(scenario.hear(old), ["gone=a q0"]);
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6]: its time begins when it is published (§3.1.3.2.4).
#[test]
fn a_will_expires_as_a_message_does() {
    let list = properties(&[Property::WillDelayInterval(20), Property::MessageExpiryInterval(10)]);
    let mut scenario = Scenario::new();
    let watcher = scenario.join(V5, "watcher");
    scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
    let late = scenario.join_with(&lasting(V5, "late"));
    scenario.subscribe(late, "gone", QoS::AtLeastOnce);
    scenario.cut(late);
    let will = Will { retain: true, properties: list.as_properties(), ..will("gone", "a", QoS::AtLeastOnce) };
    let peer = scenario.join_with(&Connect { will: Some(will), ..lasting(V5, "a") });
    scenario.cut(peer);
    scenario.wait_ms(20_000);
    assert_eq!(scenario.hear(watcher), ["gone=a q0 MessageExpiryInterval(10)"]);
    scenario.wait_ms(9_000);
    let later = scenario.join(V5, "later");
    let heard = scenario.subscribe(later, "gone", QoS::AtMostOnce);
    assert_eq!(heard[1..], ["gone=a q0 retain MessageExpiryInterval(1)"]);
    scenario.wait_ms(1_000);
    assert_eq!(scenario.subscribe(later, "gone", QoS::AtMostOnce).len(), 1);
    let late = scenario.connect(&lasting(V5, "late"));
    assert_eq!(scenario.hear(late).len(), 1, "CONNACK alone");
}

/// [3.1.1 MQTT-3.1.2-7], and so in 5.0 (§4.1.0).
#[test]
fn retained_messages_outlive_the_session_that_published_them() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        scenario.retain(peer, "t", "x", QoS::AtLeastOnce);
        scenario.disconnect(peer, wasmqtt::codec::ReasonCode::Success);
        assert!(scenario.sessions().is_empty());
        let peer = scenario.join(version, "a");
        assert_eq!(scenario.subscribe(peer, "t", QoS::AtMostOnce)[1..], ["t=x q0 retain"]);
    }
}

/// [MQTT-3.1.2-22], [MQTT-3.2.2-22], [3.1.1 MQTT-3.1.2-24]: whatever its length; any packet, and
/// only a whole one, begins it anew.
#[test]
fn the_keep_alive_of_connect_holds() {
    let last_words = |version: Version| if version == V5 { vec!["DISCONNECT 8D"] } else { vec![] };
    for version in BOTH {
        for seconds in [1, 60, u16::MAX] {
            let mut scenario = Scenario::new();
            let peer = scenario.join_with(&Connect { keep_alive: seconds, ..connect(version, "a") });
            let allowed = u64::from(seconds) * 1_500;
            scenario.wait_ms(allowed - 1);
            scenario.send(peer, &Packet::Publish(publish("t", "", QoS::AtMostOnce)));
            scenario.wait_ms(allowed - 1);
            scenario.send_bytes(peer, &[0xC0]);
            assert!(!scenario.is_closed(peer));
            scenario.wait_ms(1);
            assert!(scenario.is_closed(peer), "{version:?} {seconds}");
            assert_eq!(scenario.hear(peer), last_words(version));
        }
    }
}

/// [MQTT-3.1.2-2], [3.1.1 MQTT-3.1.2-2], [3.1.1 MQTT-3.2.2-5]: in the words of the version that
/// asks.
#[test]
fn a_level_that_is_not_served_is_told_in_bytes() {
    let rows: [(&[u8], &[u8]); 3] = [
        (b"\x10\x0C\x00\x04MQTT\x02\x02\x00\x00\x00\x00", &[0x20, 2, 0, 1]),
        (b"\x10\x0D\x00\x04MQTT\x06\x02\x00\x00\x00\x00\x00", &[0x20, 3, 0, 0x84, 0]),
        (b"\x10\x0D\x00\x04MQTT\x7F\x02\x00\x00\x00\x00\x00", &[0x20, 3, 0, 0x84, 0]),
    ];
    for (bytes, expected) in rows {
        let mut broker = Broker::new(BrokerOptions::default(), 0);
        let peer = broker.accept(Time::ZERO);
        broker.handle_bytes(peer, bytes, Time::ZERO);
        match broker.poll_output() {
            Some(Output::Transmit(to, frame)) => assert_eq!((to, frame), (peer, expected)),
            other => panic!("{bytes:?}: {other:?}"),
        }
        assert!(matches!(broker.poll_output(), Some(Output::Close(to)) if to == peer), "{bytes:?}");
    }
}
