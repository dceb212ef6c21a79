//! One timer for a machine's next deadline.

use alloc::rc::Rc;

use gloo_timers::callback::Timeout;

use crate::time::Time;

/// The longest delay that `setTimeout` keeps; a longer one would run at once.
const DELAY_MAX: u64 = i32::MAX as u64;

/// Runs its callback at or before the deadline, which then looks at the machine again. Dropped, it runs nothing.
pub(crate) struct Timer {
    callback: Rc<dyn Fn()>,
    set: Option<(Time, Timeout)>,
}

impl Timer {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self { callback: Rc::new(callback), set: None }
    }

    /// Sees to it that the callback runs by `deadline`. A timer that runs earlier is left alone: deadlines move on with
    /// every packet, and to look in vain now and then is cheaper than to set a timer each time.
    pub(crate) fn set(&mut self, deadline: Option<Time>, now: Time) {
        let Some(deadline) = deadline else {
            self.set = None;
            return;
        };
        if self.set.as_ref().is_some_and(|(at, _)| *at <= deadline) {
            return;
        }
        // One more, since the clock is cut to whole milliseconds.
        let delay = (deadline.as_millis().saturating_sub(now.as_millis()) + 1).min(DELAY_MAX);
        let delay = u32::try_from(delay).unwrap_or(u32::MAX);
        let callback = Rc::clone(&self.callback);
        self.set = Some((deadline, Timeout::new(delay, move || callback())));
    }

    /// Runs nothing until it is set again.
    pub(crate) fn clear(&mut self) {
        self.set = None;
    }

    /// It ran.
    pub(crate) fn ran(&mut self) {
        self.set = None;
    }
}
