//! The texts of topic levels, each held once.

use core::hash::{BuildHasherDefault, Hasher};
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::sync::Arc;

/// The number of a level's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct LevelId(u32);

impl LevelId {
    /// The root's.
    pub(super) const EMPTY: Self = Self(u32::MAX);
    pub(super) const PLUS: Self = Self(u32::MAX - 1);
    pub(super) const HASH: Self = Self(u32::MAX - 2);
}

/// All levels that some filter has.
///
/// Texts come from peers. `DefaultHasher` with its fixed keys is deterministic, and strong enough that collisions take
/// precomputation; a router of strangers' filters is bounded by the broker's limits besides.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    numbers: HashMap<Arc<str>, u32, BuildHasherDefault<DefaultHasher>>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    text: Arc<str>,
    /// How many nodes have it.
    nodes: u32,
}

impl Levels {
    pub(super) fn new() -> Self {
        Self { numbers: HashMap::default(), entries: Vec::new(), free: Vec::new() }
    }

    #[inline]
    pub(super) fn find(&self, text: &str) -> Option<LevelId> {
        self.numbers.get(text).map(|number| LevelId(*number))
    }

    /// The number of the text for one node more.
    pub(super) fn take(&mut self, text: &str) -> LevelId {
        if let Some(LevelId(number)) = self.find(text) {
            self.entries[number as usize].nodes += 1;
            return LevelId(number);
        }
        let text: Arc<str> = text.into();
        let entry = Entry { text: Arc::clone(&text), nodes: 1 };
        let number = if let Some(number) = self.free.pop() {
            self.entries[number as usize] = entry;
            number
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).expect("there are fewer levels than nodes")
        };
        self.numbers.insert(text, number);
        LevelId(number)
    }

    /// A node with this level is gone.
    pub(super) fn give_back(&mut self, LevelId(number): LevelId) {
        let entry = &mut self.entries[number as usize];
        entry.nodes -= 1;
        if entry.nodes == 0 {
            self.numbers.remove(&entry.text);
            entry.text = "".into();
            self.free.push(number);
        }
    }
}

/// Hashes two numbers that peers cannot choose: a multiplication each is enough.
pub(super) type Mix = BuildHasherDefault<MixHasher>;

#[derive(Clone, Default)]
pub(super) struct MixHasher(u64);

impl Hasher for MixHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}
