//! Fan-out: the subscribers of one message, each once [MQTT-3.3.4-2].

use alloc::vec::Vec;

use crate::broker::auth::access_list::Access;
use crate::broker::clients::Clients;
use crate::broker::clients::shared_groups::Groups;
use crate::broker::clients::subscription::Subscription;
use crate::broker::connection::peer::Peers;
use crate::broker::delivery::encoded_publish::DeliveryOptions;
use crate::broker::delivery::readiness::Readiness;
use crate::broker::ids::{ClientKey, CursorId, GroupKey, HandlerId};
use crate::broker::monitor::sys_values::is_brokers_own;
use crate::broker::options::BrokerOptions;
use crate::codec::{Publish, QoS};
use crate::collections::heap_sort::sort_by;
use crate::router::Router;

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
    /// Number of this fan-out, by which a client is found only once.
    number: u64,
    pub(crate) targets: Vec<Target>,
    /// Further subscription identifiers of targets, each linked to the target's former one.
    more_identifiers: Vec<(Option<usize>, u32)>,
    pub(crate) identifiers: Vec<u32>,
    /// Cursors whose topics match, each with the place of its target, in their order.
    matched_cursors: Vec<(usize, CursorId)>,
    pub(crate) cursors: Vec<CursorId>,
    /// The host's handlers that receive it, in the order of their numbers, each with its RETAIN
    /// flag.
    pub(crate) handlers: Vec<(HandlerId, bool)>,
}

/// Target of a fan-out: one copy to deliver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) client: ClientKey,
    pub(crate) qos: QoS,
    pub(crate) retain_as_published: bool,
    /// The first subscription identifier; 0 for none.
    identifier: u32,
    /// The place of the last further identifier.
    more: Option<usize>,
    /// The shared subscription of the copy.
    pub(crate) group: Option<GroupKey>,
}

impl Target {
    const fn new(client: ClientKey, subscription: Subscription, group: Option<GroupKey>) -> Self {
        let Subscription { qos, retain_as_published, identifier, .. } = subscription;
        Self { client, qos, retain_as_published, identifier, more: None, group }
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
        self.targets.capacity() * size_of::<Target>()
            + self.more_identifiers.capacity() * size_of::<(Option<usize>, u32)>()
            + self.matched_cursors.capacity() * size_of::<(usize, CursorId)>()
    }

    /// Finds the targets of a message: one for each client with a matching subscription, and one
    /// for each group. Returns the work done.
    pub(crate) fn collect(
        &mut self,
        (publish, publisher): (&Publish<'_>, Option<ClientKey>),
        access: Option<&Access>,
        subscriptions: &Subscriptions,
        groups: &mut Groups,
        clients: &mut Clients,
        (peers, options): (&Peers, &BrokerOptions),
    ) -> usize {
        self.number += 1;
        self.targets.clear();
        self.more_identifiers.clear();
        self.matched_cursors.clear();
        self.cursors.clear();
        self.handlers.clear();
        let topic = publish.topic;
        let bytes = topic.len() + publish.payload.len() + publish.properties.as_bytes().len();
        let looked_at = subscriptions.for_each_match(topic, |subscriber, subscription| match *subscriber {
            // [MQTT-3.8.3-3]
            Subscriber::Client(key) if subscription.no_local && publisher == Some(key) => {}
            Subscriber::Client(key) if !may_read(access, key, topic, clients) => {}
            Subscriber::Client(key) => self.add(key, *subscription, clients),
            Subscriber::Group(group) => {
                let readiness = |key, subscription: &Subscription| {
                    let client = clients.get(key).filter(|_| may_read(access, key, topic, clients))?;
                    Some(Readiness::of(client, publish.qos.min(subscription.qos), bytes, peers, options))
                };
                let picked = groups.pick(group, Readiness::Ready, readiness);
                self.targets.extend(picked.map(|(key, subscription)| Target::new(key, subscription, Some(group))));
            }
            // [MQTT-3.8.3-3]; the broker's own topics do not count as the host's.
            Subscriber::Host(_) if subscription.no_local && publisher.is_none() && !is_brokers_own(topic) => {}
            Subscriber::Host(handler) => {
                // Handlers of one filter are in order already.
                let before = self.handlers.iter().rposition(|(other, _)| *other <= handler);
                let place = before.map_or(0, |place| place + 1);
                self.handlers.insert(place, (handler, publish.retain && subscription.retain_as_published));
            }
        });
        sort_by(&mut self.matched_cursors, |one, other| one < other);
        looked_at
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
            self.matched_cursors.push((client.found.1, id));
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
            self.more_identifiers.push((target.more, subscription.identifier));
            target.more = Some(self.more_identifiers.len() - 1);
        }
    }

    /// Gathers the subscription identifiers of the target at this place, and its cursors.
    pub(crate) fn gather(&mut self, place: usize) {
        self.identifiers.clear();
        let Target { identifier, mut more, .. } = self.targets[place];
        if identifier != 0 {
            self.identifiers.push(identifier);
        }
        while let Some((before, identifier)) = more.and_then(|place| self.more_identifiers.get(place)) {
            self.identifiers.push(*identifier);
            more = *before;
        }
        if !self.matched_cursors.is_empty() {
            self.gather_cursors(place);
        }
    }

    #[cold]
    fn gather_cursors(&mut self, place: usize) {
        self.cursors.clear();
        let start = self.matched_cursors.partition_point(|(other, _)| *other < place);
        let matched = self.matched_cursors.iter().skip(start).take_while(|(other, _)| *other == place);
        self.cursors.extend(matched.map(|(_, id)| *id));
    }
}

/// True if the client may receive messages of this topic, by the access list if it is required.
#[inline]
pub(crate) fn may_read(access: Option<&Access>, key: ClientKey, topic: &str, clients: &Clients) -> bool {
    access.is_none_or(|access| clients.get(key).is_some_and(|client| access.may_read(client.identity(), topic)))
}
