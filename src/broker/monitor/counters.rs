//! Counters since the broker's start, and gauges of its present state.

use crate::broker::cause::DropCause;
use crate::broker::memory_budget::Memory;
use crate::codec::{PacketKind, QoS};

/// Counters since the broker's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Traffic received.
    pub received: Traffic,
    /// Traffic sent.
    pub sent: Traffic,
    /// Messages published by clients, by wills and by the host.
    pub published: u64,
    /// PUBLISH packets sent, resent ones included.
    pub delivered: u64,
    /// Messages dropped; each one is an [`Event::Dropped`](crate::broker::Event::Dropped).
    pub dropped: u64,
    drops: [u64; DropCause::ALL.len()],
    /// Clients accepted.
    pub accepted: u64,
    /// Connections that ended before they were accepted; each one is an
    /// [`Event::Rejected`](crate::broker::Event::Rejected).
    pub rejected: u64,
    /// The most clients that were connected at one time.
    pub clients_max: usize,
    /// Memory that is held for peers.
    pub memory: Memory,
}

/// Packets and bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// All bytes.
    pub bytes: u64,
    /// Those of PUBLISH packets.
    pub publish_bytes: u64,
    packets: [u64; 16],
    publishes: [u64; 3],
}

/// Gauges: numbers of the broker's present state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Seconds since the first input with a time.
    pub uptime: u64,
    /// Clients that are connected.
    pub clients: usize,
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Subscriptions of all sessions, each shared subscription once, and of the host.
    pub subscriptions: usize,
    /// Shared subscriptions.
    pub shared_subscriptions: usize,
    /// Retained messages, expired ones included until they are removed.
    pub retained: usize,
    /// Their bytes: topics, payloads and properties.
    pub retained_bytes: usize,
    /// QoS 1 and 2 messages that wait to be sent, counted once for each subscriber.
    pub queued: usize,
    /// Their bytes: topics, payloads and properties.
    pub queued_bytes: usize,
    /// QoS 1 and 2 messages in flight.
    pub in_flight: usize,
}

impl Counters {
    /// Returns the number of messages dropped for this cause.
    #[must_use]
    pub fn dropped_for(&self, cause: DropCause) -> u64 {
        DropCause::ALL.iter().zip(self.drops).find(|(known, _)| **known == cause).map_or(0, |(_, count)| count)
    }

    pub(crate) fn count_drop(&mut self, cause: DropCause) {
        self.dropped += 1;
        if let Some((_, count)) = DropCause::ALL.iter().zip(&mut self.drops).find(|(known, _)| **known == cause) {
            *count += 1;
        }
    }
}

impl Traffic {
    /// Returns the number of packets of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.packets.iter().sum()
    }

    /// Returns the number of packets of this kind.
    #[must_use]
    pub const fn packets(&self, kind: PacketKind) -> u64 {
        self.packets[kind as usize]
    }

    /// Returns the number of PUBLISH packets of this quality of service.
    #[must_use]
    pub const fn publishes(&self, qos: QoS) -> u64 {
        self.publishes[qos as usize]
    }

    /// Counts one packet by its fixed header (§2.1.1).
    #[inline]
    pub(crate) fn count(&mut self, packet: &[u8]) {
        let Some(first) = packet.first() else { return };
        self.packets[usize::from(first >> 4)] += 1;
        if first >> 4 == PacketKind::Publish as u8 {
            self.publish_bytes += packet.len() as u64;
            if let Some(count) = self.publishes.get_mut(usize::from(first >> 1 & 3)) {
                *count += 1;
            }
        }
    }
}
