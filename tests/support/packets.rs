//! Packets and their parts, for scripts of tests: one line each.

use std::sync::LazyLock;

use wasmqtt::codec::{
    Ack, Connect, Message, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS, Version, Will,
};
use wasmqtt::topic::TopicName;

use crate::support::bytes::framed;

pub(crate) const V4: Version = Version::V3_1_1;
pub(crate) const V5: Version = Version::V5;
pub(crate) const BOTH: [Version; 2] = [V4, V5];
pub(crate) const QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

static FOR_EVER: LazyLock<PropertiesBuf> = LazyLock::new(|| properties(&[Property::SessionExpiryInterval(u32::MAX)]));

/// A client whose session outlives its connections, and is resumed.
pub(crate) fn lasting(version: Version, client_id: &str) -> Connect<'_> {
    let plain = Connect { clean_start: false, ..connect(version, client_id) };
    if version == V5 { Connect { properties: FOR_EVER.as_properties(), ..plain } } else { plain }
}

pub(crate) fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not 0")
}

pub(crate) fn properties(list: &[Property<'_>]) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new();
    for property in list {
        properties.push(*property).expect("short");
    }
    properties
}

/// CONNECT with a clean start and nothing else.
pub(crate) fn connect(version: Version, client_id: &str) -> Connect<'_> {
    Connect {
        version,
        clean_start: true,
        keep_alive: 0,
        client_id,
        will: None,
        username: None,
        password: None,
        properties: Properties::EMPTY,
    }
}

pub(crate) fn will<'a>(topic: &'a str, payload: &'a str, qos: QoS) -> Will<'a> {
    Will { qos, retain: false, topic, payload: payload.as_bytes(), properties: Properties::EMPTY }
}

/// Packet identifier 9 where there is one.
pub(crate) fn publish<'a>(topic: &'a str, payload: &'a str, qos: QoS) -> Publish<'a> {
    let packet_id = (qos != QoS::AtMostOnce).then(|| id(9));
    let properties = Properties::EMPTY;
    Publish { dup: false, qos, retain: false, topic, packet_id, properties, payload: payload.as_bytes() }
}

/// SUBSCRIBE of QoS 0 with packet identifier 100 for these filters, well formed or not.
pub(crate) fn subscribe_bytes(version: Version, filters: &[&str]) -> Vec<u8> {
    request(0x82, 100, version, filters, &[0])
}

/// UNSUBSCRIBE with packet identifier 101 for these filters, well formed or not.
pub(crate) fn unsubscribe_bytes(version: Version, filters: &[&str]) -> Vec<u8> {
    request(0xA2, 101, version, filters, &[])
}

fn request(first: u8, id: u8, version: Version, filters: &[&str], options: &[u8]) -> Vec<u8> {
    let mut body = vec![0, id];
    body.extend((version == V5).then_some(0));
    for filter in filters {
        body.extend(u16::try_from(filter.len()).expect("short").to_be_bytes());
        body.extend_from_slice(filter.as_bytes());
        body.extend_from_slice(options);
    }
    framed(first, &body)
}

pub(crate) fn message(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::parse(topic).expect("a topic name"), payload.as_bytes())
}

pub(crate) fn puback(value: u16) -> Packet<'static> {
    Packet::Puback(Ack::success(id(value)))
}

pub(crate) fn pubrec(value: u16) -> Packet<'static> {
    Packet::Pubrec(Ack::success(id(value)))
}

pub(crate) fn pubrel(value: u16) -> Packet<'static> {
    Packet::Pubrel(Ack::success(id(value)))
}

pub(crate) fn pubcomp(value: u16) -> Packet<'static> {
    Packet::Pubcomp(Ack::success(id(value)))
}
