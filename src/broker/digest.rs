//! Short forms of long texts: what stands for them in tables that are searched again and again, and
//! in records that other records repeat.
//!
//! A peer chooses topics, filters and its client identifier, of up to 64 KB. A packet of a few
//! bytes names one of them, and may have it looked up or written for thousands of sessions.

use alloc::sync::Arc;
use core::borrow::Borrow;

use sha2::{Digest as _, Sha256};

use crate::collections::sorted_list::SortedList;

/// The longest text that stands for itself, in bytes.
const TEXT_MAX: usize = 128;

/// Bytes of a digest: U+0000, which no text of MQTT has, and 32 hexadecimal digits of SHA-256.
///
/// Texts of all peers share one table when a store is read. So a hostile peer must not find a topic
/// with the digest of another's, and a plain hash would not do.
const DIGEST_BYTES: usize = 33;

/// Bytes that are copied in the time in which one is hashed, about.
const HASH_COST: usize = 8;

/// Returns the short form of a text: itself, or the digest of a long one.
pub(crate) fn short_form(text: &Arc<str>) -> Arc<str> {
    if text.len() <= TEXT_MAX {
        return Arc::clone(text);
    }
    let mut digest = [0; DIGEST_BYTES];
    let hash = Sha256::digest(text.as_bytes());
    for (digits, byte) in digest[1..].as_chunks_mut().0.iter_mut().zip(hash) {
        *digits = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    }
    core::str::from_utf8(&digest).unwrap_or_default().into()
}

/// True if a short form is a digest.
pub(crate) fn is_digest(short: &str) -> bool {
    short.starts_with('\0') && short.len() == DIGEST_BYTES
}

/// Returns the work to make the short form of a text, in bytes that are copied meanwhile.
pub(crate) const fn hash_bytes(text: &str) -> usize {
    if text.len() > TEXT_MAX { HASH_COST * text.len() } else { 0 }
}

/// Long texts by their digests.
#[derive(Debug)]
pub(crate) struct LongTexts(SortedList<LongText>);

/// A long text and its digest.
#[derive(Clone, Debug)]
pub(crate) struct LongText {
    pub(crate) digest: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Borrow<str> for LongText {
    fn borrow(&self) -> &str {
        &self.digest
    }
}

impl LongTexts {
    pub(crate) const fn new() -> Self {
        Self(SortedList::new())
    }

    /// Adds a text with its short form, if it is a long one.
    pub(crate) fn add(&mut self, text: &Arc<str>, short: &Arc<str>) {
        if is_digest(short) && self.0.find(&**short).is_none() {
            self.0.insert::<str>(LongText { digest: Arc::clone(short), text: Arc::clone(text) });
        }
    }

    /// Returns the long text of a digest.
    pub(crate) fn find(&self, digest: &str) -> Option<&LongText> {
        self.0.find(digest)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::sync::Arc;

    use super::{LongTexts, TEXT_MAX, is_digest, short_form};

    #[test]
    fn a_long_text_has_a_digest_and_a_short_one_stands_for_itself() {
        let short = |end: &str| short_form(&Arc::from("x".repeat(TEXT_MAX) + end));
        assert_eq!(*short(""), *"x".repeat(TEXT_MAX));
        let digests = ["a", "b", "aa"].map(|end| String::from(&*short(end)));
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
    fn a_long_text_is_found_by_its_digest() {
        let long = Arc::from("x".repeat(1_000));
        let digest = short_form(&long);
        let mut texts = LongTexts::new();
        assert!(texts.find(&digest).is_none());
        for text in [&long, &Arc::from("x")] {
            texts.add(text, &short_form(text));
        }
        assert!(texts.find(&digest).is_some_and(|found| found.text == long));
        assert!(is_digest(&digest) && texts.find("x").is_none());
        for text in ["", "x", "\0", "\x000123456789abcdef"] {
            assert!(!is_digest(text), "{text:?}");
        }
    }
}
