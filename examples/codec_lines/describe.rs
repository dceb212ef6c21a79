//! From a packet to its description.

use serde_json::{Map, Value, json};
use wasmqtt::codec::{Ack, Connect, Packet, Properties, Property, Publish, ReasonCode, Subscription, Will};

use crate::lines::hex;

/// Every field of the packet, and its kind.
pub(crate) fn packet(packet: &Packet<'_>) -> Value {
    let mut fields = match packet {
        Packet::Connect(connect) => connect_fields(connect),
        Packet::Connack(connack) => json!({
            "sessionPresent": connack.session_present,
            "reason": connack.reason.value(),
            "properties": properties(connack.properties),
        }),
        Packet::Publish(publish) => publish_fields(publish),
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => ack_fields(ack),
        Packet::Subscribe(subscribe) => json!({
            "packetId": subscribe.packet_id.get(),
            "subscriptions": subscribe.subscriptions.iter().map(subscription).collect::<Vec<_>>(),
            "properties": properties(subscribe.properties),
        }),
        Packet::Suback(suback) => json!({
            "packetId": suback.packet_id.get(),
            "reasons": reasons(&suback.reasons),
            "properties": properties(suback.properties),
        }),
        Packet::Unsubscribe(unsubscribe) => json!({
            "packetId": unsubscribe.packet_id.get(),
            "filters": unsubscribe.filters,
            "properties": properties(unsubscribe.properties),
        }),
        Packet::Unsuback(unsuback) => json!({
            "packetId": unsuback.packet_id.get(),
            "reasons": reasons(&unsuback.reasons),
            "properties": properties(unsuback.properties),
        }),
        Packet::Pingreq | Packet::Pingresp => Value::Object(Map::new()),
        Packet::Disconnect(disconnect) => {
            json!({ "reason": disconnect.reason.value(), "properties": properties(disconnect.properties) })
        }
        Packet::Auth(auth) => json!({ "reason": auth.reason.value(), "properties": properties(auth.properties) }),
    };
    fields["kind"] = json!(packet.kind().name());
    fields
}

fn connect_fields(connect: &Connect<'_>) -> Value {
    json!({
        "version": connect.version.level(),
        "cleanStart": connect.clean_start,
        "keepAlive": connect.keep_alive,
        "clientId": connect.client_id,
        "will": connect.will.as_ref().map(will),
        "username": connect.username,
        "password": connect.password.map(hex),
        "properties": properties(connect.properties),
    })
}

fn will(will: &Will<'_>) -> Value {
    json!({
        "qos": will.qos.bits(),
        "retain": will.retain,
        "topic": will.topic,
        "payload": hex(will.payload),
        "properties": properties(will.properties),
    })
}

fn publish_fields(publish: &Publish<'_>) -> Value {
    json!({
        "dup": publish.dup,
        "qos": publish.qos.bits(),
        "retain": publish.retain,
        "topic": publish.topic,
        "packetId": publish.packet_id.map(wasmqtt::codec::PacketId::get),
        "payload": hex(publish.payload),
        "properties": properties(publish.properties),
    })
}

fn ack_fields(ack: &Ack<'_>) -> Value {
    json!({
        "packetId": ack.packet_id.get(),
        "reason": ack.reason.value(),
        "properties": properties(ack.properties),
    })
}

fn subscription(subscription: &Subscription<'_>) -> Value {
    let options = subscription.options;
    json!({
        "filter": subscription.filter,
        "qos": options.qos.bits(),
        "noLocal": options.no_local,
        "retainAsPublished": options.retain_as_published,
        "retainHandling": options.retain_handling as u8,
    })
}

fn reasons(reasons: &[ReasonCode]) -> Vec<u8> {
    reasons.iter().map(|reason| reason.value()).collect()
}

fn properties(list: Properties<'_>) -> Vec<Value> {
    list.iter().map(|property| json!([format!("{:?}", property.id()), value(&property)])).collect()
}

fn value(property: &Property<'_>) -> Value {
    match *property {
        Property::PayloadFormatIndicator(bit)
        | Property::RequestProblemInformation(bit)
        | Property::RequestResponseInformation(bit)
        | Property::MaximumQoS(bit)
        | Property::RetainAvailable(bit)
        | Property::WildcardSubscriptionAvailable(bit)
        | Property::SubscriptionIdentifierAvailable(bit)
        | Property::SharedSubscriptionAvailable(bit) => json!(bit),
        Property::MessageExpiryInterval(number)
        | Property::SubscriptionIdentifier(number)
        | Property::SessionExpiryInterval(number)
        | Property::WillDelayInterval(number)
        | Property::MaximumPacketSize(number) => json!(number),
        Property::ServerKeepAlive(number)
        | Property::ReceiveMaximum(number)
        | Property::TopicAliasMaximum(number)
        | Property::TopicAlias(number) => json!(number),
        Property::ContentType(text)
        | Property::ResponseTopic(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => json!(text),
        Property::CorrelationData(bytes) | Property::AuthenticationData(bytes) => json!(hex(bytes)),
        Property::UserProperty(name, value) => json!([name, value]),
    }
}
