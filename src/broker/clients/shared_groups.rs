//! Shared subscriptions: groups and their members (MQTT 5.0 §4.8.2).
//!
//! In the router, a group is one subscriber. Each message goes to one of its members, round robin.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::budget::Budget;
use crate::broker::clients::subscription::Subscription;
use crate::broker::digest::{hash_bytes, short_form};
use crate::broker::ids::{ClientKey, GroupKey};
use crate::collections::named_slab::NamedSlab;
use crate::memory_meter::shared_text;
use crate::topic::TopicFilter;

/// Bytes of memory of a member, with room that its group keeps for another.
pub(crate) const MEMBER_BYTES: usize = 2 * size_of::<(ClientKey, Subscription)>();

/// Members that are compared or moved in one step.
const MEMBERS_IN_STEP: usize = 8;

/// Search for a member of a group, which may go on in later turns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<R> {
    /// Members that it has looked at.
    looked_at: usize,
    /// The best of them, and its place.
    chosen: Option<(R, usize)>,
}

impl<R> Default for Search<R> {
    fn default() -> Self {
        Self { looked_at: 0, chosen: None }
    }
}

/// Result of a search for a member.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Picked {
    Member(ClientKey, Subscription),
    /// No member may have the message.
    Nobody,
    /// The budget is spent before the end of the search.
    Later,
}

#[derive(Debug)]
struct Group {
    /// The whole filter: share name and topic filter.
    filter: Arc<str>,
    /// The short form of the filter, for records.
    short: Arc<str>,
    /// Members in the order of their subscribing.
    members: Vec<(ClientKey, Subscription)>,
    /// Index of the next member.
    next: usize,
    /// How many members are connected.
    connected: usize,
}

/// Groups by their whole filter.
#[derive(Debug)]
pub(crate) struct Groups(NamedSlab<Group>);

impl Groups {
    pub(crate) const fn new() -> Self {
        Self(NamedSlab::new())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the bytes of memory that they take, without their members.
    pub(crate) fn held_bytes(&self) -> usize {
        self.0.table_bytes() + self.0.len() * shared_text("")
    }

    /// Returns the group of this filter.
    pub(crate) fn find(&self, filter: &str) -> Option<GroupKey> {
        self.0.find(filter).map(GroupKey)
    }

    /// Returns the filter of a group.
    pub(crate) fn filter(&self, key: GroupKey) -> Option<&str> {
        self.0.get(key.0).map(|group| &*group.filter)
    }

    /// Returns the filter of a group as records have it.
    pub(crate) fn written(&self, key: GroupKey) -> Option<&str> {
        self.0.get(key.0).map(|group| &*group.short)
    }

    /// Adds a member, or changes its options if it is not new. Returns the group if this is its
    /// first member.
    pub(crate) fn join(
        &mut self,
        filter: &TopicFilter,
        (client, is_connected): (ClientKey, bool),
        (subscription, is_new): (Subscription, bool),
        budget: &mut Budget,
    ) -> Option<GroupKey> {
        let Some(slot) = self.0.find(filter.as_str()) else {
            budget.spend(0, hash_bytes(filter.as_str()));
            let group = Group {
                filter: filter.text(),
                short: short_form(&filter.text()),
                members: vec![(client, subscription)],
                next: 0,
                connected: usize::from(is_connected),
            };
            return Some(GroupKey(self.0.insert(filter.text(), group)));
        };
        let group = self.0.get_mut(slot)?;
        if is_new {
            group.members.push((client, subscription));
            group.connected += usize::from(is_connected);
            return None;
        }
        budget.spend(group.members.len() / MEMBERS_IN_STEP, 0);
        if let Some((_, options)) = group.members.iter_mut().find(|(member, _)| *member == client) {
            *options = subscription;
        }
        None
    }

    /// Removes a member. Returns its group, and true if the group is removed with its last member.
    pub(crate) fn leave(
        &mut self,
        filter: &TopicFilter,
        (client, is_connected): (ClientKey, bool),
        budget: &mut Budget,
    ) -> Option<(GroupKey, bool)> {
        let slot = self.0.find(filter.as_str())?;
        let group = self.0.get_mut(slot)?;
        let place = group.members.iter().position(|(member, _)| *member == client)?;
        group.members.remove(place);
        budget.spend(group.members.len() / MEMBERS_IN_STEP, 0);
        group.connected -= usize::from(is_connected);
        if place < group.next {
            group.next -= 1;
        }
        let is_gone = group.members.is_empty();
        if is_gone {
            self.0.remove(filter.as_str());
        }
        Some((GroupKey(slot), is_gone))
    }

    /// Picks the first member, from the next one on, of the highest readiness. `readiness` returns
    /// `None` for a member that may not have the message. None is better than `best`.
    ///
    /// It goes on with `search`, as far as the budget goes.
    pub(crate) fn pick<R: Ord + Copy>(
        &mut self,
        key: GroupKey,
        best: R,
        search: &mut Search<R>,
        budget: &mut Budget,
        mut readiness: impl FnMut(ClientKey, &Subscription, &mut Budget) -> Option<R>,
    ) -> Picked {
        let Some(group) = self.0.get_mut(key.0) else { return Picked::Nobody };
        let count = group.members.len();
        while search.looked_at < count {
            if budget.is_spent() {
                return Picked::Later;
            }
            budget.spend(1, 0);
            let place = (group.next + search.looked_at) % count;
            search.looked_at += 1;
            let Some((member, subscription)) = group.members.get(place) else { break };
            let Some(own) = readiness(*member, subscription, budget) else { continue };
            if search.chosen.is_none_or(|(highest, _)| highest < own) {
                search.chosen = Some((own, place));
                if own >= best {
                    break;
                }
            }
        }
        let chosen = core::mem::take(search).chosen;
        let Some((_, chosen)) = chosen else { return Picked::Nobody };
        let Some((member, subscription)) = group.members.get(chosen) else { return Picked::Nobody };
        group.next = chosen + 1;
        Picked::Member(*member, *subscription)
    }

    /// Counts a member of the group with this filter as connected, or no more.
    pub(crate) fn note_connected(&mut self, filter: &str, is_connected: bool) {
        let slot = self.0.find(filter);
        if let Some(group) = slot.and_then(|slot| self.0.get_mut(slot)) {
            group.connected = if is_connected { group.connected + 1 } else { group.connected - 1 };
        }
    }

    /// True if a member of the group is connected.
    pub(crate) fn is_attended(&self, key: GroupKey) -> bool {
        self.0.get(key.0).is_some_and(|group| group.connected > 0)
    }
}
