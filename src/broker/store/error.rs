//! What can be wrong with what a store holds.

use alloc::boxed::Box;

use thiserror::Error;

/// A store's records are not those of a broker, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// They have a format that this broker does not know: they are of another version of it.
    #[error("the store has the format \"{}\"; this broker knows \"\\x01\"", .found.escape_ascii())]
    UnknownFormat {
        /// The format; it should be 1.
        found: Box<[u8]>,
    },
    /// A record is damaged.
    #[error("the store's record \"{}\" is damaged: {problem}", .key.escape_ascii())]
    Damaged {
        /// Its key.
        key: Box<[u8]>,
        /// What is wrong with it.
        problem: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::StoreError;

    #[test]
    fn an_error_says_which_record() {
        let damaged = StoreError::Damaged { key: b"S\x00\x1F".as_slice().into(), problem: "it is no session" };
        assert_eq!(damaged.to_string(), "the store's record \"S\\x00\\x1f\" is damaged: it is no session");
        let unknown = StoreError::UnknownFormat { found: [9].into() };
        assert_eq!(unknown.to_string(), "the store has the format \"\\t\"; this broker knows \"\\x01\"");
    }
}
