//! Subscriptions of a client, with their options.

use alloc::sync::Arc;
use core::borrow::Borrow;

use crate::broker::delivery_tag::{Delivery, DeliveryTag};
use crate::broker::ids::CursorId;
use crate::codec::{Message, QoS, RetainHandling, SubscriptionOptions};
use crate::topic::TopicFilter;

/// A client's subscription with its topic filter.
#[derive(Debug)]
pub(crate) struct ClientSubscription {
    pub(crate) filter: TopicFilter,
    pub(crate) subscription: Subscription,
}

/// Options of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// The granted quality of service.
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    /// The subscription identifier; 0 for none (§3.8.2.1.2).
    pub(crate) identifier: u32,
    /// The cursor of its retained messages, which may have ended.
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

    /// Makes a delivery for this subscription alone.
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

/// True if the topic or topic filter is `$SYS` or below it.
pub(crate) fn is_sys(topic: &str) -> bool {
    topic.strip_prefix("$SYS").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
