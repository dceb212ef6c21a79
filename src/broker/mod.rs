//! The broker: peers, the sessions of their clients, and the messages between them.
//!
//! A plain value without I/O. Its host has the sockets, the clock and the store. Clients of MQTT
//! 3.1, 3.1.1 and 5.0 meet in one broker; only a 5.0 client is sent properties.
//!
//! # Order of calls
//!
//! 1. [`Broker::new`], and with a store [`Broker::restore`].
//! 2. [`Broker::accept`] when a transport has opened. The [`PeerId`] names it from then on.
//! 3. [`Broker::handle_bytes`] with each chunk of bytes from a peer, [`Broker::set_writable`] when
//!    its transport stops or resumes taking bytes, [`Broker::handle_closed`] when it has closed.
//! 4. After every call that takes `&mut self`: [`Broker::poll_output`] until it returns `None`.
//!    Each output says what the host is to do, and which call answers it.
//! 5. Then [`Broker::next_deadline`]: at that moment [`Broker::handle_timeout`], and again step 4.
//!    If it is now, the turn's budget is used up: other tasks of the host come first.
//!
//! ```
//! use wasmqtt::broker::{Broker, BrokerOptions, Output, PeerId};
//! use wasmqtt::codec::{
//!     Connect, Packet, PacketId, Properties, Publish, QoS, Subscribe, Subscription,
//!     SubscriptionOptions, Version,
//! };
//! use wasmqtt::time::Time;
//!
//! /// Sends a packet to the broker, and returns the first byte of each frame that comes of it.
//! fn send(broker: &mut Broker, peer: PeerId, packet: &Packet<'_>) -> Vec<(PeerId, u8)> {
//!     let mut bytes = Vec::new();
//!     packet.encode(Version::V5, &mut bytes).expect("a good packet");
//!     broker.handle_bytes(peer, &bytes, Time::ZERO);
//!     let mut frames = Vec::new();
//!     while let Some(output) = broker.poll_output() {
//!         if let Output::Transmit(to, frame) = output {
//!             frames.push((to, frame[0]));
//!         }
//!     }
//!     frames
//! }
//!
//! fn connect(broker: &mut Broker, client_id: &str) -> PeerId {
//!     let peer = broker.accept(Time::ZERO);
//!     let connect = Connect {
//!         version: Version::V5,
//!         clean_start: true,
//!         keep_alive: 60,
//!         client_id,
//!         will: None,
//!         username: None,
//!         password: None,
//!         properties: Properties::EMPTY,
//!     };
//!     let frames = send(broker, peer, &Packet::Connect(Box::new(connect)));
//!     assert_eq!(frames, [(peer, 0x20)], "CONNACK");
//!     peer
//! }
//!
//! let mut broker = Broker::new(BrokerOptions::default(), 7);
//! let (display, sensor) = (connect(&mut broker, "display"), connect(&mut broker, "sensor"));
//! let subscribe = Packet::Subscribe(Subscribe {
//!     packet_id: PacketId::FIRST,
//!     properties: Properties::EMPTY,
//!     subscriptions: vec![Subscription {
//!         filter: "site/+/temperature",
//!         options: SubscriptionOptions::default(),
//!     }],
//! });
//! assert_eq!(send(&mut broker, display, &subscribe), [(display, 0x90)], "SUBACK");
//! let publish = Packet::Publish(Publish {
//!     dup: false,
//!     qos: QoS::AtMostOnce,
//!     retain: false,
//!     topic: "site/7/temperature",
//!     packet_id: None,
//!     properties: Properties::EMPTY,
//!     payload: b"21.5",
//! });
//! assert_eq!(send(&mut broker, sensor, &publish), [(display, 0x30)], "PUBLISH");
//! ```
//!
//! # Glossary
//!
//! - **Peer**: one connection, from its acceptance to its close.
//! - **Client**: a client identifier with its session; it has a peer while it is connected.
//! - **Session**: packet identifiers, queue and messages in flight of one client. Subscriptions and
//!   the will, which MQTT counts as session state too, are in `ClientState`.
//! - **Subscriber**: the target of a subscription: a client, a shared group, or the host.
//! - **Delivery**: one message on its way to one subscriber. It is decided (deliver), queued
//!   (enqueue), moved to a packet (flush) and encoded (write).
//! - **Outbox**: the queue of peers with bytes to send, and the buffers that hold them.
//! - **Host**: the program that calls the broker; it may subscribe and publish without a peer.
//! - **Live message**: one that has just been published, unlike a retained or a queued one.
//! - **Approval**: the answer of the host's receive hook to one delivery.
//! - **Turn** and **budget**: the work between two drains of the outputs, and its bound.
//! - **Cursor**: how far a new subscription has come through the retained messages of its filter.
//! - **Deferred**: waiting in a queue for the next turn's budget, or for a store that is behind.
//! - **Held output**: bytes that wait until the store has written what they promise.

mod auth;
mod budget;
mod cause;
mod clients;
mod connection;
mod delivery;
mod delivery_tag;
mod digest;
mod event;
mod handlers;
mod host_message;
mod ids;
mod memory_accounts;
mod memory_budget;
mod monitor;
mod options;
mod output;
mod retained;
mod snapshot;
mod store;
mod tasks;
mod views;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::time::Duration;

use auth::open_questions::Questions;
use auth::verdict::RequiredChecks;
use clients::Clients;
use clients::shared_groups::Groups;
use connection::close_cause::CloseCause;
use connection::deadlines::Deadlines;
use connection::outbox::Outbox;
use connection::peer::{Connection, Peers};
use connection::peer_input::Blocked;
use delivery::encoded_publish::EncodingCache;
use delivery::fan_out::{FanOut, Subscriptions};
use memory_budget::MemoryBudget;
use monitor::event_queue::EventQueue;
use monitor::sys_values::Sys;
use output::Ready;
use retained::Retained;
use store::Store;
use store::held::HeldOutput;
use tasks::{Task, Tasks};

use crate::codec::{Message, ReasonCode};
use crate::router::Router;
use crate::time::{Time, earlier};
use crate::time_limit::TimeLimit;

pub use crate::store::{Batch, BatchId, Changes, StoreError};
pub use auth::access_list::{Access, AccessFilter, AccessRule};
pub use auth::question::{Action, Answer, Asks, Credentials, Question};
pub use cause::{DisconnectCause, DropCause, Fault, RejectCause, WillFate};
pub use event::Event;
pub use host_message::{HostMessage, HostSubscribeError};
pub use ids::{HandlerId, PeerId, QuestionId};
pub use memory_budget::Memory;
pub use monitor::counters::{Counters, Gauges, Traffic};
pub use options::{BrokerOptions, QueueOverflow, Redirect};
pub use output::Output;
pub use snapshot::{
    BrokerSnapshot, ConnectionSnapshot, ConnectionStage, GrantedSubscription, StoredSessionSnapshot, WillSnapshot,
};
pub use store::restore::Restore;
pub use views::{ClientView, SessionView};

/// An MQTT broker as a plain value. See the [module](self) for the order of calls.
#[derive(Debug)]
pub struct Broker {
    options: BrokerOptions,
    required_checks: RequiredChecks,
    peers: Peers,
    clients: Clients,
    subscriptions: Subscriptions,
    groups: Groups,
    retained: Retained,
    deadlines: Deadlines,
    questions: Questions,
    outbox: Outbox,
    memory: MemoryBudget,
    /// `None` until [`Broker::restore`], and for good without a store.
    store: Option<Box<Store>>,
    held: HeldOutput,
    /// Peers that the host has to resume reading.
    resumed: VecDeque<PeerId>,
    /// Peers whose packets wait for the next turn or for the store, each once.
    deferred: VecDeque<PeerId>,
    /// Publishers that are held back for want of memory, each once.
    held_back: VecDeque<PeerId>,
    events: EventQueue,
    fan_out: FanOut,
    /// Work that goes on in later turns.
    tasks: Tasks,
    /// Peers with a PINGRESP that waits for nothing.
    pongs: VecDeque<PeerId>,
    encodings: EncodingCache,
    /// State of the generator of client identifiers.
    seed: u64,
    sys: Sys,
    /// Clients that are connected.
    connected: usize,
    /// Time of the first input.
    started_at: Option<Time>,
    /// Time of the last input.
    now: Time,
    /// End of the last grace for sessions and wills whose timer came late.
    grace_end: Option<Time>,
}

impl Broker {
    /// A broker without connections.
    ///
    /// `seed` is the source of assigned client identifiers. It also keeps peers from choosing
    /// filters that collide in the router.
    #[must_use]
    pub fn new(options: BrokerOptions, seed: u64) -> Self {
        let encodings = EncodingCache::default();
        Self {
            memory: MemoryBudget::new(options.memory_max, encodings.meter.clone()),
            required_checks: RequiredChecks::of(&options.access, options.asks),
            peers: Peers::new(),
            clients: Clients::new(),
            subscriptions: Router::with_secret(seed),
            groups: Groups::new(),
            retained: Retained::new(options.retained_messages, options.retained_bytes),
            deadlines: Deadlines::new(),
            questions: Questions::new(),
            outbox: Outbox::default(),
            store: None,
            held: HeldOutput::default(),
            resumed: VecDeque::new(),
            deferred: VecDeque::new(),
            held_back: VecDeque::new(),
            events: EventQueue::new(options.events),
            fan_out: FanOut::default(),
            tasks: Tasks::default(),
            pongs: VecDeque::new(),
            encodings,
            seed,
            sys: Sys::new(),
            connected: 0,
            started_at: None,
            now: Time::ZERO,
            grace_end: None,
            options,
        }
    }

    /// Accepts a transport that has opened. The connect timeout begins.
    ///
    /// If there are [`BrokerOptions::connections_max`] connections already, the next output closes
    /// this one.
    pub fn accept(&mut self, now: Time) -> PeerId {
        self.now = now;
        self.started_at.get_or_insert(now);
        let is_full = self.peers.len() >= self.options.connections_max;
        let id = self.peers.insert(self.options.packet_bytes_max.get());
        if self.store.as_ref().is_some_and(|store| store.has_failed()) {
            self.close(id, RejectCause::StoreFailed, now);
        } else if is_full {
            self.close(id, RejectCause::TooManyConnections, now);
        } else {
            self.set_time_limit(id, Some(TimeLimit::new(now, self.options.connect_timeout, now)));
        }
        self.settle_tables();
        id
    }

    /// Sets the user name of a peer that its transport has proven, such as by a certificate. It
    /// takes the place of that of CONNECT. The host is not asked [`Question::Authenticate`].
    ///
    /// To be called before the peer's bytes are handled.
    pub fn set_username(&mut self, peer: PeerId, username: &str) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.username = Some(username.into());
        }
    }

    /// Handles bytes from a peer: any number, in any split [MQTT-6.0.0-2]. Ignored for a peer that
    /// is being closed.
    ///
    /// True if more may follow. If not, packets of the peer wait for an answer, for the store or
    /// for the next turn. Its transport should not be read until [`Output::Resume`], or until
    /// [`Output::Close`], which may come without it. This is a return value, not an output, because
    /// the host may have the next bytes before it drains the outputs.
    ///
    /// Bytes that come all the same are kept, up to [`BrokerOptions::input_bytes_max`]. Beyond that
    /// the peer is disconnected with 0x97.
    pub fn handle_bytes(&mut self, peer: PeerId, frame: &[u8], now: Time) -> bool {
        self.handle_bytes_with(peer, frame.len(), |buffer| buffer.copy_from_slice(frame), now)
    }

    /// Handles `len` bytes that `fill` writes in place, as [`handle_bytes`](Self::handle_bytes).
    pub fn handle_bytes_with(&mut self, peer: PeerId, len: usize, fill: impl FnOnce(&mut [u8]), now: Time) -> bool {
        self.now = now;
        let Some(found) = self.peers.get_mut(peer) else { return true };
        if found.connection.is_closing() {
            return true;
        }
        self.events.counters.received.bytes += len as u64;
        found.input.feed_within(self.memory.free(), len, fill);
        match found.input.blocked() {
            Blocked::Nothing => self.receive(peer, now),
            Blocked::Answers | Blocked::Former | Blocked::Memory => self.settle_peer(peer),
            // There may be a new budget by now, and others wait for it too.
            Blocked::Store | Blocked::Budget => {
                self.settle_peer(peer);
                self.run_deferred(now);
            }
        }
        let may_follow = self.check_room(peer, now);
        self.end_input(now);
        may_follow
    }

    /// Handles a text frame on a WebSocket. MQTT uses binary frames only, so the connection ends.
    pub fn handle_text(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        let problem = "a text frame; MQTT uses binary frames only";
        let fault = Fault::new(ReasonCode::ProtocolError, "MQTT-6.0.0-1", problem);
        self.close(peer, DisconnectCause::Fault(fault), now);
        self.end_input(now);
    }

    /// Handles a transport that closed or failed without [`Output::Close`]. No output follows for
    /// the peer, and the will fires [MQTT-3.1.2-8].
    ///
    /// If packets of a connected client still wait to be handled, the close takes effect behind
    /// them, as it did on the wire. A client may publish, send DISCONNECT and be gone at once.
    pub fn handle_closed(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        let Some(found) = self.peers.get_mut(peer) else { return };
        found.output.set_gone();
        match found.connection {
            Connection::Closing => self.remove_peer(peer),
            Connection::Connected(_) if found.input.is_blocked() && found.input.blocked() != Blocked::Memory => {}
            Connection::AwaitConnect | Connection::Authenticating(_) | Connection::Connected(_) => {
                self.close(peer, DisconnectCause::TransportClosed, now);
            }
        }
        self.end_input(now);
    }

    /// Runs expired timers: closes silent connections, ends sessions, publishes delayed wills.
    /// Continues the work that exceeded the last turn's budget.
    ///
    /// A call that comes more than a second after the deadline means that the host was stopped.
    /// Bytes and answers that came in time may wait there. So silent peers, questions, and the ends
    /// of sessions and wills are judged once more, up to five seconds later.
    pub fn handle_timeout(&mut self, now: Time) {
        self.now = now;
        self.started_at.get_or_insert(now);
        self.end_questions(now);
        self.begin_turn(now);
        self.run_timers(true, now);
        self.end_input(now);
    }

    /// Publishes a message of the host's own, and returns the number of subscribers.
    ///
    /// A shared subscription counts as one, and so does the host, however many of its handlers have
    /// the message. The access list and the maximum QoS of clients do not apply to the host.
    pub fn publish(&mut self, message: Message, now: Time) -> usize {
        self.now = now;
        let message = message.share(self.memory.meter());
        self.finish_tasks(now);
        let subscribers = self.distribute_whole(&message, now);
        self.end_input(now);
        subscribers
    }

    /// Turns events on or off, whatever [`BrokerOptions::events`] said.
    pub fn set_events(&mut self, events: bool) {
        self.events.listen(events);
    }

    /// Disconnects a peer. A 5.0 client is told the reason, and the will fires.
    pub fn disconnect(&mut self, peer: PeerId, reason: ReasonCode, now: Time) {
        self.now = now;
        self.close(peer, DisconnectCause::Host(reason), now);
        self.end_input(now);
    }

    /// Redirects a client to another server. A 5.0 client is told 0x9C or 0x9D and the Server
    /// Reference (§4.11).
    pub fn redirect(&mut self, peer: PeerId, redirect: &Redirect, now: Time) {
        self.now = now;
        let cause = DisconnectCause::Host(redirect.reason());
        self.close(peer, CloseCause::Disconnect(cause, Some(&redirect.server_reference)), now);
        self.end_input(now);
    }

    /// Redirects clients that connect from now on to another server, or no more, whatever
    /// [`BrokerOptions::redirect`] said.
    pub fn set_redirect(&mut self, redirect: Option<Redirect>) {
        self.options.redirect = redirect;
    }

    /// Disconnects all peers with 0x8B, server shutting down. Sessions stay. Many peers are
    /// disconnected in turns, until [`is_shutting_down`](Self::is_shutting_down) is false.
    pub fn shut_down(&mut self, now: Time) {
        self.now = now;
        let peers = self.peers.ids();
        self.tasks.is_shutting_down = true;
        self.begin_task(Task::ShutDown(peers.into()), now);
        self.end_input(now);
    }

    /// True if peers are still to be disconnected by [`shut_down`](Self::shut_down).
    #[must_use]
    pub const fn is_shutting_down(&self) -> bool {
        self.tasks.is_shutting_down
    }

    /// Returns the next output, until there is none.
    ///
    /// First come the events and the host's own messages, in the order in which they arose. Then
    /// come the questions, the peers to resume reading, and output that the store has released. The
    /// store's next batch and each peer's bytes, in a fixed order, are the last.
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        if self.has_notice()
            && let Some(notice) = self.poll_notice()
        {
            return Some(notice);
        }
        // A message that could not be moved into a frame is an event.
        if self.advance()
            && let Some(notice) = self.poll_notice()
        {
            return Some(notice);
        }
        match self.take_ready()? {
            Ready::Frame(id) => {
                self.events.counters.sent.bytes += self.outbox.frame().len() as u64;
                Some(Output::Transmit(id, self.outbox.frame()))
            }
            Ready::Close(id) => Some(Output::Close(id)),
            Ready::Batch(id) => self.store.as_ref().map(|store| Output::Store(id, store.batch())),
        }
    }

    /// Begins with short turns, for a host that measures them by
    /// [`note_turn_time`](Self::note_turn_time).
    pub const fn begin_short_turns(&mut self) {
        self.outbox.budget.begin_short();
    }

    /// Tells how long the last turn took, from its first input to its last output. The next turns
    /// are as long as fits some milliseconds on this host. Without it, a turn has a fixed number of
    /// steps; see [`longest_turn`](Self::longest_turn).
    pub fn note_turn_time(&mut self, took: Duration) {
        self.outbox.budget.fit(took);
    }

    /// Returns the moment at which [`handle_timeout`](Self::handle_timeout) is wanted next.
    ///
    /// There may be nothing to do by then.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let due = earlier(self.deadlines.first(), self.questions.first_due());
        if self.tasks.is_restoring {
            return None;
        }
        // What is due already goes on in the next turn, which begins once the outputs are taken.
        let due = due.filter(|at| *at > self.now || !self.outbox.is_spent());
        earlier(self.next_turn(), due)
    }
}
