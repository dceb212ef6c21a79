//! From a peer's bytes to what its packets ask for.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, Fault, RejectCause};
use crate::broker::connection::flow::Flow;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::connection::reason_string::{append, connack};
use crate::broker::ids::{ClientKey, PeerId};
use crate::codec::{
    Ack, Decoder, Disconnect, Located, Packet, PacketKind, Properties, PropertyId, ReasonCode, Version,
};
use crate::session::{
    Acknowledged, UnexpectedAck, {self},
};
use crate::time::Time;

/// Whose packet it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) peer: PeerId,
    pub(crate) client: ClientKey,
    pub(crate) version: Version,
}

impl Broker {
    /// Handles every whole packet that the peer's decoder holds, until the connection ends.
    pub(crate) fn receive(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        // Packets borrow from the decoder while the broker changes; it comes back below unless the connection ends.
        let mut decoder = core::mem::replace(&mut peer.decoder, Decoder::new(0));
        let mut has_waited = peer.waiting.is_some();
        let share_end = self.outbox.share_end(!self.deferred.is_empty());
        loop {
            if self.must_wait(id, share_end) {
                break;
            }
            let before = decoder.unread().len();
            let Some(peer) = self.peers.get_mut(id) else { return };
            let more = match &mut peer.connection {
                Connection::AwaitConnect => self.receive_connect(id, &mut decoder, now),
                Connection::Authenticating(exchange) => {
                    let exchange = Arc::clone(exchange);
                    self.receive_auth(id, &exchange, &mut decoder, now)
                }
                Connection::Connected(connected) => {
                    let sender = Sender { peer: id, client: connected.client, version: connected.version };
                    self.receive_packet(sender, &mut decoder, now).unwrap_or_else(|fault| {
                        self.end_connection(id, DisconnectCause::Fault(fault), now);
                        false
                    })
                }
                Connection::Closing => return,
            };
            if !more {
                break;
            }
            if core::mem::take(&mut has_waited) {
                self.drop_questions(id);
            }
            let bytes = before - decoder.unread().len();
            self.outbox.note_work(1, bytes);
            self.note_input(bytes);
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.decoder = decoder;
        if !peer.is_held() && peer.flow == Flow::Gone {
            self.end_connection(id, DisconnectCause::TransportClosed, now);
        }
        self.read_again(id);
    }

    /// Handles the next packet; `false` if it is not whole yet, or waits for answers.
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
            Packet::Unsubscribe(unsubscribe) => self.on_unsubscribe(sender, &unsubscribe, now)?,
            // [MQTT-3.12.4-1]
            Packet::Pingreq => self.send(sender, &Packet::Pingresp)?,
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
        Ok(is_done(handled, decoder, &located))
    }

    /// Handles the first packet, which must be CONNECT [MQTT-3.1.0-1]; `false` if it is not whole yet, or waits for answers.
    fn receive_connect(&mut self, id: PeerId, decoder: &mut Decoder, now: Time) -> bool {
        // Until the packet has told its version, the laxer rules hold.
        let located = match decoder.advance(Version::V3_1_1) {
            Ok(Some(located)) => located,
            Ok(None) => return false,
            Err(error) => {
                self.reject(id, RejectCause::Fault(error.into()));
                return false;
            }
        };
        self.count_received(id, decoder.bytes(&located));
        let protocol = protocol(decoder.bytes(&located));
        let level = protocol.strip_prefix(b"\0\x04MQTT").and_then(|behind| behind.first().copied());
        if let Some(peer) = self.peers.get_mut(id) {
            peer.is_3_1 = protocol.starts_with(b"\0\x06MQIsdp\x03");
        }
        let version = if level.is_some_and(|level| level >= 5) { Version::V5 } else { Version::V3_1_1 };
        let mut handled = Handled::Done;
        match decoder.packet(&located, version) {
            Ok(Packet::Connect(connect)) => handled = self.on_connect(id, &connect, decoder.bytes(&located), now),
            Ok(_) => {
                let problem = "the first packet must be CONNECT";
                self.reject(id, RejectCause::Fault(Fault::new(ReasonCode::ProtocolError, "MQTT-3.1.0-1", problem)));
            }
            Err(error) => {
                // 3.1.1 has a return code for a version that is not served, and none for what is malformed, another
                // protocol's name among it [3.1.1 MQTT-3.1.4-1]; 5.0 has both [MQTT-3.1.2-2], [MQTT-3.1.4-1].
                let is_mqtt = level.is_some() || protocol.starts_with(b"\0\x06MQIsdp");
                let told = is_mqtt && error.reason == ReasonCode::UnsupportedProtocolVersion || level == Some(5);
                if told && error.kind == Some(PacketKind::Connect) {
                    // What it takes is not known, since its properties were not read.
                    let refusal = connack(false, error.reason, Properties::EMPTY);
                    self.send_refusal(id, refusal, "", version, usize::MAX);
                }
                self.reject(id, RejectCause::Fault(error.into()));
            }
        }
        is_done(handled, decoder, &located)
    }

    /// PUBACK, PUBREC or PUBCOMP for a delivery.
    fn on_ack(&mut self, sender: Sender, kind: session::Ack, ack: Ack<'_>, now: Time) -> Result<(), Fault> {
        let Some(client) = self.clients.get_mut(sender.client) else { return Ok(()) };
        match client.session.on_ack(ack.packet_id, kind, ack.reason)? {
            Acknowledged::Release(reason) => self.send(sender, &Packet::Pubrel(Ack::new(ack.packet_id, reason)))?,
            Acknowledged::Done { .. } => {
                if let Some(mut subscriber) = self.delivery_to(sender.client, now) {
                    subscriber.flush(None);
                }
            }
            Acknowledged::Ignored => {}
        }
        Ok(())
    }

    /// The client releases a QoS 2 message [MQTT-4.3.3-11].
    fn on_pubrel(&mut self, sender: Sender, pubrel: Ack<'_>) -> Result<(), Fault> {
        let Some(client) = self.clients.get_mut(sender.client) else { return Ok(()) };
        let reason = client.session.on_pubrel(pubrel.packet_id);
        self.send(sender, &Packet::Pubcomp(Ack::new(pubrel.packet_id, reason)))
    }

    fn on_disconnect(&mut self, sender: Sender, disconnect: Disconnect<'_>, now: Time) -> Result<(), Fault> {
        if let Some(seconds) = disconnect.properties.number(PropertyId::SessionExpiryInterval)
            && let Some(client) = self.clients.get_mut(sender.client)
        {
            // Where none is served, it is not known what CONNECT asked for, and comes to the same.
            if client.expiry_interval == 0 && seconds > 0 && self.options.session_expiry_max > 0 {
                let problem = "session expiry interval in DISCONNECT, but CONNECT had none";
                return Err(Fault::new(ReasonCode::ProtocolError, "§3.14.2.2.2", problem));
            }
            client.expiry_interval = seconds.min(self.options.session_expiry_max);
        }
        self.end_connection(sender.peer, DisconnectCause::Client(disconnect.reason), now);
        Ok(())
    }

    /// Sends an answer.
    ///
    /// # Errors
    /// A fault if it is larger than the client takes [MQTT-3.1.2-24]: the conversation cannot go on without it.
    pub(crate) fn send(&mut self, sender: Sender, packet: &Packet<'_>) -> Result<(), Fault> {
        let Some(peer) = self.peers.get_mut(sender.peer) else { return Ok(()) };
        let Connection::Connected(Connected { version, packet_bytes_max, .. }) = peer.connection else { return Ok(()) };
        let out = self.outbox.open(peer);
        let start = out.len();
        let encoded = packet.encode(version, out);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        if out.len() - start > packet_bytes_max {
            out.truncate(start);
            return Err(ANSWER_TOO_LARGE);
        }
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
        peer.check_answers(self.options.transmit_bytes_max)
    }

    /// As [`send`](Self::send), for the bytes of an answer; none if it is too large.
    pub(crate) fn send_encoded(&mut self, id: PeerId, answer: &[u8]) -> Result<(), Fault> {
        let Some(peer) = self.peers.get_mut(id) else { return Ok(()) };
        if answer.is_empty() {
            return Err(ANSWER_TOO_LARGE);
        }
        self.outbox.open(peer).extend_from_slice(answer);
        self.events.counters.sent.count(answer);
        peer.check_answers(self.options.transmit_bytes_max)
    }
}

const ANSWER_TOO_LARGE: Fault =
    Fault::new(ReasonCode::PacketTooLarge, "MQTT-3.1.2-24", "answer is larger than the client's maximum packet size");

/// A CONNECT from its protocol name on.
fn protocol(bytes: &[u8]) -> &[u8] {
    let length_bytes = bytes.iter().skip(1).take(4).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    bytes.get(1 + length_bytes..).unwrap_or_default()
}

impl From<UnexpectedAck> for Fault {
    fn from(_: UnexpectedAck) -> Self {
        let problem = "acknowledgement does not match the QoS of the message";
        Self::new(ReasonCode::ProtocolError, "§4.13", problem)
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It is done with.
    Done,
    /// It waits for answers.
    Waits,
}

/// Whether the packet is done with; one that waits goes back into the decoder.
pub(crate) fn is_done(handled: Handled, decoder: &mut Decoder, located: &Located) -> bool {
    match handled {
        Handled::Done => true,
        Handled::Waits => {
            decoder.put_back(located);
            false
        }
    }
}

impl Broker {
    /// As [`send`](Self::send), with words if the client wants them beside this packet.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) fn send_saying(&mut self, sender: Sender, packet: Packet<'_>, words: &str) -> Result<(), Fault> {
        if words.is_empty() {
            return self.send(sender, &packet);
        }
        let connected = self.peers.get(sender.peer).and_then(|peer| peer.connection.connected());
        let wants_words = connected.filter(|connected| connected.wants_words);
        let Some(packet_bytes_max) = wants_words.map(|connected| connected.packet_bytes_max) else {
            return self.send(sender, &packet);
        };
        let mut bytes = Vec::new();
        append(packet, words, sender.version, packet_bytes_max, &mut bytes);
        self.send_encoded(sender.peer, &bytes)
    }
}
