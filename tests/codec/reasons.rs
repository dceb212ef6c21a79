//! Reason codes of each packet: the specification's tables, typed in by hand a second time.

use wasmqtt::codec::{
    Ack, Auth, Connack, Disconnect, Packet, PacketId, PacketKind, Properties, ReasonCode, Suback, Unsuback, Version,
};

use crate::support::bytes::framed;

/// MQTT 5.0 §3.2.2.2, §3.4.2.1 to §3.7.2.1, §3.9.3, §3.11.3, §3.14.2.1, §3.15.2.1; and 0x8C in
/// DISCONNECT, which stands in table 2-6 of §2.4 alone: who receives had better take it.
const TABLE: [(PacketKind, &[u8]); 9] = [
    (
        PacketKind::Connack,
        &[
            0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
            0x9B, 0x9C, 0x9D, 0x9F,
        ],
    ),
    (PacketKind::Puback, &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]),
    (PacketKind::Pubrec, &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]),
    (PacketKind::Pubrel, &[0x00, 0x92]),
    (PacketKind::Pubcomp, &[0x00, 0x92]),
    (PacketKind::Suback, &[0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2]),
    (PacketKind::Unsuback, &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91]),
    (
        PacketKind::Disconnect,
        &[
            0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96,
            0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
        ],
    ),
    (PacketKind::Auth, &[0x00, 0x18, 0x19]),
];

/// [MQTT-3.2.2-8], [MQTT-3.4.2-1], [MQTT-3.5.2-1], [MQTT-3.6.2-1], [MQTT-3.7.2-1], [MQTT-3.9.3-2],
/// [MQTT-3.11.3-2], [MQTT-3.14.2-1], [MQTT-3.15.2-1]: neither is another encoded, nor decoded.
#[test]
fn no_packet_is_made_or_taken_with_another_packets_reason() {
    for (kind, allowed) in TABLE {
        for reason in ReasonCode::ALL {
            let packet = with_reason(kind, *reason);
            let mut bytes = Vec::new();
            let encoded = packet.encode(Version::V5, &mut bytes);
            assert_eq!(encoded.is_ok(), allowed.contains(&reason.value()), "{kind} {reason}");
        }
        for value in 0..=u8::MAX {
            let first = if kind == PacketKind::Pubrel { 0x62 } else { (kind as u8) << 4 };
            let body = match kind {
                PacketKind::Connack => vec![0, value, 0],
                PacketKind::Suback | PacketKind::Unsuback => vec![0, 1, 0, value],
                PacketKind::Disconnect | PacketKind::Auth => vec![value, 0],
                _ => vec![0, 1, value],
            };
            let decoded = Packet::decode(&framed(first, &body), Version::V5).is_ok();
            assert_eq!(decoded, allowed.contains(&value), "{kind} {value:02X}");
        }
    }
}

fn with_reason(kind: PacketKind, reason: ReasonCode) -> Packet<'static> {
    let (packet_id, properties) = (PacketId::FIRST, Properties::EMPTY);
    let ack = Ack { packet_id, reason, properties };
    match kind {
        PacketKind::Connack => Packet::Connack(Connack { session_present: false, reason, properties }),
        PacketKind::Puback => Packet::Puback(ack),
        PacketKind::Pubrec => Packet::Pubrec(ack),
        PacketKind::Pubrel => Packet::Pubrel(ack),
        PacketKind::Pubcomp => Packet::Pubcomp(ack),
        PacketKind::Suback => Packet::Suback(Suback { packet_id, properties, reasons: vec![reason] }),
        PacketKind::Unsuback => Packet::Unsuback(Unsuback { packet_id, properties, reasons: vec![reason] }),
        PacketKind::Disconnect => Packet::Disconnect(Disconnect { reason, properties }),
        PacketKind::Auth => Packet::Auth(Auth { reason, properties }),
        other => panic!("{other} has no reason"),
    }
}

#[test]
fn each_packet_carries_its_own_reasons_and_no_others() {
    for (kind, values) in TABLE {
        let allowed: Vec<u8> =
            ReasonCode::ALL.iter().filter(|reason| reason.is_allowed_in(kind)).map(|reason| reason.value()).collect();
        assert_eq!(allowed, values, "{kind}");
    }
}

#[test]
fn a_reason_and_its_value_are_one() {
    for value in 0..=u8::MAX {
        if let Some(reason) = ReasonCode::from_value(value) {
            assert_eq!(reason.value(), value);
            assert_eq!(reason.is_error(), value >= 0x80);
        }
    }
    assert_eq!(ReasonCode::ALL.len(), 43);
}
