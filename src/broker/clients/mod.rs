//! Clients: the session state of each client identifier, connected or not (MQTT 5.0 §4.1).

pub(crate) mod approval_queue;
pub(crate) mod rechecks;
pub(crate) mod retained_cursors;
pub(crate) mod shared_groups;
pub(crate) mod subscription;
pub(crate) mod will;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::auth::identity::Identity;
use crate::broker::auth::open_questions::Questions;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::clients::rechecks::Rechecks;
use crate::broker::clients::retained_cursors::{OvertakenChange, RetainedCursors};
use crate::broker::clients::shared_groups::MEMBER_BYTES;
use crate::broker::clients::subscription::{ClientSubscription, Subscription, is_sys};
use crate::broker::clients::will::Will;
use crate::broker::delivery_tag::{Delivery, DeliveryTag, Session, expires_at};
use crate::broker::digest::short_form;
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::memory_accounts::{Holding, Load};
use crate::codec::Message;
use crate::collections::change_list::ChangeList;
use crate::collections::named_slab::NamedSlab;
use crate::collections::sorted_list::SortedList;
use crate::memory_meter::shared_text;
use crate::session::{Held, QueueFull};
use crate::time::Time;
use crate::topic::TopicFilter;

/// State of a client.
#[derive(Debug)]
pub(crate) struct ClientState {
    pub(crate) id: Arc<str>,
    /// The short form of the client identifier.
    pub(crate) short_id: Arc<str>,
    /// The User Name of its last connection.
    pub(crate) username: Option<Arc<str>>,
    pub(crate) session: Session,
    pub(crate) subscriptions: SortedList<ClientSubscription>,
    /// Bytes of all its topic filters.
    filter_bytes: usize,
    /// Number of its subscriptions to `$SYS`. A filter that begins with a wildcard is none
    /// [MQTT-4.7.2-1].
    pub(crate) sys_filters: usize,
    /// Its shared subscriptions.
    memberships: usize,
    /// The peer; `None` while it is not connected.
    pub(crate) peer: Option<PeerId>,
    /// The place of its last CONNECT among all that came; 0 if it was restored.
    pub(crate) connect_order: u64,
    /// The peer whose CONNECT waits for the end of this connection.
    pub(crate) successor: Option<PeerId>,
    /// The session expiry interval in seconds; `u32::MAX` never expires.
    pub(crate) expiry_interval: u32,
    /// Time of its [`Deadline::Session`](crate::broker::connection::deadlines::Deadline::Session).
    pub(crate) expires_at: Option<Time>,
    pub(crate) will: Option<Will>,
    /// Deliveries that wait for the host's approval, if any.
    pub(crate) approvals: Option<Box<ApprovalQueue>>,
    /// Deliveries to check again before they leave, if any.
    pub(crate) rechecks: Option<Box<Rechecks>>,
    /// True while its queue is redelivered to other members of its groups. The rest comes back to
    /// it, to be checked again if that was due before.
    pub(crate) is_handing_over: bool,
    /// Cursors of subscriptions with retained messages still to send.
    pub(crate) cursors: RetainedCursors,
    /// Deliveries ever put into the session's queue, and below it into the approval queue.
    pub(crate) enqueued: u64,
    pub(crate) approvals_enqueued: u64,
    /// Filters whose subscription or cursor changed since they were taken last. They are noted only
    /// for a store.
    filter_changes: Option<SortedList<Arc<str>>>,
    /// Places in the session's queue that were emptied since they were taken last. They are noted
    /// only for a store.
    emptied: Vec<u64>,
    /// True if it is noted as touched for the store.
    is_touched: bool,
    /// The number of the last fan-out that found it, and its place there. It detects overlapping
    /// subscriptions.
    pub(crate) found: (u64, usize),
}

impl ClientState {
    /// Returns its identity for the access list.
    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { client_id: &self.id, username: self.username.as_deref() }
    }

    /// Returns the bytes of all its topic filters.
    pub(crate) const fn filter_bytes(&self) -> usize {
        self.filter_bytes
    }

    /// Returns the memory that it holds.
    pub(crate) fn holding(&self) -> Holding {
        let approvals = self.approvals.as_deref();
        let approved = approvals.map_or(Held::new(), ApprovalQueue::held);
        let own = self.session.own_bytes()
            + approvals.map_or(0, ApprovalQueue::table_bytes)
            + approved.identifiers
            + shared_text(&self.id)
            + self.username.as_deref().map_or(0, shared_text)
            + self.subscriptions.table_bytes()
            + self.filter_bytes
            + self.subscriptions.len() * shared_text("")
            + self.memberships * MEMBER_BYTES
            + self.cursors.held_bytes();
        let will = self.will.as_ref().map_or(0, |will| will.message().bytes() + Message::HELD_BYTES);
        let shared = self.session.held().and(approved).message_bytes() + will;
        let load = Load {
            queued: self.session.queued(),
            queued_bytes: self.session.queued_bytes(),
            in_flight: self.session.in_flight(),
        };
        Holding { own, shared, load }
    }

    /// Counts its deliveries and filters anew, and compares.
    ///
    /// # Panics
    /// If a count is wrong.
    #[cfg(debug_assertions)]
    pub(crate) fn check_held(&self) {
        let mut held = Held::new();
        self.session.waiting().for_each(|delivery| held.add(delivery));
        self.session.sent().filter_map(|sent| sent.delivery).for_each(|delivery| held.add(delivery));
        assert_eq!(self.session.held(), held, "{}", self.id);
        let mut held = Held::new();
        if let Some(approvals) = &self.approvals {
            approvals.waiting_from(0).for_each(|delivery| held.add(delivery));
            assert_eq!(approvals.held(), held, "{}", self.id);
        }
        let filters = self.subscriptions.iter().map(|subscribed| subscribed.filter.as_str().len()).sum();
        assert_eq!(self.filter_bytes, filters, "{}", self.id);
    }

    /// Adds a new subscription.
    pub(crate) fn add_subscription(&mut self, filter: TopicFilter, subscription: Subscription) {
        self.filter_bytes += filter.as_str().len();
        self.memberships += usize::from(filter.share_name().is_some());
        self.sys_filters += usize::from(is_sys(filter.filter()));
        self.subscriptions.insert::<str>(ClientSubscription { filter, subscription });
    }

    /// Adds or replaces a subscription. Its cursor begins anew if retained messages are sent, else
    /// it continues.
    pub(crate) fn subscribe(
        &mut self,
        filter: &TopicFilter,
        mut subscription: Subscription,
        sends_retained: bool,
    ) -> Subscription {
        subscription.cursor =
            self.subscriptions.find(filter.as_str()).and_then(|subscribed| subscribed.subscription.cursor);
        if sends_retained {
            if let Some(former) = subscription.cursor {
                self.cursors.end(former);
            }
            self.queue_goes_first();
            subscription.cursor = Some(self.cursors.begin(filter.clone(), subscription));
        } else if let Some(cursor) = subscription.cursor {
            self.cursors.set_subscription(cursor, subscription);
        }
        match self.subscriptions.find_mut(filter.as_str()) {
            Some(subscribed) => subscribed.subscription = subscription,
            None => self.add_subscription(filter.clone(), subscription),
        }
        self.note_subscription(filter);
        subscription
    }

    /// Removes the subscription to this filter, if there is one.
    pub(crate) fn unsubscribe(&mut self, filter: &str) -> Option<TopicFilter> {
        let ClientSubscription { filter, subscription } = self.subscriptions.remove(filter)?;
        self.filter_bytes -= filter.as_str().len();
        self.memberships -= usize::from(filter.share_name().is_some());
        self.sys_filters -= usize::from(is_sys(filter.filter()));
        if let Some(cursor) = subscription.cursor {
            self.cursors.end(cursor);
        }
        self.note_subscription(&filter);
        Some(filter)
    }

    /// Removes the first subscription.
    pub(crate) fn pop_subscription(&mut self) -> Option<TopicFilter> {
        let filter = self.subscriptions.first()?.filter.text();
        self.unsubscribe(&filter)
    }

    /// Returns the filters of its shared subscriptions.
    pub(crate) fn shared_filters(&self) -> impl Iterator<Item = &TopicFilter> {
        let from = self.subscriptions.from("$share/").map(|subscribed| &subscribed.filter);
        from.take_while(|filter| filter.share_name().is_some())
    }

    /// Notes every subscription as changed.
    pub(crate) fn note_all_subscriptions(&mut self) {
        let subscriptions = core::mem::replace(&mut self.subscriptions, SortedList::new());
        subscriptions.iter().for_each(|subscribed| self.note_subscription(&subscribed.filter));
        self.subscriptions = subscriptions;
    }

    /// Notes the subscription to this filter as changed.
    pub(crate) fn note_subscription(&mut self, filter: &TopicFilter) {
        if let Some(changes) = &mut self.filter_changes
            && changes.find(filter.as_str()).is_none()
        {
            changes.insert::<str>(filter.text());
        }
    }

    /// Begins to note changed filters, for a store.
    pub(crate) fn begin_noting_filters(&mut self) {
        self.filter_changes.get_or_insert(SortedList::new());
        self.cursors.begin_noting();
        self.session.begin_noting_received();
    }

    /// Takes the places in the session's queue that were emptied.
    pub(crate) fn take_emptied(&mut self) -> Vec<u64> {
        core::mem::take(&mut self.emptied)
    }

    /// Takes the changes of its subscriptions.
    pub(crate) fn take_subscription_changes(&mut self) -> SubscriptionChanges {
        let filters = self.filter_changes.as_mut().map(|changes| core::mem::replace(changes, SortedList::new()));
        SubscriptionChanges { filters: filters.unwrap_or(SortedList::new()), overtaken: self.cursors.take_changes() }
    }

    /// Puts a delivery back at the end of the session's queue, regardless of limits: a restored
    /// queue may exceed them.
    pub(crate) fn put_back(&mut self, delivery: Delivery) {
        self.append(delivery);
        self.keep_places();
    }

    /// Marks all that is queued and all that is in flight to be checked again before it leaves.
    pub(crate) fn recheck(&mut self) -> &mut Rechecks {
        let rechecks = self.rechecks.get_or_insert_default();
        rechecks.enqueued = self.enqueued;
        rechecks
    }

    /// Marks all that waits for another user as well.
    pub(crate) fn recheck_for_other_user(&mut self) {
        let approvals_enqueued = self.approvals_enqueued;
        let rechecks = self.recheck();
        rechecks.approvals_enqueued = approvals_enqueued;
        rechecks.is_of_other_user = true;
    }

    /// Moves the deliveries that wait for approval to new places, since one was taken out between
    /// them. They are stored anew, and checked anew if any is.
    pub(crate) fn move_approvals(&mut self) {
        self.approvals_enqueued += self.approvals.as_ref().map_or(0, |approvals| approvals.len() as u64);
        if let Some(rechecks) = &mut self.rechecks {
            rechecks.approvals_enqueued = self.approvals_enqueued;
        }
    }

    /// Closes the questions about deliveries to be sent.
    pub(crate) fn close_rechecks(&mut self, questions: &mut Questions) {
        while let Some(question) = self.rechecks.as_mut().and_then(|rechecks| rechecks.pop()) {
            questions.close(question);
        }
    }

    /// True if there may be something to flush to the client.
    pub(crate) fn has_backlog(&self) -> bool {
        !self.session.is_flushed() || self.approvals.is_some() || !self.cursors.is_empty()
    }

    /// Puts a delivery at the end of the session's queue, regardless of limits.
    pub(crate) fn append(&mut self, delivery: Delivery) {
        let at = expires_at(&delivery);
        self.session.restore_waiting(delivery);
        self.session.note_expiry(at);
        self.enqueued += 1;
    }

    /// Takes an expired delivery out of the session's queue, wherever it stands.
    pub(crate) fn take_expired(&mut self, now: Time) -> Option<Delivery> {
        let first = self.enqueued.saturating_sub(self.session.places() as u64);
        let (index, expired) = self.session.take_expired(now.as_millis(), expires_at)?;
        if self.filter_changes.is_some() {
            self.emptied.push(first + index as u64);
        }
        if self.session.remove_empty_places() {
            // The others have new places, and are stored anew.
            self.enqueued += self.session.places() as u64;
            self.keep_places();
        }
        Some(expired)
    }

    /// Places all deliveries of the queue before the messages of the cursors. If any is to be
    /// checked, all are, since they have new places.
    fn keep_places(&mut self) {
        self.queue_goes_first();
        if let Some(rechecks) = &mut self.rechecks {
            rechecks.enqueued = self.enqueued;
        }
    }

    /// Places the deliveries that are queued now before the messages of the cursors.
    pub(crate) fn queue_goes_first(&mut self) {
        self.cursors.set_older(self.enqueued);
    }

    /// True if the queue has deliveries that go before the messages of the cursors.
    pub(crate) fn has_older_queued(&self) -> bool {
        self.enqueued - (self.session.places() as u64) < self.cursors.older()
    }

    /// Puts a delivery into the session's queue. Only this method and [`append`](Self::append) may
    /// do so, and deliveries leave in order. The stored queue counts those ever put in.
    pub(crate) fn enqueue(&mut self, delivery: Delivery) -> Result<(), QueueFull<DeliveryTag>> {
        let at = expires_at(&delivery);
        self.session.enqueue(delivery)?;
        self.session.note_expiry(at);
        self.enqueued += 1;
        Ok(())
    }
}

/// Changes of a client's subscriptions since the store's last batch.
#[derive(Debug)]
pub(crate) struct SubscriptionChanges {
    pub(crate) filters: SortedList<Arc<str>>,
    pub(crate) overtaken: Vec<OvertakenChange>,
}

/// Clients by index, and by client identifier.
#[derive(Debug)]
pub(crate) struct Clients {
    register: NamedSlab<ClientState>,
    /// Clients that may have changed since the store's last batch.
    touched: ChangeList<ClientKey>,
    /// Clients whose queue was looked through for expired deliveries, which takes memory.
    looked_through: Vec<ClientKey>,
    /// Ended sessions, with the filters that had changed.
    ended: ChangeList<(ClientKey, SubscriptionChanges)>,
}

impl Clients {
    pub(crate) const fn new() -> Self {
        Self {
            register: NamedSlab::new(),
            touched: ChangeList::new(),
            looked_through: Vec::new(),
            ended: ChangeList::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.register.len()
    }

    /// Returns the bytes of memory of its tables.
    pub(crate) fn table_bytes(&self) -> usize {
        self.register.table_bytes()
    }

    pub(crate) fn find(&self, id: &str) -> Option<ClientKey> {
        self.register.find(id).map(ClientKey)
    }

    /// Adds a new client.
    pub(crate) fn insert(&mut self, id: Arc<str>, session: Session) -> ClientKey {
        let client = ClientState {
            id: Arc::clone(&id),
            short_id: short_form(&id),
            username: None,
            session,
            subscriptions: SortedList::new(),
            filter_bytes: 0,
            sys_filters: 0,
            memberships: 0,
            peer: None,
            connect_order: 0,
            successor: None,
            expiry_interval: 0,
            expires_at: None,
            will: None,
            approvals: None,
            rechecks: None,
            is_handing_over: false,
            cursors: RetainedCursors::new(),
            enqueued: 0,
            approvals_enqueued: 0,
            filter_changes: None,
            emptied: Vec::new(),
            is_touched: false,
            found: (0, 0),
        };
        ClientKey(self.register.insert(id, client))
    }

    pub(crate) fn get(&self, key: ClientKey) -> Option<&ClientState> {
        self.register.get(key.0)
    }

    /// Returns a client to change, and notes it for the store. Changes go no other way.
    pub(crate) fn get_mut(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        let client = self.register.get_mut(key.0)?;
        if self.touched.is_noting() && !core::mem::replace(&mut client.is_touched, true) {
            self.touched.note(|| key);
        }
        Some(client)
    }

    /// Frees the client identifier of a session that ends. The rest of its state goes later.
    pub(crate) fn unname(&mut self, key: ClientKey) {
        if let Some(client) = self.register.get(key.0) {
            let id = Arc::clone(&client.id);
            self.register.unname(&id);
        }
    }

    /// Removes a client whose identifier is free.
    pub(crate) fn remove(&mut self, key: ClientKey) -> Option<ClientState> {
        let mut client = self.register.take(key.0)?;
        self.ended.note(|| (key, client.take_subscription_changes()));
        Some(client)
    }

    /// Returns the clients in the order of their identifiers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ClientState> {
        self.register.iter()
    }

    /// Begins to note changes, since there is a store now.
    pub(crate) fn begin_noting(&mut self) {
        self.touched.begin();
        self.ended.begin();
    }

    /// Looks for an expired delivery in the session's queue of this client. Returns true if it has
    /// one.
    pub(crate) fn find_expired(&mut self, key: ClientKey, now: Time) -> bool {
        let Some(client) = self.get_mut(key) else { return false };
        let is_ordered = client.session.is_ordered();
        let has_expired = client.session.find_expired(now.as_millis(), expires_at);
        if !is_ordered {
            self.looked_through.push(key);
        }
        has_expired
    }

    /// Takes a client whose queue was looked through.
    pub(crate) fn pop_looked_through(&mut self) -> Option<ClientKey> {
        self.looked_through.pop()
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

    /// Returns a touched client to the store, which changes no session state. `None` if the store
    /// had it since.
    pub(crate) fn get_for_store(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        let client = self.register.get_mut(key.0)?;
        core::mem::take(&mut client.is_touched).then_some(client)
    }
}
