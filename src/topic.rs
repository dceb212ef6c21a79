//! Topic names and topic filters (MQTT 5.0 §4.7): parsed once, valid from then on.

use std::sync::Arc;

/// A topic name: at least one character, no wildcards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

impl TopicName {
    /// (being written)
    #[allow(missing_docs, clippy::result_unit_err, clippy::missing_errors_doc)]
    pub fn parse(s: &str) -> Result<Self, ()> {
        Ok(Self(s.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
