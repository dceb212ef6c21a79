//! Number of a request, as the TypeScript face sees it.

use crate::client::RequestId;

/// Request behind a number.
pub(crate) enum RequestNumber {
    /// A request of the machine.
    Machine(RequestId),
    /// A QoS 0 message that waits until the broker in the page takes it: 1 and above.
    #[cfg(feature = "broker")]
    Link(u32),
}

impl RequestNumber {
    /// Returns the number: negative for messages on a link, so that it is unlike any request of the
    /// machine.
    #[expect(clippy::cast_precision_loss, reason = "no page makes 2^53 requests")]
    pub(crate) fn to_js(&self) -> f64 {
        match *self {
            Self::Machine(RequestId(id)) => id as f64,
            #[cfg(feature = "broker")]
            Self::Link(number) => -f64::from(number),
        }
    }
}
