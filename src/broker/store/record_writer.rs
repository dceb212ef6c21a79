//! Writer of a batch's records, with the messages and groups that they refer to.

use crate::broker::clients::shared_groups::Groups;
use crate::broker::delivery_tag::Delivery;
use crate::broker::store::messages::{MessageKey, Messages};
use crate::store::Batch;

/// Writer of a batch's records.
#[derive(Debug)]
pub(crate) struct RecordWriter<'a> {
    pub(crate) batch: &'a mut Batch,
    pub(crate) messages: &'a mut Messages,
    pub(crate) groups: &'a Groups,
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
}
