//! The fields of each kind of packet (MQTT 5.0 §2 and §3).

use super::cursor::Bits;
use super::sections::Section;
use super::{Cursor, FieldValue, connect};
use crate::codec::{PacketKind, PropertyPlace, QoS, ReasonCode, Version};

/// Reads the packet that the bytes begin with.
pub(super) fn read(cursor: &mut Cursor<'_>) {
    let Some(first) = cursor.peek() else { return };
    let kind = PacketKind::from_bits(first >> 4);
    let header = cursor.open("Fixed Header", Section::either(cursor.version, "2.1.1", "2.2"));
    type_and_flags(cursor, kind);
    let remaining = cursor.variable("Remaining Length", Section::either(cursor.version, "2.1.4", "2.2.3"));
    cursor.close(header, FieldValue::None);
    let Some(remaining) = remaining else { return };
    cursor.end_packet_at(cursor.offset() + remaining as usize);
    if let Some(kind) = kind {
        body(cursor, kind, first & 0x0F);
    }
}

fn type_and_flags(cursor: &mut Cursor<'_>, kind: Option<PacketKind>) {
    const KIND: Bits = Bits::number("Packet Type", 4, "2.1.2", Some(kind_name));
    let section = Section::either(cursor.version, "2.1.1", "2.2");
    let flags = match kind {
        Some(PacketKind::Publish) => &[
            KIND,
            Bits::flag("DUP", "3.3.1.1"),
            Bits::number("QoS", 2, "3.3.1.2", Some(qos_name)),
            Bits::flag("RETAIN", "3.3.1.3"),
        ][..],
        _ => &[KIND, Bits::number("Flags", 4, "2.1.3", None)],
    };
    cursor.bits("Packet Type and Flags", section, flags);
}

fn kind_name(value: u32) -> &'static str {
    let kind = u8::try_from(value).ok().and_then(PacketKind::from_bits);
    kind.map_or("reserved", PacketKind::name)
}

/// The meaning of a quality of service.
pub(super) fn qos_name(value: u32) -> &'static str {
    match u8::try_from(value).ok().and_then(QoS::from_bits) {
        Some(QoS::AtMostOnce) => "at most once",
        Some(QoS::AtLeastOnce) => "at least once",
        Some(QoS::ExactlyOnce) => "exactly once",
        None => "does not exist",
    }
}

fn body(cursor: &mut Cursor<'_>, kind: PacketKind, flags: u8) {
    match kind {
        PacketKind::Connect => connect::read(cursor),
        PacketKind::Connack => connack(cursor),
        PacketKind::Publish => publish(cursor, flags),
        PacketKind::Puback => answer(cursor, PropertyPlace::Puback, "3.4.2"),
        PacketKind::Pubrec => answer(cursor, PropertyPlace::Pubrec, "3.5.2"),
        PacketKind::Pubrel => answer(cursor, PropertyPlace::Pubrel, "3.6.2"),
        PacketKind::Pubcomp => answer(cursor, PropertyPlace::Pubcomp, "3.7.2"),
        PacketKind::Subscribe => {
            listed(cursor, "3.8.2", Some(PropertyPlace::Subscribe), "3.8.3", subscription);
        }
        PacketKind::Suback => listed(cursor, "3.9.2", Some(PropertyPlace::Suback), "3.9.3", granted),
        PacketKind::Unsubscribe => {
            listed(cursor, "3.10.2", Some(PropertyPlace::Unsubscribe), "3.10.3", filter);
        }
        PacketKind::Unsuback => unsuback(cursor),
        PacketKind::Pingreq | PacketKind::Pingresp => {}
        PacketKind::Disconnect => outcome(cursor, PropertyPlace::Disconnect, "3.14.2"),
        PacketKind::Auth => outcome(cursor, PropertyPlace::Auth, "3.15.2"),
    }
}

/// A group of fields.
fn group(cursor: &mut Cursor<'_>, name: &'static str, section: &'static str, fields: impl FnOnce(&mut Cursor<'_>)) {
    let index = cursor.open(name, Section::of(section));
    fields(cursor);
    cursor.close(index, FieldValue::None);
}

/// Properties, which 3.1.1 does not have.
pub(super) fn properties(cursor: &mut Cursor<'_>, place: PropertyPlace) {
    if cursor.version == Version::V5 && !cursor.is_empty() {
        cursor.properties(if place == PropertyPlace::Will { "Will Properties" } else { "Properties" }, place);
    }
}

fn connack(cursor: &mut Cursor<'_>) {
    group(cursor, "Variable Header", "3.2.2", |cursor| {
        let rows = [Bits::reserved(7, "3.2.2.1"), Bits::flag("Session Present", "3.2.2.1.1")];
        cursor.bits("Connect Acknowledge Flags", Section::of("3.2.2.1"), &rows);
        // A server that knows 3.1.1 alone refuses in its own form.
        let is_old = cursor.version == Version::V3_1_1 || cursor.left() == 1 && cursor.peek() == Some(1);
        if is_old {
            let index = cursor.next_index();
            if let Some(code) = cursor.byte("Return Code", Section::of("3.2.2.3")) {
                cursor.explain(index, return_code(code));
            }
        } else {
            cursor.reason("Reason Code", Section::of("3.2.2.2"));
            properties(cursor, PropertyPlace::Connack);
        }
    });
}

fn return_code(code: u8) -> Option<&'static str> {
    match code {
        0 => Some("connection accepted"),
        _ => ReasonCode::from_return_code(code).map(ReasonCode::text),
    }
}

fn publish(cursor: &mut Cursor<'_>, flags: u8) {
    group(cursor, "Variable Header", "3.3.2", |cursor| {
        if cursor.text("Topic Name", Section::of("3.3.2.1")).is_none() {
            return;
        }
        if flags & 6 != 0 {
            cursor.packet_id("3.3.2.2");
        }
        properties(cursor, PropertyPlace::Publish);
    });
    cursor.take(cursor.left(), "Payload", Section::of("3.3.3"), |_| FieldValue::Bytes);
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
fn answer(cursor: &mut Cursor<'_>, place: PropertyPlace, section: &'static str) {
    group(cursor, "Variable Header", section, |cursor| {
        cursor.packet_id(section);
        reason_and_properties(cursor, place, section);
    });
}

/// DISCONNECT or AUTH.
fn outcome(cursor: &mut Cursor<'_>, place: PropertyPlace, section: &'static str) {
    group(cursor, "Variable Header", section, |cursor| reason_and_properties(cursor, place, section));
}

/// A reason code and properties, which a packet may leave out. 3.1.1 has neither.
fn reason_and_properties(cursor: &mut Cursor<'_>, place: PropertyPlace, section: &'static str) {
    if cursor.version == Version::V5 && !cursor.is_empty() {
        cursor.reason("Reason Code", Section::first_below(section));
        properties(cursor, place);
    }
}

/// A packet of an identifier, properties, and a list up to its end.
fn listed(
    cursor: &mut Cursor<'_>,
    head: &'static str,
    place: Option<PropertyPlace>,
    list: &'static str,
    entry: fn(&mut Cursor<'_>, Section),
) {
    group(cursor, "Variable Header", head, |cursor| {
        cursor.packet_id(head);
        if let Some(place) = place {
            properties(cursor, place);
        }
    });
    group(cursor, "Payload", list, |cursor| {
        while !cursor.is_empty() {
            entry(cursor, Section::of(list));
        }
    });
}

fn unsuback(cursor: &mut Cursor<'_>) {
    match cursor.version {
        Version::V5 => listed(cursor, "3.11.2", Some(PropertyPlace::Unsuback), "3.11.3", granted),
        Version::V3_1_1 => group(cursor, "Variable Header", "3.11.2", |cursor| {
            cursor.packet_id("3.11.2");
        }),
    }
}

fn filter(cursor: &mut Cursor<'_>, section: Section) {
    cursor.text("Topic Filter", section);
}

fn granted(cursor: &mut Cursor<'_>, section: Section) {
    cursor.reason("Reason Code", section);
}

/// A topic filter with its options (§3.8.3.1).
fn subscription(cursor: &mut Cursor<'_>, section: Section) {
    const OPTIONS: &str = "3.8.3.1";
    let index = cursor.open("Subscription", section);
    if cursor.text("Topic Filter", section).is_some() {
        let qos = Bits::number("Maximum QoS", 2, OPTIONS, Some(qos_name));
        let (name, section, rows) = match cursor.version {
            Version::V3_1_1 => ("Requested QoS", section, &[Bits::reserved(6, "3.8.3"), qos][..]),
            Version::V5 => (
                "Subscription Options",
                Section::of(OPTIONS),
                &[
                    Bits::reserved(2, OPTIONS),
                    Bits::number("Retain Handling", 2, OPTIONS, Some(retain_handling)),
                    Bits::flag("Retain As Published", OPTIONS),
                    Bits::flag("No Local", OPTIONS),
                    qos,
                ][..],
            ),
        };
        cursor.bits(name, section, rows);
    }
    cursor.close(index, FieldValue::None);
}

fn retain_handling(value: u32) -> &'static str {
    match value {
        0 => "send retained messages",
        1 => "send retained messages if the subscription is new",
        2 => "send no retained messages",
        _ => "does not exist",
    }
}
