//! The delivery tag: what the broker notes with each delivery that a session keeps.

use crate::broker::ids::GroupKey;
use crate::{session, time::Time};

/// A delivery of the broker, with its tag.
pub(crate) type Delivery = session::Delivery<DeliveryTag>;

/// A client's delivery state in the broker.
pub(crate) type Session = session::Session<DeliveryTag>;

/// The time at which a delivery's message arrived, and the shared subscription that it goes out for.
///
/// The client is always a member of the group: a client that leaves it has the group taken off its deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryTag {
    /// The start of the message expiry interval.
    pub(crate) arrived: Time,
    pub(crate) group: Option<GroupKey>,
}
