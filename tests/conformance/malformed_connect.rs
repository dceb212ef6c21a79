//! Malformed CONNECT packets, and other packets at the start of a connection (§3.1; 3.1.1 §3.1).

use wasmqtt::broker::{BrokerOptions, Event, RejectCause};
use wasmqtt::codec::Version;

use super::bystanders::Bystanders;
use crate::support::bytes::{framed, hex};
use crate::support::packets::{BOTH, V4, V5};
use crate::support::scenario::Scenario;

const NONE: &str = "-";

/// The name, the first byte, the body in 3.1.1, the body in 5.0, and the answer to each before the
/// close.
type Form = (&'static str, u8, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

fn refused(forms: &[Form]) {
    for (name, first, old, new, old_hears, new_hears) in forms {
        let rows = [(V4, old, old_hears), (V5, new, new_hears)];
        for (version, body, heard) in rows.into_iter().filter(|(_, body, _)| **body != NONE) {
            refuse(&format!("{name}, {version:?}"), version, &framed(*first, &hex(body)), heard);
        }
    }
}

/// The connection ends without a session, a subscription or a message, and no other is touched.
fn refuse(name: &str, version: Version, bytes: &[u8], heard: &[&str]) {
    let options =
        BrokerOptions { events: true, packet_bytes_max: 1000.try_into().expect("not 0"), ..Default::default() };
    let mut scenario = Scenario::with(options);
    let mut bystanders = Bystanders::join(&mut scenario);
    scenario.events.clear();
    let peer = scenario.open(version);
    scenario.send_bytes(peer, &[bytes, b"\x30\x0D\x00\x0Abetween/us!"].concat());
    assert!(scenario.is_closed(peer), "{name}");
    assert_eq!(scenario.hear(peer), heard, "{name}");
    let [Event::Rejected { cause: RejectCause::Fault(fault), .. }] = scenario.events.as_slice() else {
        panic!("{name}: {:?}", scenario.events);
    };
    assert!(!fault.rule.is_empty() && !fault.problem.is_empty());
    assert_eq!(scenario.sessions(), ["publisher", "subscriber"], "{name}");
    bystanders.exchange(&mut scenario);
}

/// [MQTT-3.1.0-1], [MQTT-3.14.0-1], [MQTT-4.12.0-6], [3.1.1 MQTT-3.1.0-1].
#[test]
fn nothing_but_connect_begins_a_connection() {
    for version in BOTH {
        for kind in (0..=15_u8).filter(|kind| *kind != 1) {
            for (body, len) in [(&[][..], 0), (&[0, 1], 2), (&[0, 1, b't', 0], 4)] {
                let flags = if matches!(kind, 6 | 8 | 10) { 2 } else { 0 };
                refuse(&format!("kind {kind}, {len} bytes"), version, &[&[kind << 4 | flags, len], body].concat(), &[]);
            }
        }
        for (name, bytes) in [
            ("a web browser", b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n".as_slice()),
            ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"),
            ("a length of five bytes", b"\x10\xFF\xFF\xFF\xFF\x01"),
            ("more than is taken", b"\x10\xE9\x07"),
            ("zeros", &[0; 64]),
            ("ones", &[0xFF; 64]),
        ] {
            refuse(name, version, bytes, &[]);
        }
    }
}

/// [MQTT-1.5.5-1]: 3.1.1 has no such rule.
#[test]
fn the_length_of_connect_has_its_shortest_form() {
    for (version, body) in [(V4, "0004 'MQTT' 04 02 0000 0000"), (V5, "0004 'MQTT' 05 02 0000 00 0000")] {
        let body = hex(body);
        let len = u8::try_from(body.len()).expect("it is short") | 0x80;
        let packet = [&[0x10, len, 0x80, 0x00], &body[..]].concat();
        if version == V5 {
            refuse("two bytes more", version, &packet, &["CONNACK 81"]);
        } else {
            let mut scenario = Scenario::new();
            let peer = scenario.open(version);
            scenario.send_bytes(peer, &packet);
            assert_eq!(scenario.hear(peer), ["CONNACK ok"]);
        }
    }
}

/// [MQTT-3.1.4-1], [MQTT-3.1.2-3], [MQTT-3.1.2-9], [MQTT-3.1.2-11], [MQTT-3.1.2-12],
/// [MQTT-3.1.2-13], [MQTT-3.1.2-16], [MQTT-3.1.2-17], [MQTT-3.1.2-18], [MQTT-3.1.2-19],
/// [MQTT-3.2.0-2], [MQTT-3.2.2-6], [MQTT-3.2.2-7], [3.1.1 MQTT-3.1.4-1], [3.1.1 MQTT-3.1.2-3],
/// [3.1.1 MQTT-3.1.2-9], [3.1.1 MQTT-3.1.2-11], [3.1.1 MQTT-3.1.2-13], [3.1.1 MQTT-3.1.2-14],
/// [3.1.1 MQTT-3.1.2-15], [3.1.1 MQTT-3.1.2-18], [3.1.1 MQTT-3.1.2-19], [3.1.1 MQTT-3.1.2-20],
/// [3.1.1 MQTT-3.1.2-21], [3.1.1 MQTT-3.1.2-22], [3.1.1 MQTT-3.2.2-6].
#[test]
fn connect_flags_and_what_they_promise() {
    refused(&[
        ("other flags", 0x11, "0004 'MQTT' 04 02 0000 0000", "0004 'MQTT' 05 02 0000 00 0000", &[], &[]),
        ("reserved", 0x10, "0004 'MQTT' 04 03 0000 0000", "0004 'MQTT' 05 03 0000 00 0000", &[], &["CONNACK 81"]),
        (
            "will QoS 3",
            0x10,
            "0004 'MQTT' 04 1E 0000 0000 0001 'w' 0000",
            "0004 'MQTT' 05 1E 0000 00 0000 00 0001 'w' 0000",
            &[],
            &["CONNACK 81"],
        ),
        ("will QoS alone", 0x10, "0004 'MQTT' 04 0A 0000 0000", "0004 'MQTT' 05 0A 0000 00 0000", &[], &["CONNACK 81"]),
        (
            "will retain alone",
            0x10,
            "0004 'MQTT' 04 22 0000 0000",
            "0004 'MQTT' 05 22 0000 00 0000",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a will flag alone",
            0x10,
            "0004 'MQTT' 04 06 0000 0000",
            "0004 'MQTT' 05 06 0000 00 0000",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a will without a message",
            0x10,
            "0004 'MQTT' 04 06 0000 0000 0001 'w'",
            "0004 'MQTT' 05 06 0000 00 0000 00 0001 'w'",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a will without its flag",
            0x10,
            "0004 'MQTT' 04 02 0000 0000 0001 'w' 0000",
            "0004 'MQTT' 05 02 0000 00 0000 00 0001 'w' 0000",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a user name flag alone",
            0x10,
            "0004 'MQTT' 04 82 0000 0000",
            "0004 'MQTT' 05 82 0000 00 0000",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a user name without its flag",
            0x10,
            "0004 'MQTT' 04 02 0000 0000 0001 'u'",
            "0004 'MQTT' 05 02 0000 00 0000 0001 'u'",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a password flag alone",
            0x10,
            "0004 'MQTT' 04 C2 0000 0000 0001 'u'",
            "0004 'MQTT' 05 C2 0000 00 0000 0001 'u'",
            &[],
            &["CONNACK 81"],
        ),
        (
            "a password without its flag",
            0x10,
            "0004 'MQTT' 04 82 0000 0000 0001 'u' 0001 'p'",
            "0004 'MQTT' 05 82 0000 00 0000 0001 'u' 0001 'p'",
            &[],
            &["CONNACK 81"],
        ),
        ("a password without a user name", 0x10, "0004 'MQTT' 04 42 0000 0000 0001 'p'", NONE, &[], &[]),
    ]);
}

/// [MQTT-3.1.3-1], [MQTT-3.1.3-3], [MQTT-3.1.3-4], [MQTT-3.1.3-11], [MQTT-3.1.3-12],
/// [3.1.1 MQTT-3.1.3-1], [3.1.1 MQTT-3.1.3-3], [3.1.1 MQTT-3.1.3-4], [3.1.1 MQTT-3.1.3-10],
/// [3.1.1 MQTT-3.1.3-11]. [MQTT-4.7.3-1].
#[test]
fn connect_fields() {
    let told: &[&str] = &["CONNACK 81"];
    refused(&[
        ("no client identifier", 0x10, "0004 'MQTT' 04 02 0000", "0004 'MQTT' 05 02 0000 00", &[], told),
        ("half of it", 0x10, "0004 'MQTT' 04 02 0000 0002 'a'", "0004 'MQTT' 05 02 0000 00 0002 'a'", &[], told),
        ("not UTF-8", 0x10, "0004 'MQTT' 04 02 0000 0001 FF", "0004 'MQTT' 05 02 0000 00 0001 FF", &[], told),
        ("U+0000", 0x10, "0004 'MQTT' 04 02 0000 0002 'a' 00", "0004 'MQTT' 05 02 0000 00 0002 'a' 00", &[], told),
        ("no keep alive", 0x10, "0004 'MQTT' 04 02", "0004 'MQTT' 05 02", &[], told),
        ("no flags", 0x10, "0004 'MQTT' 04", "0004 'MQTT' 05", &[], told),
        (
            "a will topic that is not UTF-8",
            0x10,
            "0004 'MQTT' 04 06 0000 0001 'a' 0001 FF 0000",
            "0004 'MQTT' 05 06 0000 00 0001 'a' 00 0001 FF 0000",
            &[],
            told,
        ),
        (
            "a will topic with a wildcard",
            0x10,
            "0004 'MQTT' 04 06 0000 0001 'a' 0001 '+' 0000",
            "0004 'MQTT' 05 06 0000 00 0001 'a' 00 0001 '+' 0000",
            &[],
            &["CONNACK 90"],
        ),
        (
            "a user name that is not UTF-8",
            0x10,
            "0004 'MQTT' 04 82 0000 0001 'a' 0001 FF",
            "0004 'MQTT' 05 82 0000 00 0001 'a' 0001 FF",
            &[],
            told,
        ),
        ("no properties", 0x10, NONE, "0004 'MQTT' 05 02 0000", &[], told),
        ("no will properties", 0x10, NONE, "0004 'MQTT' 05 06 0000 00 0001 'a'", &[], told),
        ("a property that there is not", 0x10, NONE, "0004 'MQTT' 05 02 0000 02 7E 00 0000", &[], told),
        ("another packet's property", 0x10, NONE, "0004 'MQTT' 05 02 0000 03 23 0001 0000", &[], told),
        ("a will's property", 0x10, NONE, "0004 'MQTT' 05 02 0000 05 18 00000001 0000", &[], told),
        ("half a property", 0x10, NONE, "0004 'MQTT' 05 02 0000 04 11 000000 0000", &[], told),
        ("a property twice", 0x10, NONE, "0004 'MQTT' 05 02 0000 06 21 0001 21 0001 0000", &[], &["CONNACK 82"]),
        ("receive maximum 0", 0x10, NONE, "0004 'MQTT' 05 02 0000 03 21 0000 0000", &[], &["CONNACK 82"]),
        ("maximum packet size 0", 0x10, NONE, "0004 'MQTT' 05 02 0000 05 27 00000000 0000", &[], &["CONNACK 82"]),
        ("problem information 2", 0x10, NONE, "0004 'MQTT' 05 02 0000 02 17 02 0000", &[], &["CONNACK 82"]),
        ("response information 2", 0x10, NONE, "0004 'MQTT' 05 02 0000 02 19 02 0000", &[], &["CONNACK 82"]),
        ("data without a method", 0x10, NONE, "0004 'MQTT' 05 02 0000 04 16 0001 00 0000", &[], &["CONNACK 82"]),
        (
            "a wildcard in the will's response topic",
            0x10,
            NONE,
            "0004 'MQTT' 05 06 0000 00 0000 04 08 0001 '#' 0001 'w' 0000",
            &[],
            &["CONNACK 82"],
        ),
        (
            "an empty response topic of the will",
            0x10,
            NONE,
            "0004 'MQTT' 05 06 0000 00 0000 03 08 0000 0001 'w' 0000",
            &[],
            &["CONNACK 82"],
        ),
        (
            "a will's content type that is not UTF-8",
            0x10,
            NONE,
            "0004 'MQTT' 05 06 0000 00 0000 04 03 0001 FF 0001 'w' 0000",
            &[],
            told,
        ),
        (
            "a message's property of a will",
            0x10,
            NONE,
            "0004 'MQTT' 05 06 0000 00 0000 03 23 0001 0001 'w' 0000",
            &[],
            told,
        ),
        (
            "a will's property twice",
            0x10,
            NONE,
            "0004 'MQTT' 05 06 0000 00 0000 0A 18 00000001 18 00000001 0001 'w' 0000",
            &[],
            &["CONNACK 82"],
        ),
    ]);
}

/// [MQTT-3.1.2-1], [MQTT-3.1.2-2], [3.1.1 MQTT-3.1.2-1], [3.1.1 MQTT-3.1.2-2],
/// [3.1.1 MQTT-3.1.4-1], [3.1.1 MQTT-3.2.2-4], [3.1.1 MQTT-3.2.2-5]. A CONNECT that reads as one of
/// 5.0 is answered in its form. Any other is answered in that of 3.1.1, with 1 in place of 0x84. A
/// level with bit 7 is a bridge's and never of 5.0. A name other than MQTT's is of no version, and
/// gets the close alone.
#[test]
fn names_and_levels_that_are_not_served() {
    let told: &[&str] = &["CONNACK 84"];
    refused(&[
        ("level 0", 0x10, "0004 'MQTT' 00 02 0000 0000", NONE, told, told),
        ("level 6", 0x10, NONE, "0004 'MQTT' 06 02 0000 00 0000", told, told),
        ("level 6 without properties", 0x10, "0004 'MQTT' 06 02 0000 0000", NONE, told, told),
        ("level 255", 0x10, "0004 'MQTT' FF 02 0000 00 0000", NONE, told, told),
        ("level 4 of a bridge", 0x10, "0004 'MQTT' 84 02 0000 0001 'a'", NONE, told, told),
        ("level 3 of a bridge", 0x10, "0006 'MQIsdp' 83 02 0000 0001 'a'", NONE, told, told),
        ("level 5 of 3.1", 0x10, "0006 'MQIsdp' 05 02 0000 0000", NONE, told, told),
        ("a name in small letters", 0x10, "0004 'mqtt' 04 02 0000 0000", NONE, &[], &[]),
        ("a longer name", 0x10, "0005 'MQTTX' 04 02 0000 0000", NONE, &[], &[]),
        ("a shorter name", 0x10, "0003 'MQT' 05 02 0000 00 0000", NONE, &[], &[]),
        ("an empty name", 0x10, "0000 04 02 0000 0000", NONE, &[], &[]),
        ("half a name", 0x10, "0004 'MQ'", NONE, &[], &[]),
        ("empty", 0x10, "", "", &[], &[]),
    ]);
}
