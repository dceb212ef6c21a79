//! Topic names and topic filters (MQTT 5.0 §4.7, §4.8): parsed once, valid from then on.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;

use thiserror::Error;

pub(crate) use crate::byte_search::{first_level, has, has_null_or_wildcard, is_wildcard};

/// The most bytes of UTF-8 that a topic name or filter can have (§4.7.3).
pub const TOPIC_BYTES_MAX: usize = u16::MAX as usize;

const SHARE_PREFIX: &str = "$share/";

/// A topic name: what a message is published to. At least one character, no wildcards, cheap to
/// clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

/// A topic filter: what a subscription is for. Wildcards stand where they may, cheap to clone.
///
/// `$share/{share name}/{filter}` is a shared subscription (§4.8.2): [`filter`](Self::filter)
/// returns the part that topics are held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter {
    text: Arc<str>,
    /// Where the part that matches begins: behind `$share/{share name}/`, else 0.
    filter_start: usize,
}

/// Text that is no topic name or no topic filter.
///
/// The message names the text, what is wrong with it and where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{fault}", quoted(.text))]
pub struct TopicError {
    /// The text, shortened.
    pub text: String,
    /// The fault.
    pub fault: TopicFault,
}

/// A fault of a topic name or a topic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TopicFault {
    /// [MQTT-4.7.3-1].
    #[error("a topic must have at least one character")]
    Empty,
    /// [MQTT-4.7.3-3].
    #[error("is too long with {bytes} bytes; at most 65,535 bytes of UTF-8 fit")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// [MQTT-4.7.3-2].
    #[error("has U+0000 at byte {offset}; leave it out")]
    NullCharacter {
        /// Where, in bytes of UTF-8.
        offset: usize,
    },
    /// [MQTT-3.3.2-2], [MQTT-4.7.0-1].
    #[error(
        "has the wildcard `{wildcard}` at byte {offset}; \
         a message is published to one topic, so name it without wildcards"
    )]
    WildcardInName {
        /// `+` or `#`.
        wildcard: &'static str,
        /// Where, in bytes of UTF-8.
        offset: usize,
    },
    /// [MQTT-4.7.1-1], [MQTT-4.7.1-2].
    #[error(
        "has `{wildcard}` beside other characters in level {level}; \
         a wildcard fills its level alone, as in `{example}`"
    )]
    WildcardNotAlone {
        /// `+` or `#`.
        wildcard: &'static str,
        /// Which level, counted from 1.
        level: usize,
        /// A filter that would be right.
        example: &'static str,
    },
    /// [MQTT-4.7.1-1].
    #[error("has `#` in level {level}, but more levels follow; `#` may only be the last level, as in `a/#`")]
    HashNotLast {
        /// Which level, counted from 1.
        level: usize,
    },
    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2].
    #[error("is not a valid shared subscription: {problem}; write `$share/group/filter`")]
    BadShare {
        /// The rule that is broken.
        problem: &'static str,
    },
    /// A shared subscription where only a plain filter is allowed.
    #[error("is a shared subscription; name its topic filter alone, without `$share/group/`")]
    Shared,
}

/// The text in backticks with a space behind it; nothing for an empty one, which has no text to
/// name.
fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}` ") }
}

impl TopicFault {
    /// The error that this is the fault of `text` in.
    #[cold]
    fn of(self, text: &str) -> TopicError {
        const KEPT: usize = 60;
        let end = text.char_indices().nth(KEPT).map_or(text.len(), |(end, _)| end);
        let mut kept = text.get(..end).unwrap_or_default().to_owned();
        kept += if end < text.len() { "…" } else { "" };
        TopicError { text: kept, fault: self }
    }
}

impl TopicName {
    /// A topic name of this text.
    ///
    /// # Errors
    /// [`TopicError`] if the text is no topic name.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        Self::validate(text)?;
        Ok(Self(text.into()))
    }

    /// True if the text is a topic name, without keeping it.
    ///
    /// # Errors
    /// [`TopicError`] if it is not.
    pub fn validate(text: &str) -> Result<(), TopicError> {
        check_name(text).map_err(|fault| fault.of(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name itself, shared.
    pub(crate) const fn text(&self) -> &Arc<str> {
        &self.0
    }

    /// The levels, which `/` separates; empty ones among them.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        levels(self.as_str())
    }
}

impl TopicFilter {
    /// A topic filter of this text.
    ///
    /// # Errors
    /// [`TopicError`] if the text is no topic filter.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        let filter_start = check_filter(text).map_err(|fault| fault.of(text))?;
        Ok(Self { text: text.into(), filter_start })
    }

    /// The whole text, a share name included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole text itself, shared with the filter.
    pub(crate) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The part that topics are held against.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.text.get(self.filter_start..).unwrap_or_default()
    }

    /// The name of the group that shares the subscription, if one does.
    #[must_use]
    pub fn share_name(&self) -> Option<&str> {
        self.text.get(SHARE_PREFIX.len()..self.filter_start.checked_sub(1)?)
    }

    /// The levels of [`filter`](Self::filter), which `/` separates; empty ones among them.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        levels(self.filter())
    }

    /// True if there is a `+` or `#` in it.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        has(self.filter(), is_wildcard)
    }

    /// True if messages published to `topic` are for this filter (§4.7.1, §4.7.2).
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        let filter = self.filter();
        // A wildcard first does not match what the server keeps for itself [MQTT-4.7.2-1].
        if topic.as_str().starts_with('$') && filter.bytes().next().is_some_and(is_wildcard) {
            return false;
        }
        let mut levels = Levels::of(topic.as_str());
        for expected in Levels::of(filter) {
            // `#` matches the parent level too, so it does not matter whether a level is left.
            if expected == b"#" {
                return true;
            }
            match levels.next() {
                Some(level) if expected == b"+" || expected == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

const fn symbol(wildcard: u8) -> &'static str {
    if wildcard == b'+' { "+" } else { "#" }
}

/// The levels of a topic or filter that are still to come. Bytes are quicker to cut than text, and
/// serve as well.
pub(crate) struct Levels<'a>(Option<&'a [u8]>);

impl<'a> Levels<'a> {
    pub(crate) const fn of(text: &'a str) -> Self {
        Self(Some(text.as_bytes()))
    }
}

impl<'a> Iterator for Levels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (level, behind) = first_level(self.0?);
        self.0 = behind;
        Some(level)
    }
}

fn levels(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let (level, behind) = split_level(rest?);
        rest = behind;
        Some(level)
    })
}

/// Splits the first level from those behind it. In the module it is smaller than `split('/')`.
pub(crate) fn split_level(text: &str) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == b'/') {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

fn check_name(text: &str) -> Result<(), TopicFault> {
    check_length(text)?;
    match text.bytes().enumerate().find(|(_, byte)| *byte == 0 || is_wildcard(*byte)) {
        None => Ok(()),
        Some((offset, 0)) => Err(TopicFault::NullCharacter { offset }),
        Some((offset, byte)) => Err(TopicFault::WildcardInName { wildcard: symbol(byte), offset }),
    }
}

/// Returns the place at which the part that matches begins.
pub(crate) fn check_filter(text: &str) -> Result<usize, TopicFault> {
    check_length(text)?;
    if let Some(offset) = text.bytes().position(|byte| byte == 0) {
        return Err(TopicFault::NullCharacter { offset });
    }
    let filter_start = share_len(text)?;
    check_levels(text, filter_start)?;
    Ok(filter_start)
}

/// Checks the wildcards of a filter that begins at this byte of the text.
pub(crate) fn check_levels(text: &str, filter_start: usize) -> Result<(), TopicFault> {
    let mut level = 1;
    let mut before = b'/';
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate().skip(filter_start) {
        if byte == b'/' {
            level += 1;
        } else if is_wildcard(byte) {
            let behind = bytes.get(at + 1);
            if before != b'/' || behind.is_some_and(|behind| *behind != b'/') {
                let example = if byte == b'+' { "a/+/b" } else { "a/#" };
                return Err(TopicFault::WildcardNotAlone { wildcard: symbol(byte), level, example });
            }
            if byte == b'#' && behind.is_some() {
                return Err(TopicFault::HashNotLast { level });
            }
        }
        before = byte;
    }
    Ok(())
}

const fn check_length(text: &str) -> Result<(), TopicFault> {
    match text.len() {
        0 => Err(TopicFault::Empty),
        1..=TOPIC_BYTES_MAX => Ok(()),
        bytes => Err(TopicFault::TooLong { bytes }),
    }
}

/// How many bytes `$share/{share name}/` takes.
fn share_len(text: &str) -> Result<usize, TopicFault> {
    let Some(shared) = text.as_bytes().strip_prefix(SHARE_PREFIX.as_bytes()) else { return Ok(0) };
    let problem = match first_level(shared) {
        (_, None) => "the topic filter after the share name is missing",
        ([], _) => "the share name is empty",
        (name, _) if name.iter().copied().any(is_wildcard) => "the share name has a wildcard",
        (_, Some([])) => "the topic filter after the share name is empty",
        (_, Some(filter)) => return Ok(text.len() - filter.len()),
    };
    Err(TopicFault::BadShare { problem })
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for TopicName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TopicName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for TopicFilter {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// True if a topic name or filter has more than `max` levels.
#[inline]
pub(crate) fn has_more_levels(topic: &str, max: usize) -> bool {
    // Most are shorter than that many separators.
    topic.len() >= max && topic.bytes().filter(|byte| *byte == b'/').count() >= max
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    /// The specification's own examples (§4.7.1, §4.7.2), and the borders around them.
    /// [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.2-1], [3.1.1 MQTT-4.7.1-2], [3.1.1 MQTT-4.7.1-3],
    /// [3.1.1 MQTT-4.7.2-1].
    #[test]
    fn filters_match_as_the_specification_says() {
        let rows = [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/tennis/player1/#", "sport/tennis/player10", false),
            ("sport/#", "sport", true),
            ("#", "a", true),
            ("#", "/", true),
            ("#", "$SYS/a", false),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/", true),
            ("$SYS/#", "$SYS", true),
            ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
            ("a//b", "a//b", true),
            ("a/+/b", "a//b", true),
            ("a/b", "a/b/", false),
            ("ACCOUNTS", "Accounts", false),
            ("$share/group/a/+", "a/b", true),
            ("$share/group/#", "$SYS/a", false),
        ];
        for (filter, topic, expected) in rows {
            let parsed = TopicFilter::parse(filter).expect(filter);
            assert_eq!(parsed.matches(&TopicName::parse(topic).expect(topic)), expected, "{filter} and {topic}");
        }
    }

    /// [MQTT-4.7.0-1], [MQTT-4.7.3-1], [MQTT-4.7.3-2], [3.1.1 MQTT-4.7.1-1], [3.1.1 MQTT-4.7.3-1],
    /// [3.1.1 MQTT-4.7.3-2]. [MQTT-4.7.1-1], [MQTT-4.7.1-2], [MQTT-4.7.3-3], [MQTT-4.8.2-1],
    /// [MQTT-4.8.2-2], [3.1.1 MQTT-4.7.1-2], [3.1.1 MQTT-4.7.1-3], [3.1.1 MQTT-4.7.3-3].
    #[test]
    fn bad_text_is_refused_with_what_would_be_right() {
        let rows = [
            ("", "a topic must have at least one character"),
            (
                "a/#/b",
                "`a/#/b` has `#` in level 2, but more levels follow; `#` may only be the last level, as in `a/#`",
            ),
            (
                "a/b#",
                "`a/b#` has `#` beside other characters in level 2; a wildcard fills its level alone, as in `a/#`",
            ),
            (
                "a+/b",
                "`a+/b` has `+` beside other characters in level 1; a wildcard fills its level alone, as in `a/+/b`",
            ),
            ("a\0", "`a\0` has U+0000 at byte 1; leave it out"),
            (
                "$share//a",
                "`$share//a` is not a valid shared subscription: the share name is empty; write `$share/group/filter`",
            ),
        ];
        for (text, message) in rows {
            assert_eq!(TopicFilter::parse(text).expect_err(text).to_string(), message);
        }
        for text in ["$share/g", "$share/g/", "$share/+/a", "$share/g/a/#/b", "##", &"a".repeat(65_536)] {
            assert!(TopicFilter::parse(text).is_err(), "{text}");
        }
        for text in ["", "a/+", "#", "a\0", &"a".repeat(65_536)] {
            assert!(TopicName::parse(text).is_err(), "{text}");
        }
        assert!(TopicName::parse(&"a".repeat(65_535)).is_ok());
    }

    #[test]
    fn a_shared_filter_knows_its_parts() {
        let filter = TopicFilter::parse("$share/group/a/+").expect("a shared subscription");
        assert_eq!((filter.share_name(), filter.filter()), (Some("group"), "a/+"));
        let plain = TopicFilter::parse("$shared/a").expect("a plain filter");
        assert_eq!((plain.share_name(), plain.filter()), (None, "$shared/a"));
    }
}
