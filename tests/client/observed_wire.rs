//! The wire between a client and a broker that lies, as an observer sees it.
//!
//! The client sends only what the specification lets it send.

use core::mem::take;
use std::collections::{BTreeMap, BTreeSet};

use wasmqtt::codec::{Decoder, Packet, PacketId, PacketKind, Property, Publish, QoS, Version};

/// Limits that a broker announced in CONNACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Announced {
    pub(crate) receive_maximum: u16,
    pub(crate) packet_bytes_max: usize,
    pub(crate) aliases_max: u16,
    pub(crate) has_qos_2: bool,
    pub(crate) has_retain: bool,
}

impl Default for Announced {
    fn default() -> Self {
        Self {
            receive_maximum: u16::MAX,
            packet_bytes_max: usize::MAX,
            aliases_max: 0,
            has_qos_2: true,
            has_retain: true,
        }
    }
}

/// A packet identifier that the client uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Used {
    Published(QoS),
    Released,
    Request(usize),
}

/// The wire as an observer sees it.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) decoder: Option<Decoder>,
    pub(crate) is_accepted: bool,
    pub(crate) announced: Announced,
    aliases: BTreeSet<u16>,
    pub(crate) used: BTreeMap<u16, Used>,
    /// QoS 1 and 2 messages of this connection that count against its receive maximum.
    pub(crate) unanswered: BTreeSet<u16>,
    /// Identifiers of the broker's messages that the client may acknowledge.
    pub(crate) received: BTreeSet<u16>,
    /// The client has given up a message of this session.
    pub(crate) is_unsure: bool,
    /// Bytes that are no packet were sent, so that none is read behind them.
    pub(crate) is_torn: bool,
}

impl Wire {
    /// Reads a frame of the client.
    pub(crate) fn check_frame(&mut self, frame: &[u8], version: Version, seed: u64) {
        let mut decoder = self.decoder.take().unwrap_or_else(|| {
            let (mut used, received) = (take(&mut self.used), take(&mut self.received));
            // A request that lost its connection has an identifier of its own in the next one.
            used.retain(|_, used| !matches!(used, Used::Request(_)));
            *self = Self { used, received, is_unsure: self.is_unsure, ..Self::default() };
            Decoder::new(u32::MAX)
        });
        decoder.feed(frame);
        while let Some(located) = decoder.advance(version).expect("well formed") {
            let bytes = decoder.bytes(&located).len();
            let packet = decoder.packet(&located, version).expect("well formed");
            let comes_first = matches!(packet, Packet::Connect(_) | Packet::Auth(_) | Packet::Disconnect(_));
            assert!(self.is_accepted || comes_first, "seed {seed}: {packet:?} before CONNACK");
            assert!(bytes <= self.announced.packet_bytes_max, "seed {seed}: {bytes} bytes of {packet:?}");
            self.check(&packet, seed);
        }
        assert!(decoder.unread().is_empty(), "seed {seed}: a frame holds whole packets");
        self.decoder = Some(decoder);
    }

    /// Notes which identifiers are free once the client has read this packet, and which it may
    /// answer.
    pub(crate) fn note_answer(&mut self, packet: &Packet<'_>, version: Version, is_strict: bool) {
        if let Packet::Connack(connack) = packet {
            self.is_accepted = true;
            if !connack.session_present {
                self.used.clear();
                self.is_unsure = false;
            }
        }
        let (id, kind) = match packet {
            Packet::Puback(ack) | Packet::Pubcomp(ack) => (ack.packet_id.get(), packet.kind()),
            // 3.1.1 has no reasons.
            Packet::Pubrec(ack) if ack.reason.is_error() && version == Version::V5 => {
                (ack.packet_id.get(), packet.kind())
            }
            Packet::Suback(suback) => (suback.packet_id.get(), packet.kind()),
            Packet::Unsuback(unsuback) => (unsuback.packet_id.get(), packet.kind()),
            _ => return,
        };
        let is_end = match self.used.get(&id) {
            Some(Used::Published(QoS::ExactlyOnce)) => {
                kind == PacketKind::Pubrec || kind == PacketKind::Puback && !is_strict
            }
            Some(Used::Published(_)) => kind == PacketKind::Puback,
            Some(Used::Released) => matches!(kind, PacketKind::Pubcomp | PacketKind::Pubrec),
            Some(Used::Request(_)) => matches!(kind, PacketKind::Suback | PacketKind::Unsuback),
            None => false,
        };
        if is_end {
            self.used.remove(&id);
            self.unanswered.remove(&id);
        }
    }

    fn check(&mut self, packet: &Packet<'_>, seed: u64) {
        match packet {
            Packet::Publish(publish) => self.check_publish(publish, seed),
            Packet::Pubrel(ack) => {
                // Another identifier is in the answer to PUBREC of a message that there is not.
                if let Some(used @ Used::Published(QoS::ExactlyOnce)) = self.used.get_mut(&ack.packet_id.get()) {
                    *used = Used::Released;
                }
            }
            Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubcomp(ack) => {
                let id = ack.packet_id.get();
                assert!(
                    self.is_torn || self.received.contains(&id),
                    "seed {seed}: {packet:?} of what was never received"
                );
            }
            Packet::Subscribe(subscribe) => self.begin(subscribe.packet_id.get(), subscribe.subscriptions.len(), seed),
            Packet::Unsubscribe(unsubscribe) => {
                self.begin(unsubscribe.packet_id.get(), unsubscribe.filters.len(), seed);
            }
            _ => {}
        }
    }

    fn begin(&mut self, id: u16, count: usize, seed: u64) {
        let old = self.used.insert(id, Used::Request(count));
        assert!(old.is_none() || self.is_unsure, "seed {seed}: identifier {id} of {old:?}");
    }

    fn check_publish(&mut self, publish: &Publish<'_>, seed: u64) {
        let Announced { receive_maximum, aliases_max, has_qos_2, has_retain, .. } = self.announced;
        assert!(has_retain || !publish.retain, "seed {seed}: {publish:?} [MQTT-3.2.2-14]");
        assert!(has_qos_2 || publish.qos != QoS::ExactlyOnce, "seed {seed}: {publish:?} [MQTT-3.2.2-11]");
        let alias = publish.properties.iter().find_map(|property| match property {
            Property::TopicAlias(alias) => Some(alias),
            _ => None,
        });
        if let Some(alias) = alias {
            assert!(alias <= aliases_max, "seed {seed}: alias {alias} of {aliases_max} [MQTT-3.2.2-17]");
            assert!(self.aliases.contains(&alias) || !publish.topic.is_empty(), "seed {seed}: alias {alias} unknown");
            self.aliases.insert(alias);
        }
        let Some(id) = publish.packet_id.map(PacketId::get) else { return };
        let old = self.used.insert(id, Used::Published(publish.qos));
        if publish.dup {
            assert_eq!(old, Some(Used::Published(publish.qos)), "seed {seed}: DUP of {id} [MQTT-3.3.1-1]");
        } else if !self.is_unsure {
            assert_eq!(old, None, "seed {seed}: identifier {id} of {old:?} [MQTT-2.2.1-3]");
        }
        self.unanswered.insert(id);
        let count = self.unanswered.len();
        assert!(count <= usize::from(receive_maximum), "seed {seed}: {count} unanswered [MQTT-3.3.4-7]");
    }
}
