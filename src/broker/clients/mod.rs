//! What the broker keeps for each client identifier: its session state (MQTT 5.0 §4.1), connected or not.

pub(crate) mod approval_queue;
pub(crate) mod retained_cursors;
pub(crate) mod shared_groups;
pub(crate) mod subscription;
pub(crate) mod will;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::auth::access_list::Identity;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::retained_cursors::RetainedCursors;
use crate::broker::clients::subscription::{ClientSubscription, Subscription};
use crate::broker::clients::will::Will;
use crate::broker::delivery_tag::{Delivery, DeliveryTag, Session};
use crate::broker::ids::{ClientKey, CursorId, PeerId};
use crate::collections::change_list::ChangeList;
use crate::collections::named_slab::NamedSlab;
use crate::collections::sorted_list::SortedList;
use crate::session::QueueFull;
use crate::time::Time;
use crate::topic::{TopicFilter, TopicName};

/// One client's state.
#[derive(Debug)]
pub(crate) struct ClientState {
    pub(crate) id: Arc<str>,
    /// The User Name of its last connection.
    pub(crate) username: Option<Arc<str>>,
    pub(crate) session: Session,
    pub(crate) subscriptions: SortedList<ClientSubscription>,
    /// Its connection.
    pub(crate) peer: Option<PeerId>,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever.
    pub(crate) expiry_interval: u32,
    /// When its [`Deadline::Session`](crate::broker::connection::deadlines::Deadline::Session) stands.
    pub(crate) expires_at: Option<Time>,
    pub(crate) will: Option<Will>,
    /// Its deliveries that wait for the host's word, if there are any.
    pub(crate) approvals: Option<Box<ApprovalQueue>>,
    /// The cursors of subscriptions that have still to send retained messages.
    pub(crate) cursors: RetainedCursors,
    /// Deliveries that were ever put into the queue of the session, and behind the screen.
    pub(crate) enqueued: u64,
    pub(crate) approvals_enqueued: u64,
    /// The filters subscribed to, given up, or moved through by a cursor since they were taken last; noted once somebody asks.
    filter_changes: Option<SortedList<Arc<str>>>,
    /// It stands among those that the store is to look at.
    is_touched: bool,
    /// The fan-out that found it last, and where it stands there: tells overlapping subscriptions.
    pub(crate) found: (u64, usize),
}

impl ClientState {
    /// Who it is to the access list.
    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { client_id: &self.id, username: self.username.as_deref() }
    }

    /// The bytes of all its filters.
    pub(crate) fn filter_bytes(&self) -> usize {
        self.subscriptions.iter().map(|held| held.filter.as_str().len()).sum()
    }

    /// Makes a subscription, or replaces it. Its cursor begins anew if retained messages are sent, and else goes on.
    pub(crate) fn subscribe(
        &mut self,
        filter: &TopicFilter,
        mut subscription: Subscription,
        sends_retained: bool,
    ) -> Subscription {
        subscription.cursor = self.subscriptions.find(filter.as_str()).and_then(|held| held.subscription.cursor);
        if sends_retained {
            if let Some(former) = subscription.cursor {
                self.cursors.end(former);
            }
            self.queue_goes_first();
            subscription.cursor = Some(self.cursors.begin(filter.clone()));
        }
        match self.subscriptions.find_mut(filter.as_str()) {
            Some(held) => held.subscription = subscription,
            None => self.subscriptions.insert::<str>(ClientSubscription { filter: filter.clone(), subscription }),
        }
        self.note_subscription(filter);
        subscription
    }

    /// Gives a subscription up, if there is one to this filter.
    pub(crate) fn unsubscribe(&mut self, filter: &str) -> Option<TopicFilter> {
        let ClientSubscription { filter, subscription } = self.subscriptions.remove(filter)?;
        if let Some(cursor) = subscription.cursor {
            self.cursors.end(cursor);
        }
        self.note_subscription(&filter);
        Some(filter)
    }

    /// Gives all of them up.
    pub(crate) fn take_subscriptions(&mut self) -> SortedList<ClientSubscription> {
        self.cursors.clear();
        let taken = core::mem::replace(&mut self.subscriptions, SortedList::new());
        taken.iter().for_each(|held| self.note_subscription(&held.filter));
        taken
    }

    /// Notes every subscription as changed.
    pub(crate) fn note_all_subscriptions(&mut self) {
        let subscriptions = core::mem::replace(&mut self.subscriptions, SortedList::new());
        subscriptions.iter().for_each(|held| self.note_subscription(&held.filter));
        self.subscriptions = subscriptions;
    }

    /// What it has subscribed to has changed with this filter.
    pub(crate) fn note_subscription(&mut self, filter: &TopicFilter) {
        if let Some(changes) = &mut self.filter_changes
            && changes.find(filter.as_str()).is_none()
        {
            changes.insert::<str>(filter.text());
        }
    }

    /// Notes changes of filters from now on.
    pub(crate) fn begin_noting_filters(&mut self) {
        self.filter_changes.get_or_insert(SortedList::new());
        self.cursors.begin_noting();
    }

    /// Returns what has changed of its subscriptions, and notes it no longer as such.
    pub(crate) fn take_subscription_changes(&mut self) -> SubscriptionChanges {
        let filters = self.filter_changes.as_mut().map(|changes| core::mem::replace(changes, SortedList::new()));
        SubscriptionChanges { filters: filters.unwrap_or(SortedList::new()), overtaken: self.cursors.take_changes() }
    }

    /// Puts what was taken out of the queue of the session at its end again, whatever the bounds are: a queue that was
    /// restored may be beyond them.
    pub(crate) fn put_back(&mut self, delivery: Delivery) {
        self.append(delivery);
        self.queue_goes_first();
    }

    /// Puts a delivery at the end of the session's queue, whatever the bounds are.
    pub(crate) fn append(&mut self, delivery: Delivery) {
        self.session.restore_waiting(delivery);
        self.enqueued += 1;
    }

    /// The deliveries that wait in the session's queue now go before the messages of the cursors.
    pub(crate) fn queue_goes_first(&mut self) {
        self.cursors.older = self.enqueued;
    }

    /// True if deliveries that go before the messages of the cursors wait in the session's queue.
    pub(crate) fn has_older_queued(&self) -> bool {
        self.enqueued - (self.session.queued() as u64) < self.cursors.older
    }

    /// Puts a delivery into the queue of the session. Nothing else but [`append`](Self::append) may, and nothing may take one from between others:
    /// what is stored of the queue goes by how many were ever put in.
    pub(crate) fn enqueue(&mut self, delivery: Delivery) -> Result<(), QueueFull<DeliveryTag>> {
        self.session.enqueue(delivery)?;
        self.enqueued += 1;
        Ok(())
    }
}

/// What has changed of a client's subscriptions since the store looked at them last.
#[derive(Debug)]
pub(crate) struct SubscriptionChanges {
    pub(crate) filters: SortedList<Arc<str>>,
    /// Topics that a live message has gone to before a cursor, or that are the cursor's again.
    pub(crate) overtaken: Vec<(CursorId, TopicName)>,
}

/// The clients, found by index, or by their identifier.
#[derive(Debug)]
pub(crate) struct Clients {
    register: NamedSlab<ClientState>,
    /// Whom anybody could have changed since the store looked at them last.
    touched: ChangeList<ClientKey>,
    /// Sessions that are over, with the filters that had changed.
    ended: ChangeList<(ClientKey, SubscriptionChanges)>,
}

impl Clients {
    pub(crate) const fn new() -> Self {
        Self { register: NamedSlab::new(), touched: ChangeList::new(), ended: ChangeList::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.register.len()
    }

    pub(crate) fn find(&self, id: &str) -> Option<ClientKey> {
        self.register.find(id).map(ClientKey)
    }

    /// A client that is not there yet.
    pub(crate) fn insert(&mut self, id: Arc<str>, session: Session) -> ClientKey {
        let client = ClientState {
            id: Arc::clone(&id),
            username: None,
            session,
            subscriptions: SortedList::new(),
            peer: None,
            expiry_interval: 0,
            expires_at: None,
            will: None,
            approvals: None,
            cursors: RetainedCursors::new(),
            enqueued: 0,
            approvals_enqueued: 0,
            filter_changes: None,
            is_touched: false,
            found: (0, 0),
        };
        ClientKey(self.register.insert(id, client))
    }

    pub(crate) fn get(&self, key: ClientKey) -> Option<&ClientState> {
        self.register.get(key.0)
    }

    /// The only way to change a client, so that the store hears of it.
    pub(crate) fn get_mut(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        let client = self.register.get_mut(key.0)?;
        if self.touched.is_noting() && !core::mem::replace(&mut client.is_touched, true) {
            self.touched.note(|| key);
        }
        Some(client)
    }

    pub(crate) fn remove(&mut self, key: ClientKey) -> Option<ClientState> {
        let id = Arc::clone(&self.get(key)?.id);
        let mut client = self.register.remove(&id)?;
        self.ended.note(|| (key, client.take_subscription_changes()));
        Some(client)
    }

    /// In the order of their identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ClientState> {
        self.register.iter()
    }

    /// From now on there is a store.
    pub(crate) fn begin_noting(&mut self) {
        self.touched.begin();
        self.ended.begin();
    }

    pub(crate) const fn has_changed(&self) -> bool {
        !self.touched.is_empty() || !self.ended.is_empty()
    }

    pub(crate) fn take_touched(&mut self) -> Vec<ClientKey> {
        self.touched.take()
    }

    pub(crate) fn take_ended(&mut self) -> Vec<(ClientKey, SubscriptionChanges)> {
        self.ended.take()
    }

    /// One that was touched, for the store, which looks at it and changes nothing.
    pub(crate) fn get_for_store(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        let client = self.register.get_mut(key.0)?;
        client.is_touched = false;
        Some(client)
    }
}
