//! Packet tap: reports every packet of a connection, in both directions, to watchers.

use crate::codec::{Decoder, PACKET_BYTES_MAX, Packet, PacketId, PacketKind, ReasonCode, Version};
use crate::wasm::js::callbacks::Host;
use js_sys::Uint8Array;

/// Decoders of both byte streams of a connection.
#[derive(Debug)]
pub(crate) struct PacketTap {
    version: Version,
    sent: Decoder,
    received: Decoder,
}

impl PacketTap {
    /// Returns a tap that begins with `unread`: received bytes that were not decoded yet.
    pub(crate) fn new(version: Version, unread: &[u8]) -> Self {
        let mut received = Decoder::new(PACKET_BYTES_MAX);
        received.feed(unread);
        Self { version, sent: Decoder::new(PACKET_BYTES_MAX), received }
    }

    /// Resets both streams for a new connection.
    pub(crate) fn reset(&mut self, version: Version) {
        self.version = version;
        self.sent.reset();
        self.received.reset();
    }

    pub(crate) fn on_sent(&mut self, bytes: &[u8], host: &Host) {
        note_all(&mut self.sent, bytes, self.version, true, host);
    }

    pub(crate) fn on_received(&mut self, bytes: &[u8], host: &Host) {
        note_all(&mut self.received, bytes, self.version, false, host);
    }
}

/// Records the packets that `bytes` complete. A malformed one is the last: the machine reports its
/// error.
fn note_all(decoder: &mut Decoder, bytes: &[u8], version: Version, outgoing: bool, host: &Host) {
    decoder.feed(bytes);
    while let Ok(Some(located)) = decoder.advance(version) {
        let bytes = decoder.bytes(&located);
        // A client decodes only a server's packets. For its own, only the field with a fixed
        // position is read.
        let facts = match decoder.packet_from_server(&located, version) {
            Ok(packet) => facts(&packet),
            Err(_) => Facts { packet_id: request_id(bytes), ..Facts::default() },
        };
        host.packet(
            outgoing,
            bytes[0],
            facts.packet_id.map_or(0, PacketId::get),
            facts.reason.map_or(-1, |reason| reason.value().into()),
            facts.topic,
            facts.payload_bytes.and_then(|bytes| i32::try_from(bytes).ok()).unwrap_or(-1),
            &Uint8Array::new_from_slice(bytes),
        );
    }
}

/// Fields of a packet that are reported besides its bytes.
#[derive(Default)]
struct Facts<'a> {
    packet_id: Option<PacketId>,
    reason: Option<ReasonCode>,
    topic: Option<&'a str>,
    payload_bytes: Option<usize>,
}

/// Returns the packet identifier of SUBSCRIBE or UNSUBSCRIBE, right behind the fixed header
/// (§2.2.1).
fn request_id(bytes: &[u8]) -> Option<PacketId> {
    let kind = PacketKind::from_bits(bytes[0] >> 4)?;
    if !matches!(kind, PacketKind::Subscribe | PacketKind::Unsubscribe) {
        return None;
    }
    let body = 2 + bytes.iter().skip(1).position(|byte| byte & 0x80 == 0)?;
    PacketId::new(u16::from_be_bytes([*bytes.get(body)?, *bytes.get(body + 1)?]))
}

fn facts<'a>(packet: &Packet<'a>) -> Facts<'a> {
    let (packet_id, reason) = match packet {
        Packet::Publish(publish) => {
            return Facts {
                packet_id: publish.packet_id,
                reason: None,
                topic: Some(publish.topic),
                payload_bytes: Some(publish.payload.len()),
            };
        }
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
            (Some(ack.packet_id), Some(ack.reason))
        }
        Packet::Suback(suback) => (Some(suback.packet_id), suback.reasons.first().copied()),
        Packet::Unsuback(unsuback) => (Some(unsuback.packet_id), unsuback.reasons.first().copied()),
        Packet::Connack(connack) => (None, Some(connack.reason)),
        Packet::Disconnect(disconnect) => (None, Some(disconnect.reason)),
        Packet::Auth(auth) => (None, Some(auth.reason)),
        Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::Pingreq | Packet::Pingresp => {
            (None, None)
        }
    };
    Facts { packet_id, reason, ..Facts::default() }
}
