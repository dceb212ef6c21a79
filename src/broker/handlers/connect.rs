//! CONNECT: acceptance of a client, or a refusal with its reason (MQTT 5.0 §3.1.4).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::{DisconnectCause, Fault, RejectCause};
use crate::broker::clients::will::Will;
use crate::broker::connection::auth_exchange::{Method, Proof};
use crate::broker::connection::close_cause::{CloseCause, Refusal};
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::connection::reason_string;
use crate::broker::connection::reason_string::connack;
use crate::broker::connection::topic_aliases::Outbound;
use crate::broker::delivery_tag::Session;
use crate::broker::event::Event;
use crate::broker::handlers::packet::{Handled, Sender};
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::monitor::sys_values::is_sys;
use crate::codec::{Connect, EncodeError, Properties, PropertiesBuf, PropertyId, QoS, ReasonCode, Value, Version};
use crate::time::Time;
use crate::topic::{TopicName, has_more_levels};

/// Terms of a connection, from CONNECT and the broker's options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    /// The session expiry interval in seconds; `u32::MAX` never expires.
    session_expiry: u32,
    /// The keep alive in seconds; 0 is off.
    keep_alive: u16,
    pub(crate) packet_bytes_max: usize,
    send_quota: u16,
    receive_maximum: u16,
    /// Limit of topic aliases that the broker may use.
    outbound_aliases: u16,
    wants_reason_strings: bool,
}

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
        let place = usize::from(proof.is_some() || self.options.asks.authenticate);
        if let Err(fault) = self.check_connect(id, connect) {
            self.refuse(id, connect, fault.reason, &fault.reason_string(), now);
            return Handled::Done;
        }
        match self.may_leave_will((id, place), connect, now) {
            Verdict::Allowed => self.accept_connect(id, connect, proof, now),
            Verdict::Refused(reason) => self.refuse(id, connect, reason, "not authorized to publish the will", now),
            Verdict::Pending => return Handled::Waits,
        }
        Handled::Done
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
        let packet_bytes_max = self.agree(connect).packet_bytes_max;
        let refusal = Refusal { reason, properties, text, version, packet_bytes_max };
        let told = (version == Version::V5 || !is_of_will).then_some(refusal);
        self.close(id, CloseCause::Reject(RejectCause::Refused(reason), told), now);
    }

    fn accept_connect(&mut self, id: PeerId, connect: &Connect<'_>, proof: Option<Proof<'_>>, now: Time) {
        let agreed = self.agree(connect);
        let is_nameless = connect.client_id.is_empty();
        let client_id = if is_nameless { self.new_client_id() } else { connect.client_id.into() };
        let properties =
            self.connack_properties(connect, agreed, is_nameless.then_some(&client_id), proof).unwrap_or_default();
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
        let will = connect.will.as_ref().and_then(|will| Will::new(will).ok());
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
        let Some(will) = &connect.will else { return Ok(()) };
        if will.qos > self.options.maximum_qos {
            let problem = "will QoS is above the maximum QoS";
            return Err(Fault::new(ReasonCode::QoSNotSupported, "MQTT-3.2.2-12", problem));
        }
        if will.retain && !self.options.retain_available {
            let problem = "will retain is set, but retained messages are not available";
            return Err(Fault::new(ReasonCode::RetainNotSupported, "MQTT-3.2.2-13", problem));
        }
        if is_sys(will.topic) {
            let problem = "will topic is below $SYS, where only the broker publishes";
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
        client.username = username.map(Arc::from);
        client.expiry_interval = agreed.session_expiry;
        client.session.set_receive_maximum(agreed.receive_maximum);
        client.session.connected(session_present, agreed.send_quota);
        let silence_max = (agreed.keep_alive > 0).then(|| Duration::from_millis(u64::from(agreed.keep_alive) * 1_500));
        if let Some(peer) = self.peers.get_mut(id) {
            let packet_bytes_max = agreed.packet_bytes_max;
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
        if self.watches_sys(key) {
            self.watch_sys(true, now);
        }
        self.set_peer_deadline(id, silence_max.map(|silence_max| now + silence_max));
        self.events.event(|| Event::Connected { peer: id, client_id, version, session_present });
        self.arm_will(key, will);
        let connack = connack(session_present && !self.is_3_1(id), ReasonCode::Success, properties.as_properties());
        let sent = self.send(Sender { peer: id, client: key, version }, &connack);
        debug_assert!(sent.is_ok(), "it was measured");
        if let Some(mut subscriber) = self.delivery_to(key, now) {
            subscriber.flush();
        }
    }

    /// True if the peer speaks MQTT 3.1.
    pub(crate) fn is_3_1(&self, id: PeerId) -> bool {
        self.peers.get(id).is_some_and(|peer| peer.is_3_1)
    }

    pub(crate) fn agree(&self, connect: &Connect<'_>) -> Agreed {
        let options = &self.options;
        let mut agreed = Agreed {
            session_expiry: 0,
            keep_alive: connect.keep_alive,
            packet_bytes_max: usize::MAX,
            send_quota: options.in_flight_max.get(),
            receive_maximum: u16::MAX,
            outbound_aliases: 0,
            wants_reason_strings: true,
        };
        if connect.version == Version::V3_1_1 {
            // Clean Session means a clean start and no session expiry interval (3.1.1 §3.1.2.4).
            agreed.session_expiry = if connect.clean_start { 0 } else { options.session_expiry_max };
            return agreed;
        }
        agreed.receive_maximum = options.receive_maximum.get();
        if options.keep_alive_max > 0 && (connect.keep_alive == 0 || connect.keep_alive > options.keep_alive_max) {
            agreed.keep_alive = options.keep_alive_max;
        }
        let least = |maximum: u16, asked: u32| u16::try_from(asked).map_or(maximum, |asked| asked.min(maximum));
        for property in connect.properties.entries() {
            match property {
                (PropertyId::SessionExpiryInterval, Value::Number(seconds)) => {
                    agreed.session_expiry = seconds.min(options.session_expiry_max);
                }
                (PropertyId::ReceiveMaximum, Value::Number(messages)) => {
                    agreed.send_quota = least(agreed.send_quota, messages);
                }
                (PropertyId::RequestProblemInformation, Value::Bool(wanted)) => agreed.wants_reason_strings = wanted,
                // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
                (PropertyId::TopicAliasMaximum, Value::Number(aliases)) => {
                    agreed.outbound_aliases = least(options.topic_alias_maximum, aliases);
                }
                (PropertyId::MaximumPacketSize, Value::Number(bytes)) => {
                    agreed.packet_bytes_max = usize::try_from(bytes).unwrap_or(usize::MAX);
                }
                _ => {}
            }
        }
        agreed
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
        (self.clients.insert(Arc::clone(client_id), session), false) // [MQTT-3.1.2-6]
    }

    /// Appends the properties of CONNACK that differ from their defaults (§3.2.2.3).
    fn connack_properties(
        &self,
        connect: &Connect<'_>,
        agreed: Agreed,
        assigned: Option<&str>,
        proof: Option<Proof<'_>>,
    ) -> Result<PropertiesBuf, EncodeError> {
        let mut properties = PropertiesBuf::new();
        if connect.version == Version::V3_1_1 {
            return Ok(properties);
        }
        let options = &self.options;
        let asked_expiry = connect.properties.number(PropertyId::SessionExpiryInterval).unwrap_or(0);
        let wants_information =
            connect.properties.value(PropertyId::RequestResponseInformation) == Some(Value::Bool(true));
        let information = if wants_information {
            self.response_information(assigned.unwrap_or(connect.client_id)) // [MQTT-3.1.2-28]
        } else {
            None
        };
        let has_maximum_qos = options.maximum_qos != QoS::ExactlyOnce; // [MQTT-3.2.2-9]
        let available = |is_available: bool| (!is_available).then_some(Value::Bool(false));
        let number = |is_told: bool, number: u32| is_told.then_some(Value::Number(number));
        let values = [
            (PropertyId::SessionExpiryInterval, number(agreed.session_expiry != asked_expiry, agreed.session_expiry)),
            (PropertyId::ReceiveMaximum, number(agreed.receive_maximum != u16::MAX, agreed.receive_maximum.into())),
            (PropertyId::MaximumQoS, has_maximum_qos.then_some(Value::Bool(options.maximum_qos == QoS::AtLeastOnce))),
            (PropertyId::RetainAvailable, available(options.retain_available)),
            (PropertyId::MaximumPacketSize, number(true, options.packet_bytes_max.get())),
            (PropertyId::WildcardSubscriptionAvailable, available(options.wildcard_subscription_available)),
            (PropertyId::SubscriptionIdentifierAvailable, available(options.subscription_identifiers_available)),
            (PropertyId::SharedSubscriptionAvailable, available(options.shared_subscription_available)),
            (PropertyId::ResponseInformation, information.as_deref().map(Value::Text)),
            (
                PropertyId::TopicAliasMaximum,
                number(options.topic_alias_maximum > 0, options.topic_alias_maximum.into()),
            ),
            (PropertyId::AssignedClientIdentifier, assigned.map(Value::Text)), // [MQTT-3.2.2-16]
            // [MQTT-3.2.2-21]
            (PropertyId::ServerKeepAlive, number(agreed.keep_alive != connect.keep_alive, agreed.keep_alive.into())),
        ];
        for (id, value) in values {
            if let Some(value) = value {
                properties.push_value(id, value)?;
            }
        }
        if let Some(proof) = proof {
            proof.write(&mut properties)?;
        }
        Ok(properties)
    }

    /// Returns the prefix of the client's response topics, which is unique to the client.
    fn response_information(&self, client_id: &str) -> Option<String> {
        let prefix = self.options.response_information.as_deref()?;
        let mut information = String::from(prefix);
        information.push_str(client_id);
        // An identifier with a wildcard gets none: no message could be published to it.
        TopicName::validate(&information).is_ok().then_some(information)
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

/// Returns the next number of the `SplitMix64` generator.
const fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
