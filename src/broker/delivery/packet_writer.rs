//! The packet writer: from a delivery to the bytes in its connection's buffer.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::cause::DropCause;
use crate::broker::connection::outbox::Outbox;
use crate::broker::connection::peer::{Connected, Connection, Peer};
use crate::broker::connection::topic_aliases::{AliasTopic, Naming};
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions, SubscriberCopy};
use crate::broker::delivery_tag::Delivery;
use crate::broker::memory_budget::MemoryBudget;
use crate::broker::monitor::event_queue::EventQueue;
use crate::codec::{Ack, Message, PacketId, PacketKind, Publish, Version};
use crate::time::Time;

/// Writer of PUBLISH packets to a connection.
pub(super) struct PacketWriter<'a> {
    pub(super) peer: &'a mut Peer,
    pub(super) outbox: &'a mut Outbox,
    pub(super) memory: &'a mut MemoryBudget,
    pub(super) events: &'a mut EventQueue,
    pub(super) client_id: &'a Arc<str>,
    pub(super) now: Time,
}

impl PacketWriter<'_> {
    /// Writes a live message of QoS 0, unless `bytes_max` bytes wait to be sent.
    ///
    /// False if it is dropped for want of room. A message that the client would never take is
    /// dropped too, and then the result is true.
    #[inline]
    pub(super) fn write_live(
        &mut self,
        broadcast: &mut Broadcast<'_>,
        options: &DeliveryOptions<'_>,
        bytes_max: usize,
    ) -> bool {
        let takes_copy = self.takes_copy(broadcast.publish());
        let Connection::Connected(connected) = &mut self.peer.connection else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let topic = broadcast.topic();
        let mut naming = Naming::Topic;
        let encoded = match self.peer.output.check_room(bytes_max) {
            Ok(()) if takes_copy && self.outbox.takes_copies() => {
                naming = connected.naming(broadcast.publish(), options.qos, options.identifiers.len());
                broadcast.encoded(version, options, naming, self.now)
            }
            Ok(()) => Err(DropCause::TransmitFull),
            Err(cause) => Err(cause),
        };
        match encoded {
            Ok(encoded) if encoded.len() <= packet_bytes_max => {
                let out = self.outbox.open(self.peer);
                let (start, room) = (out.len(), out.capacity());
                encoded.write(None, out);
                self.memory.note_buffer_grown(out.capacity() - room);
                self.outbox.note_work(1, encoded.len());
                self.events.delivered(out.get(start..).unwrap_or_default());
                if let Naming::Introduction(alias) = naming {
                    self.introduced(alias, broadcast.alias_topic());
                }
                true
            }
            // [MQTT-3.1.2-24], [MQTT-3.1.2-25]
            Ok(_) => self.drop_unsent(topic, DropCause::PacketTooLarge),
            Err(cause) => self.drop_unsent(topic, cause),
        }
    }

    /// Writes a delivery, with a topic alias where possible. False if it is dropped. `lent` is a
    /// broadcast of the same message.
    pub(super) fn write(
        &mut self,
        delivery: &Delivery,
        packet_id: PacketId,
        dup: bool,
        lent: Option<&mut Broadcast<'_>>,
    ) -> bool {
        let Delivery { message, qos, retain, subscription_identifiers, tag } = delivery;
        let Some(connected) = self.peer.connection.connected_mut() else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let options =
            DeliveryOptions { qos: *qos, retain: *retain, identifiers: subscription_identifiers, group: None };
        let naming = connected.naming(&message.as_publish(), *qos, subscription_identifiers.len());
        let copy = SubscriberCopy { options, naming, packet_id, dup, waited: (tag.arrived, self.now) };
        let out = self.outbox.open(self.peer);
        let (start, room) = (out.len(), out.capacity());
        let written = encode(&copy, message, version, lent, out);
        self.memory.note_buffer_grown(out.capacity() - room);
        let fits = if out.len() - start <= packet_bytes_max { Ok(()) } else { Err(DropCause::PacketTooLarge) };
        match written.and(fits) {
            Ok(()) => {
                let sent = out.get(start..).unwrap_or_default();
                self.outbox.note_work(1, sent.len());
                self.events.delivered(sent);
                if let Naming::Introduction(alias) = naming {
                    self.introduced(alias, AliasTopic::share(message.topic.clone(), self.memory.meter()));
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

    pub(super) fn write_pubrel(&mut self, packet_id: PacketId, version: Version) {
        let out = self.outbox.open(self.peer);
        let (start, room) = (out.len(), out.capacity());
        let written = Ack::success(packet_id).encode(PacketKind::Pubrel, version, out);
        self.memory.note_buffer_grown(out.capacity() - room);
        debug_assert!(written.is_ok(), "four bytes, without properties");
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
    }

    /// True if the connection may take a copy of the message, by the memory of the broker. Only a
    /// buffer that grows takes memory.
    #[inline]
    fn takes_copy(&self, publish: &Publish<'_>) -> bool {
        let bytes = publish.topic.len() + publish.properties.as_bytes().len() + publish.payload.len();
        self.memory.is_ample(bytes) || {
            let (waiting, room) = (self.peer.output.waiting_bytes(), self.peer.output.buffer_bytes());
            waiting + bytes <= room || self.memory.has_room(room, bytes.max(room))
        }
    }

    /// Assigns an alias, since the PUBLISH that introduces it is sent.
    #[cold]
    fn introduced(&mut self, alias: u16, topic: Arc<AliasTopic>) {
        self.peer.introduced(alias, topic);
        self.memory.settle_peer(self.peer.id, self.peer.own_bytes());
    }

    /// Counts a message as dropped. False if it could go later, when there is room.
    fn drop_unsent(&mut self, topic: &str, cause: DropCause) -> bool {
        self.events.dropped(Some(self.client_id), topic, cause);
        !matches!(cause, DropCause::TransmitFull | DropCause::NotWritable)
    }
}

/// Appends the PUBLISH of a session's delivery.
fn encode(
    copy: &SubscriberCopy<'_>,
    message: &Message,
    version: Version,
    lent: Option<&mut Broadcast<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), DropCause> {
    if let Some(broadcast) = lent {
        broadcast.encoded(version, &copy.options, copy.naming, copy.waited.1)?.write(Some(copy.packet_id), out);
        return Ok(());
    }
    copy.encode(&message.as_publish(), version, out).map(drop)
}
