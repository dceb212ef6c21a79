//! Delivery tag: the broker's data in each delivery of a session.

use crate::broker::ids::GroupKey;
use crate::codec::PropertyId;
use crate::session::NEVER;
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

/// Returns the time in milliseconds from which a delivery counts as expired, if it is not sent
/// before. The end of the interval, and a second at least.
pub(crate) fn expires_at(delivery: &Delivery) -> u64 {
    let properties = delivery.message.properties.as_properties();
    if properties.is_empty() {
        return NEVER;
    }
    let seconds = properties.number(PropertyId::MessageExpiryInterval);
    seconds.map_or(NEVER, |seconds| delivery.tag.arrived.as_millis() + 1_000 * u64::from(seconds.max(1)))
}
