//! Authentication by the credentials of CONNECT, or by the AUTH packets of a method (MQTT 5.0
//! §4.12).
//!
//! ```text
//! AwaitConnect ──CONNECT with a method──▶ Authenticating ──AUTH, complete──▶ Connected
//!                                                    └───refused──▶ Closing
//! ```

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::auth::question::{Answer, Credentials, Question};
use crate::broker::auth::verdict::{Verdict, refusal};
use crate::broker::cause::{Fault, RejectCause};
use crate::broker::connection::auth_exchange::{Exchange, Method, Proof};
use crate::broker::connection::close_cause::{CloseCause, Refusal};
use crate::broker::connection::connack::Agreed;
use crate::broker::connection::peer::Connection;
use crate::broker::handlers::packet::{Handled, Sender, finish};
use crate::broker::ids::PeerId;
use crate::codec::{
    Auth, Connect, Decoder, Packet, PacketKind, Properties, PropertiesBuf, PropertyId, ReasonCode, Value, Version,
};
use crate::time::Time;

impl Broker {
    /// True if the host is asked about a CONNECT without a method.
    pub(crate) fn asks_to_authenticate(&self, id: PeerId) -> bool {
        self.options.asks.authenticate && self.proven_username(id).is_none()
    }

    /// Returns the user name that the peer's transport has proven.
    pub(crate) fn proven_username(&self, id: PeerId) -> Option<Arc<str>> {
        self.peers.get(id)?.username.clone()
    }

    /// Returns the verdict on the user name and password of a CONNECT.
    pub(crate) fn authenticate(&mut self, id: PeerId, connect: &Connect<'_>, now: Time) -> Verdict {
        if !self.asks_to_authenticate(id) {
            return Verdict::Allowed;
        }
        let question = || Question::Authenticate(credentials(connect));
        self.verdict((id, 0), PacketKind::Connack, &question, now)
    }

    /// Handles a CONNECT with an authentication method: accepts it, refuses it, or begins an
    /// exchange. `bytes` are the packet.
    pub(crate) fn on_connect_with_method(
        &mut self,
        id: PeerId,
        connect: &Connect<'_>,
        bytes: &[u8],
        method: &str,
        now: Time,
    ) -> Handled {
        if !self.options.asks.enhanced {
            let reason = ReasonCode::BadAuthenticationMethod; // [MQTT-4.12.0-1]
            self.refuse(id, connect, reason, "enhanced authentication is not supported", now);
            return Handled::Done;
        }
        let data = data(connect.properties);
        let packet_bytes_max = Agreed::new(connect, &self.options).packet_bytes_max;
        let exchange = Arc::new(Exchange { connect: bytes.into(), method: method.into(), packet_bytes_max });
        self.step(id, connect, &exchange, (data, true), now)
    }

    /// Handles the next packet of an exchange. False if it is not complete yet, or waits for
    /// answers.
    pub(crate) fn receive_auth(
        &mut self,
        id: PeerId,
        exchange: &Arc<Exchange>,
        decoder: &mut Decoder,
        now: Time,
    ) -> bool {
        let located = match decoder.advance(Version::V5) {
            Ok(Some(located)) => located,
            Ok(None) => return false,
            Err(error) => {
                self.end_exchange(id, exchange, error.into(), now);
                return false;
            }
        };
        self.count_received(id, decoder.bytes(&located));
        let handled = match decoder.packet(&located, Version::V5) {
            Ok(Packet::Auth(auth)) => self.on_exchange(id, exchange, auth, now),
            Ok(Packet::Disconnect(disconnect)) => {
                self.close(id, RejectCause::Client(disconnect.reason), now);
                Handled::Done
            }
            Ok(_) => {
                let problem = "only AUTH and DISCONNECT may be sent before CONNACK";
                let fault = Fault::new(ReasonCode::ProtocolError, "MQTT-3.1.2-30", problem);
                self.end_exchange(id, exchange, fault, now);
                Handled::Done
            }
            Err(error) => {
                self.end_exchange(id, exchange, error.into(), now);
                Handled::Done
            }
        };
        finish(handled, decoder, &located)
    }

    /// Handles the AUTH of a re-authentication (§4.12.1).
    pub(crate) fn on_auth(&mut self, sender: Sender, auth: Auth<'_>, now: Time) -> Result<Handled, Fault> {
        let connected = self.peers.get(sender.peer).and_then(|peer| peer.connection.connected());
        let Some(Method { name, again }) = connected.and_then(|connected| connected.method.as_deref()) else {
            let problem = "AUTH, but CONNECT had no authentication method";
            return Err(Fault::new(ReasonCode::ProtocolError, "MQTT-4.12.0-7", problem));
        };
        let expected = if *again { ReasonCode::ContinueAuthentication } else { ReasonCode::ReAuthenticate };
        let data = check_auth(auth, name, expected)?;
        let Some(client) = self.clients.get(sender.client) else { return Ok(Handled::Done) };
        let (method, first) = (name.clone(), !again);
        let credentials = Credentials {
            client_id: Arc::clone(&client.id),
            username: client.username.clone(),
            password: None,
            version: sender.version,
        };
        let question = || Question::Enhanced {
            credentials: credentials.clone(),
            method: method.clone(),
            data: data.map(Box::from),
            again: true,
            first,
        };
        let Some(answer) = self.answered(sender.peer, 0, &question, now) else { return Ok(Handled::Waits) };
        let (reason, data) = match answer {
            Answer::Allow => (ReasonCode::Success, Box::default()),
            Answer::Complete(data) => (ReasonCode::Success, data),
            Answer::Continue(data) => (ReasonCode::ContinueAuthentication, data), // [MQTT-4.12.0-2]
            Answer::Refuse(reason) => {
                let problem = "re-authentication refused";
                return Err(Fault::new(refusal(reason, PacketKind::Disconnect), "MQTT-4.12.1-2", problem));
            }
        };
        if let Some(method) = self.method_mut(sender.peer) {
            method.again = reason == ReasonCode::ContinueAuthentication;
        }
        let properties = proof_properties(Proof { method: &method, data: &data });
        self.send(sender, &Packet::Auth(Auth { reason, properties: properties.as_properties() }))?;
        Ok(Handled::Done)
    }

    /// Handles an AUTH before CONNACK.
    fn on_exchange(&mut self, id: PeerId, exchange: &Arc<Exchange>, auth: Auth<'_>, now: Time) -> Handled {
        let data = match check_auth(auth, &exchange.method, ReasonCode::ContinueAuthentication) {
            Ok(data) => data,
            Err(fault) => {
                self.end_exchange(id, exchange, fault, now);
                return Handled::Done;
            }
        };
        match Packet::decode(&exchange.connect, Version::V5) {
            Ok(Packet::Connect(connect)) => {
                let proven = self.proven_username(id);
                let connect = Connect { username: proven.as_deref().or(connect.username), ..*connect };
                self.step(id, &connect, exchange, (data, false), now)
            }
            Ok(_) | Err(_) => Handled::Done,
        }
    }

    /// Asks the host about one step before CONNACK, and applies the answer.
    fn step(
        &mut self,
        id: PeerId,
        connect: &Connect<'_>,
        exchange: &Arc<Exchange>,
        (data, first): (Option<&[u8]>, bool),
        now: Time,
    ) -> Handled {
        let method = &*exchange.method;
        let question = || Question::Enhanced {
            credentials: credentials(connect),
            method: method.into(),
            data: data.map(Box::from),
            again: false,
            first,
        };
        match self.answered(id, 0, &question, now) {
            None => return Handled::Waits,
            Some(Answer::Allow) => return self.admit(id, connect, Some(Proof { method, data: &[] }), now),
            Some(Answer::Complete(data)) => return self.admit(id, connect, Some(Proof { method, data: &data }), now),
            // [MQTT-4.12.0-4]
            Some(Answer::Refuse(reason)) => self.refuse(id, connect, refusal(reason, PacketKind::Connack), "", now),
            Some(Answer::Continue(data)) => {
                if let Some(peer) = self.peers.get_mut(id) {
                    peer.connection = Connection::Authenticating(Arc::clone(exchange));
                }
                if let Err(fault) = self.send_auth(id, exchange, &data) {
                    self.close(id, RejectCause::Fault(fault), now);
                }
            }
        }
        Handled::Done
    }

    /// Sends an AUTH that continues the exchange [MQTT-4.12.0-2].
    fn send_auth(&mut self, id: PeerId, exchange: &Exchange, data: &[u8]) -> Result<(), Fault> {
        let properties = proof_properties(Proof { method: &exchange.method, data });
        let reason = ReasonCode::ContinueAuthentication;
        let Some(peer) = self.peers.get_mut(id) else { return Ok(()) };
        let out = self.outbox.open(peer);
        let (start, room) = (out.len(), out.capacity());
        let encoded = Packet::Auth(Auth { reason, properties: properties.as_properties() }).encode(Version::V5, out);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        self.memory.note_buffer_grown(out.capacity() - room);
        if out.len() - start > exchange.packet_bytes_max {
            out.truncate(start);
            let problem = "AUTH is larger than the client's maximum packet size";
            return Err(Fault::new(ReasonCode::PacketTooLarge, "MQTT-3.1.2-24", problem));
        }
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
        Ok(())
    }

    /// Refuses the connection for a fault before CONNACK.
    fn end_exchange(&mut self, id: PeerId, exchange: &Exchange, fault: Fault, now: Time) {
        let refusal = Refusal {
            reason: refusal(fault.reason, PacketKind::Connack),
            properties: Properties::EMPTY,
            text: &fault.reason_string(),
            version: Version::V5,
            packet_bytes_max: exchange.packet_bytes_max,
        };
        self.close(id, CloseCause::Reject(RejectCause::Fault(fault), Some(refusal)), now);
    }

    fn method_mut(&mut self, id: PeerId) -> Option<&mut Method> {
        match &mut self.peers.get_mut(id)?.connection {
            Connection::Connected(connected) => connected.method.as_deref_mut(),
            Connection::AwaitConnect | Connection::Authenticating(_) | Connection::Closing => None,
        }
    }
}

fn credentials(connect: &Connect<'_>) -> Credentials {
    Credentials {
        client_id: connect.client_id.into(),
        username: connect.username.map(Arc::from),
        password: connect.password.map(Box::from),
        version: connect.version,
    }
}

/// Returns the data of an AUTH, after checking its method and reason.
fn check_auth<'a>(auth: Auth<'a>, method: &str, reason: ReasonCode) -> Result<Option<&'a [u8]>, Fault> {
    if auth.properties.text(PropertyId::AuthenticationMethod) != Some(method) {
        let problem = "AUTH has another authentication method than CONNECT";
        return Err(Fault::new(ReasonCode::ProtocolError, "MQTT-4.12.0-5", problem));
    }
    if auth.reason != reason {
        let problem = "unexpected reason code in AUTH";
        return Err(Fault::new(ReasonCode::ProtocolError, "MQTT-4.12.0-3", problem));
    }
    Ok(data(auth.properties))
}

pub(crate) fn data(properties: Properties<'_>) -> Option<&[u8]> {
    match properties.value(PropertyId::AuthenticationData)? {
        Value::Binary(data) => Some(data),
        _ => None,
    }
}

fn proof_properties(proof: Proof<'_>) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new();
    let written = proof.write(&mut properties);
    debug_assert!(written.is_ok(), "the method came in a packet, and data is as long as a packet can carry");
    properties
}
