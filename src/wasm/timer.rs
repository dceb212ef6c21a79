//! One timer for a machine's next deadline.

use wasm_bindgen::JsValue;

use super::js::{self, Callback};
use crate::time::Time;

/// The longest delay that `setTimeout` keeps; a longer one would run at once.
const DELAY_MAX: u64 = i32::MAX as u64;

/// Runs its callback at or before the deadline, which then looks at the machine again. Dropped, it runs nothing.
pub(super) struct Timer {
    callback: Callback,
    set: Option<(Time, JsValue)>,
}

impl Timer {
    pub(super) const fn new(callback: Callback) -> Self {
        Self { callback, set: None }
    }

    /// Sees to it that the callback runs by `deadline`. A timer that runs earlier is left alone: deadlines move on with
    /// every packet, and to look in vain now and then is cheaper than to set a timer each time.
    pub(super) fn set(&mut self, deadline: Option<Time>, now: Time) {
        let Some(deadline) = deadline else { return self.clear() };
        if self.set.as_ref().is_some_and(|(at, _)| *at <= deadline) {
            return;
        }
        self.clear();
        // One more, since the clock is cut to whole milliseconds.
        let delay = (deadline.as_millis().saturating_sub(now.as_millis()) + 1).min(DELAY_MAX);
        let delay = u32::try_from(delay).unwrap_or(u32::MAX);
        self.set = Some((deadline, js::set_timeout(self.callback.as_ref(), delay)));
    }

    /// Runs nothing until it is set again.
    pub(super) fn clear(&mut self) {
        if let Some((_, timeout)) = self.set.take() {
            js::clear_timeout(&timeout);
        }
    }

    /// It ran.
    pub(super) fn ran(&mut self) {
        self.set = None;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
