//! What the broker keeps for each client identifier: its session state (MQTT 5.0 §4.1), connected or not.

pub(crate) mod approval_queue;
pub(crate) mod replays;
pub(crate) mod shared_groups;
pub(crate) mod subscription;
pub(crate) mod will;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::auth::access_list::Who;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::replays::Replays;
use crate::broker::clients::subscription::ClientSubscription;
use crate::broker::clients::will::Will;
use crate::broker::delivery_tag::{Delivery, DeliveryTag, Session};
use crate::broker::ids::{ClientKey, PeerId};
use crate::collections::change_list::ChangeList;
use crate::collections::named_slab::NamedSlab;
use crate::collections::sorted_list::SortedList;
use crate::session::QueueFull;
use crate::time::Time;
use crate::topic::TopicFilter;

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
    /// What its subscriptions have still to bring of what is retained, if they have.
    pub(crate) replays: Replays,
    /// Deliveries that were ever put into the queue of the session, and behind the screen.
    pub(crate) enqueued: u64,
    pub(crate) approvals_enqueued: u64,
    /// The filters subscribed to, given up, or replayed since they were taken last; noted once somebody asks.
    filter_changes: Option<SortedList<Arc<str>>>,
    /// It stands among those that the store is to look at.
    is_touched: bool,
    /// The fan-out that found it last, and where it stands there: tells overlapping subscriptions.
    pub(crate) found: (u64, usize),
}

impl ClientState {
    /// Who it is to the access list.
    pub(crate) fn who(&self) -> Who<'_> {
        Who { client_id: &self.id, username: self.username.as_deref() }
    }

    /// The bytes of all its filters.
    pub(crate) fn filter_bytes(&self) -> usize {
        self.subscriptions.iter().map(|held| held.filter.as_str().len()).sum()
    }

    /// Gives a subscription up, if there is one to this filter.
    pub(crate) fn unsubscribe(&mut self, filter: &str) -> Option<TopicFilter> {
        let filter = self.subscriptions.remove(filter)?.filter;
        self.end_replay(filter.as_str());
        self.note_subscription(&filter);
        Some(filter)
    }

    /// Gives all of them up.
    pub(crate) fn take_subscriptions(&mut self) -> SortedList<ClientSubscription> {
        self.replays = Replays::default();
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
    }

    /// Returns the filters that have changed, and notes them no longer as such.
    pub(crate) fn take_filter_changes(&mut self) -> SortedList<Arc<str>> {
        self.filter_changes.as_mut().map_or(SortedList::new(), |changes| core::mem::replace(changes, SortedList::new()))
    }

    /// Puts what was taken out of the queue of the session at its end again, whatever the bounds are: a queue that was
    /// restored may be beyond them.
    pub(crate) fn put_back(&mut self, delivery: Delivery) {
        self.session.restore_waiting(delivery);
        self.enqueued += 1;
        self.queue_goes_first();
    }

    /// Puts a delivery into the queue of the session. Nothing else but [`put_back`](Self::put_back) may, and nothing may take one from between others:
    /// what is stored of the queue goes by how many were ever put in.
    pub(crate) fn enqueue(&mut self, delivery: Delivery) -> Result<(), QueueFull<DeliveryTag>> {
        self.session.enqueue(delivery)?;
        self.enqueued += 1;
        Ok(())
    }
}

/// The clients, found by index, or by their identifier.
#[derive(Debug)]
pub(crate) struct Clients {
    register: NamedSlab<ClientState>,
    /// Whom anybody could have changed since the store looked at them last.
    touched: ChangeList<ClientKey>,
    /// Sessions that are over, with the filters that had changed.
    ended: ChangeList<(ClientKey, SortedList<Arc<str>>)>,
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
            replays: Replays::default(),
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
        self.ended.note(|| (key, client.take_filter_changes()));
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

    pub(crate) fn take_ended(&mut self) -> Vec<(ClientKey, SortedList<Arc<str>>)> {
        self.ended.take()
    }

    /// One that was touched, for the store, which looks at it and changes nothing.
    pub(crate) fn get_for_store(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        let client = self.register.get_mut(key.0)?;
        client.is_touched = false;
        Some(client)
    }
}
