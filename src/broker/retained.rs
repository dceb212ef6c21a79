//! Retained messages: the last of each topic, for those who subscribe later (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::time::Duration;

use crate::codec::{Message, PropertyId};
use crate::collections::change_list::ChangeList;
use crate::collections::sorted_list::SortedList;
use crate::time::{Time, earlier};
use crate::topic::{TopicFilter, TopicName};

/// One message for each topic, in the order of the topics.
#[derive(Debug)]
pub(crate) struct Retained {
    kept: SortedList<Kept>,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
    /// No message is over before this, so that a full store is not searched in vain with every message.
    first_over: Option<Time>,
    /// The topics whose messages are others since the store looked last.
    changed: ChangeList<TopicName>,
}

/// A retained message.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The message's, here so that topics are compared without a look at their messages.
    topic: TopicName,
    pub(crate) message: Arc<Message>,
    /// The client identifier that it came from, for subscriptions with No Local [MQTT-3.8.3-3]; none of the host's own.
    pub(crate) publisher: Option<Arc<str>>,
    /// Its message expiry interval counts from here.
    pub(crate) arrived: Time,
    /// When that interval is over, and the message to be forgotten [MQTT-3.3.2-5].
    over: Option<Time>,
}

/// There is no room for another message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RetainedFull;

impl Retained {
    pub(crate) const fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self {
            kept: SortedList::new(),
            bytes: 0,
            messages_max,
            bytes_max,
            first_over: None,
            changed: ChangeList::new(),
        }
    }

    /// Keeps the message in place of the topic's former one [MQTT-3.3.1-5]; the former one is gone even if this one
    /// does not fit, since it is out of date. What has expired makes room.
    pub(crate) fn set(
        &mut self,
        message: Arc<Message>,
        publisher: Option<Arc<str>>,
        arrived: Time,
    ) -> Result<(), RetainedFull> {
        let new_bytes = bytes(&message);
        let topic = message.topic.clone();
        self.changed.note(|| topic.clone());
        if !self.has_room(topic.as_str(), new_bytes) {
            self.forget_expired(arrived);
            if !self.has_room(topic.as_str(), new_bytes) {
                self.clear(topic.as_str());
                return Err(RetainedFull);
            }
        }
        let over = expiry(&message).map(|interval| arrived + interval);
        self.first_over = earlier(self.first_over, over);
        self.bytes += new_bytes;
        let kept = Kept { topic, message, publisher, arrived, over };
        match self.kept.find_mut(kept.topic.as_str()) {
            Some(former) => self.bytes -= bytes(&core::mem::replace(former, kept).message),
            None => self.kept.insert::<str>(kept),
        }
        Ok(())
    }

    /// Forgets the topic's message: an empty payload was retained [MQTT-3.3.1-6].
    pub(crate) fn clear(&mut self, topic: &str) {
        if let Some(kept) = self.kept.remove(topic) {
            self.bytes -= bytes(&kept.message);
            self.changed.note(|| kept.topic);
        }
    }

    pub(crate) fn get(&self, topic: &str) -> Option<&Kept> {
        self.kept.find(topic)
    }

    /// From now on there is a store.
    pub(crate) fn begin_noting(&mut self) {
        self.changed.begin();
    }

    pub(crate) const fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The topics whose messages are others than before.
    pub(crate) fn take_changed(&mut self) -> Vec<TopicName> {
        self.changed.take()
    }

    /// Looks at what is retained behind this topic, where all is that the filter matches, until `look` says `false`.
    pub(crate) fn each<'a>(
        &'a self,
        filter: &TopicFilter,
        after: Option<&TopicName>,
        look: &mut dyn FnMut(&'a Kept) -> bool,
    ) {
        let prefix = literal_prefix(filter.filter());
        for kept in self.kept.from(after.map_or(prefix, TopicName::as_str)) {
            if after != Some(&kept.topic) && !(kept.topic.as_str().starts_with(prefix) && look(kept)) {
                return;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Of topics, payloads and properties.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Those that are not over, in the order of their topics.
    pub(crate) fn iter(&self, now: Time) -> impl Iterator<Item = &Message> {
        self.kept.iter().filter(move |kept| !kept.is_over(now)).map(|kept| &*kept.message)
    }

    fn has_room(&self, topic: &str, new_bytes: usize) -> bool {
        if self.kept.len() < self.messages_max && self.bytes + new_bytes <= self.bytes_max {
            return true;
        }
        let former = self.kept.find(topic).map(|kept| bytes(&kept.message));
        (former.is_some() || self.kept.len() < self.messages_max)
            && self.bytes - former.unwrap_or(0) + new_bytes <= self.bytes_max
    }

    /// Forgets what is over.
    pub(crate) fn forget_expired(&mut self, now: Time) {
        if self.first_over.is_none_or(|first| now < first) {
            return;
        }
        let (mut over, mut first_over) = (Vec::new(), None);
        for kept in self.kept.iter() {
            if kept.is_over(now) {
                over.push(kept.topic.clone());
            } else {
                first_over = earlier(first_over, kept.over);
            }
        }
        for topic in over {
            self.clear(topic.as_str());
        }
        self.first_over = first_over;
    }
}

impl Kept {
    /// Whether it has expired.
    pub(crate) fn is_over(&self, now: Time) -> bool {
        self.over.is_some_and(|over| over <= now)
    }

    pub(crate) const fn topic(&self) -> &TopicName {
        &self.topic
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

/// The message expiry interval, as it counts in [`SubscriberCopy`](crate::broker::delivery::encoded_publish::SubscriberCopy): in whole seconds, and one at the least.
fn expiry(message: &Message) -> Option<Duration> {
    let seconds = message.properties.as_properties().number(PropertyId::MessageExpiryInterval)?;
    Some(Duration::from_secs(seconds.max(1).into()))
}

fn bytes(message: &Message) -> usize {
    message.topic.as_str().len() + message.payload.len() + message.properties.as_properties().as_bytes().len()
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec::Vec;

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
            retained.set(message(topic, b"x"), None, Time::ZERO).expect("room");
        }
        let filters =
            ["#", "+", "a", "a/#", "a/+", "a/+/c", "+/b/#", "a/b", "$SYS/#", "/#", "c/#", "$share/g/a/#", "+/+"];
        for filter in filters {
            let filter = TopicFilter::parse(filter).expect(filter);
            let mut found = Vec::new();
            retained.each(&filter, None, &mut |kept| {
                found.extend(filter.matches(kept.topic()).then(|| kept.topic().as_str()));
                true
            });
            let expected: Vec<_> =
                topics.into_iter().filter(|topic| filter.matches(&TopicName::parse(topic).expect(topic))).collect();
            assert_eq!(found, expected, "{filter}");
        }
    }

    #[test]
    fn both_bounds_hold_and_clearing_makes_room() {
        let mut retained = Retained::new(2, 10);
        assert_eq!(retained.set(message("a", b"12345678"), None, Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("b", b"12"), None, Time::ZERO), Err(RetainedFull));
        assert_eq!(retained.set(message("a", b"1234"), None, Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("b", b"12"), None, Time::ZERO), Ok(()));
        assert_eq!(retained.set(message("c", b""), None, Time::ZERO), Err(RetainedFull));
        retained.clear("a");
        assert_eq!(retained.set(message("c", b""), None, Time::ZERO), Ok(()));
        assert_eq!(retained.iter(Time::ZERO).map(|message| message.topic.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    }
}
