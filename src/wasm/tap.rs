//! A tap: looks at every packet that passes, both ways, for who watches.

use js_sys::Uint8Array;

use super::host::Host;
use crate::codec::{Decoder, PACKET_BYTES_MAX, Packet, PacketId, PacketKind, ReasonCode, Version};

/// Finds the packets in both streams.
#[derive(Debug)]
pub(super) struct Tap {
    version: Version,
    sent: Decoder,
    received: Decoder,
}

/// A packet that passed, ready for the host.
pub(super) struct Tapped {
    outgoing: bool,
    header: u8,
    packet_id: Option<PacketId>,
    reason: Option<ReasonCode>,
    topic: Option<String>,
    payload_bytes: Option<usize>,
    bytes: Uint8Array,
}

impl Tap {
    /// Begins with bytes that have come and were not decoded yet.
    pub(super) fn new(version: Version, unread: &[u8]) -> Self {
        let mut received = Decoder::new(PACKET_BYTES_MAX);
        received.feed(unread);
        Self { version, sent: Decoder::new(PACKET_BYTES_MAX), received }
    }

    /// Another connection begins.
    pub(super) fn reset(&mut self) {
        self.sent.reset();
        self.received.reset();
    }

    pub(super) fn on_sent(&mut self, bytes: &[u8]) -> Vec<Tapped> {
        packets(&mut self.sent, bytes, self.version, true)
    }

    pub(super) fn on_received(&mut self, bytes: &[u8]) -> Vec<Tapped> {
        packets(&mut self.received, bytes, self.version, false)
    }
}

/// The packets that `bytes` complete. A malformed one is the last: the machine tells what is wrong with it.
fn packets(decoder: &mut Decoder, bytes: &[u8], version: Version, outgoing: bool) -> Vec<Tapped> {
    decoder.feed(bytes);
    let mut found = Vec::new();
    while let Ok(Some(located)) = decoder.advance(version) {
        let bytes = decoder.bytes(&located);
        let mut tapped = Tapped {
            outgoing,
            header: bytes[0],
            packet_id: None,
            reason: None,
            topic: None,
            payload_bytes: None,
            bytes: Uint8Array::from(bytes),
        };
        // What servers send is all that a client can read; of the others we say what is in one place in all of them.
        match decoder.packet_from_server(&located, version) {
            Ok(packet) => tapped.describe(&packet),
            Err(_) => tapped.packet_id = request_id(bytes),
        }
        found.push(tapped);
    }
    found
}

/// The packet identifier of SUBSCRIBE and UNSUBSCRIBE: right behind the fixed header (§2.2.1).
fn request_id(bytes: &[u8]) -> Option<PacketId> {
    let kind = PacketKind::from_bits(bytes[0] >> 4)?;
    if !matches!(kind, PacketKind::Subscribe | PacketKind::Unsubscribe) {
        return None;
    }
    let body = 2 + bytes.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    PacketId::new(u16::from_be_bytes([*bytes.get(body)?, *bytes.get(body + 1)?]))
}

impl Tapped {
    fn describe(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::Publish(publish) => {
                self.packet_id = publish.packet_id;
                self.topic = Some(publish.topic.to_owned());
                self.payload_bytes = Some(publish.payload.len());
            }
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
                self.packet_id = Some(ack.packet_id);
                self.reason = Some(ack.reason);
            }
            Packet::Connack(connack) => self.reason = Some(connack.reason),
            Packet::Suback(suback) => {
                self.packet_id = Some(suback.packet_id);
                self.reason = suback.reasons.first().copied();
            }
            Packet::Unsuback(unsuback) => {
                self.packet_id = Some(unsuback.packet_id);
                self.reason = unsuback.reasons.first().copied();
            }
            Packet::Disconnect(disconnect) => self.reason = Some(disconnect.reason),
            Packet::Auth(auth) => self.reason = Some(auth.reason),
            Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::Pingreq | Packet::Pingresp => {
            }
        }
    }

    pub(super) fn report(self, host: &Host) {
        host.packet(
            self.outgoing,
            self.header,
            self.packet_id.map_or(0, PacketId::get),
            self.reason.map_or(-1, |reason| reason.value().into()),
            self.topic,
            self.payload_bytes.and_then(|bytes| i32::try_from(bytes).ok()).unwrap_or(-1),
            self.bytes,
        );
    }
}
