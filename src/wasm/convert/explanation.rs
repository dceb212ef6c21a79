//! Explanation of a match as a value.

use crate::router::{Explanation, LevelExplanation, LevelVerdict};
use crate::wasm::js::value::Value::{self, List, Object, Text};
use crate::wasm::js::value::text;

/// Converts the levels of an explanation.
pub(crate) fn explained_levels(explanation: &Explanation) -> Value<'_> {
    List(explanation.levels.iter().map(level).collect())
}

fn level(level: &LevelExplanation) -> Value<'_> {
    Object(vec![
        ("filter", text(level.filter.as_deref())),
        ("topic", text(level.topic.as_deref())),
        ("verdict", Text(verdict(level.verdict))),
    ])
}

const fn verdict(verdict: LevelVerdict) -> &'static str {
    match verdict {
        LevelVerdict::Equal => "equal",
        LevelVerdict::Plus => "plus",
        LevelVerdict::Hash => "hash",
        LevelVerdict::Differs => "differs",
        LevelVerdict::TopicEnded => "topic-ended",
        LevelVerdict::FilterEnded => "filter-ended",
        LevelVerdict::DollarHidden => "dollar-hidden",
    }
}
