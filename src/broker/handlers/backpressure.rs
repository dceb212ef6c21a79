//! Slow consumers: peers that take less than they are sent. They cost their own queue, and no memory besides.
//!
//! The host tells when a peer's transport takes no more. Until it does again, nothing leaves the session's queue, whose
//! bounds then say what is lost; QoS 0, which has no queue, is lost; what is retained waits where it is; answers go on, up
//! to a bound.

use crate::broker::Broker;
use crate::broker::connection::peer::{Peer, PeerId};
use crate::broker::event::{DisconnectCause, Fault};
use crate::codec::ReasonCode;
use crate::time::Time;

/// Whether a peer's transport takes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Open,
    /// So many bytes were given to the host since it said that the peer takes no more.
    Stopped(usize),
    /// The transport is closed, and what came before is still to be handled.
    Gone,
}

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
                self.pump_peer(peer, now);
            }
            (false, Flow::Open) => found.flow = Flow::Stopped(0),
            (true, Flow::Open) | (false, Flow::Stopped(_)) | (_, Flow::Gone) => {}
        }
    }

    /// Sees to a peer whose turn in the line has come: ends it if its queue ran over, and goes on with what stopped since
    /// enough was waiting, behind the others in the line. Says whether that changed anything.
    pub(crate) fn tend(&mut self, id: PeerId) -> bool {
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
        self.pump_peer(id, self.now);
        true
    }

    fn pump_peer(&mut self, id: PeerId, now: Time) {
        let client = self.peers.get(id).and_then(|peer| peer.connection.connected()).map(|connected| connected.client);
        if let Some(mut hop) = client.and_then(|client| self.hop(client, now)) {
            hop.pump(None);
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
                let problem = "more answers than wait for a peer that does not read";
                Err(Fault::new(ReasonCode::QuotaExceeded, "§4.13", problem))
            }
            Flow::Stopped(_) | Flow::Open | Flow::Gone => Ok(()),
        }
    }
}
