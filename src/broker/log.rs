//! The log: the events that wait for the host, and the counters.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use super::counters::Counters;
use super::event::{DropCause, Event};

#[derive(Debug)]
pub(super) struct Log {
    /// Whether anybody listens.
    listening: bool,
    events: VecDeque<Event>,
    pub(super) counters: Counters,
}

impl Log {
    pub(super) fn new(listening: bool) -> Self {
        Self { listening, events: VecDeque::new(), counters: Counters::default() }
    }

    /// Whether events are kept from now on.
    pub(super) fn listen(&mut self, listening: bool) {
        self.listening = listening;
        if !listening {
            self.events.clear();
        }
    }

    /// Keeps the event for the host; makes none if nobody listens.
    #[inline]
    pub(super) fn event(&mut self, event: impl FnOnce() -> Event) {
        if self.listening {
            self.events.push_back(event());
        }
    }

    /// A PUBLISH is sent.
    #[inline]
    pub(super) fn delivered(&mut self, packet: &[u8]) {
        self.counters.delivered += 1;
        self.counters.sent.count(packet);
    }

    /// A message was lost.
    pub(super) fn dropped(&mut self, client_id: Option<&Arc<str>>, topic: &str, cause: DropCause) {
        self.counters.count_drop(cause);
        self.event(|| Event::Dropped { client_id: client_id.cloned(), topic: topic.into(), cause });
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
