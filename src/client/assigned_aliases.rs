//! Topic aliases that the client assigns to the topics of its messages (MQTT 5.0 §3.3.2.3.4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{CallError, Limits};
use crate::codec::{Properties, PropertyId, Publish, ReasonCode, Version};

/// Bytes of an alias in a packet (§3.3.2.3.4). A topic must be longer to be worth one.
const ALIAS_BYTES: usize = 3;

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
    name: Box<str>,
    last_use: u64,
}

impl AssignedAliases {
    pub(super) const fn new() -> Self {
        Self { topics: Vec::new(), maximum: 0, uses: 0 }
    }

    /// Begins a connection with so many aliases at most.
    pub(super) fn begin(&mut self, maximum: u16) {
        self.topics.clear();
        self.maximum = maximum.into();
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
            return encode(publish, terms, out);
        }
        self.uses += 1;
        let known = self.topics.iter().position(|topic| *topic.name == *publish.topic);
        let place = known.unwrap_or_else(|| self.free_place());
        let named = if known.is_some() { Publish { topic: "", ..*publish } } else { *publish };
        match encode_with(place, &named, terms, out) {
            // It may fit without.
            Err(CallError::PacketTooLarge { .. }) => return encode(publish, terms, out),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        match self.topics.get_mut(place) {
            Some(topic) => {
                topic.last_use = self.uses;
                if known.is_none() {
                    topic.name = publish.topic.into();
                }
            }
            None => self.topics.push(Topic { name: publish.topic.into(), last_use: self.uses }),
        }
        Ok(())
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
    fn free_place(&self) -> usize {
        let len = self.topics.len();
        if len < self.maximum {
            return len;
        }
        let mut least = (u64::MAX, 0);
        for (place, topic) in self.topics.iter().enumerate() {
            least = least.min((topic.last_use, place));
        }
        least.1
    }
}

/// Appends PUBLISH with the alias of this place before its properties.
fn encode_with(place: usize, publish: &Publish<'_>, terms: Terms<'_>, out: &mut Vec<u8>) -> Result<(), CallError> {
    #[expect(clippy::cast_possible_truncation, reason = "places are below the maximum, of two bytes")]
    let [high, low] = (place as u16 + 1).to_be_bytes();
    let alias = [PropertyId::TopicAlias as u8, high, low];
    if publish.properties.is_empty() {
        return encode(&Publish { properties: Properties::checked(&alias), ..*publish }, terms, out);
    }
    let all = [&alias, publish.properties.as_bytes()].concat();
    encode(&Publish { properties: Properties::checked(&all), ..*publish }, terms, out)
}

/// Appends PUBLISH if the broker takes it, and there is room.
fn encode(publish: &Publish<'_>, terms: Terms<'_>, out: &mut Vec<u8>) -> Result<(), CallError> {
    let start = out.len();
    publish.encode(terms.version, out)?;
    let checked = if start > 0 && out.len() > terms.waiting_max {
        Err(CallError::TransmitFull { bytes: start })
    } else {
        terms.limits.check_publish(publish.qos, publish.retain, out.len() - start)
    };
    checked.inspect_err(|_| out.truncate(start))
}
