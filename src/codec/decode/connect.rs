//! CONNECT from its bytes (MQTT 5.0 §3.1).

use super::super::{Connect, PropertyPlace, QoS, ReasonCode, Version, Will};
use super::{Reader, has, is_wildcard, properties};

const USERNAME: u8 = 0x80;
const PASSWORD: u8 = 0x40;
const WILL_RETAIN: u8 = 0x20;
const WILL: u8 = 0x04;
const CLEAN_START: u8 = 0x02;
const RESERVED: u8 = 0x01;

pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Connect<'a> {
    let (version, is_3_1) = read_version(reader);
    let flags_at = reader.offset();
    let flags = reader.byte();
    let will_qos = check_flags(reader, flags_at, flags, version);
    let keep_alive = reader.two_byte();
    let list = properties(reader, PropertyPlace::Connect, version);
    let client_id = reader.text();
    let will = will_qos.map(|qos| read_will(reader, qos, flags & WILL_RETAIN != 0, version));
    // In 3.1 a flag may stand without its field, which the remaining length tells (3.1 §3.1).
    let is_there = |reader: &Reader<'_>, flag| flags & flag != 0 && !(is_3_1 && reader.is_empty());
    let username = is_there(reader, USERNAME).then(|| reader.text());
    let password = is_there(reader, PASSWORD).then(|| reader.binary());
    let clean_start = flags & CLEAN_START != 0;
    Connect { version, clean_start, keep_alive, client_id, will, username, password, properties: list }
}

/// The version, and whether it is MQTT 3.1, which is read as 3.1.1: the packets are the same.
fn read_version(reader: &mut Reader<'_>) -> (Version, bool) {
    let start = reader.offset();
    let unsupported = ReasonCode::UnsupportedProtocolVersion;
    let name = reader.text();
    let level_at = reader.offset();
    let level = reader.byte();
    if name == "MQIsdp" && level == 3 {
        return (Version::V3_1_1, true);
    }
    if name != "MQTT" {
        reader.fail(start, "MQTT-3.1.2-1", "a protocol name other than MQTT", unsupported);
    }
    let version = Version::from_level(level).unwrap_or_else(|| {
        let problem = "a protocol level other than 4 (3.1.1) and 5 (5.0)";
        reader.fail(level_at, "MQTT-3.1.2-2", problem, unsupported);
        Version::V5
    });
    (version, false)
}

/// Returns the will's quality of service, if there is a will.
fn check_flags(reader: &mut Reader<'_>, at: usize, flags: u8, version: Version) -> Option<QoS> {
    if flags & RESERVED != 0 {
        reader.malformed(at, "MQTT-3.1.2-3", "the reserved connect flag is 1");
    }
    if version == Version::V3_1_1 && flags & PASSWORD != 0 && flags & USERNAME == 0 {
        reader.malformed(at, "3.1.1 §3.1.2.9", "a password without a user name");
    }
    let qos = QoS::from_bits(flags >> 3 & 3);
    if qos.is_none() {
        reader.malformed(at, "MQTT-3.1.2-12", "will QoS 3, which does not exist");
    }
    if flags & WILL != 0 {
        return qos;
    }
    if qos != Some(QoS::AtMostOnce) {
        reader.malformed(at, "MQTT-3.1.2-11", "a will QoS without a will");
    }
    if flags & WILL_RETAIN != 0 {
        reader.malformed(at, "MQTT-3.1.2-13", "will retain without a will");
    }
    None
}

fn read_will<'a>(reader: &mut Reader<'a>, qos: QoS, retain: bool, version: Version) -> Will<'a> {
    let properties = properties(reader, PropertyPlace::Will, version);
    let topic_at = reader.offset() + 2;
    let topic = reader.text();
    if topic.is_empty() || has(topic, is_wildcard) {
        let problem = "a will topic that is empty or has a wildcard";
        reader.fail(topic_at, "§4.7.3", problem, ReasonCode::TopicNameInvalid);
    }
    Will { qos, retain, topic, payload: reader.binary(), properties }
}
