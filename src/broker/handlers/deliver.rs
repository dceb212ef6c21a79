//! Access to one subscriber, for deliveries.

use crate::broker::Broker;
use crate::broker::delivery::deliver::SubscriberDelivery;
use crate::broker::ids::ClientKey;
use crate::time::Time;

impl Broker {
    /// Returns the delivery of a client: its state, its peer, and the broker's parts for it.
    pub(crate) fn delivery_to(&mut self, key: ClientKey, now: Time) -> Option<SubscriberDelivery<'_>> {
        let client = self.clients.get_mut(key)?;
        let peer = client.peer.and_then(|id| self.peers.get_mut(id));
        let Self { retained, questions, outbox, events, options, required_checks, .. } = self;
        Some(SubscriberDelivery {
            key,
            client,
            peer,
            retained,
            questions,
            outbox,
            events,
            options,
            required_checks: *required_checks,
            now,
        })
    }
}
