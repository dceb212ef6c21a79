//! The rules of a property list: which properties, where, how often, with which values.

use super::contents::Contents;
use super::{Properties, PropertyId, PropertyPlace, Value};
use crate::codec::reader::Reader;

/// Reads the length of a property list and checks what it holds.
pub(in crate::codec) fn read_list<'a>(reader: &mut Reader<'a>, place: PropertyPlace) -> Properties<'a> {
    let len = reader.variable() as usize;
    if len == 0 {
        return Properties::EMPTY;
    }
    let outer = reader.narrow(len);
    let bytes = reader.remaining();
    let contents = check_list(reader, place);
    reader.widen(outer);
    Properties { bytes, contents }
}

/// Checks all that `reader` has left. Returns what the list has.
pub(super) fn check_list(reader: &mut Reader<'_>, place: PropertyPlace) -> Contents {
    let (begin, mut contents) = (reader.offset(), Contents::NONE);
    while !reader.is_empty() {
        let start = reader.offset();
        let Some(id) = PropertyId::from_value(reader.variable()) else {
            reader.malformed(start, "§2.2.2.2", "unknown property identifier");
            break;
        };
        if !id.is_allowed_in(place) {
            reader.malformed(start, "§2.2.2.2", "a property that is not allowed in this packet");
            break;
        }
        if contents.may_have(id) && !id.may_repeat_in(place) {
            reader.protocol_error(start, "§2.2.2.2", "a property twice that is allowed only once");
            break;
        }
        contents.note(id, reader.offset() - begin);
        Value::read(id, reader);
    }
    if contents.may_have(PropertyId::AuthenticationData) && !contents.may_have(PropertyId::AuthenticationMethod) {
        let problem = "authentication data without an authentication method";
        reader.protocol_error(reader.offset(), "§3.1.2.11.10", problem);
    }
    contents
}
