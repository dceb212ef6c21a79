//! Packets of hostile clients, as bytes.

use wasmqtt::codec::{
    Ack, Connect, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode, Subscribe,
    Subscription, SubscriptionOptions, Unsubscribe, Version, Will,
};

pub(crate) fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(Version::V5, &mut bytes).expect("a packet that can be encoded");
    bytes
}

/// A CONNECT with a session expiry interval in seconds. Its Receive Maximum is the broker's.
pub(crate) fn connect(client_id: &str, clean_start: bool, expiry: u32) -> Vec<u8> {
    connect_with(client_id, clean_start, expiry, &[], None)
}

pub(crate) fn connect_with(
    client_id: &str,
    clean_start: bool,
    expiry: u32,
    more: &[Property<'_>],
    will: Option<Will<'_>>,
) -> Vec<u8> {
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SessionExpiryInterval(expiry)).expect("short");
    for property in more {
        properties.push(*property).expect("short");
    }
    encoded(&Packet::Connect(Box::new(Connect {
        version: Version::V5,
        clean_start,
        keep_alive: 0,
        client_id,
        will,
        username: None,
        password: None,
        properties: properties.as_properties(),
    })))
}

/// A will with a delay in seconds.
pub(crate) fn will<'a>(topic: &'a str, delay: &'a PropertiesBuf) -> Will<'a> {
    Will { qos: QoS::AtMostOnce, retain: false, topic, payload: b"gone", properties: delay.as_properties() }
}

pub(crate) fn publish(topic: &str, payload: &[u8], qos: QoS, packet_id: u16) -> Vec<u8> {
    publish_with(topic, payload, qos, packet_id, Properties::EMPTY, false)
}

pub(crate) fn publish_with(
    topic: &str,
    payload: &[u8],
    qos: QoS,
    packet_id: u16,
    properties: Properties<'_>,
    retain: bool,
) -> Vec<u8> {
    let packet_id = if qos == QoS::AtMostOnce { None } else { PacketId::new(packet_id) };
    encoded(&Packet::Publish(Publish { dup: false, qos, retain, topic, packet_id, properties, payload }))
}

/// User properties of five bytes each, and a Message Expiry Interval behind them.
pub(crate) fn user_properties(count: usize) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new();
    for _ in 0..count {
        properties.push(Property::UserProperty("", "")).expect("short");
    }
    properties.push(Property::MessageExpiryInterval(1_000_000)).expect("short");
    properties
}

pub(crate) fn subscribe<'a>(filters: impl IntoIterator<Item = &'a str>, qos: QoS, identifier: Option<u32>) -> Vec<u8> {
    subscribe_with(filters, SubscriptionOptions { qos, ..SubscriptionOptions::default() }, identifier)
}

pub(crate) fn subscribe_with<'a>(
    filters: impl IntoIterator<Item = &'a str>,
    options: SubscriptionOptions,
    identifier: Option<u32>,
) -> Vec<u8> {
    let mut properties = PropertiesBuf::new();
    if let Some(identifier) = identifier {
        properties.push(Property::SubscriptionIdentifier(identifier)).expect("short");
    }
    let subscriptions = filters.into_iter().map(|filter| Subscription { filter, options }).collect();
    let properties = properties.as_properties();
    encoded(&Packet::Subscribe(Subscribe { packet_id: PacketId::FIRST, properties, subscriptions }))
}

pub(crate) fn unsubscribe<'a>(filters: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let filters = filters.into_iter().collect();
    encoded(&Packet::Unsubscribe(Unsubscribe { packet_id: PacketId::FIRST, properties: Properties::EMPTY, filters }))
}

pub(crate) fn puback(packet_id: u16) -> Vec<u8> {
    let packet_id = PacketId::new(packet_id).expect("not zero");
    encoded(&Packet::Puback(Ack { packet_id, reason: ReasonCode::Success, properties: Properties::EMPTY }))
}
