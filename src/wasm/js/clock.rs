//! Monotonic clock of the page.
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page does not live for 2^64 ms")]

#[cfg(feature = "broker")]
use core::time::Duration;

use crate::time::Time;
use crate::wasm::js;

/// Returns the milliseconds since the page or the process began.
#[cfg(not(feature = "broker"))]
pub(crate) fn now() -> Time {
    since_the_beginning()
}

/// Returns the milliseconds since 1970. The clock is set when the page or the process begins, and
/// runs by itself from then on. The dates in a broker's store are by it.
#[cfg(feature = "broker")]
pub(crate) fn now() -> Time {
    use core::sync::atomic::{AtomicU64, Ordering};
    static BEGINNING: AtomicU64 = AtomicU64::new(0);
    if BEGINNING.load(Ordering::Relaxed) == 0 {
        BEGINNING.store(js::TIME_ORIGIN.with(|origin| *origin) as u64, Ordering::Relaxed);
    }
    since_the_beginning() + Duration::from_millis(BEGINNING.load(Ordering::Relaxed))
}

/// Returns the time of day in milliseconds since 1970, which may be set at any moment.
#[cfg(feature = "broker")]
pub(crate) fn time_of_day() -> Time {
    Time::from_millis(js_sys::Date::now() as u64)
}

/// Returns the time since the page or the process began, as finely as the page's clock has it.
#[cfg(feature = "broker")]
pub(crate) fn fine() -> Duration {
    Duration::from_micros((js::performance_now() * 1e3) as u64)
}

fn since_the_beginning() -> Time {
    Time::from_millis(js::performance_now() as u64)
}
