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
        self.steps > STEPS_MAX
    }

    /// Returns the steps of this turn.
    #[inline]
    pub(crate) const fn steps(&self) -> usize {
        self.steps
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
    }

    /// Returns the steps of the longest turn so far.
    pub(crate) const fn longest(&self) -> usize {
        if self.longest > self.steps { self.longest } else { self.steps }
    }
}
