//! Decoding: from one packet's bytes to the packet.

use alloc::boxed::Box;

mod connect;
mod subscribe;

use super::property::read_list;
use super::reader::Reader;
use super::{
    Ack, Auth, Connack, DecodeError, Disconnect, Packet, PacketKind, Properties, PropertyId, PropertyPlace, Publish,
    QoS, ReasonCode, Version,
};
use crate::topic::{has, has_null_or_wildcard, is_wildcard};

impl<'a> Packet<'a> {
    /// Decodes exactly one packet. `version` is the connection's; CONNECT tells its own.
    ///
    /// # Errors
    /// [`DecodeError`] with the rule that `bytes` break; too few or too many bytes among them.
    pub fn decode(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        decode::<false>(bytes, version)
    }

    /// As [`decode`](Self::decode), but refuses what only a client sends (§2.1.2): a client need
    /// not know how to read it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_from_server(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        decode::<true>(bytes, version)
    }
}

fn decode<const FROM_SERVER: bool>(bytes: &[u8], version: Version) -> Result<Packet<'_>, DecodeError> {
    match Header::read(bytes, version, false)? {
        Some(header) if header.packet_len == bytes.len() => header.packet::<FROM_SERVER>(bytes, version),
        Some(header) if header.packet_len < bytes.len() => {
            Err(fault(bytes, header.packet_len, "§2.1.4", "bytes follow the packet's end"))
        }
        _ => Err(fault(bytes, bytes.len(), "§2.1.4", "the bytes end before the packet does")),
    }
}

/// A fault of the packet as a whole.
#[cold]
fn fault(bytes: &[u8], offset: usize, rule: &'static str, problem: &'static str) -> DecodeError {
    let kind = bytes.first().and_then(|first| PacketKind::from_bits(first >> 4));
    DecodeError { kind, offset, rule, problem, reason: ReasonCode::MalformedPacket }
}

/// A fixed header (§2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: PacketKind,
    flags: u8,
    /// Where the variable header begins.
    body: usize,
    /// Bytes of the whole packet.
    pub(super) packet_len: usize,
}

impl Header {
    /// Reads and checks as much as is there; `None` until the header is whole.
    ///
    /// `is_3_1` says that the peer speaks MQTT 3.1, whose `version` is 3.1.1.
    #[inline]
    pub(super) fn read(bytes: &[u8], version: Version, is_3_1: bool) -> Result<Option<Self>, DecodeError> {
        let Some((&first, behind)) = bytes.split_first() else { return Ok(None) };
        let flags = first & 0x0F;
        let (offset, rule, problem) = match PacketKind::from_bits(first >> 4) {
            None => (0, "§2.1.2", "packet type 0, which is reserved"),
            Some(PacketKind::Auth) if version == Version::V3_1_1 => {
                (0, "3.1.1 §2.2.1", "packet type 15, which MQTT 3.1.1 reserves")
            }
            Some(kind) if kind != PacketKind::Publish && !kind.may_have(flags, is_3_1) => {
                (0, "MQTT-2.1.3-1", "flags other than the packet type prescribes")
            }
            Some(kind) => {
                let mut remaining = 0;
                let mut body = 1;
                let last = loop {
                    let Some(&byte) = behind.get(body - 1) else { return Ok(None) };
                    remaining |= usize::from(byte & 0x7F) << (7 * (body - 1));
                    body += 1;
                    if byte & 0x80 == 0 || body > 4 {
                        break byte;
                    }
                };
                if last & 0x80 != 0 {
                    (1, "§2.1.4", "a remaining length of more than four bytes")
                } else if last == 0 && body > 2 && version == Version::V5 {
                    (1, "MQTT-1.5.5-1", "a remaining length in more bytes than it needs")
                } else {
                    return Ok(Some(Self { kind, flags, body, packet_len: body + remaining }));
                }
            }
        };
        Err(fault(bytes, offset, rule, problem))
    }

    /// Decodes the packet of this header; `bytes` are the whole packet.
    ///
    /// A constant tells whose packets, so that a program that decodes only what servers send need
    /// not carry the rest.
    #[inline]
    pub(super) fn packet<const FROM_SERVER: bool>(
        self,
        bytes: &[u8],
        version: Version,
    ) -> Result<Packet<'_>, DecodeError> {
        let mut reader = Reader::new(bytes, self.body, Some(self.kind));
        let packet = self.body::<FROM_SERVER>(&mut reader, version);
        reader.finish().map(|()| packet)
    }

    /// Returns the packet, if `reader` found no fault.
    #[inline]
    fn body<'a, const FROM_SERVER: bool>(self, reader: &mut Reader<'a>, version: Version) -> Packet<'a> {
        match self.kind {
            PacketKind::Publish => Packet::Publish(Publish::read(reader, self.flags, version)),
            PacketKind::Connect | PacketKind::Subscribe | PacketKind::Unsubscribe | PacketKind::Pingreq
                if FROM_SERVER =>
            {
                reader.protocol_error(0, "§2.1.2", "a packet that only a client sends");
                Packet::Pingreq
            }
            PacketKind::Connect => Packet::Connect(Box::new(connect::read(reader))),
            PacketKind::Connack => Packet::Connack(Connack::read(reader, version)),
            PacketKind::Puback => Packet::Puback(Ack::read(reader, self.kind, PropertyPlace::Puback, version)),
            PacketKind::Pubrec => Packet::Pubrec(Ack::read(reader, self.kind, PropertyPlace::Pubrec, version)),
            PacketKind::Pubrel => Packet::Pubrel(Ack::read(reader, self.kind, PropertyPlace::Pubrel, version)),
            PacketKind::Pubcomp => Packet::Pubcomp(Ack::read(reader, self.kind, PropertyPlace::Pubcomp, version)),
            PacketKind::Subscribe => Packet::Subscribe(subscribe::read_subscribe(reader, version)),
            PacketKind::Suback => Packet::Suback(subscribe::read_suback(reader, version)),
            PacketKind::Unsubscribe => Packet::Unsubscribe(subscribe::read_unsubscribe(reader, version)),
            PacketKind::Unsuback => Packet::Unsuback(subscribe::read_unsuback(reader, version)),
            PacketKind::Pingreq => Packet::Pingreq,
            PacketKind::Pingresp => Packet::Pingresp,
            PacketKind::Disconnect => {
                let (reason, properties) = outcome(reader, self.kind, PropertyPlace::Disconnect, version);
                Packet::Disconnect(Disconnect { reason, properties })
            }
            PacketKind::Auth => {
                let (reason, properties) = outcome(reader, self.kind, PropertyPlace::Auth, version);
                Packet::Auth(Auth { reason, properties })
            }
        }
    }
}

/// A property list, which 3.1.1 does not have.
fn properties<'a>(reader: &mut Reader<'a>, place: PropertyPlace, version: Version) -> Properties<'a> {
    match version {
        Version::V3_1_1 => Properties::EMPTY,
        Version::V5 => read_list(reader, place),
    }
}

/// A reason code that `kind` may carry.
fn reason(reader: &mut Reader<'_>, kind: PacketKind) -> ReasonCode {
    let start = reader.offset();
    ReasonCode::from_value(reader.byte()).filter(|reason| reason.is_allowed_in(kind)).unwrap_or_else(|| {
        reader.protocol_error(start, "§2.4", "a reason code that this packet cannot have");
        ReasonCode::Success
    })
}

/// A reason code and properties at a packet's end. Without both it means success (§3.4.2.1,
/// §3.14.2.1, §3.15.2.1). All but AUTH may leave out a property length of 0 (§3.4.2.2.1,
/// §3.14.2.2.1). 3.1.1 has neither.
fn outcome<'a>(
    reader: &mut Reader<'a>,
    kind: PacketKind,
    place: PropertyPlace,
    version: Version,
) -> (ReasonCode, Properties<'a>) {
    if version == Version::V3_1_1 || reader.is_empty() {
        return (ReasonCode::Success, Properties::EMPTY);
    }
    let reason = reason(reader, kind);
    let is_left_out = reader.is_empty() && kind != PacketKind::Auth;
    (reason, if is_left_out { Properties::EMPTY } else { read_list(reader, place) })
}

impl<'a> Publish<'a> {
    /// Returns the offset of the payload in a PUBLISH of `packet_len` bytes that begins with
    /// `head`. `None` if `head` begins another packet, or is too short to tell. The fields before
    /// the payload are not checked.
    #[must_use]
    pub fn payload_start(head: &'a [u8], packet_len: usize, version: Version) -> Option<usize> {
        let header = Header::read(head, version, false).ok()??;
        if header.kind != PacketKind::Publish || header.packet_len != packet_len {
            return None;
        }
        let mut reader = Reader::new(head, header.body, None);
        reader.binary();
        if header.flags & 6 != 0 {
            reader.two_byte();
        }
        if version == Version::V5 {
            let properties = reader.variable();
            reader.take(properties as usize);
        }
        (!reader.has_failed()).then_some(reader.offset())
    }

    #[inline]
    fn read(reader: &mut Reader<'a>, flags: u8, version: Version) -> Self {
        let qos = QoS::from_bits(flags >> 1 & 3).unwrap_or_else(|| {
            reader.malformed(0, "MQTT-3.3.1-4", "QoS 3, which does not exist");
            QoS::AtMostOnce
        });
        let dup = flags & 8 != 0;
        if dup && qos == QoS::AtMostOnce {
            reader.malformed(0, "MQTT-3.3.1-2", "DUP on a PUBLISH of QoS 0");
        }
        let start = reader.offset() + 2;
        let topic = reader.utf8();
        if has_null_or_wildcard(topic) {
            refuse_topic(reader, topic);
        }
        let packet_id = (qos != QoS::AtMostOnce).then(|| reader.packet_id());
        let properties = properties(reader, PropertyPlace::Publish, version);
        if topic.is_empty() && properties.number(PropertyId::TopicAlias).is_none() {
            let problem = "an empty topic name without a topic alias";
            match version {
                Version::V3_1_1 => reader.malformed(start, "MQTT-4.7.3-1", problem),
                Version::V5 => reader.protocol_error(start, "§3.3.2.1", problem),
            }
        }
        Self { dup, qos, retain: flags & 1 != 0, topic, packet_id, properties, payload: reader.rest() }
    }
}

/// The topic name that was read last has U+0000 or a wildcard.
#[cold]
fn refuse_topic(reader: &mut Reader<'_>, topic: &str) {
    match topic.bytes().position(is_wildcard) {
        Some(position) if !has(topic, |byte| byte == 0) => {
            let offset = reader.offset() - topic.len() + position;
            reader.fail(offset, "MQTT-3.3.2-2", "a wildcard in a topic name", ReasonCode::TopicNameInvalid);
        }
        _ => reader.null_character(topic),
    }
}

impl<'a> Ack<'a> {
    fn read(reader: &mut Reader<'a>, kind: PacketKind, place: PropertyPlace, version: Version) -> Self {
        let packet_id = reader.packet_id();
        let (reason, properties) = outcome(reader, kind, place, version);
        Self { packet_id, reason, properties }
    }
}

impl<'a> Connack<'a> {
    fn read(reader: &mut Reader<'a>, version: Version) -> Self {
        let start = reader.offset();
        let flags = reader.byte();
        if flags > 1 {
            let problem = "reserved bits of the acknowledge flags that are not 0";
            reader.malformed(start, "MQTT-3.2.2-1", problem);
        }
        let session_present = flags == 1;
        if version == Version::V5 && reader.clone().rest() == [1] {
            // The refusal of a server that knows 3.1.1 alone, in its own form (3.1.1 §3.1.2.2).
            reader.byte();
            let reason = ReasonCode::UnsupportedProtocolVersion;
            return Self { session_present, reason, properties: Properties::EMPTY };
        }
        let reason = match version {
            Version::V5 => reason(reader, PacketKind::Connack),
            Version::V3_1_1 => ReasonCode::from_return_code(reader.byte()).unwrap_or_else(|| {
                let problem = "a return code above 5, which MQTT 3.1.1 reserves";
                reader.malformed(start + 1, "3.1.1 §3.2.2.3", problem);
                ReasonCode::UnspecifiedError
            }),
        };
        if session_present && reason.is_error() {
            reader.protocol_error(start, "MQTT-3.2.2-6", "session present in a CONNACK that refuses");
        }
        Self { session_present, reason, properties: properties(reader, PropertyPlace::Connack, version) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_payload_begins_where_all_before_it_is_there() {
        let properties = [0x23, 0, 1];
        let publish = Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            topic: "a/b",
            packet_id: Some(super::super::PacketId::FIRST),
            properties: Properties::checked(&properties),
            payload: &[7; 1_000],
        };
        for version in [Version::V3_1_1, Version::V5] {
            for (qos, packet_id) in [(QoS::AtMostOnce, None), (QoS::ExactlyOnce, publish.packet_id)] {
                let mut bytes = Vec::new();
                Publish { qos, packet_id, ..publish }.encode(version, &mut bytes).expect("it is well formed");
                let (len, start) = (bytes.len(), bytes.len() - publish.payload.len());
                for head in 0..start {
                    assert_eq!(Publish::payload_start(&bytes[..head], len, version), None, "{head} bytes");
                }
                assert_eq!(Publish::payload_start(&bytes[..start], len, version), Some(start));
                assert_eq!(Publish::payload_start(&bytes, len + 1, version), None, "another packet follows");
                bytes[0] = 0x40;
                assert_eq!(Publish::payload_start(&bytes, len, version), None, "no PUBLISH");
            }
        }
    }
}
