//! A timeline: a world that can be rewound, and the branches of its past.
//!
//! A [`World`] cannot be copied, since its machines share counted memory. So a moment is reached by
//! replay, from the beginning or from the nearest [spare](Timeline::tend): a world that was left
//! behind on the way.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use thiserror::Error;

use super::{Action, ActionError, Actor, Event, World, WorldOptions};
use crate::time::Time;

/// Worlds that are left behind, at even distances of the run.
const SPARES: usize = 4;
/// Parts of a run, with a spare between each two.
const PARTS: u64 = SPARES as u64 + 1;
/// A run of fewer moments is replayed from its beginning.
const MOMENTS_WITHOUT_SPARES: u64 = 2_000;

/// Events after which a search for the next packet or timer ends.
const STEPS_MAX: usize = 10_000;

/// A run of actions from the beginning, under a name.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The name: "main" for the first.
    pub name: Box<str>,
    /// All actions since the beginning of the world.
    pub actions: Vec<Action>,
    /// Actions of users and events in it.
    pub moments: u64,
    /// The time at its end.
    pub end: Time,
}

/// A world with its past: it can be rewound, and acting in the past makes a branch.
#[derive(Debug)]
pub struct Timeline {
    options: WorldOptions,
    branches: Vec<Branch>,
    current: usize,
    here: Place,
    /// Worlds of the current branch at earlier or later moments, in order.
    spares: Vec<Place>,
}

/// A world, and how far it has come on its branch.
#[derive(Debug)]
struct Place {
    world: World,
    /// The branch's next action. If it is a run, a part of it may be done.
    next: usize,
    /// When that action began.
    since: Time,
}

impl Place {
    const fn at(world: World) -> Self {
        Self { since: world.now(), world, next: 0 }
    }
}

/// A moment that a timeline does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TimelineError {
    /// The time is behind the end of the branch.
    #[error("{} ms is in the future: branch {branch:?} ends at {} ms; run the world instead", .time.as_millis(), .end.as_millis())]
    Future {
        /// The time.
        time: Time,
        /// The end of the branch.
        end: Time,
        /// The branch.
        branch: Box<str>,
    },
    /// The branch has fewer moments.
    #[error("there is no moment {moment}: branch {branch:?} has {count}")]
    UnknownMoment {
        /// The moment.
        moment: u64,
        /// How many there are.
        count: u64,
        /// The branch.
        branch: Box<str>,
    },
    /// No branch has this name.
    #[error("there is no branch {0:?}")]
    UnknownBranch(Box<str>),
    /// The name belongs to a branch.
    #[error("there is a branch {0:?} already")]
    TakenName(Box<str>),
    /// An action failed.
    #[error(transparent)]
    Action(#[from] ActionError),
}

/// Where a replay stops.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// Behind all that happened until then.
    Time(Time),
    /// Behind so many moments.
    Moment(u64),
}

impl Timeline {
    /// A new world, with the one branch "main".
    #[must_use]
    pub fn new(options: WorldOptions) -> Self {
        let world = World::new(options.clone());
        let main = Branch { name: "main".into(), actions: Vec::new(), moments: 0, end: Time::ZERO };
        Self { options, branches: vec![main], current: 0, here: Place::at(world), spares: Vec::new() }
    }

    /// A world in which these actions were done, at their end.
    ///
    /// # Errors
    /// [`ActionError`] of the first action that fails, with its index.
    pub fn replay(options: WorldOptions, actions: &[Action]) -> Result<Self, (usize, ActionError)> {
        let world = World::replay(options.clone(), actions)?;
        let mut timeline = Self::new(options);
        timeline.here = Place::at(world);
        timeline.extend_branch();
        Ok(timeline)
    }

    /// Returns the world at the present moment.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.here.world
    }

    /// Returns the branches in the order of their making.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Returns the current branch.
    #[must_use]
    pub fn branch(&self) -> &Branch {
        &self.branches[self.current]
    }

    /// True if the world is behind the end of its branch.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.here.next < self.branch().actions.len()
    }

    /// Does an action. In the past it first makes a branch, named "branch 2" and so on; the old one
    /// stays.
    ///
    /// # Errors
    /// As [`World::act`]. No branch is made then.
    pub fn act(&mut self, action: Action) -> Result<(), ActionError> {
        let done = self.here.world.act(action);
        let is_run = matches!(done, Err(ActionError::TraceFull(_) | ActionError::Loop(_)));
        if done.is_ok() || is_run {
            if self.is_past() {
                let name = alloc::format!("branch {}", self.branches.len() + 1).into();
                self.branches.push(Branch { name, actions: Vec::new(), moments: 0, end: Time::ZERO });
                self.current = self.branches.len() - 1;
                // A spare within the last action may have done more of it than the new branch has.
                let next = self.here.next;
                self.spares.retain(|spare| spare.next < next);
            }
            self.extend_branch();
        }
        done
    }

    /// Lets milliseconds pass, with all that happens in them. 0 is all that is due now. In the
    /// past, what was done then is done again.
    ///
    /// # Errors
    /// As [`World::act`] of [`Action::Run`].
    pub fn run(&mut self, milliseconds: u64) -> Result<(), ActionError> {
        let end = self.world().now() + Duration::from_millis(milliseconds);
        if self.is_past() {
            advance(&mut self.here, &self.branches[self.current].actions, Stop::Time(end))?;
        }
        let left = end.as_millis().saturating_sub(self.world().now().as_millis());
        let has_more = left > 0 || self.world().next_event_at().is_some_and(|at| at <= end);
        if has_more && !self.is_past() { self.act(Action::Run(left)) } else { Ok(()) }
    }

    /// The next event happens; in the past, what was next then. False if nothing is pending.
    ///
    /// # Errors
    /// As [`World::act`].
    pub fn step(&mut self) -> Result<bool, ActionError> {
        if self.is_past() {
            let moment = self.world().moments() + 1;
            advance(&mut self.here, &self.branches[self.current].actions, Stop::Moment(moment))?;
            return Ok(true);
        }
        if self.world().next_event_at().is_none() {
            return Ok(false);
        }
        self.act(Action::Step).map(|()| true)
    }

    /// Steps until a packet is sent, on the lane of this client or on any. False if nothing is
    /// pending any more.
    ///
    /// # Errors
    /// As [`World::act`]; [`ActionError::NotFound`] without such a packet within many events.
    pub fn step_to_packet(&mut self, client: Option<Actor>) -> Result<bool, ActionError> {
        self.step_to(|event| match event {
            Event::Packet(packet) => client.is_none_or(|client| client == packet.actor),
            _ => false,
        })
    }

    /// Steps until a timer of a client or of the broker has run. False if nothing is pending any
    /// more.
    ///
    /// # Errors
    /// As [`step_to_packet`](Self::step_to_packet).
    pub fn step_to_timer(&mut self) -> Result<bool, ActionError> {
        self.step_to(|event| matches!(event, Event::Timer(_)))
    }

    fn step_to(&mut self, is_there: impl Fn(&Event) -> bool) -> Result<bool, ActionError> {
        for _ in 0..STEPS_MAX {
            let before = self.world().trace().entries().len();
            if !self.step()? {
                return Ok(false);
            }
            let entries = self.world().trace().entries();
            if entries.get(before..).unwrap_or_default().iter().any(|entry| is_there(&entry.event)) {
                return Ok(true);
            }
        }
        Err(ActionError::NotFound(STEPS_MAX))
    }

    /// Goes to a time of the branch, behind all that happened until then.
    ///
    /// # Errors
    /// [`TimelineError::Future`].
    pub fn rewind(&mut self, time: Time) -> Result<(), TimelineError> {
        let Branch { end, name, .. } = self.branch();
        if time > *end {
            return Err(TimelineError::Future { time, end: *end, branch: name.clone() });
        }
        self.seek(Stop::Time(time))
    }

    /// Goes to a moment of the branch: behind so many actions of users and events.
    ///
    /// # Errors
    /// [`TimelineError::UnknownMoment`].
    pub fn rewind_to(&mut self, moment: u64) -> Result<(), TimelineError> {
        let Branch { moments, name, .. } = self.branch();
        if moment > *moments {
            return Err(TimelineError::UnknownMoment { moment, count: *moments, branch: name.clone() });
        }
        self.seek(Stop::Moment(moment))
    }

    /// Goes to the end of a branch.
    ///
    /// # Errors
    /// [`TimelineError::UnknownBranch`].
    pub fn switch(&mut self, name: &str) -> Result<(), TimelineError> {
        self.current = self.position(name)?;
        self.spares.clear();
        self.here = Place::at(World::new(self.options.clone()));
        advance(&mut self.here, &self.branches[self.current].actions, Stop::Moment(u64::MAX))?;
        Ok(())
    }

    /// Renames the current branch.
    ///
    /// # Errors
    /// [`TimelineError::TakenName`].
    pub fn rename(&mut self, name: &str) -> Result<(), TimelineError> {
        match self.position(name) {
            Ok(index) if index != self.current => Err(TimelineError::TakenName(name.into())),
            _ => {
                self.branches[self.current].name = name.into();
                Ok(())
            }
        }
    }

    /// Readies the spares for the next rewind, by so many moments of work at most. True if nothing
    /// is left to do.
    ///
    /// A spare stands at each fifth of the branch. A rewind takes the nearest before its moment, so
    /// that it replays a fifth at most.
    pub fn tend(&mut self, mut moments: u64) -> bool {
        let Branch { actions, moments: all, .. } = &self.branches[self.current];
        if *all < MOMENTS_WITHOUT_SPARES {
            return true;
        }
        if self.spares.len() < SPARES {
            let place = Place::at(World::new(self.options.clone()));
            self.spares.insert(0, place);
        }
        for index in (0..self.spares.len()).rev() {
            let target = all * (index as u64 + 1) / PARTS;
            let at = self.spares[index].world.moments();
            // Not for every event: a tenth of a part is near enough.
            if at + all / PARTS / 10 < target {
                let stop = target.min(at + moments);
                moments -= stop - at;
                if advance(&mut self.spares[index], actions, Stop::Moment(stop)).is_err() || moments == 0 {
                    return false;
                }
            }
        }
        self.spares.len() == SPARES
    }

    fn position(&self, name: &str) -> Result<usize, TimelineError> {
        let unknown = || TimelineError::UnknownBranch(name.into());
        self.branches.iter().position(|branch| &*branch.name == name).ok_or_else(unknown)
    }

    fn extend_branch(&mut self) {
        let world = &self.here.world;
        let branch = &mut self.branches[self.current];
        // Mostly the last of them is new, or is a longer run than before.
        let same = branch.actions.len().saturating_sub(1).min(self.here.next);
        branch.actions.truncate(same);
        branch.actions.extend_from_slice(&world.actions()[same..]);
        (branch.moments, branch.end) = (world.moments(), world.now());
        (self.here.next, self.here.since) = (branch.actions.len(), branch.end);
    }

    /// Takes the nearest world before the place, and advances it.
    fn seek(&mut self, stop: Stop) -> Result<(), TimelineError> {
        let is_before = |place: &Place| match stop {
            Stop::Time(time) => place.world.now() < time,
            Stop::Moment(moment) => place.world.moments() <= moment,
        };
        let here = is_before(&self.here).then(|| self.here.world.moments());
        let spare = self.spares.iter().rposition(is_before);
        match spare {
            Some(index) if here.is_none_or(|here| here < self.spares[index].world.moments()) => {
                self.here = self.spares.remove(index);
            }
            None if here.is_none() => self.here = Place::at(World::new(self.options.clone())),
            Some(_) | None => {}
        }
        advance(&mut self.here, &self.branches[self.current].actions, stop)?;
        Ok(())
    }
}

/// Does the actions of a branch, from the place's next on, up to the stop.
fn advance(place: &mut Place, actions: &[Action], stop: Stop) -> Result<(), ActionError> {
    while let Some(action) = actions.get(place.next) {
        let world = &mut place.world;
        let is_there = match stop {
            Stop::Time(time) => world.time_of(action) > time,
            Stop::Moment(moment) => world.moments() >= moment && !matches!(action, Action::Run(_)),
        };
        if is_there {
            break;
        }
        if let Action::Run(milliseconds) = action {
            if !run_part(place, *milliseconds, stop)? {
                break;
            }
        } else {
            world.act(action.clone())?;
        }
        place.next += 1;
        place.since = place.world.now();
    }
    Ok(())
}

/// Goes on with a run, of which a part may be done. True if all of it is done now.
fn run_part(place: &mut Place, milliseconds: u64, stop: Stop) -> Result<bool, ActionError> {
    let Place { world, next, since } = place;
    let end = *since + Duration::from_millis(milliseconds);
    let is_done = match stop {
        Stop::Time(time) => {
            let until = end.min(time);
            world.act(Action::Run(until.as_millis().saturating_sub(world.now().as_millis())))?;
            end <= time
        }
        Stop::Moment(moment) => world.run_moments(end, moment),
    };
    if is_done {
        world.merge_run(*next, milliseconds);
    }
    Ok(is_done)
}
