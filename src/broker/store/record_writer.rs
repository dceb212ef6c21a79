//! Writer of a batch's records, with the messages and groups that they refer to.

use alloc::sync::Arc;

use crate::broker::clients::shared_groups::Groups;
use crate::broker::delivery_tag::Delivery;
use crate::broker::digest::Digest;
use crate::broker::store::messages::{MessageKey, Messages};
use crate::store::Batch;
use crate::topic::TopicName;

/// Writer of a batch's records.
#[derive(Debug)]
pub(crate) struct RecordWriter<'a> {
    pub(crate) batch: &'a mut Batch,
    pub(crate) messages: &'a mut Messages,
    pub(crate) groups: &'a Groups,
    /// The topic that was written last, and its digest if it is long.
    pub(crate) last_topic: &'a mut Option<(TopicName, Option<Digest>)>,
}

impl<'a> RecordWriter<'a> {
    /// Adds a reference to the message of a delivery.
    pub(crate) fn add_reference(&mut self, delivery: &Delivery) -> Option<MessageKey> {
        self.messages.add_reference(&delivery.message, delivery.tag.arrived, self.batch)
    }

    /// Returns the shared subscription of a delivery, as records have it.
    pub(crate) fn group(&self, delivery: &Delivery) -> Option<&'a str> {
        self.groups.written(delivery.tag.group?)
    }

    /// Calls `write` with the topic as records have it, and returns what that returns.
    ///
    /// A message is delivered to many sessions, so the last digest is kept.
    pub(crate) fn with_topic<T>(&mut self, topic: &TopicName, write: impl FnOnce(&str, &mut Batch) -> T) -> T {
        if !self.last_topic.as_ref().is_some_and(|(last, _)| Arc::ptr_eq(last.text(), topic.text())) {
            *self.last_topic = Some((topic.clone(), Digest::of(topic.as_str())));
        }
        let digest = self.last_topic.as_ref().and_then(|(_, digest)| *digest);
        write(digest.as_ref().map_or(topic.as_str(), Digest::as_str), self.batch)
    }
}
