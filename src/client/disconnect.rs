//! The end of a client, and its DISCONNECT.

use super::{Client, CloseReason, Core, State};
use crate::codec::{Disconnect, Properties, PropertiesBuf, PropertyId, ReasonCode};
use crate::time::Time;

impl Client {
    /// Ends the client for good: DISCONNECT if there is a connection [MQTT-3.14.4-1], and every
    /// request that is under way ends. The will is not published if the reason is success.
    ///
    /// A store keeps the session as it is, for the next client.
    ///
    /// The properties are left out where the packet would be too large for the broker. The same
    /// holds for a session expiry interval above 0 where CONNECT had 0.
    pub fn disconnect(&mut self, reason: ReasonCode, properties: &PropertiesBuf, now: Time) {
        self.core.now = now;
        self.core.end(reason, properties.as_properties());
    }
}

impl Core {
    /// Ends the client for good.
    fn end(&mut self, reason: ReasonCode, properties: Properties<'_>) {
        // The broker may have accepted already, and would publish the will.
        if self.is_listening() {
            self.send_goodbye(reason, properties);
        }
        self.finish(CloseReason::Requested, State::Ended);
        self.end_storing();
        self.give_up_all();
    }

    fn send_goodbye(&mut self, reason: ReasonCode, properties: Properties<'_>) {
        let interval = |properties: Properties<'_>| properties.number(PropertyId::SessionExpiryInterval).unwrap_or(0);
        let start = self.outgoing.len();
        let encoded = Disconnect { reason, properties }.encode(self.options.version, &mut self.outgoing);
        let bytes = self.outgoing.len() - start;
        // [MQTT-3.14.2-2], [MQTT-3.14.2-3], [MQTT-3.14.2-4]. Before CONNACK the broker has told no
        // limit.
        let is_raised = interval(properties) > 0 && interval(self.options.properties.as_properties()) == 0;
        let is_too_large = self.connected().is_ok_and(|limits| limits.check_size(bytes).is_err());
        if encoded.is_err() || is_raised || is_too_large {
            self.outgoing.truncate(start);
            self.send_disconnect(Disconnect { reason, properties: Properties::EMPTY });
        }
    }
}
