//! Subscriptions of a client, with their options.

use alloc::sync::Arc;
use core::borrow::Borrow;

use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::CursorId;
use crate::codec::{Message, QoS, RetainHandling, SubscriptionOptions};
use crate::topic::TopicFilter;

/// A subscription that a client holds.
#[derive(Debug)]
pub(crate) struct ClientSubscription {
    pub(crate) filter: TopicFilter,
    pub(crate) subscription: Subscription,
}

/// What a subscription asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// The highest quality of service granted.
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    /// 0: none (§3.8.2.1.2).
    pub(crate) identifier: u32,
    /// The cursor of its retained messages, which may have come to its end.
    pub(crate) cursor: Option<CursorId>,
}

impl Subscription {
    pub(crate) fn new(options: SubscriptionOptions, maximum_qos: QoS, identifier: u32) -> Self {
        Self {
            qos: options.qos.min(maximum_qos),
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier,
            cursor: None,
        }
    }

    /// A message for this one alone.
    pub(crate) fn delivery(self, message: &Arc<Message>, retain: bool, tag: DeliveryTag) -> Delivery {
        let identifiers = core::slice::from_ref(&self.identifier);
        Delivery {
            message: Arc::clone(message),
            qos: message.qos.min(self.qos),
            retain,
            subscription_identifiers: identifiers.get(usize::from(self.identifier == 0)..).unwrap_or_default().into(),
            tag,
        }
    }
}

impl Borrow<str> for ClientSubscription {
    fn borrow(&self) -> &str {
        self.filter.as_str()
    }
}

/// True if a subscription with this Retain Handling is sent retained messages.
pub(crate) const fn sends_retained(handling: RetainHandling, is_new: bool) -> bool {
    match handling {
        RetainHandling::Send => true,
        RetainHandling::SendIfNew => is_new,
        RetainHandling::DoNotSend => false,
    }
}
