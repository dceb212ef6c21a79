//! A foreign client: its code runs outside of the world, which carries its bytes.
//!
//! Its host opens links, sends bytes and closes, as actions. Bytes that come to it stand in the
//! trace, where [`SocketEvents`](super::SocketEvents) reads them. So a run with foreign clients is
//! replayed without their code.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::action::{ActionError, Actor, Direction};
use super::actor::{ClientActor, Machine};
use super::link::{End, LinkId};
use super::sorted_map::SortedMap;
use super::trace::{ClientEvent, EntryId, Event};
use super::{World, boxed};
use crate::client::Attempt;
use crate::codec::{Decoder, PACKET_BYTES_MAX, Packet, PacketId, PropertyId, Publish, QoS, Version};

/// State of a foreign client, as far as anybody on the wire could know it.
#[derive(Debug, Default)]
pub(super) struct ForeignClient {
    /// Links on which it sends.
    sending: SortedMap<LinkId, Sending>,
    /// Identifiers of messages of QoS 2 that came and are not released.
    unreleased: SortedMap<PacketId, ()>,
    /// Topics of the broker's aliases.
    aliases: SortedMap<(LinkId, u32), Box<str>>,
}

/// Bytes that are no whole packet yet. A packet goes off once its client has sent all of it, so
/// that the trace has packets.
#[derive(Debug)]
struct Sending {
    decoder: Decoder,
    /// These are no packets of MQTT, so that bytes go off as they come.
    is_raw: bool,
}

impl ForeignClient {
    /// Returns the packets that are whole with these bytes.
    fn split(&mut self, link: LinkId, bytes: &[u8], version: Version) -> Vec<Vec<u8>> {
        let new = Sending { decoder: Decoder::new(PACKET_BYTES_MAX), is_raw: false };
        let Sending { decoder, is_raw } = self.sending.get_or_insert(link, new);
        if *is_raw {
            return vec![bytes.to_vec()];
        }
        decoder.feed(bytes);
        let mut packets = Vec::new();
        loop {
            match decoder.advance(version) {
                Ok(Some(located)) => packets.push(decoder.bytes(&located).to_vec()),
                Ok(None) => return packets,
                Err(_) => {
                    *is_raw = true;
                    packets.push(decoder.unread().to_vec());
                    decoder.reset();
                    return packets;
                }
            }
        }
    }

    /// Forgets a link, and returns the bytes that are no whole packet.
    fn forget(&mut self, link: LinkId) -> Vec<u8> {
        self.aliases.retain(|(other, _), _| *other != link);
        self.sending.remove(&link).map(|sending| sending.decoder.unread().to_vec()).unwrap_or_default()
    }

    /// A whole packet has come to the client. Returns the event that its code will tell.
    pub(super) fn on_arrival(&mut self, link: LinkId, bytes: &[u8], version: Version) -> Option<ClientEvent> {
        match Packet::decode_from_server(bytes, version).ok()? {
            Packet::Connack(connack) if !connack.reason.is_error() => {
                if !connack.session_present {
                    self.unreleased.clear();
                }
                Some(ClientEvent::Connected { session_present: connack.session_present })
            }
            Packet::Publish(publish) => self.on_publish(link, &publish),
            Packet::Pubrel(ack) => {
                self.unreleased.remove(&ack.packet_id);
                None
            }
            _ => None,
        }
    }

    /// Returns the message, unless it is of QoS 2 and came before (§4.3.3).
    fn on_publish(&mut self, link: LinkId, publish: &Publish<'_>) -> Option<ClientEvent> {
        let mut topic: Box<str> = publish.topic.into();
        if let Some(alias) = publish.properties.number(PropertyId::TopicAlias) {
            let known = self.aliases.get_or_default((link, alias));
            if publish.topic.is_empty() {
                topic.clone_from(known);
            } else {
                known.clone_from(&topic);
            }
        }
        let is_new = match publish.packet_id {
            Some(packet_id) if publish.qos == QoS::ExactlyOnce => self.unreleased.insert(packet_id, ()).is_none(),
            _ => true,
        };
        let (qos, dup, retain) = (publish.qos, publish.dup, publish.retain);
        is_new.then(|| ClientEvent::Message { topic, payload: boxed(publish.payload), qos, dup, retain })
    }
}

impl World {
    /// Returns the latest link of a client, until its host has closed it.
    #[must_use]
    pub fn link(&self, actor: Actor) -> Option<LinkId> {
        self.clients.get(actor.0)?.link.map(|(_, link)| link)
    }

    /// True if the client's code runs outside of the world.
    #[must_use]
    pub fn is_foreign(&self, actor: Actor) -> bool {
        self.clients.get(actor.0).is_some_and(|actor| matches!(actor.machine, Machine::Foreign(_)))
    }

    /// A foreign client joins.
    pub(super) fn join(&mut self, name: Box<str>) {
        let conditions = self.conditions();
        self.clients.push(ClientActor::foreign(name, conditions));
    }

    /// The host of a foreign client opens a link.
    pub(super) fn open_foreign(&mut self, actor: Actor) -> Result<(), ActionError> {
        self.foreign(actor)?;
        // Only the code of a simulated client counts its attempts.
        self.begin_link(actor, Attempt(0));
        Ok(())
    }

    /// A foreign client sends bytes.
    pub(super) fn send_foreign(&mut self, actor: Actor, id: LinkId, bytes: &[u8]) -> Result<(), ActionError> {
        let state = self.links.get(&id).filter(|link| link.actor == actor).map(|link| (link.client, link.version));
        let Some((End::Open | End::Learns(_), version)) = state else {
            return Err(ActionError::ClosedLink(id));
        };
        for packet in self.foreign(actor)?.split(id, bytes, version) {
            self.send_packet(id, Direction::Up, &packet);
        }
        Ok(())
    }

    /// The host of a foreign client closes a link, behind what its client has sent.
    pub(super) fn close_foreign(&mut self, actor: Actor, id: LinkId) -> Result<(), ActionError> {
        self.foreign(actor)?;
        if self.links.get(&id).is_none_or(|link| link.actor != actor || link.client == End::Closed) {
            return Err(ActionError::ClosedLink(id));
        }
        self.end_foreign(actor, id);
        Ok(())
    }

    /// Closes a link, if it is one of a foreign client's.
    fn end_foreign(&mut self, actor: Actor, id: LinkId) {
        let rest = self.foreign(actor).map(|foreign| foreign.forget(id)).unwrap_or_default();
        if !rest.is_empty() {
            self.send_packet(id, Direction::Up, &rest);
        }
        self.close_end(id, Direction::Down);
        self.forget_link(actor, id);
    }

    /// The process of a foreign client is gone: its host closes all its links.
    pub(super) fn kill_foreign(&mut self, actor: Actor) {
        if !self.is_foreign(actor) {
            return;
        }
        let links: Vec<LinkId> = self.links.iter().filter(|(_, link)| link.actor == actor).map(|(id, _)| *id).collect();
        for id in links {
            self.end_foreign(actor, id);
        }
    }

    /// The host of a foreign client has learnt that a link is gone.
    pub(super) fn forget_link(&mut self, actor: Actor, id: LinkId) {
        let Some(client) = self.clients.get_mut(actor.0) else { return };
        if let Machine::Foreign(foreign) = &mut client.machine {
            foreign.forget(id);
            client.link = client.link.filter(|(_, link)| *link != id);
        }
    }

    /// Notes the event of a packet that has come to a foreign client.
    pub(super) fn note_foreign(&mut self, actor: Actor, id: LinkId, packet: EntryId) {
        let Self { clients, links, trace, .. } = self;
        let foreign = clients.get_mut(actor.0).and_then(ClientActor::foreign_mut);
        let (Some(foreign), Some(link), Some(packet)) = (foreign, links.get(&id), trace.packet(packet)) else { return };
        let event = foreign.on_arrival(id, &packet.bytes, link.version);
        if let Some(event) = event {
            self.note(Event::Client(actor, event));
        }
    }

    fn foreign(&mut self, actor: Actor) -> Result<&mut ForeignClient, ActionError> {
        self.clients.get_mut(actor.0).and_then(ClientActor::foreign_mut).ok_or(ActionError::NotForeign(actor))
    }
}
