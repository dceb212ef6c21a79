//! A mark: what the broker notes with a delivery that a session keeps.

use crate::broker::ids::GroupKey;
use crate::time::Time;

/// Bits of the moment: 557 years of milliseconds.
const TIME_BITS: u32 = 44;

/// When a delivery's message arrived, and the shared subscription that it goes out for.
///
/// The group is always one that the client is a member of: who leaves it takes the mark off what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The message's expiry interval counts from here.
    pub(crate) arrived: Time,
    pub(crate) group: Option<GroupKey>,
}

impl Mark {
    /// As the delivery's token. A group whose number is not below a million is not noted: its messages stay where they are.
    pub(crate) fn pack(self) -> u64 {
        let group = self.group.map_or(0, |group| u64::from(group.slot()) + 1);
        let group = if group >> (u64::BITS - TIME_BITS) == 0 { group } else { 0 };
        group << TIME_BITS | self.arrived.as_millis().min((1 << TIME_BITS) - 1)
    }

    pub(crate) fn unpack(token: u64) -> Self {
        let arrived = Time::from_millis(token & ((1 << TIME_BITS) - 1));
        let group = u32::try_from(token >> TIME_BITS).ok().and_then(|group| group.checked_sub(1));
        Self { arrived, group: group.map(GroupKey::new) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_what_it_was_before_it_was_packed() {
        for arrived in [0, 1, 1_900_000_000_000] {
            for group in [None, Some(0), Some(7), Some((1 << 20) - 2)] {
                let mark = Mark { arrived: Time::from_millis(arrived), group: group.map(GroupKey::new) };
                assert_eq!(Mark::unpack(mark.pack()), mark);
            }
        }
        let far = Mark { arrived: Time::from_millis(5), group: Some(GroupKey::new(u32::MAX)) };
        assert_eq!(Mark::unpack(far.pack()), Mark { group: None, ..far });
    }
}
