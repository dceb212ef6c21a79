//! The fields of CONNECT (MQTT 5.0 §3.1).

use super::cursor::Bits;
use super::packets::{properties, qos_name};
use super::sections::Section;
use super::{Cursor, FieldValue};
use crate::codec::{PropertyPlace, Version};

const USERNAME: u8 = 0x80;
const PASSWORD: u8 = 0x40;
const WILL: u8 = 0x04;

pub(super) fn read(cursor: &mut Cursor<'_>) {
    let header = cursor.open("Variable Header", Section::of("3.1.2"));
    let flags = variable_header(cursor);
    cursor.close(header, FieldValue::None);
    if let Some(flags) = flags {
        let payload = cursor.open("Payload", Section::of("3.1.3"));
        fields(cursor, flags);
        cursor.close(payload, FieldValue::None);
    }
}

/// Returns the connect flags, and sets the version that the packet tells.
fn variable_header(cursor: &mut Cursor<'_>) -> Option<u8> {
    cursor.text("Protocol Name", Section::of("3.1.2.1"))?;
    let index = cursor.next_index();
    let level = cursor.byte("Protocol Level", Section::of("3.1.2.2"))?;
    cursor.explain(index, version_name(level));
    // Bit 7 is that of a bridge.
    cursor.version = if level & 0x7F < Version::V5.level() { Version::V3_1_1 } else { Version::V5 };
    let start = match cursor.version {
        Version::V5 => "Clean Start",
        Version::V3_1_1 => "Clean Session",
    };
    let rows = [
        Bits::flag("User Name Flag", "3.1.2.8"),
        Bits::flag("Password Flag", "3.1.2.9"),
        Bits::flag("Will Retain", "3.1.2.7"),
        Bits::number("Will QoS", 2, "3.1.2.6", Some(qos_name)),
        Bits::flag("Will Flag", "3.1.2.5"),
        Bits::flag(start, "3.1.2.4"),
        Bits::reserved(1, "3.1.2.3"),
    ];
    let flags = cursor.bits("Connect Flags", Section::of("3.1.2.3"), &rows)?;
    cursor.two_byte("Keep Alive", Section::of("3.1.2.10"))?;
    properties(cursor, PropertyPlace::Connect);
    Some(flags)
}

const fn version_name(level: u8) -> Option<&'static str> {
    match level {
        3 => Some("MQTT 3.1"),
        4 => Some("MQTT 3.1.1"),
        5 => Some("MQTT 5.0"),
        _ => None,
    }
}

/// The payload's fields that the flags announce.
fn fields(cursor: &mut Cursor<'_>, flags: u8) {
    let version = cursor.version;
    let section = |v5, v3_1_1| Section::either(version, v5, v3_1_1);
    if cursor.text("Client Identifier", Section::of("3.1.3.1")).is_none() {
        return;
    }
    if flags & WILL != 0 {
        properties(cursor, PropertyPlace::Will);
        cursor.text("Will Topic", section("3.1.3.3", "3.1.3.2"));
        if !cursor.is_empty() {
            cursor.binary("Will Payload", section("3.1.3.4", "3.1.3.3"));
        }
    }
    // A 3.1 packet may set a flag and leave its field out.
    if flags & USERNAME != 0 && !cursor.is_empty() {
        cursor.text("User Name", section("3.1.3.5", "3.1.3.4"));
    }
    if flags & PASSWORD != 0 && !cursor.is_empty() {
        cursor.binary("Password", section("3.1.3.6", "3.1.3.5"));
    }
}
