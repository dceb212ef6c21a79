//! The session: one peer's delivery state (MQTT 5.0 §4.1), the same in the client and in the
//! broker.
//!
//! It knows no clock, no socket and no topic filter. Its owner encodes what it hands out and feeds
//! it what the peer answers.
//!
//! Order of calls: [`connected`](Session::connected) when a connection stands. Then
//! [`enqueue`](Session::enqueue) at any time and `on_*` as packets arrive, each followed by
//! [`next_outgoing`](Session::next_outgoing) until it returns `None`.
//! [`disconnected`](Session::disconnected) when the connection is gone; the session is kept and
//! connected again.

use alloc::vec::Vec;
use core::fmt;

mod changes;
mod delivery;
mod expiry;
mod handover;
mod identifiers;
mod in_flight;
mod inbound;
mod outbound;
mod queue;
mod recovery;
mod snapshot;
mod stored;

pub(crate) use changes::{Changes, Stands};
pub use delivery::Delivery;
pub(crate) use delivery::Held;
pub(crate) use expiry::NEVER;
pub use inbound::Received;
pub(crate) use outbound::Ack;
pub use queue::QueueFull;
pub use snapshot::{Awaits, DeliverySnapshot, SentSnapshot, SessionSnapshot};
pub(crate) use stored::Sent;

use crate::codec::{PacketId, QoS, ReasonCode};
use crate::collections::by_id::ById;
use changes::Notes;
use identifiers::Identifiers;
use in_flight::InFlight;
use inbound::Inbound;
use outbound::{Outbound, Step};
use queue::Queue;

/// Limits of the session, set once by its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Deliveries that wait for the connection or for the peer's send quota.
    pub queue_messages: usize,
    /// Their bytes together: topics, payloads and properties. With their bookkeeping they take no
    /// more than this either, or than 64 KiB if that is more.
    pub queue_bytes: usize,
    /// QoS 1 and 2 messages that we accept unacknowledged: our Receive Maximum (§3.1.2.11.3);
    /// 65,535 in 3.1.1.
    pub receive_maximum: u16,
}

/// The next packet to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing<'a, T> {
    /// PUBLISH of this delivery.
    Publish {
        /// Its packet identifier.
        packet_id: PacketId,
        /// Sent before, on an earlier connection [MQTT-3.3.1-1].
        dup: bool,
        /// The delivery to send.
        delivery: &'a Delivery<T>,
    },
    /// PUBREL, again, since the session has resumed [MQTT-4.4.0-1].
    Pubrel(PacketId),
}

/// The meaning of a PUBACK, PUBREC or PUBCOMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged<T> {
    /// Send PUBREL with this reason: success, or 0x92 if the PUBREC's identifier is unknown
    /// (§3.6.2.1).
    Release(ReasonCode),
    /// The delivery with this tag is over, well or with an error; its identifier is free again.
    Done {
        /// [`Delivery::tag`].
        tag: T,
        /// The peer's reason code.
        reason: ReasonCode,
    },
    /// Nothing to report: a PUBACK or PUBCOMP whose identifier is not in use, as a peer may send
    /// after a session was lost. Or a PUBCOMP that ends an [abandoned](Session::abandon) delivery.
    Ignored,
}

/// The peer acknowledged with the wrong packet what is in flight: close with 0x82 (§4.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnexpectedAck(pub PacketId);

impl fmt::Display for UnexpectedAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(f, "packet identifier {id}: acknowledgement does not match the QoS of the message")
    }
}

impl core::error::Error for UnexpectedAck {}

/// One peer's delivery state: packet identifiers, send quota, both halves of QoS 1 and 2, and the
/// queue before them.
///
/// `T` is the owner's tag of each delivery, which the session keeps and hands back.
#[derive(Clone, Debug)]
pub struct Session<T> {
    queue: Queue<T>,
    in_flight: ById<InFlight<T>>,
    /// Memory of the deliveries in flight whose message is kept.
    sent: Held,
    /// Packets that a resumed session has to send again, with the order of their first sending. The
    /// next one is the last.
    resend: Vec<(u64, PacketId)>,
    /// How many PUBLISH packets may be unacknowledged on this connection: the peer's Receive
    /// Maximum (§4.9). 0: no connection.
    send_quota: u16,
    /// How many may be unacknowledged when a PUBLISH of QoS 2 is sent.
    qos2_quota: u16,
    /// How many are.
    unacknowledged: u16,
    /// Counts what was sent, so that resending can keep the order.
    sequence: u64,
    /// `sequence` when the connection stood: what was sent by then was sent on an earlier one.
    sent_before: u64,
    identifiers: Identifiers,
    inbound: Inbound,
    notes: Notes<T>,
}

impl<T: Copy> Session<T> {
    /// A session without a connection and without state.
    #[must_use]
    pub const fn new(limits: SessionLimits) -> Self {
        Self {
            queue: Queue::new(limits.queue_messages, limits.queue_bytes),
            in_flight: ById::new(),
            sent: Held::new(),
            resend: Vec::new(),
            send_quota: 0,
            qos2_quota: u16::MAX,
            unacknowledged: 0,
            sequence: 0,
            sent_before: 0,
            identifiers: Identifiers::new(),
            inbound: Inbound::new(limits.receive_maximum),
            notes: None,
        }
    }

    /// The packet identifier to give out next, if it is free.
    pub const fn begin_at(&mut self, packet_id: PacketId) {
        self.identifiers.begin_at(packet_id);
    }

    /// Bounds the PUBLISH packets that are unacknowledged when one of QoS 2 is sent.
    pub const fn limit_qos2(&mut self, quota: u16) {
        self.qos2_quota = quota;
    }

    /// A connection stands. `send_quota` is the peer's Receive Maximum, at least 1; 65,535 in
    /// 3.1.1.
    ///
    /// `resumed` says that both sides go on with their state: what is in flight is handed out again
    /// by [`next_outgoing`](Self::next_outgoing) in its original order [MQTT-4.6.0-1]. Otherwise it
    /// is given up [MQTT-3.2.2-5], and the tags of what is lost are returned in order. Deliveries
    /// that wait in the queue stay there.
    pub fn connected(&mut self, resumed: bool, send_quota: u16) -> Vec<T> {
        self.disconnected();
        self.send_quota = send_quota;
        self.sent_before = self.sequence;
        // PUBREL comes first: behind a PUBLISH it would wait with that for the quota, of which it
        // takes nothing [MQTT-3.3.4-8], [MQTT-3.3.4-10].
        let is_publish = |entry: &InFlight<T>| resumed && entry.state.delivery().is_some();
        self.resend = self.in_flight.latest_first(|entry| entry.sent | u64::from(is_publish(entry)) << 63);
        let mut lost = Vec::new();
        if !resumed {
            self.inbound.clear();
            while let Some((_, packet_id)) = self.resend.pop() {
                if let Some(tag) = self.finish(packet_id) {
                    lost.push(tag);
                }
            }
            self.in_flight.clear();
            self.sent = Held::new();
        }
        lost
    }

    /// The connection is gone: nothing is handed out until [`connected`](Self::connected);
    /// identifiers of SUBSCRIBE and UNSUBSCRIBE are free.
    pub fn disconnected(&mut self) {
        self.send_quota = 0;
        self.unacknowledged = 0;
        self.resend.clear();
        self.identifiers.disconnected();
        self.inbound.disconnected();
        self.in_flight.values_mut().for_each(|entry| entry.takes_quota = false);
    }

    /// Puts a delivery at the end of the queue, connected or not.
    ///
    /// # Errors
    /// [`QueueFull`] if a bound of [`SessionLimits`] is reached; the delivery is in it.
    pub fn enqueue(&mut self, delivery: Delivery<T>) -> Result<(), QueueFull<T>> {
        debug_assert!(delivery.qos != QoS::AtMostOnce, "QoS 0 needs no session");
        if self.notes.is_some() && self.queue.has_room(delivery.bytes()) {
            self.note_queued(&delivery);
        }
        self.queue.push(delivery)
    }

    /// Drops the oldest delivery that was never sent: an owner's answer to [`QueueFull`].
    pub fn drop_oldest(&mut self) -> Option<Delivery<T>> {
        let dropped = self.queue.pop()?;
        self.note_over(dropped.tag);
        Some(dropped)
    }

    /// Drops a delivery that was never sent. `None` if it is in flight or over: a PUBLISH cannot be
    /// taken back.
    pub fn withdraw(&mut self, tag: T) -> Option<Delivery<T>>
    where
        T: PartialEq,
    {
        let withdrawn = self.queue.remove(tag)?;
        self.note_over(tag);
        Some(withdrawn)
    }

    /// Drops a delivery that [`next_outgoing`](Self::next_outgoing) has just returned, and that is
    /// not sent, since the peer does not take it. Returns its tag.
    ///
    /// At QoS 2, the peer may have the PUBLISH of an earlier connection, and holds its identifier.
    /// So the exchange continues with PUBREL, which `next_outgoing` returns next, and the
    /// identifier is free at PUBCOMP (§4.3.3).
    pub fn abandon(&mut self, packet_id: PacketId) -> Option<T> {
        let entry = self.in_flight.get(packet_id)?;
        if entry.sent > self.sent_before { self.finish(packet_id) } else { self.give_up(packet_id) }
    }

    /// Drops a delivery that was sent. Returns its tag. At QoS 2, the exchange continues with
    /// PUBREL; one that waits for PUBCOMP is over.
    pub(crate) fn give_up(&mut self, packet_id: PacketId) -> Option<T> {
        let sent = self.sequence + 1;
        let entry = self.in_flight.get_mut(packet_id)?;
        let Outbound::AwaitPubrec(delivery) = &entry.state else { return self.finish(packet_id) };
        let tag = delivery.tag;
        self.sent.remove(delivery);
        self.unacknowledged -= u16::from(core::mem::take(&mut entry.takes_quota));
        entry.state = Outbound::AwaitPubcomp(None);
        entry.sent = sent;
        self.sequence = sent;
        self.resend.push((sent, packet_id));
        self.note_over(tag);
        self.note_sent(packet_id);
        Some(tag)
    }

    /// Drops all deliveries. Returns their tags in order: first those that were sent, then the
    /// queue.
    pub fn clear(&mut self) -> Vec<T> {
        let mut tags = self.connected(false, 0);
        while let Some(delivery) = self.drop_oldest() {
            tags.push(delivery.tag);
        }
        tags
    }

    /// Returns the next packet to send: first those of a resumed session, then the queue, as far as
    /// the send quota [MQTT-3.3.4-7] and the identifiers go. The owner sends it at once.
    pub fn next_outgoing(&mut self) -> Option<Outgoing<'_, T>> {
        if self.resend.is_empty() {
            return self.next_queued();
        }
        let Some(packet_id) = self.next_resend() else {
            return if self.resend.is_empty() { self.next_queued() } else { None };
        };
        Some(match self.in_flight.get(packet_id)?.state.delivery() {
            Some(delivery) => Outgoing::Publish { packet_id, dup: true, delivery },
            None => Outgoing::Pubrel(packet_id),
        })
    }

    /// The peer answered a QoS 1 PUBLISH.
    ///
    /// # Errors
    /// [`UnexpectedAck`] if the identifier belongs to a QoS 2 delivery.
    pub fn on_puback(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged<T>, UnexpectedAck> {
        self.on_ack(packet_id, Ack::Puback, reason)
    }

    /// The peer has a QoS 2 message, or refuses it.
    ///
    /// # Errors
    /// [`UnexpectedAck`] if the identifier belongs to a QoS 1 delivery.
    pub fn on_pubrec(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged<T>, UnexpectedAck> {
        self.on_ack(packet_id, Ack::Pubrec, reason)
    }

    /// The peer has finished a QoS 2 exchange.
    ///
    /// # Errors
    /// [`UnexpectedAck`] if no PUBREL was sent for the identifier.
    pub fn on_pubcomp(&mut self, packet_id: PacketId, reason: ReasonCode) -> Result<Acknowledged<T>, UnexpectedAck> {
        self.on_ack(packet_id, Ack::Pubcomp, reason)
    }

    /// Any of the three, which differ in `ack`.
    ///
    /// # Errors
    /// As they.
    pub(crate) fn on_ack(
        &mut self,
        packet_id: PacketId,
        ack: Ack,
        reason: ReasonCode,
    ) -> Result<Acknowledged<T>, UnexpectedAck> {
        let Some(entry) = self.in_flight.get(packet_id) else {
            return Ok(match ack {
                Ack::Pubrec if !reason.is_error() => Acknowledged::Release(ReasonCode::PacketIdentifierNotFound),
                Ack::Puback | Ack::Pubrec | Ack::Pubcomp => Acknowledged::Ignored,
            });
        };
        match entry.state.on_ack(ack, reason) {
            Step::Unexpected => Err(UnexpectedAck(packet_id)),
            Step::Release => {
                self.release(packet_id);
                Ok(Acknowledged::Release(ReasonCode::Success))
            }
            Step::Done => Ok(match self.finish(packet_id) {
                Some(tag) => Acknowledged::Done { tag, reason },
                None => Acknowledged::Ignored,
            }),
        }
    }

    /// Our Receive Maximum from now on: a session may meet connections of both versions, and 3.1.1
    /// knows none.
    pub const fn set_receive_maximum(&mut self, receive_maximum: u16) {
        self.inbound.set_receive_maximum(receive_maximum);
    }

    /// A PUBLISH of QoS 1 or 2 arrived.
    pub fn on_publish(&mut self, qos: QoS, packet_id: PacketId) -> Received {
        self.inbound.on_publish(qos, packet_id)
    }

    /// True if a QoS 2 message under this identifier was handed over and is not released yet.
    /// Another PUBLISH with it is the same message again.
    #[must_use]
    pub fn has_received(&self, packet_id: PacketId) -> bool {
        self.inbound.has_received(packet_id)
    }

    /// The owner has answered a QoS 1 PUBLISH with PUBACK, or refused a QoS 2 PUBLISH with a PUBREC
    /// of 0x80 or above. It no longer counts against our Receive Maximum.
    pub fn acknowledged(&mut self, qos: QoS, packet_id: PacketId) {
        self.inbound.acknowledged(qos, packet_id);
    }

    /// A PUBREL arrived. Returns the reason for the PUBCOMP: success, or 0x92 if the identifier is
    /// unknown (§3.7.2.1).
    pub fn on_pubrel(&mut self, packet_id: PacketId) -> ReasonCode {
        self.inbound.on_pubrel(packet_id)
    }

    /// An identifier for SUBSCRIBE or UNSUBSCRIBE; `None` if all are in use.
    pub fn allocate_id(&mut self) -> Option<PacketId> {
        let packet_id = self.free_id()?;
        self.identifiers.hold_for_request(packet_id);
        Some(packet_id)
    }

    /// The SUBACK or UNSUBACK has come.
    pub fn release_id(&mut self, packet_id: PacketId) {
        self.identifiers.release(packet_id);
    }

    /// Deliveries sent and not finished.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Deliveries that were never sent.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The bytes of the deliveries that were never sent: topics, payloads and properties.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    const fn has_quota(&self) -> bool {
        self.unacknowledged < self.send_quota
    }

    fn has_quota_for(&self, qos: QoS) -> bool {
        self.has_quota() && (qos != QoS::ExactlyOnce || self.unacknowledged < self.qos2_quota)
    }

    fn free_id(&mut self) -> Option<PacketId> {
        self.identifiers.take(self.in_flight.len(), |id| self.in_flight.next_free(id))
    }

    /// The next one owed. Those that were acknowledged before they were sent again are passed over.
    fn next_owed(&mut self) -> Option<PacketId> {
        while let Some(&(_, packet_id)) = self.resend.last() {
            if self.in_flight.contains(packet_id) {
                return Some(packet_id);
            }
            self.resend.pop();
        }
        None
    }

    /// The next one owed, if the quota allows it. Otherwise it stays first in the queue.
    fn next_resend(&mut self) -> Option<PacketId> {
        let packet_id = self.next_owed()?;
        if let Some(delivery) = self.in_flight.get(packet_id)?.state.delivery() {
            if !self.has_quota_for(delivery.qos) {
                return None;
            }
            let entry = self.in_flight.get_mut(packet_id)?;
            entry.takes_quota = true;
            self.unacknowledged += 1;
        }
        self.resend.pop();
        Some(packet_id)
    }

    fn next_queued(&mut self) -> Option<Outgoing<'_, T>> {
        if !self.has_quota_for(self.queue.iter().next()?.qos) {
            return None;
        }
        let packet_id = self.free_id()?;
        let delivery = self.queue.pop()?;
        let delivery = self.begin(packet_id, delivery)?;
        Some(Outgoing::Publish { packet_id, dup: false, delivery })
    }

    /// Puts a delivery in flight, since it is sent for the first time.
    fn begin(&mut self, packet_id: PacketId, delivery: Delivery<T>) -> Option<&Delivery<T>> {
        self.sent.add(&delivery);
        self.note_sent(packet_id);
        let state = Outbound::new(delivery);
        let sent = self.tick();
        self.unacknowledged += 1;
        let entry = self.in_flight.insert(packet_id, InFlight { state, sent, takes_quota: true })?;
        entry.state.delivery()
    }

    fn tick(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
