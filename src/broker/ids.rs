//! Identifiers: small keys by which the broker and its host name things.

/// The number of a question, never given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// A client's place in [`Clients`], used again once its session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey(pub(crate) u32);

impl ClientKey {
    /// Returns its place in tables by client.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A group's place in [`Groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) u32);

/// One of the host's subscriptions, by a number of the host's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandlerId(pub u32);

/// One connection to the broker, for as long as it lasts; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(u64);

impl PeerId {
    /// `serial` tells the connections apart, `slot` is where to find it.
    pub(crate) const fn new(serial: u32, slot: u32) -> Self {
        Self((serial as u64) << 32 | slot as u64)
    }

    /// A small number that no other peer has as long as this one is there, for the host to find its transport by.
    #[must_use]
    pub const fn index(self) -> usize {
        self.slot() as usize
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the slot")]
    pub(crate) const fn slot(self) -> u32 {
        self.0 as u32
    }
}
