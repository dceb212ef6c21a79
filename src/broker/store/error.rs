//! What can be wrong with what a store holds.

use alloc::boxed::Box;
use alloc::string::String;

use crate::text::{self, Part, Text, fill};

/// A store's records are not those of a broker, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// They have a format that this broker does not know: they are of another version of it.
    UnknownFormat {
        /// The format; it should be 1.
        found: Box<[u8]>,
    },
    /// A record is damaged.
    Damaged {
        /// Its key.
        key: Box<[u8]>,
        /// What is wrong with it.
        problem: &'static str,
    },
}

text::error!(StoreError);

/// Bytes as text, where they are none in hexadecimal digits.
struct Bytes<'a>(&'a [u8]);

impl Text for Bytes<'_> {
    fn write(&self, text: &mut String) {
        for byte in self.0 {
            if byte.is_ascii_graphic() {
                text.push(char::from(*byte));
            } else {
                fill(text, "\\x{}", &[Part::Hex(*byte)]);
            }
        }
    }
}

impl Text for StoreError {
    fn write(&self, text: &mut String) {
        match self {
            Self::UnknownFormat { found } => {
                fill(text, "the store has the format \"{}\"; this broker knows \"\\x01\"", &[Part::Of(&Bytes(found))]);
            }
            Self::Damaged { key, problem } => {
                fill(text, "the store's record \"{}\" is damaged: {}", &[Part::Of(&Bytes(key)), Part::Str(problem)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::StoreError;

    #[test]
    fn an_error_says_which_record() {
        let damaged = StoreError::Damaged { key: b"S\x00\x1F".as_slice().into(), problem: "it is no session" };
        assert_eq!(damaged.to_string(), "the store's record \"S\\x00\\x1F\" is damaged: it is no session");
        let unknown = StoreError::UnknownFormat { found: [9].into() };
        assert_eq!(unknown.to_string(), "the store has the format \"\\x09\"; this broker knows \"\\x01\"");
    }
}
