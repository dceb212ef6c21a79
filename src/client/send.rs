//! Packets that the client sends, and the beginning and end of its connection.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::assigned_aliases::Terms;
use super::recover::refused;
use super::{Breach, CallError, CloseReason, Completion, Core, Limits, RequestError, RequestId, State};
use crate::codec::{
    DecodeError, Disconnect, Message, PacketId, PacketKind, Properties, Publish, QoS, ReasonCode, Version,
};
use crate::session::{Delivery, Outgoing};
use crate::time::Time;

impl Core {
    pub(super) fn on_received(&mut self, now: Time) {
        self.now = now;
        if let State::Connected { keep_alive, .. } = &mut self.state {
            self.heard = Some(now);
            keep_alive.on_received(now);
        }
    }

    pub(super) fn on_sent(&mut self, bytes: usize) {
        if let State::Connected { keep_alive, .. } = &mut self.state {
            keep_alive.on_sent(bytes, self.now);
        }
    }

    pub(super) fn on_waiting(&mut self, bytes: usize) {
        if let State::Connected { keep_alive, .. } = &mut self.state {
            keep_alive.on_waiting(bytes, self.now);
        }
    }

    pub(super) fn publish(&mut self, message: Message) -> Result<RequestId, CallError> {
        let id = RequestId(self.next_request);
        let is_connected = matches!(self.state, State::Connected { .. });
        let is_acknowledged = message.qos != QoS::AtMostOnce;
        if !is_acknowledged && is_connected && self.offline.len() == 0 {
            let properties = message.properties.as_properties();
            self.publish_at_most_once(message.topic.as_str(), &message.payload, message.retain, properties)?;
            self.next_request += 1;
            self.ends.done(id, Completion::Published(ReasonCode::Success));
            return Ok(id);
        }
        let mut publish = message.as_publish();
        publish.packet_id = is_acknowledged.then_some(PacketId::FIRST);
        let bytes = publish.encoded_len(self.options.version)?;
        match &self.state {
            State::Connected { limits, .. } => limits.check_publish(message.qos, message.retain, bytes)?,
            _ => self.check_waits(is_acknowledged)?,
        }
        if !self.reserve(message.bytes(), true)? {
            self.ends.failed(id, RequestError::Dropped);
        } else if is_acknowledged {
            let delivery = Delivery {
                qos: message.qos,
                retain: message.retain,
                subscription_identifiers: Box::default(),
                tag: id,
                message: Arc::new(message),
            };
            self.session.enqueue(delivery).map_err(|full| CallError::QueueFull { messages: full.messages })?;
        } else {
            self.offline.push_message(id, message);
        }
        self.next_request += 1;
        self.send_queued();
        Ok(id)
    }

    pub(super) fn publish_at_most_once(
        &mut self,
        topic: &str,
        payload: &[u8],
        retain: bool,
        properties: Properties<'_>,
    ) -> Result<(), CallError> {
        // It does not overtake what waited, and is not copied: the caller may let it wait too.
        if self.offline.len() > 0 {
            return Err(CallError::NotConnected);
        }
        self.write_at_most_once(topic, payload, retain, properties, self.options.queue_bytes)
    }

    /// Appends PUBLISH of QoS 0, within so many bytes that wait, unless it is alone.
    pub(super) fn write_at_most_once(
        &mut self,
        topic: &str,
        payload: &[u8],
        retain: bool,
        properties: Properties<'_>,
        waiting_max: usize,
    ) -> Result<(), CallError> {
        let limits = *self.connected()?;
        let publish = Publish { dup: false, qos: QoS::AtMostOnce, retain, topic, packet_id: None, properties, payload };
        let terms = Terms { version: self.options.version, limits: &limits, waiting_max };
        self.assigned_aliases.encode(&publish, terms, &mut self.outgoing)
    }

    /// Sends what the session hands out: its queue, and after a resumption what it owes.
    pub(super) fn send_queued(&mut self) {
        let State::Connected { limits, .. } = self.state else { return };
        let terms = Terms { version: self.options.version, limits: &limits, waiting_max: usize::MAX };
        // What is beyond the bound goes on waiting, until what stands here is given out.
        while self.outgoing.len() < self.options.queue_bytes.max(1) {
            if self.send_waiting() {
                continue;
            }
            let Some(outgoing) = self.session.next_outgoing() else { return };
            let (packet_id, dup, delivery) = match outgoing {
                Outgoing::Publish { packet_id, dup, delivery } => (packet_id, dup, delivery),
                Outgoing::Pubrel(packet_id) => {
                    self.acknowledge(PacketKind::Pubrel, packet_id, ReasonCode::Success);
                    continue;
                }
            };
            let (qos, retain, tag) = (delivery.qos, delivery.retain, delivery.tag);
            let publish = Publish { dup, qos, retain, packet_id: Some(packet_id), ..delivery.message.as_publish() };
            // It was measured when it was queued, but perhaps before the broker had said what it
            // takes.
            if let Err(error) = self.assigned_aliases.encode(&publish, terms, &mut self.outgoing) {
                if let Some(request) = self.session.abandon(packet_id) {
                    self.ends.failed(request, refused(&error));
                }
            } else {
                self.note_sent(packet_id, tag);
            }
        }
    }

    /// Ends these requests, whose deliveries are lost.
    pub(super) fn give_up(&mut self, requests: &[RequestId], error: RequestError) {
        for request in requests {
            self.ends.failed(*request, error);
        }
    }

    /// The broker sent what is no packet.
    #[cold]
    #[inline(never)]
    pub(super) fn malformed(&mut self, error: DecodeError) {
        self.fail(error.reason, CloseReason::Malformed(error));
    }

    /// The broker sent what it must not send now.
    #[cold]
    #[inline(never)]
    pub(super) fn breached(&mut self, breach: &Breach) {
        let Breach { reason, rule, problem } = *breach;
        self.fail(reason, CloseReason::ProtocolError { reason, rule, problem });
    }

    /// Ends the connection for the broker's fault, and in 5.0 tells it so (§4.13.1).
    pub(super) fn fail(&mut self, reason: ReasonCode, cause: CloseReason) {
        if self.options.version == Version::V5 {
            self.send_disconnect(Disconnect { reason, properties: Properties::EMPTY });
        }
        self.close(cause);
    }

    /// True if packets from the broker mean something now.
    pub(super) const fn is_listening(&self) -> bool {
        matches!(self.state, State::AwaitConnack { .. } | State::Connected { .. })
    }

    pub(super) fn connected(&self) -> Result<&Limits, CallError> {
        match &self.state {
            State::Connected { limits, .. } => Ok(limits),
            State::Ended => Err(CallError::Ended),
            State::Idle | State::Waiting { .. } | State::Opening { .. } | State::AwaitConnack { .. } => {
                Err(CallError::NotConnected)
            }
        }
    }

    pub(super) fn send_disconnect(&mut self, disconnect: Disconnect<'_>) {
        let encoded = disconnect.encode(self.options.version, &mut self.outgoing);
        debug_assert!(encoded.is_ok(), "{disconnect:?}");
    }
}
