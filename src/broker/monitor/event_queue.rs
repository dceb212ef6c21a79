//! Event queue: events and messages for the host, and the counters.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::broker::auth::question::Action;
use crate::broker::cause::DropCause;
use crate::broker::event::Event;
use crate::broker::host_message::HostMessage;
use crate::broker::monitor::counters::Counters;
use crate::broker::output::Output;
use crate::codec::ReasonCode;

#[derive(Debug)]
pub(crate) struct EventQueue {
    /// True if events are queued.
    listening: bool,
    /// Events and messages in their order.
    queue: VecDeque<Output<'static>>,
    pub(crate) counters: Counters,
}

impl EventQueue {
    pub(crate) fn new(listening: bool) -> Self {
        Self { listening, queue: VecDeque::new(), counters: Counters::default() }
    }

    /// Returns the bytes of memory of its table.
    pub(crate) fn table_bytes(&self) -> usize {
        self.queue.capacity() * size_of::<Output<'static>>()
    }

    /// Turns events on or off. Turning them off removes the queued events.
    pub(crate) fn listen(&mut self, listening: bool) {
        self.listening = listening;
        if !listening {
            for _ in 0..self.queue.len() {
                if let Some(message @ Output::Message(_)) = self.queue.pop_front() {
                    self.queue.push_back(message);
                }
            }
        }
    }

    /// Queues an event for the host. If events are off, it is not even made.
    #[inline]
    pub(crate) fn event(&mut self, event: impl FnOnce() -> Event) {
        if self.listening {
            self.queue.push_back(Output::Event(event()));
        }
    }

    /// Queues a message for the host's own subscription.
    pub(crate) fn post(&mut self, message: HostMessage) {
        self.queue.push_back(Output::Message(message));
    }

    /// Counts a sent PUBLISH.
    #[inline]
    pub(crate) fn delivered(&mut self, packet: &[u8]) {
        self.counters.delivered += 1;
        self.counters.sent.count(packet);
    }

    /// Counts a dropped message, and queues its event.
    pub(crate) fn dropped(&mut self, client_id: Option<&Arc<str>>, topic: &str, cause: DropCause) {
        self.counters.count_drop(cause);
        self.event(|| Event::Dropped { client_id: client_id.cloned(), topic: topic.into(), cause });
    }

    /// Queues the event of a refusal, since not every version of MQTT tells the client.
    pub(crate) fn refused(&mut self, client_id: &Arc<str>, action: Action, topic: &str, reason: ReasonCode) {
        self.event(|| Event::Refused { client_id: Arc::clone(client_id), action, topic: topic.into(), reason });
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn pop(&mut self) -> Option<Output<'static>> {
        self.queue.pop_front()
    }
}
