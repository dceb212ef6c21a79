//! Delivery tag: the broker's data in each delivery of a session.

use crate::broker::ids::GroupKey;
use crate::{session, time::Time};

/// A delivery of the broker, with its tag.
pub(crate) type Delivery = session::Delivery<DeliveryTag>;

/// A client's delivery state in the broker.
pub(crate) type Session = session::Session<DeliveryTag>;

/// Arrival of a delivery's message, and its shared subscription.
///
/// The client is a member of the group. When it leaves, the broker takes the group off its
/// deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryTag {
    /// The start of the message expiry interval.
    pub(crate) arrived: Time,
    pub(crate) group: Option<GroupKey>,
}
