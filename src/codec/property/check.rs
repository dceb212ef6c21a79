//! The rules of a property list: which properties, where, how often, with which values.

use super::id::ValueKind;
use super::{Properties, PropertyId, PropertyPlace};
use crate::codec::reader::Reader;
use crate::codec::{DecodeError, ReasonCode};

/// Reads the length of a property list and checks what it holds.
pub(in crate::codec) fn read_list<'a>(
    reader: &mut Reader<'a>,
    place: PropertyPlace,
) -> Result<Properties<'a>, DecodeError> {
    let len = reader.variable()? as usize;
    if len == 0 {
        return Ok(Properties::EMPTY);
    }
    let mut list = reader.section(len)?;
    let bytes = list.clone().rest();
    check_list(&mut list, place)?;
    Ok(Properties(bytes))
}

/// Checks all that `reader` has left.
pub(super) fn check_list(reader: &mut Reader<'_>, place: PropertyPlace) -> Result<(), DecodeError> {
    let mut seen = 0_u64;
    while !reader.is_empty() {
        let start = reader.offset();
        let Some(id) = PropertyId::from_value(reader.variable()?) else {
            return Err(reader.malformed(start, "§2.2.2.2", "an identifier that no property has"));
        };
        if !id.is_allowed_in(place) {
            return Err(reader.malformed(start, "§2.2.2.2", "a property that does not belong in this packet"));
        }
        let bit = 1 << id as u8;
        if seen & bit != 0 && !id.may_repeat_in(place) {
            return Err(reader.protocol_error(start, "§2.2.2.2", "a property that may stand once stands twice"));
        }
        seen |= bit;
        check_value(reader, id)?;
    }
    if seen & (1 << PropertyId::AuthenticationData as u8) != 0
        && seen & (1 << PropertyId::AuthenticationMethod as u8) == 0
    {
        let problem = "authentication data without an authentication method";
        return Err(reader.protocol_error(reader.offset(), "§3.1.2.11.10", problem));
    }
    Ok(())
}

fn check_value(reader: &mut Reader<'_>, id: PropertyId) -> Result<(), DecodeError> {
    let start = reader.offset();
    let non_zero = |reader: &Reader<'_>, is_zero: bool| {
        if !is_zero {
            return Ok(());
        }
        let (rule, reason) = match id {
            PropertyId::TopicAlias => ("MQTT-3.3.2-8", ReasonCode::TopicAliasInvalid),
            _ => ("§2.2.2.2", ReasonCode::ProtocolError),
        };
        Err(reader.error(start, rule, "0 for a property that must not be 0", reason))
    };
    match id.value_kind() {
        ValueKind::Bool => {
            if reader.byte()? > 1 {
                return Err(reader.protocol_error(start, "§2.2.2.2", "a value other than 0 and 1"));
            }
        }
        ValueKind::TwoByte => drop(reader.two_byte()?),
        ValueKind::TwoByteNonZero => {
            let value = reader.two_byte()?;
            non_zero(reader, value == 0)?;
        }
        ValueKind::FourByte => drop(reader.four_byte()?),
        ValueKind::FourByteNonZero => {
            let value = reader.four_byte()?;
            non_zero(reader, value == 0)?;
        }
        ValueKind::VariableNonZero => {
            let value = reader.variable()?;
            non_zero(reader, value == 0)?;
        }
        ValueKind::Text => drop(reader.text()?),
        ValueKind::TopicText => {
            let topic = reader.text()?;
            if topic.contains(['+', '#']) {
                return Err(reader.protocol_error(start, "MQTT-3.3.2-14", "a wildcard in the response topic"));
            }
        }
        ValueKind::Binary => drop(reader.binary()?),
        ValueKind::Pair => {
            reader.text()?;
            reader.text()?;
        }
    }
    Ok(())
}
