//! A snapshot of the broker: its state as plain data, for drawing and for checks.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::clients::ClientState;
use crate::broker::clients::subscription::ClientSubscription;
use crate::broker::clients::will::Will;
use crate::broker::connection::peer::{Connection, Peer};
use crate::broker::ids::PeerId;
use crate::codec::{Message, QoS, Version};
use crate::session::SessionSnapshot;
use crate::time::Time;

/// The state of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSnapshot {
    /// Its connections.
    pub connections: Vec<ConnectionSnapshot>,
    /// Its sessions in the order of their client identifiers, connected or not.
    pub sessions: Vec<StoredSessionSnapshot>,
    /// Its retained messages in the order of their topics.
    pub retained: Vec<Message>,
}

/// A connection at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSnapshot {
    /// The connection.
    pub peer: PeerId,
    /// Where it stands.
    pub stage: ConnectionStage,
    /// The client's identifier, once it is connected.
    pub client_id: Option<Arc<str>>,
    /// The version, once it is connected.
    pub version: Option<Version>,
    /// When the broker closes it, unless a packet comes before. It is one and a half times the keep
    /// alive after the last packet [MQTT-3.1.2-22]. `None` without keep alive.
    pub keep_alive_at: Option<Time>,
    /// Topics of the client's aliases, from alias 1 on; `None` for one that stands for nothing.
    pub received_aliases: Vec<Option<Box<str>>>,
    /// Topics of the broker's aliases, in the same way.
    pub sent_aliases: Vec<Option<Box<str>>>,
}

/// Where a connection stands at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStage {
    /// CONNECT is waited for.
    AwaitConnect,
    /// Enhanced authentication goes on.
    Authenticating,
    /// CONNECT was accepted.
    Connected,
    /// The rest is sent, and then it is closed.
    Closing,
}

/// A session at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSessionSnapshot {
    /// The client's identifier.
    pub client_id: Arc<str>,
    /// The client's connection, if it has one.
    pub peer: Option<PeerId>,
    /// The delivery state.
    pub session: SessionSnapshot,
    /// Deliveries that wait for the host's approval.
    pub approvals: usize,
    /// Subscriptions in the order of their filters.
    pub subscriptions: Vec<GrantedSubscription>,
    /// The session expiry interval in seconds; `u32::MAX` never expires.
    pub expiry_interval: u32,
    /// When the session expires; `None` if it is connected or never expires.
    pub expires_at: Option<Time>,
    /// The will.
    pub will: Option<WillSnapshot>,
}

/// A subscription at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedSubscription {
    /// The topic filter.
    pub filter: Box<str>,
    /// The granted quality of service.
    pub qos: QoS,
    /// The client's own messages are not sent to it.
    pub no_local: bool,
    /// The RETAIN flag is kept.
    pub retain_as_published: bool,
    /// The subscription identifier; 0 for none.
    pub identifier: u32,
}

/// A will at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WillSnapshot {
    /// Its message.
    pub message: Arc<Message>,
    /// The delay in seconds (§3.1.3.2.2).
    pub delay: u32,
    /// When it is published; `None` while the client is connected.
    pub due: Option<Time>,
}

impl Broker {
    /// Returns its state.
    #[must_use]
    pub fn snapshot(&self) -> BrokerSnapshot {
        let peers = self.peers.ids().into_iter().filter_map(|id| self.peers.get(id));
        BrokerSnapshot {
            connections: peers.map(|peer| self.connection(peer)).collect(),
            sessions: self.clients.iter().map(session).collect(),
            retained: self.retained().cloned().collect(),
        }
    }

    fn connection(&self, peer: &Peer) -> ConnectionSnapshot {
        let connected = peer.connection.connected();
        let received = connected.and_then(|connected| connected.inbound_aliases.as_deref());
        let sent = connected.and_then(|connected| connected.outbound_aliases.as_deref());
        let boxed = |topic: Option<&str>| topic.map(Box::from);
        ConnectionSnapshot {
            peer: peer.id,
            stage: match &peer.connection {
                Connection::AwaitConnect => ConnectionStage::AwaitConnect,
                Connection::Authenticating(_) => ConnectionStage::Authenticating,
                Connection::Connected(_) => ConnectionStage::Connected,
                Connection::Closing => ConnectionStage::Closing,
            },
            client_id: connected.and_then(|connected| Some(self.clients.get(connected.client)?.id.clone())),
            version: connected.map(|connected| connected.version),
            keep_alive_at: connected.and_then(|connected| Some(connected.last_packet + connected.silence_max?)),
            received_aliases: received.map_or(Vec::new(), |aliases| aliases.topics().map(boxed).collect()),
            sent_aliases: sent.map_or(Vec::new(), |aliases| aliases.topics().map(boxed).collect()),
        }
    }
}

fn session(client: &ClientState) -> StoredSessionSnapshot {
    let granted = |subscribed: &ClientSubscription| {
        let subscription = &subscribed.subscription;
        GrantedSubscription {
            filter: subscribed.filter.as_str().into(),
            qos: subscription.qos,
            no_local: subscription.no_local,
            retain_as_published: subscription.retain_as_published,
            identifier: subscription.identifier,
        }
    };
    StoredSessionSnapshot {
        client_id: client.id.clone(),
        peer: client.peer,
        session: client.session.snapshot(),
        approvals: client.approvals.as_ref().map_or(0, |approvals| approvals.len()),
        subscriptions: client.subscriptions.iter().map(granted).collect(),
        expiry_interval: client.expiry_interval,
        expires_at: client.expires_at,
        will: client.will.as_ref().map(|will| match will {
            Will::Armed { message, delay } => WillSnapshot { message: message.clone(), delay: *delay, due: None },
            Will::Delayed { message, delay, due } => {
                WillSnapshot { message: message.clone(), delay: *delay, due: Some(*due) }
            }
        }),
    }
}
