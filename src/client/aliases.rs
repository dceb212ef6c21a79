//! The topics that the broker's topic aliases stand for (MQTT 5.0 §3.3.2.3.4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::breach::Breach;
use crate::codec::{PropertyId, Publish, ReasonCode};

/// The topics of the aliases from 1 on; of one connection. An alias that stands for nothing has an
/// empty one.
#[derive(Debug)]
pub(super) struct Aliases(Vec<Box<str>>);

impl Aliases {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn topics(&self) -> &[Box<str>] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The topic of a PUBLISH, by name or by alias. `maximum` is our topic alias maximum.
    #[inline]
    pub(super) fn topic<'a>(&'a mut self, publish: &Publish<'a>, maximum: u16) -> Result<&'a str, &'static Breach> {
        if publish.properties.is_empty() {
            return Ok(publish.topic);
        }
        self.resolve(publish, maximum)
    }

    #[inline(never)]
    fn resolve<'a>(&'a mut self, publish: &Publish<'a>, maximum: u16) -> Result<&'a str, &'static Breach> {
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else { return Ok(publish.topic) };
        if alias > u32::from(maximum) {
            return Err(&Breach {
                reason: ReasonCode::TopicAliasInvalid,
                rule: "MQTT-3.1.2-26",
                problem: "topic alias is above the client's topic alias maximum",
            });
        }
        while self.0.len() < alias as usize {
            self.0.push(Box::default());
        }
        // 0 is no alias: the codec refuses it.
        let known = (alias as usize).checked_sub(1).and_then(|place| self.0.get_mut(place));
        match known {
            Some(known) if !publish.topic.is_empty() => *known = publish.topic.into(),
            Some(known) if !known.is_empty() => return Ok(known),
            Some(_) | None => {
                return Err(const { &Breach::new("§3.3.2.3.4", "topic alias has no topic yet") });
            }
        }
        Ok(publish.topic)
    }
}
