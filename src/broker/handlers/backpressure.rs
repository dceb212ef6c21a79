//! Backpressure: a fast producer is read more slowly, and a slow consumer costs a bounded memory.
//!
//! Packets that wait for an answer or for the store stay in their peer's decoder. Once many bytes wait there, the host is
//! asked to stop reading the peer's transport; once few do, it is asked to resume.
//!
//! The host tells when a peer's transport takes no more. Until it does again, nothing leaves the session's queue, whose
//! bounds then say what is lost. QoS 0 messages, which have no queue, are dropped. Retained messages wait where they are.
//! Answers go on, up to a bound.

use crate::broker::Broker;
use crate::broker::cause::{DisconnectCause, Fault};
use crate::broker::connection::flow::{Flow, Intake};
use crate::broker::connection::peer::{Connection, Peer};
use crate::broker::ids::PeerId;
use crate::codec::ReasonCode;
use crate::time::Time;

impl Broker {
    /// Whether the peer's transport takes more, as its host sees it; at first it does.
    ///
    /// While it does not, nothing is moved from the queue of its session, live QoS 0 messages for it are dropped, and retained
    /// ones that a subscription brings stay where they are. What it asks for is still answered; once [`BrokerOptions::transmit_bytes_max`](crate::broker::BrokerOptions::transmit_bytes_max)
    /// bytes of answers wait, a peer that keeps sending and does not read is disconnected with 0x97.
    pub fn set_writable(&mut self, peer: PeerId, writable: bool, now: Time) {
        self.now = now;
        let Some(found) = self.peers.get_mut(peer) else { return };
        match (writable, found.flow) {
            (true, Flow::Stopped(_)) => {
                found.flow = Flow::Open;
                self.flush_peer(peer, now);
            }
            (false, Flow::Open) => found.flow = Flow::Stopped(0),
            (true, Flow::Open) | (false, Flow::Stopped(_)) | (_, Flow::Gone) => {}
        }
    }

    /// Sees to a peer whose turn in the line has come: ends it if its queue ran over, and goes on with what stopped since
    /// enough was waiting, behind the others in the line. Says whether that changed anything.
    pub(crate) fn resume_sending(&mut self, id: PeerId) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        if core::mem::take(&mut peer.ran_over) {
            self.end_connection(id, DisconnectCause::QueueFull, self.now);
            return true;
        }
        if !peer.has_more || !peer.transmit.is_empty() {
            return false;
        }
        if self.outbox.is_spent() {
            self.defer(id);
            return false;
        }
        peer.has_more = false;
        self.outbox.turn();
        self.flush_peer(id, self.now);
        true
    }

    fn flush_peer(&mut self, id: PeerId, now: Time) {
        let client = self.peers.get(id).and_then(|peer| peer.connection.connected()).map(|connected| connected.client);
        if let Some(mut subscriber) = client.and_then(|client| self.delivery_to(client, now)) {
            subscriber.flush(None);
        }
    }
}

impl Peer {
    /// So many of its bytes go to the host.
    pub(crate) const fn count_frame(&mut self, len: usize) {
        if let Flow::Stopped(bytes) = &mut self.flow {
            *bytes += len;
        }
    }

    /// # Errors
    /// A fault if more answers wait than may, for a peer that does not read.
    pub(crate) fn check_answers(&self, bytes_max: usize) -> Result<(), Fault> {
        match self.flow {
            Flow::Stopped(bytes) if bytes + self.transmit.len() > bytes_max => {
                let problem = "outgoing buffer full; the client does not read its answers";
                Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem))
            }
            Flow::Stopped(_) | Flow::Open | Flow::Gone => Ok(()),
        }
    }
}

/// Of [`BrokerOptions::input_bytes_max`](crate::broker::BrokerOptions::input_bytes_max), the part that waits when a peer is to
/// be read no further. Small, so that many who wait take little; and for a chunk of a transport large enough.
pub(crate) const PAUSE_PART: usize = 16;

/// The part of that again which waits when it is to be read further.
pub(crate) const RESUME_PART: usize = 2;

impl Broker {
    /// Bytes came from the peer, of which what could be handled is. Says whether more may follow.
    pub(crate) fn has_room(&mut self, id: PeerId, now: Time) -> bool {
        let bytes_max = self.options.input_bytes_max;
        let Some(peer) = self.peers.get_mut(id) else { return true };
        let waiting = peer.decoder.unread().len();
        match peer.intake {
            Intake::Open | Intake::Resuming if peer.is_held() && waiting > bytes_max / PAUSE_PART => {
                // Of a frame that is there already no part is refused, however large it is.
                peer.intake = Intake::Paused(waiting.saturating_add(bytes_max));
                false
            }
            Intake::Open | Intake::Resuming => true,
            Intake::Paused(bytes_max) => {
                if waiting > bytes_max {
                    let problem = "incoming buffer full; wait for the broker's answers";
                    let fault = Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem);
                    self.end_connection(id, DisconnectCause::Fault(fault), now);
                }
                false
            }
        }
    }

    /// Packets of the peer may have been handled: if few bytes wait now, it is read again.
    pub(crate) fn read_again(&mut self, id: PeerId) {
        let bytes_max = self.options.input_bytes_max / PAUSE_PART / RESUME_PART;
        if let Some(peer) = self.peers.get_mut(id)
            && matches!(peer.intake, Intake::Paused(_))
            && (!peer.is_held() || peer.decoder.unread().len() <= bytes_max)
        {
            peer.intake = Intake::Resuming;
            self.resumed.push_back(id);
        }
    }

    /// The next peer for the host to read again.
    pub(crate) fn poll_resumed(&mut self) -> Option<PeerId> {
        loop {
            let id = self.resumed.pop_front()?;
            if let Some(peer) = self.peers.get_mut(id)
                && peer.intake == Intake::Resuming
            {
                peer.intake = Intake::Open;
                if peer.flow != Flow::Gone && !matches!(peer.connection, Connection::Closing) {
                    return Some(id);
                }
            }
        }
    }
}
