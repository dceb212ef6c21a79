//! Results of requests, and notices, until they are polled.

use super::{Completion, Notice, RequestError, RequestId};
use crate::codec::PropertiesBuf;
use crate::collections::fifo::Fifo;

/// The end of one request, with the properties of the broker's answer, or a notice.
#[derive(Debug)]
pub(super) enum End {
    Done(RequestId, Result<Completion, RequestError>, PropertiesBuf),
    Notice(Notice),
}

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
        if !id.is_nobody() {
            self.0.push(End::Done(id, result, properties));
        }
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.0.push(End::Notice(notice));
    }

    pub(super) fn pop(&mut self) -> Option<End> {
        self.0.pop()
    }
}
