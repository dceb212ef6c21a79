//! Readiness of a member of a shared subscription for a message.

use crate::broker::budget::Budget;
use crate::broker::clients::Clients;
use crate::broker::clients::approval_queue::ApprovalQueue;
use crate::broker::connection::peer::Peers;
use crate::broker::ids::ClientKey;
use crate::broker::options::BrokerOptions;
use crate::codec::QoS;
use crate::time::Time;

/// Deliveries of a queue that are looked at in one step.
const DELIVERIES_IN_STEP: usize = 4;

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
    /// service. Expired messages take no room.
    pub(crate) fn of(
        client: ClientKey,
        (qos, bytes): (QoS, usize),
        clients: &mut Clients,
        (peers, options): (&Peers, &BrokerOptions),
        (now, budget): (Time, &mut Budget),
    ) -> Option<Self> {
        let found = clients.get(client)?;
        let output = found.peer.and_then(|id| peers.get(id)).map(|peer| &peer.output);
        let line = found.approvals.as_deref().filter(|_| options.asks.receive);
        let is_full = |line: &ApprovalQueue| !line.has_room(bytes, options.queue_messages, options.queue_bytes);
        if let Some(line) = line.filter(|line| is_full(line)) {
            budget.spend(line.len() / DELIVERIES_IN_STEP, 0);
            if !line.has_expired(now) {
                return Some(Self::Full);
            }
        }
        if qos == QoS::AtMostOnce {
            let room = output.map(|output| output.check_room(options.transmit_bytes_max));
            // A loss of a connected member is told.
            return Some(room.map_or(Self::Full, |room| if room.is_ok() { Self::Ready } else { Self::Away }));
        }
        if !found.session.has_room(bytes) {
            // The order of expiry is made once.
            if !found.session.is_ordered() {
                budget.spend(found.session.places() / DELIVERIES_IN_STEP, 0);
            }
            if !clients.find_expired(client, now) {
                return Some(Self::Full);
            }
        }
        Some(output.map_or(Self::Away, |output| if output.is_writable() { Self::Ready } else { Self::Waiting }))
    }
}
