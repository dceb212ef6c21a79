//! Time limit for a peer, which only a host that is awake judges.
//!
//! A host may be stopped: by SIGSTOP, in a laptop that sleeps, behind a blocked event loop, or in a
//! hidden page. Its timers then run late, and before its sockets are read. The bytes of a peer that
//! kept its time still wait there.
//!
//! So a limit is looked at up to three times:
//! 1. Shortly before it, to see that the host is awake.
//! 2. At the limit. If both looks were in time, the peer is silent.
//! 3. After a grace, if one of them was late. If nothing was read in it, the peer is silent.
//!
//! There is one grace for each silence, so a dead peer is found however late all timers are.

use core::time::Duration;

use crate::time::Time;

/// Longest time before a limit at which it is looked at, and by which a look may be late.
const LEAD: Duration = Duration::from_secs(1);

/// Longest time in which a host that was late reads its sockets.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// True if a host that runs the timer of `due` now was stopped, or its timers are throttled.
pub(crate) fn is_late(due: Time, now: Time) -> bool {
    now > due + LEAD
}

/// Next look at a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// Before the limit, at it, or after it in the grace.
    look: Time,
    limit: Time,
    /// The whole time that the peer has.
    length: Duration,
}

impl TimeLimit {
    /// A limit `length` after `since`, with a look before it if that is still to come.
    pub(crate) fn new(since: Time, length: Duration, now: Time) -> Self {
        let limit = since + length;
        let before = limit - lead(length);
        Self { look: if before > now { before } else { limit }, limit, length }
    }

    /// A limit without a look before it.
    pub(crate) fn without_lead(since: Time, length: Duration) -> Self {
        let limit = since + length;
        Self { look: limit, limit, length }
    }

    /// Returns the moment of the next look.
    pub(crate) const fn look(&self) -> Time {
        self.look
    }

    /// True if the limit is over, and the peer has its grace.
    pub(crate) fn is_grace(&self) -> bool {
        self.look > self.limit
    }

    /// Looks at the limit of a peer from which nothing came. Returns the limit with its next look,
    /// or `None` if the peer is silent.
    pub(crate) fn judge(self, now: Time) -> Option<Self> {
        if now < self.look {
            Some(self)
        } else if now < self.limit {
            Some(Self { look: self.limit, ..self })
        } else if !self.is_grace() && now > self.look + lead(self.length) {
            let grace = self.length.clamp(Duration::from_millis(1), GRACE);
            Some(Self { look: now + grace, ..self })
        } else {
            None
        }
    }

    /// As [`judge`](Self::judge), for a peer from which something may have come: its time began at
    /// `since`.
    pub(crate) fn judge_since(self, since: Time, now: Time) -> Option<Self> {
        if since + self.length == self.limit {
            return self.judge(now);
        }
        let renewed = Self::new(since, self.length, now);
        if renewed.look > now {
            Some(renewed)
        } else {
            Self { look: self.look.min(renewed.limit), ..renewed }.judge(now)
        }
    }
}

/// A sixth, so that a peer which speaks once in two thirds of its time has spoken by then.
fn lead(length: Duration) -> Duration {
    (length / 6).min(LEAD)
}
