//! The trace: all that happened, in order, each entry with the entry that it follows from.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::action::{Actor, Direction, Restart};
use super::link::LinkId;
use crate::broker;
use crate::client::{CloseReason, Completion, Notice, RequestError, RequestId};
use crate::codec::{PacketId, PacketKind, QoS};
use crate::time::Time;

/// An entry of the trace, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// All that happened in a world.
#[derive(Clone, Debug)]
pub struct Trace {
    entries: Vec<TraceEntry>,
    arrivals: Vec<Arrival>,
    hash: u64,
}

/// The moment at which a packet met its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The packet.
    pub packet: EntryId,
    /// The first entry that came after it.
    pub before: EntryId,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct TraceEntry {
    /// When; for a packet, when it was sent.
    pub at: Time,
    /// The entry that it follows from: an action, a timer, or a packet that arrived.
    pub cause: Option<EntryId>,
    /// The event.
    pub event: Event,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// An action, by its index in [`World::actions`](super::World::actions).
    Action(u32),
    /// A deadline came.
    Timer(Place),
    /// A packet was sent.
    Packet(PacketRecord),
    /// The broker reported an event.
    Broker(broker::Event),
    /// The broker's store has written a batch.
    Stored,
    /// A client reported an event to its host.
    Client(Actor, ClientEvent),
    /// A link changed.
    Link(LinkId, LinkEvent),
    /// The broker's process is gone, and another begins.
    Restarted(Restart),
}

/// A machine of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The broker.
    Broker,
    /// A client.
    Client(Actor),
}

/// A packet on a link.
#[derive(Clone, Debug)]
pub struct PacketRecord {
    /// The link.
    pub link: LinkId,
    /// The client at its end.
    pub actor: Actor,
    /// From the client, or to it.
    pub direction: Direction,
    /// All its bytes.
    pub bytes: Box<[u8]>,
    /// The kind; `None` if the first byte is of none.
    pub kind: Option<PacketKind>,
    /// The packet identifier, if it has one.
    pub packet_id: Option<PacketId>,
    /// The quality of service of a PUBLISH.
    pub qos: Option<QoS>,
    /// The DUP flag.
    pub dup: bool,
    /// The RETAIN flag.
    pub retain: bool,
    /// The topic name of a PUBLISH, as it stands in the packet; empty behind an alias.
    pub topic: Option<Box<str>>,
    /// When it arrives, or would have.
    pub arrives_at: Time,
    /// Its fate.
    pub fate: Fate,
}

/// The fate of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is under way.
    InFlight,
    /// It arrived whole.
    Delivered(Time),
    /// It did not arrive.
    Lost(Time, LossCause),
    /// So many of its bytes arrived, and no more.
    Truncated(Time, usize),
}

/// Why a packet was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// The link broke.
    LinkCut,
    /// The receiver had closed its end.
    ReceiverGone,
}

/// An event of a client.
#[derive(Clone, Debug)]
pub enum ClientEvent {
    /// The broker accepted a connection.
    Connected {
        /// True if the session was resumed.
        session_present: bool,
    },
    /// A message for the client's handlers.
    Message {
        /// The topic name.
        topic: Box<str>,
        /// The payload.
        payload: Box<[u8]>,
        /// The quality of service.
        qos: QoS,
        /// The DUP flag.
        dup: bool,
        /// The RETAIN flag.
        retain: bool,
    },
    /// The broker goes on with enhanced authentication.
    Challenged,
    /// News that ends no request.
    Notice(Notice),
    /// A request began.
    Requested(RequestId),
    /// A request is over.
    Done(RequestId, Result<Completion, RequestError>),
    /// A connection or an attempt ended, and another follows.
    Lost {
        /// Why.
        reason: CloseReason,
        /// When the next attempt begins.
        retry_at: Time,
    },
    /// The client's life is over.
    Closed(CloseReason),
    /// The process is gone.
    Killed,
}

/// A change of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// The client's host begins to open it.
    Opening(Actor),
    /// Both ends have it.
    Opened,
    /// It broke: nothing arrives any more.
    Broken,
    /// An end closed its socket, or learnt that the link is gone.
    Closed(Place),
}

impl Trace {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), arrivals: Vec::new(), hash: 0xCBF2_9CE4_8422_2325 }
    }

    /// Returns all entries.
    #[must_use]
    pub fn entries(&self) -> &[TraceEntry] {
        &self.entries
    }

    /// Returns the arrivals and losses of packets, in their order.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// Returns an entry.
    #[must_use]
    pub fn get(&self, id: EntryId) -> Option<&TraceEntry> {
        self.entries.get(id.0 as usize)
    }

    /// Returns a number over all that happened, in order. Traces with the same number are the same
    /// in all likelihood.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns the packets in the order of their sending.
    pub fn packets(&self) -> impl Iterator<Item = (EntryId, &TraceEntry, &PacketRecord)> {
        self.entries.iter().zip(0..).filter_map(|(entry, index)| match &entry.event {
            Event::Packet(packet) => Some((EntryId(index), entry, packet)),
            _ => None,
        })
    }

    /// Returns the entry, the one that it follows from, and so on to the first.
    pub fn causes(&self, id: EntryId) -> impl Iterator<Item = EntryId> {
        core::iter::successors(Some(id), |id| self.get(*id)?.cause)
    }

    /// Returns the place that [`reset`](Self::reset) goes back to.
    pub(super) const fn mark(&self) -> (usize, u64) {
        (self.entries.len(), self.hash)
    }

    /// Forgets what was noted since the mark.
    pub(super) fn reset(&mut self, (len, hash): (usize, u64)) {
        self.entries.truncate(len);
        self.hash = hash;
    }

    /// Returns the identifier of the next entry.
    pub(super) fn next_id(&self) -> EntryId {
        EntryId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn note(&mut self, at: Time, cause: Option<EntryId>, event: Event) -> EntryId {
        let id = self.next_id();
        self.fold(&at.as_millis().to_le_bytes());
        self.fold(&cause.map_or(0, |cause| cause.0 + 1).to_le_bytes());
        match &event {
            Event::Packet(packet) => {
                self.fold(&packet.link.0.to_le_bytes());
                self.fold(&[packet.direction as u8]);
                self.fold(&packet.bytes);
            }
            other => self.fold_text(other),
        }
        self.entries.push(TraceEntry { at, cause, event });
        id
    }

    pub(super) fn packet(&self, id: EntryId) -> Option<&PacketRecord> {
        match &self.get(id)?.event {
            Event::Packet(packet) => Some(packet),
            _ => None,
        }
    }

    /// Notes the fate of a packet, unless it has one.
    pub(super) fn end(&mut self, id: EntryId, fate: Fate) {
        if let Some(TraceEntry { event: Event::Packet(packet), .. }) = self.entries.get_mut(id.0 as usize)
            && packet.fate == Fate::InFlight
            && fate != Fate::InFlight
        {
            packet.fate = fate;
            self.arrivals.push(Arrival { packet: id, before: self.next_id() });
            self.fold(&id.0.to_le_bytes());
            self.fold_text(&fate);
        }
    }

    /// FNV-1a.
    fn fold(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn fold_text(&mut self, value: &impl core::fmt::Debug) {
        struct Folding<'a>(&'a mut Trace);
        impl core::fmt::Write for Folding<'_> {
            fn write_str(&mut self, text: &str) -> core::fmt::Result {
                self.0.fold(text.as_bytes());
                Ok(())
            }
        }
        let written = core::fmt::Write::write_fmt(&mut Folding(self), format_args!("{value:?}"));
        debug_assert!(written.is_ok(), "folding takes all");
    }
}
