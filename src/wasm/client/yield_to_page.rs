//! A pause: where clients in one page that answer each other leave it a turn of its own.
//!
//! They do so in microtasks, which come before timers and painting. A socket's frames are turns of their own.

use alloc::rc::Weak;

use gloo_timers::callback::Timeout;

use crate::wasm::client::driver::ClientDriver;

/// After so many flushes it is looked whether the page has had a turn meanwhile.
const FLUSHES_WATCHED: u32 = 1_000;
/// So many may follow each other before the page is given one: some tens of milliseconds of them.
const FLUSHES_MAX: u32 = 20_000;

/// Counts the flushes of a link since the page's last turn.
#[derive(Default)]
pub(crate) struct PageYield {
    flushes: u32,
    /// Runs as long as it is held.
    timeout: Option<Timeout>,
}

impl PageYield {
    /// Whether the next flush is to come by a timer, which is set then, and not by a microtask.
    pub(crate) fn takes(&mut self, driver: &Weak<ClientDriver>) -> bool {
        self.flushes += 1;
        if self.flushes == FLUSHES_WATCHED {
            // A page that yields now and then comes to this, and is not slowed down.
            self.timeout = Some(timeout(driver, ClientDriver::on_turn));
        }
        let takes = self.flushes >= FLUSHES_MAX;
        if takes {
            self.flushes = 0;
            self.timeout = Some(timeout(driver, ClientDriver::flush));
        }
        takes
    }

    pub(crate) fn begin_anew(&mut self) {
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
