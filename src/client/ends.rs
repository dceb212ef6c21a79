//! Results of requests, until they are polled.

use super::{Completion, RequestError, RequestId};
use crate::collections::fifo::Fifo;

/// The end of one request.
pub(super) type End = (RequestId, Result<Completion, RequestError>);

#[derive(Debug)]
pub(super) struct Ends(Fifo<End>);

impl Ends {
    pub(super) const fn new() -> Self {
        Self(Fifo::new())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn done(&mut self, id: RequestId, completion: Completion) {
        self.0.push((id, Ok(completion)));
    }

    pub(super) fn failed(&mut self, id: RequestId, error: RequestError) {
        self.0.push((id, Err(error)));
    }

    pub(super) fn pop(&mut self) -> Option<End> {
        self.0.pop()
    }
}
