//! Turns: the broker does so much at a time and then lets its host see to others, however much one peer has sent or asked for.
//!
//! A turn ends when the host has been given all that there is to send. What is too much for one is done in the next: then
//! [`Broker::next_deadline`] is now. So a peer that makes much work is slow, and the others wait some milliseconds for it; and
//! what is to be sent leaves before more is made.

use crate::broker::Broker;
use crate::broker::ids::PeerId;
use crate::time::Time;

impl Broker {
    /// Whether no more packets of the peer are to be looked at now; if so, they will be.
    #[inline]
    pub(crate) fn must_wait(&mut self, id: PeerId, share_end: usize) -> bool {
        if self.outbox.is_used_up(share_end) {
            self.defer(id);
            return true;
        }
        self.must_wait_for_store(id)
    }

    /// The peer goes on in the next turn.
    pub(crate) fn defer(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(id)
            && !core::mem::replace(&mut peer.is_deferred, true)
        {
            self.deferred.push_back(id);
        }
    }

    /// Goes on with those that had to stop, in turns among themselves, as long as the turn lasts.
    pub(crate) fn run_deferred(&mut self, now: Time) {
        while !self.outbox.is_spent()
            && let Some(id) = self.deferred.pop_front()
        {
            let Some(peer) = self.peers.get_mut(id) else { continue };
            peer.is_deferred = false;
            if peer.has_more {
                self.outbox.enlist(peer);
            }
            // Also where a packet waits for an answer, which may have come when there was no time for it.
            self.receive_again(id, now);
        }
    }

    /// Looks at the packets of a peer that had to wait for others, or for the store.
    pub(crate) fn receive_again(&mut self, id: PeerId, now: Time) {
        // What it has sent meanwhile was not looked at, or not even read; so its time begins anew.
        if let Some(connected) = self.peers.get_mut(id).and_then(|peer| peer.connection.connected_mut()) {
            connected.last_packet = now;
        }
        self.receive(id, now);
    }

    /// When to go on, if there is something left to do: at once, but for what is first to be handed out.
    pub(crate) fn next_turn(&self) -> Option<Time> {
        (!self.deferred.is_empty() && !self.outbox.is_spent()).then_some(self.now)
    }
}
