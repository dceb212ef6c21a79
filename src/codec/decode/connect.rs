//! CONNECT from its bytes (MQTT 5.0 §3.1).

use super::super::{Connect, DecodeError, PropertyPlace, QoS, ReasonCode, Version, Will};
use super::{Reader, properties};

const USERNAME: u8 = 0x80;
const PASSWORD: u8 = 0x40;
const WILL_RETAIN: u8 = 0x20;
const WILL: u8 = 0x04;
const CLEAN_START: u8 = 0x02;
const RESERVED: u8 = 0x01;

pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Connect<'a>, DecodeError> {
    let version = read_version(reader)?;
    let flags_at = reader.offset();
    let flags = reader.byte()?;
    let will_qos = check_flags(reader, flags_at, flags, version)?;
    let keep_alive = reader.two_byte()?;
    let list = properties(reader, PropertyPlace::Connect, version)?;
    let client_id = reader.text()?;
    let will = match will_qos {
        Some(qos) => Some(read_will(reader, qos, flags & WILL_RETAIN != 0, version)?),
        None => None,
    };
    let username = if flags & USERNAME != 0 { Some(reader.text()?) } else { None };
    let password = if flags & PASSWORD != 0 { Some(reader.binary()?) } else { None };
    let clean_start = flags & CLEAN_START != 0;
    Ok(Connect { version, clean_start, keep_alive, client_id, will, username, password, properties: list })
}

fn read_version(reader: &mut Reader<'_>) -> Result<Version, DecodeError> {
    let start = reader.offset();
    let unsupported = |reader: &Reader<'_>, offset, rule, problem| {
        Err(reader.error(offset, rule, problem, ReasonCode::UnsupportedProtocolVersion))
    };
    if reader.text()? != "MQTT" {
        return unsupported(reader, start, "MQTT-3.1.2-1", "a protocol name other than MQTT");
    }
    let level_at = reader.offset();
    match Version::from_level(reader.byte()?) {
        Some(version) => Ok(version),
        None => unsupported(reader, level_at, "MQTT-3.1.2-2", "a protocol level other than 4 (3.1.1) and 5 (5.0)"),
    }
}

/// Gives the will's quality of service if there is a will.
fn check_flags(reader: &Reader<'_>, at: usize, flags: u8, version: Version) -> Result<Option<QoS>, DecodeError> {
    if flags & RESERVED != 0 {
        return Err(reader.malformed(at, "MQTT-3.1.2-3", "the reserved connect flag is 1"));
    }
    if version == Version::V3_1_1 && flags & PASSWORD != 0 && flags & USERNAME == 0 {
        return Err(reader.malformed(at, "3.1.1 §3.1.2.9", "a password without a user name"));
    }
    let Some(qos) = QoS::from_bits(flags >> 3 & 3) else {
        return Err(reader.malformed(at, "MQTT-3.1.2-12", "will QoS 3, which does not exist"));
    };
    if flags & WILL != 0 {
        return Ok(Some(qos));
    }
    if qos != QoS::AtMostOnce {
        return Err(reader.malformed(at, "MQTT-3.1.2-11", "a will QoS without a will"));
    }
    if flags & WILL_RETAIN != 0 {
        return Err(reader.malformed(at, "MQTT-3.1.2-13", "will retain without a will"));
    }
    Ok(None)
}

fn read_will<'a>(reader: &mut Reader<'a>, qos: QoS, retain: bool, version: Version) -> Result<Will<'a>, DecodeError> {
    let properties = properties(reader, PropertyPlace::Will, version)?;
    let topic_at = reader.offset() + 2;
    let topic = reader.text()?;
    if topic.is_empty() || topic.contains(['+', '#']) {
        let problem = "a will topic that is empty or has a wildcard";
        return Err(reader.error(topic_at, "§4.7.3", problem, ReasonCode::TopicNameInvalid));
    }
    Ok(Will { qos, retain, topic, payload: reader.binary()?, properties })
}
