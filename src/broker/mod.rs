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

use alloc::sync::Arc;

pub use auth::access_list::{Access, AccessFilter, AccessRule};
use auth::open_questions::Questions;
use auth::question::Asked;
pub use auth::question::{Action, Answer, Asks, Credentials, Question};
use auth::verdict::RequiredChecks;
pub use cause::{DisconnectCause, DropCause, Fault, RejectCause, WillFate};
use clients::Clients;
use clients::shared_groups::Groups;
use connection::deadlines::{Deadline, Deadlines};
use connection::flow::{Deferred, Flow, Resumed};
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
use retained::Retained;
#[cfg(all(target_arch = "wasm32", feature = "broker"))]
pub(crate) use store::Part;
use store::Store;
use store::held::{HeldOutput, Stage};
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
    resumed: Resumed,
    deferred: Deferred,
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
            resumed: Resumed::new(),
            deferred: Deferred::new(),
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
            self.reject(id, RejectCause::StoreFailed);
        } else if is_full {
            self.reject(id, RejectCause::TooManyConnections);
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
        if matches!(found.connection, Connection::Closing) {
            return true;
        }
        self.events.counters.received.bytes += len as u64;
        found.decoder.feed_with(len, fill);
        if found.waiting.is_none() {
            self.receive(peer, now);
        }
        self.has_room(peer, now)
    }

    /// A text frame came from a peer on a WebSocket, where MQTT takes binary frames only: its connection ends.
    pub fn handle_text(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        let problem = "a text frame; MQTT takes binary frames only";
        let fault = Fault::new(ReasonCode::ProtocolError, "MQTT-6.0.0-1", problem);
        self.end_connection(peer, DisconnectCause::Fault(fault), now);
    }

    /// The transport closed or failed without our asking; the will fires [MQTT-3.1.2-8]. No output follows for the peer.
    ///
    /// If packets of a connected client wait to be handled, for an answer or for the store, the close stands in line behind
    /// them, as it did on the wire: a client may publish, say goodbye and be gone at once.
    pub fn handle_closed(&mut self, peer: PeerId, now: Time) {
        self.now = now;
        if let Some(found) = self.peers.get_mut(peer)
            && found.is_held()
            && found.connection.connected().is_some()
        {
            found.flow = Flow::Gone;
            return;
        }
        self.end_connection(peer, DisconnectCause::TransportClosed, now);
        self.peers.remove(peer);
    }

    /// Does what is due: closes silent connections, ends sessions, publishes delayed wills, goes on with what was too much for
    /// one turn.
    pub fn handle_timeout(&mut self, now: Time) {
        self.now = now;
        self.begun.get_or_insert(now);
        self.end_questions(now);
        self.run_deferred(now);
        while let Some(deadline) = self.deadlines.pop_due(now) {
            match deadline {
                Deadline::Peer(peer) => self.peer_is_due(peer, now),
                Deadline::Session(client) => self.end_session(client, now),
                Deadline::Will(client) => self.fire_will(client, now),
                Deadline::Sys => self.tell_sys(now),
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted next; it may then find that there is nothing to do yet.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        earlier(self.next_turn(), earlier(self.deadlines.first(), self.questions.first_due()))
    }

    /// What the host is to do next: first the events and the messages for the host itself, in the order in which they came;
    /// then the questions, then who is read again, then what is to be stored, then each peer's bytes, in a fixed order.
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        loop {
            if let Some(news) = self.events.pop() {
                return Some(news);
            }
            if let Some(Asked { id, peer, question }) = self.questions.poll() {
                return Some(Output::Ask { question: id, peer, ask: question });
            }
            if let Some(id) = self.poll_resumed() {
                return Some(Output::Resume(id));
            }
            let stage = self.stage();
            let first = match stage {
                Stage::Live => self.outbox.first(),
                Stage::Wait => None,
                Stage::Store(id) => return self.store.as_ref().map(|store| Output::Store(id, store.batch())),
                Stage::Transmit(id) => {
                    self.events.counters.sent.bytes += self.outbox.frame().len() as u64;
                    return Some(Output::Transmit(id, self.outbox.frame()));
                }
                Stage::Close(id) => return Some(Output::Close(id)),
            };
            let Some(id) = first else {
                if self.wake() {
                    continue;
                }
                self.outbox.reclaim();
                if stage == Stage::Live {
                    self.outbox.end_turn();
                }
                return None;
            };
            if self.resume_sending(id) {
                continue;
            }
            if let Some(peer) = self.peers.get_mut(id) {
                if peer.flow == Flow::Gone {
                    peer.transmit.clear();
                }
                if !peer.transmit.is_empty() {
                    peer.count_frame(peer.transmit.len());
                    self.events.counters.sent.bytes += peer.transmit.len() as u64;
                    return Some(Output::Transmit(id, self.outbox.lend(peer)));
                }
                peer.in_line = false;
                if matches!(peer.connection, Connection::Closing) {
                    let is_gone = peer.flow == Flow::Gone;
                    self.peers.remove(id);
                    self.outbox.pop();
                    if is_gone {
                        continue;
                    }
                    return Some(Output::Close(id));
                }
            }
            self.outbox.pop();
        }
    }

    /// Publishes a message of the host's own; gives the number of subscribers, each shared subscription as one, and the host
    /// as one however many of its handlers have it.
    ///
    /// The access and quality limits of clients do not hold for the host.
    pub fn publish(&mut self, message: Message, now: Time) -> usize {
        self.now = now;
        let message = Arc::new(message);
        self.distribute(message.as_publish(), Some(Arc::clone(&message)), None, now)
    }

    /// Whether events are given from now on, whatever [`BrokerOptions::events`] said.
    pub fn set_events(&mut self, events: bool) {
        self.events.listen(events);
    }

    /// Ends a connection for the host. `reason` is told in 5.0; the will fires.
    pub fn disconnect(&mut self, peer: PeerId, reason: ReasonCode, now: Time) {
        self.now = now;
        self.end_connection(peer, DisconnectCause::Host(reason), now);
    }

    /// Sends a client to another server: its connection ends with 0x9C or 0x9D and the Server Reference in 5.0 (§4.11).
    pub fn redirect(&mut self, peer: PeerId, redirect: &Redirect, now: Time) {
        self.now = now;
        let cause = DisconnectCause::Host(redirect.reason());
        self.end_connection_with(peer, cause, Some(&redirect.server_reference), now);
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
