//! Transcripts: packets for a client or the host as text that tests compare, a line for each.

use wasmqtt::broker::{HandlerId, HostMessage};
use wasmqtt::codec::{
    Ack, Connack, Decoder, Disconnect, Packet, Properties, PropertyId, Publish, QoS, ReasonCode, Suback, Unsuback,
};
use wasmqtt::time::Time;

use crate::support::packets::V5;

/// A packet as one line, without its Reason String.
pub(crate) fn text(packet: &Packet<'_>) -> String {
    match packet {
        Packet::Connack(connack) => {
            let present = if connack.session_present { " present" } else { "" };
            format!("CONNACK {}{present}{}", reason(connack.reason), list_without_reason_string(connack.properties))
        }
        Packet::Publish(publish) => {
            let dup = if publish.dup { " dup" } else { "" };
            let retain = if publish.retain { " retain" } else { "" };
            let id = publish.packet_id.map_or(String::new(), |id| format!(" #{id}"));
            let payload = String::from_utf8_lossy(publish.payload);
            format!("{}={payload} q{}{id}{dup}{retain}{}", publish.topic, publish.qos.bits(), list(publish.properties))
        }
        Packet::Puback(ack) => acknowledgement("PUBACK", ack),
        Packet::Pubrec(ack) => acknowledgement("PUBREC", ack),
        Packet::Pubrel(ack) => acknowledgement("PUBREL", ack),
        Packet::Pubcomp(ack) => acknowledgement("PUBCOMP", ack),
        Packet::Suback(suback) => format!("SUBACK #{} {}", suback.packet_id, reasons(&suback.reasons)),
        Packet::Unsuback(unsuback) => format!("UNSUBACK #{} {}", unsuback.packet_id, reasons(&unsuback.reasons)),
        Packet::Pingresp => "PINGRESP".into(),
        Packet::Disconnect(disconnect) => {
            format!("DISCONNECT {}{}", reason(disconnect.reason), list_without_reason_string(disconnect.properties))
        }
        Packet::Auth(auth) => format!("AUTH {:02X}{}", auth.reason.value(), list(auth.properties)),
        other => panic!("no broker sends {other:?}"),
    }
}

/// A message for the host as one line, its handler first: as it would be sent now, with the quality
/// of service that it has.
pub(crate) fn host_message(host_message: &HostMessage, now: Time) -> String {
    let HostMessage { handler: HandlerId(handler), message, .. } = host_message;
    let mut bytes = Vec::new();
    host_message.encode(now, &mut bytes).expect("it is not over");
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(&bytes);
    let located = decoder.advance(V5).expect("a packet of ours").expect("a whole one");
    let Ok(Packet::Publish(publish)) = decoder.packet(&located, V5) else { panic!("it is a PUBLISH") };
    assert_eq!((publish.qos, publish.packet_id), (QoS::AtMostOnce, None));
    format!("{handler}: {}", text(&Packet::Publish(Publish { qos: message.qos, ..publish })))
}

/// The Reason String.
pub(crate) fn reason_string<'a>(packet: &Packet<'a>) -> Option<&'a str> {
    let properties = match packet {
        Packet::Connack(Connack { properties, .. })
        | Packet::Suback(Suback { properties, .. })
        | Packet::Unsuback(Unsuback { properties, .. })
        | Packet::Disconnect(Disconnect { properties, .. })
        | Packet::Puback(Ack { properties, .. })
        | Packet::Pubrec(Ack { properties, .. })
        | Packet::Pubrel(Ack { properties, .. })
        | Packet::Pubcomp(Ack { properties, .. }) => *properties,
        _ => return None,
    };
    properties.text(PropertyId::ReasonString)
}

fn list_without_reason_string(properties: Properties<'_>) -> String {
    list(properties.without(PropertyId::ReasonString).as_properties())
}

fn acknowledgement(name: &str, ack: &Ack<'_>) -> String {
    format!("{name} #{} {}", ack.packet_id, reason(ack.reason))
}

fn reasons(reasons: &[ReasonCode]) -> String {
    reasons.iter().map(|code| format!("{:02X}", code.value())).collect::<Vec<_>>().join(" ")
}

fn reason(reason: ReasonCode) -> String {
    if reason == ReasonCode::Success { "ok".into() } else { format!("{:02X}", reason.value()) }
}

/// Each property behind a space.
pub(crate) fn list(properties: Properties<'_>) -> String {
    properties.iter().fold(String::new(), |line, property| format!("{line} {property:?}"))
}
