//! Cause of a close: it decides the last packet, the fate of the session, and the event.

use alloc::string::String;
use alloc::vec::Vec;

use crate::broker::cause::{DisconnectCause, RejectCause};
use crate::broker::connection::connack::connack;
use crate::broker::connection::peer::Connected;
use crate::broker::connection::reason_string;
use crate::codec::{Disconnect, Packet, PacketKind, Properties, PropertiesBuf, ReasonCode, Version};

/// Cause of a close.
#[derive(Debug)]
pub(crate) enum CloseCause<'a> {
    /// The connection is not accepted. Its refusal is sent first, if there is one.
    Reject(RejectCause, Option<Refusal<'a>>),
    /// The connection ends, accepted or not. The text is a server reference for a 5.0 client.
    Disconnect(DisconnectCause, Option<&'a str>),
}

/// A CONNACK with an error, sent before the close [MQTT-3.2.2-7].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    pub(crate) reason: ReasonCode,
    pub(crate) properties: Properties<'a>,
    /// The reason string; empty for none.
    pub(crate) text: &'a str,
    pub(crate) version: Version,
    /// The client's maximum packet size.
    pub(crate) packet_bytes_max: usize,
}

impl From<RejectCause> for CloseCause<'_> {
    fn from(cause: RejectCause) -> Self {
        Self::Reject(cause, None)
    }
}

impl From<DisconnectCause> for CloseCause<'_> {
    fn from(cause: DisconnectCause) -> Self {
        Self::Disconnect(cause, None)
    }
}

impl CloseCause<'_> {
    /// Returns the cause for the event of a connection that was not accepted.
    pub(crate) fn of_rejection(&self) -> RejectCause {
        match self {
            Self::Reject(cause, _) => *cause,
            Self::Disconnect(cause, _) => (*cause).into(),
        }
    }

    /// Returns the cause for the event of an accepted connection.
    pub(crate) const fn of_disconnection(&self) -> DisconnectCause {
        match self {
            Self::Disconnect(cause, _) => *cause,
            // An accepted connection is not refused any more.
            Self::Reject(_, _) => DisconnectCause::TransportClosed,
        }
    }

    /// Appends the CONNACK of a refused connection, if there is one.
    pub(crate) fn write_refusal(&self, out: &mut Vec<u8>) {
        if let Self::Reject(_, Some(refusal)) = self {
            let Refusal { reason, properties, text, version, packet_bytes_max } = *refusal;
            reason_string::append(connack(false, reason, properties), text, version, packet_bytes_max, out);
        }
    }

    /// Appends the DISCONNECT to an accepted client of 5.0; 3.1.1 has none from a server (§4.13).
    pub(crate) fn write_disconnect(&self, connected: &Connected, out: &mut Vec<u8>) {
        let Self::Disconnect(cause, server_reference) = self else { return };
        let Some(reason) = cause.reason_code().filter(|_| connected.version == Version::V5) else { return };
        // Some reasons of the decoder are for CONNACK alone.
        let is_allowed = reason.is_allowed_in(PacketKind::Disconnect);
        let reason = if is_allowed { reason } else { ReasonCode::ProtocolError };
        let list: PropertiesBuf = server_reference.map(reason_string::server_reference).unwrap_or_default();
        let disconnect = Packet::Disconnect(Disconnect { reason, properties: list.as_properties() });
        let text: String = cause.reason_string();
        reason_string::append(disconnect, &text, Version::V5, connected.packet_bytes_max, out);
    }
}

impl From<DisconnectCause> for RejectCause {
    /// Converts the cause for a connection that was not accepted yet.
    fn from(cause: DisconnectCause) -> Self {
        match cause {
            DisconnectCause::TransportClosed => Self::TransportClosed,
            DisconnectCause::Fault(fault) => Self::Fault(fault),
            DisconnectCause::KeepAliveTimeout => Self::ConnectTimeout,
            DisconnectCause::StoreFailed => Self::StoreFailed,
            DisconnectCause::TakenOver => Self::TakenOver,
            DisconnectCause::Host(_) | DisconnectCause::Client(_) | DisconnectCause::QueueFull => Self::Host,
        }
    }
}
