//! Outputs of the broker: actions for the host, and notices to it.

use crate::broker::auth::question::Question;
use crate::broker::event::Event;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::{PeerId, QuestionId};
use crate::store::{Batch, BatchId};

/// An action for the host to do, or a notice to it.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send these bytes to the peer as one frame.
    Transmit(PeerId, &'a [u8]),
    /// Close the peer's transport after the frames before. It is the last output for the peer.
    Close(PeerId),
    /// Answer this question by [`Broker::answer`](crate::broker::Broker::answer), now or later.
    /// [`BrokerOptions::asks`](crate::broker::BrokerOptions::asks) names the kinds of questions. It
    /// comes before the turn's frames.
    Ask {
        /// The identifier to answer with.
        question: QuestionId,
        /// The connection that it is about; `None` if the client is not connected.
        peer: Option<PeerId>,
        /// The question.
        ask: Question,
    },
    /// Resume reading the peer's transport. It follows a
    /// [`Broker::handle_bytes`](crate::broker::Broker::handle_bytes) that returned false.
    Resume(PeerId),
    /// Write these changes to the store, all or none, in the order of the batches. Then call
    /// [`Broker::handle_stored`](crate::broker::Broker::handle_stored); other inputs may come
    /// before. It is used only after [`Broker::restore`](crate::broker::Broker::restore). One batch
    /// is out at a time, and nothing is transmitted meanwhile.
    Store(BatchId, &'a Batch),
    /// A message for one handler of the host, subscribed by
    /// [`Broker::subscribe`](crate::broker::Broker::subscribe). Messages come in the order of their
    /// publication, and one message to several handlers in the order of their numbers. It comes
    /// before the turn's frames, and does not wait for the store.
    ///
    /// The host may publish before it polls again, also to its own subscriptions. Such messages
    /// queue behind the others.
    Message(HostMessage),
    /// An event, if [`BrokerOptions::events`](crate::broker::BrokerOptions::events) is set. It
    /// comes before the turn's frames.
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
