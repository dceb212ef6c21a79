//! CONNACK: the limits of one connection, agreed between CONNECT and the broker's options.

use alloc::string::String;
use core::time::Duration;

use crate::broker::connection::auth_exchange::Proof;
use crate::broker::options::BrokerOptions;
use crate::codec::{
    Connack, Connect, EncodeError, Packet, Properties, PropertiesBuf, PropertyId, QoS, ReasonCode, Value, Version,
};
use crate::topic::TopicName;

/// Terms of a connection, from CONNECT and the broker's options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    /// The session expiry interval in seconds; `u32::MAX` never expires.
    pub(crate) session_expiry: u32,
    /// The keep alive in seconds; 0 is off.
    keep_alive: u16,
    pub(crate) packet_bytes_max: usize,
    pub(crate) send_quota: u16,
    pub(crate) receive_maximum: u16,
    /// Limit of topic aliases that the broker may use.
    pub(crate) outbound_aliases: u16,
    pub(crate) wants_reason_strings: bool,
}

/// A CONNACK with this reason.
pub(crate) const fn connack(session_present: bool, reason: ReasonCode, properties: Properties<'_>) -> Packet<'_> {
    Packet::Connack(Connack { session_present, reason, properties })
}

impl Agreed {
    /// The limits for the client that sends this CONNECT.
    pub(crate) fn new(connect: &Connect<'_>, options: &BrokerOptions) -> Self {
        let mut agreed = Self {
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
        for (id, value) in connect.properties.entries() {
            agreed.apply(id, value, options);
        }
        agreed
    }

    /// Applies a property of CONNECT.
    fn apply(&mut self, id: PropertyId, value: Value<'_>, options: &BrokerOptions) {
        let least = |maximum: u16, asked: u32| u16::try_from(asked).map_or(maximum, |asked| asked.min(maximum));
        match (id, value) {
            (PropertyId::SessionExpiryInterval, Value::Number(seconds)) => {
                self.session_expiry = seconds.min(options.session_expiry_max);
            }
            (PropertyId::ReceiveMaximum, Value::Number(messages)) => self.send_quota = least(self.send_quota, messages),
            (PropertyId::RequestProblemInformation, Value::Bool(wanted)) => self.wants_reason_strings = wanted,
            // [MQTT-3.1.2-26], [MQTT-3.1.2-27]
            (PropertyId::TopicAliasMaximum, Value::Number(aliases)) => {
                self.outbound_aliases = least(options.topic_alias_maximum, aliases);
            }
            (PropertyId::MaximumPacketSize, Value::Number(bytes)) => {
                self.packet_bytes_max = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
            _ => {}
        }
    }

    /// Returns the longest silence of the client, one and a half times the keep alive
    /// [MQTT-3.1.2-22]; `None` if it is off.
    pub(crate) fn silence_max(&self) -> Option<Duration> {
        (self.keep_alive > 0).then(|| Duration::from_millis(u64::from(self.keep_alive) * 1_500))
    }

    /// Returns the properties of CONNACK that differ from their defaults (§3.2.2.3); none in 3.1.1.
    pub(crate) fn connack_properties(
        &self,
        connect: &Connect<'_>,
        options: &BrokerOptions,
        assigned: Option<&str>,
        proof: Option<Proof<'_>>,
    ) -> Result<PropertiesBuf, EncodeError> {
        let mut properties = PropertiesBuf::new();
        if connect.version == Version::V3_1_1 {
            return Ok(properties);
        }
        let wants_information =
            connect.properties.value(PropertyId::RequestResponseInformation) == Some(Value::Bool(true));
        let client_id = assigned.unwrap_or(connect.client_id);
        // [MQTT-3.1.2-28]
        let information = if wants_information { response_information(options, client_id) } else { None };
        for (id, value) in self.properties(connect, options, assigned, information.as_deref()) {
            if let Some(value) = value {
                properties.push_value(id, value)?;
            }
        }
        if let Some(proof) = proof {
            proof.write(&mut properties)?;
        }
        Ok(properties)
    }

    /// Returns each property of CONNACK; `None` for the default.
    fn properties<'a>(
        &self,
        connect: &Connect<'_>,
        options: &BrokerOptions,
        assigned: Option<&'a str>,
        information: Option<&'a str>,
    ) -> [(PropertyId, Option<Value<'a>>); 12] {
        let asked_expiry = connect.properties.number(PropertyId::SessionExpiryInterval).unwrap_or(0);
        let has_maximum_qos = options.maximum_qos != QoS::ExactlyOnce; // [MQTT-3.2.2-9]
        let available = |is_available: bool| (!is_available).then_some(Value::Bool(false));
        let number = |is_told: bool, number: u32| is_told.then_some(Value::Number(number));
        [
            (PropertyId::SessionExpiryInterval, number(self.session_expiry != asked_expiry, self.session_expiry)),
            (PropertyId::ReceiveMaximum, number(self.receive_maximum != u16::MAX, self.receive_maximum.into())),
            (PropertyId::MaximumQoS, has_maximum_qos.then_some(Value::Bool(options.maximum_qos == QoS::AtLeastOnce))),
            (PropertyId::RetainAvailable, available(options.retain_available)),
            (PropertyId::MaximumPacketSize, number(true, options.packet_bytes_max.get())),
            (PropertyId::WildcardSubscriptionAvailable, available(options.wildcard_subscription_available)),
            (PropertyId::SubscriptionIdentifierAvailable, available(options.subscription_identifiers_available)),
            (PropertyId::SharedSubscriptionAvailable, available(options.shared_subscription_available)),
            (PropertyId::ResponseInformation, information.map(Value::Text)),
            (
                PropertyId::TopicAliasMaximum,
                number(options.topic_alias_maximum > 0, options.topic_alias_maximum.into()),
            ),
            (PropertyId::AssignedClientIdentifier, assigned.map(Value::Text)), // [MQTT-3.2.2-16]
            // [MQTT-3.2.2-21]
            (PropertyId::ServerKeepAlive, number(self.keep_alive != connect.keep_alive, self.keep_alive.into())),
        ]
    }
}

/// Returns the prefix of the client's response topics, which is unique to the client.
fn response_information(options: &BrokerOptions, client_id: &str) -> Option<String> {
    let mut information = String::from(options.response_information.as_deref()?);
    information.push_str(client_id);
    // An identifier with a wildcard gets none: no message could be published to it.
    TopicName::validate(&information).is_ok().then_some(information)
}
