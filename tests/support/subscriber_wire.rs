//! The packets that a broker sends to a client, held against what the client may be sent.

use std::collections::{BTreeMap, BTreeSet};

use wasmqtt::codec::{Connack, Connect, Decoder, Packet, PacketId, PropertyId, Publish, QoS, Version};

/// Packet identifiers of QoS 2 messages that are not free before PUBCOMP, by client identifier.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    packet_ids: BTreeMap<String, BTreeSet<u16>>,
    /// Clients whose session does not end with their connection.
    lasting: BTreeSet<String>,
}

/// The state of one connection.
#[derive(Debug)]
pub(crate) struct SubscriberWire {
    version: Version,
    from_client: Decoder,
    client_id: String,
    receive_maximum: usize,
    packet_bytes_max: usize,
    aliases_max: u16,
    /// The aliases that stand for a topic.
    aliases: BTreeSet<u16>,
    /// QoS 1 and 2 messages of this connection without an answer.
    unanswered: BTreeMap<u16, QoS>,
    /// Answers to what was not sent yet: the broker reads them later than they came.
    early: BTreeSet<u16>,
}

impl SubscriberWire {
    pub(crate) fn new(version: Version) -> Self {
        Self {
            version,
            from_client: Decoder::new(u32::MAX),
            client_id: String::new(),
            receive_maximum: usize::from(u16::MAX),
            packet_bytes_max: usize::MAX,
            aliases_max: 0,
            aliases: BTreeSet::new(),
            unanswered: BTreeMap::new(),
            early: BTreeSet::new(),
        }
    }

    /// Bytes of the client, which the broker reads now. Those behind a malformed packet count for
    /// nothing.
    pub(crate) fn on_sent(&mut self, bytes: &[u8], unfinished: &mut Unfinished) {
        let mut decoder = std::mem::replace(&mut self.from_client, Decoder::new(u32::MAX));
        decoder.feed(bytes);
        while let Ok(Some(located)) = decoder.advance(self.version) {
            let Ok(packet) = decoder.packet(&located, self.version) else { break };
            match packet {
                Packet::Connect(connect) => self.on_connect(&connect, unfinished),
                Packet::Puback(ack) => self.answered(ack.packet_id, QoS::AtLeastOnce, unfinished),
                Packet::Pubrec(ack) if ack.reason.is_error() => {
                    self.answered(ack.packet_id, QoS::ExactlyOnce, unfinished);
                }
                Packet::Pubcomp(ack) => self.answered(ack.packet_id, QoS::ExactlyOnce, unfinished),
                _ => {}
            }
        }
        self.from_client = decoder;
    }

    fn on_connect(&mut self, connect: &Connect<'_>, unfinished: &mut Unfinished) {
        connect.client_id.clone_into(&mut self.client_id);
        let lasts = match self.version {
            Version::V3_1_1 => !connect.clean_start,
            Version::V5 => connect.properties.number(PropertyId::SessionExpiryInterval) == Some(u32::MAX),
        };
        let lasted = unfinished.lasting.contains(&self.client_id);
        if lasts {
            unfinished.lasting.insert(self.client_id.clone());
        } else {
            unfinished.lasting.remove(&self.client_id);
        }
        if connect.clean_start || !lasted {
            // A new session may be taken over before its CONNACK is sent.
            unfinished.of(&self.client_id).clear();
        }
        let number = |id| connect.properties.number(id).map(|number| usize::try_from(number).expect("32 bits"));
        self.receive_maximum = number(PropertyId::ReceiveMaximum).unwrap_or(self.receive_maximum);
        self.packet_bytes_max = number(PropertyId::MaximumPacketSize).unwrap_or(self.packet_bytes_max);
        let aliases_max = number(PropertyId::TopicAliasMaximum).unwrap_or(0);
        self.aliases_max = u16::try_from(aliases_max).expect("two bytes");
    }

    fn answered(&mut self, packet_id: PacketId, qos: QoS, unfinished: &mut Unfinished) {
        match self.unanswered.get(&packet_id.get()) {
            Some(sent) if *sent != qos => {}
            Some(_) => {
                self.unanswered.remove(&packet_id.get());
                unfinished.of(&self.client_id).remove(&packet_id.get());
            }
            None => {
                // It may be of the connection before, whose PUBREL was sent again.
                unfinished.of(&self.client_id).remove(&packet_id.get());
                self.early.insert(packet_id.get());
            }
        }
    }

    /// A packet of the broker, of so many bytes.
    pub(crate) fn on_received(&mut self, packet: &Packet<'_>, bytes: usize, unfinished: &mut Unfinished) {
        assert!(bytes <= self.packet_bytes_max, "{bytes} bytes for {} [MQTT-3.1.2-24]: {packet:?}", self.client_id);
        match packet {
            Packet::Connack(connack) => self.on_connack(connack, unfinished),
            Packet::Publish(publish) => self.on_publish(publish, unfinished),
            _ => {}
        }
    }

    fn on_connack(&mut self, connack: &Connack<'_>, unfinished: &mut Unfinished) {
        if let Some(assigned) = connack.properties.text(PropertyId::AssignedClientIdentifier) {
            assigned.clone_into(&mut self.client_id);
        }
        if !connack.reason.is_error() && !connack.session_present {
            unfinished.of(&self.client_id).clear();
        }
    }

    fn on_publish(&mut self, publish: &Publish<'_>, unfinished: &mut Unfinished) {
        if let Some(alias) = publish.properties.number(PropertyId::TopicAlias) {
            let alias = u16::try_from(alias).expect("two bytes");
            assert!(alias <= self.aliases_max, "alias {alias} of {} [MQTT-3.1.2-26]", self.aliases_max);
            let is_known = self.aliases.contains(&alias);
            assert!(is_known || !publish.topic.is_empty(), "an alias that stands for nothing [MQTT-3.3.2-7]");
            self.aliases.insert(alias);
        }
        let Some(packet_id) = publish.packet_id.map(PacketId::get) else { return };
        let is_answered = self.unanswered.contains_key(&packet_id) && self.early.remove(&packet_id);
        if is_answered {
            unfinished.of(&self.client_id).remove(&packet_id);
        }
        let old = self.unanswered.insert(packet_id, publish.qos);
        assert!(old.is_none() || is_answered, "identifier {packet_id} of {} is in use [MQTT-2.2.1-4]", self.client_id);
        let early = self.early.iter().filter(|packet_id| self.unanswered.contains_key(packet_id)).count();
        let count = self.unanswered.len() - early;
        assert!(count <= self.receive_maximum, "{count} unanswered by {} [MQTT-3.3.4-9]", self.client_id);
        let unfinished = unfinished.of(&self.client_id);
        let is_new = if publish.qos == QoS::ExactlyOnce {
            unfinished.insert(packet_id)
        } else {
            !unfinished.contains(&packet_id)
        };
        assert!(
            is_new || publish.dup && publish.qos == QoS::ExactlyOnce,
            "identifier {packet_id} of {} is not finished [MQTT-4.3.3-4]: {publish:?}",
            self.client_id
        );
    }
}

impl Unfinished {
    fn of(&mut self, client_id: &str) -> &mut BTreeSet<u16> {
        self.packet_ids.entry(client_id.to_owned()).or_default()
    }
}
