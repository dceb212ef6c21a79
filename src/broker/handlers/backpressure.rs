//! Backpressure: fast producers are read more slowly, and slow consumers take bounded memory.
//!
//! Input: packets that wait for an answer, for the store or for the next turn stay in their peer's
//! decoder. When many bytes wait there, the host is asked to stop reading the peer's transport.
//! When few do, it is asked to resume.
//!
//! Output: the host reports a transport that is not writable. Until it is, the session's queue
//! holds QoS 1 and 2 messages up to its limits. QoS 0 messages are dropped, and retained messages
//! wait at their cursor. Answers are still made, up to a limit.

use crate::broker::Broker;
use crate::broker::cause::DisconnectCause;
use crate::broker::ids::PeerId;
use crate::time::Time;

impl Broker {
    /// Sets whether the peer's transport is writable. A new transport is writable.
    ///
    /// While it is not writable, its session's queue waits, live QoS 0 messages are dropped, and
    /// retained messages to a new subscription wait. Its requests are still answered. A peer with
    /// more than
    /// [`BrokerOptions::transmit_bytes_max`](crate::broker::BrokerOptions::transmit_bytes_max)
    /// bytes of unread answers is disconnected with 0x97.
    pub fn set_writable(&mut self, peer: PeerId, writable: bool, now: Time) {
        self.now = now;
        if self.peers.get_mut(peer).is_some_and(|found| found.output.set_writable(writable)) {
            self.flush_peer(peer, now);
            self.end_input(now);
        }
    }

    /// Flushes the deliveries of the peer's client as far as there is room.
    pub(crate) fn flush_peer(&mut self, id: PeerId, now: Time) {
        let client = self.peers.get(id).and_then(|peer| peer.connection.connected()).map(|connected| connected.client);
        if let Some(client) = client
            && let Some(mut subscriber) = self.deliveries(now).to(client)
        {
            subscriber.flush();
        }
    }

    /// Pauses reading the peer if many bytes wait. True if more may follow.
    pub(crate) fn check_room(&mut self, id: PeerId, now: Time) -> bool {
        let is_over = self.is_over(id);
        let Some(peer) = self.peers.get_mut(id) else { return true };
        let room = peer.input.check_room(self.options.input_bytes_max, is_over);
        let room = room
            .and_then(|may_follow| if is_over { peer.check_aliases().map(|()| may_follow) } else { Ok(may_follow) });
        room.unwrap_or_else(|fault| {
            self.close(id, DisconnectCause::Fault(fault), now);
            false
        })
    }

    /// Resumes reading the peer if few bytes wait.
    pub(crate) fn resume_reading(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(id)
            && peer.input.resume_reading(self.options.input_bytes_max)
        {
            self.resumed.push_back(id);
        }
    }

    /// Takes the next peer to resume reading.
    pub(crate) fn poll_resumed(&mut self) -> Option<PeerId> {
        loop {
            let id = self.resumed.pop_front()?;
            if let Some(peer) = self.peers.get_mut(id)
                && peer.input.note_resumed()
                && !peer.output.is_gone()
                && !peer.connection.is_closing()
            {
                return Some(id);
            }
        }
    }
}
