//! A pipe: from a client in the page to its broker, which does not take all at once. It is to the client what a socket's
//! buffer is.

use alloc::rc::{Rc, Weak};
use alloc::vec::Vec;

use crate::wasm::client::driver::ClientDriver;

/// What is handed over at a time: what the broker has for others of it leaves before the next.
pub(crate) const SLICE_BYTES: usize = 64 * 1024;

/// What a client in the page has sent and the broker has not taken.
pub(crate) struct Pipe {
    client: Weak<ClientDriver>,
    bytes: Vec<u8>,
    /// Where in them those begin that were not taken.
    start: usize,
    /// The broker takes no more at present.
    pub(crate) is_stopped: bool,
    /// The client is gone, and what it has sent last is still to be taken.
    pub(crate) is_closed: bool,
}

impl Pipe {
    pub(crate) const fn new(client: Weak<ClientDriver>) -> Self {
        Self { client, bytes: Vec::new(), start: 0, is_stopped: false, is_closed: false }
    }

    /// At its end, if that is there.
    pub(crate) fn client(&self) -> Option<Rc<ClientDriver>> {
        self.client.upgrade()
    }

    /// Whether all that was sent was taken.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether what is sent now is taken at once.
    pub(crate) const fn is_idle(&self) -> bool {
        self.is_empty() && !self.is_stopped
    }

    /// The client is gone. Says whether that is all.
    pub(crate) fn close(&mut self) -> bool {
        self.client = Weak::new();
        self.is_closed = true;
        self.is_empty()
    }

    /// These bytes wait.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next bytes, which are taken.
    pub(crate) fn slice(&mut self) -> &[u8] {
        let start = self.start;
        self.start = self.bytes.len().min(start + SLICE_BYTES);
        self.bytes.get(start..self.start).unwrap_or_default()
    }

    /// Lets go of the memory once all was taken; says whether it was.
    pub(crate) fn is_drained(&mut self) -> bool {
        let is_drained = self.start == self.bytes.len();
        if is_drained {
            (self.bytes, self.start) = (Vec::new(), 0);
        }
        is_drained
    }
}
