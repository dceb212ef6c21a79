//! Words: the Reason Strings of the broker's packets, for people to read (MQTT 5.0 §4.13).
//!
//! They are left out where they would make a packet larger than the client takes [MQTT-3.2.2-19], [MQTT-3.4.2-2],
//! [MQTT-3.5.2-2], [MQTT-3.9.2-1], [MQTT-3.11.2-1], [MQTT-3.14.2-3], and, but in CONNACK and DISCONNECT, where the client
//! does not want them [MQTT-3.1.2-29].

use alloc::string::String;
use alloc::vec::Vec;

use crate::broker::cause::{DisconnectCause, Fault};
use crate::codec::{
    Ack, Connack, Disconnect, Packet, Properties, PropertiesBuf, PropertyId, ReasonCode, Suback, Unsuback, Value,
    Version,
};

/// Appends the packet with as much of its properties and of these words as the client has room for; nothing if it has
/// none for the packet itself. Says whether it was appended.
pub(crate) fn append(
    packet: Packet<'_>,
    words: &str,
    version: Version,
    packet_bytes_max: usize,
    out: &mut Vec<u8>,
) -> bool {
    let mut packet = packet;
    let start = out.len();
    let own = properties(&mut packet).map_or(Properties::EMPTY, |list| *list);
    let mut list = own.to_buf();
    // Nothing of ours is longer than a string can be.
    let is_worded = version == Version::V5
        && !words.is_empty()
        && list.push_value(PropertyId::ReasonString, Value::Text(words)).is_ok();
    let first = if is_worded { list.as_properties() } else { own };
    for list in [first, own, Properties::EMPTY] {
        if let Some(properties) = properties(&mut packet) {
            *properties = list;
        }
        if packet.encode(version, out).is_ok() && out.len() - start <= packet_bytes_max {
            return true;
        }
        out.truncate(start);
    }
    false
}

/// The list of a Server Reference. One that is too long for a string is none.
pub(crate) fn server_reference(server: &str) -> PropertiesBuf {
    let mut list = PropertiesBuf::new();
    // If it is not Ok, nothing was appended.
    let _ = list.push_value(PropertyId::ServerReference, Value::Text(server));
    list
}

/// The property list of a packet that may have words.
fn properties<'p, 'a>(packet: &'p mut Packet<'a>) -> Option<&'p mut Properties<'a>> {
    match packet {
        Packet::Connack(Connack { properties, .. })
        | Packet::Puback(Ack { properties, .. })
        | Packet::Pubrec(Ack { properties, .. })
        | Packet::Suback(Suback { properties, .. })
        | Packet::Unsuback(Unsuback { properties, .. })
        | Packet::Disconnect(Disconnect { properties, .. }) => Some(properties),
        _ => None,
    }
}

impl Fault {
    /// What the peer is told of it.
    pub(crate) fn words(&self) -> String {
        format!("{} ({})", self.problem, self.rule)
    }
}

impl DisconnectCause {
    /// What the peer is told besides the reason code.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Fault(fault) => fault.words(),
            Self::KeepAliveTimeout => "no packet within 1.5 times the keep alive".into(),
            Self::TakenOver => "session taken over by another connection".into(),
            Self::QueueFull => "outgoing queue overflowed".into(),
            Self::Client(_) | Self::TransportClosed | Self::StoreFailed | Self::Host(_) => String::new(),
        }
    }
}

pub(crate) const fn connack(session_present: bool, reason: ReasonCode, properties: Properties<'_>) -> Packet<'_> {
    Packet::Connack(Connack { session_present, reason, properties })
}
