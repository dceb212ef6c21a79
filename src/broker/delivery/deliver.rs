//! Delivery: one message to one subscriber, at once or by its session.

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

/// The way to one subscriber: its state, its connection if it has one, and what the broker lends for it.
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

/// A connection, for the deliveries of its client.
struct PacketWriter<'a> {
    peer: &'a mut Peer,
    outbox: &'a mut Outbox,
    events: &'a mut EventQueue,
    client_id: &'a Arc<str>,
    now: Time,
}

impl SubscriberDelivery<'_> {
    /// Delivers with the lower of the two qualities of service, which is in `terms`.
    #[inline]
    pub(crate) fn deliver(&mut self, broadcast: &mut Broadcast<'_>, terms: &DeliveryOptions<'_>) {
        if self.options.asks.receive {
            self.request_approval(broadcast.delivery(terms));
        } else {
            self.deliver_now(broadcast, terms);
        }
    }

    /// Delivers what is no broadcast of now: it waited, or was retained.
    pub(crate) fn relay(&mut self, delivery: Delivery) {
        if self.options.asks.receive {
            self.request_approval(delivery);
        } else {
            self.relay_now(delivery);
        }
    }

    /// Likewise, if nobody need be asked about it any more.
    pub(crate) fn relay_now(&mut self, delivery: Delivery) {
        let qos = delivery.qos;
        if qos != QoS::AtMostOnce {
            self.enqueue(delivery);
            return self.flush_queue(None);
        }
        if !self.has_room(qos, 0) {
            if self.peer.is_some() {
                self.events.dropped(Some(&self.client.id), delivery.message.topic.as_str(), DropCause::NotWritable);
            }
            return self.lose();
        }
        let Some(peer) = self.peer.as_deref_mut() else { return };
        let mut writer =
            PacketWriter { peer, outbox: self.outbox, events: self.events, client_id: &self.client.id, now: self.now };
        writer.send(&delivery, PacketId::FIRST, false, None);
    }

    /// Delivers what nobody need be asked about any more.
    #[inline]
    pub(crate) fn deliver_now(&mut self, broadcast: &mut Broadcast<'_>, terms: &DeliveryOptions<'_>) {
        match terms.qos {
            QoS::AtMostOnce => self.deliver_at_once(broadcast, terms),
            QoS::AtLeastOnce | QoS::ExactlyOnce => {
                self.enqueue(broadcast.delivery(terms));
                self.flush(Some(broadcast));
            }
        }
    }

    /// QoS 0: into the peer's buffer. Not kept for who is not there.
    #[inline]
    fn deliver_at_once(&mut self, broadcast: &mut Broadcast<'_>, terms: &DeliveryOptions<'_>) {
        let Some(peer) = self.peer.as_deref_mut() else { return self.lose() };
        let Connection::Connected(connected) = &mut peer.connection else { return };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let topic = broadcast.topic();
        let mut naming = Naming::Topic;
        let form = match peer.output.check_room(self.options.transmit_bytes_max) {
            Ok(()) if self.outbox.takes_copies() => {
                naming = connected.naming(broadcast.publish(), terms.qos, terms.identifiers.len());
                broadcast.form(version, terms, naming, self.now)
            }
            Ok(()) => Err(DropCause::TransmitFull),
            Err(cause) => Err(cause),
        };
        match form {
            Ok(form) if form.len() <= packet_bytes_max => {
                let out = self.outbox.open(peer);
                let start = out.len();
                form.append(None, out);
                self.outbox.note_work(1, form.len());
                self.events.delivered(out.get(start..).unwrap_or_default());
                if let Naming::Introduction(alias) = naming {
                    peer.introduced(alias, broadcast.name());
                }
            }
            // [MQTT-3.1.2-24], [MQTT-3.1.2-25]
            Ok(_) => self.events.dropped(Some(&self.client.id), topic, DropCause::PacketTooLarge),
            Err(cause) => {
                self.events.dropped(Some(&self.client.id), topic, cause);
                self.lose();
            }
        }
    }

    fn enqueue(&mut self, mut delivery: Delivery) {
        while let Err(full) = self.client.enqueue(delivery) {
            // What has expired makes room before anything is given up [MQTT-3.3.2-5].
            let is_over = self.client.session.waiting().next().is_some_and(|oldest| has_expired(oldest, self.now));
            let oldest = match self.options.queue_overflow {
                QueueOverflow::DropNewest if !is_over => None,
                QueueOverflow::Disconnect if !is_over => {
                    self.run_over();
                    None
                }
                QueueOverflow::DropNewest | QueueOverflow::DropOldest | QueueOverflow::Disconnect => {
                    self.client.session.drop_oldest()
                }
            };
            let lost = oldest.as_ref().unwrap_or(&full.delivery);
            let cause = if is_over { DropCause::Expired } else { DropCause::QueueFull };
            self.events.dropped(Some(&self.client.id), lost.message.topic.as_str(), cause);
            self.lose();
            if oldest.is_none() {
                return;
            }
            delivery = full.delivery;
        }
    }

    /// The client had no room for a message, for which its connection is to end.
    pub(crate) fn run_over(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.outbox.note_overflow(peer);
        }
    }

    /// Sends what may be sent now. `broadcast` lends its forms where a delivery is of its message.
    pub(crate) fn flush(&mut self, broadcast: Option<&mut Broadcast<'_>>) {
        if self.client.approvals.is_some() {
            self.deliver_approved();
        }
        if self.client.replays.is_next {
            self.replay();
        }
        let queued = self.client.session.queued();
        self.flush_queue(broadcast);
        if !self.client.replays.line.is_empty() {
            self.client.replays.is_next |= self.client.session.queued() < queued;
            self.replay();
        }
    }

    /// Sends what the session may send now.
    #[inline(never)]
    pub(crate) fn flush_queue(&mut self, mut broadcast: Option<&mut Broadcast<'_>>) {
        let Some(peer) = self.peer.as_deref_mut() else { return };
        let Connection::Connected(Connected { version, .. }) = peer.connection else { return };
        if !peer.output.is_writable() {
            return;
        }
        let ClientState { session, id, .. } = &mut *self.client;
        loop {
            // What is left stays in the queue until this is sent: a copy of the messages is made as it goes, not at once.
            let waiting = peer.output.waiting_bytes();
            let is_full = waiting > 0 && waiting >= self.options.transmit_bytes_max;
            if is_full || self.outbox.is_spent() {
                return self.outbox.continue_later(peer);
            }
            let Some(outgoing) = session.next_outgoing() else { return };
            let (packet_id, dup, delivery) = match outgoing {
                Outgoing::Publish { packet_id, dup, delivery } => (packet_id, dup, delivery),
                Outgoing::Pubrel(packet_id) => {
                    let out = self.outbox.open(peer);
                    let start = out.len();
                    let sent = Ack::success(packet_id).encode(PacketKind::Pubrel, version, out);
                    debug_assert!(sent.is_ok(), "four bytes, without properties");
                    self.events.counters.sent.count(out.get(start..).unwrap_or_default());
                    continue;
                }
            };
            let lent = broadcast.as_deref_mut().filter(|broadcast| !dup && broadcast.is_of(&delivery.message));
            let mut writer =
                PacketWriter { peer, outbox: self.outbox, events: self.events, client_id: id, now: self.now };
            let qos = delivery.qos;
            if !writer.send(delivery, packet_id, dup, lent) {
                give_up(session, packet_id, qos);
            }
        }
    }
}

impl PacketWriter<'_> {
    /// Sends a delivery, its topic named as is best; says `false` of one that is lost. `lent` is of the same message.
    fn send(&mut self, delivery: &Delivery, packet_id: PacketId, dup: bool, lent: Option<&mut Broadcast<'_>>) -> bool {
        let Delivery { message, qos, retain, subscription_identifiers, tag } = delivery;
        let Some(connected) = self.peer.connection.connected_mut() else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let terms = DeliveryOptions { qos: *qos, retain: *retain, identifiers: subscription_identifiers, group: None };
        let naming = connected.naming(&message.as_publish(), *qos, subscription_identifiers.len());
        let copy = SubscriberCopy { terms, naming, packet_id, dup, waited: (tag.arrived, self.now) };
        let out = self.outbox.open(self.peer);
        let start = out.len();
        let written = write(&copy, message, version, lent, out);
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
}

/// Appends the PUBLISH of a session's delivery.
fn write(
    copy: &SubscriberCopy<'_>,
    message: &Message,
    version: Version,
    broadcast: Option<&mut Broadcast<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), DropCause> {
    if let Some(broadcast) = broadcast {
        broadcast.form(version, &copy.terms, copy.naming, copy.waited.1)?.append(Some(copy.packet_id), out);
        return Ok(());
    }
    copy.encode(&message.as_publish(), version, out).map(drop)
}

/// Acts as if the delivery, which was not sent, had been sent and acknowledged [MQTT-3.1.2-25].
///
/// That goes too for what was sent on an earlier connection, if the client takes only smaller packets now. It cannot be
/// sent again [MQTT-3.1.2-24], and so would hold its identifier and its place in the send quota for ever: a client that
/// shrinks between connections gives it up. PUBREL, which follows PUBREC, fits always.
fn give_up(session: &mut Session, packet_id: PacketId, qos: QoS) {
    let answered = match qos {
        QoS::AtMostOnce | QoS::AtLeastOnce => session.on_puback(packet_id, ReasonCode::Success),
        QoS::ExactlyOnce => session.on_pubrec(packet_id, ReasonCode::UnspecifiedError),
    };
    debug_assert!(answered.is_ok(), "the answer suits the quality of service");
}
