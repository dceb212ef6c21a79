//! Backoff: delays between attempts to connect, exponential, capped and with full jitter.

use core::time::Duration;

use crate::time::millis;

/// Delays between attempts to connect.
///
/// The delay after the n-th failure in a row is random between zero and `min` · 2ⁿ⁻¹, and at most
/// `max`. With several servers it doubles once all of them have failed. The count starts over after
/// a connection that has lived for `stable`. So a broker that hangs up on a message meets no storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first delay.
    pub min: Duration,
    /// Upper bound of all delays.
    pub max: Duration,
    /// Lifetime of a connection after which the count starts over.
    pub stable: Duration,
}

impl Default for Backoff {
    /// Half a second, growing to 30 seconds; stable after 30 seconds.
    fn default() -> Self {
        Self { min: Duration::from_millis(500), max: Duration::from_secs(30), stable: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// Returns the delay after `doublings` doublings, for a random number.
    pub(super) fn delay(&self, doublings: u32, random: u64) -> Duration {
        let max = millis(self.max).max(1);
        let ceiling = millis(self.min).clamp(1, max) << doublings.min(20);
        // Delays are far below 2^32 ms, so that the product of both fits.
        let ceiling = ceiling.min(max).min(u32::MAX.into());
        Duration::from_millis(((random >> 32) * (ceiling + 1)) >> 32)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const BACKOFF: Backoff =
        Backoff { min: Duration::from_millis(500), max: Duration::from_secs(30), stable: Duration::from_secs(30) };

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let longest: Vec<u64> = (0..9).map(|doublings| millis(BACKOFF.delay(doublings, u64::MAX))).collect();
        assert_eq!(longest, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(millis(BACKOFF.delay(u32::MAX, u64::MAX)), 30_000);
    }

    #[test]
    fn the_jitter_is_full() {
        assert_eq!(BACKOFF.delay(5, 0), Duration::ZERO);
        assert_eq!(millis(BACKOFF.delay(5, u64::MAX / 2)), 8_000);
    }

    #[test]
    fn no_limits_overflow() {
        let widest = Backoff { min: Duration::MAX, max: Duration::MAX, stable: Duration::MAX };
        for doublings in [0, 1, 63, u32::MAX] {
            assert_eq!(millis(widest.delay(doublings, u64::MAX)), u64::from(u32::MAX), "{doublings}");
        }
        let none = Backoff { min: Duration::ZERO, max: Duration::ZERO, stable: Duration::ZERO };
        assert!(millis(none.delay(9, u64::MAX)) <= 1);
    }
}
