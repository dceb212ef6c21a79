//! What errors say: patterns with parts filled in.
//!
//! Not by `core::fmt`, whose machinery would be a tenth of what a page downloads of the client.

use alloc::string::String;

/// What has something to say.
pub(crate) trait Text {
    /// Appends it.
    fn write(&self, text: &mut String);
}

/// What fills a `{}` of a pattern.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    Str(&'a str),
    Number(usize),
    /// Two hexadecimal digits.
    Hex(u8),
    Of(&'a dyn Text),
}

/// Appends the pattern, with a part for each `{}`.
pub(crate) fn fill(text: &mut String, pattern: &str, parts: &[Part<'_>]) {
    let mut parts = parts.iter();
    for char in pattern.chars() {
        match char {
            '{' => match parts.next() {
                Some(Part::Str(part)) => text.push_str(part),
                Some(Part::Number(part)) => number(text, *part, 10),
                Some(Part::Hex(part)) => {
                    number(text, usize::from(part >> 4), 16);
                    number(text, usize::from(part & 0xF), 16);
                }
                Some(Part::Of(part)) => part.write(text),
                None => {}
            },
            '}' => {}
            char => text.push(char),
        }
    }
}

fn number(text: &mut String, value: usize, base: usize) {
    if value >= base {
        number(text, value / base, base);
    }
    text.push(b"0123456789ABCDEF".get(value % base).map_or('?', |digit| char::from(*digit)));
}

/// Displays types that are [`Text`].
macro_rules! display {
    ($($type:ty),+ $(,)?) => {$(
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut text = alloc::string::String::new();
                $crate::text::Text::write(self, &mut text);
                f.pad(&text)
            }
        }
    )+};
}

/// Makes errors of types that are [`Text`].
macro_rules! error {
    ($($type:ty),+ $(,)?) => {$(
        $crate::text::display!($type);
        impl core::error::Error for $type {}
    )+};
}

pub(crate) use {display, error};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn filled(pattern: &str, parts: &[Part<'_>]) -> String {
        let mut text = String::new();
        fill(&mut text, pattern, parts);
        text
    }

    #[test]
    fn parts_fill_a_pattern_in_order() {
        struct Inner;
        impl Text for Inner {
            fn write(&self, text: &mut String) {
                text.push_str("inner");
            }
        }
        assert_eq!(filled("plain", &[]), "plain");
        assert_eq!(
            filled("{} has {} (0x{}): {}", &[Part::Str("ä"), Part::Number(65_535), Part::Hex(0x0D), Part::Of(&Inner)]),
            "ä has 65535 (0x0D): inner"
        );
        assert_eq!(filled("{}", &[Part::Number(0)]), "0");
        assert_eq!(filled("{}", &[Part::Number(usize::MAX)]), usize::MAX.to_string());
    }
}
