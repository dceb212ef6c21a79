//! Timer for a machine's next deadline.

use alloc::rc::Rc;

use gloo_timers::callback::Timeout;

use crate::time::Time;

/// Maximum delay of `setTimeout` in milliseconds. With a longer one it would run at once.
const DELAY_MAX: u64 = i32::MAX as u64;

/// Timer that runs its callback at or before the deadline. The callback then checks the machine's
/// deadlines again. A dropped timer runs nothing.
pub(crate) struct Timer {
    callback: Rc<dyn Fn()>,
    set: Option<(Time, Timeout)>,
}

impl Timer {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self { callback: Rc::new(callback), set: None }
    }

    /// Ensures that the callback runs by `deadline`. An earlier timer is left alone: deadlines move
    /// with every packet. A callback in vain now and then is cheaper than a new timer for each.
    pub(crate) fn set(&mut self, deadline: Option<Time>, now: Time) {
        let Some(deadline) = deadline else {
            self.set = None;
            return;
        };
        if self.set.as_ref().is_some_and(|(at, _)| *at <= deadline) {
            return;
        }
        // One more, since the clock truncates to whole milliseconds.
        let delay = (deadline.as_millis().saturating_sub(now.as_millis()) + 1).min(DELAY_MAX);
        let delay = u32::try_from(delay).unwrap_or(u32::MAX);
        let callback = Rc::clone(&self.callback);
        self.set = Some((deadline, Timeout::new(delay, move || callback())));
    }

    /// Cancels the timer until it is set again.
    pub(crate) fn clear(&mut self) {
        self.set = None;
    }

    /// Notes that the timer ran.
    pub(crate) fn ran(&mut self) {
        self.set = None;
    }
}
