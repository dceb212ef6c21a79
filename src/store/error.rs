//! Errors of restoring a broker or a client from the records of a store.

use alloc::boxed::Box;
use core::ascii::escape_default;
use core::fmt::{self, Display, Formatter, Write};

use thiserror::Error;

/// A fault in the records of a store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The records have a format that this version does not read.
    #[error(
        "the store has format \"{}\", but this version reads \"{}\" only; use the version that wrote it",
        Escaped(.found),
        Escaped(.reads)
    )]
    UnknownFormat {
        /// The format that the store has.
        found: Box<[u8]>,
        /// The format that is read.
        reads: &'static [u8],
    },
    /// The session in the store is another client's.
    #[error(
        "the store has the session of client \"{found}\", but this is client \"{wanted}\"; \
         use the same client identifier, or another store"
    )]
    OtherClient {
        /// The client identifier that the store has.
        found: Box<str>,
        /// The client's own.
        wanted: Box<str>,
    },
    /// A record is damaged.
    #[error(
        "the store's record \"{}\" is damaged: {problem}; restore a backup or use an empty store",
        Escaped(.key)
    )]
    Damaged {
        /// The key of the record.
        key: Box<[u8]>,
        /// The fault in the record.
        problem: &'static str,
    },
}

/// Bytes of a key as ASCII with escapes. `escape_ascii` is as good, and half a kilobyte larger.
struct Escaped<'a>(&'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut escaped = self.0.iter().flat_map(|byte| escape_default(*byte));
        escaped.try_for_each(|byte| f.write_char(byte.into()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::StoreError;

    #[test]
    fn an_error_says_which_record() {
        let damaged = StoreError::Damaged { key: b"S\x00\x1F".as_slice().into(), problem: "it is not a session" };
        assert_eq!(
            damaged.to_string(),
            "the store's record \"S\\x00\\x1f\" is damaged: it is not a session; \
             restore a backup or use an empty store"
        );
        let unknown = StoreError::UnknownFormat { found: [9].into(), reads: b"\x03" };
        assert_eq!(
            unknown.to_string(),
            "the store has format \"\\t\", but this version reads \"\\x03\" only; use the version that wrote it"
        );
    }
}
