//! Readiness of a member of a shared subscription for a message.

use crate::broker::clients::ClientState;
use crate::broker::connection::peer::Peers;
use crate::broker::options::BrokerOptions;
use crate::codec::QoS;

/// Fate of a message that is given to a member now, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Readiness {
    /// It is dropped, or another one for it.
    Full,
    /// It waits for the member to connect.
    Away,
    /// It waits for the member's transport.
    Waiting,
    /// The member is connected and takes it.
    Ready,
}

impl Readiness {
    /// Returns the highest readiness in a group. Without a connected member, no search for a ready
    /// one is needed.
    pub(crate) const fn best(qos: QoS, is_attended: bool) -> Self {
        match (is_attended, qos) {
            (true, _) => Self::Ready,
            (false, QoS::AtMostOnce) => Self::Full,
            (false, QoS::AtLeastOnce | QoS::ExactlyOnce) => Self::Away,
        }
    }

    /// Returns the readiness of a client for a message of so many bytes at this quality of
    /// service.
    pub(crate) fn of(client: &ClientState, qos: QoS, bytes: usize, peers: &Peers, options: &BrokerOptions) -> Self {
        let line = client.approvals.as_deref().filter(|_| options.asks.receive);
        if line.is_some_and(|line| !line.has_room(bytes, options.queue_messages, options.queue_bytes)) {
            return Self::Full;
        }
        let output = client.peer.and_then(|id| peers.get(id)).map(|peer| &peer.output);
        if qos == QoS::AtMostOnce {
            let room = output.map(|output| output.check_room(options.transmit_bytes_max));
            // A loss of a connected member is told.
            return room.map_or(Self::Full, |room| if room.is_ok() { Self::Ready } else { Self::Away });
        }
        match output {
            _ if !client.session.has_room(bytes) => Self::Full,
            Some(output) if output.is_writable() => Self::Ready,
            Some(_) => Self::Waiting,
            None => Self::Away,
        }
    }
}
