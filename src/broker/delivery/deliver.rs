//! Delivery of one message to one subscriber, at once or through its session's queue.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::auth::open_questions::Questions;
use crate::broker::auth::verdict::RequiredChecks;
use crate::broker::cause::DropCause;
use crate::broker::clients::ClientState;
use crate::broker::connection::outbox::Outbox;
use crate::broker::connection::peer::{Connected, Connection, Peer};
use crate::broker::connection::topic_aliases::Naming;
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions, SubscriberCopy, has_expired};
use crate::broker::delivery_tag::{Delivery, Session};
use crate::broker::ids::ClientKey;
use crate::broker::monitor::event_queue::EventQueue;
use crate::broker::options::{BrokerOptions, QueueOverflow};
use crate::broker::retained::Retained;
use crate::codec::{Ack, Message, PacketId, PacketKind, QoS, ReasonCode, Version};
use crate::session::Outgoing;
use crate::time::Time;

/// A subscriber for a delivery: its state, its peer if connected, and the broker's parts for it.
#[derive(Debug)]
pub(crate) struct SubscriberDelivery<'a> {
    pub(crate) key: ClientKey,
    pub(crate) client: &'a mut ClientState,
    pub(crate) peer: Option<&'a mut Peer>,
    pub(crate) retained: &'a Retained,
    pub(crate) questions: &'a mut Questions,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) events: &'a mut EventQueue,
    pub(crate) options: &'a BrokerOptions,
    pub(crate) required_checks: RequiredChecks,
    pub(crate) now: Time,
}

/// Writer of PUBLISH packets to a connection.
struct PacketWriter<'a> {
    peer: &'a mut Peer,
    outbox: &'a mut Outbox,
    events: &'a mut EventQueue,
    client_id: &'a Arc<str>,
    now: Time,
}

impl SubscriberDelivery<'_> {
    /// Delivers a live message. `options` has the lower of both qualities of service.
    ///
    /// False if it is dropped for lack of room, or since the client is not connected.
    #[inline]
    pub(crate) fn deliver(&mut self, broadcast: &mut Broadcast<'_>, options: &DeliveryOptions<'_>) -> bool {
        if self.options.asks.receive {
            return self.enqueue_for_approval(broadcast.delivery(options));
        }
        if options.qos == QoS::AtMostOnce {
            return self.write_live(broadcast, options);
        }
        let is_taken = self.enqueue(broadcast.delivery(options));
        let queued = self.client.session.queued();
        self.flush_queue(Some(broadcast));
        let cursors = &mut self.client.cursors;
        cursors.is_next |= !cursors.is_empty() && self.client.session.queued() < queued;
        is_taken
    }

    /// Delivers a message to this client alone. False as in [`deliver`](Self::deliver).
    pub(crate) fn deliver_single(&mut self, delivery: Delivery) -> bool {
        if self.options.asks.receive { self.enqueue_for_approval(delivery) } else { self.deliver_approved(delivery) }
    }

    /// Delivers a message that is approved, or needs no approval.
    pub(crate) fn deliver_approved(&mut self, delivery: Delivery) -> bool {
        if delivery.qos == QoS::AtMostOnce {
            return self.write_single(&delivery);
        }
        let is_taken = self.enqueue(delivery);
        self.flush_queue(None);
        is_taken
    }

    /// Puts a delivery into the session's queue, and makes room by the overflow policy. False if it
    /// is dropped.
    fn enqueue(&mut self, mut delivery: Delivery) -> bool {
        while let Err(full) = self.client.enqueue(delivery) {
            // Expired messages make room before others are dropped [MQTT-3.3.2-5].
            let is_expired = self.client.session.waiting().next().is_some_and(|oldest| has_expired(oldest, self.now));
            let oldest = match self.options.queue_overflow {
                QueueOverflow::DropNewest if !is_expired => None,
                QueueOverflow::Disconnect if !is_expired => {
                    self.overflow();
                    None
                }
                QueueOverflow::DropNewest | QueueOverflow::DropOldest | QueueOverflow::Disconnect => {
                    self.client.session.drop_oldest()
                }
            };
            let dropped = oldest.as_ref().unwrap_or(&full.delivery);
            let cause = if is_expired { DropCause::Expired } else { DropCause::QueueFull };
            self.events.dropped(Some(&self.client.id), dropped.message.topic.as_str(), cause);
            if oldest.is_none() {
                return false;
            }
            delivery = full.delivery;
        }
        true
    }

    /// Sends the deliveries that may be sent now.
    pub(crate) fn flush(&mut self) {
        if self.client.approvals.is_some() {
            self.flush_approvals();
        }
        if self.client.cursors.is_next {
            self.flush_cursors();
        }
        let queued = self.client.session.queued();
        self.flush_queue(None);
        if !self.client.cursors.is_empty() {
            self.client.cursors.is_next |= self.client.session.queued() < queued;
            self.flush_cursors();
        }
    }

    /// Sends the session's deliveries that may be sent now. `broadcast` lends its encoded forms for
    /// its own message.
    #[inline(never)]
    pub(crate) fn flush_queue(&mut self, mut broadcast: Option<&mut Broadcast<'_>>) {
        let Some(peer) = self.peer.as_deref_mut() else { return };
        let Connection::Connected(Connected { version, .. }) = peer.connection else { return };
        if !peer.output.is_writable() {
            return;
        }
        let ClientState { session, id, .. } = &mut *self.client;
        loop {
            // The rest stays in the queue until this is sent, so that messages are copied a few at
            // a time.
            let waiting = peer.output.waiting_bytes();
            let is_full = waiting > 0 && waiting >= self.options.transmit_bytes_max;
            if is_full || self.outbox.is_spent() {
                return self.outbox.continue_later(peer);
            }
            let Some(outgoing) = session.next_outgoing() else { return };
            let mut writer =
                PacketWriter { peer, outbox: self.outbox, events: self.events, client_id: id, now: self.now };
            match outgoing {
                Outgoing::Pubrel(packet_id) => writer.write_pubrel(packet_id, version),
                Outgoing::Publish { packet_id, dup, delivery } => {
                    let lent = broadcast.as_deref_mut().filter(|broadcast| !dup && broadcast.is_of(&delivery.message));
                    let qos = delivery.qos;
                    if !writer.write(delivery, packet_id, dup, lent) {
                        give_up(session, packet_id, qos);
                    }
                }
            }
        }
    }

    /// Marks the peer to flush more once its bytes are sent.
    pub(crate) fn flush_later(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.outbox.continue_later(peer);
        }
    }

    /// Writes a live message of QoS 0 into the peer's buffer. False as in
    /// [`deliver`](Self::deliver): QoS 0 is not kept for a disconnected client.
    #[inline]
    fn write_live(&mut self, broadcast: &mut Broadcast<'_>, options: &DeliveryOptions<'_>) -> bool {
        let Some(peer) = self.peer.as_deref_mut() else { return false };
        let Connection::Connected(connected) = &mut peer.connection else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let topic = broadcast.topic();
        let mut naming = Naming::Topic;
        let encoded = match peer.output.check_room(self.options.transmit_bytes_max) {
            Ok(()) if self.outbox.takes_copies() => {
                naming = connected.naming(broadcast.publish(), options.qos, options.identifiers.len());
                broadcast.encoded(version, options, naming, self.now)
            }
            Ok(()) => Err(DropCause::TransmitFull),
            Err(cause) => Err(cause),
        };
        match encoded {
            Ok(encoded) if encoded.len() <= packet_bytes_max => {
                let out = self.outbox.open(peer);
                let start = out.len();
                encoded.write(None, out);
                self.outbox.note_work(1, encoded.len());
                self.events.delivered(out.get(start..).unwrap_or_default());
                if let Naming::Introduction(alias) = naming {
                    peer.introduced(alias, broadcast.name());
                }
                true
            }
            // [MQTT-3.1.2-24], [MQTT-3.1.2-25]
            Ok(_) => {
                self.events.dropped(Some(&self.client.id), topic, DropCause::PacketTooLarge);
                true
            }
            Err(cause) => {
                self.events.dropped(Some(&self.client.id), topic, cause);
                !matches!(cause, DropCause::TransmitFull | DropCause::NotWritable)
            }
        }
    }

    /// Writes a message of QoS 0 for this client alone. False as in [`deliver`](Self::deliver).
    fn write_single(&mut self, delivery: &Delivery) -> bool {
        if let Err(cause) = self.writable() {
            self.note_dropped(delivery.message.topic.as_str(), cause);
            return false;
        }
        let Some(peer) = self.peer.as_deref_mut() else { return false };
        let mut writer =
            PacketWriter { peer, outbox: self.outbox, events: self.events, client_id: &self.client.id, now: self.now };
        writer.write(delivery, PacketId::FIRST, false, None);
        true
    }

    /// Counts a message as dropped, unless the client is not connected.
    pub(crate) fn note_dropped(&mut self, topic: &str, cause: DropCause) {
        if self.peer.is_some() {
            self.events.dropped(Some(&self.client.id), topic, cause);
        }
    }

    /// Marks the client's connection to be closed for an overflowed queue.
    pub(crate) fn overflow(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.outbox.note_overflow(peer);
        }
    }

    /// True if the connection, or at QoS 1 and 2 the session's queue, has room for a message of so
    /// many bytes.
    pub(crate) fn has_room(&self, qos: QoS, bytes: usize) -> bool {
        if qos == QoS::AtMostOnce { self.writable().is_ok() } else { self.client.session.has_room(bytes) }
    }

    /// Returns the cause for which a message of QoS 0 would be dropped now, if there is one.
    pub(crate) fn writable(&self) -> Result<(), DropCause> {
        match self.peer.as_deref() {
            Some(peer) if peer.connection.connected().is_some() => {
                peer.output.check_room(self.options.transmit_bytes_max)
            }
            Some(_) | None => Err(DropCause::NotWritable),
        }
    }

    /// True if there is a connection, and it is writable.
    pub(crate) fn is_open(&self) -> bool {
        let is_open = |peer: &Peer| peer.output.is_writable() && peer.connection.connected().is_some();
        self.peer.as_deref().is_some_and(is_open)
    }
}

impl PacketWriter<'_> {
    /// Writes a delivery, with a topic alias where possible. False if it is dropped. `lent` is a
    /// broadcast of the same message.
    fn write(&mut self, delivery: &Delivery, packet_id: PacketId, dup: bool, lent: Option<&mut Broadcast<'_>>) -> bool {
        let Delivery { message, qos, retain, subscription_identifiers, tag } = delivery;
        let Some(connected) = self.peer.connection.connected_mut() else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let options =
            DeliveryOptions { qos: *qos, retain: *retain, identifiers: subscription_identifiers, group: None };
        let naming = connected.naming(&message.as_publish(), *qos, subscription_identifiers.len());
        let copy = SubscriberCopy { options, naming, packet_id, dup, waited: (tag.arrived, self.now) };
        let out = self.outbox.open(self.peer);
        let start = out.len();
        let written = encode(&copy, message, version, lent, out);
        let fits = if out.len() - start <= packet_bytes_max { Ok(()) } else { Err(DropCause::PacketTooLarge) };
        match written.and(fits) {
            Ok(()) => {
                let sent = out.get(start..).unwrap_or_default();
                self.outbox.note_work(1, sent.len());
                self.events.delivered(sent);
                if let Naming::Introduction(alias) = naming {
                    self.peer.introduced(alias, message.topic.clone());
                }
                true
            }
            Err(cause) => {
                out.truncate(start);
                self.events.dropped(Some(self.client_id), message.topic.as_str(), cause);
                false
            }
        }
    }

    fn write_pubrel(&mut self, packet_id: PacketId, version: Version) {
        let out = self.outbox.open(self.peer);
        let start = out.len();
        let written = Ack::success(packet_id).encode(PacketKind::Pubrel, version, out);
        debug_assert!(written.is_ok(), "four bytes, without properties");
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
    }
}

/// Appends the PUBLISH of a session's delivery.
fn encode(
    copy: &SubscriberCopy<'_>,
    message: &Message,
    version: Version,
    broadcast: Option<&mut Broadcast<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), DropCause> {
    if let Some(broadcast) = broadcast {
        broadcast.encoded(version, &copy.options, copy.naming, copy.waited.1)?.write(Some(copy.packet_id), out);
        return Ok(());
    }
    copy.encode(&message.as_publish(), version, out).map(drop)
}

/// Treats an unsent delivery as sent and acknowledged [MQTT-3.1.2-25].
///
/// It is also used after a reconnection with a smaller maximum packet size. A delivery that no
/// longer fits cannot be resent [MQTT-3.1.2-24], and would occupy its packet identifier and send
/// quota for ever. PUBREL always fits.
fn give_up(session: &mut Session, packet_id: PacketId, qos: QoS) {
    let answered = match qos {
        QoS::AtMostOnce | QoS::AtLeastOnce => session.on_puback(packet_id, ReasonCode::Success),
        QoS::ExactlyOnce => session.on_pubrec(packet_id, ReasonCode::UnspecifiedError),
    };
    debug_assert!(answered.is_ok(), "the answer suits the quality of service");
}
