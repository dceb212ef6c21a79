//! Budget of a turn: the work between two drains of the outputs, counted and bounded.
//!
//! A walk whose length a peer can choose takes the budget, spends a step for each item, and stops
//! when the budget is spent. It goes on in the next turn.

use core::time::Duration;

/// Steps in a turn. Beyond them, no packet is handled until the turn's frames are handed out. They
/// are some milliseconds of work, and some megabytes to send.
pub(crate) const STEPS_MAX: usize = 200_000;

/// Steps in the first turn of a host that measures its turns.
const STEPS_FIRST: usize = 40_000;

/// The fewest steps in a turn of a host that measures them, however slow it is.
const STEPS_MIN: usize = 4_000;

/// Milliseconds of a turn of a host that measures them.
const TURN_MILLISECONDS: u64 = 8;

/// Cost of a frame, in steps: the host hands it to a socket.
pub(crate) const FRAME_STEPS: usize = 32;

/// Number of shares of a turn's budget while peers are deferred.
const SHARES: usize = 8;

/// Bytes that are copied in one step.
const STEP_BYTES: usize = 64;

/// Budget of a turn.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The most steps of a turn.
    steps_max: usize,
    /// Steps of this turn: packets handled, router nodes and topics visited, copies made.
    steps: usize,
    /// Steps of the longest turn before this one.
    longest: usize,
    /// Steps of the turn before this one.
    last: usize,
    /// Steps of earlier turns whose frames wait for the store.
    kept: usize,
    /// True while a call of the host finishes all tasks.
    is_unbounded: bool,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps_max: STEPS_MAX, steps: 0, longest: 0, last: 0, kept: 0, is_unbounded: false }
    }
}

impl Budget {
    /// Begins with short turns, since the host measures them.
    pub(crate) const fn begin_short(&mut self) {
        self.steps_max = STEPS_FIRST;
    }

    /// Fits the length of turns to the time of the last one, with its outputs.
    pub(crate) fn fit(&mut self, took: Duration) {
        // A short turn that took long waited for something else.
        if self.last < self.steps_max / 4 {
            return;
        }
        // In thousandths, since a turn may take less than a millisecond.
        let took = took.as_secs() * 1_000_000 + u64::from(took.subsec_micros());
        let wanted = TURN_MILLISECONDS * 1_000;
        if took > wanted {
            let fitting = self.last as u64 * wanted / took;
            self.steps_max =
                usize::try_from(fitting).unwrap_or(STEPS_MAX).clamp(STEPS_MIN, self.steps_max.max(STEPS_MIN));
        } else if self.last > self.steps_max / 2 {
            self.steps_max = (self.steps_max + self.steps_max / 4).min(STEPS_MAX);
        }
    }

    /// Spends a number of steps, and those of copied bytes.
    #[inline]
    pub(crate) const fn spend(&mut self, steps: usize, bytes: usize) {
        self.steps += steps + bytes / STEP_BYTES;
    }

    /// True if the turn has done its work.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.steps > self.steps_max && !self.is_unbounded
    }

    /// Returns the steps that are left.
    pub(crate) const fn left(&self) -> usize {
        if self.is_unbounded { usize::MAX } else { self.steps_max.saturating_sub(self.steps) }
    }

    /// True if a PINGREQ is answered, although the budget is spent or tasks go on.
    pub(crate) const fn allows_ping(&self) -> bool {
        self.steps <= self.steps_max + self.steps_max / SHARES
    }

    /// Returns the steps since all frames were handed out.
    #[inline]
    pub(crate) const fn unsent_steps(&self) -> usize {
        self.kept + self.steps
    }

    /// Ignores the bound, or no more.
    pub(crate) const fn set_unbounded(&mut self, is_unbounded: bool) {
        self.is_unbounded = is_unbounded;
    }

    /// Returns the steps at which a peer's share, begun now, is used up. Without other waiting
    /// peers, the share has no end.
    #[inline]
    pub(crate) const fn share_end(&self, others_wait: bool) -> usize {
        if others_wait { self.steps + self.steps_max / SHARES } else { usize::MAX }
    }

    /// True if the share or the budget is used up.
    #[inline]
    pub(crate) const fn is_used_up(&self, share_end: usize) -> bool {
        self.steps > share_end || self.is_spent()
    }

    /// Ends the turn, since all frames were handed out.
    pub(crate) const fn end_turn(&mut self) {
        self.end_steps();
        self.kept = 0;
    }

    /// Ends the turn, although its frames wait for the store.
    pub(crate) const fn end_turn_unsent(&mut self) {
        self.kept += self.steps;
        self.end_steps();
    }

    /// Ends the count of a turn. One without work is none.
    const fn end_steps(&mut self) {
        self.longest = self.longest();
        if self.steps > 0 {
            self.last = self.steps;
        }
        self.steps = 0;
    }

    /// Counts the work of a batch of the store. It is not cut, and others do not wait for the
    /// budget behind it.
    pub(crate) const fn note_batch(&mut self, steps: usize) {
        if self.longest < self.steps + steps {
            self.longest = self.steps + steps;
        }
    }

    /// Returns the steps of the longest turn so far.
    pub(crate) const fn longest(&self) -> usize {
        if self.longest > self.steps { self.longest } else { self.steps }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::{Budget, FRAME_STEPS, STEPS_FIRST, STEPS_MAX, STEPS_MIN};

    /// Runs turns that are as long as they may be, where a step takes so many nanoseconds. Returns
    /// the milliseconds of the longest and of the last.
    fn turns(nanoseconds: u64, count: usize) -> (u128, u128) {
        let mut budget = Budget::default();
        budget.begin_short();
        let (mut longest, mut last) = (0, 0);
        for _ in 0..count {
            while !budget.is_spent() {
                budget.spend(FRAME_STEPS, 0);
            }
            let took = Duration::from_nanos(budget.unsent_steps() as u64 * nanoseconds);
            budget.end_turn();
            budget.fit(took);
            last = took.as_millis();
            longest = longest.max(last);
        }
        (longest, last)
    }

    #[test]
    fn turns_take_as_long_on_a_slow_host_as_on_a_fast_one() {
        for (nanoseconds, longest_max) in [(10, 2), (40, 10), (200, 10), (1_000, 45)] {
            let (longest, last) = turns(nanoseconds, 100);
            assert!(longest <= longest_max, "{longest} ms at {nanoseconds} ns");
            assert!((2..=10).contains(&last), "{last} ms at {nanoseconds} ns");
        }
    }

    #[test]
    fn turns_stay_within_their_bounds() {
        let mut budget = Budget::default();
        budget.begin_short();
        let mut turn = |steps, milliseconds| {
            budget.spend(steps, 0);
            budget.end_turn();
            budget.fit(Duration::from_millis(milliseconds));
            budget.left()
        };
        assert_eq!(turn(STEPS_FIRST / 5, 1_000), STEPS_FIRST, "it waited for something else");
        assert_eq!(turn(STEPS_FIRST, 10_000), STEPS_MIN);
        for _ in 0..100 {
            turn(STEPS_MAX, 1);
        }
        assert_eq!(turn(STEPS_MAX, 1), STEPS_MAX);
    }
}
