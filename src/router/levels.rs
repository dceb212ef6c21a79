//! The texts of topic levels, as bytes, each held once.

use alloc::boxed::Box;

use crate::memory_meter::block;

use super::pages::Pages;
use super::table::{Table, hash_number, hash_text};

/// The number of a level's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LevelId(pub(super) u32);

impl LevelId {
    /// The root's.
    pub(super) const EMPTY: Self = Self(u32::MAX);
    pub(super) const PLUS: Self = Self(u32::MAX - 1);
    pub(super) const HASH: Self = Self(u32::MAX - 2);

    pub(super) const fn is_wildcard(self) -> bool {
        matches!(self, Self::PLUS | Self::HASH)
    }
}

/// All levels that some filter has. Texts come from peers, so they are hashed with the owner's
/// secret.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    secret: u64,
    numbers: Table,
    entries: Pages<Entry>,
    /// Bytes of memory of the texts.
    text_bytes: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    text: Box<[u8]>,
    /// How many nodes have it.
    nodes: u32,
}

impl Levels {
    pub(super) fn new(secret: u64) -> Self {
        Self { secret, numbers: Table::default(), entries: Pages::new(), text_bytes: 0 }
    }

    pub(super) const fn secret(&self) -> u64 {
        self.secret
    }

    /// Bytes of memory that they take.
    pub(super) const fn held_bytes(&self) -> usize {
        self.numbers.held_bytes() + self.entries.held_bytes() + self.text_bytes
    }

    /// The hash of a level's text.
    pub(super) fn hash(&self, text: &[u8]) -> u32 {
        hash_text(self.secret, text)
    }

    /// The hash of the level with this number.
    pub(super) fn hash_of(&self, LevelId(number): LevelId) -> u32 {
        self.hash(&self.entries.get(number).text)
    }

    /// The hash of the way from a node to its child of a level. Two ways to the same level have two
    /// hashes.
    pub(super) fn hash_of_edge(&self, parent: u32, level_hash: u32) -> u32 {
        hash_number(self.secret, parent) ^ level_hash
    }

    /// True if the level with this number has this text.
    pub(super) fn is(&self, LevelId(number): LevelId, text: &[u8]) -> bool {
        *self.entries.get(number).text == *text
    }

    /// The number of the text for one node more.
    pub(super) fn take(&mut self, text: &[u8]) -> LevelId {
        let hash = self.hash(text);
        if let Some(number) = self.numbers.find(hash, |number| self.is(LevelId(number), text)) {
            self.entries.get_mut(number).nodes += 1;
            return LevelId(number);
        }
        self.text_bytes += block(text.len());
        let number = self.entries.insert(Entry { text: text.into(), nodes: 1 });
        self.numbers.insert(hash, number);
        LevelId(number)
    }

    /// A node with this level is gone.
    pub(super) fn give_back(&mut self, LevelId(number): LevelId) {
        let entry = self.entries.get_mut(number);
        entry.nodes -= 1;
        if entry.nodes == 0 {
            self.numbers.remove(hash_text(self.secret, &entry.text), number);
            self.text_bytes -= block(entry.text.len());
            entry.text = Box::default();
            self.entries.free(number);
        }
    }
}
