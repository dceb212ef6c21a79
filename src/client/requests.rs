//! SUBSCRIBE and UNSUBSCRIBE: their contents, and those that wait for their answers.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::RequestId;
use crate::codec::{
    EncodeError, PacketId, Properties, PropertiesBuf, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
    Unsubscribe, Version,
};
use crate::collections::by_id::ById;
use crate::topic::TopicFilter;

/// Which answer a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Subscribe,
    Unsubscribe,
}

/// Origin of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Caller,
    /// The caller did, but no longer.
    Expired,
    /// The client makes subscriptions again.
    Again,
}

/// A SUBSCRIBE or UNSUBSCRIBE, kept until it is answered, so that it can be sent anew.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: RequestId,
    pub(super) kind: Kind,
    pub(super) origin: Origin,
    /// The options mean nothing in UNSUBSCRIBE.
    pub(super) filters: Vec<(TopicFilter, SubscriptionOptions)>,
    pub(super) properties: PropertiesBuf,
}

impl Request {
    /// Appends a packet with some of its filters.
    pub(super) fn encode(
        &self,
        packet_id: PacketId,
        filters: Range<usize>,
        properties: Properties<'_>,
        version: Version,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let some = self.filters.get(filters).unwrap_or(&[]);
        match self.kind {
            Kind::Subscribe => {
                let mut subscriptions = Vec::new();
                for (filter, options) in some {
                    subscriptions.push(Subscription { filter: filter.as_str(), options: *options });
                }
                Subscribe { packet_id, properties, subscriptions }.encode(version, out)
            }
            Kind::Unsubscribe => {
                let mut filters = Vec::new();
                for (filter, _) in some {
                    filters.push(filter.as_str());
                }
                Unsubscribe { packet_id, properties, filters }.encode(version, out)
            }
        }
    }
}

/// One packet of a request under way.
#[derive(Debug)]
struct Packet {
    id: RequestId,
    kind: Kind,
    /// Which of the request's filters are in this packet, so that its answer has as many reasons.
    filters: Range<usize>,
    /// The request, if this is its only packet.
    request: Option<Box<Request>>,
}

/// A request in several packets, which ends with the last of their answers.
#[derive(Debug)]
struct Split {
    request: Box<Request>,
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
    Done(Box<Request>, Vec<ReasonCode>, PropertiesBuf),
    /// Other packets of the request wait for theirs.
    Partial,
}

/// The requests that were sent on this connection.
#[derive(Debug)]
pub(super) struct Requests {
    packets: ById<Packet>,
    split: Vec<Split>,
}

impl Requests {
    pub(super) const fn new() -> Self {
        Self { packets: ById::new(), split: Vec::new() }
    }

    pub(super) fn add(&mut self, packet_id: PacketId, request: &Request, filters: Range<usize>) {
        let Request { id, kind, .. } = *request;
        self.packets.insert(packet_id, Packet { id, kind, filters, request: None });
    }

    /// All of the request's packets are added, the last one under this identifier. Their answers
    /// are collected if they are several.
    pub(super) fn begin(&mut self, request: Box<Request>, packets: usize, last: PacketId) {
        if packets > 1 {
            let reasons = vec![ReasonCode::Success; request.filters.len()];
            self.split.push(Split { request, missing: packets, reasons, properties: PropertiesBuf::new() });
        } else if let Some(packet) = self.packets.get_mut(last) {
            packet.request = Some(request);
        }
    }

    /// Takes back the packets of a request. Returns their identifiers.
    pub(super) fn withdraw(&mut self, id: RequestId) -> Vec<PacketId> {
        let mut packet_ids = Vec::new();
        for (packet_id, packet) in self.packets.iter() {
            if packet.id == id {
                packet_ids.push(packet_id);
            }
        }
        for packet_id in &packet_ids {
            self.packets.remove(*packet_id);
        }
        self.take_split(id);
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
        let packet = self.packets.get(packet_id)?;
        if packet.kind != kind || packet.filters.len() != reasons.len() {
            return None;
        }
        let Packet { id, filters, request, .. } = self.packets.remove(packet_id)?;
        if let Some(request) = request {
            return Some(Answer::Done(request, reasons, properties.to_buf()));
        }
        let split = self.split.iter_mut().find(|split| split.request.id == id)?;
        split.reasons.get_mut(filters)?.copy_from_slice(&reasons);
        split.properties.extend(properties);
        split.missing -= 1;
        if split.missing > 0 {
            return Some(Answer::Partial);
        }
        let split = self.take_split(id)?;
        Some(Answer::Done(split.request, split.reasons, split.properties))
    }

    /// How many filters the packet of this identifier has: what a 3.1.1 UNSUBACK does not say.
    pub(super) fn filters(&self, packet_id: PacketId) -> Option<usize> {
        self.packets.get(packet_id).map(|packet| packet.filters.len())
    }

    /// Takes out all of them, the last one first. The connection is gone.
    #[expect(clippy::vec_box, reason = "the requests are in boxes before and after")]
    pub(super) fn take_all(&mut self) -> Vec<Box<Request>> {
        let mut all = Vec::new();
        for (_, packet_id) in self.packets.latest_first(|packet| packet.id.0) {
            let Some(Packet { id, request, .. }) = self.packets.remove(packet_id) else { continue };
            all.extend(request.or_else(|| self.take_split(id).map(|split| split.request)));
        }
        all
    }

    /// Returns the first request that the caller waits for.
    pub(super) fn first(&self) -> Option<RequestId> {
        self.packets.iter().filter(|(_, packet)| self.is_awaited(packet)).map(|(_, packet)| packet.id).min()
    }

    /// True if the caller waits for the request with this last packet.
    pub(super) fn is_open(&self, packet_id: PacketId, id: RequestId) -> bool {
        self.packets.get(packet_id).is_some_and(|packet| packet.id == id && self.is_awaited(packet))
    }

    /// True if the caller waits for the request of this packet.
    fn is_awaited(&self, packet: &Packet) -> bool {
        let whole = || self.split.iter().map(|split| &split.request).find(|request| request.id == packet.id);
        packet.request.as_ref().or_else(whole).is_some_and(|request| request.origin == Origin::Caller)
    }

    /// Ends the wait of the caller: the answer ends nothing. False if it was over.
    pub(super) fn expire(&mut self, packet_id: PacketId, id: RequestId) -> bool {
        let single = self.packets.get_mut(packet_id).and_then(|packet| packet.request.as_mut());
        let request = match single {
            Some(request) => Some(request),
            None => self.split.iter_mut().map(|split| &mut split.request).find(|request| request.id == id),
        };
        match request {
            Some(request) if request.id == id && request.origin == Origin::Caller => {
                request.origin = Origin::Expired;
                true
            }
            Some(_) | None => false,
        }
    }

    fn take_split(&mut self, id: RequestId) -> Option<Split> {
        let place = self.split.iter().position(|split| split.request.id == id)?;
        Some(self.split.swap_remove(place))
    }
}
