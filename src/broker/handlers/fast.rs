//! Fast producers: peers that send more than is handled. They are read more slowly, and cost a bounded memory.
//!
//! Packets that wait for an answer or for the store stay in their peer's decoder. Once many bytes wait there, the host is
//! asked not to read the peer's transport, so that it is the peer that waits; once few do, it is asked to go on.

use alloc::collections::VecDeque;

use crate::broker::Broker;
use crate::broker::connection::peer::{Connection, PeerId};
use crate::broker::event::{DisconnectCause, Fault};
use crate::broker::handlers::backpressure::Flow;
use crate::codec::ReasonCode;
use crate::time::Time;

/// Of [`BrokerOptions::input_bytes_max`](crate::broker::BrokerOptions::input_bytes_max), the part that waits when a peer is to
/// be read no further. Small, so that many who wait take little; and for a chunk of a transport large enough.
const PAUSE_PART: usize = 16;
/// The part of that again which waits when it is to be read further.
const RESUME_PART: usize = 2;

/// Whether a peer's transport is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intake {
    Open,
    /// The host was asked not to; it may keep so many bytes waiting all the same.
    Paused(usize),
    /// The host is asked to go on by the next outputs.
    Resuming,
}

/// The peers that are read again, for the host to see.
pub(crate) type Resumed = VecDeque<PeerId>;

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
                    let problem = "more bytes behind a packet that waits to be handled than are kept";
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
