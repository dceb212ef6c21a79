//! Messages from their publishers to the handlers: how often, and in what order.

use alloc::boxed::Box;
use alloc::format;

use super::{Findings, Guarantee};
use crate::codec::{Packet, PropertyId, Publish, QoS, Version};
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Actor, ClientEvent, Direction, LinkId, PacketRecord};

/// A message by its topic and payload.
type Key = (Box<str>, Box<[u8]>);

/// The messages that clients have sent.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    sent: SortedMap<Key, Sent>,
    next: u64,
    versions: SortedMap<LinkId, Version>,
    aliases: SortedMap<(LinkId, u32), Box<str>>,
    /// How often each client has had a message.
    received: SortedMap<(Actor, Key), u32>,
    /// The number of the last message of a publisher, topic and QoS that came first.
    last: SortedMap<(Actor, Actor, Box<str>, QoS, QoS), u64>,
    /// Clients with a shared subscription: messages may come to them over several.
    shared: SortedMap<Actor, ()>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    publisher: Actor,
    /// Messages count in the order of their sending.
    number: u64,
    qos: QoS,
    /// How often it was published; resending does not count.
    times: u32,
    /// It was sent again at QoS 1. A subscriber that came in between has it behind later ones.
    is_repeated: bool,
}

impl Deliveries {
    pub(super) fn on_sent(&mut self, packet: &PacketRecord) {
        if packet.direction == Direction::Down {
            return;
        }
        let version = self.versions.get(&packet.link).copied().unwrap_or(Version::V5);
        match Packet::decode(&packet.bytes, version) {
            Ok(Packet::Connect(connect)) => {
                self.versions.insert(packet.link, connect.version);
            }
            Ok(Packet::Publish(publish)) => self.on_publish(packet, &publish),
            Ok(Packet::Subscribe(subscribe))
                if subscribe.subscriptions.iter().any(|one| one.filter.starts_with("$share/")) =>
            {
                self.shared.insert(packet.actor, ());
            }
            _ => {}
        }
    }

    fn on_publish(&mut self, packet: &PacketRecord, publish: &Publish<'_>) {
        let mut topic = Box::from(publish.topic);
        if let Some(alias) = publish.properties.number(PropertyId::TopicAlias) {
            let known = self.aliases.get_or_default((packet.link, alias));
            if publish.topic.is_empty() {
                topic = known.clone();
            } else {
                known.clone_from(&topic);
            }
        }
        let key = (topic, publish.payload.into());
        if publish.dup {
            if let Some(sent) = self.sent.get_mut(&key) {
                sent.is_repeated |= publish.qos == QoS::AtLeastOnce;
            }
        } else {
            self.next += 1;
            let new =
                Sent { publisher: packet.actor, number: self.next, qos: publish.qos, times: 0, is_repeated: false };
            self.sent.get_or_insert(key, new).times += 1;
        }
    }

    pub(super) fn on_client(&mut self, actor: Actor, event: &ClientEvent, findings: &mut Findings<'_>) {
        match event {
            ClientEvent::Message { topic, payload, qos, retain: false, .. } => {
                self.on_message(actor, &(topic.clone(), payload.clone()), *qos, findings);
            }
            // Another process knows nothing of what it had.
            ClientEvent::Killed => {
                self.received.retain(|(other, _), _| *other != actor);
                self.last.retain(|(other, ..), _| *other != actor);
            }
            _ => {}
        }
    }

    /// The broker has forgotten its sessions. A publisher that misses the CONNACK which says so
    /// sends again to the new session, since the next CONNACK resumes that.
    pub(super) fn on_forgotten(&mut self) {
        self.sent.for_each_mut(|sent| sent.times += 1);
    }

    fn on_message(&mut self, actor: Actor, key: &Key, qos: QoS, findings: &mut Findings<'_>) {
        let Some(sent) = self.sent.get(key).copied().filter(|sent| sent.times == 1) else { return };
        if self.shared.contains_key(&actor) {
            return;
        }
        let times = self.received.get_or_default((actor, key.clone()));
        *times += 1;
        if *times > 1 {
            // A hop of QoS 1 may repeat it.
            let guarantee = match (sent.qos, qos) {
                (QoS::AtLeastOnce, _) | (_, QoS::AtLeastOnce) => return,
                (_, QoS::AtMostOnce) => Guarantee::AtMostOnce,
                (_, QoS::ExactlyOnce) => Guarantee::ExactlyOnce,
            };
            let text = format!("client {} has had a message of {:?} on {} {times} times", actor.0, qos, key.0);
            findings.add(guarantee, text);
            return;
        }
        if sent.is_repeated {
            return;
        }
        let last = self.last.get_or_default((actor, sent.publisher, key.0.clone(), sent.qos, qos));
        if sent.number < *last {
            let text = format!("client {} has had a message on {} behind a later one", actor.0, key.0);
            findings.add(Guarantee::Order, text);
        }
        *last = sent.number.max(*last);
    }
}
