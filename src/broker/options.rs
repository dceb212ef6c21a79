//! Options of a broker: its limits, features and access control.

use alloc::boxed::Box;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;

use crate::broker::auth::access_list::Access;
use crate::broker::auth::question::Asks;
use crate::codec::{QoS, ReasonCode};
use crate::session::SessionLimits;

/// Options of a [`Broker`](crate::broker::Broker).
///
/// A packet beyond a limit is refused with a reason code, or its message is dropped, counted and
/// reported.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of CONNACK")]
pub struct BrokerOptions {
    /// Limit of connections, those before CONNECT included. The next one is closed at once. Default
    /// 16,384.
    pub connections_max: usize,
    /// Limit of sessions, connected or not. A further client is refused with 0x97 in 5.0, and 3
    /// (server unavailable) in 3.1.1. Default 16,384.
    pub sessions_max: usize,
    /// Time limit for CONNECT and the client's part of the authentication. Time in which the host
    /// is asked does not count; `answer_timeout` bounds that. Like all durations here, it is
    /// rounded up to whole milliseconds. Zero closes a peer whose CONNECT is not there at once.
    /// Default 10 seconds.
    pub connect_timeout: Duration,
    /// Limit of the keep alive of 5.0 clients, in seconds. A client that asks for more, or for
    /// none, gets this (Server Keep Alive, §3.2.2.3.14). 0, the default, is no limit.
    pub keep_alive_max: u16,
    /// Limit of the session expiry interval, in seconds (§3.1.2.11.2). `u32::MAX`, the default, is
    /// no limit.
    pub session_expiry_max: u32,
    /// Limit of a received packet in bytes, fixed header included: the server's Maximum Packet
    /// Size. Default 1 MiB.
    pub packet_bytes_max: NonZeroU32,
    /// Limit of a client's unacknowledged QoS 1 and 2 messages: the server's Receive Maximum.
    /// Default 65,535.
    pub receive_maximum: NonZeroU16,
    /// True if topic filters may have wildcards. If false, a filter with one disconnects a 5.0
    /// client with 0xA2, and is refused in 3.1.1. Default true.
    pub wildcard_subscription_available: bool,
    /// True if SUBSCRIBE may have a Subscription Identifier. If false, one disconnects the client
    /// with 0xA1. Default true.
    pub subscription_identifiers_available: bool,
    /// True if clients may have shared subscriptions. If false, one disconnects a 5.0 client with
    /// 0x9E, and is refused in 3.1.1. Default true.
    pub shared_subscription_available: bool,
    /// Prefix of response topics. A client that requests Response Information gets this with its
    /// client identifier appended, such as `replies/ann` for `replies/` (§4.10.1). `None`, the
    /// default, sends none.
    pub response_information: Option<Box<str>>,
    /// Another server for every client. CONNECT is refused with 0x9C or 0x9D in 5.0, and 3 (server
    /// unavailable) in 3.1.1. Default `None`.
    pub redirect: Option<Redirect>,
    /// Limit of topic aliases of a connection, in each direction: the server's Topic Alias Maximum,
    /// and the most that it uses itself. Each takes the memory of a topic. Default 16; 0 is none.
    pub topic_alias_maximum: u16,
    /// Limit of QoS 1 and 2 messages in flight to a client. A lower Receive Maximum of the client
    /// applies instead. Default 256.
    pub in_flight_max: NonZeroU16,
    /// Maximum quality of service. A PUBLISH above it is refused with 0x9B, and a subscription
    /// above it is granted this. Default QoS 2.
    pub maximum_qos: QoS,
    /// True if messages may be retained. If false, a RETAIN flag is refused with 0x9A. Default
    /// true.
    pub retain_available: bool,
    /// Limit of levels in a topic name or filter. Default 128.
    pub topic_levels_max: usize,
    /// Limit of a client's subscriptions, and of filters in one SUBSCRIBE. Further ones are refused
    /// with 0x97, and so are filters beyond 1 MiB together. Default 1,000.
    pub subscriptions_max: usize,
    /// Limit of messages in a client's outgoing queue, of QoS 1 and 2. Default 1,000. Retained
    /// messages to a new subscription do not take room here: each is sent when the client can take
    /// it, and none is dropped.
    pub queue_messages: usize,
    /// Limit of topic, payload and property bytes in that queue. With their bookkeeping, messages
    /// take no more than this either, or than 64 KiB if that is more. Default 4 MiB.
    pub queue_bytes: usize,
    /// Policy for a full queue. Default [`QueueOverflow::DropNewest`].
    pub queue_overflow: QueueOverflow,
    /// Limit of a connection's outgoing buffer in bytes. Default 16 MiB. In a turn, live QoS 0
    /// messages beyond it are dropped, and those of QoS 1 and 2 wait. Retained messages to a new
    /// subscription wait from 64 KiB on, or from half of this limit. A peer that is not writable,
    /// but keeps sending, is disconnected with 0x97 when its answers exceed it.
    pub transmit_bytes_max: usize,
    /// Limit of retained messages. Default 100,000.
    pub retained_messages: usize,
    /// Limit of the bytes of retained messages. Default 64 MiB.
    pub retained_bytes: usize,
    /// Limit of packet bytes that are handled while the store writes a batch. Beyond it, no packet
    /// is handled until the batch is written. The same applies when QoS 1 and 2 messages have come
    /// for half of a client's queue. Default 4 MiB.
    pub store_bytes_max: usize,
    /// Interval of the `$SYS` topics, at least a second. Default 10 seconds; zero turns them off.
    /// Without a connected subscriber, no deadline is set.
    pub sys_interval: Duration,
    /// Access list, applied before the host is asked. By default, it allows everything.
    pub access: Access,
    /// Questions to the host; see [`Output::Ask`](crate::broker::Output::Ask). By default, none.
    pub asks: Asks,
    /// Time limit for the host's answer. Then the question counts as refused with 0x80. Zero
    /// refuses it unless the host answers before
    /// [`handle_timeout`](crate::broker::Broker::handle_timeout). Default 30 seconds.
    pub answer_timeout: Duration,
    /// Limit of a peer's incoming bytes while its packets wait for an answer, for the store or for
    /// the next turn. Default 4 MiB. From a sixteenth on, the host is asked to stop reading the
    /// peer. A peer whose transport cannot stop is disconnected with 0x97 when as many bytes more
    /// have come.
    pub input_bytes_max: usize,
    /// Limit of the memory that is held for all peers, in bytes, with all bookkeeping. Default 1
    /// GiB.
    ///
    /// A client may take more while it holds no more than is free. Beyond that, its QoS 0 messages
    /// are dropped, and its requests and the messages to it are refused with 0x97. Messages
    /// that were acknowledged are kept.
    pub memory_max: usize,
    /// True to report [`Output::Event`](crate::broker::Output::Event). Default false: then events
    /// cost nothing.
    pub events: bool,
}

/// Policy for a full outgoing queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOverflow {
    /// Drop the new message.
    #[default]
    DropNewest,
    /// Drop the oldest messages, as many as needed.
    DropOldest,
    /// Drop the new message and disconnect the client, with 0x97 in 5.0, so that it learns of the
    /// loss. For a client that is not connected, only the message is dropped.
    Disconnect,
}

/// Another server that clients should use (§4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// True for a permanent redirect: 0x9D, server moved. False for a temporary one: 0x9C, use
    /// another server.
    pub permanent: bool,
    /// The server, in a form that the clients know, such as `broker.example:1883`.
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
            memory_max: 1 << 30,
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
