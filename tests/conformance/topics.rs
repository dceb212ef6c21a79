//! Topic names and filters (§4.7; 3.1.1 §4.7).

use wasmqtt::codec::QoS;

use crate::support::packets::{BOTH, V4, V5, lasting, properties, publish, subscribe_bytes, unsubscribe_bytes};
use crate::support::scenario::Scenario;
use crate::support::transcript;

/// [MQTT-4.7.0-1], [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.2-1], [MQTT-4.7.3-4],
/// [3.1.1 MQTT-4.7.1-1], [3.1.1 MQTT-4.7.1-2], [3.1.1 MQTT-4.7.1-3], [3.1.1 MQTT-4.7.2-1],
/// [3.1.1 MQTT-4.7.3-4]: each filter, the names it matches, and those it does not; a retained
/// message is found by the same.
#[test]
fn filters_match_what_they_say() {
    let rows: [(&str, &[&str], &[&str]); 16] = [
        ("a/b", &["a/b"], &["a", "a/b/", "/a/b", "A/b", "a/c", "a/b/c"]),
        ("#", &["a", "a/b", "/", "/a", "a/", "a//b"], &["$a", "$SYS/x"]),
        ("a/#", &["a", "a/", "a/b", "a/b/c", "a//"], &["b", "ab", "/a", "A/b"]),
        ("/#", &["/", "/a", "//"], &["a", "a/"]),
        ("+", &["a", "ab", "\u{E9}"], &["/", "a/b", "/a", "$a"]),
        ("+/+", &["a/b", "/", "/a", "a/"], &["a", "a/b/c", "$a/b"]),
        ("/+", &["/a", "/"], &["a", "//", "/a/"]),
        ("a/+/c", &["a/b/c", "a//c"], &["a/c", "a/b/c/d", "a/b/d"]),
        ("+/b/#", &["a/b", "a/b/c", "/b"], &["a/c", "b", "$a/b"]),
        ("$a/#", &["$a", "$a/b"], &["a", "a/b"]),
        ("$a/+", &["$a/b", "$a/"], &["$a", "$b/a"]),
        ("a /b", &["a /b"], &["a/b", "a/ b", "a  /b"]),
        ("a//b", &["a//b"], &["a/b"]),
        ("\u{E9}", &["\u{E9}"], &["e\u{301}", "\u{C9}", "e"]),
        ("\u{FEFF}a", &["\u{FEFF}a"], &["a"]),
        ("%61/..", &["%61/.."], &["a/..", "/", "a"]),
    ];
    for version in BOTH {
        for (filter, matching, others) in rows {
            let names = matching.iter().map(|name| (name, true)).chain(others.iter().map(|name| (name, false)));
            for (name, matches) in names {
                let mut scenario = Scenario::new();
                let peer = scenario.join(version, "a");
                assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), ["SUBACK #100 00"], "{filter}");
                let expected = if matches { vec![format!("{name}=x q0")] } else { vec![] };
                assert_eq!(scenario.publish(peer, name, "x", QoS::AtMostOnce), expected, "{filter} {name} {version:?}");
                scenario.unsubscribe(peer, filter);
                scenario.retain(peer, name, "x", QoS::AtMostOnce);
                let heard = scenario.subscribe(peer, filter, QoS::AtMostOnce);
                assert_eq!(heard.len(), 1 + usize::from(matches), "{filter} {name}, retained");
            }
        }
    }
}

/// [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1], [MQTT-4.8.2-1], [MQTT-4.8.2-2],
/// [MQTT-4.13.1-1], [3.1.1 MQTT-4.7.1-2], [3.1.1 MQTT-4.7.1-3], [3.1.1 MQTT-4.7.3-1],
/// [3.1.1 MQTT-4.8.0-1]: the packet is malformed, and nothing of it is done. In 3.1.1 `$share` is a
/// level like any other, and what would be no shared subscription is refused alone.
#[test]
fn an_ill_formed_filter_ends_the_connection() {
    let of_both = [
        "",
        "a#",
        "#/a",
        "a/#/b",
        "##",
        "a/##",
        "#a",
        "a+",
        "+a",
        "a/b+",
        "a/+b/c",
        "++",
        "$share/g+/a",
        "$share/g#/a",
        "$share/g/a#",
        "$share/#/a",
    ];
    let of_5_0 = ["$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/#"];
    for (filter, ends_old) in
        of_both.map(|filter| (filter, true)).into_iter().chain(of_5_0.map(|filter| (filter, false)))
    {
        for version in BOTH {
            let name = format!("{filter}, {version:?}");
            let subscribe = subscribe_bytes(version, &["good", filter]);
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            scenario.send_bytes(peer, &subscribe);
            let heard = scenario.hear(peer);
            if version == V4 && !ends_old {
                assert_eq!(heard, ["SUBACK #100 00 80"], "{name}");
                scenario.send_bytes(peer, &unsubscribe_bytes(version, &["good", filter]));
                assert_eq!(scenario.hear(peer), ["UNSUBACK #101 "], "{name}");
                assert_eq!((scenario.broker.subscriptions(), scenario.is_closed(peer)), (0, false), "{name}");
                continue;
            }
            let told: &[&str] = if version == V5 { &["DISCONNECT 81"] } else { &[] };
            assert_eq!(heard, told, "{name}");
            assert_eq!((scenario.broker.subscriptions(), scenario.is_closed(peer)), (0, true), "{name}");
            let peer = scenario.join_with(&lasting(version, "b"));
            scenario.subscribe(peer, "good", QoS::AtMostOnce);
            scenario.send_bytes(peer, &unsubscribe_bytes(version, &["good", filter]));
            assert_eq!(scenario.hear(peer), told, "{name}");
            assert_eq!((scenario.broker.subscriptions(), scenario.is_closed(peer)), (1, true), "{name}");
        }
    }
}

/// [MQTT-4.7.3-1], [MQTT-4.7.3-3], [3.1.1 MQTT-4.7.3-1], [3.1.1 MQTT-4.7.3-3],
/// [3.1.1 MQTT-4.7.1-1], [MQTT-4.7.0-1]: from one byte to the most that a length can say; an empty
/// name and one with a wildcard end the connection.
#[test]
fn names_and_filters_have_1_to_65_535_bytes() {
    let long = "a".repeat(65_535);
    for version in BOTH {
        for name in ["a", "/", " ", "\u{FEFF}", &long] {
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            assert_eq!(scenario.subscribe(peer, name, QoS::AtMostOnce), ["SUBACK #100 00"]);
            assert_eq!(scenario.publish(peer, name, "x", QoS::AtMostOnce), [format!("{name}=x q0")]);
        }
        let empty: &[u8] = if version == V5 { b"\x30\x03\0\0\0" } else { b"\x30\x02\0\0" };
        let wild: &[u8] = if version == V5 { b"\x30\x04\0\x01+\0" } else { b"\x30\x03\0\x01+" };
        for (bytes, reason) in [(empty, "82"), (wild, "90")] {
            let mut scenario = Scenario::new();
            let peer = scenario.join(version, "a");
            scenario.send_bytes(peer, bytes);
            assert!(scenario.is_closed(peer));
            let told = if version == V5 { vec![format!("DISCONNECT {reason}")] } else { vec![] };
            assert_eq!(scenario.hear(peer), told);
        }
    }
}

/// [MQTT-1.5.4-3], [3.1.1 MQTT-1.5.3-3]: wherever a string stands, it goes through as it came.
#[test]
fn a_zero_width_no_break_space_stays_where_it_is() {
    let list = [wasmqtt::codec::Property::UserProperty("\u{FEFF}n", "v\u{FEFF}")];
    let list = properties(&list);
    for version in BOTH {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "\u{FEFF}a");
        assert_eq!(scenario.sessions(), ["\u{FEFF}a"]);
        scenario.subscribe(peer, "\u{FEFF}/+", QoS::AtMostOnce);
        assert_eq!(scenario.publish(peer, "\u{FEFF}/\u{FEFF}", "x", QoS::AtMostOnce), ["\u{FEFF}/\u{FEFF}=x q0"]);
        assert!(scenario.publish(peer, "/\u{FEFF}", "x", QoS::AtMostOnce).is_empty());
        if version == V5 {
            let plain = publish("\u{FEFF}/x", "", QoS::AtMostOnce);
            let heard =
                scenario.publish_with(peer, wasmqtt::codec::Publish { properties: list.as_properties(), ..plain });
            assert!(heard[0].ends_with(&transcript::list(list.as_properties())), "{heard:?}");
        }
    }
}
