//! What a broker's owner chooses: its limits and who may connect.

use alloc::boxed::Box;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;

use crate::broker::auth::access_list::Access;
use crate::broker::auth::question::Asks;
use crate::codec::{QoS, ReasonCode};
use crate::session::SessionLimits;

/// Every bound of a [`Broker`](crate::broker::Broker). What hits one gets a reason code, or is dropped, counted and reported.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that CONNACK tells")]
pub struct BrokerOptions {
    /// Connections at one time, those without a CONNECT among them; the next is closed at once. 16,384.
    pub connections_max: usize,
    /// Sessions, connected or not; a new client is refused with 0x97 in 5.0, 3 (server unavailable) in 3.1.1. 16,384.
    pub sessions_max: usize,
    /// How long a peer may take until its CONNECT is there, and its part of the authentication is done; while the host is
    /// asked it is the host's time, which `answer_timeout` bounds. 10 seconds.
    pub connect_timeout: Duration,
    /// The longest keep alive in seconds that a 5.0 client may have: who asks for more, or for none, is given this
    /// (Server Keep Alive, §3.2.2.3.14). 0, the default, leaves it to the client.
    pub keep_alive_max: u16,
    /// The longest a session outlives its connection, in seconds; `u32::MAX`, the default, is for ever (§3.1.2.11.2).
    pub session_expiry_max: u32,
    /// The largest packet taken, in bytes, fixed header included: our Maximum Packet Size. 1 MiB.
    pub packet_bytes_max: NonZeroU32,
    /// QoS 1 and 2 messages that one client may have unacknowledged towards us: our Receive Maximum. 65,535.
    pub receive_maximum: NonZeroU16,
    /// Whether a filter may have wildcards. Who sends one all the same is disconnected with 0xA2 in 5.0, which was told so,
    /// and refused the subscription in 3.1.1. True.
    pub wildcard_subscription_available: bool,
    /// Whether a SUBSCRIBE may have a Subscription Identifier. Who sends one all the same is disconnected with 0xA1. True.
    pub subscription_identifiers_available: bool,
    /// Whether a filter may be a shared subscription's. Who sends one all the same is disconnected with 0x9E in 5.0, and
    /// refused the subscription in 3.1.1. True.
    pub shared_subscription_available: bool,
    /// What Response Topics begin with: who asks for Response Information is given this with its client identifier behind
    /// it, such as `replies/ann` for `replies/` (§4.10.1). `None`, the default, gives none.
    pub response_information: Option<Box<str>>,
    /// Where every client is sent instead, with 0x9C or 0x9D in 5.0, 3 (server unavailable) in 3.1.1. `None`, the default,
    /// is nowhere.
    pub redirect: Option<Redirect>,
    /// Topic aliases of one connection: what a client may use towards us, our Topic Alias Maximum, and the most that
    /// we use towards a client that allows it. Each takes the memory of a topic. 16; 0 is none.
    pub topic_alias_maximum: u16,
    /// QoS 1 and 2 messages in flight to one client at most; fewer if its own Receive Maximum is lower. 256.
    pub in_flight_max: NonZeroU16,
    /// The highest quality of service: a PUBLISH above it is refused with 0x9B, a subscription is granted this. QoS 2.
    pub maximum_qos: QoS,
    /// Whether messages may be retained; a RETAIN flag is otherwise refused with 0x9A. True.
    pub retain_available: bool,
    /// Levels of a topic name or filter. 128.
    pub topic_levels_max: usize,
    /// Subscriptions of one client, and filters in one SUBSCRIBE; those above are refused with 0x97, as are those whose filters
    /// are longer than a mebibyte together. 1,000.
    pub subscriptions_max: usize,
    /// Messages of QoS 1 and 2 that wait for one client. 1,000. Retained messages that a subscription brings do not wait
    /// here, and are not lost however many they are: each is sent when the client takes it.
    pub queue_messages: usize,
    /// Their topic and payload bytes together. 4 MiB.
    pub queue_bytes: usize,
    /// What is lost when one of the last two bounds is reached. The newest message.
    pub queue_overflow: QueueOverflow,
    /// Bytes that wait for one connection. Within a turn, live QoS 0 messages above it are dropped, and those of QoS 1 and 2
    /// wait until it is sent, as do retained messages that a subscription brings from 64 KiB or the half of this on; answers above it, to a peer that is not writable and keeps sending, end its connection with
    /// 0x97. 16 MiB.
    pub transmit_bytes_max: usize,
    /// Retained messages. 100,000.
    pub retained_messages: usize,
    /// Their topic and payload bytes together. 64 MiB.
    pub retained_bytes: usize,
    /// Bytes of packets that are handled while a batch is written to the store. Above it, or when half as many messages
    /// of QoS 1 and 2 have come as one client's queue takes, no more packets are looked at until it is. 4 MiB.
    pub store_bytes_max: usize,
    /// How often the topics below `$SYS` tell what has changed, at least a second. 10 seconds; zero turns them off. Nothing is
    /// told, and no deadline set, while no connected client subscribes to them, nor the host.
    pub sys_interval: Duration,
    /// What clients may do with topics, held before the host is asked. Everything.
    pub access: Access,
    /// What the host is asked; see [`Output::Ask`](crate::broker::Output::Ask). Nothing.
    pub asks: Asks,
    /// How long a question may stay open; then it counts as refused with 0x80. 30 seconds.
    pub answer_timeout: Duration,
    /// Bytes of one peer that wait while its packets wait for an answer or for the store. With a sixteenth of it the host is
    /// asked to stop reading the peer, which is slowed down thereby; a peer whose transport cannot be stopped is disconnected
    /// with 0x97 when so many more have come. 4 MiB.
    pub input_bytes_max: usize,
    /// Whether [`Output::Event`](crate::broker::Output::Event) is given. False: then events cost nothing.
    pub events: bool,
}

/// What a full queue gives up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOverflow {
    /// The one that has just come.
    #[default]
    DropNewest,
    /// The ones that have waited longest, as many as it takes.
    DropOldest,
    /// The one that has just come, and the client's connection with it, told 0x97 in 5.0: a client that is lost learns of
    /// it. One that is not connected loses the message alone; its session stays.
    Disconnect,
}

/// Another server that clients are to use (§4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// For good: 0x9D, server moved. Otherwise for now: 0x9C, use another server.
    pub permanent: bool,
    /// Which, in a form that the clients know, such as `broker.example:1883`.
    pub server_reference: Box<str>,
}

impl Redirect {
    pub(crate) const fn reason(&self) -> ReasonCode {
        if self.permanent { ReasonCode::ServerMoved } else { ReasonCode::UseAnotherServer }
    }
}

impl Default for BrokerOptions {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            sessions_max: 16_384,
            connect_timeout: Duration::from_secs(10),
            keep_alive_max: 0,
            session_expiry_max: u32::MAX,
            packet_bytes_max: NonZeroU32::MIN.saturating_add((1 << 20) - 1),
            receive_maximum: NonZeroU16::MAX,
            wildcard_subscription_available: true,
            subscription_identifiers_available: true,
            shared_subscription_available: true,
            response_information: None,
            redirect: None,
            topic_alias_maximum: 16,
            in_flight_max: NonZeroU16::MIN.saturating_add(255),
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            topic_levels_max: 128,
            subscriptions_max: 1_000,
            queue_messages: 1_000,
            queue_bytes: 4 << 20,
            queue_overflow: QueueOverflow::DropNewest,
            transmit_bytes_max: 16 << 20,
            retained_messages: 100_000,
            retained_bytes: 64 << 20,
            store_bytes_max: 4 << 20,
            sys_interval: Duration::from_secs(10),
            access: Access::default(),
            asks: Asks::default(),
            answer_timeout: Duration::from_secs(30),
            input_bytes_max: 4 << 20,
            events: false,
        }
    }
}

impl BrokerOptions {
    pub(crate) const fn session_limits(&self, receive_maximum: u16) -> SessionLimits {
        SessionLimits { queue_messages: self.queue_messages, queue_bytes: self.queue_bytes, receive_maximum }
    }
}

#[cfg(test)]
mod tests {
    use super::BrokerOptions;

    #[test]
    fn the_documented_defaults_hold() {
        let options = BrokerOptions::default();
        assert_eq!(options.packet_bytes_max.get(), 1 << 20);
        assert_eq!(options.in_flight_max.get(), 256);
    }
}
