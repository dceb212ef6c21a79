//! Packets: those of the broker as bytes, those of the client as text.

use wasmqtt::codec::{
    Ack, Connack, Decoder, Disconnect, Packet, PacketId, PacketKind, Properties, PropertiesBuf, Property, Publish, QoS,
    ReasonCode, Suback, Unsuback, Version,
};

pub(crate) const V4: Version = Version::V3_1_1;
pub(crate) const V5: Version = Version::V5;

/// The bytes of a packet of 5.0.
pub(crate) fn bytes(packet: &Packet<'_>) -> Vec<u8> {
    bytes_in(V5, packet)
}

pub(crate) fn bytes_in(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).expect("the broker's script is well formed");
    out
}

pub(crate) fn list(properties: &[Property<'_>]) -> PropertiesBuf {
    let mut list = PropertiesBuf::new();
    for property in properties {
        list.push(*property).expect("short");
    }
    list
}

/// CONNACK that says yes.
pub(crate) const CONNACK: Packet<'_> =
    Packet::Connack(Connack { session_present: false, reason: ReasonCode::Success, properties: Properties::EMPTY });

pub(crate) fn connack(properties: &PropertiesBuf) -> Vec<u8> {
    let properties = properties.as_properties();
    bytes(&Packet::Connack(Connack { session_present: false, reason: ReasonCode::Success, properties }))
}

/// PUBLISH of QoS 0.
pub(crate) fn publish<'a>(topic: &'a str, payload: &'a str) -> Publish<'a> {
    Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic,
        packet_id: None,
        properties: Properties::EMPTY,
        payload: payload.as_bytes(),
    }
}

/// As [`publish`], with its bytes.
pub(crate) fn message(topic: &str, payload: &str) -> Vec<u8> {
    bytes(&Packet::Publish(publish(topic, payload)))
}

/// The same at QoS 1 or 2.
pub(crate) fn message_of(qos: QoS, packet_id: u16, topic: &str, payload: &str) -> Vec<u8> {
    bytes(&Packet::Publish(Publish { qos, packet_id: PacketId::new(packet_id), ..publish(topic, payload) }))
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
pub(crate) fn ack(kind: PacketKind, packet_id: u16, reason: ReasonCode) -> Vec<u8> {
    let mut out = Vec::new();
    Ack::new(id(packet_id), reason).encode(kind, V5, &mut out).expect("a reason that its kind may have");
    out
}

pub(crate) fn puback(packet_id: u16) -> Vec<u8> {
    ack(PacketKind::Puback, packet_id, ReasonCode::Success)
}

pub(crate) fn suback(packet_id: u16, reason: ReasonCode) -> Vec<u8> {
    bytes(&Packet::Suback(Suback { packet_id: id(packet_id), properties: Properties::EMPTY, reasons: vec![reason] }))
}

pub(crate) fn unsuback(packet_id: u16, reason: ReasonCode) -> Vec<u8> {
    let reasons = vec![reason];
    bytes(&Packet::Unsuback(Unsuback { packet_id: id(packet_id), properties: Properties::EMPTY, reasons }))
}

pub(crate) fn disconnect(reason: ReasonCode) -> Vec<u8> {
    bytes(&Packet::Disconnect(Disconnect { reason, properties: Properties::EMPTY }))
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not 0")
}

/// The packets of a frame that the client sent, in a short form, with ` + ` between them.
pub(crate) fn describe(frame: &[u8], version: Version) -> String {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(frame);
    let mut all = Vec::new();
    while let Some(located) = decoder.advance(version).expect("the client sends well-formed packets") {
        all.push(brief(&decoder.packet(&located, version).expect("the client sends well-formed packets")));
    }
    assert!(decoder.unread().is_empty(), "a frame holds whole packets");
    all.join(" + ")
}

fn brief(packet: &Packet<'_>) -> String {
    let kind = packet.kind();
    match packet {
        Packet::Connect(connect) => format!("{kind} {}", connect.client_id),
        Packet::Publish(publish) => {
            let id = publish.packet_id.map_or(String::new(), |id| format!(" {id}"));
            let payload = String::from_utf8_lossy(publish.payload);
            format!("{kind} q{}{id} {} {payload}", publish.qos.bits(), publish.topic)
        }
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
            format!("{kind} {}", ack.packet_id)
        }
        Packet::Subscribe(subscribe) => {
            let [subscription] = &subscribe.subscriptions[..] else { panic!("one filter a request") };
            format!("{kind} {} {} q{}", subscribe.packet_id, subscription.filter, subscription.options.qos.bits())
        }
        Packet::Unsubscribe(unsubscribe) => format!("{kind} {} {}", unsubscribe.packet_id, unsubscribe.filters[0]),
        Packet::Disconnect(disconnect) => format!("{kind} {}", disconnect.reason.value()),
        Packet::Pingreq => kind.to_string(),
        Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp | Packet::Auth(_) => {
            panic!("{kind}, which this client never sends")
        }
    }
}
