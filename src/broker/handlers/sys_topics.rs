//! Publication of the `$SYS` topics: statistics of the broker below `$SYS/broker/` (MQTT 5.0
//! §4.7.2).
//!
//! A new subscriber gets all values at once, then only changes, at an interval. The values are not
//! stored. A deadline is set only while a connected client or the host subscribes to them. They
//! have QoS 0, so that no queue fills with outdated values. Clients cannot publish them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::clients::subscription::{Subscription, is_sys};
use crate::broker::connection::deadlines::Deadline;
use crate::broker::delivery::fan_out::Subscriber;
use crate::broker::delivery::publication::{Origin, Publication};
use crate::broker::delivery_tag::DeliveryTag;
use crate::broker::host_message::HostMessage;
use crate::broker::ids::ClientKey;
use crate::broker::monitor::counters::{Counters, Gauges};
use crate::broker::monitor::sys_values::{COUNT, Sys, entry};
use crate::broker::tasks::Task;
use crate::time::Time;
use crate::topic::TopicFilter;

/// Cost of a value that is compared with a filter, in steps.
const SYS_VALUE_STEPS: usize = 8;

impl Broker {
    pub(crate) fn watches_sys(&self, key: ClientKey) -> bool {
        self.clients.get(key).is_some_and(|client| client.sys_filters > 0)
    }

    /// Counts one more subscriber of `$SYS`, or one less: a connected client, or a subscription of
    /// the host.
    pub(crate) fn watch_sys(&mut self, more: bool, now: Time) {
        if more {
            self.sys.watching += 1;
            if self.sys.due.is_none() {
                self.set_sys_deadline(now);
            }
        } else {
            self.sys.watching -= 1;
            if self.sys.watching == 0 {
                self.sys.last_sent = [None; COUNT];
                if let Some(due) = self.sys.due.take() {
                    self.deadlines.remove(due, Deadline::Sys);
                }
            }
        }
    }

    /// Publishes the changed values at the end of an interval.
    pub(crate) fn publish_sys(&mut self, now: Time) {
        self.sys.due = None;
        self.settle_changed();
        let values = Box::new((self.counters(), self.gauges(now)));
        self.begin_task(Task::Sys(0, values), now);
        self.set_sys_deadline(now);
    }

    /// Publishes a changed value, and those behind it as a task.
    pub(crate) fn continue_sys(&mut self, from: usize, values: Box<(Counters, Gauges)>, now: Time) {
        let (counters, gauges) = &*values;
        for index in from..COUNT {
            let entry = entry(index, counters, gauges);
            let last_sent = self.sys.last_sent.get_mut(index);
            if last_sent.is_some_and(|last_sent| last_sent.replace(entry.value) != Some(entry.value)) {
                let Some(message) = entry.message() else { continue };
                self.tasks.push_first(Task::Sys(index + 1, values));
                let origin = Origin { is_published: false, ..Origin::new(None, now) };
                let publish = message.as_publish();
                self.fan_out(&mut Publication { publish: &publish, message: Some(Arc::clone(&message)), origin }, now);
                return;
            }
        }
    }

    /// Sends a client the values for new subscriptions, and those that are left as a task.
    pub(crate) fn continue_new_sys_filters(
        &mut self,
        key: ClientKey,
        mut filters: Vec<(TopicFilter, Subscription)>,
        values: Box<(Counters, Gauges)>,
        now: Time,
    ) {
        while let Some((filter, subscription)) = filters.pop() {
            self.outbox.note_work(COUNT * SYS_VALUE_STEPS, 0);
            self.send_sys_values(Subscriber::Client(key), &filter, subscription, &values, now);
            if self.outbox.is_spent() {
                return self.tasks.push_first(Task::NewSysFilters(key, filters, values));
            }
        }
    }

    /// Sends a new subscriber all values that its filter matches.
    pub(crate) fn send_sys_values(
        &mut self,
        to: Subscriber,
        filter: &TopicFilter,
        subscription: Subscription,
        (counters, gauges): &(Counters, Gauges),
        now: Time,
    ) {
        if !is_sys(filter.filter()) || self.options.sys_interval.is_zero() {
            return;
        }
        for index in 0..COUNT {
            let entry = entry(index, counters, gauges);
            let Some(message) = entry.message().filter(|message| filter.matches(&message.topic)) else { continue };
            match to {
                Subscriber::Client(key) => {
                    let mut deliveries = self.deliveries(now);
                    let Some(mut subscriber) = deliveries.to(key) else { return };
                    if !subscriber.may_read(message.topic.as_str()) {
                        continue;
                    }
                    let tag = DeliveryTag { arrived: now, group: None };
                    subscriber.deliver_single(subscription.delivery(&message, true, tag));
                }
                Subscriber::Host(handler) => {
                    self.events.post(HostMessage { handler, message, arrived: now, retain: true });
                }
                // A shared subscription gets no retained messages (§3.8.4).
                Subscriber::Group(_) => return,
            }
            let Sys { last_sent, watching, .. } = &mut self.sys;
            if let Some(last_sent) = last_sent.get_mut(index) {
                // Other subscribers may have an older value.
                *last_sent = Some(entry.value).filter(|value| *watching == 1 || *last_sent == Some(*value));
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
