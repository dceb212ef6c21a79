//! Ends: of a connection, and of a session.

use alloc::sync::Arc;
use core::time::Duration;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, RejectCause};
use crate::broker::clients::subscription::ClientSubscription;
use crate::broker::connection::deadlines::Deadline;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::connection::reason_string;
use crate::broker::event::Event;
use crate::broker::ids::{ClientKey, PeerId};
use crate::codec::{Decoder, Disconnect, Packet, PacketKind, ReasonCode, Version};
use crate::time::Time;

impl Broker {
    /// Ends a connection: tells the peer why, sees to its will and its session, and closes it behind what waits.
    pub(crate) fn end_connection(&mut self, id: PeerId, cause: DisconnectCause, now: Time) {
        self.end_connection_with(id, cause, None, now);
    }

    /// As [`end_connection`](Self::end_connection), with another server for the client.
    pub(crate) fn end_connection_with(
        &mut self,
        id: PeerId,
        cause: DisconnectCause,
        server_reference: Option<&str>,
        now: Time,
    ) {
        let Some(peer) = self.peers.get(id) else { return };
        match peer.connection {
            Connection::AwaitConnect | Connection::Authenticating(_) => {
                let cause = match cause {
                    DisconnectCause::TransportClosed => RejectCause::TransportClosed,
                    DisconnectCause::Fault(fault) => RejectCause::Fault(fault),
                    DisconnectCause::KeepAliveTimeout => RejectCause::ConnectTimeout,
                    DisconnectCause::StoreFailed => RejectCause::StoreFailed,
                    DisconnectCause::Host(_)
                    | DisconnectCause::TakenOver
                    | DisconnectCause::Client(_)
                    | DisconnectCause::QueueFull => RejectCause::Host,
                };
                self.reject(id, cause);
            }
            Connection::Connected(Connected { client, version, packet_bytes_max, .. }) => {
                if version == Version::V5
                    && let Some(reason) = cause.told()
                {
                    self.send_disconnect(id, (reason, &cause.words()), server_reference, packet_bytes_max);
                }
                self.close(id);
                self.detach(client, id, cause, now);
            }
            Connection::Closing => {}
        }
    }

    /// Ends a connection that was not accepted.
    pub(crate) fn reject(&mut self, id: PeerId, cause: RejectCause) {
        self.events.counters.rejected += 1;
        self.events.event(|| Event::Rejected { peer: id, cause });
        self.close(id);
    }

    /// A deadline of the peer has come: the connect timeout, or the keep alive, which counts from the last packet.
    pub(crate) fn peer_is_due(&mut self, id: PeerId, now: Time) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        peer.deadline = None;
        let is_held = peer.is_held();
        match &peer.connection {
            // A client is not silent while we, or the host, are slow: what it has sent meanwhile is not looked at.
            Connection::AwaitConnect | Connection::Authenticating(_) if is_held => {
                self.set_peer_deadline(id, Some(now + self.options.connect_timeout));
            }
            Connection::AwaitConnect | Connection::Authenticating(_) => {
                self.reject(id, RejectCause::ConnectTimeout);
            }
            Connection::Connected(Connected { silence_max: Some(silence_max), .. }) if is_held => {
                let due = now + *silence_max;
                self.set_peer_deadline(id, Some(due));
            }
            Connection::Connected(Connected { silence_max: Some(silence_max), last_packet, .. }) => {
                let due = *last_packet + *silence_max;
                if due <= now {
                    self.end_connection(id, DisconnectCause::KeepAliveTimeout, now);
                } else {
                    self.set_peer_deadline(id, Some(due));
                }
            }
            Connection::Connected(Connected { silence_max: None, .. }) | Connection::Closing => {}
        }
    }

    pub(crate) fn set_peer_deadline(&mut self, id: PeerId, at: Option<Time>) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        if let Some(old) = core::mem::replace(&mut peer.deadline, at) {
            self.deadlines.remove(old, Deadline::Peer(id));
        }
        if let Some(at) = at {
            self.deadlines.insert(at, Deadline::Peer(id));
        }
    }

    /// Ends a session: its subscriptions, its queue, its deadline; a will that still waited is published first.
    pub(crate) fn end_session(&mut self, key: ClientKey, now: Time) {
        self.unset_expiry(key);
        let Some(client) = self.clients.get_mut(key) else { return };
        // Before the will, which is not for the client's own subscriptions: nobody is left to receive it.
        for ClientSubscription { filter, .. } in client.take_subscriptions().iter() {
            self.remove_subscription(key, filter);
        }
        self.hand_over_all(key, now);
        self.fire_will(key, now);
        if let Some(client) = self.clients.remove(key) {
            if let Some(approvals) = &client.approvals {
                for question in approvals.questions() {
                    self.questions.close(question);
                }
            }
            self.events.event(|| Event::SessionEnded { client_id: client.id });
        }
    }

    /// The session is not to expire any more.
    pub(crate) fn unset_expiry(&mut self, key: ClientKey) {
        if let Some(at) = self.clients.get_mut(key).and_then(|client| client.expires_at.take()) {
            self.deadlines.remove(at, Deadline::Session(key));
        }
    }

    /// From now on nothing is read from the peer; the host closes it behind what waits.
    fn close(&mut self, id: PeerId) {
        self.set_peer_deadline(id, None);
        self.drop_questions(id);
        if let Some(peer) = self.peers.get_mut(id) {
            peer.connection = Connection::Closing;
            peer.decoder = Decoder::new(0);
            self.outbox.enlist(peer);
        }
    }

    /// The client has lost its connection.
    fn detach(&mut self, key: ClientKey, id: PeerId, cause: DisconnectCause, now: Time) {
        let Some(client) = self.clients.get_mut(key) else { return };
        self.connected -= 1;
        client.peer = None;
        client.session.disconnected();
        let (client_id, expiry_interval) = (Arc::clone(&client.id), client.expiry_interval);
        self.events.event(|| Event::Disconnected { peer: id, client_id, cause });
        if self.watches_sys(key) {
            self.watch_sys(false, now);
        }
        if cause == DisconnectCause::Client(ReasonCode::Success) {
            self.clear_will(key);
        }
        if expiry_interval == 0 {
            return self.end_session(key, now);
        }
        self.hand_over_queue(key, now);
        self.connection_lost(key, now);
        if expiry_interval < u32::MAX
            && let Some(client) = self.clients.get_mut(key)
        {
            let at = now + Duration::from_secs(expiry_interval.into());
            client.expires_at = Some(at);
            self.deadlines.insert(at, Deadline::Session(key));
        }
    }

    /// Tells a 5.0 client why (§4.13).
    fn send_disconnect(
        &mut self,
        id: PeerId,
        (reason, words): (ReasonCode, &str),
        server_reference: Option<&str>,
        packet_bytes_max: usize,
    ) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        // Some reasons of the decoder are CONNACK's alone.
        let is_allowed = reason.is_allowed_in(PacketKind::Disconnect);
        let reason = if is_allowed { reason } else { ReasonCode::ProtocolError };
        let list = server_reference.map(reason_string::server_reference).unwrap_or_default();
        let disconnect = Packet::Disconnect(Disconnect { reason, properties: list.as_properties() });
        let out = self.outbox.open(peer);
        let start = out.len();
        reason_string::append(disconnect, words, Version::V5, packet_bytes_max, out);
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
    }
}
