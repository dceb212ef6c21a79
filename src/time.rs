//! The caller's clock: milliseconds since a moment of the caller's choosing.
//!
//! The machines of this crate never read a clock; every `handle_*` takes the time, which must never
//! go backwards.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment on the caller's clock, in milliseconds since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The start of the caller's clock.
    pub const ZERO: Self = Self(0);

    /// The moment `milliseconds` after the clock's start.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the clock's start.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is still to come.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// The moment `duration` later, rounded up to whole milliseconds; the end of the clock if it
    /// would lie beyond.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    /// The moment `duration` earlier, rounded up to whole milliseconds; the start of the clock if
    /// it would lie before.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

/// The earlier of two moments that there may be.
pub(crate) fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Returns whole milliseconds, rounded up: a limit of less than one is not over at once.
///
/// Not `Duration::as_millis`, whose 128 bits a page's module would need a multiplication for.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_nanos().div_ceil(1_000_000).into())
}

#[cfg(test)]
mod tests {
    use super::{Duration, Time};

    #[test]
    fn a_part_of_a_millisecond_counts_as_a_whole_one() {
        let at = Time::from_millis(10);
        for (nanos, millis) in [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (999_999_999, 1_000)] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!((at + duration).as_millis(), 10 + millis, "{nanos} ns");
            assert_eq!((at - duration).as_millis(), 10_u64.saturating_sub(millis), "{nanos} ns");
        }
        assert_eq!(at + Duration::MAX, Time::from_millis(u64::MAX));
    }
}
