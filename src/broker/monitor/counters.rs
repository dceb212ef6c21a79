//! Counters: what the broker has counted since it began, and what there is now.

use crate::broker::cause::DropCause;
use crate::codec::{PacketKind, QoS};

/// What the broker has counted since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// What came.
    pub received: Traffic,
    /// What was sent.
    pub sent: Traffic,
    /// Messages published by clients, by wills and by the host.
    pub published: u64,
    /// PUBLISH packets sent, resent ones among them.
    pub delivered: u64,
    /// Messages lost, as [`Event::Dropped`](crate::broker::Event::Dropped) tells them one by one.
    pub dropped: u64,
    drops: [u64; DropCause::ALL.len()],
    /// Clients accepted.
    pub accepted: u64,
    /// Connections that ended before they were accepted, as [`Event::Rejected`](crate::broker::Event::Rejected) tells them.
    pub rejected: u64,
    /// The most clients that were connected at one time.
    pub clients_max: usize,
}

/// What went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// All bytes.
    pub bytes: u64,
    /// Those of PUBLISH packets.
    pub publish_bytes: u64,
    packets: [u64; 16],
    publishes: [u64; 3],
}

/// What there is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Seconds since the broker was first told the time.
    pub uptime: u64,
    /// Clients that are connected.
    pub clients: usize,
    /// Sessions, connected or not.
    pub sessions: usize,
    /// Subscriptions of all sessions, each shared subscription once, and of the host.
    pub subscriptions: usize,
    /// Shared subscriptions.
    pub shared_subscriptions: usize,
    /// Retained messages, those that have expired and are not yet forgotten among them.
    pub retained: usize,
    /// Their bytes: topics, payloads and properties.
    pub retained_bytes: usize,
    /// QoS 1 and 2 messages that were not sent yet, each subscriber's by itself.
    pub queued: usize,
    /// Their topic and payload bytes.
    pub queued_bytes: usize,
    /// QoS 1 and 2 messages sent and not finished.
    pub in_flight: usize,
}

impl Counters {
    /// Messages lost for this cause.
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
    /// All packets.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.packets.iter().sum()
    }

    /// Packets of this kind.
    #[must_use]
    pub const fn packets(&self, kind: PacketKind) -> u64 {
        self.packets[kind as usize]
    }

    /// PUBLISH packets of this quality of service.
    #[must_use]
    pub const fn publishes(&self, qos: QoS) -> u64 {
        self.publishes[qos as usize]
    }

    /// Counts one packet, whose fixed header tells what it is (§2.1.1).
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
