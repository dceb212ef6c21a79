//! SUBSCRIBE and UNSUBSCRIBE, in as many packets as the broker's limits ask for.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::requests::{Kind, Origin, Request};
use super::{CallError, Core, RequestId, State, routes};
use crate::codec::{EncodeError, PacketId, Properties, PropertiesBuf, PropertyId, SubscriptionOptions, Value};
use crate::topic::TopicFilter;

/// The last packet of a request, and the number of its packets.
type Written = (PacketId, usize);

impl Core {
    /// Sends a request, or lets it wait.
    pub(super) fn request(
        &mut self,
        kind: Kind,
        filters: Vec<(TopicFilter, SubscriptionOptions)>,
        properties: &PropertiesBuf,
    ) -> Result<RequestId, CallError> {
        let id = RequestId(self.next_request);
        let request = Box::new(Request { id, kind, origin: Origin::Caller, filters, properties: properties.clone() });
        let waits = if matches!(self.state, State::Connected { .. }) && self.offline.len() == 0 {
            self.write_request(&request)?
        } else {
            self.check_waits(true)?;
            let (mut wire, all) = (Vec::new(), 0..request.filters.len());
            request.encode(PacketId::FIRST, all, properties.as_properties(), self.options.version, &mut wire)?;
            self.reserve(wire.len(), false)?;
            None
        };
        if kind == Kind::Unsubscribe {
            for (filter, _) in &request.filters {
                self.subscriptions.forget(filter);
            }
        }
        match waits {
            Some(written) => self.begin_request(request, written),
            None => self.offline.push_request(request, false),
        }
        self.next_request += 1;
        Ok(id)
    }

    /// Sends a request that waited, or a subscription again.
    pub(super) fn send_request(&mut self, request: Box<Request>) -> Result<(), (Box<Request>, CallError)> {
        match self.write_request(&request) {
            Ok(Some(written)) => {
                self.begin_request(request, written);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err((request, error)),
        }
    }

    fn begin_request(&mut self, request: Box<Request>, (last, packets): Written) {
        self.note_sent(last, request.id);
        self.requests.begin(request, packets, last);
    }

    /// Appends the packets of a request, all of them or none.
    fn write_request(&mut self, request: &Request) -> Result<Option<Written>, CallError> {
        let mut properties = request.properties.clone();
        let identifier = self.identifier(request, &mut properties)?;
        let start = self.outgoing.len();
        let mut parts = Vec::new();
        let written = self.write_parts(request, properties.as_properties(), &mut parts);
        if let Err(error) = written {
            self.outgoing.truncate(start);
            for (packet_id, _) in parts {
                self.session.release_id(packet_id);
            }
            return Err(error);
        }
        let packets = parts.len();
        let mut last = None;
        for (packet_id, part) in parts {
            self.requests.add(packet_id, request, part);
            last = Some((packet_id, packets));
        }
        if identifier != 0 {
            for (filter, _) in &request.filters {
                self.routes.identify(filter, identifier);
            }
        }
        Ok(last)
    }

    /// Checks the filters of a SUBSCRIBE. Returns its subscription identifier, which a shared
    /// filter gets, or 0.
    fn identifier(&self, request: &Request, properties: &mut PropertiesBuf) -> Result<u32, CallError> {
        let limits = self.connected()?;
        if request.kind == Kind::Unsubscribe {
            return Ok(0);
        }
        for (filter, _) in &request.filters {
            limits.check_subscription(filter)?;
        }
        let mut identifier = properties.as_properties().number(PropertyId::SubscriptionIdentifier).unwrap_or(0);
        if identifier != 0 {
            limits.check_subscription_identifier()?;
        } else if self.routes.uses_identifiers {
            for (filter, _) in &request.filters {
                identifier = identifier.max(routes::identifier(filter));
            }
            if identifier != 0 {
                let pushed = properties.push_value(PropertyId::SubscriptionIdentifier, Value::Number(identifier));
                debug_assert!(pushed.is_ok(), "numbers are never too long");
            }
        }
        Ok(identifier)
    }

    /// Appends the packets of a request. If one is too large for the broker, each from there on has
    /// half as many filters.
    fn write_parts(
        &mut self,
        request: &Request,
        properties: Properties<'_>,
        parts: &mut Vec<(PacketId, Range<usize>)>,
    ) -> Result<(), CallError> {
        let total = request.filters.len();
        let mut most = self.options.request_filters_max.max(1);
        let mut next = 0_usize;
        loop {
            let part = next..total.min(next.saturating_add(most));
            let packet_id = self.session.allocate_id().ok_or(CallError::NoPacketId)?;
            parts.push((packet_id, part.clone()));
            let start = self.outgoing.len();
            let encoded = request.encode(packet_id, part.clone(), properties, self.options.version, &mut self.outgoing);
            let bytes = self.outgoing.len() - start;
            let checked = match encoded {
                Ok(()) => self.connected().and_then(|limits| limits.check_size(bytes)),
                Err(error) => Err(error.into()),
            };
            match checked {
                Ok(()) => next = part.end,
                Err(CallError::PacketTooLarge { .. } | CallError::Encode(EncodeError::PacketTooLarge { .. }))
                    if part.len() > 1 =>
                {
                    self.outgoing.truncate(start);
                    self.session.release_id(packet_id);
                    parts.pop();
                    most = part.len() / 2;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if next == total {
                return Ok(());
            }
        }
    }
}
