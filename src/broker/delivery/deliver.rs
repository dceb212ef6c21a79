//! Delivery of one message to one subscriber, at once or through its session's queue.
//!
//! Each function is one of four steps. Deliver decides what becomes of a message. Enqueue puts it
//! into the session's queue, or into the approval queue. Flush sends from the queues as far as the
//! client takes it. Write puts one packet into the outgoing buffer.

use crate::broker::cause::DropCause;
use crate::broker::clients::rechecks::Rechecked;
use crate::broker::clients::{ClientState, Clients};
use crate::broker::connection::peer::{Connected, Connection, Peer, Peers};
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions};
use crate::broker::delivery::packet_writer::PacketWriter;
use crate::broker::delivery::parts::DeliveryParts;
use crate::broker::delivery_tag::Delivery;
use crate::broker::ids::ClientKey;
use crate::broker::memory_budget::MemoryBudget;
use crate::broker::options::QueueOverflow;
use crate::codec::{Message, PacketId, QoS};
use crate::session::Outgoing;

/// Bytes of memory of a message in a queue, beside its own bytes.
const MESSAGE_BYTES: usize = Message::HELD_BYTES + size_of::<Delivery>();

/// The clients, their connections, and the other parts of the broker that deliveries need.
#[derive(Debug)]
pub(crate) struct Deliveries<'a> {
    pub(crate) clients: &'a mut Clients,
    pub(crate) peers: &'a mut Peers,
    pub(crate) parts: DeliveryParts<'a>,
}

/// A subscriber for a delivery: its state, its peer if connected, and the broker's parts for it.
#[derive(Debug)]
pub(crate) struct SubscriberDelivery<'a, 'b> {
    pub(super) key: ClientKey,
    pub(super) client: &'a mut ClientState,
    pub(super) peer: Option<&'a mut Peer>,
    pub(super) parts: &'a mut DeliveryParts<'b>,
    /// True if the client's account is to be set again.
    pub(super) is_changed: bool,
}

impl<'b> Deliveries<'b> {
    /// Returns the delivery of a client.
    #[inline]
    pub(crate) fn to(&mut self, key: ClientKey) -> Option<SubscriberDelivery<'_, 'b>> {
        let Self { clients, peers, parts } = self;
        let client = clients.get_mut(key)?;
        let peer = client.peer.and_then(|id| peers.get_mut(id));
        Some(SubscriberDelivery { key, client, peer, parts, is_changed: true })
    }
}

impl Drop for SubscriberDelivery<'_, '_> {
    /// Sets the client's account, whatever was delivered, now or after some work.
    #[inline]
    fn drop(&mut self) {
        if self.is_changed && !self.parts.memory.note_changed(self.key) {
            self.parts.memory.settle_client(self.key, self.client.holding());
        }
    }
}

impl<'b> SubscriberDelivery<'_, 'b> {
    /// Delivers a live message as `options` say, with the lower of the two qualities of service.
    ///
    /// False if it is dropped for want of room, or since the client is not connected.
    #[inline]
    pub(crate) fn deliver(&mut self, broadcast: &mut Broadcast<'_>, options: &DeliveryOptions<'_>) -> bool {
        if self.parts.options.asks.receive {
            return self.enqueue_for_approval(broadcast.delivery(options));
        }
        let packet_id = if options.qos == QoS::AtMostOnce {
            self.is_changed = false;
            match self.check_live(broadcast.bytes()) {
                Ok(()) => None,
                Err(cause) => return self.drop_live(broadcast.topic(), cause),
            }
        } else {
            match self.pass_queue(broadcast, options) {
                Some(packet_id) => Some(packet_id),
                None => return self.deliver_queued(broadcast.delivery(options)),
            }
        };
        let Some(mut writer) = self.writer() else { return false };
        let Err(cause) = writer.write_live(broadcast, options, packet_id) else { return true };
        if let Some(packet_id) = packet_id {
            self.client.session.abandon(packet_id); // [MQTT-3.1.2-25]
        }
        self.drop_live(broadcast.topic(), cause)
    }

    /// Checks that the connection takes a live message of QoS 0 with so many bytes.
    ///
    /// # Errors
    /// The cause for which the message is dropped.
    #[inline]
    fn check_live(&self, bytes: usize) -> Result<(), DropCause> {
        self.check_writable()?;
        let Some(peer) = self.peer.as_deref() else { return Err(DropCause::NotWritable) };
        if self.parts.outbox.takes_copies() && takes_copy(self.parts.memory, peer, bytes) {
            Ok(())
        } else {
            Err(DropCause::TransmitFull)
        }
    }

    /// Counts a live message as dropped, unless the client is not connected. False if it could go
    /// later, when there is room.
    #[cold]
    fn drop_live(&mut self, topic: &str, cause: DropCause) -> bool {
        if self.peer.as_deref().is_some_and(|peer| peer.connection.connected().is_some()) {
            self.parts.events.dropped(Some(&self.client.id), topic, cause);
        }
        !matches!(cause, DropCause::TransmitFull | DropCause::NotWritable)
    }

    /// Puts a live message of QoS 1 or 2 in flight without a way through the queue, if it can be
    /// sent at once. Returns its packet identifier then.
    #[inline]
    fn pass_queue(&mut self, broadcast: &mut Broadcast<'_>, options: &DeliveryOptions<'_>) -> Option<PacketId> {
        let may_pass = self.client.rechecks.is_none() && self.client.session.may_pass();
        if !may_pass
            || self.parts.outbox.is_full()
            || self.check_writable().is_err()
            || !self.ensure_memory(broadcast.bytes())
        {
            return None;
        }
        let packet_id = self.client.session.pass(broadcast.delivery(options))?;
        self.client.enqueued += 1;
        self.client.cursors.note_queue_served();
        Some(packet_id)
    }

    /// Delivers a message of QoS 1 or 2 through the session's queue. False as in
    /// [`deliver`](Self::deliver).
    fn deliver_queued(&mut self, delivery: Delivery) -> bool {
        let is_taken = self.enqueue(delivery);
        let queued = self.client.session.queued();
        self.flush_queue();
        if self.client.session.queued() < queued {
            self.client.cursors.note_queue_served();
        }
        is_taken
    }

    /// Delivers a message to this client alone. False as in [`deliver`](Self::deliver).
    pub(crate) fn deliver_single(&mut self, delivery: Delivery) -> bool {
        if self.parts.options.asks.receive {
            self.enqueue_for_approval(delivery)
        } else {
            self.deliver_approved(delivery)
        }
    }

    /// Delivers a message that is approved, or needs no approval.
    pub(super) fn deliver_approved(&mut self, delivery: Delivery) -> bool {
        if delivery.qos == QoS::AtMostOnce {
            return self.write_single(&delivery);
        }
        let is_taken = self.enqueue(delivery);
        self.flush_queue();
        is_taken
    }

    /// Puts a delivery into the session's queue, and makes room by the overflow policy. False if it
    /// is dropped.
    fn enqueue(&mut self, mut delivery: Delivery) -> bool {
        if !self.ensure_memory(delivery.bytes()) {
            self.parts.events.dropped(Some(&self.client.id), delivery.message.topic.as_str(), DropCause::QueueFull);
            return false;
        }
        while let Err(full) = self.client.enqueue(delivery) {
            if self.drop_expired() {
                delivery = full.delivery;
                continue;
            }
            let oldest = match self.parts.options.queue_overflow {
                QueueOverflow::DropNewest => None,
                QueueOverflow::Disconnect => {
                    self.overflow();
                    None
                }
                QueueOverflow::DropOldest => self.client.session.drop_oldest(),
            };
            let dropped = oldest.as_ref().unwrap_or(&full.delivery);
            self.parts.events.dropped(Some(&self.client.id), dropped.message.topic.as_str(), DropCause::QueueFull);
            if oldest.is_none() {
                return false;
            }
            delivery = full.delivery;
        }
        true
    }

    /// Drops an expired delivery of the session's queue, wherever it stands, so that it makes room
    /// before others are dropped [MQTT-3.3.2-5]. False if there is none.
    fn drop_expired(&mut self) -> bool {
        let looked_at = if self.client.session.is_ordered() { 1 } else { self.client.session.places() };
        self.parts.outbox.note_work(looked_at, 0);
        let Some(expired) = self.client.take_expired(self.parts.now) else { return false };
        self.parts.events.dropped(Some(&self.client.id), expired.message.topic.as_str(), DropCause::Expired);
        true
    }

    /// Ensures that the client may hold another message of so many bytes, by the memory of the
    /// broker. Expired messages make room. Returns false if it may not.
    #[inline]
    pub(super) fn ensure_memory(&mut self, bytes: usize) -> bool {
        self.parts.memory.is_ample(bytes + MESSAGE_BYTES) || self.free_memory(bytes)
    }

    #[cold]
    fn free_memory(&mut self, bytes: usize) -> bool {
        let peer = self.peer.as_deref().map(|peer| peer.id);
        while !self.parts.memory.has_room_for(self.key, peer, bytes + MESSAGE_BYTES) {
            if !self.drop_expired() {
                return false;
            }
            self.parts.memory.settle_client(self.key, self.client.holding());
        }
        true
    }

    /// Sends from the queues of the client, and the retained messages of its cursors, as far as the
    /// client takes them.
    pub(crate) fn flush(&mut self) {
        if self.client.approvals.is_some() {
            self.flush_approvals();
        }
        if self.client.cursors.is_cursor_next() {
            self.flush_cursors();
        }
        let queued = self.client.session.queued();
        self.flush_queue();
        if !self.client.cursors.is_empty() {
            if self.client.session.queued() < queued {
                self.client.cursors.note_queue_served();
            }
            self.flush_cursors();
        }
    }

    /// Sends the session's deliveries that may be sent now.
    #[inline(never)]
    pub(super) fn flush_queue(&mut self) {
        let Some(peer) = self.peer.as_deref_mut() else { return };
        let Connection::Connected(Connected { version, .. }) = peer.connection else { return };
        if !peer.output.is_writable() {
            return;
        }
        loop {
            let Some(peer) = self.peer.as_deref_mut() else { return };
            // The rest stays in the queue until this is sent, so that messages are copied a few at
            // a time.
            let waiting = peer.output.waiting_bytes();
            let is_full = waiting > 0 && waiting >= self.parts.options.transmit_bytes_max;
            if is_full || self.parts.outbox.is_full() {
                return self.parts.outbox.continue_later(peer);
            }
            if self.client.rechecks.is_some() {
                match self.recheck_next() {
                    Rechecked::Passed => {}
                    Rechecked::Dropped => continue,
                    Rechecked::Waits => return,
                }
            }
            let Some(peer) = self.peer.as_deref_mut() else { return };
            let ClientState { session, id, .. } = &mut *self.client;
            let Some(outgoing) = session.next_outgoing() else { return };
            let mut writer = PacketWriter { peer, client_id: id, parts: self.parts };
            match outgoing {
                Outgoing::Pubrel(packet_id) => writer.write_pubrel(packet_id, version),
                Outgoing::Publish { packet_id, dup, delivery } => {
                    if !writer.write(delivery, packet_id, dup) {
                        // It would occupy its packet identifier and send quota for ever.
                        session.abandon(packet_id); // [MQTT-3.1.2-25]
                    }
                }
            }
        }
    }

    /// Marks the peer to flush more once its bytes are sent.
    pub(super) fn flush_later(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.parts.outbox.continue_later(peer);
        }
    }

    /// Writes a message of QoS 0 for this client alone. False as in [`deliver`](Self::deliver).
    fn write_single(&mut self, delivery: &Delivery) -> bool {
        if let Err(cause) = self.check_writable() {
            self.note_dropped(delivery.message.topic.as_str(), cause);
            return false;
        }
        if let Some(mut writer) = self.writer() {
            writer.write(delivery, PacketId::FIRST, false);
        }
        true
    }

    /// Returns the writer of the client's connection, if there is one.
    #[inline]
    fn writer(&mut self) -> Option<PacketWriter<'_, 'b>> {
        let peer = self.peer.as_deref_mut()?;
        Some(PacketWriter { peer, client_id: &self.client.id, parts: self.parts })
    }

    /// Counts a message as dropped, unless the client is not connected.
    pub(super) fn note_dropped(&mut self, topic: &str, cause: DropCause) {
        if self.peer.is_some() {
            self.parts.events.dropped(Some(&self.client.id), topic, cause);
        }
    }

    /// Marks the client's connection to be closed for an overflowed queue.
    pub(super) fn overflow(&mut self) {
        if let Some(peer) = self.peer.as_deref_mut() {
            self.parts.outbox.note_overflow(peer);
        }
    }

    /// Ensures that the connection, or at QoS 1 and 2 the session's queue, has room for a message
    /// of so many bytes. Expired messages make room. Returns false if there is none.
    pub(super) fn ensure_room(&mut self, qos: QoS, bytes: usize) -> bool {
        if qos == QoS::AtMostOnce {
            return self.check_writable().is_ok();
        }
        while !self.client.session.has_room(bytes) {
            if !self.drop_expired() {
                return false;
            }
        }
        self.ensure_memory(bytes)
    }

    /// Checks that the connection takes a message of QoS 0.
    ///
    /// # Errors
    /// The cause for which the message would be dropped.
    #[inline]
    pub(super) fn check_writable(&self) -> Result<(), DropCause> {
        match self.peer.as_deref() {
            Some(peer) if peer.connection.connected().is_some() => {
                peer.output.check_room(self.parts.options.transmit_bytes_max)
            }
            Some(_) | None => Err(DropCause::NotWritable),
        }
    }

    /// True if there is a connection, and it is writable.
    pub(super) fn is_open(&self) -> bool {
        let is_open = |peer: &Peer| peer.output.is_writable() && peer.connection.connected().is_some();
        self.peer.as_deref().is_some_and(is_open)
    }

    /// True if the access list lets the client have messages of this topic.
    pub(crate) fn may_read(&mut self, topic: &str) -> bool {
        let budget = &mut self.parts.outbox.budget;
        !self.parts.required_checks.read || self.parts.options.access.may_read(self.client.identity(), topic, budget)
    }
}

/// True if the connection may take a copy of a message of so many bytes, by the memory of the
/// broker. Only a buffer that grows takes memory.
#[inline]
fn takes_copy(memory: &MemoryBudget, peer: &Peer, bytes: usize) -> bool {
    let (waiting, room) = (peer.output.waiting_bytes(), peer.output.buffer_bytes());
    waiting + bytes <= room || memory.is_ample(bytes) || memory.has_room(room, bytes.max(room))
}
