//! The host's own subscriptions: of the router like any other, with a handler of the host's in the place of a client.
//!
//! There is no peer, no session and no quality of service to agree on: a message is the host's as it was published, and as
//! soon as it is.

use alloc::sync::Arc;
use alloc::vec::Vec;

use thiserror::Error;

use crate::broker::Broker;
use crate::broker::clients::Subscription;
use crate::broker::connection::topic_aliases::Naming;
use crate::broker::delivery::encoded_publish::{Copy, Terms, remaining_expiry};
use crate::broker::event::DropCause;
use crate::broker::handlers::distribute::Subscriber;
use crate::broker::handlers::subscribe::replays;
use crate::broker::handlers::sys_topics::is_sys;
use crate::codec::{Message, PacketId, QoS, SubscriptionOptions, Version};
use crate::time::Time;
use crate::topic::TopicFilter;

/// One of the host's subscriptions, by a number of the host's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandlerId(pub u32);

/// A message for one of the host's handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMessage {
    /// Whose filter matches.
    pub handler: HandlerId,
    /// The message as it was published, shared with whoever else has it.
    pub message: Arc<Message>,
    /// When it was published.
    pub arrived: Time,
    /// The message was retained when the handler subscribed; or it was published with the RETAIN flag, and the handler asked
    /// for Retain As Published.
    pub retain: bool,
}

impl HostMessage {
    /// What is left of its message expiry interval, in seconds, if it has one [MQTT-3.3.2-6].
    #[must_use]
    pub fn expiry_interval(&self, now: Time) -> Option<u32> {
        let waited_seconds = now.saturating_since(self.arrived).as_secs();
        remaining_expiry(&self.message.as_publish(), waited_seconds).unwrap_or(Some(0))
    }

    /// Appends it as a PUBLISH of MQTT 5.0 and QoS 0, whatever its own is, with what is left of its message expiry interval.
    ///
    /// # Errors
    /// The cause for which it would be lost on the way to a client: it has expired, or cannot be encoded.
    pub fn encode(&self, now: Time, out: &mut Vec<u8>) -> Result<(), DropCause> {
        let terms = Terms { qos: QoS::AtMostOnce, retain: self.retain, identifiers: &[], group: None };
        let waited = (self.arrived, now);
        let copy = Copy { terms, naming: Naming::Topic, packet_id: PacketId::FIRST, dup: false, waited };
        copy.encode(&self.message.as_publish(), Version::V5, out).map(drop)
    }
}

/// Why the host could not subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostSubscribeError {
    /// The filter is that of a shared subscription, whose messages go to one client or another.
    #[error("shared subscriptions are for clients alone")]
    Shared,
}

impl Broker {
    /// Subscribes a handler of the host's: messages that match the filter come as
    /// [`Output::Message`](crate::broker::Output::Message), the retained ones first. A second subscription of the handler to the same
    /// filter replaces the first: a number of its own for each subscription keeps them apart.
    ///
    /// Of the options the quality of service is not looked at: a message has the one that it was published with. No Local
    /// keeps away what [`publish`](Self::publish) publishes. What holds for clients does not hold for the host: neither
    /// the access list nor a limit. The broker's store keeps nothing of it.
    ///
    /// # Errors
    /// [`HostSubscribeError`] if the filter is that of a shared subscription.
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
        let subscription = Subscription::new(options, QoS::ExactlyOnce, 0);
        let is_new = self.subscriptions.insert(filter, Subscriber::Host(handler), subscription).is_none();
        if is_new && is_sys(filter.filter()) {
            self.watch_sys(true, now);
        }
        if replays(options.retain_handling, is_new) {
            self.replay_to_host(filter, handler, options.no_local, now);
            self.replay_sys(Subscriber::Host(handler), filter, subscription, now);
        }
        Ok(())
    }

    /// Ends a subscription of the host's; says whether there was one. What [`poll_output`](Self::poll_output) has not given
    /// yet may still name its handler.
    pub fn unsubscribe(&mut self, filter: &TopicFilter, handler: HandlerId, now: Time) -> bool {
        self.now = now;
        let was_there = self.subscriptions.remove(filter, &Subscriber::Host(handler)).is_some();
        if was_there && is_sys(filter.filter()) {
            self.watch_sys(false, now);
        }
        was_there
    }

    /// Hands over the retained messages that the filter matches (§3.3.1.3).
    fn replay_to_host(&mut self, filter: &TopicFilter, handler: HandlerId, no_local: bool, now: Time) {
        let Self { retained, log, .. } = self;
        retained.each(filter, None, &mut |kept| {
            // [MQTT-3.8.3-3]
            let is_own = no_local && kept.publisher.is_none();
            if filter.matches(kept.topic()) && !kept.is_over(now) && !is_own {
                let message = Arc::clone(&kept.message);
                log.post(HostMessage { handler, message, arrived: kept.arrived, retain: true });
            }
            true
        });
    }
}
