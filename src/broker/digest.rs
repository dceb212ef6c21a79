//! Digest of a long text: what stands for it in records that other records repeat.
//!
//! A peer chooses topics, filters and its client identifier, of up to 64 KB. A record of a few
//! bytes names one of them, and a small packet may write such records for thousands of sessions.

use alloc::sync::Arc;
use core::borrow::Borrow;

use crate::collections::sorted_list::SortedList;

/// The longest text that records have in full, in bytes.
const TEXT_MAX: usize = 128;

/// A digest as text: U+0000, which no text of MQTT has, and the hexadecimal digits of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest([u8; 17]);

impl Digest {
    /// Returns the digest of a long text; `None` for one that records have in full.
    pub(crate) fn of(text: &str) -> Option<Self> {
        (text.len() > TEXT_MAX).then(|| {
            let mut digest = [0; 17];
            let hash = hash(text.as_bytes());
            for (index, byte) in digest.iter_mut().skip(1).enumerate() {
                *byte = b"0123456789abcdef"[(hash >> (60 - 4 * index) & 15) as usize];
            }
            Self(digest)
        })
    }

    /// Reads the digest in a record; `None` if the record has the text in full.
    pub(crate) fn read(text: &str) -> Option<Self> {
        text.starts_with('\0').then_some(())?;
        text.as_bytes().try_into().ok().map(Self)
    }

    /// Returns the text that stands in the record.
    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Long texts by their digests.
#[derive(Debug)]
pub(crate) struct LongTexts(SortedList<LongText>);

#[derive(Debug)]
struct LongText {
    digest: Digest,
    text: Arc<str>,
}

impl Borrow<Digest> for LongText {
    fn borrow(&self) -> &Digest {
        &self.digest
    }
}

impl LongTexts {
    pub(crate) const fn new() -> Self {
        Self(SortedList::new())
    }

    /// Adds a text, if it is a long one.
    pub(crate) fn add(&mut self, text: &Arc<str>) {
        if let Some(digest) = Digest::of(text).filter(|digest| self.0.find(digest).is_none()) {
            self.0.insert::<Digest>(LongText { digest, text: Arc::clone(text) });
        }
    }

    /// Returns the text that stands in a record, in full or as its digest.
    pub(crate) fn find<'a>(&'a self, written: &'a str) -> Option<&'a str> {
        match Digest::read(written) {
            Some(digest) => self.0.find(&digest).map(|found| &*found.text),
            None => Some(written),
        }
    }
}

/// Returns the text of a client identifier that retained messages and their records keep.
pub(crate) fn publisher(client_id: &Arc<str>) -> Arc<str> {
    Digest::of(client_id).map_or_else(|| Arc::clone(client_id), |digest| digest.as_str().into())
}

/// FNV-1a, eight bytes at a time. It must not change, since records have it. A collision makes a
/// peer's own deliveries go wrong, and no one else's.
fn hash(text: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01B3;
    let (words, rest) = text.as_chunks();
    let mut hash = 0xCBF2_9CE4_8422_2325 ^ text.len() as u64;
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
        hash ^= hash >> 32;
    }
    rest.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{Digest, TEXT_MAX};

    #[test]
    fn a_long_text_has_a_digest_and_a_short_one_none() {
        let text = |end: &str| "x".repeat(TEXT_MAX) + end;
        assert_eq!(Digest::of(&text("")), None);
        let digests: Vec<String> =
            ["a", "b", "aa"].map(|end| Digest::of(&text(end)).expect("a long text").as_str().into()).into();
        assert_eq!(digests, ["\x000d9f75d3545ffb65", "\x000d9f72d3545ff64c", "\x004ebb3d6b4970b46a"]);
    }

    #[test]
    fn a_digest_is_read_as_it_was_written() {
        let digest = Digest::of(&"x".repeat(1_000)).expect("a long text");
        assert_eq!(Digest::read(digest.as_str()), Some(digest));
        for text in ["", "x", "\0", "0123456789abcdefg"] {
            assert_eq!(Digest::read(text), None, "{text:?}");
        }
    }
}
