//! The life of a client: its attempts to connect, one after the other, and what follows each.

use alloc::string::String;

use super::{ClientOptions, CloseReason};
use crate::codec::{Properties, PropertyId, ReasonCode, Version};
use crate::random::split_mix;
use crate::time::Time;

/// Redirects that are followed at once, until a connection is stable. Further ones wait as after a
/// failure, so that brokers which redirect in a circle meet no storm.
const REDIRECTS_AT_ONCE: u32 = 5;

/// Number of an attempt to connect, and of the connection that it becomes. They count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u32);

/// Server that an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server<'a> {
    /// The server with this index in the host's list, below [`ClientOptions::servers`].
    Listed(usize),
    /// A server that the broker named (Server Reference, MQTT 5.0 §4.11), usually as `host:port`.
    Referenced(&'a str),
}

/// Place in an attempt at which it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The host had no transport yet.
    Opening,
    /// CONNECT was sent.
    AwaitConnack,
    /// The broker had accepted. `woken`: the host had woken up, and no byte had come since.
    Connected { woken: bool },
}

/// State that outlives the connections.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) attempt: Attempt,
    random: u64,
    /// Ends in a row without a stable connection between them.
    failures: u32,
    /// Redirects without a stable connection between them.
    redirects: u32,
    listed: usize,
    reference: Option<Reference>,
    /// Listed servers that speak 3.1.1 only, a bit for each of the first 64.
    old: u64,
    /// 5.0 did not work just now, so 3.1.1 is tried.
    tries_old: bool,
    connected_at: Time,
    /// When the credentials of the attempt expire.
    pub(super) expires: Option<Time>,
}

#[derive(Debug)]
struct Reference {
    text: String,
    /// Server moved: for good, and not for one connection.
    is_permanent: bool,
}

impl Life {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            attempt: Attempt(0),
            random: seed,
            failures: 0,
            redirects: 0,
            listed: 0,
            reference: None,
            old: 0,
            tries_old: false,
            connected_at: Time::ZERO,
            expires: None,
        }
    }

    /// Returns the server of the current attempt.
    pub(super) fn server(&self) -> Server<'_> {
        match &self.reference {
            Some(reference) => Server::Referenced(&reference.text),
            None => Server::Listed(self.listed),
        }
    }

    /// Begins an attempt. Returns the version to speak.
    pub(super) fn begin(&mut self, options: &ClientOptions) -> Version {
        self.attempt.0 = self.attempt.0.wrapping_add(1);
        self.expires = None;
        if !options.falls_back {
            return options.version;
        }
        if self.tries_old || self.old & self.bit() != 0 { Version::V3_1_1 } else { Version::V5 }
    }

    /// Notes that the broker accepted.
    pub(super) fn on_accepted(&mut self, version: Version, now: Time) {
        self.connected_at = now;
        self.tries_old = false;
        match version {
            Version::V3_1_1 => self.old |= self.bit(),
            Version::V5 => self.old &= !self.bit(),
        }
    }

    /// Starts the backoff over: the host has woken up, or its network is back.
    pub(super) const fn on_wake(&mut self) {
        self.failures = 0;
    }

    /// Decides what follows the end of an attempt: when the next one begins, or `None` if the life
    /// is over. `properties` are those of the packet that ended it.
    pub(super) fn after(
        &mut self,
        cause: &CloseReason,
        properties: Properties<'_>,
        stage: Stage,
        options: &ClientOptions,
        now: Time,
    ) -> Option<Time> {
        if self.tries_another_version(cause, stage, options) {
            return Some(now);
        }
        let backoff = options.reconnect?;
        let is_connected = matches!(stage, Stage::Connected { .. });
        let is_stable = is_connected && now.saturating_since(self.connected_at) >= backoff.stable;
        if is_stable {
            (self.failures, self.redirects) = (0, 0);
        }
        let is_at_once = match properties.text(PropertyId::ServerReference) {
            Some(text) if redirects(cause) => {
                let is_permanent = moves(cause);
                self.reference = Some(Reference { text: text.into(), is_permanent });
                self.redirects = self.redirects.saturating_add(1);
                self.redirects <= REDIRECTS_AT_ONCE
            }
            _ if cause.is_final() => return None,
            _ => {
                self.leave_server(is_connected, is_stable, options.servers);
                stage == (Stage::Connected { woken: true })
                    || (is_stable && matches!(cause, CloseReason::CredentialsExpire))
            }
        };
        if is_at_once {
            return Some(now);
        }
        let rounds = self.failures / u32::try_from(options.servers).unwrap_or(u32::MAX).max(1);
        self.failures = self.failures.saturating_add(1);
        Some(now + backoff.delay(rounds, split_mix(&mut self.random)))
    }

    /// Chooses the server of the next attempt.
    ///
    /// A server that the broker named is left when it fails. It is left at the end of its
    /// connection too, unless the broker has moved there for good.
    fn leave_server(&mut self, was_connected: bool, was_stable: bool, servers: usize) {
        match &self.reference {
            Some(reference) if reference.is_permanent && was_connected => {}
            Some(_) => self.reference = None,
            None if was_stable => {}
            None => self.listed = (self.listed + 1) % servers.max(1),
        }
    }

    /// True if the version is the cause, and another one is tried at once.
    ///
    /// A broker that knows no 5.0 answers CONNECT with 0x84, with 0x01 in the form of 3.1.1, or
    /// hangs up.
    fn tries_another_version(&mut self, cause: &CloseReason, stage: Stage, options: &ClientOptions) -> bool {
        let tried_old = core::mem::take(&mut self.tries_old);
        if !options.falls_back || stage != Stage::AwaitConnack {
            return false;
        }
        let is_refused = matches!(cause, CloseReason::Refused { reason: ReasonCode::UnsupportedProtocolVersion, .. });
        if !is_refused && !matches!(cause, CloseReason::TransportClosed) {
            return false;
        }
        match options.version {
            Version::V5 => {
                self.tries_old = true;
                true
            }
            // A server that spoke 3.1.1 before may have been replaced.
            Version::V3_1_1 => {
                self.old &= !self.bit();
                is_refused && !tried_old
            }
        }
    }

    /// The bit of the current server; none for a referenced one.
    fn bit(&self) -> u64 {
        match &self.reference {
            Some(_) => 0,
            None => u32::try_from(self.listed).ok().and_then(|index| 1_u64.checked_shl(index)).unwrap_or(0),
        }
    }
}

/// True if the broker sends the client to another server.
const fn redirects(cause: &CloseReason) -> bool {
    matches!(reason_of(cause), Some(ReasonCode::UseAnotherServer | ReasonCode::ServerMoved))
}

/// True if it does so for good.
const fn moves(cause: &CloseReason) -> bool {
    matches!(reason_of(cause), Some(ReasonCode::ServerMoved))
}

const fn reason_of(cause: &CloseReason) -> Option<ReasonCode> {
    if let CloseReason::Refused { reason, .. } | CloseReason::Disconnected { reason, .. } = cause {
        Some(*reason)
    } else {
        None
    }
}
