//! The way of a topic through a trie of filters, level by level.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::explain::{Explanation, LevelExplanation, LevelVerdict, explain};
use crate::topic::{TopicFilter, TopicName};

/// The way of a topic through a trie of filters (MQTT 5.0 §4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// One entry a level, the last behind the topic's end if a filter is looked at there.
    pub levels: Vec<MatchingLevel>,
    /// One entry a filter, in the order of the call.
    pub filters: Vec<FilterMatch>,
}

/// The trie's nodes that are reached with one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchingLevel {
    /// The topic's level; `None` behind its end.
    pub topic: Option<Box<str>>,
    /// The live cursors: nodes from which a match is still possible, or is complete. Each is the
    /// beginning of a filter, without the prefix of a shared one. In order, each once.
    pub cursors: Vec<Box<str>>,
}

/// The result for one filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterMatch {
    /// The filter.
    pub filter: Box<str>,
    /// Its comparison, level by level.
    pub explanation: Explanation,
    /// The first level that does not match, from 1; `None` for a match.
    pub failed_level: Option<usize>,
    /// Why it does not match, in one sentence; `None` for a match.
    pub reason: Option<String>,
}

/// Compares a topic with filters, as a walk through their trie does.
#[must_use]
pub fn explain_all(filters: &[TopicFilter], topic: &TopicName) -> Matching {
    let filters: Vec<(&TopicFilter, Explanation)> =
        filters.iter().map(|filter| (filter, explain(filter, topic))).collect();
    let depth = filters.iter().map(|(_, explanation)| explanation.levels.len()).max().unwrap_or(0);
    let mut texts = topic.levels();
    let levels = (0..depth)
        .map(|level| MatchingLevel { topic: texts.next().map(Into::into), cursors: cursors(&filters, level) })
        .collect();
    Matching { levels, filters: filters.into_iter().map(|(filter, explanation)| result(filter, explanation)).collect() }
}

/// Returns the nodes that are reached with this level.
fn cursors(filters: &[(&TopicFilter, Explanation)], level: usize) -> Vec<Box<str>> {
    let mut cursors: Vec<Box<str>> = Vec::new();
    for (filter, explanation) in filters {
        if explanation.levels.get(level).is_some_and(|at| at.verdict.matches()) {
            let cursor = filter.levels().take(level + 1).collect::<Vec<_>>().join("/").into();
            if let Err(place) = cursors.binary_search(&cursor) {
                cursors.insert(place, cursor);
            }
        }
    }
    cursors
}

fn result(filter: &TopicFilter, explanation: Explanation) -> FilterMatch {
    let failed = explanation.levels.iter().position(|level| !level.verdict.matches());
    let reason = failed.map(|index| reason(index + 1, &explanation.levels[index]));
    FilterMatch { filter: filter.as_str().into(), explanation, failed_level: failed.map(|index| index + 1), reason }
}

fn reason(number: usize, level: &LevelExplanation) -> String {
    let (topic, filter) = (level.topic.as_deref().unwrap_or(""), level.filter.as_deref().unwrap_or(""));
    match level.verdict {
        LevelVerdict::Equal | LevelVerdict::Plus | LevelVerdict::Hash => String::new(),
        LevelVerdict::Differs => {
            format!("Level {number} of the topic is {topic:?}, and the filter has {filter:?} there.")
        }
        LevelVerdict::TopicEnded => format!("The topic ends before level {number} of the filter, {filter:?}."),
        LevelVerdict::FilterEnded => {
            format!("The filter ends before level {number} of the topic, {topic:?}, and has no # to take it.")
        }
        LevelVerdict::DollarHidden => {
            format!("The wildcard {filter:?} in the first level does not match a topic that begins with $.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(filters: &[&str], topic: &str) -> Matching {
        let filters: Vec<TopicFilter> =
            filters.iter().map(|filter| TopicFilter::parse(filter).expect("a filter")).collect();
        explain_all(&filters, &TopicName::parse(topic).expect("a topic"))
    }

    #[test]
    fn each_level_has_the_cursors_that_live() {
        let all =
            matching(&["home/+/temp", "home/#", "home/hall", "+/hall/temp", "#", "$share/g/home/hall"], "home/hall");
        let cursors: Vec<Vec<&str>> =
            all.levels.iter().map(|level| level.cursors.iter().map(|cursor| &**cursor).collect()).collect();
        assert_eq!(cursors[0], ["#", "+", "home"]);
        assert_eq!(cursors[1], ["+/hall", "home/#", "home/+", "home/hall"]);
        assert!(cursors[2].is_empty(), "{cursors:?}");
        assert_eq!(all.levels[2].topic, None);
        let matches: Vec<bool> = all.filters.iter().map(|one| one.explanation.matches).collect();
        assert_eq!(matches, [false, true, true, false, true, true]);
    }

    #[test]
    fn each_filter_that_does_not_match_has_a_level_and_a_reason() {
        let rows = [
            ("a/c", "a/b", 2, "Level 2 of the topic is \"b\", and the filter has \"c\" there."),
            ("a/b/+", "a/b", 3, "The topic ends before level 3 of the filter, \"+\"."),
            ("a", "a/b", 2, "The filter ends before level 2 of the topic, \"b\", and has no # to take it."),
            ("#", "$SYS/a", 1, "The wildcard \"#\" in the first level does not match a topic that begins with $."),
        ];
        for (filter, topic, level, reason) in rows {
            let all = matching(&[filter], topic);
            let one = &all.filters[0];
            assert_eq!((one.failed_level, one.reason.as_deref()), (Some(level), Some(reason)), "{filter} and {topic}");
        }
        assert_eq!(matching(&["+/b"], "a/b").filters[0].reason, None);
        assert!(matching(&[], "a/b").levels.is_empty());
    }
}
