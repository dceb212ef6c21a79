//! Routes from a topic to the handlers of its filters, cached for the topics seen last.
//!
//! A message of a shared subscription goes to one member of the group. So a handler of a shared
//! filter gets only the copies that carry the identifier of its subscription (MQTT 5.0 §3.3.4).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::HandlerId;
use crate::codec::{Properties, PropertyId, Value};
use crate::router::Router;
use crate::topic::TopicFilter;

/// How many topics are remembered: `SETS` times `WAYS`.
const SETS: usize = 64;
const WAYS: usize = 4;
/// Mark of a handler that acknowledges by hand, beside an identifier of 28 bits.
const MANUAL: u32 = 1 << 31;

/// The router of the client's handlers, with a bounded cache before it. Dashboards see the same few
/// topics again and again. A known topic costs one hash and one comparison.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// A handler of a shared filter has the filter's own identifier; 0 is another one. `MANUAL` is
    /// added for one that acknowledges by hand.
    router: Router<HandlerId, u32>,
    /// A handler of a shared filter was added.
    has_shared: bool,
    /// The broker takes identifiers.
    pub(super) uses_identifiers: bool,
    /// The broker resumed the session, which may hold copies from before the identifiers.
    is_resumed: bool,
    /// Identifiers that subscriptions have in place of the filter's own, which comes first.
    given: Vec<(u32, u32)>,
    /// `SETS * WAYS` slots, made at the first message.
    slots: Vec<Slot>,
    /// Goes round: which way of a full set gives way next.
    turn: usize,
    /// Goes up when a handler comes or goes, which makes all slots old.
    generation: u64,
}

#[derive(Debug, Default)]
struct Slot {
    /// Generation of the handlers: counts their changes.
    generation: u64,
    hash: u32,
    topic: Box<str>,
    handlers: Vec<HandlerId>,
    /// One of them acknowledges by hand.
    manual: bool,
}

/// Where a topic's handlers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) slot: usize,
    /// Not as it was when the slot was last given out.
    pub(super) changed: bool,
    /// A handler acknowledges by hand.
    pub(super) manual: bool,
}

impl Routes {
    pub(super) fn add(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.insert(filter, handler, 0);
    }

    pub(super) fn add_manual(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.insert(filter, handler, MANUAL);
    }

    fn insert(&mut self, filter: &TopicFilter, handler: HandlerId, manual: u32) {
        let own = identifier(filter);
        self.has_shared |= own != 0;
        self.router.insert(filter, handler, own | manual);
        self.generation += 1;
    }

    pub(super) fn remove(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.router.remove(filter, &handler);
        self.generation += 1;
    }

    /// Notes the identifier that a subscription was given.
    pub(super) fn identify(&mut self, filter: &TopicFilter, given: u32) {
        let pair = (identifier(filter), given);
        if pair.0 != 0 && pair.0 != given && !self.given.contains(&pair) {
            self.given.push(pair);
        }
    }

    /// A connection begins. A new session has no subscription.
    pub(super) fn begin(&mut self, is_resumed: bool, uses_identifiers: bool) {
        self.is_resumed = is_resumed;
        self.uses_identifiers = uses_identifiers;
        if !is_resumed {
            self.given.clear();
        }
    }

    /// The slot of a message, by its topic and its subscription identifiers.
    #[inline]
    pub(super) fn find(&mut self, topic: &str, properties: Properties<'_>) -> Route {
        let hash = hash(topic.as_bytes());
        let first = hash as usize % SETS * WAYS;
        let mut place = None;
        for (way, slot) in self.slots.get(first..first + WAYS).unwrap_or_default().iter().enumerate() {
            if slot.hash == hash && *slot.topic == *topic {
                if slot.generation == self.generation && !self.has_shared {
                    return Route { slot: first + way, changed: false, manual: slot.manual };
                }
                place = Some(first + way);
                break;
            }
        }
        self.fill(first, place, hash, topic, properties)
    }

    /// Forgets what a slot has, which was not given out.
    pub(super) fn forget(&mut self, slot: usize) {
        self.slots[slot].generation = u64::MAX;
    }

    /// The topic of a slot, and whom it is for.
    pub(super) fn at(&self, slot: usize) -> (&str, &[HandlerId]) {
        let Slot { topic, handlers, .. } = &self.slots[slot];
        (topic, handlers)
    }

    /// Asks the router, and remembers: in `place` if the topic has one, or where its set gives way.
    #[cold]
    fn fill(
        &mut self,
        first: usize,
        place: Option<usize>,
        hash: u32,
        topic: &str,
        properties: Properties<'_>,
    ) -> Route {
        while self.slots.len() < SETS * WAYS {
            self.slots.push(Slot::default());
        }
        let place = place.unwrap_or_else(|| self.give_way(first));
        let (mut handlers, mut manual) = self.handlers(topic, properties, !self.uses_identifiers);
        if handlers.is_empty() && self.is_resumed {
            (handlers, manual) = self.handlers(topic, properties, true);
        }
        let slot = &mut self.slots[place];
        let changed = slot.generation != self.generation || *slot.topic != *topic || slot.handlers != handlers;
        slot.generation = self.generation;
        slot.hash = hash;
        if *slot.topic != *topic {
            slot.topic = topic.into();
        }
        slot.handlers = handlers;
        slot.manual = manual;
        Route { slot: place, changed, manual }
    }

    /// The handlers of a message in the order of registration, and once where several filters of a
    /// handler match. `all`: also those of shared filters for which it is not. With true if one of
    /// them acknowledges by hand.
    #[inline(never)]
    fn handlers(&self, topic: &str, properties: Properties<'_>, all: bool) -> (Vec<HandlerId>, bool) {
        let mut handlers = Vec::new();
        let mut manual = false;
        self.router.for_each_match(topic, |handler, value| {
            let own = value & !MANUAL;
            let place = handlers.partition_point(|other| other < handler);
            if handlers.get(place) != Some(handler) && (all || own == 0 || self.is_for(own, properties)) {
                handlers.insert(place, *handler);
                manual |= *value != own;
            }
        });
        (handlers, manual)
    }

    /// True if the copy with these properties is for a shared filter.
    #[inline(never)]
    fn is_for(&self, own: u32, properties: Properties<'_>) -> bool {
        for entry in properties.entries() {
            if let (PropertyId::SubscriptionIdentifier, Value::Number(number)) = entry
                && (number == own || self.given.contains(&(own, number)))
            {
                return true;
            }
        }
        false
    }

    /// A slot of the set for another topic: an unused one, or the next one, round robin.
    fn give_way(&mut self, first: usize) -> usize {
        for place in first..first + WAYS {
            if self.slots[place].topic.is_empty() {
                return place;
            }
        }
        self.turn = (self.turn + 1) % WAYS;
        first + self.turn
    }
}

/// Returns the identifier for the subscription of a shared filter that its caller gave none; 0 for
/// another filter. It is the same in the next process, which may resume the session.
pub(super) fn identifier(filter: &TopicFilter) -> u32 {
    filter.share_name().map_or(0, |_| (hash(filter.as_str().as_bytes()) >> 4).max(1))
}

/// Eight bytes at a time. Collisions cost a look at the router, no more, so a peer gains nothing by
/// them.
#[inline]
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = (state ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR).rotate_left(29);
    }
    for byte in rest {
        state = (state ^ u64::from(*byte)).wrapping_mul(FACTOR);
    }
    (state.wrapping_mul(FACTOR) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::parse(text).expect(text)
    }

    fn find(routes: &mut Routes, topic: &str) -> Route {
        routes.find(topic, Properties::EMPTY)
    }

    #[test]
    fn a_topic_keeps_its_slot_until_handlers_change() {
        let mut routes = Routes::default();
        routes.add(&filter("a/#"), HandlerId(2));
        routes.add(&filter("a/+"), HandlerId(1));
        let first = find(&mut routes, "a/b");
        assert!(first.changed);
        assert_eq!(routes.at(first.slot), ("a/b", &[HandlerId(1), HandlerId(2)][..]));
        assert_eq!(find(&mut routes, "a/b"), Route { slot: first.slot, changed: false, manual: false });
        routes.remove(&filter("a/+"), HandlerId(1));
        assert_eq!(find(&mut routes, "a/b"), Route { slot: first.slot, changed: true, manual: false });
        assert_eq!(routes.at(first.slot).1, [HandlerId(2)]);
    }

    #[test]
    fn more_topics_than_slots_are_all_routed_right() {
        let mut routes = Routes::default();
        routes.add(&filter("t/+/x"), HandlerId(7));
        for round in 0..3 {
            for number in 0..10 * SETS * WAYS {
                let topic = format!("t/{number}/{}", if number % 2 == 0 { "x" } else { "y" });
                let route = find(&mut routes, &topic);
                let (found, handlers) = routes.at(route.slot);
                assert_eq!((found, handlers.len()), (&*topic, (number + 1) % 2), "in round {round}");
            }
        }
        assert_eq!(routes.slots.len(), SETS * WAYS);
    }
}
