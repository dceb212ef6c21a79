//! Dissection: packets by rows, and laws for all bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use wasmqtt::codec::{Dissection, Field, FieldValue, Packet, PropertyId, PropertyPlace, Version, dissect};

use super::generate::{encoded, parts};
use crate::support::bytes::{framed, hex};
use crate::support::packets::BOTH;

/// Every field as a line: two spaces a group, bytes, bits, name, value, meaning and section.
fn lines(dissection: &Dissection) -> Vec<String> {
    let line = |field: &Field| {
        let indent = "  ".repeat(field.depth.into());
        let bits = field.bits.map_or_else(String::new, |(high, low)| format!(" bits {high}-{low}"));
        let value = match &field.value {
            FieldValue::None => String::new(),
            FieldValue::Flag(flag) => format!(" = {}", u8::from(*flag)),
            FieldValue::Number(number) => format!(" = {number}"),
            FieldValue::Text(text) => format!(" = '{text}'"),
            FieldValue::Bytes => " = bytes".into(),
            FieldValue::Undecoded => " = ?".into(),
        };
        let meaning = field.meaning.map_or_else(String::new, |meaning| format!(" ({meaning})"));
        format!("{indent}{}..{}{bits} {}{value}{meaning} {}", field.start, field.end, field.name, field.section)
    };
    dissection.fields.iter().map(line).map(|line| line.trim_end().into()).collect()
}

/// As [`lines`], without the fixed header.
fn body(dissection: &Dissection) -> Vec<String> {
    let all = lines(dissection);
    let start = 1 + all.iter().skip(1).position(|line| !line.starts_with(' ')).expect("a variable header");
    all[start..].to_vec()
}

/// The leaves tile the bytes, bit for bit, and each group spans its members.
fn check_tiles(bytes: &[u8], dissection: &Dissection) {
    let mut bit = 0;
    let mut open: Vec<(u8, usize)> = Vec::new();
    for field in &dissection.fields {
        while open.last().is_some_and(|(depth, _)| *depth >= field.depth) {
            let (_, end) = open.pop().expect("it has a last");
            assert!(end * 8 == bit, "the group ends with its members: {dissection:?}");
        }
        assert_eq!(usize::from(field.depth), open.len(), "each group above is open: {dissection:?}");
        assert!(open.iter().all(|(_, end)| field.end <= *end), "a member is in its group: {dissection:?}");
        assert!(field.start < field.end, "a field has bytes: {field:?}");
        if field.is_group {
            assert_eq!(field.start * 8, bit, "a group begins with its members: {dissection:?}");
            open.push((field.depth, field.end));
            continue;
        }
        let first = field.bits.map_or(field.start * 8, |(high, _)| field.start * 8 + 7 - usize::from(high));
        assert_eq!(first, bit, "no bit is left out or in two leaves: {field:?}");
        bit = field.bits.map_or(field.end * 8, |(_, low)| field.start * 8 + 8 - usize::from(low));
        assert!(field.bits.is_none() || field.end == field.start + 1, "bits are of one byte: {field:?}");
    }
    assert_eq!(bit, bytes.len() * 8, "every bit is in a leaf: {dissection:?}");
    assert!(open.iter().all(|(_, end)| *end == bytes.len()), "{dissection:?}");
}

fn check_error(bytes: &[u8], version: Version, dissection: &Dissection) {
    let error = Packet::decode(bytes, version).err();
    assert_eq!(dissection.error, error);
    let at = dissection.error_field.map(|index| &dissection.fields[index]);
    let Some(error) = error.filter(|_| !bytes.is_empty()) else {
        assert_eq!(at, None);
        return;
    };
    let leaf = at.expect("a fault has a leaf");
    assert!(!leaf.is_group);
    if error.offset < bytes.len() {
        assert!((leaf.start..leaf.end).contains(&error.offset), "{error:?} at {leaf:?}");
    } else {
        assert_eq!(leaf.end, bytes.len(), "a fault behind the last byte is at the last leaf");
    }
}

fn check(bytes: &[u8], version: Version) -> Dissection {
    let dissection = dissect(bytes, version);
    check_tiles(bytes, &dissection);
    check_error(bytes, version, &dissection);
    dissection
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(BOTH.to_vec())
}

proptest! {
    #[test]
    fn a_good_packet_has_no_undecoded_bytes(parts in parts()) {
        let dissection = check(&encoded(&parts), parts.version);
        prop_assert_eq!(&dissection.error, &None);
        let undecoded = dissection.fields.iter().find(|field| field.value == FieldValue::Undecoded);
        prop_assert_eq!(undecoded, None);
        let unnamed = dissection.fields.iter().find(|field| field.section.is_none());
        prop_assert_eq!(unnamed, None, "each field has a section");
    }

    #[test]
    fn leaves_tile_a_packet_that_was_damaged(
        parts in parts(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut: prop::sample::Index,
        behind in vec(any::<u8>(), 0..4),
        version in version(),
    ) {
        let mut bytes = encoded(&parts);
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        check(&bytes, version);
        check(&bytes[..cut.index(bytes.len() + 1)], version);
        bytes.extend(behind);
        check(&bytes, version);
    }

    #[test]
    fn leaves_tile_any_bytes(bytes in vec(any::<u8>(), 0..200), version in version()) {
        check(&bytes, version);
    }
}

#[test]
fn the_specifications_connect_field_by_field() {
    // MQTT 5.0 §3.1.2.12, figure 3-6, with a user property of the will besides.
    let connect = hex(
        "0004 'MQTT' 05 CE 000A 05 11 0000000A 0001 'c' 07 26 0001 'k' 0001 'v' 0001 'w' 0001 'm' 0001 'u' 0001 'p'",
    );
    let expected = "\
0..2 Fixed Header §2.1.1
  0..1 Packet Type and Flags = 16 §2.1.1
    0..1 bits 7-4 Packet Type = 1 (CONNECT) §2.1.2
    0..1 bits 3-0 Flags = 0 §2.1.3
  1..2 Remaining Length = 39 §2.1.4
    1..2 Encoded Byte = 39 §1.5.5
      1..2 bits 7-7 Continuation = 0 §1.5.5
      1..2 bits 6-0 Value = 39 §1.5.5
2..18 Variable Header §3.1.2
  2..8 Protocol Name = 'MQTT' §3.1.2.1
    2..4 Length = 4 §3.1.2.1
    4..8 Characters = 'MQTT' §3.1.2.1
  8..9 Protocol Level = 5 (MQTT 5.0) §3.1.2.2
  9..10 Connect Flags = 206 §3.1.2.3
    9..10 bits 7-7 User Name Flag = 1 §3.1.2.8
    9..10 bits 6-6 Password Flag = 1 §3.1.2.9
    9..10 bits 5-5 Will Retain = 0 §3.1.2.7
    9..10 bits 4-3 Will QoS = 1 (at least once) §3.1.2.6
    9..10 bits 2-2 Will Flag = 1 §3.1.2.5
    9..10 bits 1-1 Clean Start = 1 §3.1.2.4
    9..10 bits 0-0 Reserved = 0 §3.1.2.3
  10..12 Keep Alive = 10 §3.1.2.10
  12..18 Properties §3.1.2.11
    12..13 Property Length = 5 §3.1.2.11
      12..13 Encoded Byte = 5 §1.5.5
        12..13 bits 7-7 Continuation = 0 §1.5.5
        12..13 bits 6-0 Value = 5 §1.5.5
    13..18 Session Expiry Interval = 10 §3.1.2.11.2
      13..14 Property Identifier = 17 §2.2.2.2
      14..18 Value = 10 §3.1.2.11.2
18..41 Payload §3.1.3
  18..21 Client Identifier = 'c' §3.1.3.1
    18..20 Length = 1 §3.1.3.1
    20..21 Characters = 'c' §3.1.3.1
  21..29 Will Properties §3.1.3.2
    21..22 Property Length = 7 §3.1.3.2
      21..22 Encoded Byte = 7 §1.5.5
        21..22 bits 7-7 Continuation = 0 §1.5.5
        21..22 bits 6-0 Value = 7 §1.5.5
    22..29 User Property §3.1.3.2.8
      22..23 Property Identifier = 38 §2.2.2.2
      23..26 Name = 'k' §3.1.3.2.8
        23..25 Length = 1 §3.1.3.2.8
        25..26 Characters = 'k' §3.1.3.2.8
      26..29 Value = 'v' §3.1.3.2.8
        26..28 Length = 1 §3.1.3.2.8
        28..29 Characters = 'v' §3.1.3.2.8
  29..32 Will Topic = 'w' §3.1.3.3
    29..31 Length = 1 §3.1.3.3
    31..32 Characters = 'w' §3.1.3.3
  32..35 Will Payload = bytes §3.1.3.4
    32..34 Length = 1 §3.1.3.4
    34..35 Data = bytes §3.1.3.4
  35..38 User Name = 'u' §3.1.3.5
    35..37 Length = 1 §3.1.3.5
    37..38 Characters = 'u' §3.1.3.5
  38..41 Password = bytes §3.1.3.6
    38..40 Length = 1 §3.1.3.6
    40..41 Data = bytes §3.1.3.6";
    let dissection = check(&framed(0x10, &connect), Version::V3_1_1);
    assert_eq!(lines(&dissection).join("\n"), expected, "the packet tells its version");
}

/// A packet's first byte, its body, and the lines that its dissection has behind the fixed header.
type Row = (Version, u8, &'static str, &'static [&'static str]);

const PUBLISHES: &[Row] = &[
    (
        Version::V5,
        0x3D,
        "0003 'a/b' 0102 03 23 0007 'hi'",
        &[
            "2..13 Variable Header §3.3.2",
            "  2..7 Topic Name = 'a/b' §3.3.2.1",
            "    2..4 Length = 3 §3.3.2.1",
            "    4..7 Characters = 'a/b' §3.3.2.1",
            "  7..9 Packet Identifier = 258 §3.3.2.2",
            "  9..13 Properties §3.3.2.3",
            "    9..10 Property Length = 3 §3.3.2.3",
            "      9..10 Encoded Byte = 3 §1.5.5",
            "        9..10 bits 7-7 Continuation = 0 §1.5.5",
            "        9..10 bits 6-0 Value = 3 §1.5.5",
            "    10..13 Topic Alias = 7 §3.3.2.3.4",
            "      10..11 Property Identifier = 35 §2.2.2.2",
            "      11..13 Value = 7 §3.3.2.3.4",
            "13..15 Payload = bytes §3.3.3",
        ],
    ),
    (
        Version::V3_1_1,
        0x30,
        "0001 'a'",
        &[
            "2..5 Variable Header §3.3.2",
            "  2..5 Topic Name = 'a' §3.3.2.1",
            "    2..4 Length = 1 §3.3.2.1",
            "    4..5 Characters = 'a' §3.3.2.1",
        ],
    ),
];

const ANSWERS: &[Row] = &[
    (
        Version::V5,
        0x20,
        "01 8A",
        &[
            "2..4 Variable Header §3.2.2",
            "  2..3 Connect Acknowledge Flags = 1 §3.2.2.1",
            "    2..3 bits 7-1 Reserved = 0 §3.2.2.1",
            "    2..3 bits 0-0 Session Present = 1 §3.2.2.1.1",
            "  3..4 Reason Code = 138 (banned) §3.2.2.2",
        ],
    ),
    (
        Version::V5,
        0x20,
        "00 01",
        &[
            "2..4 Variable Header §3.2.2",
            "  2..3 Connect Acknowledge Flags = 0 §3.2.2.1",
            "    2..3 bits 7-1 Reserved = 0 §3.2.2.1",
            "    2..3 bits 0-0 Session Present = 0 §3.2.2.1.1",
            "  3..4 Return Code = 1 (unsupported protocol version) §3.2.2.3",
        ],
    ),
    (
        Version::V5,
        0x40,
        "0007 10",
        &[
            "2..5 Variable Header §3.4.2",
            "  2..4 Packet Identifier = 7 §3.4.2",
            "  4..5 Reason Code = 16 (no matching subscribers) §3.4.2.1",
        ],
    ),
    (Version::V3_1_1, 0x62, "0007", &["2..4 Variable Header §3.6.2", "  2..4 Packet Identifier = 7 §3.6.2"]),
    (
        Version::V3_1_1,
        0x90,
        "0007 01 80",
        &[
            "2..4 Variable Header §3.9.2",
            "  2..4 Packet Identifier = 7 §3.9.2",
            "4..6 Payload §3.9.3",
            "  4..5 Reason Code = 1 (granted QoS 1) §3.9.3",
            "  5..6 Reason Code = 128 (unspecified error) §3.9.3",
        ],
    ),
    (Version::V3_1_1, 0xB0, "0007", &["2..4 Variable Header §3.11.2", "  2..4 Packet Identifier = 7 §3.11.2"]),
    (
        Version::V5,
        0xE0,
        "8E",
        &["2..3 Variable Header §3.14.2", "  2..3 Reason Code = 142 (session taken over) §3.14.2.1"],
    ),
    (Version::V5, 0xF0, "19", &["2..3 Variable Header §3.15.2", "  2..3 Reason Code = 25 (re-authenticate) §3.15.2.1"]),
];

const SUBSCRIBES: &[Row] = &[
    (
        Version::V5,
        0x82,
        "0007 00 0001 '#' 1D",
        &[
            "2..5 Variable Header §3.8.2",
            "  2..4 Packet Identifier = 7 §3.8.2",
            "  4..5 Properties §3.8.2.1",
            "    4..5 Property Length = 0 §3.8.2.1",
            "      4..5 Encoded Byte = 0 §1.5.5",
            "        4..5 bits 7-7 Continuation = 0 §1.5.5",
            "        4..5 bits 6-0 Value = 0 §1.5.5",
            "5..9 Payload §3.8.3",
            "  5..9 Subscription §3.8.3",
            "    5..8 Topic Filter = '#' §3.8.3",
            "      5..7 Length = 1 §3.8.3",
            "      7..8 Characters = '#' §3.8.3",
            "    8..9 Subscription Options = 29 §3.8.3.1",
            "      8..9 bits 7-6 Reserved = 0 §3.8.3.1",
            "      8..9 bits 5-4 Retain Handling = 1 (send retained messages if the subscription is new) §3.8.3.1",
            "      8..9 bits 3-3 Retain As Published = 1 §3.8.3.1",
            "      8..9 bits 2-2 No Local = 1 §3.8.3.1",
            "      8..9 bits 1-0 Maximum QoS = 1 (at least once) §3.8.3.1",
        ],
    ),
    (
        Version::V3_1_1,
        0xA2,
        "0007 0001 '#'",
        &[
            "2..4 Variable Header §3.10.2",
            "  2..4 Packet Identifier = 7 §3.10.2",
            "4..7 Payload §3.10.3",
            "  4..7 Topic Filter = '#' §3.10.3",
            "    4..6 Length = 1 §3.10.3",
            "    6..7 Characters = '#' §3.10.3",
        ],
    ),
];

#[test]
fn packets_field_by_field() {
    for (version, first, bytes, expected) in PUBLISHES.iter().chain(ANSWERS).chain(SUBSCRIBES) {
        let dissection = check(&framed(*first, &hex(bytes)), *version);
        assert_eq!(body(&dissection), *expected, "{first:02X} {bytes}");
    }
}

/// Damaged packets: the whole bytes, and the leaf at which the fault stands.
const FAULTS: &[(Version, &str, &str, &str)] = &[
    (Version::V5, "00 00", "0..1 Packet Type", "packet type 0, which is reserved"),
    (Version::V5, "36 05 0001 'a' 0001", "0..1 Packet Type", "QoS 3, which does not exist"),
    (Version::V5, "30 05 0009 'abc'", "4..7 Undecoded Bytes", "the packet ends before this field does"),
    (Version::V5, "30 05 0001 'a'", "4..5 Characters", "the bytes end before the packet does"),
    (Version::V5, "30 05 0002 C328 00", "4..6 Characters", "ill-formed UTF-8"),
    (Version::V5, "30 06 0001 'a' 01 77 00", "6..7 Undecoded Bytes", "unknown property identifier"),
    (Version::V5, "30 04 0001 'a' 09", "5..6 Value", "the packet ends before this field does"),
    (Version::V5, "30 FFFFFFFF 01", "1..2 Continuation", "a remaining length of more than four bytes"),
    (Version::V5, "40 03 0000 00", "2..4 Packet Identifier", "packet identifier 0; it must be 1 to 65,535"),
    (Version::V5, "40 03 0001 FF", "4..5 Reason Code", "a reason code that this packet cannot have"),
    (Version::V5, "C0 00 00", "2..3 Bytes Behind the Packet", "bytes follow the packet's end"),
    (
        Version::V3_1_1,
        "82 06 0001 0001 'a' 04",
        "7..8 Reserved",
        "reserved bits of the subscription options that are not 0",
    ),
];

#[test]
fn a_fault_stands_at_its_byte() {
    for (version, bytes, leaf, problem) in FAULTS {
        let dissection = check(&hex(bytes), *version);
        let index = dissection.error_field.unwrap_or_else(|| panic!("{bytes} has a fault"));
        let field = &dissection.fields[index];
        assert_eq!(format!("{}..{} {}", field.start, field.end, field.name), *leaf, "{bytes}");
        assert_eq!(dissection.error.as_ref().map(|error| error.problem), Some(*problem), "{bytes}");
    }
}

#[test]
fn no_bytes_have_no_field() {
    let dissection = check(&[], Version::V5);
    assert_eq!((dissection.fields.len(), dissection.error_field), (0, None));
    assert!(dissection.error.is_some());
}

/// §2.2.2.2: each property that a packet may have has a section of its own in it.
#[test]
fn each_property_has_its_section() {
    use PropertyPlace::*;
    // The first byte of a packet, and all that stands before its property list.
    let places = [
        (0x10, Connect, "0004 'MQTT' 05 02 000A"),
        (0x10, Will, "0004 'MQTT' 05 06 000A 00 0000"),
        (0x20, Connack, "00 00"),
        (0x30, Publish, "0001 'a'"),
        (0x40, Puback, "0001 00"),
        (0x50, Pubrec, "0001 00"),
        (0x62, Pubrel, "0001 00"),
        (0x70, Pubcomp, "0001 00"),
        (0x82, Subscribe, "0001"),
        (0x90, Suback, "0001"),
        (0xA2, Unsubscribe, "0001"),
        (0xB0, Unsuback, "0001"),
        (0xE0, Disconnect, "00"),
        (0xF0, Auth, "00"),
    ];
    for (first, place, head) in places {
        let mut sections = Vec::new();
        for id in PropertyId::ALL.iter().filter(|id| id.is_allowed_in(place)) {
            let list = [2, *id as u8, 1];
            let dissection = dissect(&framed(first, &[&hex(head)[..], &list].concat()), Version::V5);
            let identifier = dissection.fields.iter().position(|field| field.name == "Property Identifier");
            let group = &dissection.fields[identifier.expect("a property") - 1];
            sections.push(group.section.to_string());
        }
        let own = sections.len();
        assert!(sections.iter().all(|section| section.split('.').count() == 5), "{place:?}: {sections:?}");
        sections.sort();
        sections.dedup();
        assert_eq!(sections.len(), own, "no two properties of {place:?} share a section");
    }
}
