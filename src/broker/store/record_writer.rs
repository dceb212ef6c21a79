//! The writer of a batch's records.

use crate::broker::clients::shared_groups::Groups;
use crate::broker::delivery_tag::Delivery;
use crate::broker::store::batch::Batch;
use crate::broker::store::messages::{MessageKey, Messages};

/// What a batch is made with.
#[derive(Debug)]
pub(crate) struct RecordWriter<'a> {
    pub(crate) batch: &'a mut Batch,
    pub(crate) messages: &'a mut Messages,
    pub(crate) groups: &'a Groups,
}

impl<'a> RecordWriter<'a> {
    /// The message of a delivery, held once more.
    pub(crate) fn hold(&mut self, delivery: &Delivery) -> Option<MessageKey> {
        self.messages.hold(&delivery.message, delivery.tag.arrived, self.batch)
    }

    /// The shared subscription that a delivery goes out for.
    pub(crate) fn group(&self, delivery: &Delivery) -> Option<&'a str> {
        self.groups.filter(delivery.tag.group?)
    }
}
