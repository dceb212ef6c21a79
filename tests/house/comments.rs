//! The comments of a source file that document it, as paragraphs of prose.
//!
//! In Rust these are `///` and `//!`. In the TypeScript of the package and of the page they are
//! `/** */`, and in every script the first comment of the file.

use super::source::Source;

/// Lines of one comment without their signs, from the file's line `first` on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) first: usize,
    pub(crate) lines: Vec<String>,
}

/// One paragraph, list item or heading of a comment. Its line breaks are kept, so that a word knows
/// its line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Paragraph {
    pub(crate) first: usize,
    pub(crate) text: String,
}

/// The documenting comments of a file, in order.
pub(crate) fn of(source: &Source) -> Vec<Comment> {
    if source.path.strip_suffix(".rs").is_some() {
        return line_comments(&source.text, &["///", "//!"]);
    }
    let mut found: Vec<_> = first_comment(&source.text).into_iter().collect();
    if ["pkg/src/", "www/src/"].iter().any(|folder| source.path.starts_with(folder)) {
        let docs = block_comments(&source.text);
        found.extend(docs.into_iter().filter(|doc| found_elsewhere(&found, doc)).collect::<Vec<_>>());
    }
    found
}

/// True if a line is nothing but a comment, or a part of one.
pub(crate) fn is_comment_line(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "/*", "* ", "*/"].iter().any(|sign| line.starts_with(sign))
}

impl Comment {
    /// Splits at empty lines, list items and headings; tables and code fences are left out.
    pub(crate) fn paragraphs(&self) -> Vec<Paragraph> {
        let mut found: Vec<Paragraph> = Vec::new();
        let mut is_open = false;
        let mut is_code = false;
        for (line, number) in self.lines.iter().zip(self.first..) {
            let text = line.trim();
            is_code ^= text.starts_with("```");
            if is_code || text.is_empty() || text.starts_with("```") || text.starts_with('|') {
                is_open = false;
                continue;
            }
            let (text, is_start) = without_mark(text);
            if is_open && !is_start {
                let last = found.last_mut().expect("a paragraph is open");
                last.text.push('\n');
                last.text.push_str(text);
            } else {
                found.push(Paragraph { first: number, text: text.to_owned() });
            }
            is_open = !line.trim_start().starts_with('#');
        }
        found
    }
}

fn found_elsewhere(found: &[Comment], doc: &Comment) -> bool {
    found.iter().all(|one| one.first != doc.first)
}

/// The text of a list item, a heading or a `@param` without its mark, and whether there was one.
fn without_mark(text: &str) -> (&str, bool) {
    for mark in ["- ", "* ", "# ", "## ", "### "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return (rest, true);
        }
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text[digits..].strip_prefix(". ") {
        Some(rest) if digits > 0 => (rest, true),
        _ => (text, text.starts_with('@')),
    }
}

/// Runs of lines that begin with the same one of the signs.
fn line_comments(text: &str, signs: &[&str]) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    let mut open = None;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim_start();
        let sign = signs.iter().find(|sign| line.starts_with(**sign) && !line.starts_with("////"));
        if let Some(sign) = sign {
            if open != Some(sign) {
                found.push(Comment { first: number, lines: Vec::new() });
            }
            found.last_mut().expect("just pushed").lines.push(line[sign.len()..].to_owned());
        }
        open = sign;
    }
    found
}

/// Comments of the form `/** */` that begin a line.
fn block_comments(text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, first)) = lines.next() {
        let Some(start) = line.trim_start().strip_prefix("/**") else { continue };
        let mut comment = Comment { first, lines: Vec::new() };
        let mut rest = start;
        loop {
            let end = rest.find("*/");
            comment.lines.push(rest[..end.unwrap_or(rest.len())].to_owned());
            if end.is_some() {
                break;
            }
            let Some((next, _)) = lines.next() else { break };
            let next = next.trim_start();
            rest = if next.starts_with("*/") { next } else { next.strip_prefix('*').unwrap_or(next) };
        }
        found.push(comment);
    }
    found
}

/// The comment with which a script starts, behind the line that names its interpreter.
fn first_comment(text: &str) -> Option<Comment> {
    let mut lines = text.lines().zip(1..).skip_while(|(line, _)| line.is_empty() || line.starts_with("#!"));
    let (line, first) = lines.next()?;
    if line.starts_with("/**") {
        return block_comments(text).into_iter().next();
    }
    let mut comment = Comment { first, lines: vec![line.strip_prefix("//")?.to_owned()] };
    comment.lines.extend(lines.map_while(|(line, _)| line.strip_prefix("//").map(str::to_owned)));
    Some(comment)
}

#[cfg(test)]
mod tests {
    use super::{Source, of};

    fn paragraphs(path: &str, text: &str) -> Vec<(usize, String)> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        let found = of(&source).iter().flat_map(super::Comment::paragraphs).collect::<Vec<_>>();
        found.into_iter().map(|one| (one.first, one.text)).collect()
    }

    #[test]
    fn docs_of_rust_are_split_into_paragraphs_without_tables_and_code() {
        let text = "//! One\n//! two.\n//!\n//! # Three\n//! - four\n//! - five\n//!   six\n//!\n//! ```\n//! no\n//! ```\n//! \
                    | no | no |\n//! 7. seven\n\n// no\nfn f() {} // no\n    /// Eight.\n//// no\n";
        let expected = [(1, "One\ntwo."), (4, "Three"), (5, "four"), (6, "five\nsix"), (13, "seven"), (17, "Eight.")];
        assert_eq!(paragraphs("src/x.rs", text), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn docs_of_the_package_are_blocks_and_the_first_comment() {
        let text = "// One\n// two.\n\n// no\n/** Three. */\nconst x = 1\n  /**\n   * Four\n   * five.\n   * @param x six\n   */\n";
        let expected = [(1, "One\ntwo."), (5, "Three."), (8, "Four\nfive."), (10, "@param x six")];
        assert_eq!(paragraphs("pkg/src/x.ts", text), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_script_has_one_comment_that_documents_it() {
        for (text, expected) in [
            ("#!/usr/bin/env node\n// One\n// two.\n\n// no\n/** no */\n", "One\ntwo."),
            ("/** One. */\n/** no */\n", "One."),
        ] {
            let (line, found) = paragraphs("scripts/x.mjs", text).remove(0);
            assert_eq!((line <= 2, found.as_str()), (true, expected));
            assert_eq!(paragraphs("scripts/x.mjs", text).len(), 1);
        }
        assert_eq!(paragraphs("scripts/x.mjs", "const x = 1 // no\n"), []);
    }
}
