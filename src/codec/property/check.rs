//! The rules of a property list: which properties, where, how often, with which values.

use super::{Properties, PropertyId, PropertyPlace, Value};
use crate::codec::reader::Reader;

/// Reads the length of a property list and checks what it holds.
pub(in crate::codec) fn read_list<'a>(reader: &mut Reader<'a>, place: PropertyPlace) -> Properties<'a> {
    let len = reader.variable() as usize;
    if len == 0 {
        return Properties::EMPTY;
    }
    let outer = reader.narrow(len);
    let list = Properties(reader.remaining());
    check_list(reader, place);
    reader.widen(outer);
    list
}

/// Checks all that `reader` has left.
pub(super) fn check_list(reader: &mut Reader<'_>, place: PropertyPlace) {
    let mut seen = 0_u64;
    while !reader.is_empty() {
        let start = reader.offset();
        let Some(id) = PropertyId::from_value(reader.variable()) else {
            return reader.malformed(start, "§2.2.2.2", "unknown property identifier");
        };
        if !id.is_allowed_in(place) {
            return reader.malformed(start, "§2.2.2.2", "a property that is not allowed in this packet");
        }
        let bit = 1 << id as u8;
        if seen & bit != 0 && !id.may_repeat_in(place) {
            return reader.protocol_error(start, "§2.2.2.2", "a property twice that is allowed only once");
        }
        seen |= bit;
        Value::read(id, reader);
    }
    let has = |id| seen & (1 << id as u8) != 0;
    if has(PropertyId::AuthenticationData) && !has(PropertyId::AuthenticationMethod) {
        let problem = "authentication data without an authentication method";
        reader.protocol_error(reader.offset(), "§3.1.2.11.10", problem);
    }
}
