//! Wills: published when a connection ends without DISCONNECT (MQTT 5.0 §3.1.2.5).
//!
//! ```text
//! Armed ──DISCONNECT 0x00──▶ cleared
//!     ├───connection ended, no delay or no session──▶ fired
//!     └───connection ended──▶ Delayed ──delay over, or session ended──▶ fired
//!                                   └───client is back──▶ cancelled
//! ```

use alloc::sync::Arc;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::WillFate;
use crate::broker::clients::will::Will;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::delivery::publication::{Origin, Publication};
use crate::broker::event::Event;
use crate::broker::ids::ClientKey;
use crate::broker::tasks::Task;
use crate::codec::Message;
use crate::time::Time;

/// Cost of a will, in steps.
const WILL_STEPS: usize = 20;

impl Broker {
    pub(crate) fn arm_will(&mut self, key: ClientKey, will: Option<Will>) {
        if let Some(client) = self.clients.get_mut(key) {
            client.will = will;
        }
        self.log_will(key, WillFate::Armed);
    }

    /// Deletes the will after a DISCONNECT [MQTT-3.14.4-3].
    pub(crate) fn clear_will(&mut self, key: ClientKey) {
        self.log_will(key, WillFate::Cleared);
        self.take_will(key);
    }

    /// Deletes the will of a client that reconnected within the delay [MQTT-3.1.3-9].
    pub(crate) fn cancel_will(&mut self, key: ClientKey) {
        self.log_will(key, WillFate::Cancelled);
        self.take_will(key);
    }

    /// Publishes the will of an ended connection, or sets its time [MQTT-3.1.2-8].
    pub(crate) fn connection_lost(&mut self, key: ClientKey, now: Time) {
        let Some(client) = self.clients.get_mut(key) else { return };
        match client.will.take() {
            Some(Will::Armed { message, delay }) if delay > 0 => {
                let due = now + Duration::from_secs(delay.into());
                client.will = Some(Will::Delayed { message, delay, due });
                self.deadlines.insert(due, Deadline::Will(key));
                self.log_will(key, WillFate::Delayed);
            }
            will => {
                client.will = will;
                self.fire_will(key, now);
            }
        }
    }

    /// Publishes the will, if there is one [MQTT-3.1.2-8].
    pub(crate) fn fire_will(&mut self, key: ClientKey, now: Time) {
        self.log_will(key, WillFate::Fired);
        if let Some(message) = self.take_will(key) {
            if self.tasks.is_running {
                return self.tasks.push_first(Task::Will(key, message));
            }
            self.begin_task(Task::Will(key, message), now);
        }
    }

    /// Publishes the message of a will that was taken.
    pub(crate) fn publish_will(&mut self, key: ClientKey, message: &Arc<Message>, now: Time) {
        self.outbox.note_work(WILL_STEPS, 0);
        let (publish, origin) = (message.as_publish(), Origin::new(Some(key), now));
        self.distribute(&mut Publication { publish: &publish, message: Some(Arc::clone(message)), origin }, now);
    }

    /// Takes the will from the client, and removes its deadline.
    fn take_will(&mut self, key: ClientKey) -> Option<Arc<Message>> {
        let will = self.clients.get_mut(key)?.will.take()?;
        if let Will::Delayed { due, .. } = &will {
            self.deadlines.remove(*due, Deadline::Will(key));
        }
        self.settle_client(key);
        Some(Arc::clone(will.message()))
    }

    fn log_will(&mut self, key: ClientKey, fate: WillFate) {
        let Some(client) = self.clients.get(key) else { return };
        if let Some(will) = &client.will {
            self.events.event(|| Event::Will {
                client_id: Arc::clone(&client.id),
                topic: will.message().topic.as_str().into(),
                fate,
            });
        }
    }
}
