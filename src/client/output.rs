//! Outputs of the client: actions for the host, news for it, and the results of requests.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use thiserror::Error;

use super::{Attempt, ChallengeId, Server};
use crate::codec::{DecodeError, EncodeError, Properties, Publish, ReasonCode};
use crate::store::{Batch, BatchId};
use crate::time::Time;
use crate::topic::TopicFilter;

/// A publish, subscribe or unsubscribe that ends in exactly one [`Output::Done`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

impl RequestId {
    /// Above the highest number, which JavaScript can count to. A higher bit marks a request that
    /// nobody waits for any more.
    pub(super) const NUMBER_END: u64 = 1 << 53;

    const NOBODY: u64 = 1 << 63;

    /// Returns the same number, for a request that nobody waits for any more.
    pub(super) const fn of_nobody(self) -> Self {
        Self(self.0 | Self::NOBODY)
    }

    /// True if nobody waits for it.
    pub(super) const fn is_nobody(self) -> bool {
        self.0 & Self::NOBODY != 0
    }

    /// Returns its number, whether or not somebody waits for it.
    pub(super) const fn number(self) -> u64 {
        self.0 & !Self::NOBODY
    }
}

/// A handler that the host registered for a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct HandlerId(pub u32);

/// A message whose acknowledgement waits for [`Client::acknowledge`](super::Client::acknowledge).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Ticket(pub(crate) u32);

/// An action or a piece of news for the host.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send these bytes as one frame. Given last, so that a turn's packets share a frame.
    Transmit(&'a [u8]),
    /// The broker accepted the connection.
    Connected(Connected<'a>),
    /// The broker goes on with enhanced authentication, with the properties of its AUTH. Answer by
    /// [`Client::authenticate`](super::Client::authenticate), now or later.
    Authenticate(ChallengeId, Properties<'a>),
    /// A message for the handlers named.
    Message(Incoming<'a>),
    /// A request is over.
    Done(RequestId, Result<Completion, RequestError>),
    /// News that ends no request.
    Notice(Notice),
    /// Write these changes to the store, all or none, then call
    /// [`handle_stored`](super::Client::handle_stored) or
    /// [`handle_store_failed`](super::Client::handle_store_failed). Batches are written in their
    /// order.
    Store(BatchId, &'a Batch),
    /// Open a transport to this server, after asking for credentials where they change. The answer
    /// is [`handle_open`](super::Client::handle_open) or
    /// [`handle_failed`](super::Client::handle_failed).
    Open {
        /// The number for all inputs of the transport.
        attempt: Attempt,
        /// The server to connect to.
        server: Server<'a>,
    },
    /// An attempt failed or a connection was lost: close its transport, or give up opening it. The
    /// next attempt follows.
    Lost(Lost),
    /// The life is over: close the transport, if there is one. No attempt follows.
    Closed(CloseReason),
}

/// The contents of an accepting CONNACK.
#[derive(Clone, Copy, Debug)]
pub struct Connected<'a> {
    /// It goes on with the session of an earlier connection.
    pub session_present: bool,
    /// CONNACK's properties.
    pub properties: Properties<'a>,
    /// Time since the last bytes of the connection before. `None` if it is the client's first.
    pub absence: Option<Duration>,
}

/// News that ends no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The session was lost, and the broker does not take the subscription again.
    NotResubscribed {
        /// Its filter.
        filter: TopicFilter,
        /// Why.
        error: RequestError,
    },
    /// The broker answered this QoS 2 message with PUBACK, as `RabbitMQ` 3 does. It was delivered
    /// at QoS 1.
    Downgraded(RequestId),
}

/// The end of an attempt or a connection that another one follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Its number.
    pub attempt: Attempt,
    /// Why.
    pub reason: CloseReason,
    /// The broker had accepted it.
    pub was_connected: bool,
    /// When the next attempt begins.
    pub retry_at: Time,
}

/// A message that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The PUBLISH, its topic filled in where an alias stood for it.
    pub publish: Publish<'a>,
    /// The place of the topic in a bounded cache: the same topic keeps its slot until another takes
    /// it.
    pub topic_slot: u32,
    /// The slot has another topic or other handlers than when it was last given out.
    pub topic_changed: bool,
    /// Whom it is for, in order of their numbers; empty if no handler's filter matches.
    pub handlers: &'a [HandlerId],
    /// Where its parts begin in the frame that was fed last, if the whole packet lies in it.
    pub in_frame: Option<InFrame>,
    /// Ticket for its acknowledgement, if a handler of it acknowledges by hand.
    pub ticket: Option<Ticket>,
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
    /// The broker accepted authentication anew.
    Authenticated,
}

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The broker said no.
    #[error("the broker refused the request: {0}")]
    Refused(ReasonCode),
    /// The broker lost the session; whether it has the message is unknown.
    #[error("the session ended before the broker acknowledged; whether it has the message is unknown")]
    SessionLost,
    /// The connection ended and the request with it, or the client was ended.
    #[error("the connection closed before the broker answered")]
    ConnectionClosed,
    /// The connection was lost, and the policy keeps nothing; whether the broker has the message is
    /// unknown.
    #[error("the connection was lost before the broker acknowledged; whether it has the message is unknown")]
    Unanswered,
    /// Three connections were lost while this was the first request without an answer.
    #[error("three connections were lost while the broker had this to answer; whether it was done is unknown")]
    LostThrice,
    /// No answer within the time limit of the options.
    #[error("the broker did not answer in time; whether it was done is unknown")]
    TimedOut,
    /// The queue was full, and the message gave way.
    #[error("the offline queue was full, and the message was dropped")]
    Dropped,
    /// The caller took it back before it was sent.
    #[error("the request was withdrawn before it was sent")]
    Withdrawn,
    /// The message waited, and the broker that came does not take so large a packet.
    #[error("the packet has {bytes} bytes; the broker takes at most {maximum}")]
    PacketTooLarge {
        /// Its length.
        bytes: usize,
        /// The broker's maximum packet size.
        maximum: usize,
    },
}

/// The caller's mistake: nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// [`Client::disconnect`](super::Client::disconnect) was called.
    #[error("the client has ended; create a new one")]
    Ended,
    /// There is none, and the policy does not let it wait for one.
    #[error("not connected; wait for the connection")]
    NotConnected,
    /// MQTT cannot express it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The queue's bound is reached.
    #[error("the outgoing queue is full with {messages} messages; wait for acknowledgements")]
    QueueFull {
        /// How many wait.
        messages: usize,
    },
    /// So many bytes wait to be sent at the end of the turn that no more may.
    #[error("the outgoing buffer is full with {bytes} bytes; wait until they are sent")]
    TransmitFull {
        /// How many wait.
        bytes: usize,
    },
    /// 65,535 requests and deliveries are under way.
    #[error("all 65,535 packet identifiers are in use; wait for acknowledgements")]
    NoPacketId,
    /// The broker said in its CONNACK that it does not take this.
    #[error("{problem}")]
    NotSupported {
        /// The rule that the broker would refuse, and what it does take.
        problem: &'static str,
        /// The reason code that the broker would have sent.
        reason: ReasonCode,
    },
    /// The broker said in its CONNACK that it does not take so large a packet.
    #[error("the packet has {bytes} bytes; the broker takes at most {maximum}")]
    PacketTooLarge {
        /// Its length.
        bytes: usize,
        /// The broker's maximum packet size.
        maximum: usize,
    },
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CloseReason {
    /// The client disconnected.
    #[error("the client disconnected")]
    Requested,
    /// The options make no CONNECT: nothing was sent.
    #[error("the options do not make a valid CONNECT: {0}")]
    Options(EncodeError),
    /// CONNACK refused the connection.
    #[error("the broker refused the connection: {reason}{}", said(.reason_string.as_deref()))]
    Refused {
        /// Why.
        reason: ReasonCode,
        /// Why, in the broker's words.
        reason_string: Option<String>,
    },
    /// The broker sent DISCONNECT (5.0).
    #[error("the broker disconnected: {reason}{}", said(.reason_string.as_deref()))]
    Disconnected {
        /// Why.
        reason: ReasonCode,
        /// Why, in the broker's words.
        reason_string: Option<String>,
    },
    /// The broker sent bytes that are no packet.
    #[error("the broker sent a malformed packet: {0}")]
    Malformed(DecodeError),
    /// The broker sent a packet that it must not send now.
    #[error("the broker violated the protocol: {problem} ({rule})")]
    ProtocolError {
        /// The reason code in our DISCONNECT.
        reason: ReasonCode,
        /// The statement or section of the specification.
        rule: &'static str,
        /// The rule that the broker broke.
        problem: &'static str,
    },
    /// The host gave up enhanced authentication.
    #[error("enhanced authentication was given up")]
    AuthenticationFailed,
    /// A ping was not answered.
    #[error("the broker did not answer PINGREQ in time")]
    KeepAliveTimeout,
    /// No CONNACK within the connect timeout.
    #[error("the broker did not answer CONNECT in time")]
    ConnectTimeout,
    /// The transport closed or failed.
    #[error("the connection was lost")]
    TransportClosed,
    /// The host could not open a transport.
    #[error("the connection could not be opened")]
    OpenFailed {
        /// Another attempt would fail alike.
        is_final: bool,
    },
    /// The client closed the connection, to connect with new credentials before these expire.
    #[error("the credentials are about to expire")]
    CredentialsExpire,
}

impl From<DecodeError> for CloseReason {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}

/// The broker's words behind a colon; nothing if there are none.
fn said(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(": {words}"))
}
