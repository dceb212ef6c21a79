//! A will is published once, or deleted once, and at its time.

use alloc::format;
use alloc::sync::Arc;
use core::time::Duration;

use super::{Findings, Guarantee};
use crate::broker::{DisconnectCause, Event, WillFate};
use crate::codec::{Connect, PropertyId, ReasonCode, Version};
use crate::simulator::sorted_map::SortedMap;
use crate::time::Time;

/// Wills, by client identifier.
#[derive(Debug, Default)]
pub(super) struct Wills {
    all: SortedMap<Arc<str>, Will>,
    /// The last CONNECT of each client that has arrived.
    asked: SortedMap<Arc<str>, Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    clean_start: bool,
    /// The will's delay, or the session's expiry if that is shorter.
    waits: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Will {
    state: State,
    waits: Duration,
    /// When its connection ended, and whether by a DISCONNECT that deletes it.
    left: Option<(Time, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Armed,
    Delayed,
    Over,
}

impl Wills {
    pub(super) fn on_connect(&mut self, connect: &Connect<'_>) {
        let delay = connect.will.as_ref().and_then(|will| will.properties.number(PropertyId::WillDelayInterval));
        let expiry = match connect.version {
            Version::V3_1_1 => 0,
            Version::V5 => connect.properties.number(PropertyId::SessionExpiryInterval).unwrap_or(0),
        };
        let waits = Duration::from_secs(delay.unwrap_or(0).min(expiry).into());
        self.asked.insert(connect.client_id.into(), Asked { clean_start: connect.clean_start, waits });
    }

    pub(super) fn on_broker(&mut self, now: Time, event: &Event, findings: &mut Findings<'_>) {
        match event {
            Event::Connected { client_id, session_present, .. } => {
                self.on_connected(client_id, *session_present, findings);
            }
            Event::Disconnected { client_id, cause, .. } => {
                if let Some(will) = self.all.get_mut(client_id) {
                    will.left = Some((now, *cause == DisconnectCause::Client(ReasonCode::Success)));
                }
            }
            Event::Will { client_id, fate: WillFate::Armed, .. } => {
                let waits = self.asked.get(client_id).map_or(Duration::ZERO, |asked| asked.waits);
                self.all.insert(client_id.clone(), Will { state: State::Armed, waits, left: None });
            }
            Event::Will { client_id, fate, .. } => self.on_end(now, client_id, *fate, findings),
            _ => {}
        }
    }

    /// Another broker has the wills of its store, or none.
    pub(super) fn on_restart(&mut self) {
        self.all.clear();
    }

    /// The will of the connection before must be over.
    fn on_connected(&mut self, client_id: &Arc<str>, session_present: bool, findings: &mut Findings<'_>) {
        let problem = match self.all.get(client_id).map(|will| will.state) {
            Some(State::Armed) => "was never published or deleted, though its connection ended",
            Some(State::Delayed) if session_present => "waits on, though its client is back",
            Some(State::Delayed | State::Over) | None => return,
        };
        findings.add(Guarantee::Wills, format!("the will of {client_id} {problem}"));
    }

    fn on_end(&mut self, now: Time, client_id: &Arc<str>, fate: WillFate, findings: &mut Findings<'_>) {
        let Some(will) = self.all.get_mut(client_id) else { return };
        let is_clean = self.asked.get(client_id).is_some_and(|asked| asked.clean_start);
        let problem = match (fate, will.left) {
            _ if will.state == State::Over => Some("after its end"),
            (WillFate::Fired, None) => Some("during its connection"),
            (WillFate::Fired, Some((_, true))) => Some("after a DISCONNECT that deletes it"),
            (WillFate::Fired, Some((left_at, _))) => {
                (now < left_at + will.waits && !is_clean).then_some("before the end of its delay")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            findings.add(Guarantee::Wills, format!("the will of {client_id} was {fate:?} {problem}"));
        }
        will.state = if fate == WillFate::Delayed { State::Delayed } else { State::Over };
    }
}
