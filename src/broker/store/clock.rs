//! Clock of the records: its shift to the clock of this start.
//!
//! The dates of a store are on the clock of the start that wrote them. A clock may be wrong at one
//! start and right at another: it stood at 1970, or years ahead. The length of the absence is then
//! unknown. So all dates are shifted together, and every interval keeps the time that was left.

use core::time::Duration;

use crate::time::Time;

/// Longest absence that counts. A longer one is taken for a clock that was set.
const ABSENCE_MAX: Duration = Duration::from_hours(365 * 24);

/// Longest time by which a clock may fall behind between two starts, such as by a correction. The
/// dates that are to come are then cut to now.
const SETBACK_MAX: Duration = Duration::from_mins(1);

/// Difference between the clock of the records and that of this start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockShift {
    /// The clock went on.
    None,
    /// The clock was set forward.
    Forward(Duration),
    /// The clock was set back.
    Back(Duration),
}

impl ClockShift {
    /// Returns the shift between the latest date of the records and now.
    pub(crate) fn between(latest: Option<Time>, now: Time) -> Self {
        match latest {
            Some(latest) if latest > now + SETBACK_MAX => Self::Back(latest.saturating_since(now)),
            Some(latest) if latest + ABSENCE_MAX < now => Self::Forward(now.saturating_since(latest)),
            Some(_) | None => Self::None,
        }
    }

    /// Returns the date on the clock of this start.
    pub(crate) fn apply(self, date: Time) -> Time {
        match self {
            Self::None => date,
            Self::Forward(shift) => date + shift,
            Self::Back(shift) => date - shift,
        }
    }
}
