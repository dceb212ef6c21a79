//! Link between a client and the broker of one module: bytes, handed over inside WebAssembly.
//!
//! Each end knows the other by a trait, so that neither driver depends on the other.

use alloc::rc::{Rc, Weak};
use alloc::vec::Vec;
use core::cell::Cell;

use crate::broker::PeerId;

/// What is handed over at a time: what the broker has for others of it leaves before the next.
pub(crate) const SLICE_BYTES: usize = 64 * 1024;

/// Client's end of a link.
pub(crate) trait ClientEnd {
    /// Takes bytes from the broker. [`process`](Self::process) acts on them.
    fn receive(&self, bytes: &[u8]);

    /// Acts on what was received. Nothing may be borrowed.
    fn process(&self);

    /// The broker has taken all that was sent.
    fn on_taken(&self);

    /// The broker closed the connection.
    fn on_closed(&self);
}

/// Broker's end of its links.
pub(crate) trait BrokerEnd {
    /// Takes bytes from a client. [`drain`](Self::drain) acts on them.
    fn send(&self, peer: PeerId, bytes: &[u8]);

    /// True if what is sent now is taken at once, or never.
    fn takes_at_once(&self, peer: PeerId) -> bool;

    /// Closes the connection behind what was sent.
    fn close(&self, peer: PeerId);

    /// Acts on all that the machine has. Nothing may be borrowed.
    fn drain(&self);
}

/// Client's handle of a link, its transport. Dropped, it closes as a transport that fails.
pub(crate) struct Link {
    broker: Rc<dyn BrokerEnd>,
    peer: PeerId,
    /// Messages that the host waits for until the broker has taken them.
    waiting: Cell<u32>,
}

impl Link {
    pub(crate) fn new(broker: Rc<dyn BrokerEnd>, peer: PeerId) -> Self {
        Self { broker, peer, waiting: Cell::new(0) }
    }

    /// Hands the bytes to the broker, which the caller drains with nothing borrowed.
    pub(crate) fn send(&self, bytes: &[u8]) -> Rc<dyn BrokerEnd> {
        self.broker.send(self.peer, bytes);
        Rc::clone(&self.broker)
    }

    /// Returns the number of a message that is sent now, if the broker takes it only later.
    pub(crate) fn wait(&self) -> Option<u32> {
        if self.broker.takes_at_once(self.peer) {
            return None;
        }
        self.waiting.set(self.waiting.get() + 1);
        Some(self.waiting.get())
    }

    /// Returns how many messages waited, once the broker has taken all.
    pub(crate) fn taken(&self) -> u32 {
        self.waiting.take()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.broker.close(self.peer);
        self.broker.drain();
    }
}

/// What a client in the page has sent and the broker has not taken.
pub(crate) struct Pipe {
    /// `None` once it is gone.
    client: Option<Weak<dyn ClientEnd>>,
    bytes: Vec<u8>,
    /// Where in them those begin that were not taken.
    start: usize,
    /// The broker takes no more at present.
    pub(crate) is_stopped: bool,
    /// The client is gone, and what it has sent last is still to be taken.
    pub(crate) is_closed: bool,
}

impl Pipe {
    pub(crate) fn new(client: Weak<dyn ClientEnd>) -> Self {
        Self { client: Some(client), bytes: Vec::new(), start: 0, is_stopped: false, is_closed: false }
    }

    /// At its end, if that is there.
    pub(crate) fn client(&self) -> Option<Rc<dyn ClientEnd>> {
        self.client.as_ref()?.upgrade()
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
        self.client = None;
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
