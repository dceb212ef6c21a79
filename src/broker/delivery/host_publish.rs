//! PUBLISH encoding of a message for the host.

use alloc::vec::Vec;

use crate::broker::cause::DropCause;
use crate::broker::connection::topic_aliases::Naming;
use crate::broker::delivery::encoded_publish::{DeliveryOptions, SubscriberCopy, remaining_expiry};
use crate::broker::host_message::HostMessage;
use crate::codec::{PacketId, QoS, Version};
use crate::time::Time;

impl HostMessage {
    /// Returns the remaining message expiry interval in seconds, if it has one [MQTT-3.3.2-6].
    #[must_use]
    pub fn expiry_interval(&self, now: Time) -> Option<u32> {
        let waited_seconds = now.saturating_since(self.arrived).as_secs();
        remaining_expiry(&self.message.as_publish(), waited_seconds).unwrap_or(Some(0))
    }

    /// Appends it as a PUBLISH of MQTT 5.0 at QoS 0, with its remaining message expiry interval.
    ///
    /// # Errors
    /// The cause for which it would be dropped: it has expired, or cannot be encoded.
    pub fn encode(&self, now: Time, out: &mut Vec<u8>) -> Result<(), DropCause> {
        let options = DeliveryOptions { qos: QoS::AtMostOnce, retain: self.retain, identifiers: &[], group: None };
        let waited = (self.arrived, now);
        let copy = SubscriberCopy { options, naming: Naming::Topic, packet_id: PacketId::FIRST, dup: false, waited };
        copy.encode(&self.message.as_publish(), Version::V5, out).map(drop)
    }
}
