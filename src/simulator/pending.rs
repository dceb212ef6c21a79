//! Pending events, and the choice of the next.

use alloc::vec::Vec;
use core::time::Duration;

use super::action::Direction;
use super::link::{End, LinkId};
use super::trace::Place;
use super::{Action, ActionError, World};
use crate::time::Time;

/// Events at one moment beyond which a world has a loop.
const EVENTS_AT_ONCE_MAX: usize = 100_000;

/// A pending event, which could be the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A link opens at both ends.
    Opens(LinkId),
    /// The first packet under way on this link and direction arrives, or the other end's close.
    Arrives(LinkId, Direction),
    /// The host at this end of a broken link learns that it is broken.
    Learns(LinkId, Direction),
    /// The deadline of a machine comes.
    Timer(Place),
    /// The broker's store has written its batch.
    Stored,
}

impl Choice {
    /// True if the network decides when it happens. The clock decides about the others.
    const fn is_of_network(self) -> bool {
        match self {
            Self::Opens(_) | Self::Arrives(..) | Self::Learns(..) | Self::Stored => true,
            Self::Timer(_) => false,
        }
    }
}

impl World {
    /// Returns the pending events, the earliest first, each with its time.
    ///
    /// The caller may take any of them by [`choose`](Self::choose), as a network would. A timer
    /// that is chosen lets its time pass, and what would have come before is late.
    #[must_use]
    pub fn choices(&self) -> Vec<(Time, Choice)> {
        let mut all: Vec<(Time, Choice)> = Vec::new();
        // Few are pending at a time. A stable sort of the standard library has more code.
        self.each_pending(|at, choice| all.insert(all.partition_point(|(other, _)| *other <= at), (at, choice)));
        all
    }

    /// Returns the time of the next event; `None` if none is pending.
    #[must_use]
    pub fn next_event_at(&self) -> Option<Time> {
        self.next_pending().map(|(at, _)| at)
    }

    /// The next event happens. False if none is pending.
    pub(super) fn do_step(&mut self) -> bool {
        let Some((at, choice)) = self.next_pending() else { return false };
        self.now = self.now.max(at);
        self.happen(choice);
        true
    }

    pub(super) fn do_choose(&mut self, index: usize) -> Result<(), ActionError> {
        let choices = self.choices();
        let count = choices.len();
        let (at, choice) = *choices.get(index).ok_or(ActionError::UnknownChoice { index, count })?;
        let first = choices.first().map_or(at, |(first, _)| *first);
        self.now = self.now.max(if choice.is_of_network() { first } else { at });
        self.happen(choice);
        Ok(())
    }

    pub(super) fn do_run(&mut self, milliseconds: u64) -> Result<(), ActionError> {
        let end = self.now + Duration::from_millis(milliseconds);
        let mut at_once = 0;
        while let Some((at, choice)) = self.next_pending().filter(|(at, _)| *at <= end) {
            if at > self.now {
                // All events of the moment have happened, so a replay ends here too.
                self.check_trace()?;
            }
            at_once = if at > self.now { 0 } else { at_once + 1 };
            if at_once > EVENTS_AT_ONCE_MAX {
                return Err(ActionError::Loop(EVENTS_AT_ONCE_MAX));
            }
            self.now = self.now.max(at);
            self.happen(choice);
        }
        self.now = end;
        Ok(())
    }

    /// Runs until the time or until so many moments, whichever comes first. True at the time, with
    /// all that happens until then.
    ///
    /// A replay of the noted actions ends at the same event.
    pub(super) fn run_moments(&mut self, end: Time, moments: u64) -> bool {
        let start = self.now;
        let (mut settled, mut steps) = (start, 0);
        while self.moments() < moments
            && let Some((at, choice)) = self.next_pending().filter(|(at, _)| *at <= end)
        {
            if at > self.now {
                (settled, steps) = (self.now, 0);
            }
            self.now = self.now.max(at);
            self.happen(choice);
            steps += 1;
        }
        let is_settled = self.next_pending().is_none_or(|(at, _)| at > end);
        if is_settled && self.moments() < moments {
            self.now = end;
        }
        if self.now == end && is_settled {
            (settled, steps) = (end, 0);
        }
        if settled > start || (steps == 0 && is_settled) {
            self.actions.push(Action::Run(settled.as_millis() - start.as_millis()));
        }
        self.actions.extend(core::iter::repeat_n(Action::Step, steps));
        self.now == end && is_settled
    }

    /// Notes the parts of a run, from this action on, as one run.
    pub(super) fn merge_run(&mut self, first: usize, milliseconds: u64) {
        self.actions.truncate(first);
        self.actions.push(Action::Run(milliseconds));
    }

    pub(super) fn check_trace(&self) -> Result<(), ActionError> {
        let bound = self.options.trace_entries_max;
        if self.trace.entries().len() < bound { Ok(()) } else { Err(ActionError::TraceFull(bound)) }
    }

    /// Returns when a [`Action::Step`] or a [`Action::Choose`] would
    /// happen; now if it could not.
    pub(super) fn time_of(&self, action: &Action) -> Time {
        match action {
            Action::Choose(index) => {
                let choices = self.choices();
                let first = choices.first().map_or(self.now, |(first, _)| *first);
                let time = |(at, choice): &(Time, Choice)| if choice.is_of_network() { first } else { *at };
                choices.get(*index).map_or(self.now, time).max(self.now)
            }
            Action::Step => self.next_event_at().unwrap_or(self.now).max(self.now),
            _ => self.now,
        }
    }

    /// Returns the earliest; of several at one moment the first in a fixed order.
    fn next_pending(&self) -> Option<(Time, Choice)> {
        let mut next: Option<(Time, Choice)> = None;
        self.each_pending(|at, choice| {
            if next.is_none_or(|(earliest, _)| at < earliest) {
                next = Some((at, choice));
            }
        });
        next
    }

    fn each_pending(&self, mut each: impl FnMut(Time, Choice)) {
        for (id, link) in self.links.iter() {
            let mut add = |at: Option<Time>, choice| {
                if let Some(at) = at {
                    each(at, choice);
                }
            };
            add(link.opens_at, Choice::Opens(*id));
            let stalled = self.clients.get(link.actor.0).map_or(Time::ZERO, |actor| actor.stalled_until);
            add(link.up.next().map(|at| at.max(stalled)), Choice::Arrives(*id, Direction::Up));
            add(link.down.next().map(|at| at.max(stalled)), Choice::Arrives(*id, Direction::Down));
            for direction in [Direction::Up, Direction::Down] {
                if let End::Learns(at) = link.receiver(direction) {
                    add(at, Choice::Learns(*id, direction));
                }
            }
        }
        let mut timer = |at: Option<Time>, place| {
            if let Some(at) = at {
                each(at, Choice::Timer(place));
            }
        };
        for (index, actor) in self.clients.iter().enumerate() {
            let deadline = actor.client().and_then(crate::client::Client::next_deadline);
            timer(deadline, Place::Client(super::Actor(index)));
        }
        timer(self.broker.next_deadline(), Place::Broker);
        if let Some(at) = self.disk.as_ref().and_then(super::disk::Disk::done_at) {
            each(at, Choice::Stored);
        }
    }
}
