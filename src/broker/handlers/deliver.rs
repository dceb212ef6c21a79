//! Deliveries: the way from the broker to one subscriber.

use crate::broker::Broker;
use crate::broker::delivery::deliver::Hop;
use crate::broker::ids::ClientKey;
use crate::time::Time;

impl Broker {
    /// The way to a client.
    pub(crate) fn hop(&mut self, key: ClientKey, now: Time) -> Option<Hop<'_>> {
        let client = self.clients.get_mut(key)?;
        let peer = client.peer.and_then(|id| self.peers.get_mut(id));
        let Self { retained, questions, outbox, log, options, guards, .. } = self;
        Some(Hop { key, client, peer, retained, questions, outbox, log, options, guards: *guards, now })
    }
}
