//! Handlers of messages, and their acknowledgements by hand.

use super::{Client, HandlerId, Ticket};
use crate::codec::ReasonCode;
use crate::time::Time;
use crate::topic::TopicFilter;

impl Client {
    /// Messages that match the filter are for this handler from now on. Subscribing is apart:
    /// [`subscribe`](Self::subscribe).
    ///
    /// A handler of a shared filter has no other filter. It gets the copies with the identifier of
    /// its subscription: the caller's, or one that the client gives to a SUBSCRIBE of one filter.
    /// From a broker that takes none, and in 3.1.1, it gets all messages that match.
    pub fn add_handler(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.core.routes.add(filter, handler);
    }

    /// As [`add_handler`](Self::add_handler), for a handler that acknowledges by hand. Each QoS 1
    /// or 2 message for it has a [`Ticket`], and waits for [`acknowledge`](Self::acknowledge).
    pub fn add_manual_handler(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.core.routes.add_manual(filter, handler);
    }

    /// Acknowledges the message of a ticket with this reason: success, or an error code that PUBACK
    /// may have (§3.4.2.1). Another reason counts as 0x80. In 3.1.1, which has no reasons, an error
    /// is sent as a success. The packet leaves after those of earlier messages
    /// [MQTT-4.6.0-2], [MQTT-4.6.0-3].
    ///
    /// Returns false, and does nothing, if the ticket was used or is void. A QoS 1 ticket is void
    /// when its connection has ended: the broker sends the message again. A QoS 2 ticket is void
    /// when the session has ended.
    pub fn acknowledge(&mut self, ticket: Ticket, reason: ReasonCode, now: Time) -> bool {
        self.core.now = now;
        self.core.settle(ticket, reason)
    }

    /// No longer.
    pub fn remove_handler(&mut self, filter: &TopicFilter, handler: HandlerId) {
        self.core.routes.remove(filter, handler);
    }
}
