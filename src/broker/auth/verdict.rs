//! Verdicts: which checks a broker needs, and the result of one.

use crate::broker::auth::access_list::Access;
use crate::broker::auth::question::{Action, Answer, Asks};
use crate::codec::{PacketKind, ReasonCode};

/// Which actions the access list or the host is to look at; the others cost nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequiredChecks {
    pub(crate) publish: bool,
    pub(crate) subscribe: bool,
    /// The access list alone: it is looked at when a message's receivers are found.
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

/// What is said to a packet's wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Refused(ReasonCode),
    /// The host is asked.
    Pending,
}

impl Verdict {
    /// What an answer of the host means to a packet whose own answer is of this kind.
    pub(crate) fn of(answer: &Answer, kind: PacketKind) -> Self {
        match answer {
            Answer::Allow | Answer::Complete(_) => Self::Allowed,
            Answer::Refuse(reason) => Self::Refused(refusal(*reason, kind)),
            Answer::Continue(_) => Self::Refused(ReasonCode::NotAuthorized),
        }
    }
}

/// The reason as a packet of this kind can carry it.
pub(crate) fn refusal(reason: ReasonCode, kind: PacketKind) -> ReasonCode {
    if reason.is_error() && reason.is_allowed_in(kind) { reason } else { ReasonCode::NotAuthorized }
}
