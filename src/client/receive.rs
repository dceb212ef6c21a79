//! Packets from the broker, handled one at a time.

use alloc::string::String;
use alloc::vec::Vec;

use super::requests::{Answer, Kind, Origin};
use super::{
    Arrival, Breach, CloseReason, Completion, Core, KeepAlive, Limits, Next, Notice, RequestError, RequestId, State,
    Ticket,
};
use crate::codec::{
    Ack, Connack, Disconnect, Packet, PacketId, PacketKind, Properties, PropertyId, Publish, QoS, ReasonCode, Version,
};
use crate::session::{self, Acknowledged, Received};

/// Bytes of an acknowledgement with a reason code (§3.6.2.1), the longest packet that the client
/// must be able to send.
const LONGEST_ACK_BYTES: usize = 5;

pub(super) type Outcome = Result<Option<Next>, &'static Breach>;

impl Core {
    /// Handles a packet; returns the output that it leads to.
    pub(super) fn on_packet(&mut self, mut packet: Packet<'_>) -> Option<Next> {
        let outcome = match self.state {
            State::AwaitConnack { .. } => self.on_first_packet(&packet),
            State::Connected { .. } => self.on_connected_packet(&mut packet),
            State::Idle | State::Waiting { .. } | State::Opening { .. } | State::Ended => Ok(None),
        };
        outcome.unwrap_or_else(|breach| {
            self.breached(breach);
            None
        })
    }

    fn on_first_packet(&mut self, packet: &Packet<'_>) -> Outcome {
        match packet {
            Packet::Connack(connack) => self.on_connack(connack),
            Packet::Auth(auth) if self.options.method().is_some() => self.on_auth(auth),
            _ => Err(const { &Breach::new("MQTT-3.2.0-1", "the first packet must be CONNACK") }),
        }
    }

    fn on_connected_packet(&mut self, packet: &mut Packet<'_>) -> Outcome {
        let outcome = match packet {
            Packet::Publish(publish) => return self.on_publish(publish),
            Packet::Puback(ack) => self.on_ack(ack, session::Ack::Puback, ack.reason),
            Packet::Pubrec(ack) => self.on_ack(ack, session::Ack::Pubrec, ack.reason),
            // The broker has had the message since its PUBREC. A reason of 0x92 says that its first
            // PUBCOMP was lost with an earlier connection, which is no error (§3.7.2.1).
            Packet::Pubcomp(ack) => self.on_ack(ack, session::Ack::Pubcomp, ReasonCode::Success),
            Packet::Pubrel(ack) => {
                let reason = self.session.on_pubrel(ack.packet_id);
                self.held_acks.note_answered(ack.packet_id);
                self.acknowledge(PacketKind::Pubcomp, ack.packet_id, reason);
                Ok(())
            }
            Packet::Suback(suback) => self.on_answer(
                Kind::Subscribe,
                suback.packet_id,
                core::mem::take(&mut suback.reasons),
                suback.properties,
            ),
            Packet::Unsuback(unsuback) => self.on_answer(
                Kind::Unsubscribe,
                unsuback.packet_id,
                core::mem::take(&mut unsuback.reasons),
                unsuback.properties,
            ),
            Packet::Pingresp => Ok(()),
            Packet::Disconnect(disconnect) => self.on_disconnect(disconnect),
            Packet::Connack(_) => Err(const { &Breach::new("MQTT-3.2.0-2", "a second CONNACK") }),
            Packet::Auth(auth) => return self.on_auth(auth),
            Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) | Packet::Pingreq => {
                Err(const { &Breach::new("§2.1.2", "a packet that only a client sends") })
            }
        };
        outcome.map(|()| None)
    }

    fn on_connack(&mut self, connack: &Connack<'_>) -> Outcome {
        if connack.reason.is_error() {
            let reason_string = reason_string(connack.properties);
            self.closing_properties = connack.properties.to_buf();
            self.close(CloseReason::Refused { reason: connack.reason, reason_string });
            return Ok(None);
        }
        if connack.session_present && self.asks_for_clean_start() {
            return Err(const { &Breach::new("MQTT-3.2.2-2", "session present, but CONNECT asked for a clean start") });
        }
        self.check_connack_method(connack.properties)?;
        if connack.session_present && self.options.strict && !self.has_session {
            return Err(const { &Breach::new("MQTT-3.2.2-4", "session present, but the client has no state of it") });
        }
        let limits = Limits::read(connack.properties);
        if limits.packet_bytes_max < LONGEST_ACK_BYTES {
            let problem = "the broker's maximum packet size leaves no room for acknowledgements";
            let (reason, rule) = (ReasonCode::PacketTooLarge, "MQTT-3.2.2-15");
            self.close(CloseReason::ProtocolError { reason, rule, problem });
            return Ok(None);
        }
        if let Some(id) = connack.properties.text(PropertyId::AssignedClientIdentifier) {
            self.options.client_id = id.into();
            if let Some(store) = self.store_mut() {
                store.note_identity();
            }
        }
        let keep_alive = KeepAlive::new(limits.server_keep_alive.unwrap_or(self.options.keep_alive), self.now);
        self.assigned_aliases.begin(limits.topic_alias_maximum.min(self.options.assigned_aliases_max));
        self.life.on_accepted(self.options.version, self.now);
        self.state = State::Connected { keep_alive, limits, renew_at: self.renew_at() };
        self.on_accepted(connack.session_present, &limits);
        self.connack_properties = connack.properties.to_buf();
        Ok(Some(Next::Connected { session_present: connack.session_present }))
    }

    #[inline]
    fn on_publish(&mut self, publish: &Publish<'_>) -> Outcome {
        let topic = self.aliases.topic(publish, self.options.topic_alias_maximum)?;
        let route = self.routes.find(topic, publish.properties);
        let mut ticket = None;
        if let Some(packet_id) = publish.packet_id {
            if !self.receive(publish.qos, packet_id, route.manual)? {
                // The host learns of the slot's topic and handlers by a later message.
                self.routes.forget(route.slot);
                return Ok(None);
            }
            if route.manual {
                ticket = Some(self.held_acks.hold(publish.qos, packet_id, None));
            }
        }
        self.arrival = Arrival {
            dup: publish.dup,
            qos: publish.qos,
            retain: publish.retain,
            packet_id: publish.packet_id,
            slot: route.slot,
            topic_changed: route.changed,
            ticket,
            payload_bytes: publish.payload.len(),
            properties_bytes: publish.properties.as_bytes().len(),
        };
        Ok(Some(Next::Message))
    }

    /// Acknowledges, unless it is new and `manual`. Returns true if the message is new.
    fn receive(&mut self, qos: QoS, packet_id: PacketId, manual: bool) -> Result<bool, &'static Breach> {
        let received = self.session.on_publish(qos, packet_id);
        if received == Received::ReceiveMaximumExceeded {
            return Err(&Breach {
                reason: ReasonCode::ReceiveMaximumExceeded,
                rule: "MQTT-3.3.4-9",
                problem: "more unacknowledged messages than the client's receive maximum",
            });
        }
        let is_new = received == Received::New;
        if !is_new && self.held_acks.repeat(packet_id) {
            self.send_answers(qos);
        } else if !is_new || !manual {
            if self.held_acks.is_empty(qos) {
                self.answer(qos, packet_id, ReasonCode::Success);
            } else {
                self.held_acks.hold(qos, packet_id, Some(ReasonCode::Success));
            }
        }
        Ok(is_new)
    }

    /// Answers the message of a ticket. Returns false if the ticket is void.
    pub(super) fn settle(&mut self, ticket: Ticket, reason: ReasonCode) -> bool {
        let is_known = reason.is_allowed_in(PacketKind::Puback);
        let settled = self.held_acks.settle(ticket, if is_known { reason } else { ReasonCode::UnspecifiedError });
        if let Some(packet_id) = settled
            && ticket.qos() == QoS::ExactlyOnce
        {
            // From now on a store has it.
            self.held_acks.note_answered(packet_id);
            self.session.note_received(packet_id);
        }
        self.send_answers(ticket.qos());
        settled.is_some()
    }

    /// Sends the acknowledgements whose turn has come.
    fn send_answers(&mut self, qos: QoS) {
        while let Some((packet_id, reason)) = self.held_acks.next(qos) {
            self.answer(qos, packet_id, reason);
        }
    }

    /// PUBACK or PUBREC.
    fn answer(&mut self, qos: QoS, packet_id: PacketId, reason: ReasonCode) {
        let kind = if qos == QoS::AtLeastOnce { PacketKind::Puback } else { PacketKind::Pubrec };
        self.acknowledge(kind, packet_id, reason);
        // A refused QoS 2 exchange is over (§4.3.3). In 3.1.1 the broker cannot tell.
        if qos == QoS::AtLeastOnce || (reason.is_error() && self.options.version == Version::V5) {
            self.session.acknowledged(qos, packet_id);
        }
    }

    fn on_ack(&mut self, ack: &Ack<'_>, kind: session::Ack, reason: ReasonCode) -> Result<(), &'static Breach> {
        let packet_id = ack.packet_id;
        let Ok(acknowledged) = self.session.on_ack(packet_id, kind, reason) else {
            if kind == session::Ack::Puback
                && !self.options.strict
                && let Some(request) = self.session.settle_as_once(packet_id)
            {
                self.ends.notice(Notice::Downgraded(request));
                self.published(request, reason, ack.properties);
                return Ok(());
            }
            return Err(const { &Breach::new("§4.3", "acknowledgement does not match the QoS of the message") });
        };
        match acknowledged {
            Acknowledged::Release(reason) => self.acknowledge(PacketKind::Pubrel, packet_id, reason),
            Acknowledged::Done { tag: request, reason } => self.published(request, reason, ack.properties),
            // An identifier may be free again.
            Acknowledged::Ignored => self.send_queued(),
        }
        Ok(())
    }

    fn published(&mut self, request: RequestId, reason: ReasonCode, properties: Properties<'_>) {
        let result =
            if reason.is_error() { Err(RequestError::Refused(reason)) } else { Ok(Completion::Published(reason)) };
        self.ends.answered(request, result, properties.to_buf());
        self.send_queued();
    }

    /// SUBACK or UNSUBACK.
    fn on_answer(
        &mut self,
        kind: Kind,
        packet_id: PacketId,
        mut reasons: Vec<ReasonCode>,
        properties: Properties<'_>,
    ) -> Result<(), &'static Breach> {
        if kind == Kind::Unsubscribe && self.options.version == Version::V3_1_1 {
            // Which says no reasons: it has worked.
            for _ in 0..self.requests.filters(packet_id).unwrap_or(0) {
                reasons.push(ReasonCode::Success);
            }
        }
        let Some(answer) = self.requests.answer(packet_id, kind, reasons, properties) else {
            return Err(match kind {
                Kind::Subscribe => const { &Breach::new("MQTT-3.8.4-2", "SUBACK without a pending SUBSCRIBE") },
                Kind::Unsubscribe => const { &Breach::new("MQTT-3.10.4-5", "UNSUBACK without a pending UNSUBSCRIBE") },
            });
        };
        self.session.release_id(packet_id);
        if let Answer::Done(request, reasons, properties) = answer {
            let (id, origin) = (request.id, request.origin);
            self.subscribed(&request, &reasons);
            let completion = match kind {
                Kind::Subscribe => Completion::Subscribed(reasons),
                Kind::Unsubscribe => Completion::Unsubscribed(reasons),
            };
            if origin == Origin::Caller {
                self.ends.answered(id, Ok(completion), properties);
            }
        }
        Ok(())
    }

    fn on_disconnect(&mut self, disconnect: &Disconnect<'_>) -> Result<(), &'static Breach> {
        if self.options.version == Version::V3_1_1 {
            return Err(const { &Breach::new("3.1.1 §3.14", "DISCONNECT, which only a client sends") });
        }
        let reason_string = reason_string(disconnect.properties);
        self.closing_properties = disconnect.properties.to_buf();
        self.close(CloseReason::Disconnected { reason: disconnect.reason, reason_string });
        Ok(())
    }

    pub(super) fn acknowledge(&mut self, kind: PacketKind, packet_id: PacketId, reason: ReasonCode) {
        let encoded = Ack::new(packet_id, reason).encode(kind, self.options.version, &mut self.outgoing);
        debug_assert!(encoded.is_ok(), "an acknowledgement with a reason that its kind may have");
    }
}

fn reason_string(properties: Properties<'_>) -> Option<String> {
    properties.text(PropertyId::ReasonString).map(Into::into)
}
