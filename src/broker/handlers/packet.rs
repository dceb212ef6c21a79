//! Dispatch of packets: from a peer's bytes to the handler of each packet.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, Fault, RejectCause};
use crate::broker::connection::close_cause::{CloseCause, Refusal};
use crate::broker::connection::connack::Agreed;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::connection::peer_input::Blocked;
use crate::broker::connection::reason_string::append;
use crate::broker::ids::{ClientKey, PeerId};
use crate::codec::{Ack, DecodeError, Decoder, Located, Packet, PacketKind, Properties, ReasonCode, Version};
use crate::session::{self, Acknowledged, UnexpectedAck};
use crate::time::Time;

/// Sender of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) peer: PeerId,
    pub(crate) client: ClientKey,
    pub(crate) version: Version,
}

impl Broker {
    /// Handles every complete packet in the peer's decoder, until one is blocked or the connection
    /// ends.
    ///
    /// The peer's input must not be blocked.
    pub(crate) fn receive(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        // Packets borrow from the decoder while the broker changes. It is put back below, unless
        // the connection has ended.
        let mut decoder = peer.input.take_decoder();
        let mut has_questions = peer.input.has_questions();
        let share_end = self.outbox.budget.share_end(!self.deferred.is_empty());
        loop {
            let blocked = self.blocked_by(share_end);
            let may_go_on = blocked == Blocked::Budget && self.may_answer_ping(id, decoder.unread());
            if blocked != Blocked::Nothing && !may_go_on {
                // Without bytes, nothing waits, and a later PINGREQ is not behind others.
                if blocked != Blocked::Budget || !decoder.unread().is_empty() {
                    self.defer(id, blocked);
                }
                break;
            }
            let before = decoder.unread().len();
            if !self.receive_next(id, &mut decoder, now) {
                break;
            }
            if core::mem::take(&mut has_questions) {
                self.drop_questions(id);
            }
            let bytes = before - decoder.unread().len();
            self.note_input(bytes);
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        if peer.connection.is_closing() {
            return;
        }
        peer.input.put_back(decoder);
        self.settle_peer(id);
        let Some(peer) = self.peers.get(id) else { return };
        if !peer.input.is_blocked() && peer.output.is_gone() {
            return self.close(id, DisconnectCause::TransportClosed, now);
        }
        self.resume_reading(id);
    }

    /// Handles the next packet by the connection's state. False if no further packet may be handled
    /// now.
    fn receive_next(&mut self, id: PeerId, decoder: &mut Decoder, now: Time) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        match &peer.connection {
            Connection::AwaitConnect => self.receive_connect(id, decoder, now),
            Connection::Authenticating(exchange) => {
                let exchange = Arc::clone(exchange);
                self.receive_auth(id, &exchange, decoder, now)
            }
            Connection::Connected(connected) => {
                let sender = Sender { peer: id, client: connected.client, version: connected.version };
                self.receive_packet(sender, decoder, now).unwrap_or_else(|fault| {
                    self.close(id, DisconnectCause::Fault(fault), now);
                    false
                })
            }
            Connection::Closing => false,
        }
    }

    /// Handles the next packet of a connected client. False if it is not complete yet, or waits for
    /// answers.
    fn receive_packet(&mut self, sender: Sender, decoder: &mut Decoder, now: Time) -> Result<bool, Fault> {
        let Some(located) = decoder.advance(sender.version)? else { return Ok(false) };
        if let Some(Connection::Connected(connected)) = self.peers.get_mut(sender.peer).map(|peer| &mut peer.connection)
        {
            connected.last_packet = now;
        }
        self.count_received(sender.peer, decoder.bytes(&located));
        let mut handled = Handled::Done;
        match decoder.packet(&located, sender.version)? {
            Packet::Publish(publish) => handled = self.on_publish(sender, &publish, now)?,
            Packet::Puback(ack) => self.on_ack(sender, session::Ack::Puback, ack, now)?,
            Packet::Pubrec(ack) => self.on_ack(sender, session::Ack::Pubrec, ack, now)?,
            Packet::Pubcomp(ack) => self.on_ack(sender, session::Ack::Pubcomp, ack, now)?,
            Packet::Pubrel(ack) => self.on_pubrel(sender, ack)?,
            Packet::Subscribe(subscribe) => handled = self.on_subscribe(sender, &subscribe, now)?,
            Packet::Unsubscribe(unsubscribe) => handled = self.on_unsubscribe(sender, &unsubscribe, now)?,
            Packet::Pingreq => self.on_pingreq(sender)?,
            Packet::Disconnect(disconnect) => self.on_disconnect(sender, disconnect, now)?,
            Packet::Connect(_) => {
                return Err(Fault::new(ReasonCode::ProtocolError, "MQTT-3.1.0-2", "a second CONNECT"));
            }
            Packet::Auth(auth) => handled = self.on_auth(sender, auth, now)?,
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp => {
                let problem = "a packet that only a server sends";
                return Err(Fault::new(ReasonCode::ProtocolError, "§2.1.2", problem));
            }
        }
        Ok(finish(handled, decoder, &located))
    }

    /// Handles the first packet, which must be CONNECT [MQTT-3.1.0-1]. False if it is not complete
    /// yet, or waits for answers.
    fn receive_connect(&mut self, id: PeerId, decoder: &mut Decoder, now: Time) -> bool {
        // The laxer rules apply until the version is known.
        let located = match decoder.advance(Version::V3_1_1) {
            Ok(Some(located)) => located,
            Ok(None) => return false,
            Err(error) => {
                self.close(id, RejectCause::Fault(error.into()), now);
                return false;
            }
        };
        self.count_received(id, decoder.bytes(&located));
        self.peers.note_connect(id);
        let is_3_1 = protocol(decoder.bytes(&located)).starts_with(b"\0\x06MQIsdp\x03");
        decoder.set_3_1(is_3_1);
        if let Some(peer) = self.peers.get_mut(id) {
            peer.is_3_1 = is_3_1;
        }
        let bytes = decoder.bytes(&located);
        let mut handled = Handled::Done;
        // From its header on, by the rules of its version.
        match Packet::decode(bytes, version(bytes)) {
            Ok(Packet::Connect(connect)) => handled = self.on_connect(id, &connect, bytes, now),
            Ok(_) => {
                let problem = "the first packet must be CONNECT";
                let fault = Fault::new(ReasonCode::ProtocolError, "MQTT-3.1.0-1", problem);
                self.close(id, RejectCause::Fault(fault), now);
            }
            Err(error) => self.reject_malformed(id, error, bytes, now),
        }
        finish(handled, decoder, &located)
    }

    /// Closes a connection whose first packet cannot be read, with a CONNACK if it is one of MQTT.
    fn reject_malformed(&mut self, id: PeerId, error: DecodeError, bytes: &[u8], now: Time) {
        let refusal = self.refusal_of(bytes, &error);
        self.close(id, CloseCause::Reject(RejectCause::Fault(error.into()), refusal), now);
    }

    /// Returns the CONNACK that refuses a first packet with an error, in the form that its sender
    /// can read.
    ///
    /// 3.1.1 has a return code for an unsupported version [3.1.1 MQTT-3.1.2-2], but none for a
    /// malformed packet or another protocol's name [3.1.1 MQTT-3.1.4-1]. 5.0 has both
    /// [MQTT-3.1.2-2], [MQTT-3.1.4-1].
    fn refusal_of(&self, bytes: &[u8], error: &DecodeError) -> Option<Refusal<'static>> {
        if error.kind != Some(PacketKind::Connect) {
            return None;
        }
        let is_mqtt = level(bytes).is_some() || protocol(bytes).starts_with(b"\0\x06MQIsdp");
        let (version, packet_bytes_max) = match error.reason {
            ReasonCode::UnsupportedProtocolVersion if is_mqtt => {
                let as_5_0 = self.packet_bytes_max_as_5_0(bytes);
                as_5_0.map_or((Version::V3_1_1, usize::MAX), |bytes_max| (Version::V5, bytes_max))
            }
            // The Maximum Packet Size of a malformed packet is not known.
            _ if level(bytes) == Some(Version::V5.level()) => (Version::V5, usize::MAX),
            _ => return None,
        };
        Some(Refusal { reason: error.reason, properties: Properties::EMPTY, text: "", version, packet_bytes_max })
    }

    /// Returns the Maximum Packet Size in a CONNECT of an unsupported level, if the packet reads as
    /// one of 5.0.
    ///
    /// Bit 7 of the level marks a bridge, which then tries the level without it. It expects the
    /// return code of 3.1.1.
    fn packet_bytes_max_as_5_0(&self, bytes: &[u8]) -> Option<usize> {
        level(bytes).filter(|level| level & 0x80 == 0)?;
        let level_at = bytes.len() - protocol(bytes).len() + NAME.len();
        let mut as_5_0 = bytes.to_vec();
        *as_5_0.get_mut(level_at)? = Version::V5.level();
        match Packet::decode(&as_5_0, Version::V5) {
            Ok(Packet::Connect(connect)) => Some(Agreed::new(&connect, &self.options).packet_bytes_max),
            _ => None,
        }
    }

    /// Handles PUBACK, PUBREC or PUBCOMP for a delivery.
    fn on_ack(&mut self, sender: Sender, kind: session::Ack, ack: Ack<'_>, now: Time) -> Result<(), Fault> {
        let Some(client) = self.clients.get_mut(sender.client) else { return Ok(()) };
        let in_flight = client.session.in_flight();
        let acknowledged = client.session.on_ack(ack.packet_id, kind, ack.reason)?;
        let may_flush = client.session.in_flight() < in_flight && client.has_backlog();
        match acknowledged {
            Acknowledged::Release(reason) => self.send(sender, &Packet::Pubrel(Ack::new(ack.packet_id, reason)))?,
            Acknowledged::Done { .. } | Acknowledged::Ignored if may_flush => {
                if let Some(mut subscriber) = self.deliveries(now).to(sender.client) {
                    subscriber.flush();
                }
            }
            Acknowledged::Done { .. } | Acknowledged::Ignored => {}
        }
        Ok(())
    }

    /// Handles PUBREL, which releases a QoS 2 message [MQTT-4.3.3-11].
    fn on_pubrel(&mut self, sender: Sender, pubrel: Ack<'_>) -> Result<(), Fault> {
        let Some(client) = self.clients.get_mut(sender.client) else { return Ok(()) };
        let reason = client.session.on_pubrel(pubrel.packet_id);
        self.send(sender, &Packet::Pubcomp(Ack::new(pubrel.packet_id, reason)))
    }

    /// Sends an answer to a packet.
    ///
    /// # Errors
    /// A fault if the answer exceeds the client's maximum packet size [MQTT-3.1.2-24], since the
    /// protocol cannot continue without it.
    pub(crate) fn send(&mut self, sender: Sender, packet: &Packet<'_>) -> Result<(), Fault> {
        let Some(peer) = self.peers.get_mut(sender.peer) else { return Ok(()) };
        let Connection::Connected(Connected { version, packet_bytes_max, .. }) = peer.connection else { return Ok(()) };
        let out = self.outbox.open(peer);
        let (start, room) = (out.len(), out.capacity());
        let encoded = packet.encode(version, out);
        self.memory.note_buffer_grown(out.capacity() - room);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        if out.len() - start > packet_bytes_max {
            out.truncate(start);
            return Err(ANSWER_TOO_LARGE);
        }
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
        peer.output.check_answers(self.options.transmit_bytes_max)
    }

    /// Sends the bytes of an answer, as [`send`](Self::send) does. No bytes stand for an answer
    /// that is too large.
    pub(crate) fn send_encoded(&mut self, id: PeerId, answer: &[u8]) -> Result<(), Fault> {
        let Some(peer) = self.peers.get_mut(id) else { return Ok(()) };
        if answer.is_empty() {
            return Err(ANSWER_TOO_LARGE);
        }
        let out = self.outbox.open(peer);
        let room = out.capacity();
        out.extend_from_slice(answer);
        self.memory.note_buffer_grown(out.capacity() - room);
        self.events.counters.sent.count(answer);
        peer.output.check_answers(self.options.transmit_bytes_max)
    }
}

const ANSWER_TOO_LARGE: Fault =
    Fault::new(ReasonCode::PacketTooLarge, "MQTT-3.1.2-24", "answer is larger than the client's maximum packet size");

/// Protocol name of MQTT with its length, before the level (§3.1.2.1).
const NAME: &[u8] = b"\0\x04MQTT";

/// Returns the bytes of a CONNECT from its protocol name on.
fn protocol(bytes: &[u8]) -> &[u8] {
    let length_bytes = bytes.iter().skip(1).take(4).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    bytes.get(1 + length_bytes..).unwrap_or_default()
}

/// The protocol level of a CONNECT, if it is one of 3.1.1 or later.
fn level(bytes: &[u8]) -> Option<u8> {
    protocol(bytes).strip_prefix(NAME).and_then(|behind| behind.first().copied())
}

/// The version to read a CONNECT by: the newer of the two for one that is newer still.
fn version(bytes: &[u8]) -> Version {
    if level(bytes).is_some_and(|level| level >= 5) { Version::V5 } else { Version::V3_1_1 }
}

impl From<UnexpectedAck> for Fault {
    fn from(_: UnexpectedAck) -> Self {
        let problem = "acknowledgement does not match the QoS of the message";
        Self::new(ReasonCode::ProtocolError, "§4.13", problem)
    }
}

/// Result of handling a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It is handled.
    Done,
    /// It waits for answers.
    Waits,
}

/// Puts a packet that waits back into the decoder. Returns true if it is handled.
pub(crate) fn finish(handled: Handled, decoder: &mut Decoder, located: &Located) -> bool {
    match handled {
        Handled::Done => true,
        Handled::Waits => {
            decoder.put_back(located);
            false
        }
    }
}

impl Broker {
    /// Sends a packet with a reason string, if the client takes one; see [`send`](Self::send).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn send_with_reason_string(
        &mut self,
        sender: Sender,
        packet: Packet<'_>,
        reason_string: &str,
    ) -> Result<(), Fault> {
        if reason_string.is_empty() {
            return self.send(sender, &packet);
        }
        let connected = self.peers.get(sender.peer).and_then(|peer| peer.connection.connected());
        let wanting = connected.filter(|connected| connected.wants_reason_strings);
        let Some(packet_bytes_max) = wanting.map(|connected| connected.packet_bytes_max) else {
            return self.send(sender, &packet);
        };
        let mut bytes = Vec::new();
        append(packet, reason_string, sender.version, packet_bytes_max, &mut bytes);
        self.send_encoded(sender.peer, &bytes)
    }
}
