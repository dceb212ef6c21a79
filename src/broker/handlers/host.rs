//! The host's own subscriptions, with a handler of the host in place of a client.
//!
//! They need no peer, no session and no agreed quality of service. The host gets each message as it
//! was published, at once.

use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::clients::subscription::is_sys;
use crate::broker::clients::subscription::{Subscription, sends_retained};
use crate::broker::delivery::fan_out::Subscriber;
use crate::broker::host_message::{HostMessage, HostSubscribeError};
use crate::broker::ids::HandlerId;
use crate::codec::{QoS, SubscriptionOptions};
use crate::time::Time;
use crate::topic::TopicFilter;

impl Broker {
    /// Subscribes a handler of the host. Matching messages come as
    /// [`Output::Message`](crate::broker::Output::Message), the retained ones first. A second
    /// subscription of the handler to the same filter replaces the first. To keep both, give each a
    /// handler number of its own.
    ///
    /// The quality of service in the options has no effect: a message keeps its own. No Local
    /// excludes the messages of [`publish`](Self::publish). The access list and the limits of
    /// clients do not apply to the host. The store does not keep its subscriptions.
    ///
    /// # Errors
    /// [`HostSubscribeError`] if the filter is a shared subscription.
    pub fn subscribe(
        &mut self,
        filter: &TopicFilter,
        handler: HandlerId,
        options: SubscriptionOptions,
        now: Time,
    ) -> Result<(), HostSubscribeError> {
        self.now = now;
        if filter.share_name().is_some() {
            return Err(HostSubscribeError::Shared);
        }
        self.finish_tasks(now);
        let subscription = Subscription::new(options, QoS::ExactlyOnce, 0);
        let is_new = self.subscriptions.insert(filter, Subscriber::Host(handler), subscription).is_none();
        if is_new && is_sys(filter.filter()) {
            self.watch_sys(true, now);
        }
        if sends_retained(options.retain_handling, is_new) {
            self.send_retained_to_host(filter, handler, options.no_local, now);
            let values = (self.counters(), self.gauges(now));
            self.send_sys_values(Subscriber::Host(handler), filter, subscription, &values, now);
        }
        Ok(())
    }

    /// Ends a subscription of the host. True if there was one. Messages that are already queued may
    /// still come for its handler.
    pub fn unsubscribe(&mut self, filter: &TopicFilter, handler: HandlerId, now: Time) -> bool {
        self.now = now;
        self.finish_tasks(now);
        let was_there = self.subscriptions.remove(filter, &Subscriber::Host(handler)).is_some();
        if was_there && is_sys(filter.filter()) {
            self.watch_sys(false, now);
        }
        was_there
    }

    /// Queues the matching retained messages for the host (§3.3.1.3).
    fn send_retained_to_host(&mut self, filter: &TopicFilter, handler: HandlerId, no_local: bool, now: Time) {
        let Self { retained, events, .. } = self;
        retained.each(filter, None, &mut |entry| {
            // [MQTT-3.8.3-3]
            let is_own = no_local && entry.publisher.is_none();
            if filter.matches(entry.topic()) && !entry.has_expired(now) && !is_own {
                let message = Arc::clone(&entry.message);
                events.post(HostMessage { handler, message, arrived: entry.arrived, retain: true });
            }
            true
        });
    }
}
