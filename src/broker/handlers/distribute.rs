//! Fan-out: from one PUBLISH to all its subscribers, each once [MQTT-3.3.4-2].

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::auth::access_list::Access;
use crate::broker::clients::shared_groups::{GroupKey, Groups};
use crate::broker::clients::{ClientKey, Clients, Subscription};
use crate::broker::delivery::deliver::Hop;
use crate::broker::delivery::encoded_publish::{Broadcast, Terms};
use crate::broker::event::{DropCause, Event};
use crate::broker::handlers::host::{HandlerId, HostMessage};
use crate::broker::handlers::sys_topics::is_sys;
use crate::broker::{Broker, Subscriptions};
use crate::codec::{Message, Publish, QoS};
use crate::time::Time;

/// Who subscribes to a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subscriber {
    /// A client, with the options that stand beside it in the router.
    Client(ClientKey),
    /// A shared subscription; the options are its members'.
    Group(GroupKey),
    /// The host itself.
    Host(HandlerId),
}

/// The memory of a fan-out, used again for the next.
#[derive(Debug, Default)]
pub(crate) struct FanOut {
    /// Counts the fan-outs, so that a client knows whether this one has found it already.
    number: u64,
    targets: Vec<Target>,
    /// Further subscription identifiers of targets, each with the place of the target's one before, if there is one.
    more_identifiers: Vec<(Option<usize>, u32)>,
    identifiers: Vec<u32>,
    /// The host's handlers that are to have it, in the order of their numbers, each with its RETAIN flag.
    handlers: Vec<(HandlerId, bool)>,
}

/// One copy to deliver.
#[derive(Clone, Copy, Debug)]
struct Target {
    client: ClientKey,
    qos: QoS,
    retain_as_published: bool,
    /// 0: none.
    identifier: u32,
    /// The place of the last further one.
    more: Option<usize>,
    /// The shared subscription that it is for.
    group: Option<GroupKey>,
}

impl Target {
    const fn new(client: ClientKey, subscription: Subscription, group: Option<GroupKey>) -> Self {
        let Subscription { qos, retain_as_published, identifier, .. } = subscription;
        Self { client, qos, retain_as_published, identifier, more: None, group }
    }
}

impl FanOut {
    /// Finds the targets of a message: one for each client whose own subscriptions match, and one for each group. Gives how
    /// much was looked at.
    fn collect(
        &mut self,
        (publish, publisher): (&Publish<'_>, Option<ClientKey>),
        access: Option<&Access>,
        subscriptions: &Subscriptions,
        groups: &mut Groups,
        clients: &mut Clients,
    ) -> usize {
        self.number += 1;
        self.targets.clear();
        self.more_identifiers.clear();
        self.handlers.clear();
        let topic = publish.topic;
        subscriptions.for_each_match(topic, |subscriber, subscription| match *subscriber {
            // [MQTT-3.8.3-3]
            Subscriber::Client(key) if subscription.no_local && publisher == Some(key) => {}
            Subscriber::Client(key) if !may_read(access, key, topic, clients) => {}
            Subscriber::Client(key) => self.add(key, *subscription, clients),
            Subscriber::Group(group) => {
                let is_connected = |key| clients.get(key).is_some_and(|client| client.peer.is_some());
                let picked = groups.pick(group, true, |key| may_read(access, key, topic, clients), is_connected);
                self.targets.extend(picked.map(|(key, subscription)| Target::new(key, subscription, Some(group))));
            }
            // [MQTT-3.8.3-3]; what the broker tells of itself is not the host's.
            Subscriber::Host(_) if subscription.no_local && publisher.is_none() && !is_sys(topic) => {}
            Subscriber::Host(handler) => {
                // Those of one filter are in order already.
                let before = self.handlers.iter().rposition(|(other, _)| *other <= handler);
                let place = before.map_or(0, |place| place + 1);
                self.handlers.insert(place, (handler, publish.retain && subscription.retain_as_published));
            }
        })
    }

    /// Adds a client, or the further subscription of a client that is there: the highest quality of service counts, and
    /// every identifier [MQTT-3.3.4-2], [MQTT-3.3.4-3].
    fn add(&mut self, key: ClientKey, subscription: Subscription, clients: &mut Clients) {
        let Some(client) = clients.get_mut(key) else { return };
        let (number, place) = client.found;
        if number != self.number {
            client.found = (self.number, self.targets.len());
            self.targets.push(Target::new(key, subscription, None));
            return;
        }
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

    /// Gathers the subscription identifiers of the target at this place.
    fn gather_identifiers(&mut self, place: usize) {
        self.identifiers.clear();
        let Target { identifier, mut more, .. } = self.targets[place];
        if identifier != 0 {
            self.identifiers.push(identifier);
        }
        while let Some((before, identifier)) = more.and_then(|place| self.more_identifiers.get(place)) {
            self.identifiers.push(*identifier);
            more = *before;
        }
    }
}

/// Whether the access list, if it is about that, lets the client have messages of this topic.
#[inline]
pub(crate) fn may_read(access: Option<&Access>, key: ClientKey, topic: &str, clients: &Clients) -> bool {
    access.is_none_or(|access| clients.get(key).is_some_and(|client| access.may_read(client.who(), topic)))
}

impl Broker {
    /// Retains the message if it asks for it, and delivers it to all subscribers; gives their number.
    ///
    /// `message` is `publish`, if it is owned already; `publisher` is whose it is.
    pub(crate) fn distribute(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> usize {
        self.log.counters.published += 1;
        if publish.qos != QoS::AtMostOnce {
            self.note_message();
        }
        let message = if publish.retain { self.retain(publish, message, publisher, now) } else { message };
        let subscribers = self.fan_out(publish, message, publisher, now);
        let clients = &self.clients;
        self.log.event(|| Event::Published {
            client_id: publisher.and_then(|key| clients.get(key)).map(|client| Arc::clone(&client.id)),
            topic: publish.topic.into(),
            qos: publish.qos,
            retain: publish.retain,
            payload_bytes: publish.payload.len(),
            subscribers,
        });
        subscribers
    }

    /// Keeps a message with the RETAIN flag, or forgets its topic's; gives it back if it is owned now.
    fn retain(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> Option<Arc<Message>> {
        if publish.payload.is_empty() {
            self.retained.clear(publish.topic);
            return message;
        }
        let mut broadcast = Broadcast::new(publish, message, now, &mut self.forms);
        let message = Arc::clone(broadcast.message());
        let publisher = publisher.and_then(|key| self.clients.get(key)).map(|client| Arc::clone(&client.id));
        if self.retained.set(Arc::clone(&message), publisher, now).is_err() {
            self.log.dropped(None, publish.topic, DropCause::RetainedFull);
        }
        Some(message)
    }

    /// Delivers a message to all subscribers, and does no more; gives their number.
    pub(crate) fn fan_out(
        &mut self,
        publish: Publish<'_>,
        message: Option<Arc<Message>>,
        publisher: Option<ClientKey>,
        now: Time,
    ) -> usize {
        let Self { clients, peers, subscriptions, groups, retained, questions, outbox, log, options, .. } = self;
        let Self { fan_out, forms, guards, .. } = self;
        let access = guards.read.then_some(&options.access);
        let looked_at = fan_out.collect((&publish, publisher), access, subscriptions, groups, clients);
        outbox.note_work(looked_at + fan_out.targets.len(), 0);
        let mut broadcast = Broadcast::new(publish, message, now, forms);
        let mut overtakes = false;
        for place in 0..fan_out.targets.len() {
            fan_out.gather_identifiers(place);
            let target = fan_out.targets[place];
            let Some(client) = clients.get_mut(target.client) else { continue };
            let peer = client.peer.and_then(|id| peers.get_mut(id));
            let (key, guards) = (target.client, *guards);
            let mut hop = Hop { key, client, peer, retained, questions, outbox, log, options, guards, now };
            // [MQTT-3.3.1-12], [MQTT-3.3.1-13]
            let retain = publish.retain && target.retain_as_published;
            let terms = Terms {
                qos: publish.qos.min(target.qos),
                retain,
                identifiers: &fan_out.identifiers,
                group: target.group,
            };
            if !hop.client.replays.line.is_empty() && !publish.retain {
                hop.overtake(publish.topic);
                overtakes = true;
            }
            hop.deliver(&mut broadcast, &terms);
        }
        if overtakes {
            let stamp = retained.mark(publish.topic);
            if let Some(client) = publisher.and_then(|key| clients.get_mut(key)) {
                client.go_on_since(stamp, false);
            }
        }
        if fan_out.handlers.is_empty() {
            return fan_out.targets.len();
        }
        for (handler, retain) in fan_out.handlers.iter().copied() {
            log.post(HostMessage { handler, message: Arc::clone(broadcast.message()), arrived: now, retain });
        }
        fan_out.targets.len() + 1
    }
}
