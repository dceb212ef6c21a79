//! CONNECT: acceptance of a client, or a refusal with its reason (MQTT 5.0 §3.1.4).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::{DisconnectCause, Fault, RejectCause};
use crate::broker::clients::will::Will;
use crate::broker::connection::auth_exchange::{Method, Proof};
use crate::broker::connection::close_cause::{CloseCause, Refusal};
use crate::broker::connection::connack::{Agreed, connack};
use crate::broker::connection::peer::{Connected, Connection, Peer};
use crate::broker::connection::peer_input::Blocked;
use crate::broker::connection::reason_string;
use crate::broker::connection::topic_aliases::Outbound;
use crate::broker::delivery_tag::Session;
use crate::broker::digest::hash_bytes;
use crate::broker::event::Event;
use crate::broker::handlers::packet::{Handled, Sender};
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::memory_budget::MEMORY_USED_UP;
use crate::broker::monitor::sys_values::is_brokers_own;
use crate::codec::{Connect, Properties, PropertiesBuf, PropertyId, ReasonCode, Version};
use crate::random::split_mix;
use crate::time::Time;
use crate::time_limit::TimeLimit;
use crate::topic::{TopicName, has_more_levels};

/// An authenticated client, and its CONNACK.
#[derive(Debug)]
struct Accepted<'a> {
    /// The client identifier, as given or assigned.
    client_id: Arc<str>,
    username: Option<&'a str>,
    /// The method of its enhanced authentication, if any.
    method: Option<&'a str>,
    version: Version,
    clean_start: bool,
    agreed: Agreed,
    will: Option<Will>,
    /// The properties of CONNACK.
    properties: PropertiesBuf,
}

impl Broker {
    /// Handles a CONNECT. `bytes` are the packet.
    pub(crate) fn on_connect(&mut self, id: PeerId, connect: &Connect<'_>, bytes: &[u8], now: Time) -> Handled {
        if let Some(redirect) = &self.options.redirect {
            let (reason, list) = (redirect.reason(), reason_string::server_reference(&redirect.server_reference));
            self.refuse_with(id, connect, reason, list.as_properties(), "", now);
            return Handled::Done;
        }
        let proven = self.proven_username(id);
        let connect = &Connect { username: proven.as_deref().or(connect.username), ..connect.clone() };
        if let Some(method) = connect.properties.text(PropertyId::AuthenticationMethod) {
            return self.on_connect_with_method(id, connect, bytes, method, now);
        }
        match self.authenticate(id, connect, now) {
            Verdict::Allowed => self.admit(id, connect, None, now),
            Verdict::Pending => Handled::Waits,
            Verdict::Refused(reason) => {
                self.refuse(id, connect, reason, "", now);
                Handled::Done
            }
        }
    }

    /// Accepts an authenticated client. `proof` is the authentication data for its CONNACK.
    pub(crate) fn admit(&mut self, id: PeerId, connect: &Connect<'_>, proof: Option<Proof<'_>>, now: Time) -> Handled {
        let place = usize::from(proof.is_some() || self.asks_to_authenticate(id));
        if let Err(fault) = self.check_connect(id, connect) {
            self.refuse(id, connect, fault.reason, &fault.reason_string(), now);
            return Handled::Done;
        }
        match self.authorize_will((id, place), connect, now) {
            Verdict::Allowed => {
                if let Some(handled) = self.give_way(id, connect.client_id, now) {
                    return handled;
                }
                let place = place + usize::from(connect.will.is_some() && self.options.asks.publish);
                if self.authorize_inheritance((id, place), connect, now) == Verdict::Pending {
                    return Handled::Waits;
                }
                self.accept_connect(id, connect, proof, now);
            }
            Verdict::Refused(reason) => self.refuse(id, connect, reason, "not authorized to publish the will", now),
            Verdict::Pending => return Handled::Waits,
        }
        Handled::Done
    }

    /// Closes the connection if a later CONNECT of the client has come. Lets it wait if the packets
    /// before the end of the client's former connection are not handled yet. `None` if neither.
    fn give_way(&mut self, id: PeerId, client_id: &str, now: Time) -> Option<Handled> {
        let key = self.clients.find(client_id)?;
        let client = self.clients.get(key)?;
        let order = |id| self.peers.get(id).map_or(0, |peer: &Peer| peer.connect_order);
        let successor = client.successor.filter(|successor| *successor != id);
        let (own, later) = (order(id), client.connect_order.max(successor.map_or(0, order)));
        if own < later {
            self.close(id, RejectCause::TakenOver, now);
            return Some(Handled::Done);
        }
        let former = client.peer.filter(|former| self.peers.get(*former).is_some_and(Peer::is_leaving));
        if let Some(successor) = successor {
            self.close(successor, RejectCause::TakenOver, now);
        }
        let client = self.clients.get_mut(key)?;
        client.successor = former.is_some().then_some(id);
        former?;
        self.peers.get_mut(id)?.input.set_blocked(Blocked::Former);
        Some(Handled::Waits)
    }

    /// Refuses the connection with a reason, and closes it.
    pub(crate) fn refuse(&mut self, id: PeerId, connect: &Connect<'_>, reason: ReasonCode, text: &str, now: Time) {
        self.refuse_with(id, connect, reason, Properties::EMPTY, text, now);
    }

    fn refuse_with(
        &mut self,
        id: PeerId,
        connect: &Connect<'_>,
        reason: ReasonCode,
        properties: Properties<'_>,
        text: &str,
        now: Time,
    ) {
        // 3.1.1 has no return code for a fault of the will [3.1.1 MQTT-3.2.2-6].
        let is_of_will = matches!(
            reason,
            ReasonCode::QoSNotSupported
                | ReasonCode::RetainNotSupported
                | ReasonCode::TopicNameInvalid
                | ReasonCode::PayloadFormatInvalid
        );
        let version = connect.version;
        let packet_bytes_max = Agreed::new(connect, &self.options).packet_bytes_max;
        let refusal = Refusal { reason, properties, text, version, packet_bytes_max };
        let refusal = (version == Version::V5 || !is_of_will).then_some(refusal);
        self.close(id, CloseCause::Reject(RejectCause::Refused(reason), refusal), now);
    }

    fn accept_connect(&mut self, id: PeerId, connect: &Connect<'_>, proof: Option<Proof<'_>>, now: Time) {
        let agreed = Agreed::new(connect, &self.options);
        let is_nameless = connect.client_id.is_empty();
        let client_id = if is_nameless { self.new_client_id() } else { connect.client_id.into() };
        let assigned = is_nameless.then_some(&*client_id);
        let properties = agreed.connack_properties(connect, &self.options, assigned, proof).unwrap_or_default();
        // The size is checked before the session is taken over or the will set. If CONNACK cannot
        // be sent, no DISCONNECT may be either [MQTT-3.14.0-1], so the connection has no effect.
        let mut measured = Vec::new();
        let connack = connack(false, ReasonCode::Success, properties.as_properties());
        let encoded = connack.encode(connect.version, &mut measured);
        debug_assert!(encoded.is_ok(), "{encoded:?}");
        if measured.len() > agreed.packet_bytes_max {
            let problem = "CONNACK is larger than the client's maximum packet size";
            let fault = Fault::new(ReasonCode::PacketTooLarge, "MQTT-3.1.2-24", problem);
            return self.close(id, RejectCause::Fault(fault), now);
        }
        let (version, clean_start) = (connect.version, connect.clean_start);
        let (username, method) = (connect.username, proof.map(|proof| proof.method));
        let will = connect.will.as_ref().and_then(|will| Will::new(will, self.memory.meter()).ok());
        self.welcome(id, Accepted { client_id, username, method, version, clean_start, agreed, will, properties }, now);
    }

    /// Checks whether the broker can serve this CONNECT.
    fn check_connect(&self, id: PeerId, connect: &Connect<'_>) -> Result<(), Fault> {
        // A client identifier of more than the 23 characters of 3.1 is accepted, as 3.1.1 allows.
        if connect.client_id.is_empty() && self.is_3_1(id) {
            let problem = "client identifier is empty; MQTT 3.1 requires one";
            return Err(Fault::new(ReasonCode::ClientIdentifierNotValid, "3.1 §3.1", problem));
        }
        if connect.client_id.is_empty() && connect.version == Version::V3_1_1 && !connect.clean_start {
            let problem = "client identifier is empty, but clean session is 0";
            return Err(Fault::new(ReasonCode::ClientIdentifierNotValid, "3.1.1 MQTT-3.1.3-8", problem));
        }
        let is_known = self.clients.find(connect.client_id).is_some();
        if !is_known && self.clients.len() >= self.options.sessions_max {
            let problem = "session limit reached";
            return Err(Fault::new(ReasonCode::QuotaExceeded, "§4.1", problem));
        }
        if !self.has_memory_for_connect(connect) {
            return Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", MEMORY_USED_UP));
        }
        let Some(will) = &connect.will else { return Ok(()) };
        if will.qos > self.options.maximum_qos {
            let problem = "will QoS is above the maximum QoS";
            return Err(Fault::new(ReasonCode::QoSNotSupported, "MQTT-3.2.2-12", problem));
        }
        if will.retain && !self.options.retain_available {
            let problem = "will retain is set, but retained messages are not available";
            return Err(Fault::new(ReasonCode::RetainNotSupported, "MQTT-3.2.2-13", problem));
        }
        if is_brokers_own(will.topic) {
            let problem = "will topic is below $SYS, where only the broker publishes but for $SYS/broker/connection/";
            return Err(Fault::new(ReasonCode::NotAuthorized, "§4.7.2", problem));
        }
        if has_more_levels(will.topic, self.options.topic_levels_max) {
            let problem = "will topic has more levels than the broker allows";
            return Err(Fault::new(ReasonCode::TopicNameInvalid, "§4.7.3", problem));
        }
        TopicName::validate(will.topic)
            .map_err(|_| Fault::new(ReasonCode::TopicNameInvalid, "§4.7.3", "invalid will topic"))
    }

    /// Connects the client, its session and its connection.
    fn welcome(&mut self, id: PeerId, accepted: Accepted<'_>, now: Time) {
        let Accepted { client_id, username, method, version, clean_start, agreed, will, properties } = accepted;
        let (key, session_present) = self.take_session(&client_id, clean_start, now);
        let Some(client) = self.clients.get_mut(key) else { return };
        client.peer = Some(id);
        client.connect_order = self.peers.get(id).map_or(0, |peer| peer.connect_order);
        let is_other_user = client.username.as_deref() != username;
        if session_present && is_other_user && (self.required_checks.read || self.options.asks.receive) {
            client.recheck_for_other_user();
        }
        client.username = username.map(Arc::from);
        client.expiry_interval = agreed.session_expiry;
        client.session.set_receive_maximum(agreed.receive_maximum);
        client.session.connected(session_present, agreed.send_quota);
        let silence_max = agreed.silence_max();
        if let Some(peer) = self.peers.get_mut(id) {
            let packet_bytes_max = agreed.packet_bytes_max;
            peer.is_accepted = true;
            peer.connection = Connection::Connected(Connected {
                client: key,
                version,
                packet_bytes_max,
                silence_max,
                last_packet: now,
                method: method.map(|name| Box::new(Method::new(name))),
                inbound_aliases: None,
                wants_reason_strings: agreed.wants_reason_strings,
                outbound_aliases: Outbound::new(agreed.outbound_aliases).map(Box::new),
            });
        }
        self.count_connected();
        self.note_attendance(key, true);
        if self.watches_sys(key) {
            self.watch_sys(true, now);
        }
        self.set_time_limit(id, silence_max.map(|silence_max| TimeLimit::new(now, silence_max, now)));
        self.events.event(|| Event::Connected { peer: id, client_id, version, session_present });
        self.arm_will(key, will);
        let connack = connack(session_present && !self.is_3_1(id), ReasonCode::Success, properties.as_properties());
        let sent = self.send(Sender { peer: id, client: key, version }, &connack);
        debug_assert!(sent.is_ok(), "its size was checked before");
        if let Some(mut subscriber) = self.deliveries(now).to(key) {
            subscriber.flush();
        }
    }

    /// True if the peer speaks MQTT 3.1.
    pub(crate) fn is_3_1(&self, id: PeerId) -> bool {
        self.peers.get(id).is_some_and(|peer| peer.is_3_1)
    }

    /// Returns the session that the client resumes, or a new one. An older connection of the client
    /// is closed first [MQTT-3.1.4-3].
    fn take_session(&mut self, client_id: &Arc<str>, clean_start: bool, now: Time) -> (ClientKey, bool) {
        if let Some(old) = self.clients.find(client_id).and_then(|key| self.clients.get(key)?.peer) {
            self.close(old, DisconnectCause::TakenOver, now);
        }
        if let Some(key) = self.clients.find(client_id) {
            if !clean_start {
                self.unset_expiry(key);
                self.cancel_will(key);
                return (key, true); // [MQTT-3.1.2-5]
            }
            self.end_session(key, now); // [MQTT-3.1.2-4]
        }
        let session = Session::new(self.options.session_limits(self.options.receive_maximum.get()));
        self.outbox.note_work(0, hash_bytes(client_id));
        (self.clients.insert(Arc::clone(client_id), session), false) // [MQTT-3.1.2-6]
    }

    /// Returns an unused client identifier, of 21 characters that 3.1.1 allows (3.1.1 §3.1.3.1).
    fn new_client_id(&mut self) -> Arc<str> {
        loop {
            let id = format!("auto-{:016X}", split_mix(&mut self.seed));
            if self.clients.find(&id).is_none() {
                return id.into();
            }
        }
    }
}
