//! Expired timers: connect timeout, keep alive, session expiry, delayed wills, `$SYS`.

use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, RejectCause};
use crate::broker::clients::will::Will;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::ids::{ClientKey, PeerId};
use crate::time::Time;
use crate::time_limit::{GRACE, TimeLimit, is_late};

/// Least time between two looks at a peer whose packets wait for the broker or the host.
const BLOCKED_MIN: Duration = Duration::from_secs(1);

/// Cost of a deadline, in steps.
const DEADLINE_STEPS: usize = 10;

impl Broker {
    /// Runs the timers that are due.
    ///
    /// If `has_grace`, sessions and wills whose timers come late get one grace. Their clients may
    /// be back already, in the host's sockets.
    pub(crate) fn run_timers(&mut self, has_grace: bool, now: Time) {
        let former = self.grace_end;
        let end = former.filter(|end| *end > now).unwrap_or(now + GRACE);
        while !self.outbox.is_spent()
            && self.tasks.is_empty()
            && let Some((at, deadline)) = self.deadlines.pop_due(now)
        {
            self.outbox.note_work(DEADLINE_STEPS, 0);
            if has_grace && is_late(at, now) && former != Some(at) && self.postpone(deadline, end) {
                self.grace_end = Some(end);
                self.deadlines.insert(end, deadline);
                continue;
            }
            match deadline {
                Deadline::Peer(peer) => self.peer_is_due(peer, now),
                Deadline::Session(client) => self.end_session(client, now),
                Deadline::Will(client) => self.fire_will(client, now),
                Deadline::Sys => self.publish_sys(now),
                Deadline::HeldBack => self.resume_held_back(now),
            }
        }
    }

    /// Notes the later end of a session or a will. False for another deadline.
    fn postpone(&mut self, deadline: Deadline, end: Time) -> bool {
        let (Deadline::Session(key) | Deadline::Will(key)) = deadline else { return false };
        let Some(client) = self.clients.get_mut(key) else { return false };
        if matches!(deadline, Deadline::Session(_)) {
            client.expires_at = Some(end);
        } else if let Some(Will::Delayed { due, .. }) = &mut client.will {
            *due = end;
        }
        true
    }

    /// Handles a peer's deadline: the connect timeout, or the keep alive, counted from the last
    /// packet.
    fn peer_is_due(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let Some(limit) = peer.time_limit.take() else { return };
        // A blocked client is not silent: its packets of the meantime are unread.
        let is_blocked = peer.input.is_blocked();
        match &peer.connection {
            Connection::AwaitConnect | Connection::Authenticating(_) => {
                let length = self.options.connect_timeout;
                let next =
                    if is_blocked { Some(TimeLimit::new(now, length.max(BLOCKED_MIN), now)) } else { limit.judge(now) };
                match next {
                    Some(next) => self.set_time_limit(id, Some(next)),
                    None => self.close(id, RejectCause::ConnectTimeout, now),
                }
            }
            Connection::Connected(Connected { silence_max: Some(length), last_packet, .. }) => {
                let next = if is_blocked {
                    Some(TimeLimit::new(now, *length, now))
                } else {
                    limit.judge_since(*last_packet, now)
                };
                match next {
                    Some(next) => self.set_time_limit(id, Some(next)),
                    None => self.close(id, DisconnectCause::KeepAliveTimeout, now),
                }
            }
            Connection::Connected(Connected { silence_max: None, .. }) | Connection::Closing => {}
        }
    }

    /// Sets the time limit of the peer, or removes it.
    pub(crate) fn set_time_limit(&mut self, id: PeerId, limit: Option<TimeLimit>) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if let Some(old) = core::mem::replace(&mut peer.time_limit, limit) {
            self.deadlines.remove(old.look(), Deadline::Peer(id));
        }
        if let Some(limit) = limit {
            self.deadlines.insert(limit.look(), Deadline::Peer(id));
        }
    }

    /// Sets the expiry of a session without a connection. An interval of `u32::MAX` seconds never
    /// expires.
    pub(crate) fn set_expiry(&mut self, key: ClientKey, interval: u32, now: Time) {
        if interval < u32::MAX
            && let Some(client) = self.clients.get_mut(key)
        {
            let at = now + Duration::from_secs(interval.into());
            client.expires_at = Some(at);
            self.deadlines.insert(at, Deadline::Session(key));
        }
    }

    /// Removes the expiry of a session.
    pub(crate) fn unset_expiry(&mut self, key: ClientKey) {
        if let Some(at) = self.clients.get_mut(key).and_then(|client| client.expires_at.take()) {
            self.deadlines.remove(at, Deadline::Session(key));
        }
    }
}
