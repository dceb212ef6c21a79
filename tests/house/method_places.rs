//! Types whose methods stand in certain files alone.

use super::import_tables::names;
use super::lexer::{Token, tokens};
use super::source::Source;

/// One row: the type, its folder, and the files and folders in it that may hold its methods.
pub(crate) struct Home {
    name: String,
    base: String,
    pub(crate) places: Vec<String>,
}

/// Reads the table with the heading `| type | of | its methods stand in |`.
pub(crate) fn read(text: &str) -> Vec<Home> {
    let rows = text.lines().skip_while(|line| !line.starts_with("| type | of |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let [name, base, places] = cells[..] else { panic!("a row of other than three cells: {line}") };
        let one = |cell| names(cell).next().unwrap_or_else(|| panic!("a cell without a name: {line}"));
        Home { name: one(name), base: one(base), places: names(places).collect() }
    });
    let homes: Vec<_> = rows.collect();
    assert!(!homes.is_empty(), "CONTRIBUTING.md has no table of types");
    homes
}

impl Home {
    /// The implementations of the type outside its places.
    pub(crate) fn faults(&self, sources: &[Source]) -> Vec<String> {
        let is_home = |path: &str| {
            let path = path.strip_prefix(&format!("{}/", self.base));
            path.is_some_and(|path| {
                self.places.iter().any(|place| path == place || path.starts_with(&format!("{place}/")))
            })
        };
        let strangers = sources.iter().filter(|source| !is_home(&source.path));
        strangers
            .flat_map(|source| {
                let tokens = tokens(&source.text);
                let lines = implementations(&tokens, &self.name);
                lines.into_iter().map(|line| format!("{}:{line}: impl {}", source.path, self.name)).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// The lines on which an implementation of the type begins.
fn implementations(tokens: &[Token], name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let is_item =
            index.checked_sub(1).is_none_or(|at| matches!(tokens[at].text.as_str(), "}" | ";" | "{" | "]" | "unsafe"));
        if token.text != "impl" || !is_item {
            continue;
        }
        let head: Vec<_> =
            tokens[index + 1..].iter().map(|one| one.text.as_str()).take_while(|one| *one != "{").collect();
        let head = head.iter().position(|one| *one == "for").map_or(&head[..], |at| &head[at + 1..]);
        if implemented(head) == Some(name) {
            found.push(token.line);
        }
    }
    found
}

/// The last word of the path that is implemented, behind generic parameters and before its own.
fn implemented<'a>(head: &[&'a str]) -> Option<&'a str> {
    let mut depth = 0;
    let mut last = None;
    for word in head {
        match *word {
            "<" => depth += 1,
            ">" => depth -= 1,
            "where" => break,
            "::" | "&" => {}
            word if depth == 0 && word.starts_with(char::is_alphabetic) => last = Some(word),
            _ => {}
        }
    }
    last
}

#[test]
fn an_implementation_outside_its_places_is_a_fault() {
    let homes =
        read("| type | of | its methods stand in |\n|---|---|---|\n| `Broker` | `src/b` | `mod.rs`, `handlers/` |\n");
    let fault =
        |path: &str, text: &str| homes[0].faults(&[Source { path: path.to_owned(), text: text.to_owned() }]).join("");
    for (path, text, expected) in [
        ("src/b/mod.rs", "impl Broker {}", ""),
        ("src/b/handlers/x.rs", "impl Broker {}", ""),
        ("src/b/x.rs", "use y;\n\nimpl Broker {}", "src/b/x.rs:3: impl Broker"),
        ("src/b/x/mod.rs", "impl super::Broker {}", "src/b/x/mod.rs:1: impl Broker"),
        (
            "src/b/x.rs",
            "#[x] impl<'a, T: Fn() -> U> Debug for Broker<'a, T> where T: U {}",
            "src/b/x.rs:1: impl Broker",
        ),
        ("src/b/x.rs", "impl BrokerOptions {} // impl Broker {}", ""),
        ("src/b/x.rs", "fn f(x: impl Fn(Broker)) -> impl Broker {}", ""),
        ("src/b/x.rs", "impl Other for Broken<Broker> {}", ""),
    ] {
        assert_eq!(fault(path, text), expected, "{path}: {text}");
    }
}
