//! Retained messages: the last of each topic, for those who subscribe later (MQTT 5.0 §3.3.1.3).

use core::borrow::Borrow;
use std::sync::Arc;

use super::sorted::Sorted;
use crate::codec::Message;
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

/// One message for each topic, in the order of the topics.
#[derive(Debug)]
pub(super) struct Retained {
    kept: Sorted<Kept>,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
}

/// A retained message.
#[derive(Debug)]
pub(super) struct Kept {
    /// The message's, here so that topics are compared without a look at their messages.
    topic: TopicName,
    pub(super) message: Arc<Message>,
    /// Its message expiry interval counts from here.
    pub(super) arrived: Time,
}

/// There is no room for another message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RetainedFull;

impl Retained {
    pub(super) const fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { kept: Sorted::new(), bytes: 0, messages_max, bytes_max }
    }

    /// Keeps the message in place of the topic's former one [MQTT-3.3.1-5]; the former one is gone even if this one
    /// does not fit, since it is out of date.
    pub(super) fn set(&mut self, message: Arc<Message>, arrived: Time) -> Result<(), RetainedFull> {
        let new_bytes = bytes(&message);
        let Some(former) = self.kept.find_mut(message.topic.as_str()) else {
            if self.kept.len() >= self.messages_max || self.bytes + new_bytes > self.bytes_max {
                return Err(RetainedFull);
            }
            self.bytes += new_bytes;
            self.kept.insert::<str>(Kept { topic: message.topic.clone(), message, arrived });
            return Ok(());
        };
        let other_bytes = self.bytes - bytes(&former.message);
        if other_bytes + new_bytes > self.bytes_max {
            self.clear(message.topic.as_str());
            return Err(RetainedFull);
        }
        self.bytes = other_bytes + new_bytes;
        *former = Kept { topic: message.topic.clone(), message, arrived };
        Ok(())
    }

    /// Forgets the topic's message: an empty payload was retained [MQTT-3.3.1-6].
    pub(super) fn clear(&mut self, topic: &str) {
        if let Some(kept) = self.kept.remove(topic) {
            self.bytes -= bytes(&kept.message);
        }
    }

    /// The messages whose topics the filter matches.
    pub(super) fn matching<'a>(&'a self, filter: &'a TopicFilter) -> impl Iterator<Item = &'a Kept> {
        let prefix = literal_prefix(filter.filter());
        self.kept
            .from(prefix)
            .take_while(move |kept| kept.topic.as_str().starts_with(prefix))
            .filter(|kept| filter.matches(&kept.topic))
    }

    /// In the order of their topics.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.kept.iter().map(|kept| &*kept.message)
    }
}

impl Borrow<str> for Kept {
    fn borrow(&self) -> &str {
        self.topic.as_str()
    }
}

/// What every topic begins with that the filter matches.
fn literal_prefix(filter: &str) -> &str {
    let Some(at) = filter.bytes().position(|byte| matches!(byte, b'+' | b'#')) else { return filter };
    let (literal, wildcards) = filter.split_at_checked(at).unwrap_or_default();
    // `a/#` matches `a` too.
    if wildcards.starts_with('#') { literal.strip_suffix('/').unwrap_or(literal) } else { literal }
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
