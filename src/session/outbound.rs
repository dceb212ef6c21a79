//! The sender's half of one QoS 1 or QoS 2 delivery (MQTT 5.0 §4.3.2, §4.3.3).
//!
//! It runs in the client when it publishes and in the broker when it delivers, and knows no clock,
//! no socket and no packet identifier.
//!
//! ```text
//! AwaitPuback ──PUBACK──▶ done
//! AwaitPubrec ──PUBREC below 0x80──▶ AwaitPubcomp ──PUBCOMP──▶ done
//!           ├───sent before, and cannot be sent again──▶ AwaitPubcomp
//!           └───PUBREC 0x80 or above──▶ done
//! ```

use super::Delivery;
use crate::codec::{QoS, ReasonCode};

/// Where one delivery stands, from its first PUBLISH until [`Step::Done`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "each says what it waits for")]
pub(super) enum Outbound<T> {
    /// QoS 1 PUBLISH sent; kept for resending when the session resumes.
    AwaitPuback(Delivery<T>),
    /// QoS 2 PUBLISH sent; kept likewise.
    AwaitPubrec(Delivery<T>),
    /// PUBREL sent. The message is gone, so it cannot be sent again [MQTT-4.3.3-6]; its tag is
    /// left. `None` if the owner has got the tag back, since the message was given up.
    AwaitPubcomp(Option<T>),
}

/// The receiver's answer, without its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    Puback,
    Pubrec,
    Pubcomp,
}

/// The session's next step for this packet identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Become [`Outbound::AwaitPubcomp`] and send PUBREL [MQTT-4.3.3-4].
    Release,
    /// Free the identifier and report the reason.
    Done,
    /// The peer acknowledged what was never sent: close with 0x82 (§4.13).
    Unexpected,
}

impl<T: Copy> Outbound<T> {
    pub(super) fn new(delivery: Delivery<T>) -> Self {
        if delivery.qos == QoS::ExactlyOnce { Self::AwaitPubrec(delivery) } else { Self::AwaitPuback(delivery) }
    }

    /// The delivery as long as it may be sent again.
    pub(super) const fn delivery(&self) -> Option<&Delivery<T>> {
        match self {
            Self::AwaitPuback(delivery) | Self::AwaitPubrec(delivery) => Some(delivery),
            Self::AwaitPubcomp(_) => None,
        }
    }

    pub(super) const fn tag(&self) -> Option<T> {
        match self {
            Self::AwaitPuback(delivery) | Self::AwaitPubrec(delivery) => Some(delivery.tag),
            Self::AwaitPubcomp(tag) => *tag,
        }
    }

    pub(super) const fn tag_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::AwaitPuback(delivery) | Self::AwaitPubrec(delivery) => Some(&mut delivery.tag),
            Self::AwaitPubcomp(tag) => tag.as_mut(),
        }
    }

    /// Decides the next step; the session carries it out.
    pub(super) fn on_ack(&self, ack: Ack, reason: ReasonCode) -> Step {
        match (self, ack) {
            (Self::AwaitPuback(_), Ack::Puback) | (Self::AwaitPubcomp(_), Ack::Pubcomp) => Step::Done,
            // A repeated PUBREC earns a repeated PUBREL: harmless, and some peers retry.
            (Self::AwaitPubrec(_) | Self::AwaitPubcomp(_), Ack::Pubrec) => {
                if reason.is_error() {
                    Step::Done
                } else {
                    Step::Release
                }
            }
            (Self::AwaitPuback(_), Ack::Pubrec | Ack::Pubcomp)
            | (Self::AwaitPubrec(_), Ack::Puback | Ack::Pubcomp)
            | (Self::AwaitPubcomp(_), Ack::Puback) => Step::Unexpected,
        }
    }
}
