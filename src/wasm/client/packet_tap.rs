//! A tap: looks at every packet that passes, both ways, for who watches.

use crate::codec::{Decoder, PACKET_BYTES_MAX, Packet, PacketId, PacketKind, ReasonCode, Version};
use crate::wasm::js::callbacks::Host;
use js_sys::Uint8Array;

/// Finds the packets in both streams.
#[derive(Debug)]
pub(crate) struct PacketTap {
    version: Version,
    sent: Decoder,
    received: Decoder,
}

impl PacketTap {
    /// Begins with bytes that have come and were not decoded yet.
    pub(crate) fn new(version: Version, unread: &[u8]) -> Self {
        let mut received = Decoder::new(PACKET_BYTES_MAX);
        received.feed(unread);
        Self { version, sent: Decoder::new(PACKET_BYTES_MAX), received }
    }

    /// Another connection begins.
    pub(crate) fn reset(&mut self) {
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

/// Notes the packets that `bytes` complete. A malformed one is the last: the machine tells what is wrong with it.
fn note_all(decoder: &mut Decoder, bytes: &[u8], version: Version, outgoing: bool, host: &Host) {
    decoder.feed(bytes);
    while let Ok(Some(located)) = decoder.advance(version) {
        let bytes = decoder.bytes(&located);
        // What servers send is all that a client can read; of the others we say what is in one place in all of them.
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

/// What is told of a packet besides its bytes.
#[derive(Default)]
struct Facts<'a> {
    packet_id: Option<PacketId>,
    reason: Option<ReasonCode>,
    topic: Option<&'a str>,
    payload_bytes: Option<usize>,
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
