//! Groups: the members of shared subscriptions (MQTT 5.0 §4.8.2).
//!
//! A group and its filter are one subscriber of the router; of its members each message goes to one, in turn.

use alloc::vec::Vec;

use super::clients::{ClientKey, Subscription};
use super::register::Register;
use crate::topic::TopicFilter;

/// A group's place in [`Groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKey(u32);

#[derive(Debug)]
struct Group {
    /// In the order of their subscribing.
    members: Vec<(ClientKey, Subscription)>,
    /// Whose turn it is.
    next: usize,
}

/// All groups, by their whole filter: share name and topic filter.
#[derive(Debug)]
pub(super) struct Groups(Register<Group>);

/// What a change of members means for the router.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The group has its first member.
    New(GroupKey),
    /// The group has lost its last member.
    Gone(GroupKey),
    /// The group stays.
    None,
}

impl Groups {
    pub(super) const fn new() -> Self {
        Self(Register::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a member, or changes its options.
    pub(super) fn join(&mut self, filter: &TopicFilter, client: ClientKey, subscription: Subscription) -> Change {
        let Some(slot) = self.0.find(filter.as_str()) else {
            let group = Group { members: vec![(client, subscription)], next: 0 };
            return Change::New(GroupKey(self.0.insert(filter.text(), group)));
        };
        if let Some(group) = self.0.get_mut(slot) {
            match group.members.iter_mut().find(|(member, _)| *member == client) {
                Some((_, options)) => *options = subscription,
                None => group.members.push((client, subscription)),
            }
        }
        Change::None
    }

    pub(super) fn leave(&mut self, filter: &TopicFilter, client: ClientKey) -> Change {
        let Some(slot) = self.0.find(filter.as_str()) else { return Change::None };
        let Some(group) = self.0.get_mut(slot) else { return Change::None };
        let Some(place) = group.members.iter().position(|(member, _)| *member == client) else { return Change::None };
        group.members.remove(place);
        if place < group.next {
            group.next -= 1;
        }
        if !group.members.is_empty() {
            return Change::None;
        }
        self.0.remove(filter.as_str());
        Change::Gone(GroupKey(slot))
    }

    /// The member whose turn it is: the next that is connected; if none is, the next. Of those only that may read it.
    pub(super) fn pick(
        &mut self,
        key: GroupKey,
        may_read: impl Fn(ClientKey) -> bool,
        is_connected: impl Fn(ClientKey) -> bool,
    ) -> Option<(ClientKey, Subscription)> {
        let group = self.0.get_mut(key.0)?;
        let count = group.members.len().max(1);
        let turn = |offset: usize| (group.next + offset) % count;
        let first = |is: &dyn Fn(ClientKey) -> bool| {
            (0..count).map(turn).find(|place| group.members.get(*place).is_some_and(|(member, _)| is(*member)))
        };
        let chosen = first(&|member| is_connected(member) && may_read(member)).or_else(|| first(&may_read))?;
        group.next = chosen + 1;
        group.members.get(chosen).copied()
    }
}
