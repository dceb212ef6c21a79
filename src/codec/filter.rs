//! Well-formed topic filters, as SUBSCRIBE and UNSUBSCRIBE must have them (MQTT 5.0 §4.7, §4.8.2).

use super::Version;
use crate::topic::{TopicFault, check_filter, check_levels};

/// Returns the rule that a topic filter breaks and its fault; `None` if it is well formed.
///
/// 3.1.1 has no shared subscriptions: `$share` is a level like any other there. U+0000 is found
/// where strings are read and written.
#[inline(never)]
pub(super) fn ill_formed(filter: &str, version: Version) -> Option<(&'static str, &'static str)> {
    let checked = match version {
        Version::V5 => check_filter(filter).map(|_| ()),
        Version::V3_1_1 if filter.is_empty() => Err(TopicFault::Empty),
        Version::V3_1_1 => check_levels(filter, 0),
    };
    match checked.err()? {
        TopicFault::Empty => Some(("MQTT-4.7.3-1", "an empty topic filter")),
        TopicFault::HashNotLast { .. } => {
            Some(("MQTT-4.7.1-1", "`#` before the last level of a topic filter; it may only be the last, as in `a/#`"))
        }
        TopicFault::WildcardNotAlone { wildcard: "#", .. } => Some((
            "MQTT-4.7.1-1",
            "`#` beside other characters in a topic filter; it fills its level alone, as in `a/#`",
        )),
        TopicFault::WildcardNotAlone { .. } => Some((
            "MQTT-4.7.1-2",
            "`+` beside other characters in a topic filter; it fills its level alone, as in `a/+/b`",
        )),
        TopicFault::BadShare { problem } if filter.starts_with("$share//") => Some(("MQTT-4.8.2-1", problem)),
        TopicFault::BadShare { problem } => Some(("MQTT-4.8.2-2", problem)),
        TopicFault::NullCharacter { .. }
        | TopicFault::TooLong { .. }
        | TopicFault::WildcardInName { .. }
        | TopicFault::Shared => None,
    }
}
