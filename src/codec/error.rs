//! What can be wrong with a packet: the peer's fault on the way in, the caller's mistake on the way out.

use alloc::string::String;

use super::{PacketKind, ReasonCode};
use crate::text::{self, Part, Text, fill};

/// The peer broke a rule of the wire. The connection cannot go on (MQTT 5.0 §4.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The kind of the packet, once its first byte told it.
    pub kind: Option<PacketKind>,
    /// Where in the packet, counted from its first byte.
    pub offset: usize,
    /// The statement or section of the specification that was broken, such as `MQTT-3.3.1-4` or `§2.1.3`.
    pub rule: &'static str,
    /// What was found and what would be right.
    pub problem: &'static str,
    /// What to say to the peer: [`ReasonCode::MalformedPacket`], [`ReasonCode::ProtocolError`] or a more exact one.
    pub reason: ReasonCode,
}

/// The caller asked for a packet that MQTT cannot express. Nothing has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A string or binary field is longer than its two-byte length can say (§1.5.4, §1.5.6).
    FieldTooLong {
        /// The field's name in the specification's words.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The packet is larger than a remaining length can say (§2.1.4).
    PacketTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The field breaks a rule, such as a PUBLISH of QoS 1 without a packet identifier.
    Invalid {
        /// The statement or section of the specification.
        rule: &'static str,
        /// What was found and what would be right.
        problem: &'static str,
    },
}

text::error!(DecodeError, EncodeError);

impl Text for DecodeError {
    fn write(&self, text: &mut String) {
        let kind = self.kind.map_or("packet", PacketKind::name);
        let parts = [Part::Str(kind), Part::Number(self.offset), Part::Str(self.problem), Part::Str(self.rule)];
        fill(text, "{}, byte {}: {} ({})", &parts);
    }
}

impl Text for EncodeError {
    fn write(&self, text: &mut String) {
        match self {
            Self::FieldTooLong { field, bytes } => {
                fill(text, "the {} has {} bytes; at most 65,535 fit", &[Part::Str(field), Part::Number(*bytes)]);
            }
            Self::PacketTooLarge { bytes } => {
                fill(text, "the packet would have {} bytes; at most 268,435,460 fit", &[Part::Number(*bytes)]);
            }
            Self::Invalid { rule, problem } => fill(text, "{} ({})", &[Part::Str(problem), Part::Str(rule)]),
        }
    }
}
