//! Errors of packets: the peer's fault when decoding, the caller's mistake when encoding.

use thiserror::Error;

use super::{PacketKind, ReasonCode};

/// The peer broke a rule of the wire. The connection cannot go on (MQTT 5.0 §4.13).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}, byte {offset}: {problem} ({rule})", .kind.map_or("packet", PacketKind::name))]
pub struct DecodeError {
    /// The kind of the packet, once its first byte is known.
    pub kind: Option<PacketKind>,
    /// Where in the packet, counted from its first byte.
    pub offset: usize,
    /// The statement or section of the specification that was broken, such as `MQTT-3.3.1-4` or
    /// `§2.1.3`.
    pub rule: &'static str,
    /// The fault, and what would be right.
    pub problem: &'static str,
    /// The reason code for the peer: [`ReasonCode::MalformedPacket`], [`ReasonCode::ProtocolError`]
    /// or a more exact one.
    pub reason: ReasonCode,
}

/// The caller asked for a packet that MQTT cannot express. Nothing has been written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A string or binary field is longer than its two-byte length can say (§1.5.4, §1.5.6).
    #[error("the {field} has {bytes} bytes; at most 65,535 fit")]
    FieldTooLong {
        /// The field's name in the specification's words.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The packet is larger than a remaining length can say (§2.1.4).
    #[error("the packet would have {bytes} bytes; at most 268,435,460 fit")]
    PacketTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The field breaks a rule, such as a PUBLISH of QoS 1 without a packet identifier.
    #[error("{problem} ({rule})")]
    Invalid {
        /// The statement or section of the specification.
        rule: &'static str,
        /// The fault, and what would be right.
        problem: &'static str,
    },
}
