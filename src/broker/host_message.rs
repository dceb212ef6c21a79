//! Messages to the host's own subscriptions.

use alloc::sync::Arc;

use thiserror::Error;

use crate::broker::ids::HandlerId;
use crate::codec::Message;
use crate::time::Time;

/// A message to one of the host's handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMessage {
    /// The handler whose filter matches.
    pub handler: HandlerId,
    /// The message as it was published.
    pub message: Arc<Message>,
    /// Time of its publication.
    pub arrived: Time,
    /// True for a message that was retained when the handler subscribed. It is also true for one
    /// published with the RETAIN flag, if the handler asked for Retain As Published.
    pub retain: bool,
}

/// Error of a host's subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostSubscribeError {
    /// The filter is a shared subscription, which only clients can have.
    #[error("a broker's own subscription cannot be shared; leave out `$share/group/`")]
    Shared,
}
