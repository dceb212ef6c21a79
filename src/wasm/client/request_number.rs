//! Number of a request, as the TypeScript face sees it.

use crate::client::RequestId;

/// What a number stands for.
pub(crate) enum RequestNumber {
    /// A request of the machine.
    Machine(RequestId),
    /// A message of QoS 0 that waits until the broker in the page takes it: 1 and above.
    #[cfg(feature = "broker")]
    Link(u32),
}

impl RequestNumber {
    /// Returns the number: below 0 for messages on a link, where no request of the machine is.
    #[expect(clippy::cast_precision_loss, reason = "no page makes 2^53 requests")]
    pub(crate) fn to_js(&self) -> f64 {
        match *self {
            Self::Machine(RequestId(id)) => id as f64,
            #[cfg(feature = "broker")]
            Self::Link(number) => -f64::from(number),
        }
    }
}
