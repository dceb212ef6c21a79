//! Budget of a turn: the work between two drains of the outputs, counted and bounded.
//!
//! A walk whose length a peer can choose takes the budget, spends a step for each item, and stops
//! when the budget is spent. It goes on in the next turn.

/// Steps in a turn. Beyond them, no packet is handled until the turn's frames are handed out. They
/// are some milliseconds of work, and some megabytes to send.
pub(crate) const STEPS_MAX: usize = 200_000;

/// Number of shares of a turn's budget while peers are deferred.
const SHARES: usize = 8;

/// Bytes that are copied in one step.
const STEP_BYTES: usize = 64;

/// Budget of a turn.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Steps of this turn: packets handled, router nodes and topics visited, copies made.
    steps: usize,
    /// Steps of the longest turn before this one.
    longest: usize,
    /// Steps of earlier turns whose frames wait for the store.
    kept: usize,
    /// True while a call of the host finishes all tasks.
    is_unbounded: bool,
}

impl Budget {
    /// Spends a number of steps, and those of copied bytes.
    #[inline]
    pub(crate) const fn spend(&mut self, steps: usize, bytes: usize) {
        self.steps += steps + bytes / STEP_BYTES;
    }

    /// True if the turn has done its work.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.steps > STEPS_MAX && !self.is_unbounded
    }

    /// Returns the steps that are left.
    pub(crate) const fn left(&self) -> usize {
        if self.is_unbounded { usize::MAX } else { STEPS_MAX.saturating_sub(self.steps) }
    }

    /// True if a PINGREQ is answered, although the budget is spent or tasks go on.
    pub(crate) const fn allows_ping(&self) -> bool {
        self.steps <= STEPS_MAX + STEPS_MAX / SHARES
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
        if others_wait { self.steps + STEPS_MAX / SHARES } else { usize::MAX }
    }

    /// True if the share or the budget is used up.
    #[inline]
    pub(crate) const fn is_used_up(&self, share_end: usize) -> bool {
        self.steps > share_end || self.is_spent()
    }

    /// Ends the turn, since all frames were handed out.
    pub(crate) const fn end_turn(&mut self) {
        self.longest = self.longest();
        self.steps = 0;
        self.kept = 0;
    }

    /// Ends the turn, although its frames wait for the store.
    pub(crate) const fn end_turn_unsent(&mut self) {
        self.longest = self.longest();
        self.kept += self.steps;
        self.steps = 0;
    }

    /// Returns the steps of the longest turn so far.
    pub(crate) const fn longest(&self) -> usize {
        if self.longest > self.steps { self.longest } else { self.steps }
    }
}
