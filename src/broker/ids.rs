//! Identifiers that the broker and its host use.

use core::num::NonZeroU32;

/// Identifier of a question, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u64);

/// Index of a client in [`Clients`], reused after its session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey(pub(crate) u32);

impl ClientKey {
    /// Returns the index in tables by client.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of a shared subscription's group in [`Groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(pub(crate) u32);

/// Identifier of a client's cursor of retained messages. Later cursors have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CursorId(NonZeroU32);

impl CursorId {
    /// The identifier before that of a client's first cursor.
    pub(crate) const START: Self = Self(NonZeroU32::MIN);

    /// Makes an identifier, unless the number is 0.
    pub(crate) fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    pub(crate) const fn get(self) -> u32 {
        self.0.get()
    }

    /// Returns the next identifier. The last of the four thousand million is never reached.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Identifier of a host's subscription, chosen by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandlerId(pub u32);

/// Identifier of a connection to the broker, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(u64);

impl PeerId {
    /// Makes an identifier from a serial number and the slot of the peer.
    pub(crate) const fn new(serial: u32, slot: u32) -> Self {
        Self((serial as u64) << 32 | slot as u64)
    }

    /// Returns a small number that is unique among the present peers. The host may index its
    /// transports by it.
    #[must_use]
    pub const fn index(self) -> usize {
        self.slot() as usize
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the slot")]
    pub(crate) const fn slot(self) -> u32 {
        self.0 as u32
    }
}
