//! The session: one peer's delivery state (MQTT 5.0 §4.1), the same in the client and in the broker.
//!
//! It knows no clock, no socket and no topic filter. Its owner encodes what it hands out and feeds it what the peer answers.
//!
//! The order of calls on a connection: [`connected`](Session::connected) once; then [`enqueue`](Session::enqueue) as the
//! owner likes, `on_*` as packets arrive, and after each of them [`next_outgoing`](Session::next_outgoing) until it gives `None`.
//! [`disconnected`](Session::disconnected) ends it; the session may be kept and connected again.

use std::sync::Arc;

use crate::codec::{Message, PacketId, QoS, ReasonCode};

/// One message on its way to the peer, with what this hop adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message, shared with whoever else it goes to.
    pub message: Arc<Message>,
    /// The quality of service of this hop: 1 or 2. QoS 0 needs no session.
    pub qos: QoS,
    /// The RETAIN flag of this hop.
    pub retain: bool,
    /// The subscription identifiers that the broker adds; none in the client.
    pub subscription_identifiers: Box<[u32]>,
    /// The owner's own mark, handed back at the end: the client's request number.
    pub token: u64,
}

/// What the session bounds, set once by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Deliveries that wait for the connection or for the peer's send quota.
    pub queue_messages: usize,
    /// Their payload and topic bytes together.
    pub queue_bytes: usize,
    /// QoS 1 and 2 messages that we accept unacknowledged: our Receive Maximum (§3.1.2.11.3).
    pub receive_maximum: u16,
}

/// What to send next.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// PUBLISH of this delivery.
    Publish {
        /// Its packet identifier.
        packet_id: PacketId,
        /// Sent before, on an earlier connection [MQTT-3.3.1-1].
        dup: bool,
        /// What to send.
        delivery: &'a Delivery,
    },
    /// PUBREL, again, since the session has resumed [MQTT-4.4.0-1].
    Pubrel(PacketId),
}

/// What a PUBACK, PUBREC or PUBCOMP means.
#[derive(Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// Send PUBREL with this identifier and reason (0x92 if the PUBREC's identifier is unknown, §3.6.2.1).
    Release(PacketId, ReasonCode),
    /// The delivery is over, well or with an error; its identifier is free again.
    Done(Delivery, ReasonCode),
    /// Nothing to do: a stray PUBCOMP or PUBACK whose identifier is not in use.
    Ignored,
}

/// What an arriving PUBLISH of QoS 1 or 2 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Hand it to the application, then acknowledge it.
    New,
    /// A QoS 2 message that was handed over already [MQTT-4.3.3-10]: acknowledge it and no more.
    Duplicate,
    /// The peer has more in flight than our Receive Maximum: close with 0x93 [MQTT-3.3.4-9].
    ReceiveMaximumExceeded,
}

/// The queue's bound is reached; the delivery is given back.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session's queue is full: {messages} messages of {bytes} bytes wait")]
pub struct QueueFull {
    /// The delivery that did not fit.
    pub delivery: Delivery,
    /// How many messages wait.
    pub messages: usize,
    /// How many bytes they have.
    pub bytes: usize,
}

/// One peer's delivery state: packet identifiers, send quota, both halves of QoS 1 and 2.
#[derive(Clone, Debug)]
pub struct Session {}

#[expect(unused_variables, reason = "signatures first")]
#[allow(missing_docs, clippy::all, clippy::pedantic)]
impl Session {
    pub fn new(limits: SessionLimits) -> Self {
        todo!()
    }

    /// A connection stands. `resumed`: both sides go on with their state: in-flight deliveries are handed out again
    /// by `next_outgoing` in their original order, PUBLISH with DUP. Otherwise what was in flight is lost and returned,
    /// in order; what was only queued stays queued. `send_quota` is the peer's Receive Maximum.
    pub fn connected(&mut self, resumed: bool, send_quota: u16) -> Vec<Delivery> {
        todo!()
    }
    /// The connection ended: nothing is handed out until `connected`.
    pub fn disconnected(&mut self) {
        todo!()
    }

    // The sender's half.
    pub fn enqueue(&mut self, delivery: Delivery) -> Result<(), QueueFull> {
        todo!()
    }
    /// Drops the oldest queued delivery (an owner's answer to a full queue).
    pub fn drop_oldest(&mut self) -> Option<Delivery> {
        todo!()
    }
    /// Gives up one queued, never sent, delivery by its token (a caller's abort signal).
    pub fn withdraw(&mut self, token: u64) -> Option<Delivery> {
        todo!()
    }
    /// What to send next: first what a resumed session owes, then the queue as far as quota and identifiers go.
    pub fn next_outgoing(&mut self) -> Option<Outgoing<'_>> {
        todo!()
    }
    pub fn on_puback(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged, UnexpectedAck> {
        todo!()
    }
    pub fn on_pubrec(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged, UnexpectedAck> {
        todo!()
    }
    pub fn on_pubcomp(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged, UnexpectedAck> {
        todo!()
    }

    // The receiver's half.
    pub fn on_publish(&mut self, qos: QoS, packet_id: PacketId) -> Received {
        todo!()
    }
    /// The owner has put the PUBACK, or a PUBREC of 0x80 or above, on the wire: it no longer counts against our Receive Maximum.
    pub fn acknowledged(&mut self, packet_id: PacketId) {
        todo!()
    }
    /// The reason for the PUBCOMP: success, or 0x92 if the identifier is unknown (§3.7.2.1).
    pub fn on_pubrel(&mut self, packet_id: PacketId) -> ReasonCode {
        todo!()
    }

    // Identifiers for SUBSCRIBE and UNSUBSCRIBE, from the same space [MQTT-2.2.1-3].
    pub fn allocate_id(&mut self) -> Option<PacketId> {
        todo!()
    }
    pub fn release_id(&mut self, packet_id: PacketId) {
        todo!()
    }

    pub fn in_flight(&self) -> usize {
        todo!()
    }
    pub fn queued(&self) -> usize {
        todo!()
    }
}

/// The peer acknowledged what was never sent, or with the wrong packet: close with 0x82 (§4.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an acknowledgement of packet identifier {0} that answers nothing")]
pub struct UnexpectedAck(pub PacketId);
