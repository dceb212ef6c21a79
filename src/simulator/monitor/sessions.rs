//! A session that is resumed was there, and had not expired.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::{Findings, Guarantee};
use crate::broker::Event;
use crate::codec::{Packet, PropertyId, Version};
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Direction, LinkId, PacketRecord};
use crate::time::Time;

/// Brokers measure expiry in whole seconds.
const SLACK: Duration = Duration::from_secs(1);

/// The sessions, by client identifier.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: SortedMap<Arc<str>, Session>,
    /// The last CONNECT of each client that has arrived.
    asked: SortedMap<String, Asked>,
    links: SortedMap<LinkId, (Version, String)>,
    /// Another broker has sessions that nobody has seen begin.
    is_restarted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    clean_start: bool,
    /// `None`: for ever.
    lasts: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    /// `None`: it lasts for ever.
    lasts: Option<Duration>,
    /// When its connection ended.
    left_at: Option<Time>,
}

impl Sessions {
    pub(super) fn on_arrival(&mut self, packet: &PacketRecord) {
        if packet.direction == Direction::Down {
            return;
        }
        let version = self.links.get(&packet.link).map_or(Version::V5, |(version, _)| *version);
        match Packet::decode(&packet.bytes, version) {
            Ok(Packet::Connect(connect)) => {
                let lasts = match connect.version {
                    Version::V3_1_1 => (!connect.clean_start).then_some(u32::MAX),
                    Version::V5 => connect.properties.number(PropertyId::SessionExpiryInterval),
                };
                let asked = Asked { clean_start: connect.clean_start, lasts: duration(lasts.unwrap_or(0)) };
                self.asked.insert(connect.client_id.into(), asked);
                self.links.insert(packet.link, (connect.version, connect.client_id.into()));
            }
            Ok(Packet::Disconnect(disconnect)) => {
                let lasts = disconnect.properties.number(PropertyId::SessionExpiryInterval);
                if let (Some(lasts), Some((_, client_id))) = (lasts, self.links.get(&packet.link))
                    && let Some(session) = self.all.get_mut(&**client_id)
                {
                    session.lasts = duration(lasts);
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_broker(&mut self, now: Time, event: &Event, findings: &mut Findings<'_>) {
        match event {
            Event::Connected { client_id, session_present, .. } => {
                let Some(asked) = self.asked.get(&**client_id).copied() else { return };
                let problem = match self.all.get(client_id) {
                    Some(Session { left_at: None, .. }) => Some("during another connection"),
                    _ if !session_present => None,
                    _ if asked.clean_start => Some("to its session at a clean start"),
                    None if self.is_restarted => None,
                    None => Some("to a session that was not there"),
                    Some(Session { lasts: Some(lasts), left_at: Some(left_at) }) => {
                        let is_over = now.saturating_since(*left_at) > *lasts + SLACK;
                        is_over.then_some("to a session that had expired")
                    }
                    Some(_) => None,
                };
                if let Some(problem) = problem {
                    findings.add(Guarantee::Sessions, format!("{client_id} was connected, {problem}"));
                }
                self.all.insert(client_id.clone(), Session { lasts: asked.lasts, left_at: None });
            }
            Event::Disconnected { client_id, .. } => {
                if let Some(session) = self.all.get_mut(client_id) {
                    session.left_at = Some(now);
                }
            }
            Event::SessionEnded { client_id } => {
                let is_clean = self.asked.get(&**client_id).is_some_and(|asked| asked.clean_start);
                if let Some(Session { lasts, left_at: Some(left_at) }) = self.all.remove(client_id)
                    && !is_clean
                    && lasts.is_none_or(|lasts| now < left_at + lasts)
                {
                    findings.add(Guarantee::Sessions, format!("the session of {client_id} ended before its expiry"));
                }
            }
            _ => {}
        }
    }

    /// Another broker has the sessions of its store, or none.
    pub(super) fn on_restart(&mut self) {
        self.all.clear();
        self.is_restarted = true;
    }
}

fn duration(seconds: u32) -> Option<Duration> {
    (seconds != u32::MAX).then(|| Duration::from_secs(seconds.into()))
}
