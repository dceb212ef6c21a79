//! SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK from their bytes (MQTT 5.0 §3.8 to §3.11).

use alloc::vec::Vec;

use super::super::{
    PacketKind, Properties, PropertyPlace, ReasonCode, Suback, Subscribe, Subscription, SubscriptionOptions, Unsuback,
    Unsubscribe, Version,
};
use super::{Reader, properties, reason};
use crate::codec::filter::ill_formed;

pub(super) fn read_subscribe<'a>(reader: &mut Reader<'a>, version: Version) -> Subscribe<'a> {
    let packet_id = reader.packet_id();
    let properties = properties(reader, PropertyPlace::Subscribe, version);
    let mut subscriptions = Vec::new();
    while !reader.is_empty() {
        let filter = read_filter(reader, version);
        let options = read_options(reader, version);
        if version == Version::V5 && options.no_local && filter.starts_with("$share/") {
            reader.protocol_error(reader.offset() - 1, "MQTT-3.8.3-4", "No Local on a shared subscription");
        }
        subscriptions.push(Subscription { filter, options });
    }
    if subscriptions.is_empty() {
        reader.protocol_error(reader.offset(), "MQTT-3.8.3-2", "a SUBSCRIBE without a topic filter");
    }
    Subscribe { packet_id, properties, subscriptions }
}

/// A topic filter; an ill-formed one makes the packet malformed (§4.13.1).
fn read_filter<'a>(reader: &mut Reader<'a>, version: Version) -> &'a str {
    let start = reader.offset() + 2;
    let filter = reader.text();
    if !reader.has_failed()
        && let Some((rule, problem)) = ill_formed(filter, version)
    {
        reader.malformed(start, rule, problem);
    }
    filter
}

fn read_options(reader: &mut Reader<'_>, version: Version) -> SubscriptionOptions {
    let at = reader.offset();
    let byte = reader.byte();
    let options = SubscriptionOptions::from_byte(byte, version);
    if options.is_none() {
        if byte & 3 == 3 {
            reader.protocol_error(at, "§3.8.3.1", "QoS 3, which does not exist");
        } else if version == Version::V5 && byte & 0xC0 == 0 {
            reader.protocol_error(at, "§3.8.3.1", "retain handling 3, which does not exist");
        } else {
            let problem = "reserved bits of the subscription options that are not 0";
            reader.malformed(at, "MQTT-3.8.3-5", problem);
        }
    }
    options.unwrap_or_default()
}

pub(super) fn read_suback<'a>(reader: &mut Reader<'a>, version: Version) -> Suback<'a> {
    let packet_id = reader.packet_id();
    let properties = properties(reader, PropertyPlace::Suback, version);
    let reasons = read_reasons(reader, PacketKind::Suback, version);
    if reasons.is_empty() {
        reader.protocol_error(reader.offset(), "MQTT-3.8.4-6", "a SUBACK without a reason code");
    }
    Suback { packet_id, properties, reasons }
}

pub(super) fn read_unsubscribe<'a>(reader: &mut Reader<'a>, version: Version) -> Unsubscribe<'a> {
    let packet_id = reader.packet_id();
    let properties = properties(reader, PropertyPlace::Unsubscribe, version);
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(read_filter(reader, version));
    }
    if filters.is_empty() {
        reader.protocol_error(reader.offset(), "MQTT-3.10.3-2", "an UNSUBSCRIBE without a topic filter");
    }
    Unsubscribe { packet_id, properties, filters }
}

pub(super) fn read_unsuback<'a>(reader: &mut Reader<'a>, version: Version) -> Unsuback<'a> {
    let packet_id = reader.packet_id();
    // 3.1.1's has no payload, and bytes there are found by whoever finishes the packet.
    if version == Version::V3_1_1 {
        return Unsuback { packet_id, properties: Properties::EMPTY, reasons: Vec::new() };
    }
    let properties = properties(reader, PropertyPlace::Unsuback, version);
    let reasons = read_reasons(reader, PacketKind::Unsuback, version);
    if reasons.is_empty() {
        reader.protocol_error(reader.offset(), "MQTT-3.11.3-1", "an UNSUBACK without a reason code");
    }
    Unsuback { packet_id, properties, reasons }
}

/// A reason for each filter.
fn read_reasons(reader: &mut Reader<'_>, kind: PacketKind, version: Version) -> Vec<ReasonCode> {
    let mut reasons = Vec::new();
    while !reader.is_empty() {
        let at = reader.offset();
        let value = reason(reader, kind);
        if version == Version::V3_1_1 && value.is_error() && value != ReasonCode::UnspecifiedError {
            let problem = "a return code other than 0, 1, 2 and 0x80";
            reader.malformed(at, "3.1.1 §3.9.3", problem);
        }
        reasons.push(value);
    }
    reasons
}
