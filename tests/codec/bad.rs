//! Bad packets by rows: the bytes, the fault, its place, the rule, and the reason for the peer.

use wasmqtt::codec::{
    Connect, Decoder, EncodeError, Packet, PropertiesBuf, Property, Publish, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, Unsubscribe, Version, Will,
};

use super::generate::NONE;
use crate::support::bytes::{framed, hex};
use crate::support::packets::{connect, publish, will};

const OLD: Version = Version::V3_1_1;
const NEW: Version = Version::V5;
const MALFORMED: ReasonCode = ReasonCode::MalformedPacket;
const PROTOCOL: ReasonCode = ReasonCode::ProtocolError;

type Row<'a> = (Version, u8, &'a str, usize, &'a str, ReasonCode);

/// Each row is a first byte and a body, the remaining length is right.
fn refused(rows: &[Row<'_>]) {
    for (version, first, body, offset, rule, reason) in rows {
        let bytes = framed(*first, &hex(body));
        let error = Packet::decode(&bytes, *version).expect_err(body);
        assert_eq!((error.offset, error.rule, error.reason), (*offset, *rule, *reason), "{body}: {error}");
        let mut decoder = Decoder::new(1000);
        decoder.feed(&bytes);
        let located = decoder.advance(*version);
        let again = located.and_then(|located| decoder.packet(&located.expect("whole"), *version).map(|_| ()));
        assert_eq!(again, Err(error), "the decoder says the same");
    }
}

/// [MQTT-2.1.3-1], [MQTT-1.5.5-1], [3.1.1 MQTT-2.2.2-1], [3.1.1 MQTT-2.2.2-2].
#[test]
fn fixed_headers() {
    refused(&[
        (NEW, 0x00, "", 0, "§2.1.2", MALFORMED),
        (OLD, 0xF0, "", 0, "3.1.1 §2.2.1", MALFORMED),
        (NEW, 0x11, "", 0, "MQTT-2.1.3-1", MALFORMED),
        (NEW, 0x21, "00 00 00", 0, "MQTT-2.1.3-1", MALFORMED),
        (NEW, 0x48, "0001", 0, "MQTT-2.1.3-1", MALFORMED),
        (NEW, 0x60, "0001", 0, "MQTT-2.1.3-1", MALFORMED),
        (OLD, 0x80, "0001 0001 'a' 00", 0, "MQTT-2.1.3-1", MALFORMED),
        (OLD, 0xA0, "0001 0001 'a'", 0, "MQTT-2.1.3-1", MALFORMED),
        (NEW, 0xC1, "", 0, "MQTT-2.1.3-1", MALFORMED),
        (NEW, 0xC0, "00", 2, "§2.1.4", MALFORMED),
        (NEW, 0xD0, "00", 2, "§2.1.4", MALFORMED),
    ]);
    let long = [0xC0, 0x80, 0x80, 0x80, 0x80, 0x00];
    let error = Packet::decode(&long, NEW).expect_err("five bytes");
    assert_eq!((error.offset, error.rule), (1, "§2.1.4"));
    let not_shortest = Packet::decode(&[0xC0, 0x80, 0x00], NEW).expect_err("two bytes for 0");
    assert_eq!((not_shortest.offset, not_shortest.rule), (1, "MQTT-1.5.5-1"));
}

#[test]
fn connects() {
    let version = ReasonCode::UnsupportedProtocolVersion;
    refused(&[
        (NEW, 0x10, "0004 'mqtt' 05 02 0000 00 0000", 2, "MQTT-3.1.2-1", version),
        (NEW, 0x10, "0004 'MQTT' 06 02 0000 00 0000", 8, "MQTT-3.1.2-2", version),
        (NEW, 0x10, "0004 'MQTT' 05 03 0000 00 0000", 9, "MQTT-3.1.2-3", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 1C 0000 00 0000 00 0001 'a' 0000", 9, "MQTT-3.1.2-12", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 08 0000 00 0000", 9, "MQTT-3.1.2-11", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 20 0000 00 0000", 9, "MQTT-3.1.2-13", MALFORMED),
        (OLD, 0x10, "0004 'MQTT' 04 40 0000 0000 0000", 9, "3.1.1 §3.1.2.9", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 80 0000 00 0000", 15, "§2.1.4", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 00 0000 00", 15, "§2.1.4", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 04 0000 00 0000 00 0001 '#' 0000", 18, "§4.7.3", ReasonCode::TopicNameInvalid),
        (NEW, 0x10, "0004 'MQTT' 05 04 0000 00 0000 03 08 0000 0001 'w' 0000", 17, "MQTT-4.7.3-1", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 03 21 0000 0000", 14, "§2.2.2.2", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 05 27 00000000 0000", 14, "§2.2.2.2", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 02 17 02 0000", 14, "§2.2.2.2", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 0A 11 00000001 11 00000001 0000", 18, "§2.2.2.2", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 03 23 0001 0000", 13, "§2.2.2.2", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 02 2B 00 0000", 13, "§2.2.2.2", MALFORMED),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 04 16 0001 00 0000", 17, "§3.1.2.11.10", PROTOCOL),
        (NEW, 0x10, "0004 'MQTT' 05 02 0000 04 11 000000 0000", 14, "§2.1.4", MALFORMED),
    ]);
}

#[test]
fn connacks() {
    refused(&[
        (NEW, 0x20, "02 00 00", 2, "MQTT-3.2.2-1", MALFORMED),
        (NEW, 0x20, "00 01 00", 3, "§2.4", PROTOCOL),
        (OLD, 0x20, "00 06", 3, "3.1.1 §3.2.2.3", MALFORMED),
        (OLD, 0x20, "01 05", 2, "MQTT-3.2.2-6", PROTOCOL),
        (NEW, 0x20, "01 87 00", 2, "MQTT-3.2.2-6", PROTOCOL),
        (OLD, 0x20, "00 00 00", 4, "§2.1.4", MALFORMED),
        (NEW, 0x20, "00 00", 4, "§2.1.4", MALFORMED),
        (NEW, 0x20, "00 00 02 24 02", 6, "§2.2.2.2", PROTOCOL),
    ]);
}

/// [MQTT-3.3.1-4], [3.1.1 MQTT-3.3.1-2], [MQTT-3.3.2-2], [3.1.1 MQTT-3.3.2-2], [MQTT-3.3.2-8],
/// [MQTT-3.3.2-14], [MQTT-4.7.3-1], [3.1.1 MQTT-4.7.3-1], [3.1.1 MQTT-2.3.1-1].
#[test]
fn publishes() {
    let name = ReasonCode::TopicNameInvalid;
    refused(&[
        (NEW, 0x36, "0001 'a' 0001 00", 0, "MQTT-3.3.1-4", MALFORMED),
        (OLD, 0x38, "0001 'a'", 0, "MQTT-3.3.1-2", MALFORMED),
        (OLD, 0x30, "0003 'a/+'", 6, "MQTT-3.3.2-2", name),
        (NEW, 0x30, "0001 '#' 00", 4, "MQTT-3.3.2-2", name),
        (OLD, 0x30, "0000", 4, "MQTT-4.7.3-1", MALFORMED),
        (NEW, 0x30, "0000 00", 4, "§3.3.2.1", PROTOCOL),
        (NEW, 0x30, "0001 'a' 03 23 0000", 7, "MQTT-3.3.2-8", ReasonCode::TopicAliasInvalid),
        (OLD, 0x32, "0001 'a' 0000", 5, "MQTT-2.2.1-3", PROTOCOL),
        (OLD, 0x32, "0001 'a' 00", 5, "§2.1.4", MALFORMED),
        (OLD, 0x30, "0002 'a'", 4, "§2.1.4", MALFORMED),
        (NEW, 0x30, "0001 'a' 05 08 0002 'a+'", 7, "MQTT-3.3.2-14", PROTOCOL),
        (NEW, 0x30, "0001 'a' 03 08 0000", 7, "MQTT-4.7.3-1", PROTOCOL),
        (NEW, 0x30, "0001 'a' 02 0B 00", 7, "§2.2.2.2", PROTOCOL),
        (NEW, 0x30, "0001 'a' 03 0B 8000", 7, "MQTT-1.5.5-1", MALFORMED),
        (NEW, 0x30, "0001 'a' 02 01 02", 7, "§2.2.2.2", PROTOCOL),
        (NEW, 0x30, "0001 'a' 7F", 6, "§2.1.4", MALFORMED),
    ]);
}

/// Ill-formed strings, wherever one stands (§1.5.4): here as a topic.
/// [3.1.1 MQTT-1.5.3-1], [3.1.1 MQTT-1.5.3-2].
#[test]
fn strings() {
    refused(&[
        (OLD, 0x30, "0003 'a' 00 'b'", 5, "MQTT-1.5.4-2", MALFORMED),
        (OLD, 0x30, "0001 FF", 4, "MQTT-1.5.4-1", MALFORMED),
        (OLD, 0x30, "0003 'a' C080", 5, "MQTT-1.5.4-1", MALFORMED),
        (OLD, 0x30, "0003 EDA080", 4, "MQTT-1.5.4-1", MALFORMED),
        (OLD, 0x30, "0004 F4908080", 4, "MQTT-1.5.4-1", MALFORMED),
        (OLD, 0x30, "0002 'a' E2", 5, "MQTT-1.5.4-1", MALFORMED),
    ]);
}

#[test]
fn acknowledgements() {
    refused(&[
        (OLD, 0x40, "00", 2, "§2.1.4", MALFORMED),
        (OLD, 0x40, "0000", 2, "MQTT-2.2.1-3", PROTOCOL),
        (OLD, 0x40, "0001 00", 4, "§2.1.4", MALFORMED),
        (NEW, 0x40, "0001 92", 4, "§2.4", PROTOCOL),
        (NEW, 0x50, "0001 03", 4, "§2.4", PROTOCOL),
        (NEW, 0x62, "0001 87", 4, "§2.4", PROTOCOL),
        (NEW, 0x70, "0001 00 02 01 00", 6, "§2.2.2.2", MALFORMED),
        (NEW, 0x70, "0001 00 00 00", 6, "§2.1.4", MALFORMED),
    ]);
}

/// [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-1], [MQTT-4.8.2-1], [MQTT-4.8.2-2],
/// [3.1.1 MQTT-4.7.1-2], [3.1.1 MQTT-4.7.1-3], [3.1.1 MQTT-4.7.3-1]: in 3.1.1 `$share` is a
/// level like any other.
#[test]
fn subscriptions() {
    refused(&[
        (NEW, 0x82, "0001 00", 5, "MQTT-3.8.3-2", PROTOCOL),
        (NEW, 0x82, "0000 00 0001 'a' 00", 2, "MQTT-2.2.1-3", PROTOCOL),
        (NEW, 0x82, "0001 00 0001 'a' 03", 8, "§3.8.3.1", PROTOCOL),
        (NEW, 0x82, "0001 00 0001 'a' 30", 8, "§3.8.3.1", PROTOCOL),
        (NEW, 0x82, "0001 00 0001 'a' 40", 8, "MQTT-3.8.3-5", MALFORMED),
        (OLD, 0x82, "0001 0001 'a' 04", 7, "MQTT-3.8.3-5", MALFORMED),
        (NEW, 0x82, "0001 00 0001 'a'", 8, "§2.1.4", MALFORMED),
        (NEW, 0x82, "0001 00 0000 00", 7, "MQTT-4.7.3-1", MALFORMED),
        (OLD, 0x82, "0001 0000 00", 6, "MQTT-4.7.3-1", MALFORMED),
        (NEW, 0x82, "0001 00 0001 'a' 00 0005 'a/#/b' 00", 11, "MQTT-4.7.1-1", MALFORMED),
        (OLD, 0x82, "0001 0002 'a#' 00", 6, "MQTT-4.7.1-1", MALFORMED),
        (NEW, 0x82, "0001 00 0002 'a+' 00", 7, "MQTT-4.7.1-2", MALFORMED),
        (NEW, 0x82, "0001 00 0009 '$share//a' 00", 7, "MQTT-4.8.2-1", MALFORMED),
        (NEW, 0x82, "0001 00 0008 '$share/g' 00", 7, "MQTT-4.8.2-2", MALFORMED),
        (NEW, 0x82, "0001 00 000A '$share/+/a' 00", 7, "MQTT-4.8.2-2", MALFORMED),
        (NEW, 0x82, "0001 00 000B '$share/g/a#' 00", 7, "MQTT-4.7.1-1", MALFORMED),
        (OLD, 0x82, "0001 0008 '$share/#' 04", 14, "MQTT-3.8.3-5", MALFORMED),
        (OLD, 0x82, "0001 000A '$share/g+/' 00", 6, "MQTT-4.7.1-2", MALFORMED),
        (NEW, 0xA2, "0001 00 0000", 7, "MQTT-4.7.3-1", MALFORMED),
        (OLD, 0xA2, "0001 0001 'a' 0002 '+a'", 9, "MQTT-4.7.1-2", MALFORMED),
        (NEW, 0x82, "0001 00 000A '$share/g/a' 04", 17, "MQTT-3.8.3-4", PROTOCOL),
        (OLD, 0x90, "0001 03", 4, "§2.4", PROTOCOL),
        (OLD, 0x90, "0001 87", 4, "3.1.1 §3.9.3", MALFORMED),
        (NEW, 0x90, "0001 00", 5, "MQTT-3.8.4-6", PROTOCOL),
        (NEW, 0xA2, "0001 00", 5, "MQTT-3.10.3-2", PROTOCOL),
        (OLD, 0xA2, "0001", 4, "MQTT-3.10.3-2", PROTOCOL),
        (OLD, 0xB0, "0001 00", 4, "§2.1.4", MALFORMED),
        (NEW, 0xB0, "0001 00", 5, "MQTT-3.11.3-1", PROTOCOL),
        (NEW, 0xB0, "0001 00 01", 5, "§2.4", PROTOCOL),
    ]);
}

#[test]
fn goodbyes() {
    refused(&[
        (OLD, 0xE0, "00", 2, "§2.1.4", MALFORMED),
        (NEW, 0xE0, "01", 2, "§2.4", PROTOCOL),
        (NEW, 0xF0, "19", 3, "§2.1.4", MALFORMED),
        (NEW, 0xE0, "00 02 24 00", 4, "§2.2.2.2", MALFORMED),
        (NEW, 0xF0, "04", 2, "§2.4", PROTOCOL),
    ]);
}

#[test]
fn a_packet_over_the_limit_is_refused_before_it_is_there() {
    let mut decoder = Decoder::new(10);
    decoder.feed(&[0x30, 9]);
    let error = decoder.advance(NEW).expect_err("11 bytes");
    assert_eq!((error.offset, error.reason), (1, ReasonCode::PacketTooLarge));
    let mut decoder = Decoder::new(11);
    decoder.feed(&[0x30, 9]);
    assert_eq!(decoder.advance(NEW), Ok(None));
}

/// [MQTT-1.5.4-2], [MQTT-2.2.1-2], [MQTT-3.3.1-2], [MQTT-3.3.2-2], [MQTT-3.3.2-8], [MQTT-3.8.3-4],
/// [MQTT-4.7.0-1], [MQTT-4.7.3-1], [MQTT-4.7.3-2], [MQTT-4.7.3-3].
#[test]
fn what_mqtt_cannot_express_is_not_encoded() {
    let plain = publish("a", "", QoS::AtMostOnce);
    let long = "a".repeat(65_536);
    let mut alias = PropertiesBuf::new();
    alias.push(Property::TopicAlias(0)).expect("its value is the encoder's to check");
    let mut unanswerable = PropertiesBuf::new();
    unanswerable.push(Property::ResponseTopic("")).expect("its value is the encoder's to check");
    let will = Will { properties: unanswerable.as_properties(), ..will("w", "", QoS::AtMostOnce) };
    let mut misplaced = PropertiesBuf::new();
    misplaced.push(Property::ServerKeepAlive(1)).expect("its place is the encoder's to check");
    let no_local = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    let subscribe = |filter, options| {
        let packet_id = wasmqtt::codec::PacketId::FIRST;
        Packet::Subscribe(Subscribe {
            packet_id,
            properties: NONE,
            subscriptions: vec![Subscription { filter, options }],
        })
    };
    let unsubscribe = |filter| {
        let packet_id = wasmqtt::codec::PacketId::FIRST;
        Packet::Unsubscribe(Unsubscribe { packet_id, properties: NONE, filters: vec![filter] })
    };
    let rows = [
        (Packet::Publish(Publish { qos: QoS::AtLeastOnce, ..plain }), "MQTT-2.2.1-2"),
        (Packet::Publish(Publish { dup: true, ..plain }), "MQTT-3.3.1-2"),
        (Packet::Publish(Publish { topic: "", ..plain }), "MQTT-4.7.3-1"),
        (Packet::Publish(Publish { topic: "a/#", ..plain }), "MQTT-3.3.2-2"),
        (Packet::Publish(Publish { topic: "a\0", ..plain }), "MQTT-1.5.4-2"),
        (Packet::Publish(Publish { topic: &long, ..plain }), "topic name"),
        (Packet::Publish(Publish { properties: alias.as_properties(), ..plain }), "MQTT-3.3.2-8"),
        (Packet::Publish(Publish { properties: unanswerable.as_properties(), ..plain }), "MQTT-4.7.3-1"),
        (Packet::Connect(Box::new(Connect { will: Some(will), ..connect(NEW, "a") })), "MQTT-4.7.3-1"),
        (Packet::Publish(Publish { properties: misplaced.as_properties(), ..plain }), "§2.2.2.2"),
        (subscribe("$share/g/a", no_local), "MQTT-3.8.3-4"),
        (subscribe("a\0", SubscriptionOptions::default()), "MQTT-1.5.4-2"),
        (subscribe("", SubscriptionOptions::default()), "MQTT-4.7.3-1"),
        (subscribe("a/#/b", SubscriptionOptions::default()), "MQTT-4.7.1-1"),
        (subscribe("a+", SubscriptionOptions::default()), "MQTT-4.7.1-2"),
        (subscribe("$share//a", SubscriptionOptions::default()), "MQTT-4.8.2-1"),
        (unsubscribe("a+"), "MQTT-4.7.1-2"),
        (subscribe(&long, SubscriptionOptions::default()), "topic filter"),
    ];
    for (packet, rule) in rows {
        let mut out = vec![1, 2, 3];
        let error = packet.encode(Version::V5, &mut out).expect_err(rule);
        assert_eq!(out, [1, 2, 3], "nothing is written");
        let named = match &error {
            EncodeError::FieldTooLong { field, .. } => field,
            EncodeError::Invalid { rule, .. } => rule,
            EncodeError::PacketTooLarge { .. } => "too large",
        };
        assert_eq!(named, rule, "{error}");
    }
}
