//! The broker: peers, the sessions of their clients, and the messages between them.
//!
//! A plain value without I/O. After every call that takes `&mut self`, drain [`Broker::poll_output`] until it gives
//! `None`, then ask [`Broker::next_deadline`]. Work is done in the call that brings it, and what is too much for one turn
//! in [`Broker::handle_timeout`], which is then wanted at once; what is to be sent is collected, so that a turn's packets
//! to one peer are one frame.
//!
//! Clients of MQTT 3.1.1 and 5.0 meet in one broker: properties are left out on the way to the old version.

mod auth;
mod cause;
mod clients;
mod connection;
mod delivery;
mod delivery_tag;
mod event;
mod handlers;
mod host_message;
mod ids;
mod monitor;
mod options;
mod output;
mod retained;
mod store;
mod views;

use alloc::collections::VecDeque;
use alloc::sync::Arc;

pub use auth::access_list::{Access, AccessFilter, AccessRule};
use auth::open_questions::Questions;
pub use auth::question::{Action, Answer, Asks, Credentials, Question};
use auth::verdict::RequiredChecks;
pub use cause::{DisconnectCause, DropCause, Fault, RejectCause, WillFate};
use clients::Clients;
use clients::shared_groups::Groups;
use connection::close_cause::CloseCause;
use connection::deadlines::Deadlines;
use connection::input::Blocked;
use connection::outbox::Outbox;
use connection::peer::{Connection, Peers};
use delivery::encoded_publish::EncodingCache;
use delivery::fan_out::{FanOut, Subscriptions};
pub use event::Event;
pub use host_message::{HostMessage, HostSubscribeError};
pub use ids::{HandlerId, PeerId, QuestionId};
pub use monitor::counters::{Counters, Gauges, Traffic};
use monitor::event_queue::EventQueue;
use monitor::sys_values::Sys;
pub use options::{BrokerOptions, QueueOverflow, Redirect};
pub use output::Output;
use output::Ready;
use retained::Retained;
#[cfg(all(target_arch = "wasm32", feature = "broker"))]
pub(crate) use store::Part;
use store::Store;
use store::held::HeldOutput;
pub use store::{Batch, BatchId, Changes, StoreError};
pub use views::{ClientView, SessionView};

use crate::codec::{Message, ReasonCode};
use crate::router::Router;
use crate::time::{Time, earlier};

/// An MQTT broker as a plain value; see the [module](self) for the order of calls.
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
    /// Only if there is one.
    store: Option<store::Part<Store>>,
    held: HeldOutput,
    /// Peers that are read again, to be told to the host.
    resumed: VecDeque<PeerId>,
    /// Peers whose packets wait for the next turn or for the store, each once.
    deferred: VecDeque<PeerId>,
    events: EventQueue,
    fan_out: FanOut,
    encodings: EncodingCache,
    /// State of the generator of client identifiers.
    seed: u64,
    sys: Sys,
    /// Clients that are connected.
    connected: usize,
    /// What time it was in the first call that told.
    begun: Option<Time>,
    /// What time it was in the last call that told.
    now: Time,
}

impl Broker {
    /// A broker without connections. `seed` is where assigned client identifiers come from, and what keeps peers
    /// from choosing filters that collide.
    #[must_use]
    pub fn new(options: BrokerOptions, seed: u64) -> Self {
        Self {
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
            events: EventQueue::new(options.events),
            fan_out: FanOut::default(),
            encodings: EncodingCache::default(),
            seed,
            sys: Sys::new(),
            connected: 0,
            begun: None,
            now: Time::ZERO,
            options,
        }
    }

    /// A transport has opened: the connect timeout begins.
    ///
    /// If there are [`BrokerOptions::connections_max`] connections already, the next output closes this one.
    pub fn accept(&mut self, now: Time) -> PeerId {
        self.now = now;
        self.begun.get_or_insert(now);
        let is_full = self.peers.len() >= self.options.connections_max;
        let id = self.peers.insert(self.options.packet_bytes_max.get());
        if self.store.as_ref().is_some_and(|store| store.has_failed()) {
            self.close(id, RejectCause::StoreFailed, now);
        } else if is_full {
            self.close(id, RejectCause::TooManyConnections, now);
        } else {
            self.set_peer_deadline(id, Some(now + self.options.connect_timeout));
        }
        id
    }

    /// Bytes came from the peer: any number, in any split [MQTT-6.0.0-2]. Ignored for a peer that is being closed.
    ///
    /// Gives whether more may follow. If not, packets of the peer wait for an answer or for the store: its transport is best
    /// not read until [`Output::Resume`], or until [`Output::Close`], which may come without. Said here and by no output,
    /// since a host that acts on those at the end of a turn may have the next bytes before. What comes all the same is kept
    /// up to [`BrokerOptions::input_bytes_max`] bytes, and the peer then disconnected with 0x97.
    pub fn handle_bytes(&mut self, peer: PeerId, frame: &[u8], now: Time) -> bool {
        self.handle_bytes_with(peer, frame.len(), |buffer| buffer.copy_from_slice(frame), now)
    }

    /// As [`handle_bytes`](Self::handle_bytes), for `len` bytes that `fill` writes in place.
    pub fn handle_bytes_with(&mut self, peer: PeerId, len: usize, fill: impl FnOnce(&mut [u8]), now: Time) -> bool {
        self.now = now;
        let Some(found) = self.peers.get_mut(peer) else { return true };
        if found.connection.is_closing() {
            return true;
        }
        self.events.counters.received.bytes += len as u64;
        found.input.feed_with(len, fill);
        match found.input.blocked() {
            Blocked::Nothing => self.receive(peer, now),
            Blocked::Answers => {}
            // There may be a new budget by now, and others stand in line for it too.
            Blocked::Store | Blocked::Budget => self.run_deferred(now),
        }
        let may_follow = self.check_room(peer, now);
        self.end_input(now);
        may_follow
    }

    /// A text frame came from a peer on a WebSocket, where MQTT takes binary frames only: its connection ends.
    pub fn handle_text(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        let problem = "a text frame; MQTT takes binary frames only";
        let fault = Fault::new(ReasonCode::ProtocolError, "MQTT-6.0.0-1", problem);
        self.close(peer, DisconnectCause::Fault(fault), now);
        self.end_input(now);
    }

    /// The transport closed or failed without our asking; the will fires [MQTT-3.1.2-8]. No output follows for the peer.
    ///
    /// If packets of a connected client wait to be handled, for an answer or for the store, the close stands in line behind
    /// them, as it did on the wire: a client may publish, say goodbye and be gone at once.
    pub fn handle_closed(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        let Some(found) = self.peers.get_mut(peer) else { return };
        found.output.set_gone();
        match found.connection {
            Connection::Closing => drop(self.peers.remove(peer)),
            Connection::Connected(_) if found.input.is_blocked() => {}
            Connection::AwaitConnect | Connection::Authenticating(_) | Connection::Connected(_) => {
                self.close(peer, DisconnectCause::TransportClosed, now);
            }
        }
        self.end_input(now);
    }

    /// Does what is due: closes silent connections, ends sessions, publishes delayed wills, goes on with what was too much for
    /// one turn.
    pub fn handle_timeout(&mut self, now: Time) {
        self.now = now;
        self.begun.get_or_insert(now);
        self.end_questions(now);
        self.begin_turn(now);
        self.run_timers(now);
        self.end_input(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted next; it may then find that there is nothing to do yet.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        earlier(self.next_turn(), earlier(self.deadlines.first(), self.questions.first_due()))
    }

    /// What the host is to do next: first the events and the messages for the host itself, in the order in which they came;
    /// then the questions, then who is read again, then what is to be stored, then each peer's bytes, in a fixed order.
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        if let Some(notice) = self.poll_notice() {
            return Some(notice);
        }
        self.advance();
        // A message that could not be moved into a frame is one.
        if let Some(notice) = self.poll_notice() {
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

    /// Publishes a message of the host's own; gives the number of subscribers, each shared subscription as one, and the host
    /// as one however many of its handlers have it.
    ///
    /// The access and quality limits of clients do not hold for the host.
    pub fn publish(&mut self, message: Message, now: Time) -> usize {
        self.now = now;
        let message = Arc::new(message);
        let subscribers = self.distribute(message.as_publish(), Some(Arc::clone(&message)), None, now);
        self.end_input(now);
        subscribers
    }

    /// Whether events are given from now on, whatever [`BrokerOptions::events`] said.
    pub fn set_events(&mut self, events: bool) {
        self.events.listen(events);
    }

    /// Ends a connection for the host. `reason` is told in 5.0; the will fires.
    pub fn disconnect(&mut self, peer: PeerId, reason: ReasonCode, now: Time) {
        self.now = now;
        self.close(peer, DisconnectCause::Host(reason), now);
        self.end_input(now);
    }

    /// Sends a client to another server: its connection ends with 0x9C or 0x9D and the Server Reference in 5.0 (§4.11).
    pub fn redirect(&mut self, peer: PeerId, redirect: &Redirect, now: Time) {
        self.now = now;
        let cause = DisconnectCause::Host(redirect.reason());
        self.close(peer, CloseCause::Disconnect(cause, Some(&redirect.server_reference)), now);
        self.end_input(now);
    }

    /// Sends clients that connect from now on to another server, or no more, whatever [`BrokerOptions::redirect`] said.
    pub fn set_redirect(&mut self, redirect: Option<Redirect>) {
        self.options.redirect = redirect;
    }

    /// Ends all connections, told as 0x8B server shutting down in 5.0. Sessions stay.
    pub fn shut_down(&mut self, now: Time) {
        for peer in self.peers.ids() {
            self.disconnect(peer, ReasonCode::ServerShuttingDown, now);
        }
    }
}
