//! From a description to a packet's bytes.

use serde_json::Value;
use wasmqtt::codec::{
    Ack, Auth, Connack, Connect, Disconnect, Packet, PacketId, PropertiesBuf, Property, PropertyId, Publish, QoS,
    ReasonCode, RetainHandling, Suback, Subscribe, Subscription, SubscriptionOptions, Unsuback, Unsubscribe, Version,
    Will,
};

use crate::lines::bytes;

type Read<T> = Result<T, String>;

/// Appends the bytes of the packet that the description has.
pub(crate) fn encode(fields: &Value, version: Version, out: &mut Vec<u8>) -> Read<()> {
    let list = properties(fields)?;
    let properties = list.as_properties();
    let kind = text(fields, "kind")?;
    let payload = optional_bytes(fields, "payload")?;
    let password = optional_bytes(fields, "password")?;
    let will = WillParts::read(fields)?;
    let packet = match kind {
        "CONNECT" => Packet::Connect(Box::new(Connect {
            version,
            clean_start: flag(fields, "cleanStart")?,
            keep_alive: number(fields, "keepAlive")?,
            client_id: text(fields, "clientId")?,
            will: will.as_ref().map(WillParts::will),
            username: fields["username"].as_str(),
            password: password.as_deref(),
            properties,
        })),
        "CONNACK" => Packet::Connack(Connack {
            session_present: flag(fields, "sessionPresent")?,
            reason: reason(fields)?,
            properties,
        }),
        "PUBLISH" => Packet::Publish(Publish {
            dup: flag(fields, "dup")?,
            qos: qos(fields)?,
            retain: flag(fields, "retain")?,
            topic: text(fields, "topic")?,
            packet_id: if fields["packetId"].is_null() { None } else { Some(packet_id(fields)?) },
            properties,
            payload: payload.as_deref().unwrap_or_default(),
        }),
        "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP" => {
            let ack = Ack { packet_id: packet_id(fields)?, reason: reason(fields)?, properties };
            match kind {
                "PUBACK" => Packet::Puback(ack),
                "PUBREC" => Packet::Pubrec(ack),
                "PUBREL" => Packet::Pubrel(ack),
                _ => Packet::Pubcomp(ack),
            }
        }
        "SUBSCRIBE" => Packet::Subscribe(Subscribe {
            packet_id: packet_id(fields)?,
            properties,
            subscriptions: list_of(fields, "subscriptions", subscription)?,
        }),
        "SUBACK" => Packet::Suback(Suback { packet_id: packet_id(fields)?, properties, reasons: reasons(fields)? }),
        "UNSUBSCRIBE" => {
            let filters = list_of(fields, "filters", |filter| filter.as_str().ok_or("a filter is text".to_owned()))?;
            Packet::Unsubscribe(Unsubscribe { packet_id: packet_id(fields)?, properties, filters })
        }
        "UNSUBACK" => {
            Packet::Unsuback(Unsuback { packet_id: packet_id(fields)?, properties, reasons: reasons(fields)? })
        }
        "PINGREQ" => Packet::Pingreq,
        "PINGRESP" => Packet::Pingresp,
        "DISCONNECT" => Packet::Disconnect(Disconnect { reason: reason(fields)?, properties }),
        "AUTH" => Packet::Auth(Auth { reason: reason(fields)?, properties }),
        other => return Err(format!("no packet is called {other}")),
    };
    packet.encode(version, out).map_err(|error| error.to_string())
}

/// The parts that a will borrows.
struct WillParts<'a> {
    qos: QoS,
    retain: bool,
    topic: &'a str,
    payload: Vec<u8>,
    properties: PropertiesBuf,
}

impl<'a> WillParts<'a> {
    fn read(packet: &'a Value) -> Read<Option<Self>> {
        let Some(fields) = packet.get("will").filter(|will| !will.is_null()) else { return Ok(None) };
        Ok(Some(Self {
            qos: qos(fields)?,
            retain: flag(fields, "retain")?,
            topic: text(fields, "topic")?,
            payload: optional_bytes(fields, "payload")?.unwrap_or_default(),
            properties: properties(fields)?,
        }))
    }

    fn will(&self) -> Will<'_> {
        Will {
            qos: self.qos,
            retain: self.retain,
            topic: self.topic,
            payload: &self.payload,
            properties: self.properties.as_properties(),
        }
    }
}

fn subscription(fields: &Value) -> Read<Subscription<'_>> {
    let retain_handling = match number::<u8>(fields, "retainHandling")? {
        0 => RetainHandling::Send,
        1 => RetainHandling::SendIfNew,
        2 => RetainHandling::DoNotSend,
        other => return Err(format!("no retain handling is {other}")),
    };
    let options = SubscriptionOptions {
        qos: qos(fields)?,
        no_local: flag(fields, "noLocal")?,
        retain_as_published: flag(fields, "retainAsPublished")?,
        retain_handling,
    };
    Ok(Subscription { filter: text(fields, "filter")?, options })
}

fn properties(fields: &Value) -> Read<PropertiesBuf> {
    let mut list = PropertiesBuf::new();
    for pair in fields["properties"].as_array().into_iter().flatten() {
        let name = pair[0].as_str().ok_or("a property has a name")?;
        let id = PropertyId::ALL.iter().find(|id| format!("{id:?}") == name);
        let id = *id.ok_or_else(|| format!("no property is called {name}"))?;
        push(&mut list, id, &pair[1]).map_err(|problem| format!("{name}: {problem}"))?;
    }
    Ok(list)
}

fn push(list: &mut PropertiesBuf, id: PropertyId, value: &Value) -> Read<()> {
    let bit = || value.as_bool().ok_or("true or false".to_owned());
    let short = || as_number::<u16>(value);
    let long = || as_number::<u32>(value);
    let text = || value.as_str().ok_or("text".to_owned());
    let data = if matches!(id, PropertyId::CorrelationData | PropertyId::AuthenticationData) {
        bytes(text()?)?
    } else {
        Vec::new()
    };
    let property = match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(bit()?),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(long()?),
        PropertyId::ContentType => Property::ContentType(text()?),
        PropertyId::ResponseTopic => Property::ResponseTopic(text()?),
        PropertyId::CorrelationData => Property::CorrelationData(&data),
        PropertyId::SubscriptionIdentifier => Property::SubscriptionIdentifier(long()?),
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(long()?),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier(text()?),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(short()?),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(text()?),
        PropertyId::AuthenticationData => Property::AuthenticationData(&data),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(bit()?),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(long()?),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(bit()?),
        PropertyId::ResponseInformation => Property::ResponseInformation(text()?),
        PropertyId::ServerReference => Property::ServerReference(text()?),
        PropertyId::ReasonString => Property::ReasonString(text()?),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(short()?),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(short()?),
        PropertyId::TopicAlias => Property::TopicAlias(short()?),
        PropertyId::MaximumQoS => Property::MaximumQoS(bit()?),
        PropertyId::RetainAvailable => Property::RetainAvailable(bit()?),
        PropertyId::UserProperty => Property::UserProperty(
            value[0].as_str().ok_or("a pair of texts")?,
            value[1].as_str().ok_or("a pair of texts")?,
        ),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(long()?),
        PropertyId::WildcardSubscriptionAvailable => Property::WildcardSubscriptionAvailable(bit()?),
        PropertyId::SubscriptionIdentifierAvailable => Property::SubscriptionIdentifierAvailable(bit()?),
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(bit()?),
    };
    list.push(property).map_err(|error| error.to_string())
}

fn list_of<'a, T>(fields: &'a Value, name: &str, item: impl Fn(&'a Value) -> Read<T>) -> Read<Vec<T>> {
    fields[name].as_array().ok_or_else(|| format!("{name} is a list"))?.iter().map(item).collect()
}

fn text<'a>(fields: &'a Value, name: &str) -> Read<&'a str> {
    fields[name].as_str().ok_or_else(|| format!("{name} is text"))
}

fn flag(fields: &Value, name: &str) -> Read<bool> {
    fields[name].as_bool().ok_or_else(|| format!("{name} is true or false"))
}

fn number<T: TryFrom<u64>>(fields: &Value, name: &str) -> Read<T> {
    as_number(&fields[name]).map_err(|problem| format!("{name} is {problem}"))
}

fn as_number<T: TryFrom<u64>>(value: &Value) -> Read<T> {
    value.as_u64().and_then(|value| T::try_from(value).ok()).ok_or_else(|| "a number in range".to_owned())
}

fn optional_bytes(fields: &Value, name: &str) -> Read<Option<Vec<u8>>> {
    fields[name].as_str().map(bytes).transpose()
}

fn packet_id(fields: &Value) -> Read<PacketId> {
    PacketId::new(number(fields, "packetId")?).ok_or_else(|| "packetId is not 0".to_owned())
}

fn qos(fields: &Value) -> Read<QoS> {
    QoS::from_bits(number(fields, "qos")?).ok_or_else(|| "qos is 0, 1 or 2".to_owned())
}

fn reason(fields: &Value) -> Read<ReasonCode> {
    to_reason(&fields["reason"])
}

fn reasons(fields: &Value) -> Read<Vec<ReasonCode>> {
    list_of(fields, "reasons", to_reason)
}

fn to_reason(value: &Value) -> Read<ReasonCode> {
    as_number(value).ok().and_then(ReasonCode::from_value).ok_or_else(|| format!("no reason code is {value}"))
}
