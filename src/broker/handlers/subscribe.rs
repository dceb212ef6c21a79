//! SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0 §3.8, §3.10).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::Fault;
use crate::broker::clients::subscription::is_sys;
use crate::broker::clients::subscription::{Subscription, sends_retained};
use crate::broker::connection::peer_input::{Blocked, Progress};
use crate::broker::delivery::fan_out::Subscriber;
use crate::broker::event::Event;
use crate::broker::handlers::packet::{Handled, Sender};
use crate::broker::ids::{ClientKey, GroupKey};
use crate::broker::memory_budget::{MEMORY_USED_UP, subscription_bytes};
use crate::broker::tasks::Task;
use crate::codec::{self, Packet, Properties, QoS, ReasonCode, Suback, Subscribe, Unsuback, Unsubscribe, Version};
use crate::time::Time;
use crate::topic::{TopicFilter, has, has_more_levels, is_wildcard};

/// Limit of the bytes of all topic filters of a client. A single one may be as long as a string.
const FILTER_BYTES_MAX: usize = 1 << 20;

/// Cost of adding or removing one filter, in router node visits.
const FILTER_STEPS: usize = 40;

/// Cost of a retained message that has expired, in the same steps.
const EXPIRED_STEPS: usize = 10;

/// Cost of a filter without a subscription, in the same steps.
const UNKNOWN_FILTER_STEPS: usize = 4;

/// Filters that are decoded in one step, again in each turn.
const FILTERS_IN_STEP: usize = 4;

const TOO_MANY_LEVELS: &str = "topic filter has more levels than the broker allows";

/// A granted subscription.
struct Granted {
    filter: TopicFilter,
    subscription: Subscription,
    /// True if retained messages are to be sent.
    sends_retained: bool,
}

/// A refused subscription, with its reason string.
struct Refused {
    reason: ReasonCode,
    reason_string: &'static str,
}

impl Refused {
    const fn new(reason: ReasonCode, reason_string: &'static str) -> Self {
        Self { reason, reason_string }
    }
}

impl Broker {
    pub(crate) fn on_subscribe(
        &mut self,
        sender: Sender,
        subscribe: &Subscribe<'_>,
        now: Time,
    ) -> Result<Handled, Fault> {
        self.outbox.note_work(subscribe.subscriptions.len() / FILTERS_IN_STEP, 0);
        let mut progress = self.take_progress(sender.peer);
        if progress.verdicts.is_none() {
            self.check_subscribe(sender, subscribe)?;
            let verdicts = if self.required_checks.subscribe {
                let Some(verdicts) = self.may_subscribe(sender, subscribe, progress.checked, now) else {
                    return Ok(Handled::Waits);
                };
                verdicts
            } else {
                Vec::new()
            };
            progress = Progress { verdicts: Some(verdicts), ..Progress::default() };
        }
        if !self.grant_all(sender, subscribe, &mut progress) {
            self.put_progress(sender.peer, progress);
            self.defer(sender.peer, Blocked::Budget);
            return Ok(Handled::Waits);
        }
        let Progress { reasons, reason_string, sends_retained, sys_filters, .. } = progress;
        let suback = Suback { packet_id: subscribe.packet_id, properties: Properties::EMPTY, reasons };
        self.send_with_reason_string(sender, Packet::Suback(suback), reason_string)?;
        if !sends_retained {
            return Ok(Handled::Done);
        }
        // Those that are left are not sent either.
        while !self.outbox.is_spent() && self.retained.remove_expired(now) {
            self.outbox.note_work(EXPIRED_STEPS, 0);
        }
        if !sys_filters.is_empty() {
            self.settle_changed();
            let values = Box::new((self.counters(), self.gauges(now)));
            self.begin_task(Task::NewSysFilters(sender.client, sys_filters, values), now);
        }
        if let Some(mut subscriber) = self.deliveries(now).to(sender.client) {
            subscriber.flush();
        }
        Ok(Handled::Done)
    }

    /// Makes the subscriptions of a SUBSCRIBE that are not refused, from where it has come to.
    /// False if the rest goes on in the next turn.
    fn grant_all(&mut self, sender: Sender, subscribe: &Subscribe<'_>, progress: &mut Progress) -> bool {
        let identifier = subscribe.properties.subscription_identifiers().next().unwrap_or(0);
        let is_3_1 = self.is_3_1(sender.peer);
        let sends_sys = !self.options.sys_interval.is_zero();
        while let Some(asked) = subscribe.subscriptions.get(progress.reasons.len()) {
            if self.outbox.is_spent() {
                return false;
            }
            let index = progress.reasons.len();
            let verdict = progress.verdicts.as_ref().and_then(|verdicts| verdicts.get(index));
            let granted = self.grant_next(sender.client, (index, asked), verdict, identifier);
            let reason = match granted {
                Ok(Granted { filter, subscription, sends_retained }) => {
                    progress.sends_retained |= sends_retained;
                    if sends_retained && sends_sys && is_sys(filter.filter()) {
                        progress.sys_filters.push((filter, subscription));
                    }
                    granted_reason(subscription.qos)
                }
                Err(refused) => {
                    if progress.reason_string.is_empty() {
                        progress.reason_string = refused.reason_string;
                    }
                    refused.reason
                }
            };
            self.log_subscription(sender.client, asked.filter, reason, true);
            progress.reasons.push(if reason.is_error() && is_3_1 { ReasonCode::Success } else { reason });
        }
        true
    }

    /// Makes one subscription of a SUBSCRIBE, unless it is refused.
    fn grant_next(
        &mut self,
        client: ClientKey,
        (index, asked): (usize, &codec::Subscription<'_>),
        verdict: Option<&Verdict>,
        identifier: u32,
    ) -> Result<Granted, Refused> {
        self.outbox.note_work(UNKNOWN_FILTER_STEPS, 0);
        // A long SUBSCRIBE that repeats its filters is bounded too.
        if index >= self.options.subscriptions_max {
            let text = "more filters in one SUBSCRIBE than the subscription limit";
            return Err(Refused::new(ReasonCode::QuotaExceeded, text));
        }
        if let Some(Verdict::Refused(reason)) = verdict {
            return Err(Refused::new(*reason, "not authorized for this filter"));
        }
        self.outbox.note_work(FILTER_STEPS, asked.filter.len());
        self.grant(client, asked, identifier)
    }

    pub(crate) fn on_unsubscribe(
        &mut self,
        sender: Sender,
        unsubscribe: &Unsubscribe<'_>,
        now: Time,
    ) -> Result<Handled, Fault> {
        self.outbox.note_work(unsubscribe.filters.len() / FILTERS_IN_STEP, 0);
        let Progress { mut reasons, .. } = self.take_progress(sender.peer);
        while let Some(text) = unsubscribe.filters.get(reasons.len()) {
            if self.outbox.is_spent() || !self.tasks.is_empty() {
                self.put_progress(sender.peer, Progress { reasons, ..Progress::default() });
                self.defer(sender.peer, Blocked::Budget);
                return Ok(Handled::Waits);
            }
            let reason = self.end_subscription(sender, text, now);
            self.log_subscription(sender.client, text, reason, false);
            reasons.push(reason);
        }
        let is_invalid = reasons.contains(&ReasonCode::TopicFilterInvalid);
        let reason_string = if is_invalid { TOO_MANY_LEVELS } else { "" };
        let unsuback = Unsuback { packet_id: unsubscribe.packet_id, properties: Properties::EMPTY, reasons };
        self.send_with_reason_string(sender, Packet::Unsuback(unsuback), reason_string)?;
        Ok(Handled::Done)
    }

    /// Ends a subscription of a client, if there is one. Returns the reason code of UNSUBACK.
    fn end_subscription(&mut self, sender: Sender, text: &str, now: Time) -> ReasonCode {
        self.outbox.note_work(UNKNOWN_FILTER_STEPS, text.len());
        let client = self.clients.get_mut(sender.client);
        let Some(filter) = client.and_then(|client| client.unsubscribe(text)) else {
            return match TopicFilter::parse(text) {
                Ok(filter) if has_more_levels(filter.filter(), self.options.topic_levels_max) => {
                    ReasonCode::TopicFilterInvalid
                }
                // 3.1.1 has no reason codes here.
                Ok(_) | Err(_) => ReasonCode::NoSubscriptionExisted,
            };
        };
        self.outbox.note_work(FILTER_STEPS, 0);
        if let Some(group) = self.remove_subscription(sender.client, &filter) {
            self.leave_group(sender.client, group, now);
        }
        if is_sys(filter.filter()) && !self.watches_sys(sender.client) {
            self.watch_sys(false, now);
        }
        ReasonCode::Success
    }

    /// Adds a client's subscription to the router, or changes it there if it is not new.
    pub(crate) fn add_subscription(
        &mut self,
        client: ClientKey,
        filter: &TopicFilter,
        subscription: Subscription,
        is_new: bool,
    ) {
        let subscriber = if filter.share_name().is_none() {
            Some(Subscriber::Client(client))
        } else {
            let is_connected = self.clients.get(client).is_some_and(|client| client.peer.is_some());
            let budget = &mut self.outbox.budget;
            let group = self.groups.join(filter, (client, is_connected), (subscription, is_new), budget);
            group.map(Subscriber::Group)
        };
        if let Some(subscriber) = subscriber {
            self.subscriptions.insert(filter, subscriber, subscription);
        }
    }

    /// Removes a client's former subscription from the router. Returns the group that the client
    /// has left.
    pub(crate) fn remove_subscription(&mut self, client: ClientKey, filter: &TopicFilter) -> Option<GroupKey> {
        if filter.share_name().is_none() {
            self.subscriptions.remove(filter, &Subscriber::Client(client));
            return None;
        }
        let is_connected = self.clients.get(client).is_some_and(|client| client.peer.is_some());
        let (group, is_gone) = self.groups.leave(filter, (client, is_connected), &mut self.outbox.budget)?;
        if is_gone {
            self.subscriptions.remove(filter, &Subscriber::Group(group));
        }
        Some(group)
    }

    /// Checks a SUBSCRIBE against the properties of CONNACK, which only 5.0 has.
    fn check_subscribe(&self, sender: Sender, subscribe: &Subscribe<'_>) -> Result<(), Fault> {
        if sender.version == Version::V3_1_1 {
            return Ok(());
        }
        if !self.options.subscription_identifiers_available
            && subscribe.properties.subscription_identifiers().next().is_some()
        {
            let problem = "subscription identifiers are not available";
            return Err(Fault::new(ReasonCode::SubscriptionIdentifiersNotSupported, "§3.2.2.3.12", problem));
        }
        subscribe.subscriptions.iter().find_map(|asked| self.unavailable(asked.filter)).map_or(Ok(()), Err)
    }

    /// Returns the fault of a filter that needs an unavailable feature.
    fn unavailable(&self, filter: &str) -> Option<Fault> {
        if !self.options.wildcard_subscription_available && has(filter, is_wildcard) {
            let problem = "wildcard subscriptions are not available";
            return Some(Fault::new(ReasonCode::WildcardSubscriptionsNotSupported, "§3.2.2.3.11", problem));
        }
        if !self.options.shared_subscription_available && filter.starts_with("$share/") {
            let problem = "shared subscriptions are not available";
            return Some(Fault::new(ReasonCode::SharedSubscriptionsNotSupported, "§3.2.2.3.13", problem));
        }
        None
    }

    /// Makes or replaces one subscription [MQTT-3.8.4-3].
    fn grant(&mut self, key: ClientKey, asked: &codec::Subscription<'_>, identifier: u32) -> Result<Granted, Refused> {
        // An ill-formed filter ends the connection when it is decoded. One that fails here is well
        // formed in 3.1.1, which has no shared subscriptions.
        let filter = TopicFilter::parse(asked.filter).map_err(|_| Refused::new(ReasonCode::TopicFilterInvalid, ""))?;
        if has_more_levels(filter.filter(), self.options.topic_levels_max) {
            return Err(Refused::new(ReasonCode::TopicFilterInvalid, TOO_MANY_LEVELS));
        }
        if let Some(fault) = self.unavailable(asked.filter) {
            return Err(Refused::new(fault.reason, fault.problem)); // 3.1.1 has no other answer for it.
        }
        let client = self.clients.get_mut(key).ok_or_else(|| Refused::new(ReasonCode::UnspecifiedError, ""))?;
        let begins_sys = is_sys(filter.filter()) && client.sys_filters == 0;
        let is_new = client.subscriptions.find(filter.as_str()).is_none();
        if is_new && client.subscriptions.len() >= self.options.subscriptions_max {
            return Err(Refused::new(ReasonCode::QuotaExceeded, "subscription limit reached"));
        }
        if is_new && !self.memory.has_room_for(key, client.peer, subscription_bytes(&filter)) {
            return Err(Refused::new(ReasonCode::QuotaExceeded, MEMORY_USED_UP));
        }
        if is_new && client.filter_bytes() + filter.as_str().len() > FILTER_BYTES_MAX {
            return Err(Refused::new(ReasonCode::QuotaExceeded, "limit of topic filter bytes reached"));
        }
        // [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]; a shared subscription gets none
        // (§3.8.4).
        let sends_retained = filter.share_name().is_none() && sends_retained(asked.options.retain_handling, is_new);
        let subscription = Subscription::new(asked.options, self.options.maximum_qos, identifier);
        let subscription = client.subscribe(&filter, subscription, sends_retained);
        self.add_subscription(key, &filter, subscription, is_new);
        if begins_sys {
            self.watch_sys(true, self.now);
        }
        Ok(Granted { filter, subscription, sends_retained })
    }

    pub(crate) fn log_subscription(&mut self, key: ClientKey, filter: &str, reason: ReasonCode, subscribe: bool) {
        let clients = &self.clients;
        let Some(client) = clients.get(key) else { return };
        self.events.event(|| {
            let (client_id, filter) = (Arc::clone(&client.id), filter.into());
            if subscribe {
                Event::Subscribed { client_id, filter, reason }
            } else {
                Event::Unsubscribed { client_id, filter, reason }
            }
        });
    }
}

const fn granted_reason(qos: QoS) -> ReasonCode {
    match qos {
        QoS::AtMostOnce => ReasonCode::Success,
        QoS::AtLeastOnce => ReasonCode::GrantedQoS1,
        QoS::ExactlyOnce => ReasonCode::GrantedQoS2,
    }
}
