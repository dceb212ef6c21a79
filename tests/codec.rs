//! The codec by rows: packets as the specification draws them.
#![cfg(not(target_arch = "wasm32"))]

use wasmqtt::codec::{
    Connect, Decoder, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode, Version, Will,
};

fn round_trip(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).expect("encodes");
    assert_eq!(packet.encoded_len(version), Ok(bytes.len()));
    assert_eq!(Packet::decode(&bytes, version).as_ref(), Ok(packet));
    bytes
}

#[test]
fn a_connect_with_everything_survives_the_wire() {
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SessionExpiryInterval(10)).expect("fits");
    properties.push(Property::UserProperty("name", "value")).expect("fits");
    let mut will_properties = PropertiesBuf::new();
    will_properties.push(Property::WillDelayInterval(5)).expect("fits");
    let connect = Connect {
        version: Version::V5,
        clean_start: true,
        keep_alive: 60,
        client_id: "dash",
        will: Some(Will {
            qos: QoS::AtLeastOnce,
            retain: true,
            topic: "dash/state",
            payload: b"gone",
            properties: will_properties.as_properties(),
        }),
        username: Some("user"),
        password: Some(b"secret"),
        properties: properties.as_properties(),
    };
    let bytes = round_trip(&Packet::Connect(Box::new(connect)), Version::V5);
    assert_eq!(bytes[2..10], [0, 4, b'M', b'Q', b'T', b'T', 5, 0xEE]);
}

#[test]
fn a_publish_is_found_in_any_split() {
    let publish = Publish {
        dup: false,
        qos: QoS::AtLeastOnce,
        retain: true,
        topic: "a/b",
        packet_id: PacketId::new(7),
        properties: Properties::EMPTY,
        payload: &[1; 200],
    };
    let bytes = round_trip(&Packet::Publish(publish), Version::V5);
    for split in 0..bytes.len() {
        let mut decoder = Decoder::new(1000);
        decoder.feed(&bytes[..split]);
        assert_eq!(decoder.advance(Version::V5), Ok(None));
        decoder.feed(&bytes[split..]);
        let located = decoder.advance(Version::V5).expect("well formed").expect("whole");
        assert_eq!(decoder.packet(&located, Version::V5), Ok(Packet::Publish(publish)));
        assert_eq!(decoder.advance(Version::V5), Ok(None));
    }
}

#[test]
fn a_packet_over_the_limit_is_refused_before_it_is_there() {
    let mut decoder = Decoder::new(10);
    decoder.feed(&[0x30, 9]);
    let error = decoder.advance(Version::V5).expect_err("11 bytes");
    assert_eq!(error.reason, ReasonCode::PacketTooLarge);
}
