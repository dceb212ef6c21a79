//! Features and faults that a seed's world has at all.

use std::num::NonZeroU16;

use wasmqtt::broker::BrokerOptions;
use wasmqtt::simulator::WorldOptions;

use super::day::Dice;

/// Features and faults. Each world has some of them.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is there or not")]
pub(super) struct Features {
    pub(super) seed: u64,
    pub(super) has_store: bool,
    pub(super) restarts: bool,
    pub(super) cuts: bool,
    pub(super) black_holes: bool,
    pub(super) stalls: bool,
    pub(super) slow_readers: bool,
    pub(super) bandwidth: bool,
    pub(super) jitter: u64,
    pub(super) kills: bool,
    pub(super) disconnects: bool,
    pub(super) retained: bool,
    pub(super) wills: bool,
    pub(super) shared: bool,
    pub(super) expiry: bool,
    pub(super) aliases: bool,
    pub(super) small_receivers: bool,
    pub(super) small_packets: bool,
    pub(super) small_queues: bool,
    pub(super) short_sessions: bool,
    pub(super) unsubscribes: bool,
    pub(super) policies: bool,
    pub(super) old_versions: bool,
    pub(super) bursts: bool,
    pub(super) segments: bool,
    pub(super) dismissals: bool,
}

impl Features {
    pub(super) fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut half = || dice.below(2) == 0;
        Self {
            seed,
            has_store: half(),
            restarts: half(),
            cuts: half(),
            black_holes: half(),
            stalls: half(),
            slow_readers: half(),
            bandwidth: half(),
            jitter: if half() { 60 } else { 0 },
            kills: half(),
            disconnects: half(),
            retained: half(),
            wills: half(),
            shared: half(),
            expiry: half(),
            aliases: half(),
            small_receivers: half(),
            small_packets: half(),
            small_queues: half(),
            short_sessions: half(),
            unsubscribes: half(),
            policies: half(),
            old_versions: half(),
            bursts: half(),
            segments: half(),
            dismissals: half(),
        }
    }

    /// True if the broker may forget sessions, so that messages may be lost.
    pub(super) const fn forgets(&self) -> bool {
        self.restarts && !self.has_store
    }

    pub(super) fn options(&self) -> WorldOptions {
        let mut broker = BrokerOptions { events: true, ..BrokerOptions::default() };
        if self.aliases {
            broker.topic_alias_maximum = 3;
        }
        if self.small_receivers {
            broker.receive_maximum = NonZeroU16::MIN.saturating_add(2);
            broker.in_flight_max = NonZeroU16::MIN.saturating_add(1);
        }
        let (seed, jitter, has_store) = (self.seed, self.jitter, self.has_store);
        WorldOptions { seed, jitter, broker, has_store, ..WorldOptions::default() }
    }
}
