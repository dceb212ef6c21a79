//! Expired timers: connect timeout, keep alive, session expiry, delayed wills, `$SYS`.

use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, RejectCause};
use crate::broker::connection::deadlines::Deadline;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::ids::{ClientKey, PeerId};
use crate::time::Time;

impl Broker {
    /// Runs the timers that are due.
    pub(crate) fn run_timers(&mut self, now: Time) {
        while let Some(deadline) = self.deadlines.pop_due(now) {
            match deadline {
                Deadline::Peer(peer) => self.peer_is_due(peer, now),
                Deadline::Session(client) => self.end_session(client, now),
                Deadline::Will(client) => self.fire_will(client, now),
                Deadline::Sys => self.publish_sys(now),
            }
        }
    }

    /// Handles a peer's deadline: the connect timeout, or the keep alive, counted from the last
    /// packet.
    fn peer_is_due(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.deadline = None;
        let is_blocked = peer.input.is_blocked();
        match &peer.connection {
            // A blocked client is not silent: its packets of the meantime are unread.
            Connection::AwaitConnect | Connection::Authenticating(_) if is_blocked => {
                self.set_peer_deadline(id, Some(now + self.options.connect_timeout));
            }
            Connection::AwaitConnect | Connection::Authenticating(_) => {
                self.close(id, RejectCause::ConnectTimeout, now);
            }
            Connection::Connected(Connected { silence_max: Some(silence_max), .. }) if is_blocked => {
                let due = now + *silence_max;
                self.set_peer_deadline(id, Some(due));
            }
            Connection::Connected(Connected { silence_max: Some(silence_max), last_packet, .. }) => {
                let due = *last_packet + *silence_max;
                if due <= now {
                    self.close(id, DisconnectCause::KeepAliveTimeout, now);
                } else {
                    self.set_peer_deadline(id, Some(due));
                }
            }
            Connection::Connected(Connected { silence_max: None, .. }) | Connection::Closing => {}
        }
    }

    /// Sets the deadline of the peer, or removes it.
    pub(crate) fn set_peer_deadline(&mut self, id: PeerId, at: Option<Time>) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if let Some(old) = core::mem::replace(&mut peer.deadline, at) {
            self.deadlines.remove(old, Deadline::Peer(id));
        }
        if let Some(at) = at {
            self.deadlines.insert(at, Deadline::Peer(id));
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
