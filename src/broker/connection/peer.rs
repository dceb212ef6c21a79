//! A peer: one connection to the broker, from its acceptance to its close.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::broker::cause::Fault;
use crate::broker::connection::auth_exchange::{Exchange, Method};
use crate::broker::connection::peer_input::{Blocked, PeerInput};
use crate::broker::connection::peer_output::PeerOutput;
use crate::broker::connection::topic_aliases::{AliasTopic, Inbound, Naming, Outbound};
use crate::broker::ids::{ClientKey, PeerId};
use crate::codec::{Publish, QoS, ReasonCode, Version};
use crate::collections::slab::Slab;
use crate::time::Time;
use crate::time_limit::TimeLimit;

/// A connection to the broker.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(crate) connection: Connection,
    pub(crate) input: PeerInput,
    pub(crate) output: PeerOutput,
    /// True for a client of MQTT 3.1, which is handled as 3.1.1 with three exceptions. CONNACK has
    /// no session present flag. SUBACK cannot refuse: it grants a refused subscription, but no
    /// message follows. Packets that are sent again may have DUP.
    pub(crate) is_3_1: bool,
    /// User name that the transport has proven. It takes the place of that of CONNECT.
    pub(crate) username: Option<Arc<str>>,
    /// True once its CONNECT was accepted.
    pub(crate) is_accepted: bool,
    /// The place of its CONNECT among all that came; 0 before it has come.
    pub(crate) connect_order: u64,
    /// Limit of its [`Deadline::Peer`](crate::broker::connection::deadlines::Deadline::Peer). The
    /// deadline is the limit's next look.
    pub(crate) time_limit: Option<TimeLimit>,
}

/// State of a connection.
///
/// ```text
/// AwaitConnect ──CONNECT accepted──▶ Connected ──DISCONNECT, fault, timeout, takeover──▶ Closing
///            ├───to be authenticated──▶ Authenticating ──accepted──▶ Connected
///            └───refused, fault, timeout──▶ Closing ◀──┘ refused, fault, timeout
/// ```
#[derive(Debug)]
pub(crate) enum Connection {
    /// The next packet must be CONNECT [MQTT-3.1.0-1].
    AwaitConnect,
    /// CONNECT had an authentication method, and AUTH packets go both ways.
    Authenticating(Arc<Exchange>),
    /// CONNECT is accepted.
    Connected(Connected),
    /// The outgoing buffer is still sent, then the transport is closed. Nothing more is read.
    Closing,
}

/// State of an accepted connection.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) client: ClientKey,
    pub(crate) version: Version,
    /// The client's maximum packet size (§3.1.2.11.4).
    pub(crate) packet_bytes_max: usize,
    /// One and a half times the keep alive [MQTT-3.1.2-22]; `None` if it is off.
    pub(crate) silence_max: Option<Duration>,
    /// Time of the last packet.
    pub(crate) last_packet: Time,
    /// The method of its enhanced authentication, if any.
    pub(crate) method: Option<Box<Method>>,
    /// True if the client takes reason strings in all packets (§3.1.2.11.7).
    pub(crate) wants_reason_strings: bool,
    /// Topic aliases that the client assigned.
    pub(crate) inbound_aliases: Option<Box<Inbound>>,
    /// Topic aliases that the broker assigned, if the client allows them.
    pub(crate) outbound_aliases: Option<Box<Outbound>>,
}

impl Connected {
    /// Returns how the next PUBLISH names its topic; `hash` returns the hash of that. A QoS 2
    /// message has the topic in full: some clients deliver it on PUBREL, and read the topic from
    /// the PUBLISH alone (MQTT.js 5.16).
    #[inline]
    pub(crate) fn naming(
        &mut self,
        publish: &Publish<'_>,
        (qos, identifiers): (QoS, usize),
        hash: impl FnOnce() -> u32,
    ) -> Naming {
        match &mut self.outbound_aliases {
            Some(aliases) if qos != QoS::ExactlyOnce => {
                let has_room = longest(publish, identifiers) <= self.packet_bytes_max;
                aliases.naming(publish.topic, hash, has_room)
            }
            Some(_) | None => Naming::Topic,
        }
    }
}

impl Peer {
    /// True if the client has closed the connection or said DISCONNECT, and packets before that
    /// wait to be handled.
    pub(crate) fn is_leaving(&self) -> bool {
        let Some(connected) = self.connection.connected() else { return false };
        self.input.is_blocked()
            && self.input.blocked() != Blocked::Memory
            && (self.output.is_gone() || self.input.has_disconnect(connected.version))
    }

    /// Checks the topic aliases of a peer that holds more than its part of memory.
    ///
    /// # Errors
    /// A fault if it has long ones, which end only with the connection.
    pub(crate) fn check_aliases(&self) -> Result<(), Fault> {
        const BYTES_MAX: usize = 4 * 1024;
        let aliases = self.connection.connected().and_then(|connected| connected.inbound_aliases.as_ref());
        if aliases.is_some_and(|aliases| aliases.held_bytes() > BYTES_MAX) {
            let problem = "long topics have aliases, and the memory of the broker is used up";
            return Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem));
        }
        Ok(())
    }

    /// Returns the bytes of memory that it holds: its packets that are not handled yet, and its
    /// topic aliases.
    pub(crate) fn own_bytes(&self) -> usize {
        let of_connection = match &self.connection {
            Connection::AwaitConnect | Connection::Closing => 0,
            Connection::Authenticating(exchange) => exchange.held_bytes(),
            Connection::Connected(connected) => {
                connected.inbound_aliases.as_ref().map_or(0, |aliases| aliases.held_bytes())
                    + connected.outbound_aliases.as_ref().map_or(0, |aliases| aliases.table_bytes())
            }
        };
        self.input.held_bytes() + of_connection
    }

    /// Notes that a PUBLISH which introduces an alias is sent.
    pub(crate) fn introduced(&mut self, alias: u16, topic: Arc<AliasTopic>) {
        if let Some(aliases) = self.connection.connected_mut().and_then(|connected| connected.outbound_aliases.as_mut())
        {
            aliases.introduced(alias, topic);
        }
    }
}

/// Returns the most bytes of a PUBLISH with an alias, a packet identifier and its subscription
/// identifiers.
const fn longest(publish: &Publish<'_>, identifiers: usize) -> usize {
    let lengths = publish.topic.len() + publish.properties.as_bytes().len() + publish.payload.len();
    lengths + 5 * identifiers + 16
}

/// Peers by index.
#[derive(Debug)]
pub(crate) struct Peers {
    slab: Slab<Peer>,
    serial: u32,
    /// CONNECT packets that came.
    connects: u64,
}

impl Peers {
    pub(crate) const fn new() -> Self {
        Self { slab: Slab::new(), serial: 0, connects: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Returns the bytes of memory of its table.
    pub(crate) const fn table_bytes(&self) -> usize {
        self.slab.table_bytes()
    }

    pub(crate) fn insert(&mut self, packet_bytes_max: u32) -> PeerId {
        self.serial = self.serial.wrapping_add(1);
        let id = PeerId::new(self.serial, self.slab.next_slot());
        self.slab.insert(Peer {
            id,
            connection: Connection::AwaitConnect,
            input: PeerInput::new(packet_bytes_max),
            output: PeerOutput::new(),
            is_3_1: false,
            username: None,
            is_accepted: false,
            connect_order: 0,
            time_limit: None,
        });
        id
    }

    pub(crate) fn get(&self, id: PeerId) -> Option<&Peer> {
        self.slab.get(id.slot()).filter(|peer| peer.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.slab.get_mut(id.slot()).filter(|peer| peer.id == id)
    }

    /// Notes that the peer's CONNECT has come, before it is handled for the first time.
    pub(crate) fn note_connect(&mut self, id: PeerId) {
        let order = self.connects + 1;
        if let Some(peer) = self.get_mut(id)
            && peer.connect_order == 0
        {
            peer.connect_order = order;
            self.connects = order;
        }
    }

    pub(crate) fn remove(&mut self, id: PeerId) -> Option<Peer> {
        self.get(id)?;
        self.slab.remove(id.slot())
    }

    /// Returns the identifier of the peer in this slot.
    pub(crate) fn id_at(&self, slot: u32) -> Option<PeerId> {
        self.slab.get(slot).map(|peer| peer.id)
    }

    /// Returns the identifiers in the order of the slots.
    pub(crate) fn ids(&self) -> Vec<PeerId> {
        let mut ids = Vec::new();
        for peer in self.slab.iter() {
            ids.push(peer.id);
        }
        ids
    }
}

impl Connection {
    pub(crate) const fn is_closing(&self) -> bool {
        match self {
            Self::Closing => true,
            Self::AwaitConnect | Self::Authenticating(_) | Self::Connected(_) => false,
        }
    }

    pub(crate) const fn connected(&self) -> Option<&Connected> {
        match self {
            Self::Connected(connected) => Some(connected),
            Self::AwaitConnect | Self::Authenticating(_) | Self::Closing => None,
        }
    }

    pub(crate) const fn connected_mut(&mut self) -> Option<&mut Connected> {
        match self {
            Self::Connected(connected) => Some(connected),
            Self::AwaitConnect | Self::Authenticating(_) | Self::Closing => None,
        }
    }
}
