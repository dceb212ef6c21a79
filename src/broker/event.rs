//! Events of the broker, as plain data for logs and for the page.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::broker::auth::question::Action;
use crate::broker::cause::{DisconnectCause, DropCause, RejectCause, WillFate};
use crate::broker::ids::PeerId;
use crate::codec::{QoS, ReasonCode, Version};

/// An event. It is reported only if [`BrokerOptions::events`](crate::broker::BrokerOptions::events)
/// is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client was accepted.
    Connected {
        /// Its connection.
        peer: PeerId,
        /// Its client identifier, as given or assigned.
        client_id: Arc<str>,
        /// The protocol version.
        version: Version,
        /// True if the client resumed an existing session.
        session_present: bool,
    },
    /// A connection ended before it was accepted.
    Rejected {
        /// The connection.
        peer: PeerId,
        /// The cause.
        cause: RejectCause,
    },
    /// An accepted connection ended.
    Disconnected {
        /// Its connection.
        peer: PeerId,
        /// Its client identifier.
        client_id: Arc<str>,
        /// The cause.
        cause: DisconnectCause,
    },
    /// A client requested a subscription.
    Subscribed {
        /// Its client identifier.
        client_id: Arc<str>,
        /// The filter as it was sent.
        filter: Box<str>,
        /// The granted quality of service, or the reason of the refusal.
        reason: ReasonCode,
    },
    /// A client requested the end of a subscription.
    Unsubscribed {
        /// Its client identifier.
        client_id: Arc<str>,
        /// The filter as it was sent.
        filter: Box<str>,
        /// Success, or 0x11: no subscription existed.
        reason: ReasonCode,
    },
    /// A message was published.
    Published {
        /// The publisher; `None` for the host. The publisher of a will is its client.
        client_id: Option<Arc<str>>,
        /// The topic of the message.
        topic: Box<str>,
        /// The quality of service of its PUBLISH.
        qos: QoS,
        /// The RETAIN flag of its PUBLISH.
        retain: bool,
        /// The length of its payload.
        payload_bytes: usize,
        /// The number of subscribers that it was sent to; the host counts as one.
        subscribers: usize,
    },
    /// A message was not delivered, or not retained.
    Dropped {
        /// The subscriber that missed the message; `None` if it was not retained.
        client_id: Option<Arc<str>>,
        /// The topic of the message.
        topic: Box<str>,
        /// The cause.
        cause: DropCause,
    },
    /// A client was not authorized to publish or receive a message.
    Refused {
        /// Its client identifier.
        client_id: Arc<str>,
        /// Publish or receive.
        action: Action,
        /// The topic of the message.
        topic: Box<str>,
        /// The reason.
        reason: ReasonCode,
    },
    /// The state of a client's will changed.
    Will {
        /// Its client identifier.
        client_id: Arc<str>,
        /// The topic of the will.
        topic: Box<str>,
        /// The new state.
        fate: WillFate,
    },
    /// A session ended, with its subscriptions and its queue.
    SessionEnded {
        /// Its client identifier.
        client_id: Arc<str>,
    },
}
