//! The packet writer: from a delivery to the bytes in its connection's buffer.

use alloc::sync::Arc;

use crate::broker::cause::DropCause;
use crate::broker::connection::peer::{Connected, Peer};
use crate::broker::connection::topic_aliases::{AliasTopic, Naming, hash};
use crate::broker::delivery::encoded_publish::{Broadcast, DeliveryOptions, SubscriberCopy};
use crate::broker::delivery::parts::DeliveryParts;
use crate::broker::delivery_tag::Delivery;
use crate::codec::{Ack, PacketId, PacketKind, Version};

/// Writer of PUBLISH packets to a connection.
pub(super) struct PacketWriter<'a, 'b> {
    pub(super) peer: &'a mut Peer,
    pub(super) client_id: &'a Arc<str>,
    pub(super) parts: &'a mut DeliveryParts<'b>,
}

impl PacketWriter<'_, '_> {
    /// Writes a live message in the form that its subscribers share.
    ///
    /// # Errors
    /// The cause for which it is dropped [MQTT-3.1.2-24].
    #[inline]
    pub(super) fn write_live(
        &mut self,
        broadcast: &mut Broadcast<'_>,
        options: &DeliveryOptions<'_>,
        packet_id: Option<PacketId>,
    ) -> Result<(), DropCause> {
        let Some(connected) = self.peer.connection.connected_mut() else { return Err(DropCause::NotWritable) };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let naming =
            connected.naming(broadcast.publish(), (options.qos, options.identifiers.len()), || broadcast.alias_hash());
        let DeliveryParts { outbox, memory, events, now, .. } = &mut *self.parts;
        let encoded = broadcast.encoded(version, options, naming, *now)?;
        // A copy that is too large was made all the same.
        outbox.note_work(1, encoded.len());
        if encoded.len() > packet_bytes_max {
            return Err(DropCause::PacketTooLarge);
        }
        let out = outbox.open(self.peer);
        let (start, room) = (out.len(), out.capacity());
        encoded.write(packet_id, out);
        memory.note_buffer_grown(out.capacity() - room);
        events.delivered(out.get(start..).unwrap_or_default());
        if let Naming::Introduction(alias) = naming {
            self.introduced(alias, broadcast.alias_topic());
        }
        Ok(())
    }

    /// Writes a delivery, with a topic alias where possible. False if it is dropped.
    pub(super) fn write(&mut self, delivery: &Delivery, packet_id: PacketId, dup: bool) -> bool {
        let Delivery { message, qos, retain, subscription_identifiers, tag } = delivery;
        let Some(connected) = self.peer.connection.connected_mut() else { return false };
        let Connected { version, packet_bytes_max, .. } = *connected;
        let options =
            DeliveryOptions { qos: *qos, retain: *retain, identifiers: subscription_identifiers, group: None };
        let publish = message.as_publish();
        let topic = message.topic.as_str();
        let naming = connected.naming(&publish, (*qos, subscription_identifiers.len()), || hash(topic));
        let copy = SubscriberCopy { options, naming, packet_id, dup, waited: (tag.arrived, self.parts.now) };
        let DeliveryParts { outbox, memory, events, .. } = &mut *self.parts;
        let out = outbox.open(self.peer);
        let (start, room) = (out.len(), out.capacity());
        let written = copy.encode(&publish, version, out);
        memory.note_buffer_grown(out.capacity() - room);
        // The topic is compared with that of an alias, and a copy that is too large was made.
        outbox.note_work(1, out.len() - start + topic.len());
        let fits = if out.len() - start <= packet_bytes_max { Ok(()) } else { Err(DropCause::PacketTooLarge) };
        match written.and(fits) {
            Ok(()) => {
                let sent = out.get(start..).unwrap_or_default();
                events.delivered(sent);
                if let Naming::Introduction(alias) = naming {
                    let topic = AliasTopic::share(message.topic.clone(), memory.meter());
                    self.introduced(alias, topic);
                }
                true
            }
            Err(cause) => {
                out.truncate(start);
                events.dropped(Some(self.client_id), topic, cause);
                false
            }
        }
    }

    pub(super) fn write_pubrel(&mut self, packet_id: PacketId, version: Version) {
        let DeliveryParts { outbox, memory, events, .. } = &mut *self.parts;
        let out = outbox.open(self.peer);
        let (start, room) = (out.len(), out.capacity());
        let written = Ack::success(packet_id).encode(PacketKind::Pubrel, version, out);
        memory.note_buffer_grown(out.capacity() - room);
        debug_assert!(written.is_ok(), "four bytes, without properties");
        events.counters.sent.count(out.get(start..).unwrap_or_default());
    }

    /// Assigns an alias, since the PUBLISH that introduces it is sent.
    #[cold]
    fn introduced(&mut self, alias: u16, topic: Arc<AliasTopic>) {
        self.peer.introduced(alias, topic);
        self.parts.memory.settle_peer(self.peer.id, self.peer.own_bytes());
    }
}
