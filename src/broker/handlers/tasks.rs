//! Tasks of the broker, as far as the budget of the turn goes.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::cause::DisconnectCause;
use crate::broker::clients::ClientState;
use crate::broker::delivery::publication::Publication;
use crate::broker::event::Event;
use crate::broker::handlers::packet::Sender;
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::memory_accounts::Holding;
use crate::broker::tasks::{CutFanOut, EndStage, Task};
use crate::codec::{Ack, ReasonCode, Version};
use crate::time::Time;

/// Cost of the end of a session or connection, in steps.
pub(crate) const END_STEPS: usize = 40;

impl Broker {
    /// Adds a task, and runs it at once as far as the budget goes, unless it waits for others.
    pub(crate) fn begin_task(&mut self, task: Task, now: Time) {
        self.tasks.push(task);
        self.run_tasks(now);
    }

    /// Runs the tasks as far as the budget goes.
    pub(crate) fn run_tasks(&mut self, now: Time) {
        if self.tasks.is_running {
            return;
        }
        self.tasks.is_running = true;
        while !self.outbox.is_spent()
            && let Some(task) = self.tasks.pop()
        {
            self.run_task(task, now);
        }
        self.tasks.is_running = false;
    }

    /// Runs all tasks to their end, whatever their work, for a call of the host that changes what
    /// they walk over.
    pub(crate) fn finish_tasks(&mut self, now: Time) {
        self.outbox.budget.set_unbounded(true);
        self.run_tasks(now);
        self.outbox.budget.set_unbounded(false);
    }

    fn run_task(&mut self, task: Task, now: Time) {
        match task {
            Task::FanOut(cut) => self.continue_fan_out(cut, now),
            Task::Will(key, message) => self.publish_will(key, &message, now),
            Task::HandOver(hand_over) => self.continue_hand_over(hand_over, now),
            Task::HandOverLine(line) => self.continue_hand_over_line(line, now),
            Task::EndSession(key, stage) => self.continue_end(key, stage, now),
            Task::NewSysFilters(key, filters, values) => self.continue_new_sys_filters(key, filters, values, now),
            Task::Sys(index, values) => self.continue_sys(index, values, now),
            Task::ShutDown(peers) => self.continue_shut_down(peers, now),
        }
    }

    /// Disconnects the next peer of a host that shuts down. Its will goes before the others.
    fn continue_shut_down(&mut self, mut peers: VecDeque<PeerId>, now: Time) {
        let Some(peer) = peers.pop_front() else {
            self.tasks.is_shutting_down = false;
            return;
        };
        self.tasks.push_first(Task::ShutDown(peers));
        self.close(peer, DisconnectCause::Host(ReasonCode::ServerShuttingDown), now);
    }

    /// Continues a fan-out, and acknowledges its PUBLISH at the end.
    fn continue_fan_out(&mut self, cut: CutFanOut, now: Time) {
        let CutFanOut { message, origin } = cut;
        let publish = message.as_publish();
        let mut publication = Publication { publish: &publish, message: Some(Arc::clone(&message)), origin };
        let Some(subscribers) = self.resume_fan_out(&mut publication, now) else { return };
        if origin.is_published {
            self.note_published(&publication, subscribers);
        }
        let Some((id, packet_id)) = origin.acknowledges else { return };
        let Some(connected) = self.peers.get(id).and_then(|peer| peer.connection.connected()) else { return };
        let sender = Sender { peer: id, client: connected.client, version: connected.version };
        let ack = Ack::new(packet_id, Self::reason_for(sender, subscribers));
        if let Err(fault) = self.acknowledge(sender, &publish, ack) {
            self.close(id, DisconnectCause::Fault(fault), now);
        }
    }

    /// Continues the end of a session. The subscriptions end before the will, which the ended
    /// session cannot receive.
    fn continue_end(&mut self, key: ClientKey, stage: EndStage, now: Time) {
        match stage {
            EndStage::Subscriptions => {
                while let Some(filter) = self.clients.get_mut(key).and_then(ClientState::pop_subscription) {
                    self.remove_subscription(key, &filter);
                    self.outbox.note_work(END_STEPS, filter.as_str().len());
                    if self.outbox.is_spent() {
                        self.settle_client(key);
                        return self.tasks.push_first(Task::EndSession(key, stage));
                    }
                }
                self.tasks.push_first(Task::EndSession(key, EndStage::Will));
                self.hand_over_all(key);
                self.settle_client(key);
            }
            EndStage::Will => {
                self.tasks.push_first(Task::EndSession(key, EndStage::Removal));
                self.fire_will(key, now);
            }
            EndStage::Removal => self.remove_client(key),
        }
    }

    /// Removes the client of an ended session.
    fn remove_client(&mut self, key: ClientKey) {
        self.memory.settle_client(key, Holding::default());
        let Some(mut client) = self.clients.remove(key) else { return };
        self.outbox.note_work(END_STEPS + client.session.in_flight(), 0);
        client.close_rechecks(&mut self.questions);
        self.events.event(|| Event::SessionEnded { client_id: client.id });
    }

    /// Returns the reason of an acknowledgement.
    pub(crate) const fn reason_for(sender: Sender, subscribers: usize) -> ReasonCode {
        match sender.version {
            Version::V5 if subscribers == 0 => ReasonCode::NoMatchingSubscribers,
            Version::V5 | Version::V3_1_1 => ReasonCode::Success,
        }
    }
}
