//! Messages for the host's own subscriptions.

use alloc::sync::Arc;

use thiserror::Error;

use crate::broker::ids::HandlerId;
use crate::codec::Message;
use crate::time::Time;

/// A message for one of the host's handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMessage {
    /// Whose filter matches.
    pub handler: HandlerId,
    /// The message as it was published, shared with whoever else has it.
    pub message: Arc<Message>,
    /// When it was published.
    pub arrived: Time,
    /// The message was retained when the handler subscribed; or it was published with the RETAIN flag, and the handler asked
    /// for Retain As Published.
    pub retain: bool,
}

/// Why the host could not subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostSubscribeError {
    /// The filter is that of a shared subscription, whose messages go to one client or another.
    #[error("a broker's own subscription cannot be shared; leave out `$share/group/`")]
    Shared,
}
