//! Publication: a message on its way to all its subscribers.

use alloc::sync::Arc;

use crate::broker::ids::{ClientKey, PeerId};
use crate::codec::{Message, PacketId, Publish};
use crate::time::Time;

/// A message that is distributed.
#[derive(Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) publish: &'a Publish<'a>,
    /// The owned form of `publish`, if there is one.
    pub(crate) message: Option<Arc<Message>>,
    pub(crate) origin: Origin,
}

/// The source of a message that is distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client that publishes it, unless it is the host or the broker.
    pub(crate) publisher: Option<ClientKey>,
    /// The start of the message expiry interval.
    pub(crate) arrived: Time,
    /// False for a value of `$SYS`.
    pub(crate) is_published: bool,
    /// The PUBLISH to acknowledge at the end.
    pub(crate) acknowledges: Option<(PeerId, PacketId)>,
}

impl Origin {
    /// The origin of a message that was published now.
    pub(crate) const fn new(publisher: Option<ClientKey>, arrived: Time) -> Self {
        Self { publisher, arrived, is_published: true, acknowledges: None }
    }
}
