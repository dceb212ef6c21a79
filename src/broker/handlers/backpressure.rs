//! Backpressure: a fast producer is read more slowly, and a slow consumer costs a bounded memory.
//!
//! Packets that wait for an answer or for the store stay in their peer's decoder. Once many bytes wait there, the host is
//! asked to stop reading the peer's transport; once few do, it is asked to resume.
//!
//! The host tells when a peer's transport takes no more. Until it does again, nothing leaves the session's queue, whose
//! bounds then say what is lost. QoS 0 messages, which have no queue, are dropped. Retained messages wait where they are.
//! Answers go on, up to a bound.

use crate::broker::Broker;
use crate::broker::cause::DisconnectCause;
use crate::broker::ids::PeerId;
use crate::time::Time;

impl Broker {
    /// Whether the peer's transport takes more, as its host sees it; at first it does.
    ///
    /// While it does not, nothing is moved from the queue of its session, live QoS 0 messages for it are dropped, and retained
    /// ones that a subscription brings stay where they are. What it asks for is still answered; once [`BrokerOptions::transmit_bytes_max`](crate::broker::BrokerOptions::transmit_bytes_max)
    /// bytes of answers wait, a peer that keeps sending and does not read is disconnected with 0x97.
    pub fn set_writable(&mut self, peer: PeerId, writable: bool, now: Time) {
        self.now = now;
        if self.peers.get_mut(peer).is_some_and(|found| found.output.set_writable(writable)) {
            self.flush_peer(peer, now);
            self.end_input(now);
        }
    }

    /// Flushes the deliveries of the peer's client, as far as there is room for them.
    pub(crate) fn flush_peer(&mut self, id: PeerId, now: Time) {
        let client = self.peers.get(id).and_then(|peer| peer.connection.connected()).map(|connected| connected.client);
        if let Some(mut subscriber) = client.and_then(|client| self.delivery_to(client, now)) {
            subscriber.flush();
        }
    }

    /// Pauses reading the peer if much waits, after its bytes came; true if more may follow.
    pub(crate) fn check_room(&mut self, id: PeerId, now: Time) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return true };
        peer.input.check_room(self.options.input_bytes_max).unwrap_or_else(|fault| {
            self.close(id, DisconnectCause::Fault(fault), now);
            false
        })
    }

    /// Resumes reading the peer if little waits, after packets of it may have been handled.
    pub(crate) fn resume_reading(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(id)
            && peer.input.resume_reading(self.options.input_bytes_max)
        {
            self.resumed.push_back(id);
        }
    }

    /// Takes the next peer that the host is to read again.
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
