//! Hostile peers: whatever they send has a defined answer, and the others do not notice.

use wasmqtt::broker::{BrokerOptions, DisconnectCause, Event, RejectCause};
use wasmqtt::codec::{QoS, Version};

use crate::support::packets::{V4, V5, connect, properties};
use crate::support::scenario::Scenario;

fn scenario() -> Scenario {
    Scenario::with(BrokerOptions {
        events: true,
        packet_bytes_max: 1000.try_into().expect("not 0"),
        ..BrokerOptions::default()
    })
}

/// Before CONNECT is accepted there is no DISCONNECT [MQTT-3.14.0-1]; 5.0 may be told in CONNACK
/// what is malformed.
#[test]
fn a_first_packet_other_than_a_good_connect_ends_the_connection() {
    let rows: [(&str, &[u8], &[&str]); 12] = [
        ("PINGREQ", &[0xC0, 0], &[]),
        ("PUBLISH", b"\x30\x04\x00\x01tx", &[]),
        ("DISCONNECT", &[0xE0, 0], &[]),
        ("CONNACK", &[0x20, 2, 0, 0], &[]),
        ("AUTH", &[0xF0, 0], &[]),
        ("type 0", &[0, 0], &[]),
        ("five bytes of length", &[0x10, 0x80, 0x80, 0x80, 0x80, 1], &[]),
        ("too large", &[0x10, 0xE9, 0x07], &[]),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n", &[]),
        ("3.1.1 with the reserved flag", b"\x10\x0C\x00\x04MQTT\x04\x03\x00\x00\x00\x00", &[]),
        ("5.0 with the reserved flag", b"\x10\x0D\x00\x04MQTT\x05\x03\x00\x00\x00\x00\x00", &["CONNACK 81"]),
        (
            "5.0 with a bad will topic",
            b"\x10\x13\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00\x00\x00\x01#\x00\x01x",
            &["CONNACK 90"],
        ),
    ];
    for (name, bytes, heard) in rows {
        let mut scenario = scenario();
        let peer = scenario.open(V5);
        scenario.send_bytes(peer, bytes);
        assert!(scenario.is_closed(peer), "{name}");
        assert_eq!(scenario.hear(peer), heard, "{name}");
        let [Event::Rejected { cause: RejectCause::Fault(fault), .. }] = scenario.events.as_slice() else {
            panic!("{name}: {:?}", scenario.events);
        };
        assert!(!fault.rule.is_empty() && !fault.problem.is_empty());
    }
}

/// [MQTT-4.13.1-1], [MQTT-3.14.2-1], [3.1.1 MQTT-4.8.0-1]: DISCONNECT with the reason in 5.0, the
/// close alone in 3.1.1.
#[test]
fn a_fault_ends_its_connection_and_no_other() {
    let rows: [(&str, &[u8], Version, &[&str]); 24] = [
        ("a second CONNECT", b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", V5, &["DISCONNECT 82"]),
        ("a second CONNECT", b"\x10\x0C\x00\x04MQTT\x04\x02\x00\x00\x00\x00", V4, &[]),
        ("a second CONNECT of version 9", b"\x10\x0C\x00\x04MQTT\x09\x02\x00\x00\x00\x00", V5, &["DISCONNECT 82"]),
        ("type 0", &[0, 0], V5, &["DISCONNECT 81"]),
        ("AUTH", &[0xF0, 2, 0x19, 0], V5, &["DISCONNECT 82"]),
        ("AUTH", &[0xF0, 0], V4, &[]),
        ("CONNACK", &[0x20, 3, 0, 0, 0], V5, &["DISCONNECT 82"]),
        ("SUBACK", &[0x90, 3, 0, 1, 0], V4, &[]),
        ("PINGRESP", &[0xD0, 0], V5, &["DISCONNECT 82"]),
        ("QoS 3", b"\x36\x07\x00\x01t\x00\x01\x00x", V5, &["DISCONNECT 81"]),
        ("identifier 0", b"\x32\x07\x00\x01t\x00\x00\x00x", V5, &["DISCONNECT 82"]),
        ("a wildcard in a topic", b"\x30\x05\x00\x02t#\x00", V5, &["DISCONNECT 90"]),
        ("a wildcard in a topic", b"\x30\x04\x00\x02t+", V4, &[]),
        ("UTF-8 that is none", b"\x30\x05\x00\x02\xC0\x80\x00", V5, &["DISCONNECT 81"]),
        ("a topic alias above the maximum", b"\x30\x07\x00\x01t\x03\x23\x00\x11", V5, &["DISCONNECT 94"]),
        ("topic alias 0", b"\x30\x07\x00\x01t\x03\x23\x00\x00", V5, &["DISCONNECT 94"]),
        ("an alias for no topic", b"\x30\x06\x00\x00\x03\x23\x00\x10", V5, &["DISCONNECT 82"]),
        ("a subscription identifier", b"\x30\x06\x00\x01t\x02\x0B\x01", V5, &["DISCONNECT 82"]),
        ("SUBSCRIBE without a filter", &[0x82, 3, 0, 1, 0], V5, &["DISCONNECT 82"]),
        ("too large", &[0x30, 0xE9, 0x07], V5, &["DISCONNECT 95"]),
        ("No Local for a shared subscription", b"\x82\x11\x00\x01\x00\x00\x0B$share/g/ab\x04", V5, &["DISCONNECT 82"]),
        ("bytes behind the packet", &[0xC0, 1, 0], V5, &["DISCONNECT 81"]),
        ("PUBREL with the wrong flags", &[0x60, 2, 0, 1], V5, &["DISCONNECT 81"]),
        ("PUBCOMP for QoS 1 in flight", &[0x70, 2, 0, 1], V5, &["DISCONNECT 82"]),
    ];
    for (name, bytes, version, heard) in rows {
        let mut scenario = scenario();
        let (peer, one, two) = (scenario.join(version, "bad"), scenario.join(V4, "one"), scenario.join(V5, "two"));
        scenario.subscribe(peer, "private", QoS::AtLeastOnce);
        scenario.publish(one, "private", "x", QoS::AtLeastOnce);
        scenario.subscribe(two, "t", QoS::AtMostOnce);
        scenario.hear(peer);
        // A good packet first: it counts, and the one behind the fault does not.
        let mut frame = b"\x30\x04\x00\x01t1".to_vec();
        if version == V5 {
            frame = b"\x30\x05\x00\x01t\x001".to_vec();
        }
        let good = frame.clone();
        frame.extend_from_slice(bytes);
        frame.extend_from_slice(&good);
        scenario.send_bytes(peer, &frame);
        assert!(scenario.is_closed(peer), "{name}");
        assert_eq!(scenario.hear(peer), heard, "{name}");
        assert_eq!(scenario.hear(two), ["t=1 q0"], "{name}");
        scenario.publish(one, "t", "x", QoS::AtMostOnce);
        assert_eq!(scenario.hear(two), ["t=x q0"], "{name}");
        let fault = scenario.events.iter().find_map(|event| match event {
            Event::Disconnected { cause: DisconnectCause::Fault(fault), .. } => Some(*fault),
            _ => None,
        });
        assert!(fault.is_some_and(|fault| !fault.problem.is_empty()), "{name}");
    }
}

/// [MQTT-3.3.4-7]: 0x93.
#[test]
fn more_in_flight_than_our_receive_maximum_ends_the_connection() {
    let options = BrokerOptions { receive_maximum: 2.try_into().expect("not 0"), ..BrokerOptions::default() };
    let mut scenario = Scenario::with(options);
    let peer = scenario.connect(&connect(V5, "a"));
    assert_eq!(scenario.hear(peer), ["CONNACK ok ReceiveMaximum(2) MaximumPacketSize(1048576) TopicAliasMaximum(16)"]);
    scenario.send_bytes(peer, b"\x34\x06\x00\x01t\x00\x01\x00\x34\x06\x00\x01t\x00\x02\x00");
    assert_eq!(scenario.hear(peer), ["PUBREC #1 10", "PUBREC #2 10"]);
    scenario.send_bytes(peer, b"\x62\x02\x00\x01\x34\x06\x00\x01t\x00\x03\x00");
    assert_eq!(scenario.hear(peer), ["PUBCOMP #1 ok", "PUBREC #3 10"]);
    scenario.send_bytes(peer, b"\x32\x06\x00\x01t\x00\x04\x00");
    assert_eq!(scenario.hear(peer), ["DISCONNECT 93"]);
    let old = scenario.join(V4, "b");
    scenario.send_bytes(old, b"\x34\x05\x00\x01t\x00\x01\x34\x05\x00\x01t\x00\x02\x34\x05\x00\x01t\x00\x03");
    assert_eq!(scenario.hear(old).len(), 3, "3.1.1 is told no receive maximum, and has none");
}

/// [MQTT-3.1.2-24]: where not even the answer fits, the connection ends; SUBACK with nine reasons
/// is 14 bytes.
#[test]
fn a_client_that_takes_no_answer_is_let_go() {
    // Granted, and refused in words that are left out.
    for (filter, reason) in [("tt", "00"), ("//", "8F")] {
        let mut scenario = Scenario::with(BrokerOptions { topic_levels_max: 2, ..BrokerOptions::default() });
        let list = properties(&[wasmqtt::codec::Property::MaximumPacketSize(13)]);
        let connect = connect(V5, "a");
        let peer = scenario.join_with(&wasmqtt::codec::Connect { properties: list.as_properties(), ..connect });
        let subscribe = |filters: u8| {
            let one = [&[0, 2], filter.as_bytes(), &[0]].concat();
            [[0x82, 3 + 5 * filters, 0, 1, 0].as_slice(), &one.repeat(filters.into())].concat()
        };
        scenario.send_bytes(peer, &subscribe(8));
        assert_eq!(scenario.hear(peer), [format!("SUBACK #1{}", format!(" {reason}").repeat(8))]);
        scenario.send_bytes(peer, &subscribe(9));
        assert!(scenario.is_closed(peer));
        assert_eq!(scenario.hear(peer), ["DISCONNECT 95"]);
    }
}

#[test]
fn nothing_is_read_or_sent_after_the_end() {
    let mut scenario = scenario();
    let peer = scenario.join(V5, "a");
    scenario.send_bytes(peer, &[0xE0, 0, 0xC0, 0]);
    assert!(scenario.is_closed(peer) && scenario.hear(peer).is_empty());
    scenario.send_bytes(peer, &[0xC0, 0]);
    scenario.cut(peer);
    assert!(scenario.hear(peer).is_empty());
    let next = scenario.open(V5);
    assert_ne!(next, peer, "a peer's id is never used again");
}
