//! Dissections and explanations as values for JavaScript.

use alloc::string::ToString;

use crate::codec::{Dissection, Field, FieldValue};
use crate::router::{FilterMatch, Matching, MatchingLevel};
use crate::wasm::convert::explanation::explained_levels;
use crate::wasm::js::value::Value::{self, Absent, Bytes, Flag, List, Object, Owned, Text};
use crate::wasm::js::value::{count, number, text};

/// Converts a dissection of these bytes.
pub(super) fn value<'a>(dissection: &'a Dissection, bytes: &'a [u8]) -> Value<'a> {
    let error = dissection.error.as_ref().map_or(Absent, |error| {
        Object(vec![
            ("offset", count(error.offset)),
            ("rule", Text(error.rule)),
            ("problem", Text(error.problem)),
            ("reasonCode", number(error.reason.value())),
            ("field", dissection.error_field.map_or(Absent, count)),
            ("text", Owned(error.to_string())),
        ])
    });
    let fields = dissection.fields.iter().map(|one| field(one, bytes)).collect();
    Object(vec![("fields", List(fields)), ("error", error)])
}

fn field<'a>(field: &'a Field, bytes: &'a [u8]) -> Value<'a> {
    let value = match &field.value {
        FieldValue::None | FieldValue::Undecoded => Absent,
        FieldValue::Flag(flag) => Flag(*flag),
        FieldValue::Number(value) => number(*value),
        FieldValue::Text(text) => Text(text),
        FieldValue::Bytes => bytes.get(field.start..field.end).map_or(Absent, Bytes),
    };
    let bits = field.bits.map_or(Absent, |(high, low)| List(vec![number(high), number(low)]));
    let section = if field.section.is_none() { Absent } else { Owned(field.section.to_string()) };
    Object(vec![
        ("start", count(field.start)),
        ("end", count(field.end)),
        ("bits", bits),
        ("depth", number(field.depth)),
        ("isGroup", Flag(field.is_group)),
        ("name", Text(&field.name)),
        ("value", value),
        ("isUndecoded", if matches!(field.value, FieldValue::Undecoded) { Flag(true) } else { Absent }),
        ("meaning", text(field.meaning)),
        ("section", section),
    ])
}

/// Converts the way of a topic through the filters.
pub(super) fn matching(matching: &Matching) -> Value<'_> {
    let level = |level: &MatchingLevel| {
        let cursors = level.cursors.iter().map(|cursor| Owned(cursor.to_string())).collect();
        let topic = level.topic.as_deref().map_or(Absent, |topic| Owned(topic.to_string()));
        Object(vec![("topic", topic), ("cursors", List(cursors))])
    };
    let levels = matching.levels.iter().map(level).collect();
    let filters = matching.filters.iter().map(filter).collect();
    Object(vec![("levels", List(levels)), ("filters", List(filters))])
}

fn filter(one: &FilterMatch) -> Value<'_> {
    Object(vec![
        ("filter", Text(&one.filter)),
        ("matches", Flag(one.explanation.matches)),
        ("levels", explained_levels(&one.explanation)),
        ("failedLevel", one.failed_level.map_or(Absent, count)),
        ("reason", text(one.reason.as_deref())),
    ])
}
