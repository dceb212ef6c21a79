//! Verdicts: the checks that a broker needs, and their results.

use crate::broker::auth::access_list::Access;
use crate::broker::auth::question::{Action, Answer, Asks};
use crate::codec::{PacketKind, ReasonCode};

/// Actions that the access list or the host checks. Other actions cost nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequiredChecks {
    pub(crate) publish: bool,
    pub(crate) subscribe: bool,
    /// Checked by the access list alone, for each receiver of a message.
    pub(crate) read: bool,
}

impl RequiredChecks {
    pub(crate) fn of(access: &Access, asks: Asks) -> Self {
        Self {
            publish: asks.publish || access.required_checks(Action::Publish),
            subscribe: asks.subscribe || access.required_checks(Action::Subscribe),
            read: access.required_checks(Action::Subscribe) || access.required_checks(Action::Receive),
        }
    }
}

/// Authorization result for a packet or a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Refused(ReasonCode),
    /// The host is asked and has not answered yet.
    Pending,
}

impl Verdict {
    /// Returns the verdict for an answer of the host. `kind` is the packet that carries a refusal.
    pub(crate) fn of(answer: &Answer, kind: PacketKind) -> Self {
        match answer {
            Answer::Allow | Answer::Complete(_) => Self::Allowed,
            Answer::Refuse(reason) => Self::Refused(refusal(*reason, kind)),
            Answer::Continue(_) => Self::Refused(ReasonCode::NotAuthorized),
        }
    }
}

/// Returns the reason if a packet of this kind can carry it, else 0x87.
pub(crate) fn refusal(reason: ReasonCode, kind: PacketKind) -> ReasonCode {
    if reason.is_error() && reason.is_allowed_in(kind) { reason } else { ReasonCode::NotAuthorized }
}
