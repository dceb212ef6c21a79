//! From one packet's bytes to the packet.

mod connect;
mod subscribe;

use super::property::read_list;
use super::reader::Reader;
use super::{
    Ack, Auth, Connack, DecodeError, Disconnect, Packet, PacketKind, Properties, PropertyPlace, Publish, QoS,
    ReasonCode, Version,
};

impl<'a> Packet<'a> {
    /// Decodes exactly one packet. `version` is the connection's; CONNECT tells its own.
    ///
    /// # Errors
    /// [`DecodeError`] with the rule that `bytes` break; too few or too many bytes among them.
    pub fn decode(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        decode::<false>(bytes, version)
    }

    /// As [`decode`](Self::decode), but refuses what only a client sends (§2.1.2): a client need not know how to read it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_from_server(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        decode::<true>(bytes, version)
    }
}

/// A constant tells whose packets, so that a program that decodes only what servers send need not carry the rest.
fn decode<const FROM_SERVER: bool>(bytes: &[u8], version: Version) -> Result<Packet<'_>, DecodeError> {
    let header = Header::read(bytes, version)?;
    match header.and_then(|header| header.packet_len().map(|len| (header, len))) {
        Some((header, len)) if len == bytes.len() => header.body::<FROM_SERVER>(bytes, version),
        Some((header, len)) if len < bytes.len() => {
            Err(Reader::new(bytes, len, header.kind).malformed(len, "§2.1.4", "bytes follow the packet's end"))
        }
        _ => Err(DecodeError {
            kind: header.map(|header| header.kind),
            offset: bytes.len(),
            rule: "§2.1.4",
            problem: "the bytes end before the packet does",
            reason: ReasonCode::MalformedPacket,
        }),
    }
}

/// A fixed header (§2.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    kind: PacketKind,
    flags: u8,
    /// Bytes of the fixed header, and the remaining length; none while bytes of it are still to come.
    lengths: Option<(usize, usize)>,
}

impl Header {
    /// Reads and checks as much as is there; `None` without a byte.
    #[inline]
    pub(super) fn read(bytes: &[u8], version: Version) -> Result<Option<Self>, DecodeError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fault = |offset, rule, problem| {
            let kind = PacketKind::from_bits(first >> 4);
            Err(DecodeError { kind, offset, rule, problem, reason: ReasonCode::MalformedPacket })
        };
        let Some(kind) = PacketKind::from_bits(first >> 4) else {
            return fault(0, "§2.1.2", "packet type 0, which is reserved");
        };
        if kind == PacketKind::Auth && version == Version::V3_1_1 {
            return fault(0, "3.1.1 §2.2.1", "packet type 15, which MQTT 3.1.1 reserves");
        }
        let flags = first & 0x0F;
        if kind != PacketKind::Publish && flags != kind.reserved_flags() {
            return fault(0, "MQTT-2.1.3-1", "flags other than the packet type prescribes");
        }
        let mut remaining = 0;
        for index in 0..4 {
            let Some(&byte) = bytes.get(1 + index) else { return Ok(Some(Self { kind, flags, lengths: None })) };
            remaining |= usize::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                if byte == 0 && index > 0 && version == Version::V5 {
                    return fault(1, "MQTT-1.5.5-1", "a remaining length in more bytes than it needs");
                }
                return Ok(Some(Self { kind, flags, lengths: Some((2 + index, remaining)) }));
            }
        }
        fault(1, "§2.1.4", "a remaining length of more than four bytes")
    }

    /// The bytes of the whole packet, once they are known.
    #[inline]
    pub(super) fn packet_len(self) -> Option<usize> {
        self.lengths.map(|(header, remaining)| header + remaining)
    }

    pub(super) const fn kind(self) -> PacketKind {
        self.kind
    }

    /// Decodes the packet of this header; `bytes` are the whole packet.
    #[inline]
    fn body<const FROM_SERVER: bool>(self, bytes: &[u8], version: Version) -> Result<Packet<'_>, DecodeError> {
        let start = self.lengths.map_or(bytes.len(), |(header, _)| header);
        let mut reader = Reader::new(bytes, start, self.kind);
        let reader = &mut reader;
        let packet = match self.kind {
            PacketKind::Publish => return Publish::read(reader, self.flags, version).map(Packet::Publish),
            PacketKind::Connect | PacketKind::Subscribe | PacketKind::Unsubscribe | PacketKind::Pingreq
                if FROM_SERVER =>
            {
                return Err(reader.protocol_error(0, "§2.1.2", "a packet that only a client sends"));
            }
            PacketKind::Connect => Packet::Connect(Box::new(connect::read(reader)?)),
            PacketKind::Connack => Packet::Connack(Connack::read(reader, version)?),
            PacketKind::Puback => Packet::Puback(Ack::read(reader, self.kind, PropertyPlace::Puback, version)?),
            PacketKind::Pubrec => Packet::Pubrec(Ack::read(reader, self.kind, PropertyPlace::Pubrec, version)?),
            PacketKind::Pubrel => Packet::Pubrel(Ack::read(reader, self.kind, PropertyPlace::Pubrel, version)?),
            PacketKind::Pubcomp => Packet::Pubcomp(Ack::read(reader, self.kind, PropertyPlace::Pubcomp, version)?),
            PacketKind::Subscribe => Packet::Subscribe(subscribe::read_subscribe(reader, version)?),
            PacketKind::Suback => Packet::Suback(subscribe::read_suback(reader, version)?),
            PacketKind::Unsubscribe => Packet::Unsubscribe(subscribe::read_unsubscribe(reader, version)?),
            PacketKind::Unsuback => Packet::Unsuback(subscribe::read_unsuback(reader, version)?),
            PacketKind::Pingreq => Packet::Pingreq,
            PacketKind::Pingresp => Packet::Pingresp,
            PacketKind::Disconnect => Packet::Disconnect(read_disconnect(reader, version)?),
            PacketKind::Auth => Packet::Auth(read_auth(reader)?),
        };
        reader.finish()?;
        Ok(packet)
    }
}

/// A property list, which 3.1.1 does not have.
fn properties<'a>(
    reader: &mut Reader<'a>,
    place: PropertyPlace,
    version: Version,
) -> Result<Properties<'a>, DecodeError> {
    match version {
        Version::V3_1_1 => Ok(Properties::EMPTY),
        Version::V5 => read_list(reader, place),
    }
}

/// A reason code that `kind` may carry.
fn reason(reader: &mut Reader<'_>, kind: PacketKind) -> Result<ReasonCode, DecodeError> {
    let start = reader.offset();
    ReasonCode::from_value(reader.byte()?)
        .filter(|reason| reason.is_allowed_in(kind))
        .ok_or_else(|| reader.protocol_error(start, "§2.4", "a reason code that this packet cannot have"))
}

impl<'a> Publish<'a> {
    #[inline]
    fn read(reader: &mut Reader<'a>, flags: u8, version: Version) -> Result<Self, DecodeError> {
        let Some(qos) = QoS::from_bits(flags >> 1 & 3) else {
            return Err(reader.malformed(0, "MQTT-3.3.1-4", "QoS 3, which does not exist"));
        };
        let dup = flags & 8 != 0;
        if dup && qos == QoS::AtMostOnce {
            return Err(reader.malformed(0, "MQTT-3.3.1-2", "DUP on a PUBLISH of QoS 0"));
        }
        let start = reader.offset() + 2;
        let topic = reader.text()?;
        if let Some(position) = topic.bytes().position(|byte| byte == b'+' || byte == b'#') {
            let problem = "a wildcard in a topic name";
            return Err(reader.error(start + position, "MQTT-3.3.2-2", problem, ReasonCode::TopicNameInvalid));
        }
        let packet_id = if qos == QoS::AtMostOnce { None } else { Some(reader.packet_id()?) };
        let properties = properties(reader, PropertyPlace::Publish, version)?;
        if topic.is_empty() && properties.get(super::PropertyId::TopicAlias).is_none() {
            let problem = "an empty topic name without a topic alias";
            return Err(match version {
                Version::V3_1_1 => reader.malformed(start, "MQTT-4.7.3-1", problem),
                Version::V5 => reader.protocol_error(start, "§3.3.2.1", problem),
            });
        }
        Ok(Self { dup, qos, retain: flags & 1 != 0, topic, packet_id, properties, payload: reader.rest() })
    }
}

impl<'a> Ack<'a> {
    fn read(
        reader: &mut Reader<'a>,
        kind: PacketKind,
        place: PropertyPlace,
        version: Version,
    ) -> Result<Self, DecodeError> {
        let mut ack = Ack::success(reader.packet_id()?);
        // A body of 2 bytes means success, one of 3 no properties (§3.4.2.1).
        if version == Version::V5 && !reader.is_empty() {
            ack.reason = reason(reader, kind)?;
            if !reader.is_empty() {
                ack.properties = read_list(reader, place)?;
            }
        }
        Ok(ack)
    }
}

impl<'a> Connack<'a> {
    fn read(reader: &mut Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        let start = reader.offset();
        let flags = reader.byte()?;
        if flags > 1 {
            return Err(reader.malformed(
                start,
                "MQTT-3.2.2-1",
                "reserved bits of the acknowledge flags that are not 0",
            ));
        }
        let session_present = flags == 1;
        let reason = match version {
            Version::V5 => reason(reader, PacketKind::Connack)?,
            Version::V3_1_1 => ReasonCode::from_return_code(reader.byte()?).ok_or_else(|| {
                reader.malformed(start + 1, "3.1.1 §3.2.2.3", "a return code above 5, which MQTT 3.1.1 reserves")
            })?,
        };
        if session_present && reason.is_error() {
            return Err(reader.protocol_error(start, "MQTT-3.2.2-6", "session present in a CONNACK that refuses"));
        }
        Ok(Self { session_present, reason, properties: properties(reader, PropertyPlace::Connack, version)? })
    }
}

fn read_disconnect<'a>(reader: &mut Reader<'a>, version: Version) -> Result<Disconnect<'a>, DecodeError> {
    let mut disconnect = Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY };
    if version == Version::V5 && !reader.is_empty() {
        disconnect.reason = reason(reader, PacketKind::Disconnect)?;
        if !reader.is_empty() {
            disconnect.properties = read_list(reader, PropertyPlace::Disconnect)?;
        }
    }
    Ok(disconnect)
}

fn read_auth<'a>(reader: &mut Reader<'a>) -> Result<Auth<'a>, DecodeError> {
    let mut auth = Auth { reason: ReasonCode::Success, properties: Properties::EMPTY };
    if !reader.is_empty() {
        auth.reason = reason(reader, PacketKind::Auth)?;
        if !reader.is_empty() {
            auth.properties = read_list(reader, PropertyPlace::Auth)?;
        }
    }
    Ok(auth)
}
