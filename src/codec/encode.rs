//! From a packet to its bytes.
#![expect(clippy::cast_possible_truncation, reason = "lengths are checked before they are written")]

use super::{
    Ack, Auth, Connack, Connect, DecodeError, Disconnect, EncodeError, Packet, PacketKind, Properties, PropertyId,
    PropertyPlace, Publish, QoS, ReasonCode, Suback, Subscribe, Unsuback, Unsubscribe, VARIABLE_BYTE_INTEGER_MAX,
    Version, writer,
};

/// All of a PINGREQ (§3.12).
pub const PINGREQ: [u8; 2] = [0xC0, 0];
/// All of a PINGRESP (§3.13).
pub const PINGRESP: [u8; 2] = [0xD0, 0];

impl Packet<'_> {
    /// Appends the packet's bytes to `out`. Properties are left out in 3.1.1, and reason codes mapped.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Publish(publish) => publish.encode(version, out).map(drop),
            Self::Connect(connect) => connect.encode(out),
            Self::Connack(connack) => framed(out, 0x20, |out| connack.write(version, out)),
            Self::Puback(ack) => ack.encode(PacketKind::Puback, version, out),
            Self::Pubrec(ack) => ack.encode(PacketKind::Pubrec, version, out),
            Self::Pubrel(ack) => ack.encode(PacketKind::Pubrel, version, out),
            Self::Pubcomp(ack) => ack.encode(PacketKind::Pubcomp, version, out),
            Self::Subscribe(subscribe) => subscribe.encode(version, out),
            Self::Suback(suback) => framed(out, 0x90, |out| suback.write(version, out)),
            Self::Unsubscribe(unsubscribe) => unsubscribe.encode(version, out),
            Self::Unsuback(unsuback) => framed(out, 0xB0, |out| unsuback.write(version, out)),
            Self::Pingreq => {
                out.extend_from_slice(&PINGREQ);
                Ok(())
            }
            Self::Pingresp => {
                out.extend_from_slice(&PINGRESP);
                Ok(())
            }
            Self::Disconnect(disconnect) => disconnect.encode(version, out),
            Self::Auth(auth) => framed(out, 0xF0, |out| auth.write(version, out)),
        }
    }

    /// How many bytes [`encode`](Self::encode) appends: what a peer's Maximum Packet Size is held against.
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
    /// Appends the packet's bytes to `out` and says where in `out` its packet identifier stands, for QoS 1 and 2: who sends
    /// one message to many copies the bytes and writes another identifier there.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    #[inline]
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<Option<usize>, EncodeError> {
        let remaining = self.check(version)?;
        out.reserve(remaining + 5);
        out.push(0x30 | u8::from(self.dup) << 3 | self.qos.bits() << 1 | u8::from(self.retain));
        writer::variable(out, remaining as u32);
        out.extend_from_slice(&(self.topic.len() as u16).to_be_bytes());
        out.extend_from_slice(self.topic.as_bytes());
        let position = self.packet_id.map(|packet_id| {
            out.extend_from_slice(&packet_id.get().to_be_bytes());
            out.len() - 2
        });
        if version == Version::V5 {
            properties(out, self.properties);
        }
        out.extend_from_slice(self.payload);
        Ok(position)
    }

    /// How many bytes [`encode`](Self::encode) appends.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        let remaining = self.check(version)?;
        Ok(1 + writer::variable_len(remaining) + remaining)
    }

    #[inline]
    fn check_topic(&self, version: Version) -> Result<(), EncodeError> {
        let Some(wrong) = self.topic.bytes().find(|byte| matches!(byte, 0 | b'+' | b'#')) else {
            let aliased = || version == Version::V5 && self.properties.get(PropertyId::TopicAlias).is_some();
            if !self.topic.is_empty() || aliased() {
                return Ok(());
            }
            return Err(EncodeError::Invalid {
                rule: "MQTT-4.7.3-1",
                problem: "an empty topic name without a topic alias",
            });
        };
        Err(match wrong {
            0 => EncodeError::Invalid { rule: "MQTT-1.5.4-2", problem: "U+0000 in a topic name; leave it out" },
            _ => EncodeError::Invalid { rule: "MQTT-3.3.2-2", problem: "a wildcard in a topic name; name one topic" },
        })
    }

    /// The remaining length of a packet that MQTT can express.
    fn check(&self, version: Version) -> Result<usize, EncodeError> {
        if self.topic.len() > usize::from(u16::MAX) {
            return Err(EncodeError::FieldTooLong { field: "topic name", bytes: self.topic.len() });
        }
        self.check_topic(version)?;
        if self.packet_id.is_some() != (self.qos != QoS::AtMostOnce) {
            let problem = "a PUBLISH has a packet identifier if it is of QoS 1 or 2, and only then";
            return Err(EncodeError::Invalid { rule: "MQTT-2.2.1-2", problem });
        }
        if self.dup && self.qos == QoS::AtMostOnce {
            return Err(EncodeError::Invalid { rule: "MQTT-3.3.1-2", problem: "DUP on a PUBLISH of QoS 0" });
        }
        let mut remaining = 2 + self.topic.len() + self.payload.len() + if self.packet_id.is_some() { 2 } else { 0 };
        if version == Version::V5 {
            let len = self.properties.as_bytes().len();
            if len > 0 {
                check_properties(self.properties, PropertyPlace::Publish)?;
            }
            remaining += writer::variable_len(len) + len;
        }
        if remaining > VARIABLE_BYTE_INTEGER_MAX as usize {
            return Err(EncodeError::PacketTooLarge { bytes: remaining + 5 });
        }
        Ok(remaining)
    }
}

impl Ack<'_> {
    /// Appends a PUBACK, PUBREC, PUBREL or PUBCOMP.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, kind: PacketKind, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (flags, place) = match kind {
            PacketKind::Puback => (0, PropertyPlace::Puback),
            PacketKind::Pubrec => (0, PropertyPlace::Pubrec),
            PacketKind::Pubrel => (2, PropertyPlace::Pubrel),
            PacketKind::Pubcomp => (0, PropertyPlace::Pubcomp),
            _ => return Err(EncodeError::Invalid { rule: "§2.1.2", problem: "an acknowledgement of another kind" }),
        };
        check_reason(self.reason, kind)?;
        let first = (kind as u8) << 4 | flags;
        let packet_id = self.packet_id.get().to_be_bytes();
        if version == Version::V3_1_1 || (self.reason == ReasonCode::Success && self.properties.is_empty()) {
            out.extend_from_slice(&[first, 2, packet_id[0], packet_id[1]]);
            return Ok(());
        }
        framed(out, first, |out| {
            out.extend_from_slice(&packet_id);
            out.push(self.reason.value());
            if self.properties.is_empty() { Ok(()) } else { checked_properties(out, self.properties, place) }
        })
    }
}

impl Connect<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        framed(out, 0x10, |out| self.write(out))
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let v5 = self.version == Version::V5;
        if !v5 && self.username.is_none() && self.password.is_some() {
            let problem = "a password without a user name, which MQTT 3.1.1 does not allow";
            return Err(EncodeError::Invalid { rule: "3.1.1 §3.1.2.9", problem });
        }
        writer::text(out, "protocol name", "MQTT")?;
        out.push(self.version.level());
        let will = self.will.map_or(0, |will| 0x04 | will.qos.bits() << 3 | u8::from(will.retain) << 5);
        out.push(
            u8::from(self.username.is_some()) << 7
                | u8::from(self.password.is_some()) << 6
                | will
                | u8::from(self.clean_start) << 1,
        );
        out.extend_from_slice(&self.keep_alive.to_be_bytes());
        if v5 {
            checked_properties(out, self.properties, PropertyPlace::Connect)?;
        }
        writer::text(out, "client identifier", self.client_id)?;
        if let Some(will) = self.will {
            if v5 {
                checked_properties(out, will.properties, PropertyPlace::Will)?;
            }
            if will.topic.is_empty() || will.topic.contains(['+', '#']) {
                let problem = "a will topic that is empty or has a wildcard; name one topic";
                return Err(EncodeError::Invalid { rule: "§4.7.3", problem });
            }
            writer::text(out, "will topic", will.topic)?;
            writer::binary(out, "will payload", will.payload)?;
        }
        if let Some(username) = self.username {
            writer::text(out, "user name", username)?;
        }
        if let Some(password) = self.password {
            writer::binary(out, "password", password)?;
        }
        Ok(())
    }
}

impl Connack<'_> {
    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.session_present && self.reason.is_error() {
            let problem = "session present in a CONNACK that refuses";
            return Err(EncodeError::Invalid { rule: "MQTT-3.2.2-6", problem });
        }
        check_reason(self.reason, PacketKind::Connack)?;
        out.push(u8::from(self.session_present));
        match version {
            Version::V5 => {
                out.push(self.reason.value());
                checked_properties(out, self.properties, PropertyPlace::Connack)
            }
            Version::V3_1_1 => {
                out.push(self.reason.to_return_code());
                Ok(())
            }
        }
    }
}

impl Subscribe<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        framed(out, 0x82, |out| self.write(version, out))
    }

    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.subscriptions.is_empty() {
            let problem = "a SUBSCRIBE without a topic filter";
            return Err(EncodeError::Invalid { rule: "MQTT-3.8.3-2", problem });
        }
        out.extend_from_slice(&self.packet_id.get().to_be_bytes());
        if version == Version::V5 {
            checked_properties(out, self.properties, PropertyPlace::Subscribe)?;
        }
        for subscription in &self.subscriptions {
            if subscription.options.no_local && subscription.filter.starts_with("$share/") && version == Version::V5 {
                let problem = "No Local on a shared subscription; leave it out";
                return Err(EncodeError::Invalid { rule: "MQTT-3.8.3-4", problem });
            }
            writer::text(out, "topic filter", subscription.filter)?;
            out.push(subscription.options.to_byte(version));
        }
        Ok(())
    }
}

impl Suback<'_> {
    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.packet_id.get().to_be_bytes());
        if version == Version::V5 {
            checked_properties(out, self.properties, PropertyPlace::Suback)?;
        }
        for reason in &self.reasons {
            check_reason(*reason, PacketKind::Suback)?;
            // 3.1.1 has one failure alone (3.1.1 §3.9.3).
            let old_failure = version == Version::V3_1_1 && reason.is_error();
            out.push(if old_failure { 0x80 } else { reason.value() });
        }
        Ok(())
    }
}

impl Unsubscribe<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        framed(out, 0xA2, |out| self.write(version, out))
    }

    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.filters.is_empty() {
            let problem = "an UNSUBSCRIBE without a topic filter";
            return Err(EncodeError::Invalid { rule: "MQTT-3.10.3-2", problem });
        }
        out.extend_from_slice(&self.packet_id.get().to_be_bytes());
        if version == Version::V5 {
            checked_properties(out, self.properties, PropertyPlace::Unsubscribe)?;
        }
        self.filters.iter().try_for_each(|filter| writer::text(out, "topic filter", filter))
    }
}

impl Unsuback<'_> {
    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.packet_id.get().to_be_bytes());
        if version == Version::V3_1_1 {
            return Ok(());
        }
        checked_properties(out, self.properties, PropertyPlace::Unsuback)?;
        for reason in &self.reasons {
            check_reason(*reason, PacketKind::Unsuback)?;
            out.push(reason.value());
        }
        Ok(())
    }
}

impl Disconnect<'_> {
    /// Appends the packet's bytes to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], and `out` is as it was.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        framed(out, 0xE0, |out| self.write(version, out))
    }

    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        check_reason(self.reason, PacketKind::Disconnect)?;
        reason_and_properties(self.reason, self.properties, PropertyPlace::Disconnect, version, out)
    }
}

impl Auth<'_> {
    fn write(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if version == Version::V3_1_1 {
            return Err(EncodeError::Invalid { rule: "§3.15", problem: "AUTH is of MQTT 5.0 alone" });
        }
        check_reason(self.reason, PacketKind::Auth)?;
        reason_and_properties(self.reason, self.properties, PropertyPlace::Auth, version, out)
    }
}

/// The body of DISCONNECT and AUTH: as much of it as says something (§3.14.2.1, §3.15.2.1).
fn reason_and_properties(
    reason: ReasonCode,
    list: Properties<'_>,
    place: PropertyPlace,
    version: Version,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    if version == Version::V3_1_1 || (reason == ReasonCode::Success && list.is_empty()) {
        return Ok(());
    }
    out.push(reason.value());
    if list.is_empty() { Ok(()) } else { checked_properties(out, list, place) }
}

/// Appends a packet whose body `write` appends; takes it all back upon an error.
fn framed(
    out: &mut Vec<u8>,
    first: u8,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    // Room for the longest remaining length; moved up afterwards. These packets are short.
    out.extend_from_slice(&[first, 0, 0, 0, 0]);
    let written = write(out).and_then(|()| set_remaining_length(out, start));
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Writes the remaining length of the packet that begins at `start` with five bytes of fixed header.
fn set_remaining_length(out: &mut Vec<u8>, start: usize) -> Result<(), EncodeError> {
    let body = start + 5;
    let remaining = out.len() - body;
    if remaining > VARIABLE_BYTE_INTEGER_MAX as usize {
        return Err(EncodeError::PacketTooLarge { bytes: remaining + 5 });
    }
    let len = writer::variable_len(remaining);
    let mut value = remaining;
    for index in 0..len {
        let more = if index + 1 < len { 0x80 } else { 0 };
        out[start + 1 + index] = (value & 0x7F) as u8 | more;
        value >>= 7;
    }
    out.copy_within(body.., start + 1 + len);
    out.truncate(start + 1 + len + remaining);
    Ok(())
}

fn properties(out: &mut Vec<u8>, list: Properties<'_>) {
    let bytes = list.as_bytes();
    writer::variable(out, bytes.len() as u32);
    out.extend_from_slice(bytes);
}

fn checked_properties(out: &mut Vec<u8>, list: Properties<'_>, place: PropertyPlace) -> Result<(), EncodeError> {
    if list.as_bytes().len() > VARIABLE_BYTE_INTEGER_MAX as usize {
        return Err(EncodeError::PacketTooLarge { bytes: list.as_bytes().len() });
    }
    check_properties(list, place)?;
    properties(out, list);
    Ok(())
}

fn check_properties(list: Properties<'_>, place: PropertyPlace) -> Result<(), EncodeError> {
    match Properties::parse(list.as_bytes(), place) {
        Ok(_) => Ok(()),
        Err(DecodeError { rule, problem, .. }) => Err(EncodeError::Invalid { rule, problem }),
    }
}

fn check_reason(reason: ReasonCode, kind: PacketKind) -> Result<(), EncodeError> {
    if reason.is_allowed_in(kind) {
        return Ok(());
    }
    Err(EncodeError::Invalid { rule: "§2.4", problem: "a reason code that this packet cannot have" })
}
