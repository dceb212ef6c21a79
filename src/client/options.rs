//! Options of a client: how it connects, and its limits.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::auth::push_authentication;
use super::parts::HAS_AUTHENTICATION;
use super::{Backoff, Keep, Overflow};
use crate::codec::{
    Connect, EncodeError, Message, PACKET_BYTES_MAX, PacketId, Properties, PropertiesBuf, PropertyId, Value, Version,
    Will,
};

/// Options of a client: how it connects, and its limits.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The version to speak.
    pub version: Version,
    /// Empty: the broker assigns one (5.0), or the session must be clean (3.1.1).
    pub client_id: String,
    /// Begin without a session. If false, the session's state is this client's, empty if the client
    /// is new. A later connection resumes the session, if its expiry interval is not 0.
    pub clean_start: bool,
    /// Seconds without a packet after which we ping; 0 turns it off (§3.1.2.10).
    pub keep_alive: u16,
    /// The user name.
    pub username: Option<String>,
    /// The password: any bytes. 3.1.1 needs a user name with it.
    pub password: Option<Vec<u8>>,
    /// Method of enhanced authentication (5.0, §4.12), such as `SCRAM-SHA-256`. The broker may then
    /// answer CONNECT with AUTH.
    pub authentication_method: Option<String>,
    /// The first data of the method, which CONNECT carries.
    pub authentication_data: Option<Vec<u8>>,
    /// The message that the broker publishes when the connection ends without DISCONNECT.
    pub will: Option<ClientWill>,
    /// CONNECT's further properties, such as the session expiry interval. Those of the next three
    /// fields are added.
    pub properties: PropertiesBuf,
    /// The packet identifier to begin with. A client that resumes a session without its state, such
    /// as a page after a reload, begins at random. A QoS 2 message then hardly meets the identifier
    /// of one that was left unfinished.
    pub first_packet_id: PacketId,
    /// QoS 1 and 2 messages that the broker may send unacknowledged (5.0, §3.1.2.11.3); at least 1.
    pub receive_maximum: u16,
    /// The largest packet that we accept, in bytes. In 5.0 CONNECT tells the broker, which drops
    /// larger ones.
    pub packet_bytes_max: u32,
    /// How many topic aliases the broker may use towards us (5.0, §3.1.2.11.5).
    pub topic_alias_maximum: u16,
    /// How many topic aliases the client assigns to the topics of its messages, as far as the
    /// broker takes them (5.0, §3.3.2.3.4). 0: none. They are searched in order, so keep them few.
    pub assigned_aliases_max: u16,
    /// How many filters one SUBSCRIBE or UNSUBSCRIBE has at most, for a broker that takes few; at
    /// least 1.
    pub request_filters_max: usize,
    /// Time limit of an attempt, from [`Output::Open`](super::Output::Open) until CONNACK. It is
    /// rounded up to whole milliseconds. Zero ends the attempt at the first call of
    /// [`Client::handle_timeout`](super::Client::handle_timeout).
    pub connect_timeout: Duration,
    /// QoS 1 and 2 messages that wait for a connection or for the broker's receive maximum.
    pub queue_messages: usize,
    /// Their topic and payload bytes together.
    pub queue_bytes: usize,
    /// Requests of every kind that wait for a connection, within the bounds above.
    pub offline_messages: usize,
    /// Policy for a full queue.
    pub overflow: Overflow,
    /// Policy for requests when a connection is lost.
    pub keep: Keep,
    /// From the sending of a request until its answer. Zero: no limit.
    pub request_timeout: Duration,
    /// True to end the connection also for faults of the broker with a safe outcome. These are
    /// PUBACK for QoS 2, and a session of which this client has no state [MQTT-3.2.2-4].
    pub strict: bool,
    /// Delays before further attempts. `None`: the first end of a connection or an attempt is the
    /// end of the life.
    pub reconnect: Option<Backoff>,
    /// The number of servers that the host knows, at least 1. They are tried in turn.
    pub servers: usize,
    /// Speak 5.0, or 3.1.1 with a server that does not know it. Then [`version`](Self::version)
    /// counts for nothing.
    pub falls_back: bool,
    /// Seed of the random delays. Clients that lose a broker together must have different ones.
    pub seed: u64,
}

/// The will that CONNECT carries.
#[derive(Clone, Debug)]
pub struct ClientWill {
    /// Its `properties` are all will properties, the will delay interval among them.
    pub message: Message,
}

impl ClientOptions {
    /// MQTT 5.0, a clean start, a keep alive of 45 seconds, a connect timeout of 30. It does not
    /// reconnect.
    #[must_use]
    pub fn new(client_id: &str) -> Self {
        Self {
            version: Version::V5,
            client_id: client_id.into(),
            clean_start: true,
            keep_alive: 45,
            username: None,
            password: None,
            authentication_method: None,
            authentication_data: None,
            will: None,
            properties: PropertiesBuf::new(),
            first_packet_id: PacketId::FIRST,
            receive_maximum: u16::MAX,
            packet_bytes_max: PACKET_BYTES_MAX,
            topic_alias_maximum: 0,
            assigned_aliases_max: 16,
            request_filters_max: usize::MAX,
            connect_timeout: Duration::from_secs(30),
            queue_messages: 1_000,
            queue_bytes: 16 << 20,
            offline_messages: usize::MAX,
            overflow: Overflow::Reject,
            keep: Keep::Acknowledged,
            request_timeout: Duration::ZERO,
            strict: false,
            reconnect: None,
            servers: 1,
            falls_back: false,
            seed: 0,
        }
    }

    /// How many messages the broker may send unacknowledged (Receive Maximum). 3.1.1 has no field
    /// for it.
    pub(super) const fn receive_maximum(&self) -> u16 {
        match self.version {
            Version::V3_1_1 => u16::MAX,
            Version::V5 => self.receive_maximum,
        }
    }

    /// Returns the authentication method.
    pub(super) fn method(&self) -> Option<&str> {
        if HAS_AUTHENTICATION { self.authentication_method.as_deref() } else { None }
    }

    /// True if the options are for 5.0, and 3.1.1 is spoken, which has no properties.
    fn has_fallen_back(&self) -> bool {
        self.falls_back && self.version == Version::V3_1_1
    }

    /// The property list of CONNECT.
    pub(super) fn connect_properties(&self) -> Result<PropertiesBuf, EncodeError> {
        let mut all = PropertiesBuf::new();
        if !self.has_fallen_back() {
            all.extend(self.properties.as_properties());
        }
        if self.version == Version::V5 {
            let mut tell = |id, limit, default| {
                if limit != default {
                    let pushed = all.push_value(id, Value::Number(limit));
                    debug_assert!(pushed.is_ok(), "numbers are never too long");
                }
            };
            tell(PropertyId::ReceiveMaximum, self.receive_maximum.into(), u16::MAX.into());
            tell(PropertyId::MaximumPacketSize, self.packet_bytes_max.min(PACKET_BYTES_MAX), PACKET_BYTES_MAX);
            tell(PropertyId::TopicAliasMaximum, self.topic_alias_maximum.into(), 0);
            push_authentication(&mut all, self.method(), self.authentication_data.as_deref())?;
        }
        Ok(all)
    }

    /// CONNECT as these options say; `properties` are
    /// [`connect_properties`](Self::connect_properties).
    pub(super) fn connect<'a>(&'a self, clean_start: bool, properties: Properties<'a>) -> Connect<'a> {
        let will = self.will.as_ref().map(|ClientWill { message }| Will {
            qos: message.qos,
            retain: message.retain,
            topic: message.topic.as_str(),
            payload: &message.payload,
            properties: if self.has_fallen_back() { Properties::EMPTY } else { message.properties.as_properties() },
        });
        Connect {
            version: self.version,
            clean_start,
            keep_alive: self.keep_alive,
            client_id: &self.client_id,
            will,
            username: self.username.as_deref(),
            password: self.password.as_deref(),
            properties,
        }
    }
}
