//! SUBSCRIBE and UNSUBSCRIBE, in as many packets as the broker's limits ask for.

use alloc::vec::Vec;
use core::ops::Range;

use super::requests::{Kind, Request};
use super::{CallError, Core, RequestId, routes};
use crate::codec::{
    EncodeError, PacketId, Properties, PropertiesBuf, PropertyId, Subscribe, Subscription, SubscriptionOptions,
    Unsubscribe, Value,
};
use crate::topic::TopicFilter;

/// Appends the packet of this identifier with some of a request's filters.
type Encode<'a> = &'a dyn Fn(PacketId, Range<usize>, &mut Vec<u8>) -> Result<(), EncodeError>;

impl Core {
    pub(super) fn subscribe(
        &mut self,
        subscriptions: &[(TopicFilter, SubscriptionOptions)],
        properties: &PropertiesBuf,
    ) -> Result<RequestId, CallError> {
        let limits = self.connected()?;
        let mut wire = Vec::new();
        for (filter, options) in subscriptions {
            limits.check_subscription(filter)?;
            wire.push(Subscription { filter: filter.as_str(), options: *options });
        }
        let mut properties = properties.clone();
        let mut identifier = properties.as_properties().number(PropertyId::SubscriptionIdentifier).unwrap_or(0);
        if identifier != 0 {
            limits.check_subscription_identifier()?;
        } else if self.routes.uses_identifiers {
            for (filter, _) in subscriptions {
                identifier = identifier.max(routes::identifier(filter));
            }
            if identifier != 0 {
                let pushed = properties.push_value(PropertyId::SubscriptionIdentifier, Value::Number(identifier));
                debug_assert!(pushed.is_ok(), "numbers are never too long");
            }
        }
        let (properties, version) = (properties.as_properties(), self.options.version);
        let request = self.request(Kind::Subscribe, wire.len(), &|packet_id, filters, out| {
            let subscriptions = wire.get(filters).unwrap_or(&[]).to_vec();
            Subscribe { packet_id, properties, subscriptions }.encode(version, out)
        })?;
        if identifier != 0 {
            for (filter, _) in subscriptions {
                self.routes.identify(filter, identifier);
            }
        }
        Ok(request)
    }

    pub(super) fn unsubscribe(
        &mut self,
        filters: &[TopicFilter],
        properties: Properties<'_>,
    ) -> Result<RequestId, CallError> {
        self.connected()?;
        let mut wire = Vec::new();
        for filter in filters {
            wire.push(filter.as_str());
        }
        let version = self.options.version;
        self.request(Kind::Unsubscribe, wire.len(), &|packet_id, filters, out| {
            let filters = wire.get(filters).unwrap_or(&[]).to_vec();
            Unsubscribe { packet_id, properties, filters }.encode(version, out)
        })
    }

    /// Sends a request with so many filters, all of it or nothing.
    fn request(&mut self, kind: Kind, filters: usize, encode: Encode<'_>) -> Result<RequestId, CallError> {
        let start = self.outgoing.len();
        let id = RequestId(self.next_request);
        let sent = self.send_request(id, kind, filters, encode);
        let packets = sent.inspect_err(|_| {
            self.outgoing.truncate(start);
            for packet_id in self.requests.withdraw(id) {
                self.session.release_id(packet_id);
            }
        })?;
        self.requests.begin(id, packets, filters);
        self.next_request += 1;
        Ok(id)
    }

    /// Appends the packets of a request, and returns their number.
    fn send_request(
        &mut self,
        id: RequestId,
        kind: Kind,
        total: usize,
        encode: Encode<'_>,
    ) -> Result<usize, CallError> {
        let most = self.options.request_filters_max.max(1);
        let (mut packets, mut next) = (0, 0_usize);
        loop {
            let filters = next..total.min(next.saturating_add(most));
            next = filters.end;
            packets += self.send_filters(&Request { id, kind, filters }, encode)?;
            if next == total {
                return Ok(packets);
            }
        }
    }

    /// Appends a packet with these filters. If it is too large for the broker, appends one for each
    /// half. Returns the number of packets.
    fn send_filters(&mut self, request: &Request, encode: Encode<'_>) -> Result<usize, CallError> {
        let Range { start: first, end } = request.filters;
        let packet_id = self.session.allocate_id().ok_or(CallError::NoPacketId)?;
        let start = self.outgoing.len();
        let encoded = encode(packet_id, first..end, &mut self.outgoing);
        let bytes = self.outgoing.len() - start;
        let checked = match encoded {
            Ok(()) => self.connected().and_then(|limits| limits.check_size(bytes)),
            Err(error) => Err(error.into()),
        };
        let Err(error) = checked else {
            self.requests.add(packet_id, request.clone());
            return Ok(1);
        };
        self.outgoing.truncate(start);
        self.session.release_id(packet_id);
        let is_large =
            matches!(error, CallError::PacketTooLarge { .. } | CallError::Encode(EncodeError::PacketTooLarge { .. }));
        if end - first < 2 || !is_large {
            return Err(error);
        }
        let middle = first + (end - first) / 2;
        let one = self.send_filters(&Request { filters: first..middle, ..*request }, encode)?;
        Ok(one + self.send_filters(&Request { filters: middle..end, ..*request }, encode)?)
    }
}
