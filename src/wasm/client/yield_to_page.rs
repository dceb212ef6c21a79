//! Pause between the flushes of linked clients, in which the page's own tasks run.
//!
//! Clients that answer each other over links do so in microtasks, which run before timers and
//! painting. A socket's frames are tasks of their own.

use alloc::rc::Weak;

use gloo_timers::callback::Timeout;

use crate::wasm::client::driver::ClientDriver;

/// Flushes after which a timer checks whether the page has run meanwhile.
const FLUSHES_WATCHED: u32 = 1_000;
/// Maximum number of flushes before the page runs: some tens of milliseconds.
const FLUSHES_MAX: u32 = 20_000;

/// Counter of a link's flushes since the page last ran.
#[derive(Default)]
pub(crate) struct PageYield {
    flushes: u32,
    /// Timer of the check or of the next flush. Dropping it cancels it.
    timeout: Option<Timeout>,
}

impl PageYield {
    /// Counts a flush. Returns true if it is delayed: a timer runs it, which is set then, and not a
    /// microtask.
    pub(crate) fn delay_flush(&mut self, driver: &Weak<ClientDriver>) -> bool {
        self.flushes += 1;
        if self.flushes == FLUSHES_WATCHED {
            // In a page that yields now and then this timer runs, and no flush is delayed.
            self.timeout = Some(timeout(driver, ClientDriver::on_page_ran));
        }
        let is_delayed = self.flushes >= FLUSHES_MAX;
        if is_delayed {
            self.flushes = 0;
            self.timeout = Some(timeout(driver, ClientDriver::flush));
        }
        is_delayed
    }

    pub(crate) fn reset(&mut self) {
        self.flushes = 0;
    }
}

fn timeout(driver: &Weak<ClientDriver>, action: fn(&ClientDriver)) -> Timeout {
    let driver = Weak::clone(driver);
    Timeout::new(0, move || {
        if let Some(driver) = driver.upgrade() {
            action(&driver);
        }
    })
}
