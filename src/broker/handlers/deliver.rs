//! Access to one subscriber, for deliveries.

use crate::broker::Broker;
use crate::broker::delivery::deliver::{DeliveryContext, SubscriberDelivery};
use crate::broker::ids::ClientKey;
use crate::time::Time;

impl Broker {
    /// Returns the delivery of a client: its state, its peer, and the broker's parts for it.
    pub(crate) fn delivery_to(&mut self, key: ClientKey, now: Time) -> Option<SubscriberDelivery<'_>> {
        let Self { clients, peers, retained, questions, outbox, memory, events, options, required_checks, .. } = self;
        let required_checks = *required_checks;
        DeliveryContext { clients, peers, retained, questions, outbox, memory, events, options, required_checks, now }
            .to(key)
    }
}
