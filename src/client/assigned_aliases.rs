//! Topic aliases that the client assigns to the topics of its messages (MQTT 5.0 §3.3.2.3.4).

use alloc::string::String;
use alloc::vec::Vec;

use super::{CallError, Limits};
use crate::codec::{PropertyId, Publish, ReasonCode, Version};

/// Bytes of an alias in a packet (§3.3.2.3.4). A topic must be longer to be worth one.
const ALIAS_BYTES: usize = 3;
/// Messages for each alias that a topic is not sent in before it gives its alias up, once many have
/// changed hands. Topics that take turns would otherwise take each other's alias every time.
const PATIENCE: u64 = 4;

/// The topics of the aliases from 1 on; of one connection [MQTT-3.3.2-7].
///
/// They are few, so that a search in order costs less than an index.
#[derive(Debug)]
pub(super) struct AssignedAliases {
    topics: Vec<Topic>,
    /// Number of aliases that the client and the broker both allow.
    maximum: usize,
    /// Counts uses. The topic with the lowest count was used least recently.
    uses: u64,
    /// How often an alias went over to another topic.
    changes: u64,
    /// The place of the topic found last.
    latest: usize,
    /// The use until which no alias is free.
    taken_until: u64,
}

/// Conditions under which a PUBLISH is appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub(super) version: Version,
    pub(super) limits: &'a Limits,
    /// Bytes that may wait to be sent, unless the packet is alone.
    pub(super) waiting_max: usize,
}

#[derive(Debug)]
struct Topic {
    /// The end of its name, which is compared first.
    key: u64,
    last_use: u64,
    name: String,
}

impl AssignedAliases {
    pub(super) const fn new() -> Self {
        Self { topics: Vec::new(), maximum: 0, uses: 0, changes: 0, latest: 0, taken_until: 0 }
    }

    /// Returns the topics of the aliases from 1 on.
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(|topic| topic.name.as_str())
    }

    /// Begins a connection with so many aliases at most.
    pub(super) fn begin(&mut self, maximum: u16) {
        *self = Self { maximum: maximum.into(), ..Self::new() };
    }

    /// Appends PUBLISH, and lets an alias stand for its topic if one does already. Otherwise the
    /// topic gets one, perhaps that of the topic used least recently.
    ///
    /// An alias is assigned only by a packet that is sent.
    ///
    /// # Errors
    /// [`CallError`] if the broker takes no such packet, and `out` is as it was.
    pub(super) fn encode(
        &mut self,
        publish: &Publish<'_>,
        terms: Terms<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        if !publish.properties.is_empty()
            && let Some(alias) = publish.properties.number(PropertyId::TopicAlias)
        {
            self.check_own(alias, terms.limits)?;
        }
        if self.maximum == 0 || publish.topic.len() <= ALIAS_BYTES {
            return encode(publish, None, terms, out);
        }
        self.uses += 1;
        let key = key(publish.topic);
        if let Some(place) = self.find(key, publish.topic) {
            return encode(&Publish { topic: "", ..*publish }, Some(place), terms, out);
        }
        let place = self.free_place();
        match encode(publish, place, terms, out) {
            Ok(()) => self.assign(place, key, publish.topic),
            // It may fit without.
            Err(CallError::PacketTooLarge { .. }) if place.is_some() => return encode(publish, None, terms, out),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Finds the place of a topic, which is used now. Topics are often sent again or in turns, so
    /// the search begins at the last one.
    fn find(&mut self, key: u64, name: &str) -> Option<usize> {
        let (before, after) = self.topics.split_at_checked(self.latest)?;
        let place = after.iter().chain(before).position(|topic| topic.key == key && *topic.name == *name)?;
        let place = if place < after.len() { place + self.latest } else { place - after.len() };
        self.latest = place;
        self.topics.get_mut(place)?.last_use = self.uses;
        Some(place)
    }

    /// Assigns the alias of this place.
    fn assign(&mut self, place: Option<usize>, key: u64, name: &str) {
        let Some(place) = place else { return };
        if place == self.topics.len() {
            self.topics.push(Topic { key, last_use: 0, name: String::new() });
        }
        if let Some(topic) = self.topics.get_mut(place) {
            self.changes += u64::from(!topic.name.is_empty());
            (topic.key, topic.last_use) = (key, self.uses);
            topic.name.clear();
            topic.name.push_str(name);
        }
    }

    /// Checks an alias that the caller assigns, who may where the client assigns none
    /// [MQTT-3.3.2-9].
    #[cold]
    fn check_own(&self, alias: u32, limits: &Limits) -> Result<(), CallError> {
        let problem = if self.maximum > 0 {
            "the client assigns topic aliases itself; leave out the property Topic Alias"
        } else if alias > limits.topic_alias_maximum.into() {
            "the topic alias is above the broker's topic alias maximum"
        } else {
            return Ok(());
        };
        Err(CallError::NotSupported { problem, reason: ReasonCode::TopicAliasInvalid })
    }

    /// The place of the next alias, or of the topic that was used least recently.
    fn free_place(&mut self) -> Option<usize> {
        let len = self.topics.len();
        if len < self.maximum {
            return Some(len);
        }
        if self.uses <= self.taken_until {
            return None;
        }
        let mut least = (u64::MAX, 0);
        for (place, topic) in self.topics.iter().enumerate() {
            least = least.min((topic.last_use, place));
        }
        let patience = PATIENCE * len as u64;
        let taken_until = least.0 + patience;
        if self.changes > patience && self.uses <= taken_until {
            self.taken_until = taken_until;
            return None;
        }
        Some(least.1)
    }
}

/// Returns the length and the last bytes of a topic, in which topics differ the soonest.
fn key(topic: &str) -> u64 {
    topic.bytes().rev().take(7).fold(topic.len() as u64, |key, byte| key << 8 | u64::from(byte))
}

/// Appends PUBLISH, with the alias of this place, if the broker takes it and there is room.
fn encode(publish: &Publish<'_>, place: Option<usize>, terms: Terms<'_>, out: &mut Vec<u8>) -> Result<(), CallError> {
    let start = out.len();
    #[expect(clippy::cast_possible_truncation, reason = "places are below the maximum, of two bytes")]
    let alias = place.map(|place| place as u16 + 1);
    publish.encode_aliased(alias, terms.version, out)?;
    let checked = if start > 0 && out.len() > terms.waiting_max {
        Err(CallError::TransmitFull { bytes: start })
    } else {
        terms.limits.check_publish(publish.qos, publish.retain, out.len() - start)
    };
    checked.inspect_err(|_| out.truncate(start))
}
