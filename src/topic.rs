//! Topic names and topic filters (MQTT 5.0 §4.7, §4.8): parsed once, valid from then on.

use core::borrow::Borrow;
use core::fmt;
use std::sync::Arc;

/// The most bytes of UTF-8 that a topic name or filter can have (§4.7.3).
pub const TOPIC_BYTES_MAX: usize = u16::MAX as usize;

const SHARE_PREFIX: &str = "$share/";

/// A topic name: what a message is published to. At least one character, no wildcards, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

/// A topic filter: what a subscription is for. Wildcards stand where they may, cheap to clone.
///
/// `$share/{share name}/{filter}` is a shared subscription (§4.8.2): [`filter`](Self::filter) gives the part that topics
/// are held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicFilter {
    text: Arc<str>,
    /// Where the part that matches begins: behind `$share/{share name}/`, else 0.
    filter_start: usize,
}

/// Text that is no topic name or no topic filter.
///
/// The message names the text, what is wrong with it and where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// [MQTT-4.7.3-1].
    #[error("a topic must have at least one character")]
    Empty,
    /// [MQTT-4.7.3-3].
    #[error("a topic of {bytes} bytes is too long; at most 65,535 bytes of UTF-8 fit")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// [MQTT-4.7.3-2].
    #[error("`{text}` has U+0000 at byte {offset}; leave it out")]
    NullCharacter {
        /// The text, shortened.
        text: Box<str>,
        /// Where, in bytes of UTF-8.
        offset: usize,
    },
    /// [MQTT-3.3.2-2], [MQTT-4.7.0-1].
    #[error(
        "`{text}` has the wildcard `{wildcard}` at byte {offset}; a message is published to one topic, so name it without wildcards"
    )]
    WildcardInName {
        /// The text, shortened.
        text: Box<str>,
        /// `+` or `#`.
        wildcard: char,
        /// Where, in bytes of UTF-8.
        offset: usize,
    },
    /// [MQTT-4.7.1-1], [MQTT-4.7.1-2].
    #[error(
        "`{text}` has `{wildcard}` beside other characters in level {level}; a wildcard fills its level alone, as in `{example}`"
    )]
    WildcardNotAlone {
        /// The text, shortened.
        text: Box<str>,
        /// `+` or `#`.
        wildcard: char,
        /// Which level, counted from 1.
        level: usize,
        /// A filter that would be right.
        example: &'static str,
    },
    /// [MQTT-4.7.1-1].
    #[error("`{text}` has `#` in level {level}, but more levels follow; `#` may only be the last level, as in `a/#`")]
    HashNotLast {
        /// The text, shortened.
        text: Box<str>,
        /// Which level, counted from 1.
        level: usize,
    },
    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2].
    #[error("`{text}` is no shared subscription: {problem}; write `$share/group/filter`")]
    BadShare {
        /// The text, shortened.
        text: Box<str>,
        /// What is wrong.
        problem: &'static str,
    },
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

    /// Whether the text is a topic name, without keeping it.
    ///
    /// # Errors
    /// [`TopicError`] if it is not.
    pub fn validate(text: &str) -> Result<(), TopicError> {
        check_length(text)?;
        match text.bytes().position(|byte| matches!(byte, 0 | b'+' | b'#')) {
            None => Ok(()),
            Some(offset) => Err(match text.as_bytes()[offset] {
                0 => TopicError::NullCharacter { text: shortened(text), offset },
                wildcard => TopicError::WildcardInName { text: shortened(text), wildcard: wildcard.into(), offset },
            }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The levels, which `/` separates; empty ones among them.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl TopicFilter {
    /// A topic filter of this text.
    ///
    /// # Errors
    /// [`TopicError`] if the text is no topic filter.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check_length(text)?;
        if let Some(offset) = text.bytes().position(|byte| byte == 0) {
            return Err(TopicError::NullCharacter { text: shortened(text), offset });
        }
        let filter_start = share_len(text)?;
        check_wildcards(text, text.get(filter_start..).unwrap_or_default())?;
        Ok(Self { text: text.into(), filter_start })
    }

    /// The whole text, a share name included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part that topics are held against.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.text.get(self.filter_start..).unwrap_or_default()
    }

    /// The name of the group that shares the subscription, if one does.
    #[must_use]
    pub fn share_name(&self) -> Option<&str> {
        self.text.get(..self.filter_start)?.strip_prefix(SHARE_PREFIX)?.strip_suffix('/')
    }

    /// The levels of [`filter`](Self::filter), which `/` separates; empty ones among them.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.filter().split('/')
    }

    /// Whether there is a `+` or `#` in it.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.filter().contains(['+', '#'])
    }

    /// Whether messages published to `topic` are for this filter (§4.7.1, §4.7.2).
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        let filter = self.filter();
        // A wildcard first does not match what the server keeps for itself [MQTT-4.7.2-1].
        if topic.as_str().starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = topic.levels();
        for expected in filter.split('/') {
            // `#` matches the parent level too, so it does not matter whether a level is left.
            if expected == "#" {
                return true;
            }
            match levels.next() {
                Some(level) if expected == "+" || expected == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

fn check_length(text: &str) -> Result<(), TopicError> {
    match text.len() {
        0 => Err(TopicError::Empty),
        1..=TOPIC_BYTES_MAX => Ok(()),
        bytes => Err(TopicError::TooLong { bytes }),
    }
}

/// How many bytes `$share/{share name}/` takes.
fn share_len(text: &str) -> Result<usize, TopicError> {
    let Some(shared) = text.strip_prefix(SHARE_PREFIX) else { return Ok(0) };
    let bad = |problem| Err(TopicError::BadShare { text: shortened(text), problem });
    let Some((name, filter)) = shared.split_once('/') else {
        return bad("a topic filter is missing behind the share name");
    };
    if name.is_empty() {
        return bad("the share name is empty");
    }
    if name.contains(['+', '#']) {
        return bad("the share name has a wildcard");
    }
    if filter.is_empty() {
        return bad("the topic filter behind the share name is empty");
    }
    Ok(text.len() - filter.len())
}

fn check_wildcards(text: &str, filter: &str) -> Result<(), TopicError> {
    let mut levels = filter.split('/').enumerate().peekable();
    while let Some((index, content)) = levels.next() {
        let level = index + 1;
        if content == "#" && levels.peek().is_some() {
            return Err(TopicError::HashNotLast { text: shortened(text), level });
        }
        if content.len() > 1
            && let Some(wildcard) = content.chars().find(|character| matches!(character, '+' | '#'))
        {
            let example = if wildcard == '+' { "a/+/b" } else { "a/#" };
            return Err(TopicError::WildcardNotAlone { text: shortened(text), wildcard, level, example });
        }
    }
    Ok(())
}

/// As much of a text as an error needs.
fn shortened(text: &str) -> Box<str> {
    const KEPT: usize = 60;
    match text.char_indices().nth(KEPT) {
        None => text.into(),
        Some((end, _)) => [text.get(..end).unwrap_or_default(), "…"].concat().into(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own examples (§4.7.1, §4.7.2), and the borders around them.
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
                "`$share//a` is no shared subscription: the share name is empty; write `$share/group/filter`",
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
