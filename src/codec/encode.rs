//! Encoding: from a packet to its bytes.
#![expect(clippy::cast_possible_truncation, reason = "lengths are checked before they are written")]

use alloc::vec::Vec;

use super::writer::{self, Writer};
use super::{
    Ack, Auth, Connack, Connect, Disconnect, EncodeError, Packet, PacketKind, Properties, PropertyId, PropertyPlace,
    Publish, QoS, ReasonCode, Suback, Subscribe, Unsuback, Unsubscribe, VARIABLE_BYTE_INTEGER_MAX, Version,
};
use crate::topic::{has, has_null_or_wildcard, is_wildcard};

/// All of a PINGREQ (§3.12).
pub const PINGREQ: [u8; 2] = [0xC0, 0];
/// All of a PINGRESP (§3.13).
pub const PINGRESP: [u8; 2] = [0xD0, 0];

impl Packet<'_> {
    /// Appends the packet's bytes to `out`. Properties are left out in 3.1.1, and reason codes
    /// mapped.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Publish(publish) => publish.encode(version, out).map(drop),
            Self::Connect(connect) => connect.encode(out),
            Self::Connack(connack) => connack.encode(version, out),
            Self::Puback(ack) => ack.encode(PacketKind::Puback, version, out),
            Self::Pubrec(ack) => ack.encode(PacketKind::Pubrec, version, out),
            Self::Pubrel(ack) => ack.encode(PacketKind::Pubrel, version, out),
            Self::Pubcomp(ack) => ack.encode(PacketKind::Pubcomp, version, out),
            Self::Subscribe(subscribe) => subscribe.encode(version, out),
            Self::Suback(suback) => suback.encode(version, out),
            Self::Unsubscribe(unsubscribe) => unsubscribe.encode(version, out),
            Self::Unsuback(unsuback) => unsuback.encode(version, out),
            Self::Pingreq => {
                out.extend_from_slice(&PINGREQ);
                Ok(())
            }
            Self::Pingresp => {
                out.extend_from_slice(&PINGRESP);
                Ok(())
            }
            Self::Disconnect(disconnect) => disconnect.encode(version, out),
            Self::Auth(auth) => auth.encode(version, out),
        }
    }

    /// How many bytes [`encode`](Self::encode) appends: what a peer's Maximum Packet Size is held
    /// against.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        if let Self::Publish(publish) = self {
            return publish.encoded_len(version);
        }
        // Everything but PUBLISH is short and seldom measured.
        let mut out = Vec::new();
        self.encode(version, &mut out)?;
        Ok(out.len())
    }
}

impl Publish<'_> {
    /// Appends the packet's bytes to `out`; returns the place of the packet identifier in `out`,
    /// for QoS 1 and 2. A sender of one message to many copies the bytes and writes another
    /// identifier there.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<Option<usize>, EncodeError> {
        self.check(version)?;
        self.encode_valid(version, out)
    }

    /// Appends a packet as [`encode`](Self::encode) does. Its topic is valid, and it has a packet
    /// identifier if its quality of service needs one.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub(crate) fn encode_valid(&self, version: Version, out: &mut Vec<u8>) -> Result<Option<usize>, EncodeError> {
        self.encode_aliased(None, version, out)
    }

    /// Appends a packet as [`encode_valid`](Self::encode_valid) does, with this topic alias before
    /// the other properties. The topic may then be empty. 5.0 only.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub(crate) fn encode_aliased(
        &self,
        alias: Option<u16>,
        version: Version,
        out: &mut Vec<u8>,
    ) -> Result<Option<usize>, EncodeError> {
        let remaining = self.remaining(alias, version)?;
        out.reserve(remaining + 5);
        out.push(0x30 | u8::from(self.dup) << 3 | self.qos.bits() << 1 | u8::from(self.retain));
        writer::variable(out, remaining as u32);
        writer::two_byte(out, self.topic.len() as u16);
        writer::append(out, self.topic.as_bytes());
        let position = self.packet_id.map(|packet_id| {
            writer::two_byte(out, packet_id.get());
            out.len() - 2
        });
        if version == Version::V5 {
            let properties = self.properties.as_bytes();
            writer::variable(out, (alias_bytes(alias) + properties.len()) as u32);
            if let Some(alias) = alias {
                out.push(PropertyId::TopicAlias as u8);
                writer::two_byte(out, alias);
            }
            writer::append(out, properties);
        }
        writer::append(out, self.payload);
        Ok(position)
    }

    /// How many bytes [`encode`](Self::encode) appends.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        self.check(version)?;
        let remaining = self.remaining(None, version)?;
        Ok(1 + writer::variable_len(remaining) + remaining)
    }

    #[cold]
    fn check_topic(&self, version: Version) -> Result<(), EncodeError> {
        match self.topic.bytes().find(|byte| matches!(byte, 0 | b'+' | b'#')) {
            Some(0) => Err(invalid("MQTT-1.5.4-2", "U+0000 in a topic name; leave it out")),
            Some(_) => Err(invalid("MQTT-3.3.2-2", "a wildcard in a topic name; name one topic")),
            None => {
                let is_aliased = || version == Version::V5 && self.properties.value(PropertyId::TopicAlias).is_some();
                if !self.topic.is_empty() || is_aliased() {
                    return Ok(());
                }
                Err(invalid("MQTT-4.7.3-1", "an empty topic name without a topic alias"))
            }
        }
    }

    /// Checks the topic and the packet identifier.
    fn check(&self, version: Version) -> Result<(), EncodeError> {
        if self.topic.len() > usize::from(u16::MAX) {
            return Err(EncodeError::FieldTooLong { field: "topic name", bytes: self.topic.len() });
        }
        if self.topic.is_empty() || has_null_or_wildcard(self.topic) {
            self.check_topic(version)?;
        }
        if self.packet_id.is_some() != (self.qos != QoS::AtMostOnce) {
            let problem = "a packet identifier is required for QoS 1 and 2, and not allowed for QoS 0";
            return Err(invalid("MQTT-2.2.1-2", problem));
        }
        if self.dup && self.qos == QoS::AtMostOnce {
            return Err(invalid("MQTT-3.3.1-2", "DUP on a PUBLISH of QoS 0"));
        }
        Ok(())
    }

    /// The remaining length of a packet that MQTT can express.
    fn remaining(&self, alias: Option<u16>, version: Version) -> Result<usize, EncodeError> {
        let mut remaining = 2 + self.topic.len() + self.payload.len() + if self.packet_id.is_some() { 2 } else { 0 };
        if version == Version::V5 {
            let len = self.properties.as_bytes().len();
            if len > 0 {
                writer::check_properties(self.properties, PropertyPlace::Publish)?;
            }
            let len = alias_bytes(alias) + len;
            remaining += writer::variable_len(len) + len;
        }
        if remaining > VARIABLE_BYTE_INTEGER_MAX as usize {
            return Err(EncodeError::PacketTooLarge { bytes: remaining + 5 });
        }
        Ok(remaining)
    }
}

/// Returns the bytes of a topic alias as a property.
const fn alias_bytes(alias: Option<u16>) -> usize {
    if alias.is_some() { 3 } else { 0 }
}

#[cold]
#[inline(never)]
const fn invalid(rule: &'static str, problem: &'static str) -> EncodeError {
    EncodeError::Invalid { rule, problem }
}

impl Ack<'_> {
    /// Appends a PUBACK, PUBREC, PUBREL or PUBCOMP.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, kind: PacketKind, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let place = match kind {
            PacketKind::Puback => PropertyPlace::Puback,
            PacketKind::Pubrec => PropertyPlace::Pubrec,
            PacketKind::Pubrel => PropertyPlace::Pubrel,
            PacketKind::Pubcomp => PropertyPlace::Pubcomp,
            _ => {
                return Err(invalid("§2.1.2", "not an acknowledgement; PUBACK, PUBREC, PUBREL or PUBCOMP is expected"));
            }
        };
        let first = (kind as u8) << 4 | kind.reserved_flags();
        if self.reason == ReasonCode::Success && self.properties.is_empty() {
            // Nearly every acknowledgement, so by the shortest way.
            let [high, low] = self.packet_id.get().to_be_bytes();
            writer::append(out, &[first, 2, high, low]);
            return Ok(());
        }
        let mut writer = Writer::packet(out, first);
        writer.two_byte(self.packet_id.get());
        outcome(&mut writer, self.reason, kind, self.properties, place, version);
        writer.finish_packet()
    }
}

impl Connect<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let version = self.version;
        let mut writer = Writer::packet(out, 0x10);
        if version == Version::V3_1_1 && self.username.is_none() && self.password.is_some() {
            writer.invalid("3.1.1 §3.1.2.9", "a password without a user name, which MQTT 3.1.1 does not allow");
        }
        let will = self.will.map_or(0, |will| 0x04 | will.qos.bits() << 3 | u8::from(will.retain) << 5);
        let flags = u8::from(self.username.is_some()) << 7
            | u8::from(self.password.is_some()) << 6
            | will
            | u8::from(self.clean_start) << 1;
        writer.text("protocol name", "MQTT");
        writer.bytes(&[version.level(), flags]);
        writer.two_byte(self.keep_alive);
        writer.properties(self.properties, PropertyPlace::Connect, version);
        writer.text("client identifier", self.client_id);
        if let Some(will) = self.will {
            writer.properties(will.properties, PropertyPlace::Will, version);
            if will.topic.is_empty() || has(will.topic, is_wildcard) {
                writer.invalid("§4.7.3", "a will topic that is empty or has a wildcard; name one topic");
            }
            writer.text("will topic", will.topic);
            writer.binary("will payload", will.payload);
        }
        if let Some(username) = self.username {
            writer.text("user name", username);
        }
        if let Some(password) = self.password {
            writer.binary("password", password);
        }
        writer.finish_packet()
    }
}

impl Connack<'_> {
    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0x20);
        writer.byte(u8::from(self.session_present));
        writer.check_reason(self.reason, PacketKind::Connack);
        writer.byte(match version {
            Version::V5 => self.reason.value(),
            Version::V3_1_1 => self.reason.to_return_code(),
        });
        writer.properties(self.properties, PropertyPlace::Connack, version);
        writer.finish_packet()
    }
}

impl Subscribe<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0x82);
        if self.subscriptions.is_empty() {
            writer.invalid("MQTT-3.8.3-2", "a SUBSCRIBE without a topic filter");
        }
        writer.two_byte(self.packet_id.get());
        writer.properties(self.properties, PropertyPlace::Subscribe, version);
        for subscription in &self.subscriptions {
            if subscription.options.no_local && subscription.filter.starts_with("$share/") && version == Version::V5 {
                writer.invalid("MQTT-3.8.3-4", "No Local on a shared subscription; leave it out");
            }
            writer.filter(subscription.filter, version);
            writer.byte(subscription.options.to_byte(version));
        }
        writer.finish_packet()
    }
}

impl Suback<'_> {
    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0x90);
        writer.two_byte(self.packet_id.get());
        writer.properties(self.properties, PropertyPlace::Suback, version);
        for reason in &self.reasons {
            writer.check_reason(*reason, PacketKind::Suback);
            // 3.1.1 has one failure alone (3.1.1 §3.9.3).
            let is_old_failure = version == Version::V3_1_1 && reason.is_error();
            writer.byte(if is_old_failure { 0x80 } else { reason.value() });
        }
        writer.finish_packet()
    }
}

impl Unsubscribe<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0xA2);
        if self.filters.is_empty() {
            writer.invalid("MQTT-3.10.3-2", "an UNSUBSCRIBE without a topic filter");
        }
        writer.two_byte(self.packet_id.get());
        writer.properties(self.properties, PropertyPlace::Unsubscribe, version);
        for filter in &self.filters {
            writer.filter(filter, version);
        }
        writer.finish_packet()
    }
}

impl Unsuback<'_> {
    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0xB0);
        writer.two_byte(self.packet_id.get());
        writer.properties(self.properties, PropertyPlace::Unsuback, version);
        if version == Version::V5 {
            for reason in &self.reasons {
                writer.check_reason(*reason, PacketKind::Unsuback);
                writer.byte(reason.value());
            }
        }
        writer.finish_packet()
    }
}

impl Disconnect<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0xE0);
        outcome(&mut writer, self.reason, PacketKind::Disconnect, self.properties, PropertyPlace::Disconnect, version);
        writer.finish_packet()
    }
}

impl Auth<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::packet(out, 0xF0);
        if version == Version::V3_1_1 {
            writer.invalid("§3.15", "AUTH exists only in MQTT 5.0");
        }
        outcome(&mut writer, self.reason, PacketKind::Auth, self.properties, PropertyPlace::Auth, version);
        writer.finish_packet()
    }
}

/// The end of acknowledgements, DISCONNECT and AUTH: as much of it as says something (§3.4.2.1,
/// §3.14.2.1, §3.15.2.1). AUTH alone may not have a reason code without a property list.
fn outcome(
    writer: &mut Writer<'_>,
    reason: ReasonCode,
    kind: PacketKind,
    list: Properties<'_>,
    place: PropertyPlace,
    version: Version,
) {
    writer.check_reason(reason, kind);
    if version == Version::V3_1_1 || (reason == ReasonCode::Success && list.is_empty()) {
        return;
    }
    writer.byte(reason.value());
    if !list.is_empty() || kind == PacketKind::Auth {
        writer.properties(list, place, version);
    }
}
