//! What the host is to do, and what waits for it.

use crate::broker::auth::question::Question;
use crate::broker::event::Event;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::{PeerId, QuestionId};
use crate::broker::store::{Batch, BatchId};

/// What the host is to do, or to know.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send these bytes to the peer as one frame.
    Transmit(PeerId, &'a [u8]),
    /// Close the peer's transport, after what was transmitted. The last output for the peer.
    Close(PeerId),
    /// Answer this by [`Broker::answer`](crate::broker::Broker::answer), now or later. Only what
    /// [`BrokerOptions::asks`](crate::broker::BrokerOptions::asks) names; before the turn's frames.
    Ask {
        /// What to answer to.
        question: QuestionId,
        /// The connection that it is about, if it is there.
        peer: Option<PeerId>,
        /// What is asked.
        ask: Question,
    },
    /// Read the peer's transport again, after [`Broker::handle_bytes`](crate::broker::Broker::handle_bytes) said that no more may
    /// follow.
    Resume(PeerId),
    /// Write these changes, all or none, in the order of the batches; then call
    /// [`Broker::handle_stored`](crate::broker::Broker::handle_stored), and until then go on as ever. Only after
    /// [`Broker::restore`](crate::broker::Broker::restore), and one at a time. Nothing is transmitted meanwhile.
    Store(BatchId, &'a Batch),
    /// A message that the host has subscribed to, by [`Broker::subscribe`](crate::broker::Broker::subscribe): for each handler by itself,
    /// in the order in which the messages were published, and of one in that of the handlers' numbers. Before the turn's
    /// frames; it does not wait for the store.
    ///
    /// The host may publish before it polls again, also to what it is subscribed to: that comes behind what waits.
    Message(HostMessage),
    /// Something happened. Only with [`BrokerOptions::events`](crate::broker::BrokerOptions::events); before the turn's frames.
    Event(Event),
}

/// Output that is ready to be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// A frame for the peer, which the outbox has.
    Frame(PeerId),
    /// The close of the peer's transport.
    Close(PeerId),
    /// The store's batch.
    Batch(BatchId),
}
