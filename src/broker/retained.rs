//! Retained messages: the last one of each topic, for later subscribers (MQTT 5.0 §3.3.1.3).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::time::Duration;

use crate::broker::digest::short_form;
use crate::codec::{Message, PropertyId};
use crate::collections::change_list::ChangeList;
use crate::collections::sorted_list::SortedList;
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

/// Retained messages in the order of their topics.
#[derive(Debug)]
pub(crate) struct Retained {
    messages: SortedList<RetainedMessage>,
    bytes: usize,
    messages_max: usize,
    bytes_max: usize,
    /// Topics by the times at which their messages expire.
    expiries: SortedList<(Time, TopicName)>,
    /// Topics whose message changed since the store's last batch.
    changed: ChangeList<TopicName>,
}

/// A retained message.
#[derive(Debug)]
pub(crate) struct RetainedMessage {
    /// The message's topic, kept here for fast comparison.
    topic: TopicName,
    /// The short form of the topic.
    short_topic: Arc<str>,
    pub(crate) message: Arc<Message>,
    /// The short form of its publisher's client identifier, for No Local [MQTT-3.8.3-3]; `None` for
    /// the host.
    pub(crate) publisher: Option<Arc<str>>,
    /// Start of its message expiry interval.
    pub(crate) arrived: Time,
    /// End of that interval [MQTT-3.3.2-5].
    expires_at: Option<Time>,
}

/// The limit of retained messages is reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RetainedFull;

impl Retained {
    pub(crate) const fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self {
            messages: SortedList::new(),
            bytes: 0,
            messages_max,
            bytes_max,
            expiries: SortedList::new(),
            changed: ChangeList::new(),
        }
    }

    /// Retains the message in place of the topic's former one [MQTT-3.3.1-5]. The former one is
    /// removed even if the new one does not fit, since it is out of date. Expired messages make
    /// room.
    pub(crate) fn set(
        &mut self,
        message: Arc<Message>,
        publisher: Option<Arc<str>>,
        arrived: Time,
    ) -> Result<(), RetainedFull> {
        let new_bytes = message.bytes();
        let topic = message.topic.clone();
        self.changed.note(|| topic.clone());
        while !self.has_room(topic.as_str(), new_bytes) {
            if !self.remove_expired(arrived) {
                self.clear(topic.as_str());
                return Err(RetainedFull);
            }
        }
        let expires_at = expiry(&message).map(|interval| arrived + interval);
        let former = self.messages.find(topic.as_str());
        if let Some(at) = expires_at.filter(|_| former.and_then(|former| former.expires_at) != expires_at) {
            self.expiries.insert::<(Time, TopicName)>((at, topic.clone()));
        }
        self.bytes += new_bytes;
        let short_topic = former.map_or_else(|| short_form(topic.text()), |former| Arc::clone(&former.short_topic));
        let entry = RetainedMessage { topic, short_topic, message, publisher, arrived, expires_at };
        match self.messages.find_mut(entry.topic.as_str()) {
            Some(former) => {
                let at = entry.expires_at;
                let former = core::mem::replace(former, entry);
                // A message of the same moment has taken the place of its former one.
                if former.expires_at == at {
                    self.bytes -= former.message.bytes();
                } else {
                    self.forget(&former);
                }
            }
            None => self.messages.insert::<str>(entry),
        }
        Ok(())
    }

    /// Removes the topic's message, as a retained empty payload does [MQTT-3.3.1-6].
    pub(crate) fn clear(&mut self, topic: &str) {
        if let Some(entry) = self.messages.remove(topic) {
            self.forget(&entry);
            self.changed.note(|| entry.topic);
        }
    }

    /// Takes a removed message out of the counts.
    fn forget(&mut self, entry: &RetainedMessage) {
        self.bytes -= entry.message.bytes();
        if let Some(at) = entry.expires_at {
            self.expiries.remove(&(at, entry.topic.clone()));
        }
    }

    pub(crate) fn get(&self, topic: &str) -> Option<&RetainedMessage> {
        self.messages.find(topic)
    }

    /// Begins to note changes, since there is a store now.
    pub(crate) fn begin_noting(&mut self) {
        self.changed.begin();
    }

    pub(crate) const fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes the topics whose message changed.
    pub(crate) fn take_changed(&mut self) -> Vec<TopicName> {
        self.changed.take()
    }

    /// Takes one of the topics whose message changed.
    pub(crate) fn pop_changed(&mut self) -> Option<TopicName> {
        self.changed.pop()
    }

    /// Visits retained messages after this topic, until `look` returns false. Those that match the
    /// filter are among them.
    pub(crate) fn each<'a>(
        &'a self,
        filter: &TopicFilter,
        after: Option<&TopicName>,
        look: &mut dyn FnMut(&'a RetainedMessage) -> bool,
    ) {
        let prefix = literal_prefix(filter.filter());
        let mut passed = after;
        for entry in self.messages.from(after.map_or(prefix, TopicName::as_str)) {
            // Only the first may be the last one that was passed.
            if passed.take() == Some(&entry.topic) {
                continue;
            }
            if !(entry.topic.as_str().starts_with(prefix) && look(entry)) {
                return;
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Returns the bytes of memory of its tables. The messages are charged by themselves.
    pub(crate) fn table_bytes(&self) -> usize {
        self.messages.table_bytes() + self.expiries.table_bytes()
    }

    /// Returns the bytes of topics, payloads and properties.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the messages that have not expired, in the order of their topics.
    pub(crate) fn iter(&self, now: Time) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |entry| !entry.has_expired(now)).map(|entry| &*entry.message)
    }

    fn has_room(&self, topic: &str, new_bytes: usize) -> bool {
        if self.messages.len() < self.messages_max && self.bytes + new_bytes <= self.bytes_max {
            return true;
        }
        let former = self.messages.find(topic).map(|entry| entry.message.bytes());
        (former.is_some() || self.messages.len() < self.messages_max)
            && self.bytes - former.unwrap_or(0) + new_bytes <= self.bytes_max
    }

    /// Removes the message that has expired first. False if there is none.
    pub(crate) fn remove_expired(&mut self, now: Time) -> bool {
        let first = self.expiries.first().filter(|(at, _)| *at <= now);
        let Some(topic) = first.map(|(_, topic)| topic.clone()) else { return false };
        self.clear(topic.as_str());
        true
    }
}

impl RetainedMessage {
    /// True if it has expired.
    pub(crate) fn has_expired(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    pub(crate) const fn topic(&self) -> &TopicName {
        &self.topic
    }

    /// Returns the short form of the topic.
    pub(crate) const fn short_topic(&self) -> &Arc<str> {
        &self.short_topic
    }
}

impl Borrow<str> for RetainedMessage {
    fn borrow(&self) -> &str {
        self.topic.as_str()
    }
}

/// Returns the common prefix of all topics that the filter matches.
fn literal_prefix(filter: &str) -> &str {
    let Some(at) = filter.bytes().position(|byte| matches!(byte, b'+' | b'#')) else { return filter };
    let (literal, wildcards) = filter.split_at_checked(at).unwrap_or_default();
    // `a/#` matches `a` too.
    if wildcards.starts_with('#') { literal.strip_suffix('/').unwrap_or(literal) } else { literal }
}

/// Returns the message expiry interval in whole seconds, at least one.
/// [`SubscriberCopy`](crate::broker::delivery::encoded_publish::SubscriberCopy) counts it alike.
fn expiry(message: &Message) -> Option<Duration> {
    let seconds = message.properties.as_properties().number(PropertyId::MessageExpiryInterval)?;
    Some(Duration::from_secs(seconds.max(1).into()))
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
    fn a_filter_finds_its_topics_and_no_others() {
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
            retained.each(&filter, None, &mut |entry| {
                found.extend(filter.matches(entry.topic()).then(|| entry.topic().as_str()));
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
