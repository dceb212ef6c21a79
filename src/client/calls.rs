//! Requests of the client's caller, and the queue as the caller sees it.

use super::requests::Kind;
use super::{CallError, Client, RequestId};
use crate::codec::{Message, Properties, PropertiesBuf, SubscriptionOptions};
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

impl Client {
    /// Sends SUBSCRIBE, or lets it wait for a connection. It goes in several packets if one would
    /// have too many filters for the options, or too many bytes for the broker. Ends in one
    /// [`Completion::Subscribed`](super::Completion::Subscribed).
    ///
    /// An accepted subscription is made again when its session is lost.
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent.
    pub fn subscribe(
        &mut self,
        subscriptions: &[(TopicFilter, SubscriptionOptions)],
        properties: &PropertiesBuf,
        now: Time,
    ) -> Result<RequestId, CallError> {
        self.core.now = now;
        self.core.request(Kind::Subscribe, subscriptions.to_vec(), properties)
    }

    /// Sends UNSUBSCRIBE, as [`subscribe`](Self::subscribe). Ends in one
    /// [`Completion::Unsubscribed`](super::Completion::Unsubscribed).
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent.
    pub fn unsubscribe(
        &mut self,
        filters: &[TopicFilter],
        properties: &PropertiesBuf,
        now: Time,
    ) -> Result<RequestId, CallError> {
        self.core.now = now;
        let filters = filters.iter().map(|filter| (filter.clone(), SubscriptionOptions::default())).collect();
        self.core.request(Kind::Unsubscribe, filters, properties)
    }

    /// Publishes as the message says; ends in
    /// [`Completion::Published`](super::Completion::Published). Without a connection it waits for
    /// one, as far as [`Keep`](super::Keep) lets it. QoS 0 is done when it is sent.
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent or kept.
    pub fn publish(&mut self, message: Message, now: Time) -> Result<RequestId, CallError> {
        self.core.now = now;
        self.core.publish(message)
    }

    /// Publishes at QoS 0 without a copy of the message and without an end to wait for.
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent.
    pub fn publish_at_most_once(
        &mut self,
        topic: &TopicName,
        payload: &[u8],
        retain: bool,
        properties: Properties<'_>,
        now: Time,
    ) -> Result<(), CallError> {
        self.core.now = now;
        self.core.publish_at_most_once(topic.as_str(), payload, retain, properties)
    }

    /// Takes a request out of the queue: it ends in
    /// [`RequestError::Withdrawn`](super::RequestError::Withdrawn). Nothing happens if it was sent.
    pub fn withdraw(&mut self, request: RequestId, now: Time) {
        self.core.now = now;
        self.core.withdraw(request);
    }

    /// Returns the number of requests that wait to be sent, of every kind.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.core.queued()
    }

    /// Returns the bytes of their topics, filters, payloads and properties.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.core.queued_bytes()
    }

    /// Returns the number of messages that were sent and are not acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.core.session.in_flight()
    }
}
