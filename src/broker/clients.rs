//! What the broker keeps for each client identifier: its session state (MQTT 5.0 §4.1), connected or not.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::borrow::Borrow;

use super::access::Who;
use super::peer::PeerId;
use super::register::Register;
use super::screen::Screen;
use super::sorted::Sorted;
use super::wills::Will;
use crate::codec::{QoS, SubscriptionOptions};
use crate::session::Session;
use crate::time::Time;
use crate::topic::TopicFilter;

/// A client's place in [`Clients`], used again once its session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientKey(u32);

/// One client's state.
#[derive(Debug)]
pub(super) struct ClientState {
    pub(super) id: Arc<str>,
    /// The User Name of its last connection.
    pub(super) username: Option<Arc<str>>,
    pub(super) session: Session,
    pub(super) subscriptions: Sorted<Held>,
    /// Its connection.
    pub(super) peer: Option<PeerId>,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever.
    pub(super) expiry_interval: u32,
    /// When its [`Deadline::Session`](super::deadlines::Deadline::Session) stands.
    pub(super) expires_at: Option<Time>,
    pub(super) will: Option<Will>,
    /// Its deliveries that wait for the host's word, if there are any.
    pub(super) screen: Option<Box<Screen>>,
    /// The fan-out that found it last, and where it stands there: tells overlapping subscriptions.
    pub(super) found: (u64, usize),
}

/// A subscription that a client holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) filter: TopicFilter,
    pub(super) subscription: Subscription,
}

/// What a subscription asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    /// The highest quality of service granted.
    pub(super) qos: QoS,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    /// 0: none (§3.8.2.1.2).
    pub(super) identifier: u32,
}

impl Subscription {
    pub(super) fn new(options: SubscriptionOptions, maximum_qos: QoS, identifier: u32) -> Self {
        Self {
            qos: options.qos.min(maximum_qos),
            no_local: options.no_local,
            retain_as_published: options.retain_as_published,
            identifier,
        }
    }
}

impl ClientState {
    /// Who it is to the access list.
    pub(super) fn who(&self) -> Who<'_> {
        Who { client_id: &self.id, username: self.username.as_deref() }
    }

    /// Gives a subscription up, if there is one to this filter.
    pub(super) fn unsubscribe(&mut self, filter: &str) -> Option<TopicFilter> {
        self.subscriptions.remove(filter).map(|held| held.filter)
    }
}

impl Borrow<str> for Held {
    fn borrow(&self) -> &str {
        self.filter.as_str()
    }
}

/// The clients, found by index, or by their identifier.
#[derive(Debug)]
pub(super) struct Clients(Register<ClientState>);

impl Clients {
    pub(super) const fn new() -> Self {
        Self(Register::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn find(&self, id: &str) -> Option<ClientKey> {
        self.0.find(id).map(ClientKey)
    }

    /// A client that is not there yet.
    pub(super) fn insert(&mut self, id: Arc<str>, session: Session) -> ClientKey {
        let client = ClientState {
            id: Arc::clone(&id),
            username: None,
            session,
            subscriptions: Sorted::new(),
            peer: None,
            expiry_interval: 0,
            expires_at: None,
            will: None,
            screen: None,
            found: (0, 0),
        };
        ClientKey(self.0.insert(id, client))
    }

    pub(super) fn get(&self, key: ClientKey) -> Option<&ClientState> {
        self.0.get(key.0)
    }

    pub(super) fn get_mut(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        self.0.get_mut(key.0)
    }

    pub(super) fn remove(&mut self, key: ClientKey) -> Option<ClientState> {
        let id = Arc::clone(&self.get(key)?.id);
        self.0.remove(&id)
    }

    /// In the order of their identifiers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ClientState> {
        self.0.iter()
    }
}
