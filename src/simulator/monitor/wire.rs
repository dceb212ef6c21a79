//! Packet identifiers, receive maximum, topic aliases and packet sizes, as they can be seen on the
//! wire.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use super::{Findings, Guarantee};
use crate::broker::Event;
use crate::client::RequestError;
use crate::codec::{
    Ack, Connack, Connect, Packet, PacketId, PacketKind, Properties, PropertyId, Publish, QoS, Version,
};
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Actor, ClientEvent, Direction, LinkId, PacketRecord};

/// The links, and the identifiers that each session's ends use.
#[derive(Debug, Default)]
pub(super) struct Wire {
    links: SortedMap<LinkId, Link>,
    /// Identifiers in use, by client and by the direction of their PUBLISH.
    used: SortedMap<(Actor, Direction), SortedMap<u16, Use>>,
    /// The QoS of the last PUBLISH with each identifier.
    last: SortedMap<(Actor, Direction, u16), QoS>,
    /// Clients by identifier.
    actors: SortedMap<String, Actor>,
}

/// The packet that an identifier belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// PUBLISH of this QoS.
    Published(QoS),
    /// PUBLISH of QoS 1 of an earlier connection. Its sender may drop it, since this receiver does
    /// not take it, and says so.
    Owed,
    /// PUBREL.
    Released,
    /// SUBSCRIBE or UNSUBSCRIBE.
    Request,
}

/// One connection.
#[derive(Debug)]
struct Link {
    version: Version,
    up: Way,
    down: Way,
}

/// One direction of a connection: its receiver's limits, and what they count.
#[derive(Debug)]
struct Way {
    receive_maximum: usize,
    packet_bytes_max: usize,
    aliases_max: u32,
    aliases: SortedMap<u32, ()>,
    /// Messages of QoS 1 and 2 without an answer.
    unanswered: SortedMap<u16, ()>,
}

impl Wire {
    /// A packet leaves its sender.
    pub(super) fn on_sent(&mut self, record: &PacketRecord, findings: &mut Findings<'_>) {
        self.begin_link(record);
        let Some(link) = self.links.get_mut(&record.link) else { return };
        let version = link.version;
        let way = link.way(record.direction);
        let bytes = record.bytes.len();
        if bytes > way.packet_bytes_max {
            let text = format!("a packet of {bytes} bytes; the receiver takes {}", way.packet_bytes_max);
            findings.add(Guarantee::PacketSize, text);
        }
        let Ok(packet) = Packet::decode(&record.bytes, version) else { return };
        let used = self.used.get_or_default((record.actor, record.direction));
        match packet {
            Packet::Connect(connect) => self.on_connect(record, &connect),
            Packet::Connack(connack) => self.on_connack_sent(record, &connack),
            Packet::Publish(publish) => {
                way.on_publish(&publish, findings);
                if let Some(packet_id) = publish.packet_id {
                    self.last.insert((record.actor, record.direction, packet_id.get()), publish.qos);
                    note_publish(used, packet_id, &publish, findings);
                }
            }
            Packet::Pubrel(ack) => {
                let last = self.last.get(&(record.actor, record.direction, ack.packet_id.get()));
                check_pubrel(last, &ack, findings);
                if let Some(old @ Use::Published(QoS::ExactlyOnce)) = used.get_mut(&ack.packet_id.get()) {
                    *old = Use::Released;
                }
            }
            Packet::Subscribe(request) => note_request(used, request.packet_id, findings),
            Packet::Unsubscribe(request) => note_request(used, request.packet_id, findings),
            _ => {}
        }
    }

    /// A packet has reached its receiver, which reads it now or soon.
    pub(super) fn on_arrival(&mut self, record: &PacketRecord) {
        let Some(link) = self.links.get_mut(&record.link) else { return };
        let Ok(packet) = Packet::decode(&record.bytes, link.version) else { return };
        // An answer frees an identifier of the other direction.
        let direction = match record.direction {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        };
        let way = link.way(direction);
        let used = self.used.get_or_default((record.actor, direction));
        let (packet_id, is_end) = match &packet {
            Packet::Connack(connack) => return self.on_connack_arrived(record, connack),
            Packet::Puback(ack) => {
                let used = used.get(&ack.packet_id.get());
                (ack.packet_id, matches!(used, Some(Use::Published(QoS::AtLeastOnce) | Use::Owed)))
            }
            Packet::Pubrec(ack) => (ack.packet_id, ack.reason.is_error()),
            Packet::Pubcomp(ack) => (ack.packet_id, used.get(&ack.packet_id.get()) == Some(&Use::Released)),
            Packet::Suback(suback) => (suback.packet_id, true),
            Packet::Unsuback(unsuback) => (unsuback.packet_id, true),
            _ => return,
        };
        if is_end {
            used.remove(&packet_id.get());
            way.unanswered.remove(&packet_id.get());
        }
    }

    /// A client's process is gone, and its state with it.
    pub(super) fn on_killed(&mut self, actor: Actor) {
        self.used.remove(&(actor, Direction::Up));
    }

    pub(super) fn on_client(&mut self, actor: Actor, event: &ClientEvent) {
        // The message was given up, which frees its identifier unseen.
        if matches!(event, ClientEvent::Done(_, Err(RequestError::LostThrice))) {
            self.used.remove(&(actor, Direction::Up));
        }
        if let ClientEvent::Done(_, Err(_)) = event
            && let Some(used) = self.used.get_mut(&(actor, Direction::Up))
        {
            used.retain(|_, used| *used != Use::Owed);
        }
    }

    pub(super) fn on_broker(&mut self, event: &Event) {
        let client_id: &Arc<str> = match event {
            Event::Connected { client_id, session_present: false, .. } | Event::SessionEnded { client_id } => client_id,
            Event::Dropped { client_id: Some(client_id), .. } => return self.forget_owed(client_id),
            _ => return,
        };
        if let Some(actor) = self.actors.get(&**client_id) {
            self.used.remove(&(*actor, Direction::Down));
        }
    }

    /// A message was dropped, and perhaps it was one that the session owed.
    fn forget_owed(&mut self, client_id: &str) {
        if let Some(actor) = self.actors.get(client_id)
            && let Some(used) = self.used.get_mut(&(*actor, Direction::Down))
        {
            used.retain(|_, used| *used != Use::Owed);
        }
    }

    /// A link begins with CONNECT.
    fn begin_link(&mut self, record: &PacketRecord) {
        if record.kind == Some(PacketKind::Connect)
            && let Ok(Packet::Connect(connect)) = Packet::decode(&record.bytes, Version::V5)
        {
            self.links.insert(record.link, Link::new(&connect));
        }
    }

    fn on_connect(&mut self, record: &PacketRecord, connect: &Connect<'_>) {
        self.actors.insert(connect.client_id.into(), record.actor);
        // A request that lost its connection has an identifier of its own in the next one.
        let used = self.used.get_or_default((record.actor, Direction::Up));
        used.retain(|_, used| *used != Use::Request);
    }

    fn on_connack_sent(&mut self, record: &PacketRecord, connack: &Connack<'_>) {
        self.resume((record.actor, Direction::Down), connack);
    }

    fn on_connack_arrived(&mut self, record: &PacketRecord, connack: &Connack<'_>) {
        if let Some(link) = self.links.get_mut(&record.link) {
            link.up = Way::new(link.version, connack.properties);
        }
        self.resume((record.actor, Direction::Up), connack);
    }

    fn resume(&mut self, sender: (Actor, Direction), connack: &Connack<'_>) {
        let used = self.used.get_or_default(sender);
        if connack.session_present {
            used.for_each_mut(|used| {
                if *used == Use::Published(QoS::AtLeastOnce) {
                    *used = Use::Owed;
                }
            });
        } else if !connack.reason.is_error() {
            used.clear();
        }
    }
}

impl Link {
    fn new(connect: &Connect<'_>) -> Self {
        let version = connect.version;
        Self { version, up: Way::new(version, Properties::EMPTY), down: Way::new(version, connect.properties) }
    }

    const fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

impl Way {
    /// The way to a receiver with these properties of CONNECT or CONNACK.
    fn new(version: Version, properties: Properties<'_>) -> Self {
        let number = |id, default| match version {
            Version::V3_1_1 => default,
            Version::V5 => properties.number(id).unwrap_or(default),
        };
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            receive_maximum: size(number(PropertyId::ReceiveMaximum, u16::MAX.into())),
            packet_bytes_max: size(number(PropertyId::MaximumPacketSize, u32::MAX)),
            aliases_max: number(PropertyId::TopicAliasMaximum, 0),
            aliases: SortedMap::default(),
            unanswered: SortedMap::default(),
        }
    }

    fn on_publish(&mut self, publish: &Publish<'_>, findings: &mut Findings<'_>) {
        if let Some(alias) = publish.properties.number(PropertyId::TopicAlias) {
            if alias > self.aliases_max {
                let text = format!("topic alias {alias}; the receiver takes {}", self.aliases_max);
                findings.add(Guarantee::TopicAliases, text);
            }
            if self.aliases.insert(alias, ()).is_none() && publish.topic.is_empty() {
                findings.add(Guarantee::TopicAliases, format!("topic alias {alias} stands for no topic"));
            }
        }
        let Some(packet_id) = publish.packet_id else { return };
        self.unanswered.insert(packet_id.get(), ());
        let (count, max) = (self.unanswered.len(), self.receive_maximum);
        if count > max {
            findings.add(
                Guarantee::ReceiveMaximum,
                format!("{count} messages without an answer; the receiver takes {max}"),
            );
        }
    }
}

fn note_publish(
    used: &mut SortedMap<u16, Use>,
    packet_id: PacketId,
    publish: &Publish<'_>,
    findings: &mut Findings<'_>,
) {
    let old = used.insert(packet_id.get(), Use::Published(publish.qos));
    if let Some(old) = old
        && !(publish.dup && old == Use::Published(publish.qos))
        && !(publish.dup && old == Use::Owed && publish.qos == QoS::AtLeastOnce)
    {
        let text = format!("PUBLISH has packet identifier {packet_id}, which is in use by {old:?}");
        findings.add(Guarantee::PacketIdentifiers, text);
    }
}

/// PUBREL follows PUBLISH of QoS 2 [MQTT-4.3.3-4].
fn check_pubrel(last: Option<&QoS>, ack: &Ack<'_>, findings: &mut Findings<'_>) {
    if last == Some(&QoS::AtLeastOnce) && !ack.reason.is_error() {
        let text = format!("PUBREL has packet identifier {}, which is of QoS 1", ack.packet_id);
        findings.add(Guarantee::PacketIdentifiers, text);
    }
}

fn note_request(used: &mut SortedMap<u16, Use>, packet_id: PacketId, findings: &mut Findings<'_>) {
    if let Some(old) = used.insert(packet_id.get(), Use::Request) {
        let text = format!("a request has packet identifier {packet_id}, which is in use by {old:?}");
        findings.add(Guarantee::PacketIdentifiers, text);
    }
}
