//! `$SYS`: what the broker tells of itself, in the customary topics below `$SYS/broker/` (MQTT 5.0 §4.7.2).
//!
//! Who subscribes is sent the values at once, as retained messages are, and from then on those that have changed, at an
//! interval. The values are not kept: they are made while a client is connected that subscribes to them, or the host does, and
//! only then is there a deadline. They are of QoS 0, so that nobody's queue fills with what is out of date. Clients publish none.

use alloc::sync::Arc;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::clients::ClientState;
use crate::broker::clients::subscription::Subscription;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::delivery::fan_out::Subscriber;
use crate::broker::delivery_tag::DeliveryTag;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::ClientKey;
use crate::broker::monitor::sys_values::{COUNT, Sys, entry, is_sys};
use crate::time::Time;
use crate::topic::TopicFilter;

impl ClientState {
    /// Whether it has a subscription to `$SYS`. One that begins with a wildcard is none [MQTT-4.7.2-1].
    pub(crate) fn watches_sys(&self) -> bool {
        self.subscriptions.iter().any(|held| is_sys(held.filter.filter()))
    }
}

impl Broker {
    pub(crate) fn watches_sys(&self, key: ClientKey) -> bool {
        self.clients.get(key).is_some_and(ClientState::watches_sys)
    }

    /// There is one more connected client that subscribes to `$SYS`, or subscription of the host's; or one less.
    pub(crate) fn watch_sys(&mut self, more: bool, now: Time) {
        if more {
            self.sys.watching += 1;
            if self.sys.due.is_none() {
                self.set_sys_deadline(now);
            }
        } else {
            self.sys.watching -= 1;
            if self.sys.watching == 0 {
                self.sys.told = [None; COUNT];
                if let Some(due) = self.sys.due.take() {
                    self.deadlines.remove(due, Deadline::Sys);
                }
            }
        }
    }

    /// The interval is over: tells what has changed.
    pub(crate) fn tell_sys(&mut self, now: Time) {
        self.sys.due = None;
        let (counters, gauges) = (self.counters(), self.gauges(now));
        for index in 0..COUNT {
            let entry = entry(index, &counters, &gauges);
            let told = self.sys.told.get_mut(index);
            if told.is_some_and(|told| told.replace(entry.value) != Some(entry.value)) {
                let Some(message) = entry.message() else { continue };
                self.fan_out(message.as_publish(), Some(Arc::clone(&message)), None, now);
            }
        }
        self.set_sys_deadline(now);
    }

    /// Tells a new subscriber the values that its filter matches.
    pub(crate) fn send_sys_values(
        &mut self,
        to: Subscriber,
        filter: &TopicFilter,
        subscription: Subscription,
        now: Time,
    ) {
        if !is_sys(filter.filter()) || self.options.sys_interval.is_zero() {
            return;
        }
        let (counters, gauges) = (self.counters(), self.gauges(now));
        for index in 0..COUNT {
            let entry = entry(index, &counters, &gauges);
            let Some(message) = entry.message().filter(|message| filter.matches(&message.topic)) else { continue };
            match to {
                Subscriber::Client(key) => {
                    let is_guarded = self.required_checks.read;
                    let Some(mut subscriber) = self.delivery_to(key, now) else { return };
                    if is_guarded
                        && !subscriber.options.access.may_read(subscriber.client.identity(), message.topic.as_str())
                    {
                        continue;
                    }
                    let tag = DeliveryTag { arrived: now, group: None };
                    subscriber.deliver_single(subscription.delivery(&message, true, tag));
                }
                Subscriber::Host(handler) => {
                    self.events.post(HostMessage { handler, message, arrived: now, retain: true });
                }
                // Nothing comes on subscribing (§3.8.4).
                Subscriber::Group(_) => return,
            }
            let Sys { told, watching, .. } = &mut self.sys;
            if let Some(told) = told.get_mut(index) {
                // Others may have been told something else.
                *told = Some(entry.value).filter(|value| *watching == 1 || *told == Some(*value));
            }
        }
    }

    fn set_sys_deadline(&mut self, now: Time) {
        let interval = self.options.sys_interval;
        if !interval.is_zero() && self.sys.watching > 0 {
            let due = now + interval.max(Duration::from_secs(1));
            self.sys.due = Some(due);
            self.deadlines.insert(due, Deadline::Sys);
        }
    }
}
