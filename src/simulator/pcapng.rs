//! A trace as a capture file: pcapng with TCP over IPv4, for Wireshark's MQTT dissector.
//!
//! It shows what each host has sent, at the time of the sending. A packet that was lost on the way
//! is in it too.

use alloc::vec::Vec;

use super::sorted_map::SortedMap;
use super::{Actor, Direction, Event, LinkEvent, LinkId, PacketRecord, Trace};
use crate::time::Time;

/// Link type of frames that begin with an IP header.
const LINKTYPE_RAW: u16 = 101;
/// The broker's port for MQTT.
const BROKER_PORT: u16 = 1883;
/// The port of a client's first link.
const FIRST_PORT: u16 = 10_000;
/// Ports of clients, which are used again beyond so many links.
const PORTS: u32 = 50_000;
/// Bytes of payload in one segment, within the 16 bits of IPv4's length.
const SEGMENT_BYTES: usize = 32_000;
const HEADERS_BYTES: usize = 40;
const SYN: u8 = 0x02;
const PSH_ACK: u8 = 0x18;
const SYN_ACK: u8 = 0x12;
const ACK: u8 = 0x10;

impl Trace {
    /// Returns the trace as the bytes of a pcapng file.
    #[must_use]
    pub fn to_pcapng(&self) -> Vec<u8> {
        let mut file = Vec::new();
        // Section header: byte order, version 1.0, length unknown.
        let mut section = Vec::from(0x1A2B_3C4D_u32.to_le_bytes());
        section.extend([1, 0, 0, 0]);
        section.extend(u64::MAX.to_le_bytes());
        block(&mut file, 0x0A0D_0D0A, &section);
        // Interface: link type, and no limit of the length. Times are in microseconds.
        let mut interface = Vec::from(LINKTYPE_RAW.to_le_bytes());
        interface.extend([0; 6]);
        block(&mut file, 1, &interface);
        let mut streams = Streams { file, actors: SortedMap::default(), sent: SortedMap::default() };
        for entry in self.entries() {
            match &entry.event {
                Event::Packet(packet) => streams.packet(entry.at, packet),
                Event::Link(link, LinkEvent::Opening(actor)) => drop(streams.actors.insert(*link, *actor)),
                Event::Link(link, LinkEvent::Opened) => streams.open(entry.at, *link),
                Event::Link(_, LinkEvent::Broken | LinkEvent::Closed(_))
                | Event::Action(_)
                | Event::Timer(_)
                | Event::Broker(_)
                | Event::Stored
                | Event::Restarted(_)
                | Event::Client(..) => {}
            }
        }
        streams.file
    }
}

/// The TCP streams of all links.
struct Streams {
    file: Vec<u8>,
    actors: SortedMap<LinkId, Actor>,
    /// Bytes that were sent in each direction.
    sent: SortedMap<(LinkId, Direction), u32>,
}

impl Streams {
    /// The three segments with which TCP begins.
    fn open(&mut self, at: Time, link: LinkId) {
        let Some(actor) = self.actors.get(&link).copied() else { return };
        for (direction, flags) in [(Direction::Up, SYN), (Direction::Down, SYN_ACK), (Direction::Up, ACK)] {
            self.segment(at, link, actor, direction, flags, &[]);
            if flags != ACK {
                self.sent.insert((link, direction), 1);
            }
        }
    }

    fn packet(&mut self, at: Time, packet: &PacketRecord) {
        for part in packet.bytes.chunks(SEGMENT_BYTES) {
            self.segment(at, packet.link, packet.actor, packet.direction, PSH_ACK, part);
        }
    }

    fn segment(&mut self, at: Time, link: LinkId, actor: Actor, direction: Direction, flags: u8, payload: &[u8]) {
        let back = match direction {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        };
        let acknowledged = if flags == SYN { 0 } else { self.sent.get(&(link, back)).copied().unwrap_or(0) };
        let sent = self.sent.get_or_default((link, direction));
        let ip = ip_header(actor, direction, payload.len());
        let tcp = tcp_header(link, direction, flags, *sent, acknowledged);
        *sent = sent.wrapping_add(u32::try_from(payload.len()).unwrap_or(0));
        let mut frame = Vec::from(ip);
        frame.extend(tcp);
        frame.extend_from_slice(payload);
        let sum = tcp_checksum(&frame);
        frame[36..38].copy_from_slice(&sum);
        self.frame(at, &frame);
    }

    /// An enhanced packet block.
    fn frame(&mut self, at: Time, frame: &[u8]) {
        let micros = at.as_millis().wrapping_mul(1_000);
        let len = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut body = vec![0; 4];
        body.extend(((micros >> 32) as u32).to_le_bytes());
        body.extend(((micros & 0xFFFF_FFFF) as u32).to_le_bytes());
        body.extend(len);
        body.extend(len);
        body.extend_from_slice(frame);
        body.resize(body.len().next_multiple_of(4), 0);
        block(&mut self.file, 6, &body);
    }
}

fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let len = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    file.extend(kind.to_le_bytes());
    file.extend(len);
    file.extend_from_slice(body);
    file.extend(len);
}

/// The client's address is 10.1.0.0 and its number, the broker's 10.0.0.1.
fn ip_header(actor: Actor, direction: Direction, payload_bytes: usize) -> [u8; 20] {
    let len = u16::try_from(HEADERS_BYTES + payload_bytes).unwrap_or(u16::MAX).to_be_bytes();
    let [high, low] = u16::try_from(actor.0 + 1).unwrap_or(u16::MAX).to_be_bytes();
    let (client, broker) = ([10, 1, high, low], [10, 0, 0, 1]);
    let (from, to) = match direction {
        Direction::Up => (client, broker),
        Direction::Down => (broker, client),
    };
    let mut header = [0; 20];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&len);
    // Never fragmented; a lifetime of 64; TCP.
    (header[6], header[8], header[9]) = (0x40, 64, 6);
    header[12..16].copy_from_slice(&from);
    header[16..20].copy_from_slice(&to);
    let sum = checksum(0, &header);
    header[10..12].copy_from_slice(&sum);
    header
}

fn tcp_header(link: LinkId, direction: Direction, flags: u8, sequence: u32, acknowledged: u32) -> [u8; 20] {
    let client = FIRST_PORT + u16::try_from(link.0 % PORTS).unwrap_or(0);
    let (from, to) = match direction {
        Direction::Up => (client, BROKER_PORT),
        Direction::Down => (BROKER_PORT, client),
    };
    let mut header = [0; 20];
    header[0..2].copy_from_slice(&from.to_be_bytes());
    header[2..4].copy_from_slice(&to.to_be_bytes());
    header[4..8].copy_from_slice(&sequence.to_be_bytes());
    header[8..12].copy_from_slice(&acknowledged.to_be_bytes());
    (header[12], header[13]) = (0x50, flags);
    header[14..16].copy_from_slice(&u16::MAX.to_be_bytes());
    header
}

/// Over the pseudo header too: addresses, protocol and length.
fn tcp_checksum(frame: &[u8]) -> [u8; 2] {
    let (header, segment) = frame.split_at(20);
    let pseudo = header[12..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum::<u32>();
    checksum(pseudo + 6 + u32::try_from(segment.len()).unwrap_or(0), segment)
}

/// The Internet checksum (RFC 1071).
fn checksum(start: u32, bytes: &[u8]) -> [u8; 2] {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let mut sum = bytes.chunks(2).map(word).fold(start, u32::wrapping_add);
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    u16::try_from(sum).map_or([0; 2], |sum| (!sum).to_be_bytes())
}
