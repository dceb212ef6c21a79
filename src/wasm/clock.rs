//! The page's clock, which never goes backwards.

use super::js;
use crate::time::Time;

/// Milliseconds since the page or the process began.
pub(super) fn now() -> Time {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page does not live for 2^64 ms")]
    Time::from_millis(js::performance_now() as u64)
}
