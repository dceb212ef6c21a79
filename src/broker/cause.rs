//! Causes: why a connection, a packet or a message was refused, ended or dropped.

use crate::codec::{DecodeError, ReasonCode};

/// Why a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectCause {
    /// CONNECT was refused with this reason, in CONNACK unless the client takes no packet of that size.
    Refused(ReasonCode),
    /// What came was no good CONNECT, or allows no packet of the size of CONNACK.
    Fault(Fault),
    /// The client sent DISCONNECT with this reason while it was being authenticated.
    Client(ReasonCode),
    /// No CONNECT came in time, or it was not authenticated in time.
    ConnectTimeout,
    /// There are as many connections as there may be.
    TooManyConnections,
    /// The transport closed.
    TransportClosed,
    /// The store could not be written; see [`Broker::handle_store_failed`](crate::broker::Broker::handle_store_failed).
    StoreFailed,
    /// The host ended it.
    Host,
}

/// Why an accepted connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectCause {
    /// The client sent DISCONNECT with this reason.
    Client(ReasonCode),
    /// The transport closed without DISCONNECT.
    TransportClosed,
    /// Nothing came for one and a half times the keep alive.
    KeepAliveTimeout,
    /// Another connection came with the same client identifier.
    TakenOver,
    /// The peer broke a rule.
    Fault(Fault),
    /// Its queue was full, which [`QueueOverflow::Disconnect`](crate::broker::QueueOverflow::Disconnect) ends it for.
    QueueFull,
    /// The store could not be written; see [`Broker::handle_store_failed`](crate::broker::Broker::handle_store_failed).
    StoreFailed,
    /// The host ended it with this reason.
    Host(ReasonCode),
}

/// A rule that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the peer is told in 5.0.
    pub reason: ReasonCode,
    /// The statement or section of the specification.
    pub rule: &'static str,
    /// What was found and what would be right.
    pub problem: &'static str,
}

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropCause {
    /// The subscriber's queue was full.
    QueueFull,
    /// More bytes wait for the subscriber within the turn than may.
    TransmitFull,
    /// The subscriber's connection takes no more at present, and a message of QoS 0 does not wait.
    NotWritable,
    /// Larger than the subscriber's Maximum Packet Size [MQTT-3.1.2-24], or than any packet can be.
    PacketTooLarge,
    /// Its message expiry interval was over before it could be sent [MQTT-3.3.2-5].
    Expired,
    /// There was no room to retain it; it was delivered all the same.
    RetainedFull,
}

/// What became of a will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WillFate {
    /// Its connection came with it.
    Armed,
    /// Its connection ended; it waits for its delay.
    Delayed,
    /// Published.
    Fired,
    /// Deleted by a DISCONNECT with reason 0x00 [MQTT-3.14.4-3].
    Cleared,
    /// Deleted since the client came back in time [MQTT-3.1.3-9].
    Cancelled,
}

impl DropCause {
    /// Every cause, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::QueueFull,
        Self::TransmitFull,
        Self::NotWritable,
        Self::PacketTooLarge,
        Self::Expired,
        Self::RetainedFull,
    ];

    /// Its name, as it stands in topics and in the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue-full",
            Self::TransmitFull => "transmit-full",
            Self::NotWritable => "not-writable",
            Self::PacketTooLarge => "packet-too-large",
            Self::Expired => "expired",
            Self::RetainedFull => "retained-full",
        }
    }
}

impl DisconnectCause {
    /// What a DISCONNECT tells the peer; `None` if the peer ended the connection itself.
    pub(crate) const fn told(&self) -> Option<ReasonCode> {
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
