//! Malformed packets and protocol errors, packet by packet, from a connected client (§4.13; 3.1.1
//! §4.8).

use wasmqtt::broker::{BrokerOptions, DisconnectCause, Event};
use wasmqtt::codec::{QoS, Version};

use super::bystanders::Bystanders;
use crate::support::bytes::{framed, hex};
use crate::support::packets::{BOTH, V4, V5, connect, will};
use crate::support::scenario::Scenario;

/// The version does not have the form.
const NONE: &str = "-";

/// The name, the first byte, the body in 3.1.1, the body in 5.0, and the reason in 5.0.
type Form = (&'static str, u8, &'static str, &'static str, &'static str);

/// Where a string stands, the first byte, and the body in 3.1.1 and in 5.0.
type Place = (&'static str, u8, Option<Vec<u8>>, Option<Vec<u8>>);

/// 5.0 gets the reason before the close, 3.1.1 sees the close alone. Nothing behind the packet
/// counts, and no other client is touched. The will is published, since it is no DISCONNECT of the
/// client.
fn refused(forms: &[Form]) {
    for (name, first, old, new, reason) in forms {
        for (version, body) in [(V4, old), (V5, new)].into_iter().filter(|(_, body)| **body != NONE) {
            refuse(&format!("{name}, {version:?}"), version, &framed(*first, &hex(body)), reason);
        }
    }
}

fn refuse(name: &str, version: Version, bytes: &[u8], reason: &str) {
    let mut scenario = Scenario::with(BrokerOptions {
        events: true,
        packet_bytes_max: 1000.try_into().expect("not 0"),
        ..BrokerOptions::default()
    });
    let mut bystanders = Bystanders::join(&mut scenario);
    scenario.subscribe(bystanders.subscriber(), "gone", QoS::AtMostOnce);
    let mut bad = connect(version, "bad");
    bad.will = Some(will("gone", "x", QoS::AtMostOnce));
    let peer = scenario.join_with(&bad);
    scenario.send_bytes(peer, &[bytes, &[0xC0, 0]].concat());
    assert!(scenario.is_closed(peer), "{name}: {:?}", scenario.hear(peer));
    let told = if version == V5 { vec![format!("DISCONNECT {reason}")] } else { vec![] };
    assert_eq!(scenario.hear(peer), told, "{name}");
    assert_eq!(scenario.hear(bystanders.subscriber()), ["gone=x q0"], "{name}");
    let is_fault = |event: &Event| matches!(event, Event::Disconnected { cause: DisconnectCause::Fault(_), .. });
    assert!(scenario.events.iter().any(is_fault), "{name}");
    bystanders.exchange(&mut scenario);
    scenario.send_bytes(peer, &[0xC0, 0]);
    assert!(scenario.hear(peer).is_empty(), "{name}: nothing is sent after the end");
}

/// [MQTT-2.1.3-1], [MQTT-3.6.1-1], [MQTT-3.8.1-1], [MQTT-3.10.1-1], [MQTT-3.14.1-1],
/// [MQTT-3.15.1-1], [3.1.1 MQTT-2.2.2-1], [3.1.1 MQTT-2.2.2-2], [3.1.1 MQTT-3.6.1-1],
/// [3.1.1 MQTT-3.8.1-1], [3.1.1 MQTT-3.10.1-1], [3.1.1 MQTT-3.14.1-1]: flags of packets that are
/// otherwise good, so that nothing else ends the connection, nor with 0x81.
#[test]
fn every_wrong_flag_of_every_packet_but_publish_is_malformed() {
    let kinds = [
        (1, "0004 'MQTT' 04 02 0000 0000", "0004 'MQTT' 05 02 0000 00 0000"),
        (2, "0000", "0000 00"),
        (4, "0001", "0001"),
        (5, "0001", "0001"),
        (6, "0001", "0001"),
        (7, "0001", "0001"),
        (8, "0001 0001 'a' 00", "0001 00 0001 'a' 00"),
        (9, "0001 00", "0001 00 00"),
        (10, "0001 0001 'a'", "0001 00 0001 'a'"),
        (11, "0001", "0001 00 00"),
        (12, "", ""),
        (13, "", ""),
        (14, "", ""),
        (15, NONE, ""),
    ];
    for (kind, old, new) in kinds {
        let right = if matches!(kind, 6 | 8 | 10) { 2 } else { 0 };
        for flags in (0..=15).filter(|flags| *flags != right) {
            refused(&[("wrong flags", kind << 4 | flags, old, new, "81")]);
        }
    }
}

/// [MQTT-4.13.1-1], [MQTT-4.13.2-1], [MQTT-3.14.4-1], [MQTT-3.14.4-2], [MQTT-3.1.0-2],
/// [MQTT-1.5.5-1], [3.1.1 MQTT-4.8.0-1], [3.1.1 MQTT-3.1.0-2].
#[test]
fn packets() {
    refused(&[
        ("kind 0", 0x00, "", "", "81"),
        ("AUTH", 0xF0, "", NONE, ""),
        ("a second CONNECT", 0x10, "0004 'MQTT' 04 02 0000 0000", "0004 'MQTT' 05 02 0000 00 0000", "82"),
        ("a second CONNECT of the other version", 0x10, "0004 'MQTT' 05 02 0000 00 0000", NONE, ""),
        ("CONNACK", 0x20, "00 00", "00 00 00", "82"),
        ("SUBACK", 0x90, "0001 00", "0001 00 00", "82"),
        ("UNSUBACK", 0xB0, "0001", "0001 00 00", "82"),
        ("PINGRESP", 0xD0, "", "", "82"),
        ("PINGREQ with a body", 0xC0, "00", "00", "81"),
        ("DISCONNECT with a body", 0xE0, "00", NONE, ""),
        ("DISCONNECT with a reason that there is not", 0xE0, NONE, "7F", "82"),
        ("DISCONNECT with a reason of another packet", 0xE0, NONE, "18", "82"),
        ("DISCONNECT with half a property", 0xE0, NONE, "00 03 11 0000", "81"),
        ("DISCONNECT with another packet's property", 0xE0, NONE, "00 03 21 0001", "81"),
        ("DISCONNECT with a property twice", 0xE0, NONE, "00 08 1F 0001 'a' 1F 0001 'b'", "82"),
        ("DISCONNECT with more behind", 0xE0, NONE, "00 00 00", "81"),
        ("DISCONNECT with an expiry after none", 0xE0, NONE, "00 05 11 00000001", "82"),
        ("AUTH without a method before", 0xF0, NONE, "18 04 15 0001 'm'", "82"),
        ("AUTH anew without a method before", 0xF0, NONE, "19 04 15 0001 'm'", "82"),
        ("AUTH of success", 0xF0, NONE, "", "82"),
        ("AUTH with a reason of another packet", 0xF0, NONE, "87 00", "82"),
    ]);
    for version in BOTH {
        refuse("a length of five bytes", version, &[0xC0, 0x80, 0x80, 0x80, 0x80, 0x00], "81");
        refuse("a length of five bytes, not whole", version, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF], "81");
        refuse("more than is taken", version, &[0x30, 0xE9, 0x07], "95");
    }
    refuse("a length that could be shorter", V5, &[0xC0, 0x80, 0x00], "81");
}

/// [MQTT-3.3.1-2], [MQTT-3.3.1-4], [MQTT-3.3.2-1], [MQTT-3.3.2-2], [MQTT-3.3.2-8], [MQTT-3.3.2-13],
/// [MQTT-3.3.2-14], [MQTT-3.3.2-19], [MQTT-3.3.4-6], [MQTT-2.2.2-1], [MQTT-1.5.5-1],
/// [MQTT-4.7.3-1], [3.1.1 MQTT-3.3.1-2], [3.1.1 MQTT-3.3.1-4], [3.1.1 MQTT-3.3.2-1],
/// [3.1.1 MQTT-3.3.2-2], [3.1.1 MQTT-2.3.1-1].
#[test]
fn publish() {
    refused(&[
        ("QoS 3", 0x36, "0001 'a' 0001", "0001 'a' 0001 00", "81"),
        ("DUP at QoS 0", 0x38, "0001 'a'", "0001 'a' 00", "81"),
        ("a wildcard", 0x30, "0001 '#'", "0001 '#' 00", "90"),
        ("a wildcard in a level", 0x30, "0004 'a+/b'", "0004 'a+/b' 00", "90"),
        ("no topic", 0x30, "", "", "81"),
        ("half a length of the topic", 0x30, "00", "00", "81"),
        ("half a topic", 0x30, "0002 'a'", "0002 'a'", "81"),
        ("an empty topic", 0x30, "0000", "0000 00", "82"),
        ("a topic that is not UTF-8", 0x30, "0001 FF", "0001 FF 00", "81"),
        ("no identifier", 0x32, "0001 'a'", "0001 'a'", "81"),
        ("half an identifier", 0x32, "0001 'a' 00", "0001 'a' 00", "81"),
        ("identifier 0", 0x32, "0001 'a' 0000", "0001 'a' 0000 00", "82"),
        ("identifier 0, QoS 2", 0x34, "0001 'a' 0000", "0001 'a' 0000 00", "82"),
        ("no properties", 0x30, NONE, "0001 'a'", "81"),
        ("properties beyond the packet", 0x30, NONE, "0001 'a' 05", "81"),
        ("half a property", 0x30, NONE, "0001 'a' 02 02 00", "81"),
        ("half a property before the payload", 0x30, NONE, "0001 'a' 02 02 00 000000 'x'", "81"),
        ("a property that there is not", 0x30, NONE, "0001 'a' 02 7E 00", "81"),
        ("another packet's property", 0x30, NONE, "0001 'a' 05 11 00000001", "81"),
        ("a will's property", 0x30, NONE, "0001 'a' 05 18 00000001", "81"),
        ("a property twice", 0x30, NONE, "0001 'a' 04 01 00 01 00", "82"),
        ("a payload format that there is not", 0x30, NONE, "0001 'a' 02 01 02", "82"),
        ("topic alias 0", 0x30, NONE, "0001 'a' 03 23 0000", "94"),
        ("a topic alias above the maximum", 0x30, NONE, "0001 'a' 03 23 FFFF", "94"),
        ("a wildcard in the response topic", 0x30, NONE, "0001 'a' 05 08 0002 'a#'", "82"),
        ("an empty response topic", 0x30, NONE, "0001 'a' 03 08 0000", "82"),
        ("a response topic that is not UTF-8", 0x30, NONE, "0001 'a' 04 08 0001 FF", "81"),
        ("a content type that is not UTF-8", 0x30, NONE, "0001 'a' 04 03 0001 FF", "81"),
        ("a subscription identifier", 0x30, NONE, "0001 'a' 02 0B 01", "82"),
        ("subscription identifier 0", 0x30, NONE, "0001 'a' 02 0B 00", "82"),
        ("a length of properties that could be shorter", 0x30, NONE, "0001 'a' 8000", "81"),
        ("a subscription identifier that could be shorter", 0x30, NONE, "0001 'a' 03 0B 8100", "81"),
    ]);
}

/// Wherever a string stands: here as a topic, a filter, a user property's name and its value.
/// [MQTT-1.5.4-1], [MQTT-1.5.4-2], [MQTT-1.5.7-1], [MQTT-4.7.3-2], [MQTT-3.8.3-1], [MQTT-3.10.3-1],
/// [3.1.1 MQTT-1.5.3-1], [3.1.1 MQTT-1.5.3-2], [3.1.1 MQTT-4.7.3-2], [3.1.1 MQTT-3.8.3-1],
/// [3.1.1 MQTT-3.10.3-1].
#[test]
fn strings() {
    let rows = [
        ("a byte that UTF-8 has not", "'a' FF"),
        ("an overlong form", "C0 80"),
        ("a surrogate", "ED A0 80"),
        ("two surrogates", "ED A0 80 ED B0 80"),
        ("above U+10FFFF", "F4 90 80 80"),
        ("half a character", "'a' E2 82"),
        ("a following byte alone", "80"),
        ("U+0000", "'a' 00 'b'"),
    ];
    for (name, text) in rows {
        let text = hex(text);
        let string = [&[0, u8::try_from(text.len()).expect("short")], text.as_slice()].concat();
        let (a, identifier) = (hex("0001 'a'"), [0, 1].as_slice());
        let pair_len = u8::try_from(string.len() + a.len() + 1).expect("short");
        let property = |parts: [&[u8]; 2]| [&a, [pair_len, 0x26].as_slice(), parts[0], parts[1]].concat();
        let forms: [Place; 5] = [
            ("topic", 0x30, Some(string.clone()), Some([&string[..], &[0]].concat())),
            (
                "filter",
                0x82,
                Some([identifier, &string[..], &[0]].concat()),
                Some([identifier, &[0], &string[..], &[0]].concat()),
            ),
            (
                "filter to unsubscribe",
                0xA2,
                Some([identifier, &string[..]].concat()),
                Some([identifier, &[0], &string[..]].concat()),
            ),
            ("name", 0x30, None, Some(property([&string, &a]))),
            ("value", 0x30, None, Some(property([&a, &string]))),
        ];
        for (place, first, old, new) in forms {
            for (version, body) in [(V4, old), (V5, new)] {
                if let Some(body) = body {
                    refuse(&format!("{name} in a {place}, {version:?}"), version, &framed(first, &body), "81");
                }
            }
        }
    }
}

/// [MQTT-4.13.1-1], [3.1.1 MQTT-4.8.0-1].
#[test]
fn acknowledgements() {
    for (kind, foreign) in [(0x40, "92"), (0x50, "92"), (0x62, "10"), (0x70, "10")] {
        refused(&[
            ("empty", kind, "", "", "81"),
            ("half an identifier", kind, "00", "00", "81"),
            ("identifier 0", kind, "0000", "0000", "82"),
            ("more behind", kind, "0001 00", "0001 00 00 00", "81"),
            ("a reason that there is not", kind, NONE, "0001 05", "82"),
            ("properties beyond the packet", kind, NONE, "0001 00 01", "81"),
            ("another packet's property", kind, NONE, "0001 00 02 01 00", "81"),
            ("a reason string twice", kind, NONE, "0001 00 08 1F 0001 'a' 1F 0001 'b'", "82"),
            ("a reason string that is not UTF-8", kind, NONE, "0001 00 04 1F 0001 FF", "81"),
        ]);
        let body = hex(&format!("0001 {foreign}"));
        refuse("another packet's reason", V5, &framed(kind, &body), "82");
    }
}

/// [MQTT-3.8.3-2], [MQTT-3.8.3-4], [MQTT-3.8.3-5], [MQTT-3.10.3-2], [3.1.1 MQTT-3.8.3-3],
/// [3.1.1 MQTT-3.8.3-4], [3.1.1 MQTT-3.10.3-2], [3.1.1 MQTT-2.3.1-1].
#[test]
fn subscribe_and_unsubscribe() {
    refused(&[
        ("SUBSCRIBE, empty", 0x82, "", "", "81"),
        ("SUBSCRIBE without a filter", 0x82, "0001", "0001 00", "82"),
        ("SUBSCRIBE, identifier 0", 0x82, "0000 0001 'a' 00", "0000 00 0001 'a' 00", "82"),
        ("SUBSCRIBE without options", 0x82, "0001 0001 'a'", "0001 00 0001 'a'", "81"),
        ("SUBSCRIBE, half a filter", 0x82, "0001 0002 'a'", "0001 00 0002 'a'", "81"),
        ("SUBSCRIBE, half a second filter", 0x82, "0001 0001 'a' 00 00", "0001 00 0001 'a' 00 00", "81"),
        ("SUBSCRIBE, QoS 3", 0x82, "0001 0001 'a' 03", "0001 00 0001 'a' 03", "82"),
        ("SUBSCRIBE, bit 2 reserved", 0x82, "0001 0001 'a' 04", NONE, ""),
        ("SUBSCRIBE, bit 6 reserved", 0x82, "0001 0001 'a' 40", "0001 00 0001 'a' 40", "81"),
        ("SUBSCRIBE, bit 7 reserved", 0x82, "0001 0001 'a' 80", "0001 00 0001 'a' 80", "81"),
        ("SUBSCRIBE, retain handling 3", 0x82, NONE, "0001 00 0001 'a' 30", "82"),
        ("SUBSCRIBE, no local and shared", 0x82, NONE, "0001 00 000A '$share/g/a' 04", "82"),
        ("SUBSCRIBE without properties", 0x82, NONE, "0001", "81"),
        ("SUBSCRIBE, subscription identifier 0", 0x82, NONE, "0001 02 0B 00 0001 'a' 00", "82"),
        ("SUBSCRIBE, two identifiers", 0x82, NONE, "0001 04 0B 01 0B 02 0001 'a' 00", "82"),
        ("SUBSCRIBE, an identifier of five bytes", 0x82, NONE, "0001 06 0B FFFFFFFF 01 0001 'a' 00", "81"),
        ("SUBSCRIBE with another packet's property", 0x82, NONE, "0001 02 01 00 0001 'a' 00", "81"),
        ("UNSUBSCRIBE, empty", 0xA2, "", "", "81"),
        ("UNSUBSCRIBE without a filter", 0xA2, "0001", "0001 00", "82"),
        ("UNSUBSCRIBE, identifier 0", 0xA2, "0000 0001 'a'", "0000 00 0001 'a'", "82"),
        ("UNSUBSCRIBE, half a filter", 0xA2, "0001 0002 'a'", "0001 00 0002 'a'", "81"),
        ("UNSUBSCRIBE without properties", 0xA2, NONE, "0001", "81"),
        ("UNSUBSCRIBE with a subscription identifier", 0xA2, NONE, "0001 02 0B 01 0001 'a'", "81"),
    ]);
}

/// An acknowledgement must suit the quality of service of its delivery (§4.3).
#[test]
fn an_acknowledgement_of_another_quality_is_a_protocol_error() {
    for version in BOTH {
        for (qos, wrong) in [(QoS::AtLeastOnce, [0x50, 0x70]), (QoS::ExactlyOnce, [0x40, 0x70])] {
            for first in wrong {
                let mut scenario = Scenario::new();
                let mut bystanders = Bystanders::join(&mut scenario);
                let peer = scenario.join(version, "bad");
                scenario.subscribe(peer, "t", qos);
                scenario.publish(bystanders.subscriber(), "t", "x", qos);
                assert_eq!(scenario.hear(peer), [format!("t=x q{} #1", qos.bits())]);
                scenario.send_bytes(peer, &[first, 2, 0, 1]);
                assert!(scenario.is_closed(peer), "{first:X} {version:?}");
                assert_eq!(scenario.hear(peer), if version == V5 { vec!["DISCONNECT 82"] } else { vec![] });
                bystanders.exchange(&mut scenario);
            }
        }
    }
}
