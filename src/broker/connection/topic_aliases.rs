//! Topic aliases of a connection, in each direction. They end with it [MQTT-3.3.2-7].

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::cause::Fault;
use crate::codec::ReasonCode;
use crate::memory_meter::{ARC_BYTES, Charge, MemoryMeter, block, shared_text};
use crate::topic::TopicName;

/// Bytes of an alias in a packet (§3.3.2.3.4). A topic must be longer to be worth one.
const ALIAS_BYTES: usize = 3;

/// Topics by the aliases that the client assigned, from alias 1 on.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    topics: Vec<Option<TopicName>>,
    /// Bytes of memory of their texts.
    text_bytes: usize,
}

/// Topics by the aliases that the broker assigned.
///
/// A topic's hash selects its alias. The alias stands for the topic sent recently. So the
/// lookup takes constant time, and the aliases follow the traffic without a list of last uses.
#[derive(Debug)]
pub(crate) struct Outbound {
    /// Topics from alias 1 on; empty until the first is assigned.
    given: Vec<Option<Given>>,
    /// The lower Topic Alias Maximum of the client and the broker.
    maximum: u16,
}

/// A topic that aliases stand for, shared by the connections that it was introduced on together.
#[derive(Debug)]
pub(crate) struct AliasTopic {
    name: TopicName,
    /// The charge of its memory.
    _charge: Charge,
}

impl AliasTopic {
    /// Shares a topic, and charges its memory to the meter.
    pub(crate) fn share(name: TopicName, meter: &MemoryMeter) -> Arc<Self> {
        let bytes = block(ARC_BYTES + size_of::<Self>()) + shared_text(name.as_str());
        Arc::new(Self { name, _charge: meter.charge(bytes) })
    }
}

#[derive(Clone, Debug)]
struct Given {
    topic: Arc<AliasTopic>,
    /// True if it was sent since another topic last asked for the alias.
    is_in_use: bool,
}

/// Form in which a PUBLISH names its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// The topic in full.
    Topic,
    /// The topic in full, with this alias for later packets.
    Introduction(u16),
    /// This alias alone.
    Alias(u16),
}

impl Inbound {
    /// Returns the topics of the aliases from 1 on.
    pub(crate) fn topics(&self) -> impl Iterator<Item = Option<&str>> {
        self.topics.iter().map(|topic| topic.as_ref().map(TopicName::as_str))
    }

    /// Returns the bytes of memory that they take.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.topics.capacity() * size_of::<Option<TopicName>>() + self.text_bytes
    }

    /// Returns the topic of a PUBLISH with this alias. If the PUBLISH has a topic, the alias is
    /// assigned to it.
    ///
    /// `maximum` is the broker's Topic Alias Maximum.
    pub(crate) fn resolve(&mut self, topic: &str, alias: u32, maximum: u16) -> Result<TopicName, Fault> {
        let place = usize::try_from(alias).unwrap_or(usize::MAX).wrapping_sub(1);
        // Alias 0 is invalid too [MQTT-3.3.2-8]; the codec refuses it already.
        if place >= usize::from(maximum) {
            let problem = "topic alias is 0 or above the topic alias maximum";
            return Err(Fault::new(ReasonCode::TopicAliasInvalid, "MQTT-3.3.2-9", problem));
        }
        if !topic.is_empty() {
            let Ok(topic) = TopicName::parse(topic) else {
                return Err(Fault::new(ReasonCode::TopicNameInvalid, "§4.7.3", "invalid topic name"));
            };
            if self.topics.len() <= place {
                self.topics.resize(place + 1, None);
            }
            self.text_bytes += shared_text(topic.as_str());
            if let Some(former) = self.topics[place].replace(topic.clone()) {
                self.text_bytes -= shared_text(former.as_str());
            }
            return Ok(topic);
        }
        self.topics.get(place).cloned().flatten().ok_or_else(|| {
            let problem = "topic alias has no topic yet";
            Fault::new(ReasonCode::ProtocolError, "§3.3.2.3.4", problem)
        })
    }
}

impl Outbound {
    /// Returns the topics of the aliases from 1 on.
    pub(crate) fn topics(&self) -> impl Iterator<Item = Option<&str>> {
        self.given.iter().map(|given| given.as_ref().map(|given| given.topic.name.as_str()))
    }

    /// Returns the bytes of memory of its table. The topics are charged by themselves.
    pub(crate) const fn table_bytes(&self) -> usize {
        self.given.capacity() * size_of::<Option<Given>>()
    }

    /// Makes aliases up to this maximum; `None` if it is 0.
    pub(crate) fn new(maximum: u16) -> Option<Self> {
        (maximum > 0).then_some(Self { given: Vec::new(), maximum })
    }

    /// Returns the form of the topic in the next PUBLISH. `hash` returns its [`hash`]. `has_room`
    /// is true if the packet can carry an alias beside the topic. An introduction takes effect by
    /// [`introduced`](Self::introduced).
    pub(crate) fn naming(&mut self, topic: &str, hash: impl FnOnce() -> u32, has_room: bool) -> Naming {
        if topic.len() <= ALIAS_BYTES {
            return Naming::Topic;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the rest is below the maximum")]
        let place = (hash() % u32::from(self.maximum)) as u16;
        match self.given.get_mut(usize::from(place)) {
            Some(Some(given)) if given.topic.name.as_str() == topic => {
                given.is_in_use = true;
                Naming::Alias(place + 1)
            }
            // Two topics of one alias do not take it from each other with every message.
            Some(Some(given)) if given.is_in_use => {
                given.is_in_use = false;
                Naming::Topic
            }
            Some(_) | None if has_room => Naming::Introduction(place + 1),
            Some(_) | None => Naming::Topic,
        }
    }

    /// Assigns the alias, since the PUBLISH that introduces it is sent.
    pub(crate) fn introduced(&mut self, alias: u16, topic: Arc<AliasTopic>) {
        if self.given.is_empty() {
            self.given.resize(self.maximum.into(), None);
        }
        if let Some(given) = self.given.get_mut(usize::from(alias).wrapping_sub(1)) {
            *given = Some(Given { topic, is_in_use: true });
        }
    }
}

/// Returns the FNV-1a hash of a topic. A collision costs no more than a topic in full.
pub(crate) fn hash(topic: &str) -> u32 {
    topic.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(topic: &str) -> TopicName {
        TopicName::parse(topic).expect("a topic name")
    }

    /// Sends a PUBLISH of this topic, as the broker does.
    fn send(aliases: &mut Outbound, topic: &str) -> Naming {
        let naming = aliases.naming(topic, || hash(topic), true);
        if let Naming::Introduction(alias) = naming {
            aliases.introduced(alias, AliasTopic::share(name(topic), &MemoryMeter::default()));
        }
        naming
    }

    #[test]
    fn a_topic_is_introduced_once_and_then_goes_by_its_alias() {
        let mut aliases = Outbound::new(1).expect("not 0");
        assert_eq!(send(&mut aliases, "a/b"), Naming::Topic, "an alias would be as long");
        assert_eq!(aliases.naming("a/bc", || hash("a/bc"), false), Naming::Topic);
        assert_eq!(aliases.naming("a/bc", || hash("a/bc"), true), Naming::Introduction(1));
        assert_eq!(send(&mut aliases, "a/bc"), Naming::Introduction(1), "what was not sent introduces nothing");
        assert_eq!(send(&mut aliases, "a/bc"), Naming::Alias(1));
    }

    #[test]
    fn an_alias_goes_over_to_another_topic_when_its_own_is_not_sent_any_more() {
        let mut aliases = Outbound::new(1).expect("not 0");
        let row = ["one1", "two2", "one1", "two2", "two2", "two2", "one1"];
        let (alias, new) = (Naming::Alias(1), Naming::Introduction(1));
        let expected = [new, Naming::Topic, alias, Naming::Topic, new, alias, Naming::Topic];
        assert_eq!(row.map(|topic| send(&mut aliases, topic)), expected);
    }

    #[test]
    fn aliases_stay_within_the_maximum_and_stand_for_what_was_introduced() {
        let mut aliases = Outbound::new(10).expect("not 0");
        let mut known = std::collections::BTreeMap::new();
        let mut by_alias = 0;
        for index in 0..10_000_u32 {
            let topic = format!("topic/{}", index % 17);
            match send(&mut aliases, &topic) {
                Naming::Topic => {}
                Naming::Introduction(alias) => {
                    assert!((1..=10).contains(&alias));
                    known.insert(alias, topic);
                }
                Naming::Alias(alias) => {
                    assert_eq!(known.get(&alias), Some(&topic));
                    by_alias += 1;
                }
            }
        }
        assert!(by_alias > 3_000, "{by_alias} of 10,000");
    }

    #[test]
    fn a_client_is_held_to_the_maximum_and_to_what_it_said() {
        let mut aliases = Inbound::default();
        let fault = |result: Result<TopicName, Fault>| result.map_err(|fault| fault.reason);
        assert_eq!(fault(aliases.resolve("", 2, 2)), Err(ReasonCode::ProtocolError));
        assert_eq!(fault(aliases.resolve("a", 2, 2)), Ok(name("a")));
        assert_eq!(fault(aliases.resolve("", 2, 2)), Ok(name("a")));
        assert_eq!(fault(aliases.resolve("b", 2, 2)), Ok(name("b")));
        assert_eq!(fault(aliases.resolve("", 2, 2)), Ok(name("b")));
        assert_eq!(fault(aliases.resolve("", 1, 2)), Err(ReasonCode::ProtocolError));
        for alias in [0, 3, u32::MAX] {
            assert_eq!(fault(aliases.resolve("a", alias, 2)), Err(ReasonCode::TopicAliasInvalid));
        }
        assert_eq!(fault(Inbound::default().resolve("a", 1, 0)), Err(ReasonCode::TopicAliasInvalid));
    }
}
