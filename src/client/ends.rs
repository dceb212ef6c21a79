//! Results of requests, until they are polled.

use super::{Completion, RequestError, RequestId};
use crate::codec::PropertiesBuf;
use crate::collections::fifo::Fifo;

/// The end of one request, with the properties of the broker's answer.
pub(super) type End = (RequestId, Result<Completion, RequestError>, PropertiesBuf);

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
        self.answered(id, Ok(completion), PropertiesBuf::new());
    }

    pub(super) fn failed(&mut self, id: RequestId, error: RequestError) {
        self.answered(id, Err(error), PropertiesBuf::new());
    }

    pub(super) fn answered(
        &mut self,
        id: RequestId,
        result: Result<Completion, RequestError>,
        properties: PropertiesBuf,
    ) {
        self.0.push((id, result, properties));
    }

    pub(super) fn pop(&mut self) -> Option<End> {
        self.0.pop()
    }
}
