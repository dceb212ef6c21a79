//! What happened in the broker, as plain data for logs and for the page.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::broker::auth::question::Action;
use crate::broker::cause::{DisconnectCause, DropCause, RejectCause, WillFate};
use crate::broker::ids::PeerId;
use crate::codec::{QoS, ReasonCode, Version};

/// One thing that happened. Given only if [`BrokerOptions::events`](crate::broker::BrokerOptions::events) is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client was accepted.
    Connected {
        /// Its connection.
        peer: PeerId,
        /// Its client identifier, as given or assigned.
        client_id: Arc<str>,
        /// What it speaks.
        version: Version,
        /// It goes on with a session that was there.
        session_present: bool,
    },
    /// A connection ended before it was accepted.
    Rejected {
        /// The connection.
        peer: PeerId,
        /// Why.
        cause: RejectCause,
    },
    /// An accepted connection ended.
    Disconnected {
        /// Its connection.
        peer: PeerId,
        /// Its client identifier.
        client_id: Arc<str>,
        /// Why.
        cause: DisconnectCause,
    },
    /// A client asked for a subscription.
    Subscribed {
        /// Whose.
        client_id: Arc<str>,
        /// The filter as it was sent.
        filter: Box<str>,
        /// The quality of service granted, or why it was refused.
        reason: ReasonCode,
    },
    /// A client gave a subscription up.
    Unsubscribed {
        /// Whose.
        client_id: Arc<str>,
        /// The filter as it was sent.
        filter: Box<str>,
        /// Success, or that there was none.
        reason: ReasonCode,
    },
    /// A message was published.
    Published {
        /// By whom; `None` for the host. A will has its client.
        client_id: Option<Arc<str>>,
        /// Where.
        topic: Box<str>,
        /// The quality of service it came with.
        qos: QoS,
        /// Whether it came with the RETAIN flag.
        retain: bool,
        /// Its length.
        payload_bytes: usize,
        /// To how many subscribers it went, the host as one.
        subscribers: usize,
    },
    /// A message was not delivered, or not retained.
    Dropped {
        /// The subscriber that missed it; `None` if it was not retained.
        client_id: Option<Arc<str>>,
        /// Where it was published.
        topic: Box<str>,
        /// Why.
        cause: DropCause,
    },
    /// A client was not allowed to publish a message, or to be sent one.
    Refused {
        /// Who.
        client_id: Arc<str>,
        /// Which of the two.
        action: Action,
        /// Where the message was published.
        topic: Box<str>,
        /// Why.
        reason: ReasonCode,
    },
    /// What became of a client's will.
    Will {
        /// Whose.
        client_id: Arc<str>,
        /// Where it is published.
        topic: Box<str>,
        /// What became of it.
        fate: WillFate,
    },
    /// A session ended, and with it its subscriptions and its queue.
    SessionEnded {
        /// Whose.
        client_id: Arc<str>,
    },
}
