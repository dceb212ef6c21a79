//! Link between a client and the broker of one module, which passes bytes inside WebAssembly.
//!
//! Each end knows the other by a trait, so that neither driver depends on the other.

use alloc::rc::{Rc, Weak};
use alloc::vec::Vec;
use core::cell::Cell;

use crate::broker::PeerId;

/// Maximum bytes passed at a time. Output for other peers leaves before the next slice.
pub(crate) const SLICE_BYTES: usize = 64 * 1024;

/// Client's end of a link.
pub(crate) trait ClientEnd {
    /// Takes bytes from the broker. [`process`](Self::process) acts on them.
    fn receive(&self, bytes: &[u8]);

    /// Acts on what was received. Nothing may be borrowed.
    fn process(&self);

    /// Handles that the broker has taken all bytes.
    fn on_taken(&self);

    /// Handles that the broker closed the connection.
    fn on_closed(&self);
}

/// Broker's end of its links.
pub(crate) trait BrokerEnd {
    /// Takes bytes from a client. [`drain`](Self::drain) acts on them.
    fn send(&self, peer: PeerId, bytes: &[u8]);

    /// True if bytes sent now are taken at once, or never.
    fn takes_at_once(&self, peer: PeerId) -> bool;

    /// Closes the connection once the bytes sent before are taken.
    fn close(&self, peer: PeerId);

    /// Acts on all outputs of the machine. Nothing may be borrowed.
    fn drain(&self);
}

/// Client's handle of a link: its transport. Dropping it closes the link as a failing transport
/// would.
pub(crate) struct Link {
    broker: Rc<dyn BrokerEnd>,
    peer: PeerId,
    /// Number of messages that the broker has not taken yet.
    waiting: Cell<u32>,
}

impl Link {
    pub(crate) fn new(broker: Rc<dyn BrokerEnd>, peer: PeerId) -> Self {
        Self { broker, peer, waiting: Cell::new(0) }
    }

    /// Sends the bytes to the broker, which the caller drains with nothing borrowed.
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

/// Queue of bytes that a client in the page has sent and the broker has not taken.
pub(crate) struct Pipe {
    /// `None` once the client is gone.
    client: Option<Weak<dyn ClientEnd>>,
    bytes: Vec<u8>,
    /// Offset of the first byte that was not taken.
    start: usize,
    /// True while the broker takes no more.
    pub(crate) is_stopped: bool,
    /// True once the client is gone. Its last bytes may still wait to be taken.
    pub(crate) is_closed: bool,
}

impl Pipe {
    pub(crate) fn new(client: Weak<dyn ClientEnd>) -> Self {
        Self { client: Some(client), bytes: Vec::new(), start: 0, is_stopped: false, is_closed: false }
    }

    /// Returns the client's end, unless it is gone.
    pub(crate) fn client(&self) -> Option<Rc<dyn ClientEnd>> {
        self.client.as_ref()?.upgrade()
    }

    /// True if all bytes were taken.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// True if bytes sent now are taken at once.
    pub(crate) const fn is_idle(&self) -> bool {
        self.is_empty() && !self.is_stopped
    }

    /// Closes the client's end. True if no bytes wait.
    pub(crate) fn close(&mut self) -> bool {
        self.client = None;
        self.is_closed = true;
        self.is_empty()
    }

    /// Appends bytes to the queue.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next slice of bytes.
    pub(crate) fn slice(&mut self) -> &[u8] {
        let start = self.start;
        self.start = self.bytes.len().min(start + SLICE_BYTES);
        self.bytes.get(start..self.start).unwrap_or_default()
    }

    /// Frees the memory of the queue if all bytes were taken, and returns true then.
    pub(crate) fn free_if_drained(&mut self) -> bool {
        let is_drained = self.start == self.bytes.len();
        if is_drained {
            (self.bytes, self.start) = (Vec::new(), 0);
        }
        is_drained
    }
}
