//! SUBSCRIBE and UNSUBSCRIBE packets that wait for their answer.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::RequestId;
use crate::codec::{PacketId, Properties, PropertiesBuf, ReasonCode};
use crate::collections::by_id::ById;

/// Which answer a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Subscribe,
    Unsubscribe,
}

/// One packet of a request under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) id: RequestId,
    pub(super) kind: Kind,
    /// Which of the request's filters are in this packet, so that its answer has as many reasons.
    pub(super) filters: Range<usize>,
}

/// A request in several packets, which ends with the last of their answers.
#[derive(Debug)]
struct Split {
    id: RequestId,
    /// Packets without an answer.
    missing: usize,
    /// A reason for each filter of the request.
    reasons: Vec<ReasonCode>,
    properties: PropertiesBuf,
}

/// The meaning of an answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// The request is over, with these reasons and properties.
    Done(RequestId, Vec<ReasonCode>, PropertiesBuf),
    /// Other packets of the request wait for theirs.
    Partial,
}

/// The requests of one connection, which they do not outlive.
#[derive(Debug)]
pub(super) struct Requests {
    packets: ById<Request>,
    split: Vec<Split>,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self { packets: ById::new(), split: Vec::new() }
    }

    pub(super) fn add(&mut self, packet_id: PacketId, request: Request) {
        self.packets.insert(packet_id, request);
    }

    /// All of the request's packets are added. Their answers are collected if they are several.
    pub(super) fn begin(&mut self, id: RequestId, packets: usize, filters: usize) {
        if packets > 1 {
            let reasons = vec![ReasonCode::Success; filters];
            self.split.push(Split { id, missing: packets, reasons, properties: PropertiesBuf::new() });
        }
    }

    /// Takes back the packets of a request, which could not all be added.
    pub(super) fn withdraw(&mut self, id: RequestId) -> Vec<PacketId> {
        let mut all = self.packets.latest_first(|request| request.id.0);
        all.retain(|(number, _)| *number == id.0);
        let mut packet_ids = Vec::new();
        for (_, packet_id) in all {
            self.packets.remove(packet_id);
            packet_ids.push(packet_id);
        }
        packet_ids
    }

    /// Handles an answer of this kind; `None` if no such request waits for it.
    pub(super) fn answer(
        &mut self,
        packet_id: PacketId,
        kind: Kind,
        reasons: Vec<ReasonCode>,
        properties: Properties<'_>,
    ) -> Option<Answer> {
        let request = self.packets.get(packet_id)?;
        if request.kind != kind || request.filters.len() != reasons.len() {
            return None;
        }
        let Request { id, filters, .. } = self.packets.remove(packet_id)?;
        let Some(place) = self.split.iter().position(|split| split.id == id) else {
            return Some(Answer::Done(id, reasons, properties.to_buf()));
        };
        let split = self.split.get_mut(place)?;
        split.reasons.get_mut(filters)?.copy_from_slice(&reasons);
        split.properties.extend(properties);
        split.missing -= 1;
        if split.missing > 0 {
            return Some(Answer::Partial);
        }
        let split = self.split.swap_remove(place);
        Some(Answer::Done(id, split.reasons, split.properties))
    }

    /// How many filters the packet of this identifier has: what a 3.1.1 UNSUBACK does not say.
    pub(super) fn filters(&self, packet_id: PacketId) -> Option<usize> {
        self.packets.get(packet_id).map(|request| request.filters.len())
    }

    /// All of them; the first of their numbers is popped first. The connection is gone.
    pub(super) fn take_all(&mut self) -> Vec<(u64, PacketId)> {
        let mut all = self.packets.latest_first(|request| request.id.0);
        all.dedup_by_key(|(number, _)| *number);
        self.packets.clear();
        self.split.clear();
        all
    }
}
