//! The end of a connection, in one way for every cause, and the end of a session.

use alloc::sync::Arc;

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, Fault};
use crate::broker::connection::close_cause::CloseCause;
use crate::broker::connection::peer::{Connected, Connection};
use crate::broker::connection::peer_input::Blocked;
use crate::broker::event::Event;
use crate::broker::handlers::packet::Sender;
use crate::broker::handlers::tasks::END_STEPS;
use crate::broker::ids::{ClientKey, PeerId};
use crate::broker::tasks::{EndStage, Task};
use crate::codec::{Decoder, Disconnect, PropertyId, ReasonCode};
use crate::time::Time;

impl Broker {
    /// Closes a connection, whatever the cause. A second close is ignored.
    ///
    /// 1. The peer gets CONNACK or DISCONNECT with the reason.
    /// 2. Its input is discarded.
    /// 3. The host closes its transport after the outgoing buffer.
    /// 4. The event is logged.
    /// 5. The session continues without the connection, and the will is fired, delayed or cleared.
    pub(crate) fn close<'a>(&mut self, id: PeerId, cause: impl Into<CloseCause<'a>>, now: Time) {
        self.close_by(id, &cause.into(), now);
    }

    /// Ends a connection as [`close`](Self::close) does, compiled once for all causes.
    fn close_by(&mut self, id: PeerId, cause: &CloseCause<'_>, now: Time) {
        if self.peers.get(id).is_none_or(|peer| peer.connection.is_closing()) {
            return;
        }
        self.outbox.note_work(END_STEPS, 0);
        self.set_time_limit(id, None);
        self.drop_questions(id);
        let Some(peer) = self.peers.get_mut(id) else { return };
        let former = core::mem::replace(&mut peer.connection, Connection::Closing);
        peer.input.put_back(Decoder::new(0));
        let out = self.outbox.open(peer);
        let (start, room) = (out.len(), out.capacity());
        match &former {
            Connection::AwaitConnect | Connection::Authenticating(_) => cause.write_refusal(out),
            Connection::Connected(connected) => cause.write_disconnect(connected, out),
            Connection::Closing => {}
        }
        self.memory.note_buffer_grown(out.capacity() - room);
        self.events.counters.sent.count(out.get(start..).unwrap_or_default());
        if peer.output.is_gone() {
            self.remove_peer(id);
        } else {
            self.settle_peer(id);
        }
        match former {
            Connection::AwaitConnect | Connection::Authenticating(_) => {
                self.events.counters.rejected += 1;
                self.events.event(|| Event::Rejected { peer: id, cause: cause.of_rejection() });
            }
            Connection::Connected(Connected { client, .. }) => self.detach(client, id, cause.of_disconnection(), now),
            Connection::Closing => {}
        }
    }

    /// Tells the groups of a client that it is connected, or no more.
    pub(crate) fn note_attendance(&mut self, key: ClientKey, is_connected: bool) {
        let Self { clients, groups, outbox, .. } = self;
        for filter in clients.get(key).iter().flat_map(|client| client.shared_filters()) {
            groups.note_connected(filter.as_str(), is_connected);
            outbox.note_work(1, 0);
        }
    }

    /// Takes the connection from its client. The cause decides about the session and the will.
    fn detach(&mut self, key: ClientKey, id: PeerId, cause: DisconnectCause, now: Time) {
        let Some(client) = self.clients.get(key) else { return };
        let (client_id, expiry_interval) = (Arc::clone(&client.id), client.expiry_interval);
        self.events.event(|| Event::Disconnected { peer: id, client_id, cause });
        // The store stays as it is. After a restart, the connection is gone and its will due.
        if cause == DisconnectCause::StoreFailed {
            return;
        }
        self.connected -= 1;
        if let Some(client) = self.clients.get_mut(key) {
            client.peer = None;
            if let Some(successor) = client.successor.take() {
                self.defer(successor, Blocked::Budget);
            }
        }
        if let Some(client) = self.clients.get_mut(key) {
            client.session.disconnected();
            client.close_rechecks(&mut self.questions);
        }
        self.note_attendance(key, false);
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
        self.set_expiry(key, expiry_interval, now);
        self.settle_client(key);
    }

    /// Ends a session with its subscriptions, queue and deadline. A delayed will is published
    /// first. The client identifier is free at once, and the rest may go on as a task.
    pub(crate) fn end_session(&mut self, key: ClientKey, now: Time) {
        self.unset_expiry(key);
        if self.clients.get(key).is_none() {
            return;
        }
        self.clients.unname(key);
        self.begin_task(Task::EndSession(key, EndStage::Subscriptions), now);
    }

    /// Handles a client's DISCONNECT (§3.14).
    pub(crate) fn on_disconnect(&mut self, sender: Sender, disconnect: Disconnect<'_>, now: Time) -> Result<(), Fault> {
        if let Some(seconds) = disconnect.properties.number(PropertyId::SessionExpiryInterval)
            && let Some(client) = self.clients.get_mut(sender.client)
        {
            // With session expiry turned off, the interval of CONNECT is unknown and has no effect.
            if client.expiry_interval == 0 && seconds > 0 && self.options.session_expiry_max > 0 {
                let problem = "session expiry interval in DISCONNECT, but CONNECT had none";
                return Err(Fault::new(ReasonCode::ProtocolError, "§3.14.2.2.2", problem));
            }
            client.expiry_interval = seconds.min(self.options.session_expiry_max);
        }
        self.close(sender.peer, DisconnectCause::Client(disconnect.reason), now);
        Ok(())
    }
}
