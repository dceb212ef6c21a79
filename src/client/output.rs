//! What the client gives out: things to do, things to know, and the ends of requests.

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{DecodeError, EncodeError, Properties, Publish, ReasonCode};
use crate::text::{self, Part, Text, fill};

/// A publish, subscribe or unsubscribe that ends in exactly one [`Output::Done`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A handler that the host registered for a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct HandlerId(pub u32);

/// What the host is to do, or to know.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send these bytes as one frame. Given last, so that a turn's packets share a frame.
    Transmit(&'a [u8]),
    /// The broker accepted the connection.
    Connected(Connected<'a>),
    /// A message for the handlers named.
    Message(Incoming<'a>),
    /// A request is over.
    Done(RequestId, Result<Completion, RequestError>),
    /// The connection is over: close the transport. The last output of a connection.
    Closed(CloseReason),
}

/// What the broker said when it accepted.
#[derive(Clone, Copy, Debug)]
pub struct Connected<'a> {
    /// It goes on with the session of an earlier connection.
    pub session_present: bool,
    /// CONNACK's properties.
    pub properties: Properties<'a>,
}

/// A message that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The PUBLISH, its topic filled in where an alias stood for it.
    pub publish: Publish<'a>,
    /// The place of the topic in a bounded cache: the same topic keeps its slot until another takes it.
    pub topic_slot: u32,
    /// The slot has another topic or other handlers than when it was last given out.
    pub topic_changed: bool,
    /// Whom it is for, in order of their numbers; empty if no handler's filter matches.
    pub handlers: &'a [HandlerId],
    /// Where its parts begin in the frame that was fed last, if the whole packet lies in it.
    pub in_frame: Option<InFrame>,
}

/// Byte offsets into the frame that was fed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFrame {
    /// Where the property list begins, behind its length.
    pub properties: u32,
    /// Where the payload begins.
    pub payload: u32,
}

/// How a request ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Acknowledged with this reason: success, or 0x10 no matching subscribers.
    Published(ReasonCode),
    /// A reason for each filter, in order; some may be failures.
    Subscribed(Vec<ReasonCode>),
    /// A reason for each filter, in order; some may be failures.
    Unsubscribed(Vec<ReasonCode>),
}

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The broker said no.
    Refused(ReasonCode),
    /// The broker lost the session; whether it has the message is unknown.
    SessionLost,
    /// The connection ended and the request with it, or the client was ended.
    ConnectionClosed,
    /// The message waited, and the broker that came does not take so large a packet.
    PacketTooLarge {
        /// Its length.
        bytes: usize,
        /// The broker's maximum packet size.
        maximum: usize,
    },
}

/// The caller's mistake: nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// [`Client::disconnect`](super::Client::disconnect) was called.
    Ended,
    /// It needs a connection: SUBSCRIBE, UNSUBSCRIBE and QoS 0 do not wait for one.
    NotConnected,
    /// MQTT cannot express it.
    Encode(EncodeError),
    /// The queue's bound is reached.
    QueueFull {
        /// How many wait.
        messages: usize,
    },
    /// So many bytes wait to be sent at the end of the turn that no more may.
    TransmitFull {
        /// How many wait.
        bytes: usize,
    },
    /// 65,535 requests and deliveries are under way.
    NoPacketId,
    /// The broker said in its CONNACK that it does not take this.
    NotSupported {
        /// What, and what it does take.
        problem: &'static str,
        /// What the broker would have said.
        reason: ReasonCode,
    },
    /// The broker said in its CONNACK that it does not take so large a packet.
    PacketTooLarge {
        /// Its length.
        bytes: usize,
        /// The broker's maximum packet size.
        maximum: usize,
    },
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client disconnected.
    Requested,
    /// The options make no CONNECT: nothing was sent.
    Options(EncodeError),
    /// CONNACK refused the connection.
    Refused {
        /// Why.
        reason: ReasonCode,
        /// Why, in the broker's words.
        reason_string: Option<String>,
    },
    /// The broker sent DISCONNECT (5.0).
    Disconnected {
        /// Why.
        reason: ReasonCode,
        /// Why, in the broker's words.
        reason_string: Option<String>,
    },
    /// The broker sent bytes that are no packet.
    Malformed(DecodeError),
    /// The broker sent a packet that it must not send now.
    ProtocolError {
        /// What we told the broker.
        reason: ReasonCode,
        /// The statement or section of the specification.
        rule: &'static str,
        /// What it did.
        problem: &'static str,
    },
    /// A ping was not answered.
    KeepAliveTimeout,
    /// No CONNACK within the connect timeout.
    ConnectTimeout,
    /// The transport closed or failed.
    TransportClosed,
}

impl From<EncodeError> for CallError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<DecodeError> for CloseReason {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

text::error!(RequestError, CallError, CloseReason);

impl Text for RequestError {
    fn write(&self, text: &mut String) {
        match self {
            Self::Refused(reason) => fill(text, "the broker refused: {}", &[Part::Of(reason)]),
            Self::SessionLost => {
                text.push_str(
                    "the session ended before the broker acknowledged; whether it has the message is unknown",
                );
            }
            Self::ConnectionClosed => text.push_str("the connection closed before the broker answered"),
            Self::PacketTooLarge { bytes, maximum } => too_large(text, *bytes, *maximum),
        }
    }
}

impl Text for CallError {
    fn write(&self, text: &mut String) {
        match self {
            Self::Ended => text.push_str("the client has ended"),
            Self::NotConnected => text.push_str("there is no connection"),
            Self::Encode(error) => error.write(text),
            Self::QueueFull { messages } => {
                fill(text, "the queue is full: {} messages wait", &[Part::Number(*messages)]);
            }
            Self::TransmitFull { bytes } => {
                fill(text, "{} bytes wait to be sent, and this would be too many", &[Part::Number(*bytes)]);
            }
            Self::NoPacketId => text.push_str("all 65,535 packet identifiers are in use"),
            Self::NotSupported { problem, .. } => text.push_str(problem),
            Self::PacketTooLarge { bytes, maximum } => too_large(text, *bytes, *maximum),
        }
    }
}

impl Text for CloseReason {
    fn write(&self, text: &mut String) {
        match self {
            Self::Requested => text.push_str("the client disconnected"),
            Self::Options(error) => fill(text, "the options make no CONNECT: {}", &[Part::Of(error)]),
            Self::Refused { reason, reason_string } => {
                said(text, "the broker refused the connection: {}", *reason, reason_string.as_deref());
            }
            Self::Disconnected { reason, reason_string } => {
                said(text, "the broker disconnected: {}", *reason, reason_string.as_deref());
            }
            Self::Malformed(error) => fill(text, "the broker sent a bad packet: {}", &[Part::Of(error)]),
            Self::ProtocolError { rule, problem, .. } => {
                fill(text, "the broker broke the protocol: {} ({})", &[Part::Str(problem), Part::Str(rule)]);
            }
            Self::KeepAliveTimeout => text.push_str("the broker did not answer a ping in time"),
            Self::ConnectTimeout => text.push_str("the broker did not answer in time"),
            Self::TransportClosed => text.push_str("the connection was lost"),
        }
    }
}

fn said(text: &mut String, pattern: &str, reason: ReasonCode, words: Option<&str>) {
    fill(text, pattern, &[Part::Of(&reason)]);
    if let Some(words) = words {
        fill(text, ": {}", &[Part::Str(words)]);
    }
}

fn too_large(text: &mut String, bytes: usize, maximum: usize) {
    let parts = [Part::Number(bytes), Part::Number(maximum)];
    fill(text, "the packet has {} bytes; the broker takes at most {}", &parts);
}
