//! Fan-out: the subscribers of one message, each once [MQTT-3.3.4-2].

use alloc::vec::Vec;

use crate::broker::auth::access_list::Access;
use crate::broker::budget::Budget;
use crate::broker::clients::Clients;
use crate::broker::clients::shared_groups::{Groups, Picked, Search};
use crate::broker::clients::subscription::Subscription;
use crate::broker::connection::peer::Peers;
use crate::broker::delivery::encoded_publish::DeliveryOptions;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::ids::{ClientKey, CursorId, GroupKey, HandlerId};
use crate::broker::monitor::sys_values::is_brokers_own;
use crate::broker::options::BrokerOptions;
use crate::codec::{Publish, QoS};
use crate::collections::heap_sort::sort_by;
use crate::router::{Router, Walk};
use crate::time::Time;

/// Router of all subscriptions. The value of a group is unused.
pub(crate) type Subscriptions = Router<Subscriber, Subscription>;

/// A subscriber of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subscriber {
    /// A client; the router has its options.
    Client(ClientKey),
    /// A shared subscription; its members have the options.
    Group(GroupKey),
    /// The host itself.
    Host(HandlerId),
}

/// Buffers of a fan-out, reused for the next.
#[derive(Debug, Default)]
pub(crate) struct FanOut {
    /// How far the match of the topic has come.
    walk: Walk,
    is_collected: bool,
    /// The search for a member of the group that it has come to.
    search: Search<Readiness>,
    /// The rules of the access list that are about the topic.
    rules: Vec<usize>,
    has_rules: bool,
    found: Found,
    /// The place of the next target.
    next: usize,
    pub(crate) identifiers: Vec<u32>,
    pub(crate) cursors: Vec<CursorId>,
}

/// Targets that are found.
#[derive(Debug, Default)]
struct Found {
    /// Number of this fan-out, by which a client is found only once.
    number: u64,
    targets: Vec<Target>,
    /// Further subscription identifiers of targets, each linked to the target's former one.
    more_identifiers: Vec<(Link, u32)>,
    /// Cursors whose topics match, each linked to the target's former one.
    matched_cursors: Vec<(Link, CursorId)>,
    /// The host's handlers that receive it, in the order of their numbers, each with its RETAIN
    /// flag.
    handlers: Vec<(HandlerId, bool)>,
}

/// The place of an entry in a list, counted from 1; 0 for none.
type Link = u32;

/// Target of a fan-out: one copy to deliver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) client: ClientKey,
    pub(crate) qos: QoS,
    pub(crate) retain_as_published: bool,
    /// The first subscription identifier; 0 for none.
    identifier: u32,
    /// The last further identifier.
    more: Link,
    /// The last matched cursor.
    cursor: Link,
    /// The shared subscription of the copy.
    pub(crate) group: Option<GroupKey>,
}

impl Target {
    const fn new(client: ClientKey, subscription: Subscription, group: Option<GroupKey>) -> Self {
        let Subscription { qos, retain_as_published, identifier, .. } = subscription;
        Self { client, qos, retain_as_published, identifier, more: 0, cursor: 0, group }
    }

    /// Returns how the message goes to the target, with these subscription identifiers.
    pub(crate) fn options<'i>(&self, publish: &Publish<'_>, identifiers: &'i [u32]) -> DeliveryOptions<'i> {
        // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
        let retain = publish.retain && self.retain_as_published;
        DeliveryOptions { qos: publish.qos.min(self.qos), retain, identifiers, group: self.group }
    }
}

impl FanOut {
    /// Returns the bytes of memory of its buffers.
    pub(crate) const fn buffer_bytes(&self) -> usize {
        self.found.targets.capacity() * size_of::<Target>()
            + self.found.more_identifiers.capacity() * size_of::<(Link, u32)>()
            + self.found.matched_cursors.capacity() * size_of::<(Link, CursorId)>()
    }

    /// Begins the fan-out of another message.
    pub(crate) fn begin(&mut self) {
        self.walk.restart();
        (self.is_collected, self.has_rules, self.next) = (false, false, 0);
        self.search = Search::default();
        self.rules.clear();
        self.found.begin();
        self.cursors.clear();
    }

    /// Finds the targets of the message, as far as the budget goes: one for each client with a
    /// matching subscription, and one for each group. True if all are found.
    pub(crate) fn collect(
        &mut self,
        (publish, publisher): (&Publish<'_>, Option<ClientKey>),
        subscriptions: &Subscriptions,
        groups: &mut Groups,
        clients: &mut Clients,
        (parts, access, now): ((&Peers, &BrokerOptions), Option<&Access>, Time),
        budget: &mut Budget,
    ) -> bool {
        if self.is_collected {
            return true;
        }
        let Self { walk, rules, has_rules, search, found, .. } = self;
        if let Some(access) = access
            && !core::mem::replace(has_rules, true)
        {
            access.rules_of_topic(publish.topic, rules, budget);
        }
        let may_read = |key, clients: &Clients, budget: &mut Budget| {
            access.is_none_or(|access| {
                let client = clients.get(key);
                client.is_some_and(|client| access.may_read_by_rules(rules, client.identity(), publish.topic, budget))
            })
        };
        let looked_at = walk.looked_at;
        let topic = publish.topic;
        self.is_collected = subscriptions.resume_match(topic, walk, budget.left(), &mut |subscribers| {
            for (place, (subscriber, subscription)) in subscribers.iter().enumerate() {
                if budget.is_spent() {
                    return place;
                }
                budget.spend(1, 0);
                match *subscriber {
                    // [MQTT-3.8.3-3]
                    Subscriber::Client(key) if subscription.no_local && publisher == Some(key) => {}
                    Subscriber::Client(key) if access.is_some() && !may_read(key, clients, budget) => {}
                    Subscriber::Client(key) => found.add(key, *subscription, clients),
                    Subscriber::Group(group) => {
                        let bytes = topic.len() + publish.payload.len() + publish.properties.as_bytes().len();
                        let readiness = |key, subscription: &Subscription, budget: &mut Budget| {
                            let size = (publish.qos.min(subscription.qos), bytes);
                            let readiness = Readiness::of(key, size, clients, parts, (now, budget))?;
                            may_read(key, clients, budget).then_some(readiness)
                        };
                        let best = Readiness::best(publish.qos, groups.is_attended(group));
                        match groups.pick(group, best, search, budget, readiness) {
                            Picked::Member(key, subscription) => {
                                found.targets.push(Target::new(key, subscription, Some(group)));
                            }
                            Picked::Nobody => {}
                            Picked::Later => return place,
                        }
                    }
                    // [MQTT-3.8.3-3]; the broker's own topics do not count as the host's.
                    Subscriber::Host(_) if subscription.no_local && publisher.is_none() && !is_brokers_own(topic) => {}
                    Subscriber::Host(handler) => {
                        found.add_handler(handler, publish.retain && subscription.retain_as_published);
                    }
                }
            }
            subscribers.len()
        });
        budget.spend(walk.looked_at - looked_at, 0);
        self.is_collected
    }

    /// Returns the targets that are found.
    pub(crate) fn targets(&self) -> &[Target] {
        &self.found.targets
    }

    /// Returns the host's handlers that receive it, each with its RETAIN flag.
    pub(crate) fn handlers(&self) -> &[(HandlerId, bool)] {
        &self.found.handlers
    }

    /// Returns the number of subscribers. The host counts as one.
    pub(crate) const fn subscribers(&self) -> usize {
        self.found.targets.len() + if self.found.handlers.is_empty() { 0 } else { 1 }
    }

    /// Returns the next target, and gathers its subscription identifiers and cursors.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Target> {
        let target = *self.found.targets.get(self.next)?;
        self.next += 1;
        self.identifiers.clear();
        if target.identifier != 0 {
            self.gather_identifiers(target.identifier, target.more);
        }
        if !self.found.matched_cursors.is_empty() {
            self.gather_cursors(target.cursor);
        }
        Some(target)
    }

    /// Gathers the first subscription identifier of a target, and the further ones.
    fn gather_identifiers(&mut self, first: u32, mut more: Link) {
        self.identifiers.push(first);
        while let Some((before, identifier)) = linked(&self.found.more_identifiers, more) {
            self.identifiers.push(identifier);
            more = before;
        }
    }

    /// Gathers the cursors of a target in their order, from the last one on.
    fn gather_cursors(&mut self, mut cursor: Link) {
        self.cursors.clear();
        while let Some((before, id)) = linked(&self.found.matched_cursors, cursor) {
            self.cursors.push(id);
            cursor = before;
        }
        sort_by(&mut self.cursors, |one, other| one < other);
    }
}

impl Found {
    fn begin(&mut self) {
        self.number += 1;
        self.targets.clear();
        self.more_identifiers.clear();
        self.matched_cursors.clear();
        self.handlers.clear();
    }

    /// Adds a client, or a further subscription of a present client. The highest quality of service
    /// counts, and every identifier [MQTT-3.3.4-2], [MQTT-3.3.4-3].
    fn add(&mut self, key: ClientKey, subscription: Subscription, clients: &mut Clients) {
        let Some(client) = clients.get_mut(key) else { return };
        let (number, place) = client.found;
        if number == self.number {
            self.merge(place, subscription);
        } else {
            client.found = (self.number, self.targets.len());
            self.targets.push(Target::new(key, subscription, None));
        }
        // The cursor may have ended.
        if let Some(id) = subscription.cursor
            && client.cursors.get(id).is_some()
        {
            let target = &mut self.targets[client.found.1];
            target.cursor = link(&mut self.matched_cursors, target.cursor, id);
        }
    }

    /// Adds a further subscription to the target at this place.
    fn merge(&mut self, place: usize, subscription: Subscription) {
        let target = &mut self.targets[place];
        target.qos = target.qos.max(subscription.qos);
        target.retain_as_published |= subscription.retain_as_published;
        if target.identifier == 0 {
            target.identifier = subscription.identifier;
        } else if subscription.identifier != 0 {
            target.more = link(&mut self.more_identifiers, target.more, subscription.identifier);
        }
    }

    /// Adds a handler of the host.
    fn add_handler(&mut self, handler: HandlerId, retain: bool) {
        // Handlers of one filter are in order already.
        let before = self.handlers.iter().rposition(|(other, _)| *other <= handler);
        let place = before.map_or(0, |place| place + 1);
        self.handlers.insert(place, (handler, retain));
    }
}

/// Adds a value that is linked to a former one, and returns its link.
fn link<T>(list: &mut Vec<(Link, T)>, former: Link, value: T) -> Link {
    list.push((former, value));
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer subscriptions than 2^32")]
    let link = list.len() as Link;
    link
}

/// Returns a value with the link to the one before it.
fn linked<T: Copy>(list: &[(Link, T)], link: Link) -> Option<(Link, T)> {
    list.get((link as usize).wrapping_sub(1)).copied()
}

/// True if the client may receive messages of this topic, by the access list if it is required.
#[inline]
pub(crate) fn may_read(
    access: Option<&Access>,
    key: ClientKey,
    topic: &str,
    clients: &Clients,
    budget: &mut Budget,
) -> bool {
    access.is_none_or(|access| clients.get(key).is_some_and(|client| access.may_read(client.identity(), topic, budget)))
}
