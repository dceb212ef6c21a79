//! Clock of the records: its shift to the clock of this start.
//!
//! The dates of a store are on the clock of the start that wrote them. A clock may be wrong at one
//! start and right at another: it stood at 1970, or years ahead. If the host noticed before the
//! end, the store has the difference. Otherwise the length of the absence is unknown, and does not
//! count. All dates are shifted together, so every interval keeps the time that was left.

use core::time::Duration;

use crate::time::Time;

/// Longest absence that counts. A longer one is taken for a clock that was set.
const ABSENCE_MAX: Duration = Duration::from_hours(365 * 24);

/// Longest time by which a clock may fall behind between two starts, such as by a correction. The
/// dates that are to come are then cut to now.
const SETBACK_MAX: Duration = Duration::from_mins(1);

/// Difference between two clocks, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockShift(i64);

/// Time of day, as far as it differs from the broker's clock.
#[derive(Debug, Default)]
pub(crate) struct TimeOfDay {
    /// How far it is ahead.
    ahead: ClockShift,
    /// The difference that the store has.
    stored: ClockShift,
}

impl ClockShift {
    pub(crate) const NONE: Self = Self(0);

    /// Returns the shift that makes the second moment of the first.
    const fn from_to(from: Time, to: Time) -> Self {
        let (from, to) = (from.as_millis(), to.as_millis());
        Self(if from <= to { to.saturating_sub(from).cast_signed() } else { -(from.saturating_sub(to).cast_signed()) })
    }

    /// Returns the shift from the records to this start. At the end of the former start, the time
    /// of day was `ahead` of its clock. `latest` is the latest date of the records.
    pub(crate) fn between(ahead: Self, latest: Option<Time>, now: Time) -> Self {
        match latest.map(|latest| (latest, ahead.apply(latest))) {
            Some((latest, day)) if day > now + SETBACK_MAX || day + ABSENCE_MAX < now => Self::from_to(latest, now),
            Some(_) | None => ahead,
        }
    }

    /// Returns the date on the clock of this start.
    pub(crate) const fn apply(self, date: Time) -> Time {
        Time::from_millis(date.as_millis().saturating_add_signed(self.0))
    }

    pub(crate) const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self(i64::from_be_bytes(bytes.try_into().ok()?)))
    }
}

impl TimeOfDay {
    /// The difference that a restored store has. The clocks of this start agree so far.
    pub(crate) const fn restored(stored: ClockShift) -> Self {
        Self { ahead: ClockShift::NONE, stored }
    }

    /// Notes the time of day. A small difference is that of two clocks that run.
    pub(crate) const fn note(&mut self, day: Time, now: Time) {
        let ahead = ClockShift::from_to(now, day);
        if ahead.0.abs_diff(self.ahead.0) > SETBACK_MAX.as_secs() * 1_000 {
            self.ahead = ahead;
        }
    }

    /// True if the store has another difference.
    pub(crate) fn has_changed(&self) -> bool {
        self.ahead != self.stored
    }

    /// Returns the difference that the store is to have, if it has another.
    pub(crate) fn take_changed(&mut self) -> Option<ClockShift> {
        let is_changed = self.has_changed();
        self.stored = self.ahead;
        is_changed.then_some(self.ahead)
    }
}
