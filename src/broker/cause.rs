//! Causes of refusals, disconnects, drops, and the fate of wills.

use crate::codec::{DecodeError, ReasonCode};

/// Cause for which a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectCause {
    /// CONNECT was refused with this reason. CONNACK has it, unless it exceeds the client's maximum
    /// packet size.
    Refused(ReasonCode),
    /// The first packet was not a valid CONNECT, or its maximum packet size is too small for
    /// CONNACK.
    Fault(Fault),
    /// The client sent DISCONNECT with this reason during enhanced authentication.
    Client(ReasonCode),
    /// CONNECT, or the client's part of the authentication, did not come in time.
    ConnectTimeout,
    /// The connection limit is reached.
    TooManyConnections,
    /// A later CONNECT with the same client identifier came, and was accepted or waits.
    TakenOver,
    /// The transport closed.
    TransportClosed,
    /// The store could not be written; see
    /// [`Broker::handle_store_failed`](crate::broker::Broker::handle_store_failed).
    StoreFailed,
    /// The host ended it.
    Host,
}

/// Cause for which an accepted connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectCause {
    /// The client sent DISCONNECT with this reason.
    Client(ReasonCode),
    /// The transport closed without DISCONNECT.
    TransportClosed,
    /// No packet came within one and a half times the keep alive.
    KeepAliveTimeout,
    /// Another connection with the same client identifier took the session over.
    TakenOver,
    /// The peer violated the protocol or a limit.
    Fault(Fault),
    /// Its outgoing queue overflowed under
    /// [`QueueOverflow::Disconnect`](crate::broker::QueueOverflow::Disconnect).
    QueueFull,
    /// The store could not be written; see
    /// [`Broker::handle_store_failed`](crate::broker::Broker::handle_store_failed).
    StoreFailed,
    /// The host ended it with this reason.
    Host(ReasonCode),
}

/// A violation of the protocol or of a limit by the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The reason code for the peer in 5.0.
    pub reason: ReasonCode,
    /// The violated statement or section of the specification.
    pub rule: &'static str,
    /// The problem, in words for the peer's reason string.
    pub problem: &'static str,
}

/// Cause for which a message was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropCause {
    /// The subscriber's outgoing queue was full.
    QueueFull,
    /// The subscriber's outgoing buffer was full, or the turn had copied too many bytes.
    TransmitFull,
    /// The subscriber's transport was not writable, and a message of QoS 0 does not wait.
    NotWritable,
    /// The packet exceeds the subscriber's Maximum Packet Size [MQTT-3.1.2-24], or that of MQTT.
    PacketTooLarge,
    /// Its message expiry interval ended before it was sent [MQTT-3.3.2-5].
    Expired,
    /// The limit of retained messages is reached. The message was delivered, but not retained.
    RetainedFull,
    /// The subscriber may not receive it any more. It was allowed to a former user of the session,
    /// or in a former run.
    NotAuthorized,
}

/// State of a will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WillFate {
    /// CONNECT set the will.
    Armed,
    /// The connection ended, and the will waits for its delay.
    Delayed,
    /// The will was published.
    Fired,
    /// A DISCONNECT with reason 0x00 deleted the will [MQTT-3.14.4-3].
    Cleared,
    /// The client reconnected within the delay, which deleted the will [MQTT-3.1.3-9].
    Cancelled,
}

impl DropCause {
    /// All causes in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::QueueFull,
        Self::TransmitFull,
        Self::NotWritable,
        Self::PacketTooLarge,
        Self::Expired,
        Self::RetainedFull,
        Self::NotAuthorized,
    ];

    /// Returns the name, as used in `$SYS` topics and in the npm package.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue-full",
            Self::TransmitFull => "transmit-full",
            Self::NotWritable => "not-writable",
            Self::PacketTooLarge => "packet-too-large",
            Self::Expired => "expired",
            Self::RetainedFull => "retained-full",
            Self::NotAuthorized => "not-authorized",
        }
    }
}

impl DisconnectCause {
    /// Returns the reason code of the DISCONNECT to the peer; `None` if no DISCONNECT is sent.
    pub(crate) const fn reason_code(&self) -> Option<ReasonCode> {
        match self {
            Self::Client(_) | Self::TransportClosed | Self::StoreFailed => None,
            Self::KeepAliveTimeout => Some(ReasonCode::KeepAliveTimeout),
            Self::TakenOver => Some(ReasonCode::SessionTakenOver),
            Self::Fault(fault) => Some(fault.reason),
            Self::QueueFull => Some(ReasonCode::QuotaExceeded),
            Self::Host(reason) => Some(*reason),
        }
    }
}

impl Fault {
    pub(crate) const fn new(reason: ReasonCode, rule: &'static str, problem: &'static str) -> Self {
        Self { reason, rule, problem }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::new(error.reason, error.rule, error.problem)
    }
}
