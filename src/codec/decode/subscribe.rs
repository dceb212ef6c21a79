//! SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK from their bytes (MQTT 5.0 §3.8 to §3.11).

use super::super::{
    DecodeError, PacketKind, PropertyPlace, ReasonCode, Suback, Subscribe, Subscription, SubscriptionOptions, Unsuback,
    Unsubscribe, Version,
};
use super::{Reader, properties, reason};

pub(super) fn read_subscribe<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Subscribe<'a>, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = properties(reader, PropertyPlace::Subscribe, version)?;
    let mut subscriptions = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text()?;
        let at = reader.offset();
        let byte = reader.byte()?;
        let Some(options) = SubscriptionOptions::from_byte(byte, version) else {
            return Err(options_error(reader, at, byte, version));
        };
        if version == Version::V5 && options.no_local && filter.starts_with("$share/") {
            return Err(reader.protocol_error(at, "MQTT-3.8.3-4", "No Local on a shared subscription"));
        }
        subscriptions.push(Subscription { filter, options });
    }
    if subscriptions.is_empty() {
        return Err(reader.protocol_error(reader.offset(), "MQTT-3.8.3-2", "a SUBSCRIBE without a topic filter"));
    }
    Ok(Subscribe { packet_id, properties, subscriptions })
}

#[cold]
fn options_error(reader: &Reader<'_>, at: usize, byte: u8, version: Version) -> DecodeError {
    if byte & 3 == 3 {
        return reader.protocol_error(at, "§3.8.3.1", "QoS 3, which does not exist");
    }
    if version == Version::V5 && byte & 0xC0 == 0 {
        return reader.protocol_error(at, "§3.8.3.1", "retain handling 3, which does not exist");
    }
    reader.malformed(at, "MQTT-3.8.3-5", "reserved bits of the subscription options that are not 0")
}

pub(super) fn read_suback<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Suback<'a>, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = properties(reader, PropertyPlace::Suback, version)?;
    let mut reasons = Vec::new();
    while !reader.is_empty() {
        let at = reader.offset();
        let value = reason(reader, PacketKind::Suback)?;
        if version == Version::V3_1_1 && value.is_error() && value != ReasonCode::UnspecifiedError {
            let problem = "a return code other than 0, 1, 2 and 0x80";
            return Err(reader.malformed(at, "3.1.1 §3.9.3", problem));
        }
        reasons.push(value);
    }
    if reasons.is_empty() {
        return Err(reader.protocol_error(reader.offset(), "MQTT-3.8.4-6", "a SUBACK without a reason code"));
    }
    Ok(Suback { packet_id, properties, reasons })
}

pub(super) fn read_unsubscribe<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Unsubscribe<'a>, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = properties(reader, PropertyPlace::Unsubscribe, version)?;
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(reader.text()?);
    }
    if filters.is_empty() {
        return Err(reader.protocol_error(reader.offset(), "MQTT-3.10.3-2", "an UNSUBSCRIBE without a topic filter"));
    }
    Ok(Unsubscribe { packet_id, properties, filters })
}

pub(super) fn read_unsuback<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Unsuback<'a>, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = properties(reader, PropertyPlace::Unsuback, version)?;
    let mut reasons = Vec::new();
    // 3.1.1's has no payload, and bytes there are found by whoever finishes the packet.
    while version == Version::V5 && !reader.is_empty() {
        reasons.push(reason(reader, PacketKind::Unsuback)?);
    }
    if version == Version::V5 && reasons.is_empty() {
        return Err(reader.protocol_error(reader.offset(), "MQTT-3.11.3-1", "an UNSUBACK without a reason code"));
    }
    Ok(Unsuback { packet_id, properties, reasons })
}
