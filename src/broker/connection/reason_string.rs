//! Reason strings of the broker's packets (MQTT 5.0 §4.13).
//!
//! A reason string is left out if the packet would exceed the client's maximum packet size
//! [MQTT-3.2.2-19], [MQTT-3.4.2-2], [MQTT-3.5.2-2], [MQTT-3.9.2-1], [MQTT-3.11.2-1],
//! [MQTT-3.14.2-3]. If the client wants none, only CONNACK and DISCONNECT have one [MQTT-3.1.2-29].

use alloc::string::String;
use alloc::vec::Vec;

use crate::broker::cause::{DisconnectCause, Fault};
use crate::codec::{
    Ack, Connack, Disconnect, Packet, Properties, PropertiesBuf, PropertyId, Suback, Unsuback, Value, Version,
};

/// Appends the packet with its properties and this reason string, as far as the client's maximum
/// packet size allows. False if even the bare packet is too large; then nothing is appended.
pub(crate) fn append(
    packet: Packet<'_>,
    reason_string: &str,
    version: Version,
    packet_bytes_max: usize,
    out: &mut Vec<u8>,
) -> bool {
    let mut packet = packet;
    let start = out.len();
    let own = properties(&mut packet).map_or(Properties::EMPTY, |list| *list);
    let mut list = own.to_buf();
    // No reason string of the broker exceeds the length of a string.
    let is_worded = version == Version::V5
        && !reason_string.is_empty()
        && list.push_value(PropertyId::ReasonString, Value::Text(reason_string)).is_ok();
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

/// Returns a property list with a Server Reference; empty if the text is too long.
pub(crate) fn server_reference(server: &str) -> PropertiesBuf {
    let mut list = PropertiesBuf::new();
    // If it is not Ok, nothing was appended.
    let _ = list.push_value(PropertyId::ServerReference, Value::Text(server));
    list
}

/// Returns the property list of a packet that may have a reason string.
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
    /// Returns the reason string of the fault.
    pub(crate) fn reason_string(&self) -> String {
        format!("{} ({})", self.problem, self.rule)
    }
}

impl DisconnectCause {
    /// Returns the reason string of a DISCONNECT; empty for none.
    pub(crate) fn reason_string(&self) -> String {
        match self {
            Self::Fault(fault) => fault.reason_string(),
            Self::KeepAliveTimeout => "no packet within 1.5 times the keep alive".into(),
            Self::TakenOver => "session taken over by another connection".into(),
            Self::QueueFull => "outgoing queue overflowed".into(),
            Self::Client(_) | Self::TransportClosed | Self::StoreFailed | Self::Host(_) => String::new(),
        }
    }
}
