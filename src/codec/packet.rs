//! The control packets of MQTT (MQTT 5.0 §3), as borrowed views of their bytes.
//!
//! One set of types serves both versions. In 3.1.1 a field of 5.0 has its neutral value: no
//! properties, reason [`ReasonCode::Success`], no AUTH. 3.1.1's CONNACK return codes and SUBACK
//! failure are mapped to the reason codes of 5.0.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{PacketId, Properties, QoS, ReasonCode, Version};

/// One control packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A client asks for a connection (§3.1). Boxed: it is seldom and large.
    Connect(Box<Connect<'a>>),
    /// The server's answer (§3.2).
    Connack(Connack<'a>),
    /// An application message (§3.3).
    Publish(Publish<'a>),
    /// The answer to a PUBLISH of QoS 1 (§3.4).
    Puback(Ack<'a>),
    /// The first answer to a PUBLISH of QoS 2 (§3.5).
    Pubrec(Ack<'a>),
    /// The sender's release of a QoS 2 message (§3.6).
    Pubrel(Ack<'a>),
    /// The last packet of a QoS 2 exchange (§3.7).
    Pubcomp(Ack<'a>),
    /// A client asks for subscriptions (§3.8).
    Subscribe(Subscribe<'a>),
    /// The server's answer, a reason for each filter (§3.9).
    Suback(Suback<'a>),
    /// A client ends subscriptions (§3.10).
    Unsubscribe(Unsubscribe<'a>),
    /// The server's answer (§3.11).
    Unsuback(Unsuback<'a>),
    /// Is anyone there (§3.12)?
    Pingreq,
    /// Yes (§3.13).
    Pingresp,
    /// The last packet of a connection (§3.14).
    Disconnect(Disconnect<'a>),
    /// A step of enhanced authentication, 5.0 alone (§3.15).
    Auth(Auth<'a>),
}

/// The type of a control packet; its value is the wire's (§2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the packet of its name")]
pub enum PacketKind {
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15,
}

/// CONNECT (§3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The version that the whole connection will speak.
    pub version: Version,
    /// Start with no session (5.0: Clean Start, 3.1.1: Clean Session).
    pub clean_start: bool,
    /// Keep alive in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// The client identifier; empty asks the server for one.
    pub client_id: &'a str,
    /// The message to publish when the connection ends otherwise than by DISCONNECT.
    pub will: Option<Will<'a>>,
    /// The user name.
    pub username: Option<&'a str>,
    /// The password: any bytes.
    pub password: Option<&'a [u8]>,
    /// CONNECT's own properties, not the will's.
    pub properties: Properties<'a>,
}

/// The will of a CONNECT (§3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    /// The quality of service of the will message.
    pub qos: QoS,
    /// True if the will message is retained.
    pub retain: bool,
    /// Where it is published; valid as a topic name.
    pub topic: &'a str,
    /// The will message; any bytes.
    pub payload: &'a [u8],
    /// Will properties: delay, and those of the message.
    pub properties: Properties<'a>,
}

/// CONNACK (§3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connack<'a> {
    /// The server had a session for this client and goes on with it.
    pub session_present: bool,
    /// Success, or why the connection is refused.
    pub reason: ReasonCode,
    /// Properties: limits of the server, and more.
    pub properties: Properties<'a>,
}

/// PUBLISH (§3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// It may have been sent before [MQTT-3.3.1-1].
    pub dup: bool,
    /// The quality of service of this hop.
    pub qos: QoS,
    /// The RETAIN flag.
    pub retain: bool,
    /// The topic name; empty only in 5.0 with a topic alias.
    pub topic: &'a str,
    /// There for QoS 1 and 2, and only then [MQTT-2.2.1-2].
    pub packet_id: Option<PacketId>,
    /// The message's properties.
    pub properties: Properties<'a>,
    /// The payload; any bytes.
    pub payload: &'a [u8],
}

/// PUBACK, PUBREC, PUBREL and PUBCOMP, which differ in kind alone (§3.4 to §3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The identifier of the PUBLISH that this is about.
    pub packet_id: PacketId,
    /// [`ReasonCode::Success`] in 3.1.1.
    pub reason: ReasonCode,
    /// None in 3.1.1.
    pub properties: Properties<'a>,
}

impl Ack<'_> {
    /// Success without properties: 4 bytes on the wire in both versions.
    #[must_use]
    pub const fn success(packet_id: PacketId) -> Self {
        Self::new(packet_id, ReasonCode::Success)
    }

    /// This reason, without properties.
    #[must_use]
    pub const fn new(packet_id: PacketId, reason: ReasonCode) -> Self {
        Self { packet_id, reason, properties: Properties::EMPTY }
    }
}

/// SUBSCRIBE (§3.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// Answered by a SUBACK of the same identifier.
    pub packet_id: PacketId,
    /// Subscription identifier and user properties.
    pub properties: Properties<'a>,
    /// At least one [MQTT-3.8.3-2].
    pub subscriptions: Vec<Subscription<'a>>,
}

/// One filter of a SUBSCRIBE, and how to deliver what it matches (§3.8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// The filter as it stands on the wire: well-formed UTF-8, not yet checked as a topic filter. A
    /// server can answer a bad one with [`ReasonCode::TopicFilterInvalid`] alone.
    pub filter: &'a str,
    /// Quality of service, and 5.0's three options.
    pub options: SubscriptionOptions,
}

/// The options byte of a subscription (§3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionOptions {
    /// The highest quality of service to deliver with.
    pub qos: QoS,
    /// Do not send me my own messages (5.0).
    pub no_local: bool,
    /// Leave the RETAIN flag as it was published (5.0).
    pub retain_as_published: bool,
    /// Which retained messages to send on subscribing (5.0).
    pub retain_handling: RetainHandling,
}

/// When retained messages are sent at subscribing (§3.8.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetainHandling {
    /// At each SUBSCRIBE; 3.1.1 knows this alone.
    #[default]
    Send = 0,
    /// Only if the subscription is new.
    SendIfNew = 1,
    /// Never.
    DoNotSend = 2,
}

/// SUBACK (§3.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suback<'a> {
    /// The packet identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// None in 3.1.1.
    pub properties: Properties<'a>,
    /// One for each filter, in the order of the SUBSCRIBE [MQTT-3.9.3-1].
    pub reasons: Vec<ReasonCode>,
}

/// UNSUBSCRIBE (§3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// Answered by an UNSUBACK of the same identifier.
    pub packet_id: PacketId,
    /// None in 3.1.1.
    pub properties: Properties<'a>,
    /// At least one [MQTT-3.10.3-2]; not yet checked as topic filters.
    pub filters: Vec<&'a str>,
}

/// UNSUBACK (§3.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsuback<'a> {
    /// The packet identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// None in 3.1.1.
    pub properties: Properties<'a>,
    /// One for each filter in 5.0 [MQTT-3.11.3-1]; empty in 3.1.1, whose UNSUBACK has no payload.
    pub reasons: Vec<ReasonCode>,
}

/// DISCONNECT (§3.14); from the server in 5.0 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// [`ReasonCode::Success`] is a normal disconnection.
    pub reason: ReasonCode,
    /// None in 3.1.1.
    pub properties: Properties<'a>,
}

/// AUTH (§3.15), 5.0 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Success, continue or re-authenticate.
    pub reason: ReasonCode,
    /// Method and data.
    pub properties: Properties<'a>,
}

impl Packet<'_> {
    /// The packet's type.
    #[must_use]
    pub const fn kind(&self) -> PacketKind {
        match self {
            Self::Connect(_) => PacketKind::Connect,
            Self::Connack(_) => PacketKind::Connack,
            Self::Publish(_) => PacketKind::Publish,
            Self::Puback(_) => PacketKind::Puback,
            Self::Pubrec(_) => PacketKind::Pubrec,
            Self::Pubrel(_) => PacketKind::Pubrel,
            Self::Pubcomp(_) => PacketKind::Pubcomp,
            Self::Subscribe(_) => PacketKind::Subscribe,
            Self::Suback(_) => PacketKind::Suback,
            Self::Unsubscribe(_) => PacketKind::Unsubscribe,
            Self::Unsuback(_) => PacketKind::Unsuback,
            Self::Pingreq => PacketKind::Pingreq,
            Self::Pingresp => PacketKind::Pingresp,
            Self::Disconnect(_) => PacketKind::Disconnect,
            Self::Auth(_) => PacketKind::Auth,
        }
    }
}

impl PacketKind {
    /// Every kind, in the order of their values (§2.1.2).
    pub const ALL: [Self; 15] = [
        Self::Connect,
        Self::Connack,
        Self::Publish,
        Self::Puback,
        Self::Pubrec,
        Self::Pubrel,
        Self::Pubcomp,
        Self::Subscribe,
        Self::Suback,
        Self::Unsubscribe,
        Self::Unsuback,
        Self::Pingreq,
        Self::Pingresp,
        Self::Disconnect,
        Self::Auth,
    ];

    /// The kind of these four bits; 0 is reserved.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            1 => Self::Connect,
            2 => Self::Connack,
            3 => Self::Publish,
            4 => Self::Puback,
            5 => Self::Pubrec,
            6 => Self::Pubrel,
            7 => Self::Pubcomp,
            8 => Self::Subscribe,
            9 => Self::Suback,
            10 => Self::Unsubscribe,
            11 => Self::Unsuback,
            12 => Self::Pingreq,
            13 => Self::Pingresp,
            14 => Self::Disconnect,
            15 => Self::Auth,
            _ => return None,
        })
    }

    /// The name as the specification writes it: `PUBLISH`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Connack => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::Puback => "PUBACK",
            Self::Pubrec => "PUBREC",
            Self::Pubrel => "PUBREL",
            Self::Pubcomp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::Suback => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Unsuback => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }

    /// The flags of the fixed header that every kind but PUBLISH prescribes (§2.1.3).
    pub(super) const fn reserved_flags(self) -> u8 {
        match self {
            Self::Pubrel | Self::Subscribe | Self::Unsubscribe => 2,
            _ => 0,
        }
    }

    /// True if a packet of this kind, which is not PUBLISH, may have these flags.
    ///
    /// In 3.1 the kinds with QoS 1 in their flags may have DUP as well (3.1 §2.1).
    pub(super) const fn may_have(self, flags: u8, is_3_1: bool) -> bool {
        let reserved = self.reserved_flags();
        flags == reserved || is_3_1 && reserved != 0 && flags == reserved | 8
    }
}

impl fmt::Display for PacketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl SubscriptionOptions {
    /// The options byte; 3.1.1 has the quality of service alone.
    pub(super) const fn to_byte(self, version: Version) -> u8 {
        match version {
            Version::V3_1_1 => self.qos.bits(),
            Version::V5 => {
                self.qos.bits()
                    | (self.no_local as u8) << 2
                    | (self.retain_as_published as u8) << 3
                    | (self.retain_handling as u8) << 4
            }
        }
    }

    /// The options that a byte of SUBSCRIBE says (§3.8.3.1); `None` if a reserved bit is set, or a
    /// field has the value 3.
    #[must_use]
    pub const fn from_byte(byte: u8, version: Version) -> Option<Self> {
        let Some(qos) = QoS::from_bits(byte & 3) else { return None };
        let retain_handling = match byte >> 4 & 3 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            _ => return None,
        };
        let reserved = match version {
            Version::V3_1_1 => byte & 0xFC,
            Version::V5 => byte & 0xC0,
        };
        if reserved != 0 {
            return None;
        }
        Some(Self { qos, no_local: byte & 4 != 0, retain_as_published: byte & 8 != 0, retain_handling })
    }
}
