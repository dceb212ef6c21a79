//! Searches of a text for single bytes, mostly eight at a time.

/// The first level of a topic or filter, and what stands behind its `/`.
#[inline]
pub(crate) fn first_level(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match separator(text) {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..)),
        None => (text, None),
    }
}

/// The place of the first `/`.
#[inline]
fn separator(text: &[u8]) -> Option<usize> {
    /// Most levels are shorter.
    const SHORT: usize = 32;
    let short = text.get(..SHORT).unwrap_or(text);
    let near = short.iter().position(|byte| *byte == b'/');
    if near.is_none() && text.len() > SHORT { far_separator(text, SHORT) } else { near }
}

/// The place of the first `/` from here on, which is searched eight bytes at a time.
#[inline(never)]
fn far_separator(text: &[u8], from: usize) -> Option<usize> {
    let (words, _) = text.get(from..)?.as_chunks();
    let has_none = |word: &[u8; 8]| !has_zero(u64::from_le_bytes(*word) ^ SEPARATORS);
    let from = from + 8 * words.iter().take_while(|word| has_none(word)).count();
    Some(from + text.get(from..)?.iter().position(|byte| *byte == b'/')?)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const SEPARATORS: u64 = ONES * b'/' as u64;

/// True if a byte of the word is 0. Borrows reach the highest bit of a byte that is 0; above the
/// lowest such byte they may reach others, too.
const fn has_zero(word: u64) -> bool {
    word.wrapping_sub(ONES) & !word & ONES << 7 != 0
}

/// True if the text has a byte that `is` finds. It looks at all of them, so that the compiler can
/// take many at once.
#[inline]
pub(crate) fn has(text: &str, is: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(false, |found, byte| found | is(byte))
}

pub(crate) const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'+' | b'#')
}

/// True if the text has U+0000 or a wildcard, which no topic name may. It is searched eight bytes
/// at a time, since every message is checked.
pub(crate) fn has_null_or_wildcard(text: &str) -> bool {
    const PLUSES: u64 = ONES * b'+' as u64;
    let (words, rest) = text.as_bytes().as_chunks();
    words.iter().any(|word| {
        let word = u64::from_le_bytes(*word);
        // `+` and `#` differ in the bit of 8 alone.
        has_zero(word) || has_zero((word | (ONES << 3)) ^ PLUSES)
    }) || rest.iter().any(|byte| *byte == 0 || is_wildcard(*byte))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_null_or_wildcard_is_seen_at_every_place() {
        for byte in 0..=0x7F_u8 {
            for len in 1..20 {
                for place in 0..len {
                    let mut text = "é".repeat(len).into_bytes();
                    text.splice(2 * place..2 * place + 2, [byte]);
                    let text = String::from_utf8(text).expect("a byte of ASCII stands for two of another character");
                    assert_eq!(has_null_or_wildcard(&text), matches!(byte, 0 | b'+' | b'#'), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_level_ends_at_the_first_separator() {
        for len in 0..100 {
            for end in 0..=len {
                let mut text: Vec<u8> = core::iter::repeat_n(b'.', len).collect();
                // Bytes around it do not hide it, nor look like it.
                let behind = [b'/', b'0', b'.', 0xFF];
                text.splice(end.., behind.into_iter().cycle().take(len - end));
                let expected = if end == len { (&text[..], None) } else { (&text[..end], Some(&text[end + 1..])) };
                assert_eq!(first_level(&text), expected, "{end} of {len}");
            }
        }
    }
}
