//! Walks of the broker and of what it stands on. Each is cut by the budget of the turn, or stands
//! in a table of CONTRIBUTING.md with the bound that makes it short.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{Token, tokens};
use super::source::{Source, sources};

const HEAD: &str = "| bound of a walk | functions of src |";

/// Folders of the walks. A peer of the broker chooses the lengths of the first four. A broker
/// chooses those of the client.
const FOLDERS: &[&str] = &["src/broker/", "src/session/", "src/collections/", "src/router/", "src/client/"];

/// Methods that walk over what they are called on, beside those that return an iterator.
const WALKING: &[&str] =
    &["iter", "iter_mut", "into_iter", "drain", "each", "each_sent_mut", "take_sent_once", "windows", "chunks"];

/// A function, and the words of its signature and body.
struct Function {
    /// The file below the broker's folder and the name: `handlers/turn.rs` and `advance`.
    id: (String, String),
    words: Vec<String>,
}

impl Function {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// True if it has a loop, or calls a method that walks.
    fn walks(&self, walking: &BTreeSet<String>) -> bool {
        self.words.windows(3).any(|three| {
            let [one, two, after] = three else { return false };
            matches!(one.as_str(), "while" | "loop")
                || one == "for" && two != "<"
                || one == "." && after == "(" && walking.contains(two)
        })
    }

    /// True if it stops where the budget is spent.
    fn is_cut(&self) -> bool {
        self.has("is_spent")
            || self.has("is_full")
            || self.words.windows(3).any(|three| three[0] == "budget" && three[1] == "." && three[2] == "left")
    }
}

/// Skips the item that begins at `from`, up to the end of its braces or its semicolon.
fn item_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// The functions of a file with their words, without those of tests and of debug builds.
fn functions(path: &str, text: &str) -> Vec<Function> {
    let tokens = tokens(text);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let is = |words: &[&str]| words.iter().zip(&tokens[at..]).filter(|(word, token)| **word == token.text).count();
        if is(&["#", "[", "cfg", "(", "test", ")", "]"]) == 7
            || is(&["#", "[", "cfg", "(", "debug_assertions", ")", "]"]) == 7
        {
            at = item_end(&tokens, at + 7);
        } else if tokens[at].text == "fn" && tokens.get(at + 1).is_some_and(|name| name.text != "(") {
            let end = item_end(&tokens, at);
            let words = tokens[at..end].iter().map(|token| token.text.clone()).collect();
            found.push(Function { id: (path.to_owned(), tokens[at + 1].text.clone()), words });
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

/// The names of methods that return an iterator.
fn iterators(functions: &[Function]) -> impl Iterator<Item = String> {
    functions.iter().filter_map(|function| {
        let body = function.words.iter().position(|word| word == "{").unwrap_or(function.words.len());
        let returned = function.words[..body].windows(3).rposition(|three| three.concat() == "->impl");
        let returned =
            returned.or_else(|| function.words[..body].windows(3).rposition(|it| it[0] == ">" && it[1] == "impl"));
        let is_iterator = returned.is_some_and(|at| function.words[at..body].iter().any(|word| word == "Iterator"));
        is_iterator.then(|| function.id.1.clone())
    })
}

/// Reads the table: the bound of each function.
fn table(text: &str) -> BTreeMap<(String, String), String> {
    let rows = text.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let mut bounds = BTreeMap::new();
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let [bound, walks] = cells[..] else { panic!("a row of other than two cells: {row}") };
        let mut file = None;
        for name in walks.split('`').skip(1).step_by(2) {
            if name.contains('.') {
                file = Some(name);
            } else {
                let file = file.unwrap_or_else(|| panic!("a function before its file: {row}"));
                let former = bounds.insert((file.to_owned(), name.to_owned()), bound.trim().to_owned());
                assert!(former.is_none(), "twice in the table of walks: {file} {name}");
            }
        }
    }
    assert!(!bounds.is_empty(), "CONTRIBUTING.md has no table that begins with {HEAD}");
    bounds
}

#[test]
fn a_walk_whose_length_a_peer_chooses_is_cut_or_has_a_bound() {
    let all = sources("src", &["rs"]);
    let inside = all.iter().filter(|source| FOLDERS.iter().any(|folder| source.path.starts_with(folder)));
    let read = |source: &Source| functions(source.path.strip_prefix("src/").unwrap_or(&source.path), &source.text);
    let walked: Vec<_> = inside.flat_map(read).collect();
    let mut walking: BTreeSet<String> = WALKING.iter().map(|name| (*name).to_owned()).collect();
    walking.extend(iterators(&walked));
    let bounds = table(&Source::read("CONTRIBUTING.md").text);
    let uncut = walked.iter().filter(|function| function.walks(&walking) && !function.is_cut());
    let uncut: BTreeSet<_> = uncut.map(|function| function.id.clone()).collect();
    let mut faults = Vec::new();
    for (file, name) in uncut.iter().filter(|id| !bounds.contains_key(*id)) {
        faults.push(format!("{file}: {name} walks, is not cut by the budget, and has no bound in the table of walks"));
    }
    for (file, name) in bounds.keys().filter(|id| !uncut.contains(*id)) {
        faults.push(format!("{file}: {name} does not walk without the budget; take it out of the table of walks"));
    }
    // A bound is a constant or an option of that name.
    let words: BTreeSet<_> = all.iter().flat_map(|source| tokens(&source.text)).map(|token| token.text).collect();
    for bound in bounds.values().collect::<BTreeSet<_>>() {
        let mut names = bound.split('`').skip(1).step_by(2).peekable();
        if names.peek().is_none() || !names.all(|name| words.contains(name)) {
            faults.push(format!("{bound}: it names no constant and no option of the source"));
        }
    }
    assert!(faults.is_empty(), "{} against the rule of walks of CONTRIBUTING.md:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn loops_and_calls_that_walk_are_found() {
    let walking: BTreeSet<_> = ["iter", "waiting"].map(String::from).into();
    for (text, walks, is_cut) in [
        ("fn f() { for x in y {} }", true, false),
        ("fn f() { while x { if budget.is_spent() { return } } }", true, true),
        ("fn f(max: [u8; 4]) { y.walk(budget.left()); loop {} }", true, true),
        ("fn f() { y.iter().any(z) }", true, false),
        ("fn f() { y.waiting() }", true, false),
        ("fn f<F: for<'a> Fn(&'a u8)>(x: F) { x.iter }", false, false),
        ("impl X for Y { fn f() {} } // for", false, false),
    ] {
        let function = &functions("x.rs", text)[0];
        assert_eq!((function.walks(&walking), function.is_cut()), (walks, is_cut), "{text}");
    }
    let text = "#[cfg(test)] mod t { fn f() { loop {} } } fn g() -> impl Iterator<Item = u8> { x }";
    let found = functions("x.rs", text);
    assert_eq!((found.len(), iterators(&found).collect::<Vec<_>>()), (1, vec![String::from("g")]));
}

#[test]
fn the_table_names_files_and_their_functions() {
    let text = format!("{HEAD}\n|---|---|\n| at most `X` | `a.rs` `f`, `g`; `b/c.rs` `f` |\n\n| no |");
    let bounds = table(&text);
    let expected = [("a.rs", "f"), ("a.rs", "g"), ("b/c.rs", "f")];
    assert!(bounds.keys().map(|(file, name)| (&**file, &**name)).eq(expected));
    assert!(bounds.values().all(|bound| bound == "at most `X`"));
}
