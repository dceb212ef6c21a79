//! Why a topic filter matches a topic, or why not, level by level.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::topic::{TopicFilter, TopicName, split_level};

/// Why a filter matches a topic, or why not (MQTT 5.0 §4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// True if it matches.
    pub matches: bool,
    /// One entry a level, up to the one that decides.
    pub levels: Vec<LevelExplanation>,
}

/// The result of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelExplanation {
    /// The filter's level; `None` behind its end.
    pub filter: Option<Box<str>>,
    /// The topic's level, for `#` all that is left; `None` behind its end.
    pub topic: Option<Box<str>>,
    /// How they compare.
    pub verdict: LevelVerdict,
}

/// How a level of a filter and a level of a topic compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelVerdict {
    /// The same characters.
    Equal,
    /// `+` takes any one level, an empty one too [MQTT-4.7.1-2].
    Plus,
    /// `#` takes all levels that are left, and the parent level if none is [MQTT-4.7.1-1].
    Hash,
    /// Other characters: no match.
    Differs,
    /// The topic has no level for it: no match.
    TopicEnded,
    /// The topic has a level more than the filter: no match.
    FilterEnded,
    /// A wildcard in the first level does not match a topic that begins with `$` [MQTT-4.7.2-1].
    DollarHidden,
}

impl LevelVerdict {
    /// True if a match is still possible.
    #[must_use]
    pub const fn matches(self) -> bool {
        match self {
            Self::Equal | Self::Plus | Self::Hash => true,
            Self::Differs | Self::TopicEnded | Self::FilterEnded | Self::DollarHidden => false,
        }
    }
}

/// Compares level by level, up to the one that decides.
#[must_use]
pub fn explain(filter: &TopicFilter, topic: &TopicName) -> Explanation {
    let mut levels = Vec::new();
    let mut expected = filter.levels();
    let mut rest = Some(topic.as_str());
    loop {
        let (wanted, level) = match (expected.next(), rest) {
            (None, None) => return Explanation { matches: true, levels },
            (wanted, level) => (wanted, level),
        };
        let (first, behind) = level.map(split_level).unzip();
        let hidden = levels.is_empty() && topic.as_str().starts_with('$');
        let verdict = compare(wanted, first, hidden);
        let shown = if verdict == LevelVerdict::Hash { level } else { first };
        levels.push(LevelExplanation { filter: wanted.map(Into::into), topic: shown.map(Into::into), verdict });
        if !verdict.matches() || verdict == LevelVerdict::Hash {
            return Explanation { matches: verdict.matches(), levels };
        }
        rest = behind.flatten();
    }
}

fn compare(filter: Option<&str>, topic: Option<&str>, hidden: bool) -> LevelVerdict {
    match (filter, topic) {
        (Some("+" | "#"), _) if hidden => LevelVerdict::DollarHidden,
        (Some("#"), _) => LevelVerdict::Hash,
        (Some(_), None) => LevelVerdict::TopicEnded,
        (None, _) => LevelVerdict::FilterEnded,
        (Some("+"), Some(_)) => LevelVerdict::Plus,
        (Some(filter), Some(topic)) if filter == topic => LevelVerdict::Equal,
        (Some(_), Some(_)) => LevelVerdict::Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::LevelVerdict::{Differs, DollarHidden, Equal, FilterEnded, Hash, Plus, TopicEnded};
    use super::*;

    #[test]
    fn each_level_says_what_it_decides() {
        let rows: &[(&str, &str, &[LevelVerdict])] = &[
            ("a/b", "a/b", &[Equal, Equal]),
            ("a/+", "a/b", &[Equal, Plus]),
            ("a/#", "a", &[Equal, Hash]),
            ("a/#", "a/b/c", &[Equal, Hash]),
            ("a/b", "a/c/d", &[Equal, Differs]),
            ("a/b", "a", &[Equal, TopicEnded]),
            ("a", "a/b", &[Equal, FilterEnded]),
            ("#", "$SYS/a", &[DollarHidden]),
            ("+/a", "$SYS/a", &[DollarHidden]),
            ("$share/g/+", "a", &[Plus]),
        ];
        for (filter, topic, expected) in rows {
            let filter = TopicFilter::parse(filter).expect("a filter");
            let topic = TopicName::parse(topic).expect("a topic");
            let explanation = explain(&filter, &topic);
            let verdicts: Vec<LevelVerdict> = explanation.levels.iter().map(|level| level.verdict).collect();
            assert_eq!(verdicts, *expected, "{filter} and {topic}");
            assert_eq!(explanation.matches, filter.matches(&topic), "{filter} and {topic}");
        }
    }
}
