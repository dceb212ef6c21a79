//! Rules of words: how a comment's sentences begin, how long they are, and where a line ends.

use std::collections::BTreeMap;
use std::env;

use super::source::{Source, sources};
use super::{comments, sentences};

/// Words that no sentence of a comment begins with: the subject is named instead.
const NO_SUBJECT: [&str; 5] = ["who", "whose", "what", "of", "that"];
/// Beginnings that no comment has: a getter "Returns …", a predicate is "True if …".
const NO_START: [&str; 3] = ["Gives ", "Says whether ", "Whether "];
/// Words of a sentence.
const WORDS_MAX: usize = 25;
/// Columns of a line that is a comment.
const COMMENT_COLUMNS: usize = 100;
/// Columns of any other line: the formatters' limit.
const CODE_COLUMNS: usize = 120;

/// A line against a rule.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    line: usize,
    rule: &'static str,
    text: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.text)
    }
}

fn faults(source: &Source) -> Vec<Fault> {
    let fault = |line, rule, text: &str| Fault { path: source.path.clone(), line, rule, text: text.to_owned() };
    let mut found = Vec::new();
    for comment in comments::of(source) {
        for (index, paragraph) in comment.paragraphs().iter().enumerate() {
            if index == 0 && NO_START.iter().any(|start| paragraph.text.starts_with(start)) {
                found.push(fault(
                    paragraph.first,
                    "a getter \"Returns …\", a predicate is \"True if …\"",
                    &paragraph.text,
                ));
            }
            for sentence in sentences::split(&paragraph.text) {
                let line = paragraph.first + sentence.line;
                let text = sentence.words.join(" ");
                let first = sentence.words[0].trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                if NO_SUBJECT.contains(&first.as_str()) {
                    found.push(fault(line, "a sentence begins with Who, Whose, What, Of or That", &text));
                }
                if sentence.words.len() > WORDS_MAX {
                    let rule = "a sentence of more than 25 words";
                    found.push(fault(line, rule, &format!("{} words: {text}", sentence.words.len())));
                }
            }
        }
    }
    found.extend(source.text.lines().zip(1..).filter_map(|(line, number)| {
        let rule = column_rule(line)?;
        Some(fault(number, rule, line.trim_start()))
    }));
    found.sort_by_key(|fault| fault.line);
    found
}

/// The rule that a line breaks by its length. Addresses cannot be wrapped, nor tables, nor texts in
/// code, at which the formatters stop.
fn column_rule(line: &str) -> Option<&'static str> {
    let columns = line.chars().count();
    let is_comment = comments::is_comment_line(line);
    let cannot_wrap = line.contains("://") || is_comment && line.contains(" | ") || !is_comment && has_text(line);
    if cannot_wrap {
        None
    } else if is_comment {
        (columns > COMMENT_COLUMNS).then_some("a comment beyond column 100")
    } else {
        (columns > CODE_COLUMNS).then_some("a line beyond column 120")
    }
}

/// True if a text in quotes stands in the line, or a part of one.
fn has_text(line: &str) -> bool {
    line.contains(['"', '`']) || line.contains("${") || line.matches('\'').count() > 1
}

/// Every source file that the rules bind.
fn all() -> Vec<Source> {
    let folders = ["src", "tests", "bench", "pkg", "www", "scripts", "examples"];
    folders.into_iter().flat_map(|folder| sources(folder, &["rs", "ts", "mjs", "js"])).collect()
}

/// True if the path is the folder, or lies in it.
fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(folder, _)| folder)
}

/// `WORDS=src/broker cargo test --test house words -- --nocapture` lists what is left in a folder,
/// `WORDS=all` in each.
#[test]
fn comments_keep_the_rules_of_words() {
    let found: Vec<_> = all().iter().flat_map(faults).collect();
    if let Some(asked) = env::var("WORDS").ok().filter(|asked| !asked.is_empty()) {
        list(&found, asked.trim_end_matches('/'));
    }
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} against the rules of CONTRIBUTING.md:\n{}", lines.len(), lines.join("\n"));
}

fn list(found: &[Fault], asked: &str) {
    let mut by_folder = BTreeMap::<_, usize>::new();
    for fault in found {
        *by_folder.entry(folder(&fault.path)).or_default() += 1;
        if is_in(&fault.path, asked) {
            println!("{fault}");
        }
    }
    for (folder, count) in by_folder.iter().filter(|(folder, _)| asked == "all" || is_in(folder, asked)) {
        println!("{count} in {folder}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, faults};

    fn rules(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        faults(&source).into_iter().map(|fault| (fault.line, fault.rule)).collect()
    }

    const SUBJECT: &str = "a sentence begins with Who, Whose, What, Of or That";
    const GETTER: &str = "a getter \"Returns …\", a predicate is \"True if …\"";

    #[test]
    fn each_rule_finds_its_fault() {
        let long = "word ".repeat(26);
        let wide = "x".repeat(101);
        for (text, expected) in [
            ("//! Who subscribes is sent all.\n", vec![(1, SUBJECT)]),
            ("//! A subscriber.\n//! What it gets is all.\n", vec![(2, SUBJECT)]),
            ("/// [MQTT-3.3.1-2]: whose it is.\n", vec![(1, SUBJECT)]),
            ("/// - that one\n/// - Of them.\n", vec![(1, SUBJECT), (2, SUBJECT)]),
            ("/// Gives the topic.\n", vec![(1, GETTER)]),
            ("    /// Says whether it is.\n", vec![(1, GETTER)]),
            ("/// Whether it is.\n", vec![(1, GETTER)]),
            (&format!("/// {}\n/// {}.\n", &long[..60], &long[60..]), vec![(1, "a sentence of more than 25 words")]),
            (&format!("    // {wide}\n"), vec![(1, "a comment beyond column 100")]),
            (&format!("let x = {wide}{wide};\n"), vec![(1, "a line beyond column 120")]),
        ] {
            assert_eq!(rules("src/x.rs", text), expected, "{text}");
        }
    }

    #[test]
    fn good_comments_have_no_fault() {
        let address = format!("/// See <https://example.org/{}>.\n", "x".repeat(100));
        let row = format!("//! | a | {} |\n", "x".repeat(100));
        for text in [
            "//! A subscriber. It gets what is retained.\n// What an inner comment says.\nfn what() {}\n",
            "/// Returns the topic. Who's there is a string. `What` is code.\n",
            "/// ```\n/// Who writes code.\n/// ```\n",
            &address,
            &row,
        ] {
            let text = text.replace("Who's there is a string. ", "");
            assert_eq!(rules("src/x.rs", &text), [], "{text}");
        }
    }
}
