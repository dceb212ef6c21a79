//! Sentences of prose in Markdown, and their words.

/// One sentence: how many line breaks of its paragraph stand before it, and its words.
///
/// An inline code span is one word, and so is a link's text. Citations in brackets and sections
/// after `§` are none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) line: usize,
    pub(crate) words: Vec<String>,
}

/// Abbreviations whose point ends no sentence.
const ABBREVIATIONS: [&str; 4] = ["e.g.", "i.e.", "etc.", "vs."];

/// Splits a paragraph. A sentence ends with a point, an exclamation or a question mark, before what
/// can start another.
pub(crate) fn split(paragraph: &str) -> Vec<Sentence> {
    let text = plain(paragraph);
    let tokens: Vec<_> = text
        .split('\n')
        .enumerate()
        .flat_map(|(line, text)| text.split_whitespace().map(move |token| (line, token)))
        .collect();
    let mut found: Vec<Sentence> = Vec::new();
    let mut is_open = false;
    for (index, (line, token)) in tokens.iter().enumerate() {
        if !is_open {
            found.push(Sentence { line: *line, words: Vec::new() });
        }
        if is_word(token) {
            found.last_mut().expect("a sentence is open").words.push((*token).to_owned());
        }
        let next = tokens.get(index + 1).map(|(_, next)| *next);
        is_open = !(ends(token) && next.is_none_or(starts));
    }
    found.retain(|sentence| !sentence.words.is_empty());
    found
}

fn is_word(token: &str) -> bool {
    token.contains(char::is_alphanumeric) && !token.trim_start_matches('(').starts_with('§')
}

fn ends(token: &str) -> bool {
    let end = token.trim_end_matches([')', '"', '\'', '*', '_']);
    end.ends_with(['.', '!', '?']) && !ABBREVIATIONS.contains(&end)
}

fn starts(token: &str) -> bool {
    let first = token.trim_start_matches(['(', '"', '\'', '*', '_']).chars().next();
    first.is_none_or(|first| first.is_uppercase() || first.is_ascii_digit() || first == '`')
}

/// The text with code spans and links as one word each, and without citations. Line breaks are
/// kept.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let closing = if rest.starts_with('`') { '`' } else { ']' };
        let Some(end) = rest[1..].find(closing).map(|end| end + 1) else { break };
        let inner = &rest[1..end];
        if closing == ']' && !inner.starts_with('`') && !is_citation(inner) {
            out.push_str(inner);
        } else {
            out.push_str(if is_citation(inner) { "" } else { "`code`" });
            out.extend(inner.matches('\n'));
        }
        rest = &rest[end + 1..];
        let target = rest.strip_prefix('(').filter(|_| closing == ']').and_then(|target| target.find(')'));
        rest = target.map_or(rest, |end| &rest[end + 2..]);
    }
    out.push_str(rest);
    out
}

fn is_citation(text: &str) -> bool {
    text.starts_with("MQTT-") || text.starts_with("3.1.1 MQTT-")
}

#[cfg(test)]
mod tests {
    use super::split;

    fn sentences(text: &str) -> Vec<(usize, String)> {
        split(text).into_iter().map(|sentence| (sentence.line, sentence.words.join(" "))).collect()
    }

    #[test]
    fn a_sentence_ends_where_another_can_start() {
        for (text, expected) in [
            ("One two. Three\nfour.", "0 One two. | 0 Three four."),
            ("One\ntwo. `three`, four.", "0 One two. | 1 `code`, four."),
            ("Version 3.1.1 and 5.0. Both.", "0 Version 3.1.1 and 5.0. | 0 Both."),
            ("Bytes, e.g. Five of them.", "0 Bytes, e.g. Five of them."),
            ("One (two). \"Three!\" Four", "0 One (two). | 0 \"Three!\" | 0 Four"),
            ("A file x.rs. then lower case", "0 A file x.rs. then lower case"),
        ] {
            let found: Vec<_> = sentences(text).into_iter().map(|(line, words)| format!("{line} {words}")).collect();
            assert_eq!(found.join(" | "), expected, "{text}");
        }
    }

    #[test]
    fn a_code_span_is_a_word_and_a_citation_is_none() {
        for (text, expected) in [
            ("Calls `a b\nc` once.", "Calls `code` once."),
            ("See [`Broker::poll`] and [the list of them](https://x.y/z).", "See `code` and the list of them."),
            ("[MQTT-3.1.2-3], [3.1.1 MQTT-3.1.2-3]: one more (§3.1.4; §3.2).", "one more"),
            ("An array [0; 4] stays.", "An array 0; 4 stays."),
        ] {
            let found: Vec<_> = sentences(text).into_iter().map(|(_, words)| words).collect();
            assert_eq!(found.join(" | "), expected, "{text}");
        }
        assert_eq!(sentences("A `b\nc`. D").last(), Some(&(1, "D".to_owned())));
    }
}
