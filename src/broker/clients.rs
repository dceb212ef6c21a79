//! What the broker keeps for each client identifier: its session state (MQTT 5.0 §4.1), connected or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::peer::PeerId;
use super::slab::Slab;
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
    pub(super) session: Session,
    pub(super) subscriptions: BTreeMap<TopicFilter, Subscription>,
    /// Its connection.
    pub(super) peer: Option<PeerId>,
    /// How long the session outlives the connection, in seconds; `u32::MAX` is for ever.
    pub(super) expiry_interval: u32,
    /// When its [`Deadline::Session`](super::deadlines::Deadline::Session) stands.
    pub(super) expires_at: Option<Time>,
    pub(super) will: Option<Will>,
    /// The fan-out that found it last, and where it stands there: tells overlapping subscriptions.
    pub(super) found: (u64, usize),
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

/// The clients, found by index, or by their identifier.
#[derive(Debug)]
pub(super) struct Clients {
    slab: Slab<ClientState>,
    by_id: BTreeMap<Arc<str>, ClientKey>,
}

impl Clients {
    pub(super) const fn new() -> Self {
        Self { slab: Slab::new(), by_id: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn find(&self, id: &str) -> Option<ClientKey> {
        self.by_id.get(id).copied()
    }

    /// A client that is not there yet.
    pub(super) fn insert(&mut self, id: Arc<str>, session: Session) -> ClientKey {
        let key = ClientKey(self.slab.insert(ClientState {
            id: Arc::clone(&id),
            session,
            subscriptions: BTreeMap::new(),
            peer: None,
            expiry_interval: 0,
            expires_at: None,
            will: None,
            found: (0, 0),
        }));
        self.by_id.insert(id, key);
        key
    }

    pub(super) fn get(&self, key: ClientKey) -> Option<&ClientState> {
        self.slab.get(key.0)
    }

    pub(super) fn get_mut(&mut self, key: ClientKey) -> Option<&mut ClientState> {
        self.slab.get_mut(key.0)
    }

    pub(super) fn remove(&mut self, key: ClientKey) -> Option<ClientState> {
        let client = self.slab.remove(key.0)?;
        self.by_id.remove(&client.id);
        Some(client)
    }

    /// In the order of their identifiers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ClientState> {
        self.by_id.values().filter_map(|key| self.get(*key))
    }
}
