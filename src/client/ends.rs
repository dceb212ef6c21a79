//! The ends of requests, until they are given out.

use super::{Completion, RequestError, RequestId};

/// The end of one request.
pub(super) type End = (RequestId, Result<Completion, RequestError>);

/// First in, first out. The host takes all of them before it goes on, so there is nothing to close up behind those given.
#[derive(Debug)]
pub(super) struct Ends {
    all: Vec<End>,
    /// How many of them are given out.
    given: usize,
}

impl Ends {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), given: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn done(&mut self, id: RequestId, completion: Completion) {
        self.all.push((id, Ok(completion)));
    }

    pub(super) fn failed(&mut self, id: RequestId, error: RequestError) {
        self.all.push((id, Err(error)));
    }

    pub(super) fn pop(&mut self) -> Option<End> {
        let (id, result) = self.all.get_mut(self.given)?;
        let end = (*id, core::mem::replace(result, Err(RequestError::ConnectionClosed)));
        self.given += 1;
        if self.given == self.all.len() {
            self.all.clear();
            self.given = 0;
        }
        Some(end)
    }
}
