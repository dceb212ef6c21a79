//! The client: a life of one connection after the other, and the session over them all.
//!
//! A plain value without I/O. Order of calls: [`Client::connect`] begins a life. [`Output::Open`]
//! asks for a transport for an attempt. The attempt's number goes with all inputs of the transport.
//! These are [`Client::handle_open`] when it is open, [`Client::handle_bytes`] as bytes come, and
//! [`Client::handle_closed`] when it is gone. [`Output::Lost`] says when the next attempt is, and
//! [`Output::Closed`] that the life is over. [`CloseReason::is_final`] tells them apart. After
//! `Closed` another life may begin, and goes on with the session.
//!
//! After every call that takes `&mut self`, drain [`Client::poll_output`] until `None`, then ask
//! [`Client::next_deadline`] when [`Client::handle_timeout`] is wanted. [`Phase::Connecting`] and
//! [`Phase::Waiting`] always have such a deadline, and [`Phase::Connected`] unless keep alive is
//! off.
//!
//! ```
//! use wasmqtt::client::{Client, ClientOptions, Output};
//! use wasmqtt::time::Time;
//!
//! let mut client = Client::new(ClientOptions::new("sensor"));
//! client.connect(Time::ZERO);
//! let Some(Output::Open { attempt, .. }) = client.poll_output() else {
//!     panic!("a question for a transport")
//! };
//! client.handle_open(attempt, Time::ZERO);
//! let Some(Output::Transmit(connect)) = client.poll_output() else {
//!     panic!("CONNECT comes first")
//! };
//! assert_eq!(connect[0], 0x10);
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

mod aliases;
mod assigned_aliases;
mod auth;
mod backoff;
mod breach;
mod calls;
mod disconnect;
mod ends;
mod finality;
mod handlers;
mod held_acks;
mod keep_alive;
mod life;
mod lifecycle;
mod limits;
mod offline;
mod options;
mod output;
mod parts;
mod persistence;
mod receive;
mod records;
mod recover;
mod requests;
mod restore;
mod routes;
mod send;
mod snapshot;
mod subscribe;
mod subscribed;

pub use auth::ChallengeId;
pub use backoff::Backoff;
pub use life::{Attempt, Server};
pub use offline::{Keep, Overflow};
pub use options::{ClientOptions, ClientWill};
pub use output::{
    CallError, CloseReason, Completion, Connected, HandlerId, InFrame, Incoming, Lost, Notice, Output, RequestError,
    RequestId, Ticket,
};
pub use snapshot::{AcceptedSubscription, ClientSnapshot};

use crate::codec::{DecodeError, Decoder, Located, Packet, PacketId, Properties, PropertiesBuf, Publish, QoS, Version};
use crate::collections::fifo::Fifo;
use crate::session::{Session, SessionLimits};
use crate::time::Time;
use crate::time_limit::TimeLimit;
use aliases::Aliases;
use assigned_aliases::AssignedAliases;
use breach::Breach;
use ends::{End, Ends};
use held_acks::HeldAcks;
use keep_alive::{Due, KeepAlive};
use life::Life;
use lifecycle::Closing;
use limits::Limits;
use offline::Offline;
use persistence::Persistence;
use recover::{SentAt, Suspect};
use requests::Requests;
use routes::Routes;
use subscribed::Subscriptions;

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No life has begun, or it is over and may begin again.
    Idle,
    /// The transport opens, or CONNECT is unanswered.
    Connecting,
    /// CONNACK has come.
    Connected,
    /// The next attempt waits for its time.
    Waiting,
    /// [`Client::disconnect`] was called: for good.
    Ended,
}

/// One client. See the module for the order of calls.
#[derive(Debug)]
pub struct Client {
    decoder: Decoder,
    core: Core,
    /// Where the last [`Output::Message`] is.
    located: Option<Located>,
    /// Bytes of the last [`Output::Transmit`].
    sending: Vec<u8>,
}

/// Everything but the bytes that came, which packets borrow from while this changes.
#[derive(Debug)]
struct Core {
    options: ClientOptions,
    state: State,
    session: Session<RequestId>,
    requests: Requests,
    offline: Offline,
    subscriptions: Subscriptions,
    /// Requests in the order of their sending, if there is a time limit for answers.
    sent_at: Fifo<SentAt>,
    /// End of the last grace for requests whose timer came late.
    request_grace: Time,
    suspect: Suspect,
    /// A broker has accepted the client before.
    has_session: bool,
    /// When bytes came last, in this life or one before it.
    heard: Option<Time>,
    store: Option<Box<Persistence>>,
    /// The session is, or was, in a store.
    keeps_session: bool,
    /// Time without a connection before this one.
    absence: Option<Duration>,
    routes: Routes,
    aliases: Aliases,
    assigned_aliases: AssignedAliases,
    ends: Ends,
    exchange: auth::Exchange,
    held_acks: HeldAcks,
    /// Packets to transmit at the end of the turn.
    outgoing: Vec<u8>,
    /// The connection is over, which is said once all else is said.
    closing: Option<Closing>,
    /// Properties of the DISCONNECT or CONNACK that ended it.
    closing_properties: PropertiesBuf,
    life: Life,
    next_request: u64,
    now: Time,
    /// Properties of the last [`Output::Connected`].
    connack_properties: PropertiesBuf,
    /// The PUBLISH of the last [`Output::Message`].
    arrival: Arrival,
    /// Properties of the packet behind the last [`Output::Done`] or [`Output::Closed`].
    answer_properties: PropertiesBuf,
}

/// A tag of its own is read in less code than one that hides in the spare values of a field.
#[derive(Debug)]
#[repr(u8)]
enum State {
    Idle,
    /// The next attempt begins then.
    Waiting {
        until: Time,
    },
    /// The host opens a transport.
    Opening {
        limit: TimeLimit,
    },
    /// CONNECT is sent.
    AwaitConnack {
        limit: TimeLimit,
    },
    Connected {
        keep_alive: KeepAlive,
        limits: Limits,
        renew_at: Option<Time>,
    },
    Ended,
}

/// An output that is not put together yet, since it borrows from the client.
#[derive(Clone, Copy)]
enum Next {
    End,
    Connected {
        session_present: bool,
    },
    Authenticate,
    Message,
    Transmit,
    /// The bytes that were held for the store.
    Held,
    Store,
    Closed,
    Open,
}

/// The fields of a PUBLISH, apart from its bytes.
#[derive(Debug, Default)]
struct Arrival {
    dup: bool,
    qos: QoS,
    retain: bool,
    packet_id: Option<PacketId>,
    slot: usize,
    topic_changed: bool,
    ticket: Option<Ticket>,
    /// How many bytes of the packet's end are payload, and how many before it are properties.
    payload_bytes: usize,
    properties_bytes: usize,
}

impl Client {
    /// A client that has not connected yet.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        let limits = SessionLimits {
            queue_messages: options.queue_messages,
            queue_bytes: options.queue_bytes,
            receive_maximum: options.receive_maximum(),
        };
        let mut session = Session::new(limits);
        session.begin_at(options.first_packet_id);
        let core = Core {
            state: State::Idle,
            session,
            requests: Requests::new(),
            offline: Offline::new(),
            subscriptions: Subscriptions::new(),
            sent_at: Fifo::new(),
            request_grace: Time::ZERO,
            suspect: Suspect::default(),
            has_session: false,
            heard: None,
            store: None,
            keeps_session: false,
            absence: None,
            routes: Routes::default(),
            aliases: Aliases::new(),
            assigned_aliases: AssignedAliases::new(),
            ends: Ends::new(),
            exchange: auth::Exchange::default(),
            held_acks: HeldAcks::new(),
            outgoing: Vec::new(),
            closing: None,
            closing_properties: PropertiesBuf::new(),
            life: Life::new(options.seed),
            next_request: 0,
            now: Time::ZERO,
            connack_properties: PropertiesBuf::new(),
            arrival: Arrival::default(),
            answer_properties: PropertiesBuf::new(),
            options,
        };
        Self { decoder: Decoder::new(core.options.packet_bytes_max), core, located: None, sending: Vec::new() }
    }

    /// Bytes came from the transport of this attempt, in any split [MQTT-6.0.0-2].
    pub fn handle_bytes(&mut self, attempt: Attempt, frame: &[u8], now: Time) {
        if attempt == self.core.life.attempt {
            self.core.on_received(now);
            self.decoder.feed(frame);
        }
    }

    /// As [`handle_bytes`](Self::handle_bytes), for `len` bytes that `fill` copies in place.
    pub fn handle_bytes_with(&mut self, attempt: Attempt, len: usize, fill: impl FnOnce(&mut [u8]), now: Time) {
        if attempt == self.core.life.attempt {
            self.core.on_received(now);
            self.decoder.feed_with(len, fill);
        }
    }

    /// A WebSocket text frame came, where MQTT takes binary ones only: the connection ends
    /// [MQTT-6.0.0-1].
    pub fn handle_text(&mut self, attempt: Attempt, now: Time) {
        self.core.now = now;
        if attempt == self.core.life.attempt && self.core.is_listening() {
            self.core.breached(const { &Breach::new("MQTT-6.0.0-1", "a text frame; MQTT uses binary frames only") });
        }
    }

    /// So many bytes that were transmitted wait in the transport, such as `bufferedAmount` of a
    /// WebSocket. Called right before [`handle_timeout`](Self::handle_timeout), where the transport
    /// can tell.
    ///
    /// A ping stands behind these bytes. While some of them leave, a slow line is not taken for a
    /// silent broker. A transport in which none leaves is given up as before.
    pub fn handle_waiting(&mut self, bytes: usize, now: Time) {
        self.core.now = now;
        self.core.on_waiting(bytes);
    }

    /// The client identifier: the caller's, or the one that the broker assigned.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.core.options.client_id
    }

    /// Properties of the broker's packet behind the last [`Output::Done`] or [`Output::Closed`],
    /// such as its reason string; empty without one. Read before the next output.
    #[must_use]
    pub fn answer_properties(&self) -> Properties<'_> {
        self.core.answer_properties.as_properties()
    }

    /// The bytes that are fed and not yet decoded: a reader of the stream that begins now begins
    /// with these.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.decoder.unread()
    }

    /// Returns the next output. Packets are decoded here, one at a time, so that an output can
    /// borrow from the bytes that came.
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        self.poll(true, true)
    }

    /// Returns the next output, as [`poll_output`](Self::poll_output), but leaves
    /// [`Output::Transmit`] and [`Output::Closed`] for it. A host that has more input in this turn
    /// sends all answers in one frame.
    pub fn poll_received(&mut self) -> Option<Output<'_>> {
        self.poll(true, false)
    }

    /// Returns the next output apart from those of received bytes that are not decoded yet. A host
    /// that handles a long frame in slices sends acknowledgements and pings between them.
    pub fn poll_transmit(&mut self) -> Option<Output<'_>> {
        self.poll(false, true)
    }

    /// Returns the next output: of received bytes, and of packets to send.
    #[inline]
    pub(crate) fn poll(&mut self, received: bool, transmit: bool) -> Option<Output<'_>> {
        let mut next = if received { self.next_received() } else { (!self.core.ends.is_empty()).then_some(Next::End) };
        if next.is_none() && transmit {
            next = self.next_to_send();
        }
        self.output(next?)
    }

    fn output(&mut self, next: Next) -> Option<Output<'_>> {
        Some(match next {
            Next::End => match self.core.ends.pop()? {
                End::Done(request, result, properties) => {
                    self.core.answer_properties = properties;
                    Output::Done(request, result)
                }
                End::Notice(notice) => Output::Notice(notice),
            },
            Next::Connected { session_present } => {
                let properties = self.core.connack_properties.as_properties();
                Output::Connected(Connected { session_present, properties, absence: self.core.absence })
            }
            Next::Authenticate => {
                let exchange = &self.core.exchange;
                Output::Authenticate(exchange.last(), exchange.properties.as_properties())
            }
            Next::Message => Output::Message(self.incoming(self.located.as_ref()?)),
            Next::Transmit => {
                core::mem::swap(&mut self.core.outgoing, &mut self.sending);
                self.core.outgoing.clear();
                Output::Transmit(&self.sending)
            }
            Next::Held => Output::Transmit(&self.sending),
            Next::Store => {
                let store = self.core.store()?;
                Output::Store(store.last, &store.batch)
            }
            Next::Closed => {
                self.core.answer_properties = core::mem::take(&mut self.core.closing_properties);
                self.core.closing.take()?.into_output(self.core.life.attempt)
            }
            Next::Open => {
                let life = &self.core.life;
                Output::Open { attempt: life.attempt, server: life.server() }
            }
        })
    }

    /// Returns the next output that the received bytes lead to.
    #[inline]
    fn next_received(&mut self) -> Option<Next> {
        loop {
            if !self.core.ends.is_empty() {
                return Some(Next::End);
            }
            if !self.core.is_listening() {
                return None;
            }
            let version = self.core.options.version;
            let located = match self.decoder.advance(version) {
                Ok(located) => located?,
                Err(error) => {
                    self.core.malformed(error);
                    continue;
                }
            };
            match self.decoder.packet_from_server(&located, version) {
                Ok(packet) => {
                    if let Some(next) = self.core.on_packet(packet) {
                        self.located = Some(located);
                        return Some(next);
                    }
                }
                Err(error) => self.misread(&located, error),
            }
        }
    }

    fn next_to_send(&mut self) -> Option<Next> {
        if self.core.outgoing.is_empty() {
            self.core.send_queued();
        }
        if let Some(next) = self.core.next_of_store(&mut self.sending).ok()? {
            if matches!(next, Next::Held) {
                self.core.on_sent(self.sending.len());
            }
            return Some(next);
        }
        if !self.core.outgoing.is_empty() {
            self.core.on_sent(self.core.outgoing.len());
            return Some(Next::Transmit);
        }
        if self.core.closing.is_some() {
            return Some(Next::Closed);
        }
        self.begin_due().then_some(Next::Open)
    }

    /// The packet is none of this version. A broker that knows only 3.1.1 may refuse CONNECT of 5.0
    /// in its own form.
    #[cold]
    #[inline(never)]
    fn misread(&mut self, located: &Located, error: DecodeError) {
        if matches!(self.core.state, State::AwaitConnack { .. })
            && let Ok(Packet::Connack(connack)) = self.decoder.packet_from_server(located, Version::V3_1_1)
            && connack.reason.is_error()
        {
            self.core.close(CloseReason::Refused { reason: connack.reason, reason_string: None });
        } else {
            self.core.malformed(error);
        }
    }

    /// The message in its bytes; what is not there (the topic behind an alias) is in the routes.
    fn incoming(&self, located: &Located) -> Incoming<'_> {
        let arrival = &self.core.arrival;
        let bytes = self.decoder.bytes(located);
        let payload = bytes.len() - arrival.payload_bytes;
        let properties = payload - arrival.properties_bytes;
        let in_frame = self
            .decoder
            .offset_in_frame(located)
            .map(|start| InFrame { properties: offset(start + properties), payload: offset(start + payload) });
        let (topic, handlers) = self.core.routes.at(arrival.slot);
        let publish = Publish {
            dup: arrival.dup,
            qos: arrival.qos,
            retain: arrival.retain,
            topic,
            packet_id: arrival.packet_id,
            properties: Properties::checked(&bytes[properties..payload]),
            payload: &bytes[payload..],
        };
        Incoming {
            publish,
            topic_slot: offset(arrival.slot),
            topic_changed: arrival.topic_changed,
            handlers,
            in_frame,
            ticket: arrival.ticket,
        }
    }
}

/// Offsets into frames, which are no larger than an address space of 32 bits.
fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
