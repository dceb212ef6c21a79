//! Outputs of the machines: packets on their way, links that open and close, and entries of the
//! trace.

use alloc::vec::Vec;
use core::num::NonZeroU32;
use core::time::Duration;

use super::action::{Actor, Direction};
use super::link::{End, Link, LinkId};
use super::pipe::Parcel;
use super::trace::{ClientEvent, Event, Fate, LinkEvent, LossCause, PacketRecord, Place};
use super::{World, boxed};
use crate::broker::{self, PeerId};
use crate::client::{self, Attempt};
use crate::codec::{Decoder, PACKET_BYTES_MAX, Packet, PacketId, PacketKind, Version};

/// Milliseconds that the store takes for a batch, at most.
const STORE_MILLISECONDS_MAX: u64 = 40;
/// Unread bytes at which the transport of a slow reader takes no more.
const SOCKET_BYTES: usize = 64 << 10;

/// An output of a client that changes the world, with nothing borrowed.
enum Wish {
    Transmit(Vec<u8>),
    Open(Attempt),
    Close,
}

impl World {
    /// Does what the client asks for.
    pub(super) fn drain_client(&mut self, actor: Actor) {
        while let Some(wish) = self.next_wish(actor) {
            match wish {
                Wish::Transmit(bytes) => self.transmit_up(actor, &bytes),
                Wish::Open(attempt) => self.begin_link(actor, attempt),
                Wish::Close => {
                    if let Some((_, id)) = self.clients[actor.0].link.take() {
                        self.close_end(id, Direction::Down);
                    }
                }
            }
        }
    }

    /// Notes the client's events up to the next output that changes the world.
    fn next_wish(&mut self, actor: Actor) -> Option<Wish> {
        let Self { clients, trace, now, cause, .. } = self;
        let client = clients.get_mut(actor.0)?.client_mut()?;
        loop {
            let (event, wish) = match client.poll_output()? {
                client::Output::Transmit(bytes) => return Some(Wish::Transmit(bytes.to_vec())),
                client::Output::Open { attempt, .. } => return Some(Wish::Open(attempt)),
                client::Output::Connected(connected) => {
                    (ClientEvent::Connected { session_present: connected.session_present }, None)
                }
                client::Output::Message(incoming) => {
                    let publish = incoming.publish;
                    let (topic, payload) = (publish.topic.into(), boxed(publish.payload));
                    let (qos, dup, retain) = (publish.qos, publish.dup, publish.retain);
                    (ClientEvent::Message { topic, payload, qos, dup, retain }, None)
                }
                // A world answers none: such an attempt ends at its time limit.
                client::Output::Authenticate(..) => (ClientEvent::Challenged, None),
                // A world gives its clients no store.
                client::Output::Store(..) => continue,
                client::Output::Notice(notice) => (ClientEvent::Notice(notice), None),
                client::Output::Done(request, result) => (ClientEvent::Done(request, result), None),
                client::Output::Lost(lost) => {
                    (ClientEvent::Lost { reason: lost.reason, retry_at: lost.retry_at }, Some(Wish::Close))
                }
                client::Output::Closed(reason) => (ClientEvent::Closed(reason), Some(Wish::Close)),
            };
            trace.note(*now, *cause, Event::Client(actor, event));
            if wish.is_some() {
                return wish;
            }
        }
    }

    pub(super) fn begin_link(&mut self, actor: Actor, attempt: Attempt) {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        let client = &mut self.clients[actor.0];
        client.link = Some((attempt, id));
        let opens_at = self.now + Duration::from_millis(client.conditions.latency);
        self.links.insert(id, Link::new(actor, attempt, opens_at, client.reads));
        self.note(Event::Link(id, LinkEvent::Opening(actor)));
    }

    /// Does what the broker asks for.
    pub(super) fn drain_broker(&mut self) {
        loop {
            let Some(output) = self.broker.poll_output() else { break };
            match output {
                broker::Output::Transmit(peer, bytes) => {
                    let bytes = bytes.to_vec();
                    self.transmit_down(peer, &bytes);
                }
                broker::Output::Close(peer) => {
                    if let Some(id) = self.peers.remove(&peer) {
                        self.close_end(id, Direction::Up);
                    }
                }
                broker::Output::Event(event) => {
                    self.trace.note(self.now, self.cause, Event::Broker(event));
                }
                broker::Output::Store(id, batch) => {
                    if let Some(disk) = &mut self.disk {
                        let delay = crate::random::split_mix(&mut self.random) % STORE_MILLISECONDS_MAX;
                        disk.begin(id, batch, self.now + Duration::from_millis(delay));
                    }
                }
                // The world asks nothing, reads all that comes, and has no subscription of its own.
                broker::Output::Ask { .. } | broker::Output::Resume(_) | broker::Output::Message(_) => {}
            }
        }
    }

    fn transmit_up(&mut self, actor: Actor, bytes: &[u8]) {
        if let Some((_, id)) = self.clients.get(actor.0).and_then(|client| client.link) {
            self.send(id, Direction::Up, bytes);
        }
    }

    fn transmit_down(&mut self, peer: PeerId, bytes: &[u8]) {
        let Some(id) = self.peers.get(&peer).copied() else { return };
        self.send(id, Direction::Down, bytes);
        self.check_writable(id);
    }

    /// Sends the packets of a frame, each on its own, so that each has its own effects.
    fn send(&mut self, id: LinkId, direction: Direction, frame: &[u8]) {
        let version = self.links.get(&id).map_or(Version::V5, |link| link.version);
        let mut decoder = Decoder::new(PACKET_BYTES_MAX);
        decoder.feed(frame);
        let mut sent = 0;
        while let Ok(Some(located)) = decoder.advance(version) {
            let len = decoder.bytes(&located).len();
            self.send_packet(id, direction, &frame[sent..sent + len]);
            sent += len;
        }
        if sent < frame.len() {
            self.send_packet(id, direction, &frame[sent..]);
        }
    }

    pub(super) fn send_packet(&mut self, id: LinkId, direction: Direction, bytes: &[u8]) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        let conditions = self.clients[link.actor.0].conditions;
        let rate = match direction {
            Direction::Up => conditions.bytes_per_second,
            Direction::Down => [conditions.bytes_per_second, link.reads].into_iter().flatten().min(),
        };
        if let Ok(Packet::Connect(connect)) = Packet::decode(bytes, link.version) {
            link.version = connect.version;
        }
        let mut packet = describe(id, link.actor, direction, bytes, link.version);
        let entry = self.trace.next_id();
        if link.is_broken {
            packet.fate = Fate::Lost(now, LossCause::LinkCut);
        } else {
            let mut start = 0;
            loop {
                let jitter = crate::random::split_mix(&mut self.random) % conditions.jitter.saturating_add(1);
                let delay = Duration::from_millis(conditions.latency.saturating_add(jitter));
                let len = segment(&mut self.random, conditions.segment_bytes_max, bytes.len() - start);
                let parcel = Parcel::Packet { entry, start, len };
                packet.arrives_at = link.pipe(direction).push(parcel, now, delay, rate);
                start += len;
                if start >= bytes.len() {
                    break;
                }
            }
        }
        self.note(Event::Packet(packet));
    }

    /// Tells the broker whether the transport takes more.
    pub(super) fn check_writable(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let is_full =
            link.reads.is_some() && link.down.bytes() > if link.is_full { SOCKET_BYTES / 2 } else { SOCKET_BYTES };
        if is_full == link.is_full || link.broker != End::Open {
            return;
        }
        link.is_full = is_full;
        if let Some(peer) = link.peer {
            self.broker.set_writable(peer, !is_full, self.now);
            self.drain_broker();
        }
    }

    /// The host at the receiving end of this direction closes its socket, behind what it has sent.
    pub(super) fn close_end(&mut self, id: LinkId, direction: Direction) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else { return };
        if link.receiver(direction) == End::Closed {
            return;
        }
        let conditions = self.clients[link.actor.0].conditions;
        let (place, back) = match direction {
            Direction::Up => {
                link.broker = End::Closed;
                (Place::Broker, Direction::Down)
            }
            Direction::Down => {
                link.client = End::Closed;
                (Place::Client(link.actor), Direction::Up)
            }
        };
        if !link.is_broken && link.opens_at.is_none() {
            let delay = Duration::from_millis(conditions.latency);
            link.pipe(back).push(Parcel::End, now, delay, conditions.bytes_per_second);
        }
        self.note(Event::Link(id, LinkEvent::Closed(place)));
        self.forget_if_over(id);
    }
}

/// Returns how many of the bytes that are left are one segment, at random if there is a longest.
pub(super) fn segment(random: &mut u64, longest: Option<NonZeroU32>, left: usize) -> usize {
    let Some(longest) = longest else { return left };
    let len = 1 + crate::random::split_mix(random) % u64::from(longest.get());
    usize::try_from(len).unwrap_or(usize::MAX).min(left)
}

/// Returns the record of a packet that is sent now.
pub(super) fn describe(
    link: LinkId,
    actor: Actor,
    direction: Direction,
    bytes: &[u8],
    version: Version,
) -> PacketRecord {
    let decoded = Packet::decode(bytes, version).ok();
    let kind = bytes.first().and_then(|first| PacketKind::from_bits(first >> 4));
    let mut packet = PacketRecord {
        link,
        actor,
        direction,
        bytes: bytes.into(),
        kind,
        packet_id: decoded.as_ref().and_then(packet_id),
        qos: None,
        dup: false,
        retain: false,
        topic: None,
        arrives_at: crate::time::Time::ZERO,
        fate: Fate::InFlight,
    };
    if let Some(Packet::Publish(publish)) = decoded {
        (packet.qos, packet.dup, packet.retain) = (Some(publish.qos), publish.dup, publish.retain);
        packet.topic = Some(publish.topic.into());
    }
    packet
}

const fn packet_id(packet: &Packet<'_>) -> Option<PacketId> {
    match packet {
        Packet::Publish(publish) => publish.packet_id,
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => Some(ack.packet_id),
        Packet::Subscribe(subscribe) => Some(subscribe.packet_id),
        Packet::Suback(suback) => Some(suback.packet_id),
        Packet::Unsubscribe(unsubscribe) => Some(unsubscribe.packet_id),
        Packet::Unsuback(unsuback) => Some(unsuback.packet_id),
        Packet::Connect(_)
        | Packet::Connack(_)
        | Packet::Pingreq
        | Packet::Pingresp
        | Packet::Disconnect(_)
        | Packet::Auth(_) => None,
    }
}
