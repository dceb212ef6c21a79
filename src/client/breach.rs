//! A breach: a packet that the broker must not send now.

use crate::codec::ReasonCode;

/// The rule that the broker broke, a constant of the place that found it.
#[derive(Debug)]
pub(super) struct Breach {
    /// The reason code for the broker.
    pub(super) reason: ReasonCode,
    /// The statement or section of the specification.
    pub(super) rule: &'static str,
    pub(super) problem: &'static str,
}

impl Breach {
    pub(super) const fn new(rule: &'static str, problem: &'static str) -> Self {
        Self { reason: ReasonCode::ProtocolError, rule, problem }
    }
}
