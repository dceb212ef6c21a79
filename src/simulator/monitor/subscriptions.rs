//! Messages reach the clients that have subscribed to them, at the QoS that was granted, and as
//! they were published.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Findings, Guarantee};
use crate::broker::Event;
use crate::codec::{Packet, PropertyId, Publish, QoS, ReasonCode, SubscriptionOptions, Version};
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Direction, EntryId, LinkId, PacketRecord};
use crate::topic::{TopicFilter, TopicName};

/// A message by its topic and payload.
type Key = (Box<str>, Box<[u8]>);

/// Subscriptions, retained messages, and the messages that have come to the broker.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    links: SortedMap<LinkId, Link>,
    clients: SortedMap<Arc<str>, Client>,
    published: SortedMap<Key, Published>,
    /// The retained messages of each topic, the latest last.
    retained: SortedMap<Box<str>, Vec<RetainedValue>>,
    /// Topics of wills, whose time of publication nobody sees on the wire.
    will_topics: SortedMap<Box<str>, ()>,
    /// Another broker has subscriptions and retained messages that nobody has seen begin.
    is_restarted: bool,
}

/// A payload that was retained, and the entry before which it was replaced.
type RetainedValue = (Box<[u8]>, Option<EntryId>);

#[derive(Debug)]
struct Link {
    version: Version,
    client_id: Arc<str>,
    aliases: SortedMap<(Direction, u32), Box<str>>,
    /// The broker has ended the connection. It reads no more of it, while its store may have yet to
    /// let the end go out.
    is_over: bool,
}

#[derive(Debug, Default)]
struct Client {
    subscriptions: SortedMap<Box<str>, Subscription>,
    /// True if the session's subscriptions are not known, since a broker was restarted.
    is_unknown: bool,
}

#[derive(Debug)]
struct Subscription {
    filter: TopicFilter,
    /// The highest that was asked for so far.
    asked: QoS,
    /// The highest that was granted so far.
    granted: QoS,
    /// False as long as some SUBSCRIBE has asked otherwise.
    is_always_no_local: bool,
    keeps_retain: bool,
    is_granted: bool,
    asked_at: EntryId,
    ended_at: Option<EntryId>,
}

#[derive(Debug)]
struct Published {
    /// The highest.
    qos: QoS,
    publishers: SortedMap<Arc<str>, ()>,
    last_at: EntryId,
    has_lasting: bool,
}

impl Subscriptions {
    pub(super) fn on_arrival(&mut self, before: EntryId, record: &PacketRecord) {
        if record.direction == Direction::Down {
            return;
        }
        let version = self.links.get(&record.link).map_or(Version::V5, |link| link.version);
        match Packet::decode(&record.bytes, version) {
            Ok(Packet::Connect(connect)) => {
                if let Some(will) = &connect.will {
                    self.will_topics.insert(will.topic.into(), ());
                }
                let (version, client_id) = (connect.version, connect.client_id.into());
                let link = Link { version, client_id, aliases: SortedMap::default(), is_over: false };
                self.links.insert(record.link, link);
            }
            Ok(Packet::Publish(publish)) => self.on_published(before, record.link, &publish),
            Ok(Packet::Subscribe(subscribe)) => {
                for one in subscribe.subscriptions {
                    self.on_subscribe(before, record.link, one.filter, one.options);
                }
            }
            _ => {}
        }
    }

    fn on_published(&mut self, before: EntryId, link: LinkId, publish: &Publish<'_>) {
        let Some(link) = self.links.get_mut(&link) else { return };
        let Some(topic) = link.topic(Direction::Up, publish) else { return };
        if publish.retain {
            let values = self.retained.get_or_default(topic.clone());
            // One that is sent again may have been retained before, so that others are later.
            // One that comes too late is not read.
            if !publish.dup && !link.is_over {
                for (_, end) in values.iter_mut() {
                    end.get_or_insert(before);
                }
            }
            if !publish.payload.is_empty() {
                values.push((publish.payload.into(), None));
            }
        }
        let new = Published { qos: publish.qos, publishers: SortedMap::default(), last_at: before, has_lasting: false };
        let published = self.published.get_or_insert((topic, publish.payload.into()), new);
        published.qos = published.qos.max(publish.qos);
        published.publishers.insert(link.client_id.clone(), ());
        published.last_at = before;
        published.has_lasting |= publish.properties.number(PropertyId::MessageExpiryInterval) != Some(0);
    }

    fn on_subscribe(&mut self, before: EntryId, link: LinkId, filter: &str, options: SubscriptionOptions) {
        let Some(link) = self.links.get(&link) else { return };
        let client = self.clients.get_or_default(link.client_id.clone());
        let Ok(parsed) = TopicFilter::parse(filter) else { return };
        let new = Subscription {
            filter: parsed,
            asked: options.qos,
            granted: QoS::AtMostOnce,
            is_always_no_local: true,
            keeps_retain: false,
            is_granted: false,
            asked_at: before,
            ended_at: None,
        };
        let one = client.subscriptions.get_or_insert(filter.into(), new);
        one.asked = one.asked.max(options.qos);
        // Copies for an earlier SUBSCRIBE may still be on their way.
        if one.ended_at.is_some() {
            one.asked_at = before;
        }
        one.is_always_no_local &= options.no_local;
        one.keeps_retain |= options.retain_as_published;
    }

    pub(super) fn on_broker(&mut self, entry: EntryId, event: &Event) {
        self.note_end(event);
        match event {
            Event::Subscribed { client_id, filter, reason } => {
                let client = self.clients.get_or_default(client_id.clone());
                let Some(one) = client.subscriptions.get_mut(filter) else { return };
                let granted = match reason {
                    ReasonCode::Success => QoS::AtMostOnce,
                    ReasonCode::GrantedQoS1 => QoS::AtLeastOnce,
                    ReasonCode::GrantedQoS2 => QoS::ExactlyOnce,
                    _ => return,
                };
                one.granted = one.granted.max(granted.min(one.asked));
                (one.is_granted, one.ended_at) = (true, None);
            }
            Event::Unsubscribed { client_id, filter, .. } => {
                if let Some(one) =
                    self.clients.get_mut(client_id).and_then(|client| client.subscriptions.get_mut(filter))
                {
                    one.ended_at.get_or_insert(entry);
                }
            }
            Event::Connected { client_id, session_present: false, .. } | Event::SessionEnded { client_id } => {
                self.clients.remove(client_id);
            }
            Event::Connected { client_id, .. } if self.is_restarted => {
                self.clients.get_or_insert(client_id.clone(), Client { is_unknown: true, ..Client::default() });
            }
            _ => {}
        }
    }

    /// Notes which links are over. A takeover ends the older connection, and then begins the newer.
    fn note_end(&mut self, event: &Event) {
        match event {
            Event::Disconnected { client_id, .. } => self.links.for_each_mut(|link| {
                link.is_over |= link.client_id == *client_id;
            }),
            Event::Connected { client_id, .. } => {
                let newest =
                    self.links.iter().filter(|(_, link)| link.client_id == *client_id).map(|(id, _)| *id).last();
                if let Some(link) = newest.and_then(|id| self.links.get_mut(&id)) {
                    link.is_over = false;
                }
            }
            _ => {}
        }
    }

    /// Another broker has the subscriptions and retained messages of its store, or none.
    pub(super) fn on_restart(&mut self) {
        self.clients.clear();
        self.retained.clear();
        self.is_restarted = true;
    }

    pub(super) fn on_sent(&mut self, record: &PacketRecord, findings: &mut Findings<'_>) {
        if record.direction == Direction::Up {
            return;
        }
        let Some(link) = self.links.get_mut(&record.link) else { return };
        let Ok(Packet::Publish(publish)) = Packet::decode(&record.bytes, link.version) else { return };
        let Some(topic) = link.topic(Direction::Down, &publish) else { return };
        // What the store has held back goes out behind the end, of the session too.
        if link.is_over {
            return;
        }
        let client_id = link.client_id.clone();
        let Some(client) = self.clients.get(&client_id).filter(|client| !client.is_unknown) else { return };
        let Ok(name) = TopicName::parse(&topic) else { return };
        if publish.dup || topic.starts_with("$SYS") || self.will_topics.contains_key(&topic) {
            return;
        }
        let matching: Vec<&Subscription> = client.matching(&name).collect();
        let key = (topic, publish.payload.into());
        let problem = if publish.retain && !matching.iter().any(|one| one.keeps_retain) {
            if self.is_restarted { None } else { self.check_retained(&key, &matching) }
        } else if publish.retain {
            None
        } else {
            self.check_live(&client_id, &key, &publish, &matching)
        };
        if let Some((guarantee, problem)) = problem {
            findings.add(guarantee, format!("{client_id} is sent a message on {}, {problem}", key.0));
        }
    }

    /// A retained message is the topic's last, or was when the client had subscribed already.
    fn check_retained(&self, key: &Key, matching: &[&Subscription]) -> Option<(Guarantee, &'static str)> {
        let since = matching.iter().map(|one| one.asked_at).min()?;
        let values = self.retained.get(&key.0).map_or(&[][..], Vec::as_slice);
        let is_right = values.iter().any(|(value, end)| *value == key.1 && end.is_none_or(|end| end >= since));
        (!is_right).then_some((Guarantee::Retained, "which is not its topic's retained message"))
    }

    fn check_live(
        &self,
        client_id: &Arc<str>,
        key: &Key,
        publish: &Publish<'_>,
        matching: &[&Subscription],
    ) -> Option<(Guarantee, &'static str)> {
        let Some(published) = self.published.get(key) else {
            return Some((Guarantee::Subscriptions, "which nobody has published"));
        };
        let is_due = |one: &&Subscription| one.ended_at.is_none_or(|ended_at| ended_at >= published.last_at);
        let granted = matching.iter().map(|one| one.granted).max().unwrap_or_default();
        let problem = if !matching.iter().any(is_due) {
            (Guarantee::Subscriptions, "to which it has no subscription")
        } else if publish.qos > granted.min(published.qos) {
            (Guarantee::Subscriptions, "at a QoS above the one that it was granted")
        } else if matching.iter().all(|one| one.is_always_no_local)
            && published.publishers.keys().all(|publisher| publisher == client_id)
        {
            (Guarantee::Subscriptions, "which is its own, with No Local")
        } else if published.has_lasting && publish.properties.number(PropertyId::MessageExpiryInterval) == Some(0) {
            (Guarantee::MessageExpiry, "which has expired")
        } else {
            return None;
        };
        Some(problem)
    }
}

impl Link {
    /// Returns the topic of a PUBLISH; `None` if its alias stands for none.
    fn topic(&mut self, direction: Direction, publish: &Publish<'_>) -> Option<Box<str>> {
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else { return Some(publish.topic.into()) };
        if !publish.topic.is_empty() {
            self.aliases.insert((direction, alias), publish.topic.into());
        }
        self.aliases.get(&(direction, alias)).cloned()
    }
}

impl Client {
    fn matching(&self, topic: &TopicName) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values().filter(|one| one.is_granted && one.filter.matches(topic))
    }
}
