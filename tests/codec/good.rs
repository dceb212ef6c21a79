//! Good packets by rows: the bytes as the specification draws them, and their meaning.

use wasmqtt::codec::{
    Ack, Auth, Connack, Connect, Disconnect, Packet, PropertiesBuf, Property, Publish, QoS, ReasonCode, RetainHandling,
    Suback, Subscribe, Subscription, SubscriptionOptions, Unsuback, Unsubscribe, Version, Will,
};

use super::generate::NONE;
use crate::support::bytes::{framed, hex};
use crate::support::packets::{BOTH, id, publish};

/// The bytes decode to the packet, and the packet encodes to the bytes.
fn holds(version: Version, bytes: &[u8], packet: &Packet<'_>) {
    assert_eq!(Packet::decode(bytes, version).as_ref(), Ok(packet), "{bytes:02X?}");
    let mut encoded = Vec::new();
    packet.encode(version, &mut encoded).expect("expressible");
    assert_eq!(encoded, bytes, "{packet:?}");
}

/// The bytes decode to the packet, which has a shorter form.
fn decodes(version: Version, bytes: &[u8], packet: &Packet<'_>) {
    assert_eq!(Packet::decode(bytes, version).as_ref(), Ok(packet), "{bytes:02X?}");
}

/// [MQTT-3.1.3-1], [MQTT-3.1.3-3], [MQTT-3.1.2-9], [MQTT-3.1.2-17], [MQTT-3.1.2-19],
/// [3.1.1 MQTT-3.1.3-1], [3.1.1 MQTT-3.1.3-3], [3.1.1 MQTT-3.1.2-9], [3.1.1 MQTT-3.1.2-19],
/// [3.1.1 MQTT-3.1.2-21].
#[test]
fn the_specifications_connect() {
    // 3.1.1 §3.1, figure 3.6: all flags, keep alive 10.
    let will = Will { qos: QoS::AtLeastOnce, retain: false, topic: "w", payload: b"m", properties: NONE };
    let connect = Connect {
        version: Version::V3_1_1,
        clean_start: true,
        keep_alive: 10,
        client_id: "c",
        will: Some(will),
        username: Some("u"),
        password: Some(b"p"),
        properties: NONE,
    };
    let body = hex("0004 'MQTT' 04 CE 000A 0001 'c' 0001 'w' 0001 'm' 0001 'u' 0001 'p'");
    holds(Version::V3_1_1, &framed(0x10, &body), &Packet::Connect(Box::new(connect.clone())));

    // MQTT 5.0 §3.1.2.12, figure 3-6: session expiry interval 10 besides.
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SessionExpiryInterval(10)).expect("short");
    let properties = properties.as_properties();
    let connect = Connect { version: Version::V5, properties, ..connect };
    let body = hex("0004 'MQTT' 05 CE 000A 05 11 0000000A 0001 'c' 00 0001 'w' 0001 'm' 0001 'u' 0001 'p'");
    holds(Version::V5, &framed(0x10, &body), &Packet::Connect(Box::new(connect)));
}

/// [MQTT-3.1.2-11], [MQTT-3.1.2-13], [MQTT-3.1.2-16], [MQTT-2.2.2-1].
#[test]
fn a_password_alone_is_of_5_0() {
    let connect = Connect {
        version: Version::V5,
        clean_start: false,
        keep_alive: 0,
        client_id: "",
        will: None,
        username: None,
        password: Some(b""),
        properties: NONE,
    };
    let bytes = framed(0x10, &hex("0004 'MQTT' 05 40 0000 00 0000 0000"));
    holds(Version::V5, &bytes, &Packet::Connect(Box::new(connect)));
}

#[test]
fn connack_maps_its_return_codes() {
    let rows = [
        (0, ReasonCode::Success),
        (1, ReasonCode::UnsupportedProtocolVersion),
        (2, ReasonCode::ClientIdentifierNotValid),
        (3, ReasonCode::ServerUnavailable),
        (4, ReasonCode::BadUserNameOrPassword),
        (5, ReasonCode::NotAuthorized),
    ];
    for (code, reason) in rows {
        let connack = Packet::Connack(Connack { session_present: false, reason, properties: NONE });
        holds(Version::V3_1_1, &[0x20, 2, 0, code], &connack);
        holds(Version::V5, &[0x20, 3, 0, reason.value(), 0], &connack);
    }
    let present = Connack { session_present: true, reason: ReasonCode::Success, properties: NONE };
    holds(Version::V3_1_1, &[0x20, 2, 1, 0], &Packet::Connack(present));
    let other = Connack { session_present: false, reason: ReasonCode::QuotaExceeded, properties: NONE };
    let mut bytes = Vec::new();
    Packet::Connack(other).encode(Version::V3_1_1, &mut bytes).expect("it has a nearest code");
    assert_eq!(bytes, [0x20, 2, 0, 3]);
}

/// [MQTT-2.2.1-2], [3.1.1 MQTT-2.3.1-5], [MQTT-3.3.2-1], [3.1.1 MQTT-3.3.2-1],
/// [3.1.1 MQTT-1.5.3-3].
#[test]
fn publish_in_every_quality() {
    let plain = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: "a/b",
        packet_id: None,
        properties: NONE,
        payload: b"",
    };
    holds(Version::V3_1_1, &hex("30 05 0003 'a/b'"), &Packet::Publish(plain));
    holds(Version::V5, &hex("30 06 0003 'a/b' 00"), &Packet::Publish(plain));
    let once = Publish { qos: QoS::AtLeastOnce, packet_id: Some(id(10)), payload: b"x", ..plain };
    holds(Version::V3_1_1, &hex("32 08 0003 'a/b' 000A 'x'"), &Packet::Publish(once));
    let twice = Publish { dup: true, retain: true, qos: QoS::ExactlyOnce, ..once };
    holds(Version::V5, &hex("3D 09 0003 'a/b' 000A 00 'x'"), &Packet::Publish(twice));
    let mut alias = PropertiesBuf::new();
    alias.push(Property::TopicAlias(5)).expect("short");
    let aliased = Publish { topic: "", properties: alias.as_properties(), ..plain };
    holds(Version::V5, &hex("30 06 0000 03 23 0005"), &Packet::Publish(aliased));
    let odd = Publish { topic: "\u{FEFF}/ ", ..plain };
    holds(Version::V3_1_1, &hex("30 07 0005 EFBBBF 2F20"), &Packet::Publish(odd));
}

/// [MQTT-3.6.1-1], [3.1.1 MQTT-3.6.1-1].
#[test]
fn acknowledgements_in_every_length() {
    type Kind = fn(Ack<'static>) -> Packet<'static>;
    let kinds: [(u8, Kind); 4] =
        [(0x40, Packet::Puback), (0x50, Packet::Pubrec), (0x62, Packet::Pubrel), (0x70, Packet::Pubcomp)];
    for (first, packet) in kinds {
        let success = packet(Ack::success(id(0x1234)));
        for version in BOTH {
            holds(version, &[first, 2, 0x12, 0x34], &success);
        }
        decodes(Version::V5, &[first, 3, 0x12, 0x34, 0x00], &success);
        decodes(Version::V5, &[first, 4, 0x12, 0x34, 0x00, 0x00], &success);
    }
    let missing = Ack::new(id(1), ReasonCode::PacketIdentifierNotFound);
    holds(Version::V5, &[0x62, 3, 0, 1, 0x92], &Packet::Pubrel(missing));
    let mut text = PropertiesBuf::new();
    text.push(Property::ReasonString("no")).expect("short");
    let told = Ack { properties: text.as_properties(), ..Ack::new(id(1), ReasonCode::NotAuthorized) };
    holds(Version::V5, &hex("40 09 0001 87 05 1F 0002 'no'"), &Packet::Puback(told));
}

/// [MQTT-3.8.1-1], [3.1.1 MQTT-3.8.1-1].
#[test]
fn subscribe_and_its_answer() {
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    let subscriptions = vec![
        Subscription { filter: "a/b", options },
        Subscription { filter: "c/d", options: SubscriptionOptions { qos: QoS::ExactlyOnce, ..options } },
    ];
    let subscribe = Packet::Subscribe(Subscribe { packet_id: id(10), properties: NONE, subscriptions });
    holds(Version::V3_1_1, &hex("82 0E 000A 0003 'a/b' 01 0003 'c/d' 02"), &subscribe);
    holds(Version::V5, &hex("82 0F 000A 00 0003 'a/b' 01 0003 'c/d' 02"), &subscribe);

    let every = SubscriptionOptions {
        qos: QoS::AtMostOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::DoNotSend,
    };
    let subscriptions = vec![Subscription { filter: "#", options: every }];
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SubscriptionIdentifier(200)).expect("short");
    let subscribe = Subscribe { packet_id: id(1), properties: properties.as_properties(), subscriptions };
    holds(Version::V5, &hex("82 0A 0001 03 0B C801 0001 '#' 2C"), &Packet::Subscribe(subscribe));

    let reasons = vec![ReasonCode::Success, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    let suback = Packet::Suback(Suback { packet_id: id(10), properties: NONE, reasons });
    holds(Version::V3_1_1, &hex("90 05 000A 00 02 80"), &suback);
    holds(Version::V5, &hex("90 06 000A 00 00 02 80"), &suback);
    let denied = Suback { packet_id: id(10), properties: NONE, reasons: vec![ReasonCode::NotAuthorized] };
    let mut bytes = Vec::new();
    Packet::Suback(denied).encode(Version::V3_1_1, &mut bytes).expect("3.1.1 has one failure");
    assert_eq!(bytes, hex("90 03 000A 80"));
}

/// [MQTT-3.10.1-1], [3.1.1 MQTT-3.10.1-1].
#[test]
fn unsubscribe_and_its_answer() {
    let unsubscribe = Unsubscribe { packet_id: id(10), properties: NONE, filters: vec!["a/b", "c/d"] };
    holds(Version::V3_1_1, &hex("A2 0C 000A 0003 'a/b' 0003 'c/d'"), &Packet::Unsubscribe(unsubscribe.clone()));
    holds(Version::V5, &hex("A2 0D 000A 00 0003 'a/b' 0003 'c/d'"), &Packet::Unsubscribe(unsubscribe));
    let old = Unsuback { packet_id: id(10), properties: NONE, reasons: vec![] };
    holds(Version::V3_1_1, &hex("B0 02 000A"), &Packet::Unsuback(old));
    let reasons = vec![ReasonCode::Success, ReasonCode::NoSubscriptionExisted];
    let new = Unsuback { packet_id: id(10), properties: NONE, reasons };
    holds(Version::V5, &hex("B0 05 000A 00 00 11"), &Packet::Unsuback(new));
}

/// [MQTT-3.14.1-1], [MQTT-3.15.1-1].
#[test]
fn the_short_ones() {
    for version in BOTH {
        holds(version, &[0xC0, 0], &Packet::Pingreq);
        holds(version, &[0xD0, 0], &Packet::Pingresp);
        let normal = Disconnect { reason: ReasonCode::Success, properties: NONE };
        holds(version, &[0xE0, 0], &Packet::Disconnect(normal));
    }
    let will = Packet::Disconnect(Disconnect { reason: ReasonCode::DisconnectWithWill, properties: NONE });
    holds(Version::V5, &[0xE0, 1, 4], &will);
    decodes(Version::V5, &[0xE0, 2, 4, 0], &will);
    let success = Packet::Auth(Auth { reason: ReasonCode::Success, properties: NONE });
    holds(Version::V5, &[0xF0, 0], &success);
    let mut properties = PropertiesBuf::new();
    properties.push(Property::AuthenticationMethod("m")).expect("short");
    let step = Auth { reason: ReasonCode::ContinueAuthentication, properties: properties.as_properties() };
    holds(Version::V5, &hex("F0 06 18 04 15 0001 'm'"), &Packet::Auth(step));
}

/// The four lengths of a remaining length, at their borders (§2.1.4, table 2-4).
#[test]
fn remaining_lengths_at_their_borders() {
    for remaining in [0x7F, 0x80, 0x3FFF, 0x4000, 0x1F_FFFF, 0x20_0000] {
        let payload = vec![7; remaining - 3];
        let publish = Publish { payload: &payload, ..publish("a", "", QoS::AtMostOnce) };
        holds(Version::V3_1_1, &framed(0x30, &[&b"\x00\x01a"[..], &payload].concat()), &Packet::Publish(publish));
    }
}

/// 3.1.1 says how to encode a remaining length and not that the shortest form is the only one; 5.0
/// does [MQTT-1.5.5-1].
#[test]
fn a_long_form_of_the_remaining_length_is_taken_in_3_1_1_alone() {
    decodes(Version::V3_1_1, &[0xC0, 0x80, 0x00], &Packet::Pingreq);
    assert!(Packet::decode(&[0xC0, 0x80, 0x00], Version::V5).is_err());
}
