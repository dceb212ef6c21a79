//! The client's subscriptions at the broker, to be made again when a session is gone.

use alloc::vec::Vec;

use super::RequestId;
use super::requests::Request;
use crate::codec::{PropertiesBuf, SubscriptionOptions};
use crate::topic::TopicFilter;

/// Filters of one SUBSCRIBE that makes subscriptions again.
const FILTERS_MAX: usize = 64;
/// Their bytes, so that the packet stays within what brokers take.
const BYTES_MAX: usize = 4096;

/// A subscription that the broker accepted.
#[derive(Debug)]
struct Subscribed {
    filter: TopicFilter,
    options: SubscriptionOptions,
    properties: PropertiesBuf,
    /// The request that it was accepted for.
    request: RequestId,
    /// The session of the connection does not have it, or perhaps not.
    is_owed: bool,
}

/// The contents of a SUBSCRIBE that makes subscriptions again.
#[derive(Debug)]
pub(super) struct Owed {
    pub(super) filters: Vec<(TopicFilter, SubscriptionOptions)>,
    pub(super) properties: PropertiesBuf,
}

/// Accepted subscriptions in the order of their filters.
#[derive(Debug)]
pub(super) struct Subscriptions(Vec<Subscribed>);

impl Subscriptions {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns each with its options; true if the session may lack it.
    pub(super) fn each(&self) -> impl Iterator<Item = (&TopicFilter, SubscriptionOptions, bool)> {
        self.0.iter().map(|one| (&one.filter, one.options, one.is_owed))
    }

    /// Notes a subscription that the broker accepted.
    pub(super) fn add(&mut self, filter: &TopicFilter, options: SubscriptionOptions, request: &Request) {
        let properties = request.properties.clone();
        let one = Subscribed { filter: filter.clone(), options, properties, request: request.id, is_owed: false };
        match self.place(&one.filter) {
            Ok(place) => self.0[place] = one,
            Err(place) => self.0.insert(place, one),
        }
    }

    /// Forgets a subscription, which is not made again.
    pub(super) fn forget(&mut self, filter: &TopicFilter) {
        if let Ok(place) = self.place(filter) {
            self.0.remove(place);
        }
    }

    /// Forgets a subscription that was accepted for a request before this one.
    pub(super) fn forget_before(&mut self, filter: &TopicFilter, request: RequestId) {
        if let Ok(place) = self.place(filter)
            && self.0[place].request < request
        {
            self.0.remove(place);
        }
    }

    /// A new session has none of them.
    pub(super) fn lost(&mut self) {
        for one in &mut self.0 {
            one.is_owed = true;
        }
    }

    /// Returns the next SUBSCRIBE that is owed.
    pub(super) fn next_owed(&mut self) -> Option<Owed> {
        let mut filters = Vec::new();
        let mut properties = PropertiesBuf::new();
        let mut bytes = 0;
        for one in &mut self.0 {
            if !one.is_owed {
                continue;
            }
            // The client gives an identifier to a shared filter alone in its packet.
            let is_alone = one.filter.share_name().is_some();
            bytes += one.filter.as_str().len();
            if !filters.is_empty()
                && (is_alone || one.properties != properties || filters.len() >= FILTERS_MAX || bytes > BYTES_MAX)
            {
                break;
            }
            one.is_owed = false;
            properties = one.properties.clone();
            filters.push((one.filter.clone(), one.options));
            if is_alone {
                break;
            }
        }
        (!filters.is_empty()).then_some(Owed { filters, properties })
    }

    /// Owes again what was not answered.
    pub(super) fn owe(&mut self, request: &Request) {
        for (filter, _) in &request.filters {
            if let Ok(place) = self.place(filter) {
                self.0[place].is_owed = true;
            }
        }
    }

    fn place(&self, filter: &TopicFilter) -> Result<usize, usize> {
        self.0.binary_search_by(|one| one.filter.as_str().cmp(filter.as_str()))
    }
}
