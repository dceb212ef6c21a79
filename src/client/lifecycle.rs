//! Beginning and end of attempts and connections: inputs of the client, and its states.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::life::Stage;
use super::{Attempt, Client, CloseReason, Core, Due, Lost, Output, Phase, State};
use crate::codec::{Disconnect, PINGREQ, Properties, ReasonCode, Version};
use crate::time::{self, Time};
use crate::time_limit::TimeLimit;

/// Longest time before credentials expire at which they are renewed.
const RENEWAL_LEAD: Duration = Duration::from_mins(1);

/// An end that is to be said.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) reason: CloseReason,
    /// When the next attempt begins; `None`: the life is over.
    pub(super) retry_at: Option<Time>,
    pub(super) was_connected: bool,
}

impl Closing {
    pub(super) fn into_output<'a>(self, attempt: Attempt) -> Output<'a> {
        let Self { reason, retry_at, was_connected } = self;
        match retry_at {
            Some(retry_at) => Output::Lost(Lost { attempt, reason, was_connected, retry_at }),
            None => Output::Closed(reason),
        }
    }
}

impl Client {
    /// Begins a life: the first [`Output::Open`] comes. Nothing happens unless
    /// the client is idle.
    pub fn connect(&mut self, now: Time) {
        self.core.now = now;
        if matches!(self.core.state, State::Idle) {
            self.core.state = State::Waiting { until: now };
        }
    }

    /// The host has credentials for the CONNECT of this attempt. Without a call, those of the
    /// attempt before are used.
    ///
    /// `expires` is when they do, by the host's clock. The client reconnects in time before it, and
    /// the host has new ones for that attempt. A moment that is past already counts for nothing,
    /// since the clocks of hosts are wrong.
    pub fn handle_credentials(
        &mut self,
        attempt: Attempt,
        username: Option<String>,
        password: Option<Vec<u8>>,
        expires: Option<Time>,
        now: Time,
    ) {
        self.core.now = now;
        if self.is_opening(attempt) {
            self.core.options.username = username;
            self.core.options.password = password;
            self.core.life.expires = expires;
        }
    }

    /// The transport of this attempt is open: CONNECT goes out [MQTT-3.1.0-1].
    pub fn handle_open(&mut self, attempt: Attempt, now: Time) {
        self.core.now = now;
        if attempt == self.core.life.attempt {
            self.core.open();
        }
    }

    /// The host could not open a transport for this attempt, or has no credentials. `is_final`:
    /// another attempt would fail alike.
    pub fn handle_failed(&mut self, attempt: Attempt, is_final: bool, now: Time) {
        self.core.now = now;
        if self.is_opening(attempt) {
            self.core.close(CloseReason::OpenFailed { is_final });
        }
    }

    /// The transport of this attempt closed or failed.
    pub fn handle_closed(&mut self, attempt: Attempt, now: Time) {
        self.core.now = now;
        if attempt == self.core.life.attempt && self.core.has_transport() {
            self.core.drop_outgoing();
            self.core.close(CloseReason::TransportClosed);
        }
    }

    /// The host woke up, its page became visible, or its network is back.
    ///
    /// A connection is tested by PINGREQ. Without an answer in 5 seconds it is given up, and the
    /// next attempt begins at once. A client that waits for its next attempt begins it now. The
    /// backoff starts over.
    pub fn handle_wake(&mut self, now: Time) {
        self.core.now = now;
        self.core.life.on_wake();
        self.core.probe();
        if let State::Waiting { until } = &mut self.core.state {
            *until = now.min(*until);
        }
    }

    /// The host lost its network, or believes so. A connection is tested as by
    /// [`handle_wake`](Self::handle_wake). Attempts go on, since hosts err, and a broker may be on
    /// the host itself.
    pub fn handle_offline(&mut self, now: Time) {
        self.core.now = now;
        self.core.probe();
    }

    /// The deadline of [`next_deadline`](Self::next_deadline) has come, or may have.
    ///
    /// A call long after the deadline means a host that was stopped, or throttled timers. CONNACK
    /// or PINGRESP may wait there to be read. So the broker is given up at the next call only,
    /// which [`next_deadline`](Self::next_deadline) wants within five seconds.
    pub fn handle_timeout(&mut self, now: Time) {
        self.core.now = now;
        self.core.on_timeout();
    }

    /// When [`handle_timeout`](Self::handle_timeout) is wanted.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        match &self.core.state {
            State::Idle | State::Ended => None,
            State::Waiting { until } => Some(*until),
            State::Opening { limit } | State::AwaitConnack { limit } => Some(limit.look()),
            State::Connected { keep_alive, renew_at, .. } => {
                time::earlier(time::earlier(keep_alive.deadline(), *renew_at), self.core.request_deadline())
            }
        }
    }

    /// Where the connection stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match &self.core.state {
            State::Idle => Phase::Idle,
            State::Waiting { .. } => Phase::Waiting,
            State::Opening { .. } | State::AwaitConnack { .. } => Phase::Connecting,
            State::Connected { .. } => Phase::Connected,
            State::Ended => Phase::Ended,
        }
    }

    /// Returns the number of the current or latest attempt.
    #[must_use]
    pub const fn attempt(&self) -> Attempt {
        self.core.life.attempt
    }

    /// True if the host is to open a transport for this attempt, and nothing has come of it so far.
    #[must_use]
    pub fn is_opening(&self, attempt: Attempt) -> bool {
        attempt == self.core.life.attempt && matches!(self.core.state, State::Opening { .. })
    }

    /// The version of the current or latest attempt.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.core.options.version
    }

    /// Ends the life without DISCONNECT, as a crash would: the broker publishes the will. The
    /// session keeps its state, and [`connect`](Self::connect) may begin another life. Nothing
    /// happens to a client that has [ended](Self::disconnect).
    pub fn kill(&mut self, now: Time) {
        self.core.now = now;
        // One that has ended may still have its DISCONNECT to send.
        if !matches!(self.core.state, State::Ended) {
            self.core.drop_outgoing();
            self.core.finish(CloseReason::TransportClosed, State::Idle);
        }
    }

    /// Begins the next attempt if it is due. Returns true if it is.
    pub(super) fn begin_due(&mut self) -> bool {
        let is_due = matches!(self.core.state, State::Waiting { until } if until <= self.core.now);
        if is_due {
            self.decoder.reset();
            self.core.begin();
        }
        is_due
    }
}

impl Core {
    fn begin(&mut self) {
        self.options.version = self.life.begin(&self.options);
        self.session.set_receive_maximum(self.options.receive_maximum());
        self.state = State::Opening { limit: TimeLimit::without_lead(self.now, self.options.connect_timeout) };
    }

    /// The transport stands: CONNECT.
    fn open(&mut self) {
        let State::Opening { limit } = self.state else { return };
        let properties = self.options.connect_properties();
        let clean_start = self.asks_for_clean_start();
        let encoded = properties.and_then(|properties| {
            self.options.connect(clean_start, properties.as_properties()).encode(&mut self.outgoing)
        });
        match encoded {
            Ok(()) => self.state = State::AwaitConnack { limit },
            Err(error) => self.close(CloseReason::Options(error)),
        }
    }

    /// When the credentials of this connection are to be renewed: a minute before they expire, or
    /// in the middle of a shorter life.
    pub(super) fn renew_at(&self) -> Option<Time> {
        let expires = self.life.expires?;
        let left = expires.saturating_since(self.now);
        (!left.is_zero()).then(|| expires - RENEWAL_LEAD.min(left / 2))
    }

    fn probe(&mut self) {
        match &mut self.state {
            State::Connected { keep_alive, .. } => {
                if keep_alive.probe(self.now) {
                    self.outgoing.extend_from_slice(&PINGREQ);
                }
            }
            State::Opening { .. } | State::AwaitConnack { .. } => self.on_timeout(),
            State::Idle | State::Waiting { .. } | State::Ended => {}
        }
    }

    fn on_timeout(&mut self) {
        self.expire_requests();
        match &mut self.state {
            State::Idle | State::Waiting { .. } | State::Ended => {}
            State::Opening { limit } | State::AwaitConnack { limit } => match limit.judge(self.now) {
                Some(next) => *limit = next,
                None => self.close(CloseReason::ConnectTimeout),
            },
            State::Connected { keep_alive, renew_at, .. } => match keep_alive.on_timeout(self.now) {
                None if renew_at.is_some_and(|at| at <= self.now) => {
                    self.send_disconnect(Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY });
                    self.close(CloseReason::CredentialsExpire);
                }
                None => {}
                Some(Due::Ping) => self.outgoing.extend_from_slice(&PINGREQ),
                Some(Due::Timeout) => self.fail(ReasonCode::UnspecifiedError, CloseReason::KeepAliveTimeout),
            },
        }
    }

    /// Ends the attempt or connection. The session keeps its state.
    pub(super) fn close(&mut self, cause: CloseReason) {
        let stage = match &self.state {
            State::Connected { keep_alive, .. } => Stage::Connected { woken: keep_alive.is_probed() },
            State::AwaitConnack { .. } => Stage::AwaitConnack,
            State::Idle | State::Waiting { .. } | State::Opening { .. } | State::Ended => Stage::Opening,
        };
        // The broker may have begun a new session unheard. It has no subscription, and the next
        // CONNACK says that it is present.
        if stage == Stage::AwaitConnack && !matches!(cause, CloseReason::Refused { .. }) {
            self.subscriptions.lost();
        }
        let retry_at = self.life.after(&cause, self.closing_properties.as_properties(), stage, &self.options, self.now);
        self.state = retry_at.map_or(State::Idle, |until| State::Waiting { until });
        let was_connected = matches!(stage, Stage::Connected { .. });
        // An attempt that another one follows at once, at a redirect or for the version, ends no
        // request.
        if was_connected || retry_at != Some(self.now) {
            self.on_lost();
        } else {
            self.end_exchange();
        }
        self.closing = Some(Closing { reason: cause, retry_at, was_connected });
    }

    /// The transport is gone, and with it the packets that were to be sent.
    fn drop_outgoing(&mut self) {
        self.outgoing.clear();
        if let Some(store) = self.store_mut() {
            store.drop_held();
        }
    }

    /// Ends the life, whatever its state.
    pub(super) fn finish(&mut self, reason: CloseReason, state: State) {
        if self.has_transport() {
            self.close(reason.clone());
        }
        if matches!(self.state, State::Waiting { .. }) {
            self.closing = Some(Closing { reason, retry_at: None, was_connected: false });
        }
        if !matches!(self.state, State::Ended) {
            self.state = state;
        }
    }

    pub(super) const fn has_transport(&self) -> bool {
        matches!(self.state, State::Opening { .. } | State::AwaitConnack { .. } | State::Connected { .. })
    }
}
