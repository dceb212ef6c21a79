//! The clock of the measured waits.

use std::time::Duration;

/// Returns the processor time of this thread, so that other load of the machine does not count.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn now() -> Duration {
    /// `timespec` of Linux on 64 bits.
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
    }
    const CLOCK_THREAD_CPUTIME_ID: i32 = 3;
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the function fills in the two numbers, and keeps no pointer.
    let failed = unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the clock of this thread");
    Duration::from_secs(time.seconds.unsigned_abs()) + Duration::from_nanos(time.nanoseconds.unsigned_abs())
}

/// Returns the time since the first call.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn now() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}
