//! Digest of a long text: what stands for it in records that other records repeat.
//!
//! A peer chooses topics, filters and its client identifier, of up to 64 KB. A record of a few
//! bytes names one of them, and a small packet may write such records for thousands of sessions.

use alloc::sync::Arc;
use core::borrow::Borrow;

use sha2::{Digest as _, Sha256};

use crate::collections::sorted_list::SortedList;

/// The longest text that records have in full, in bytes.
const TEXT_MAX: usize = 128;

/// A digest as text: U+0000, which no text of MQTT has, and 32 hexadecimal digits of SHA-256.
///
/// Texts of all peers share one table when a store is read. So a hostile peer must not find a topic
/// with the digest of another's, and a plain hash would not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest([u8; 33]);

impl Digest {
    /// Returns the digest of a long text; `None` for one that records have in full.
    pub(crate) fn of(text: &str) -> Option<Self> {
        (text.len() > TEXT_MAX).then(|| {
            let mut digest = [0; 33];
            let hash = Sha256::digest(text.as_bytes());
            for (digits, byte) in digest[1..].as_chunks_mut().0.iter_mut().zip(hash) {
                *digits = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
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
        assert_eq!(
            digests,
            [
                "\x00431bad0bf3e352a6d9d28ce1f4346e47",
                "\x0099895a69a5d6f14b834da2adc9e46673",
                "\x0099394c0b656fb1c324a4a6cb7c30ea0a"
            ]
        );
    }

    #[test]
    fn a_digest_is_read_as_it_was_written() {
        let digest = Digest::of(&"x".repeat(1_000)).expect("a long text");
        assert_eq!(Digest::read(digest.as_str()), Some(digest));
        for text in ["", "x", "\0", "\x000123456789abcdef"] {
            assert_eq!(Digest::read(text), None, "{text:?}");
        }
    }
}
