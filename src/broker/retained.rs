//! Retained messages: the last of each topic, for those who subscribe later (MQTT 5.0 §3.3.1.3).

use core::ops::Bound;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::Message;
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

/// One message for each topic, in the order of the topics.
#[derive(Debug)]
pub(super) struct Retained {
    by_topic: BTreeMap<TopicName, Kept>,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
}

/// A retained message.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) message: Arc<Message>,
    /// Its message expiry interval counts from here.
    pub(super) arrived: Time,
}

/// There is no room for another message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RetainedFull;

impl Retained {
    pub(super) const fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { by_topic: BTreeMap::new(), bytes: 0, messages_max, bytes_max }
    }

    /// Keeps the message in place of the topic's former one [MQTT-3.3.1-5]; the former one is gone even if this one
    /// does not fit, since it is out of date.
    pub(super) fn set(&mut self, message: Arc<Message>, arrived: Time) -> Result<(), RetainedFull> {
        self.clear(message.topic.as_str());
        let bytes = bytes(&message);
        if self.by_topic.len() >= self.messages_max || self.bytes + bytes > self.bytes_max {
            return Err(RetainedFull);
        }
        self.bytes += bytes;
        self.by_topic.insert(message.topic.clone(), Kept { message, arrived });
        Ok(())
    }

    /// Forgets the topic's message: an empty payload was retained [MQTT-3.3.1-6].
    pub(super) fn clear(&mut self, topic: &str) {
        if let Some(kept) = self.by_topic.remove(topic) {
            self.bytes -= bytes(&kept.message);
        }
    }

    /// The messages whose topics the filter matches.
    pub(super) fn matching<'a>(&'a self, filter: &'a TopicFilter) -> impl Iterator<Item = &'a Kept> {
        let prefix = literal_prefix(filter.filter());
        self.by_topic
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(topic, _)| topic.as_str().starts_with(prefix))
            .filter(|(topic, _)| filter.matches(topic))
            .map(|(_, kept)| kept)
    }

    /// In the order of their topics.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.by_topic.values().map(|kept| &*kept.message)
    }
}

/// What every topic begins with that the filter matches.
fn literal_prefix(filter: &str) -> &str {
    match filter.find(['+', '#']) {
        None => filter,
        // `a/#` matches `a` too.
        Some(at) => match filter[..at].strip_suffix('/') {
            Some(parent) if filter[at..].starts_with('#') => parent,
            _ => &filter[..at],
        },
    }
}

fn bytes(message: &Message) -> usize {
    message.topic.as_str().len() + message.payload.len() + message.properties.as_properties().as_bytes().len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Retained, RetainedFull};
    use crate::codec::Message;
    use crate::time::Time;
    use crate::topic::{TopicFilter, TopicName};

    fn message(topic: &str, payload: &[u8]) -> Arc<Message> {
        Arc::new(Message::new(TopicName::parse(topic).expect(topic), payload))
    }

    #[test]
    fn a_filter_finds_what_it_matches_and_no_more() {
        let topics = ["$SYS/a", "/", "a", "a!", "a/", "a/b", "a/b/c", "a/c/c", "ab", "b"];
        let mut retained = Retained::new(100, 1000);
        for topic in topics {
            retained.set(message(topic, b"x"), Time::ZERO).expect("room");
        }
        let filters =
            ["#", "+", "a", "a/#", "a/+", "a/+/c", "+/b/#", "a/b", "$SYS/#", "/#", "c/#", "$share/g/a/#", "+/+"];
        for filter in filters {
            let filter = TopicFilter::parse(filter).expect(filter);
            let found: Vec<_> = retained.matching(&filter).map(|kept| kept.message.topic.as_str()).collect();
            let expected: Vec<_> =
                topics.into_iter().filter(|topic| filter.matches(&TopicName::parse(topic).expect(topic))).collect();
            assert_eq!(found, expected, "{filter}");
        }
    }

    #[test]
    fn both_bounds_hold_and_clearing_makes_room() {
        let mut retained = Retained::new(2, 10);
        assert_eq!(retained.set(message("a", b"12345678"), Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("b", b"12"), Time::ZERO), Err(RetainedFull));
        assert_eq!(retained.set(message("a", b"1234"), Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("b", b"12"), Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("c", b""), Time::ZERO), Err(RetainedFull));
        retained.clear("a");
        assert_eq!(retained.set(message("c", b""), Time::ZERO), Ok(()));
        assert_eq!(retained.iter().map(|message| message.topic.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    }
}
