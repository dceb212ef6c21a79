//! A snapshot of a session: its state as plain data, for drawing and for checks.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::outbound::Outbound;
use super::{Delivery, Session};
use crate::codec::{Message, PacketId, QoS};

/// The delivery state of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// Deliveries that were sent and are not finished, in the order of their identifiers.
    pub sent: Vec<SentSnapshot>,
    /// Deliveries that were never sent, the oldest first.
    pub queue: Vec<DeliverySnapshot>,
    /// Identifiers of the QoS 2 messages that were received and whose PUBREL is still to come.
    pub received: Vec<PacketId>,
    /// PUBLISH packets that the peer takes unacknowledged: its Receive Maximum (§4.9). 0 without a
    /// connection.
    pub send_quota: u16,
    /// PUBLISH packets that were sent on this connection and are unacknowledged.
    pub unacknowledged: u16,
    /// Our Receive Maximum.
    pub receive_maximum: u16,
    /// PUBLISH packets that the peer has sent on this connection, and that are unacknowledged.
    pub received_unacknowledged: u16,
}

/// A delivery that was sent and is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentSnapshot {
    /// Its packet identifier.
    pub packet_id: PacketId,
    /// The acknowledgement that it waits for.
    pub awaits: Awaits,
    /// The delivery; `None` once PUBREL was sent, since the message is gone then.
    pub delivery: Option<DeliverySnapshot>,
    /// Its place in the order of sending.
    pub order: u64,
    /// True if the session has resumed, and it is still to be sent again.
    pub is_owed: bool,
}

/// The acknowledgement that a delivery waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// PUBACK, which ends a delivery of QoS 1.
    Puback,
    /// PUBREC, the first answer at QoS 2.
    Pubrec,
    /// PUBCOMP, which ends a delivery of QoS 2.
    Pubcomp,
}

/// A message on its way to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySnapshot {
    /// The message, shared.
    pub message: Arc<Message>,
    /// The quality of service of this hop.
    pub qos: QoS,
    /// The RETAIN flag of this hop.
    pub retain: bool,
}

impl DeliverySnapshot {
    fn of<T>(delivery: &Delivery<T>) -> Self {
        let Delivery { message, qos, retain, .. } = delivery;
        Self { message: Arc::clone(message), qos: *qos, retain: *retain }
    }
}

impl<T: Copy> Session<T> {
    /// Returns its state.
    #[must_use]
    pub fn snapshot(&self) -> SessionSnapshot {
        let sent = self.in_flight.iter().map(|(packet_id, entry)| SentSnapshot {
            packet_id,
            awaits: match &entry.state {
                Outbound::AwaitPuback(_) => Awaits::Puback,
                Outbound::AwaitPubrec(_) => Awaits::Pubrec,
                Outbound::AwaitPubcomp(_) => Awaits::Pubcomp,
            },
            delivery: entry.state.delivery().map(DeliverySnapshot::of),
            order: entry.sent,
            is_owed: self.resend.iter().any(|(_, owed)| *owed == packet_id),
        });
        SessionSnapshot {
            sent: sent.collect(),
            queue: self.queue.iter().map(DeliverySnapshot::of).collect(),
            received: self.inbound.received().collect(),
            send_quota: self.send_quota,
            unacknowledged: self.unacknowledged,
            receive_maximum: self.inbound.receive_maximum(),
            received_unacknowledged: self.inbound.unacknowledged(),
        }
    }
}
