//! Slice: the time that received messages may take in one task.
//!
//! A long run of messages is cut into slices. Acknowledgements and pings are sent between them, and
//! the page's own tasks run.

use core::cell::Cell;
use core::time::Duration;

use crate::time::Time;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::clock;

/// Time of one slice. The rest of the messages waits for the next task.
const SLICE: Duration = Duration::from_millis(10);

/// State of the slices of one client.
#[derive(Default)]
pub(crate) struct Slice {
    is_paused: Cell<bool>,
}

impl Slice {
    /// True if a task that began then has had its time, after so many outputs. The clock is read
    /// for few of them.
    pub(crate) fn is_over(acted: u32, begun: Time) -> bool {
        (acted.is_power_of_two() || acted.is_multiple_of(64)) && clock::now() >= begun + SLICE
    }

    /// True if received bytes wait for the next slice.
    pub(crate) const fn is_paused(&self) -> bool {
        self.is_paused.get()
    }

    /// Lets received bytes wait for the next slice.
    pub(crate) fn pause(&self, host: &Host) {
        if !self.is_paused.replace(true) {
            host.pause();
        }
    }

    /// Begins the next slice.
    pub(crate) fn begin(&self) {
        self.is_paused.set(false);
    }
}
