//! Access to the subscribers, for deliveries.

use crate::broker::Broker;
use crate::broker::delivery::deliver::Deliveries;
use crate::broker::delivery::parts::DeliveryParts;
use crate::time::Time;

impl Broker {
    /// Returns the broker's parts for deliveries.
    pub(crate) fn deliveries(&mut self, now: Time) -> Deliveries<'_> {
        let Self { clients, peers, retained, questions, outbox, memory, events, options, required_checks, .. } = self;
        let required_checks = *required_checks;
        let parts = DeliveryParts { retained, questions, outbox, memory, events, options, required_checks, now };
        Deliveries { clients, peers, parts }
    }
}
