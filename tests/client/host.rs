//! A host of one client in virtual time, which gets transports at once.

use core::time::Duration;

use wasmqtt::client::{Attempt, Backoff, Client, ClientOptions, Phase};
use wasmqtt::codec::{Packet, Property};
use wasmqtt::time::Time;

use super::script::{NOW, Seen, bytes, connack, drain};
use crate::support::packets::properties;

pub(crate) const SECOND: u64 = 1_000;

pub(crate) fn reconnecting() -> ClientOptions {
    ClientOptions { reconnect: Some(Backoff::default()), ..ClientOptions::new("c") }
}

/// A client and its host, whose clock this is.
pub(crate) struct Host {
    pub(crate) client: Client,
    pub(crate) now: Time,
    /// Outputs that were not looked at.
    seen: Vec<Seen>,
}

impl Host {
    pub(crate) fn new(options: ClientOptions) -> Self {
        let mut host = Self { client: Client::new(options), now: NOW, seen: Vec::new() };
        host.client.connect(NOW);
        host.drain();
        host
    }

    pub(crate) fn drain(&mut self) {
        let version = self.client.version();
        self.seen.extend(drain(&mut self.client, version));
    }

    pub(crate) fn seen(&mut self) -> Vec<Seen> {
        core::mem::take(&mut self.seen)
    }

    pub(crate) fn attempt(&self) -> Attempt {
        self.client.attempt()
    }

    pub(crate) fn later(&mut self, milliseconds: u64) {
        self.now = self.now + Duration::from_millis(milliseconds);
    }

    /// The attempt that is under way gets its transport.
    pub(crate) fn opens(&mut self) {
        self.client.handle_open(self.attempt(), self.now);
        self.drain();
    }

    pub(crate) fn receives(&mut self, packet: &Packet<'_>) {
        let bytes = bytes(packet, self.client.version());
        self.receives_bytes(&bytes);
    }

    pub(crate) fn receives_bytes(&mut self, bytes: &[u8]) {
        self.client.handle_bytes(self.attempt(), bytes, self.now);
        self.drain();
    }

    pub(crate) fn connects_with(&mut self, list: &[Property<'_>]) {
        self.opens();
        self.receives(&connack(false, &properties(list)));
        assert_eq!(self.client.phase(), Phase::Connected);
        self.seen();
    }

    pub(crate) fn connects(&mut self) {
        self.connects_with(&[]);
    }

    pub(crate) fn cut(&mut self) -> Seen {
        self.client.handle_closed(self.attempt(), self.now);
        self.drain();
        self.last_end()
    }

    /// The latest end; drops what came before it.
    pub(crate) fn last_end(&mut self) -> Seen {
        let is_end = |seen: &Seen| matches!(seen, Seen::Lost(_) | Seen::Closed(_));
        let at = self.seen.iter().rposition(is_end).unwrap_or_else(|| panic!("no end in {:?}", self.seen));
        let end = self.seen.remove(at);
        self.seen.drain(..at);
        end
    }

    /// The wait after a loss, in milliseconds.
    pub(crate) fn wait_of(&self, end: &Seen) -> u64 {
        match end {
            Seen::Lost(lost) => lost.retry_at.as_millis() - self.now.as_millis(),
            other => panic!("{other:?}"),
        }
    }

    /// Runs the timer at the deadline.
    pub(crate) fn runs(&mut self) {
        let deadline = self.client.next_deadline().expect("a deadline");
        self.now = self.now.max(deadline);
        self.client.handle_timeout(self.now);
        self.drain();
    }
}

pub(crate) fn open(attempt: u32, server: &str) -> Seen {
    Seen::Open(attempt, server.to_owned())
}
