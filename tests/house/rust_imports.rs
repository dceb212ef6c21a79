//! Imports of the crate's files: the file of the module to which each path leads.
//!
//! An item counts for the module that a path names it in, so a re-export counts for the module that
//! has it.

use std::collections::BTreeMap;

use super::imports::Import;
use super::lexer::{Token, tokens};
use super::source::Source;

type Path = Vec<String>;

/// Each module of the crate, with its file.
struct Modules<'a>(BTreeMap<Path, &'a str>);

/// The imports between the files of the crate, with those of items for tests alone, or without.
pub(crate) fn imports(sources: &[Source], with_tests: bool) -> Vec<Import> {
    let modules = Modules(sources.iter().map(|source| (place(&source.path), source.path.as_str())).collect());
    let mut found: Vec<_> = sources.iter().flat_map(|source| of(source, &modules, with_tests)).collect();
    found.sort();
    found.dedup();
    found
}

/// The module path of a file: `src/codec/mod.rs` is `codec`, `src/codec/qos.rs` is `codec`, `qos`.
fn place(path: &str) -> Path {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| !matches!(*part, "mod" | "lib")).map(str::to_owned).collect()
}

fn of(source: &Source, modules: &Modules<'_>, with_tests: bool) -> Vec<Import> {
    let tokens = tokens(&source.text);
    let tokens = if with_tests { tokens } else { without_tests(tokens) };
    let here = place(&source.path);
    let mut file = File { modules, here, braces: Vec::new(), names: BTreeMap::new(), found: Vec::new() };
    let mut index = 0;
    while index < tokens.len() {
        index = file.step(&tokens, index);
    }
    let import =
        |(line, to): (usize, &str)| Import { from: source.path.clone(), line, to: to.to_owned(), is_type: false };
    file.found.into_iter().filter(|(_, to)| *to != source.path).map(import).collect()
}

/// One file while it is read.
struct File<'a> {
    modules: &'a Modules<'a>,
    /// The module that is read: the file's, or one written within the file.
    here: Path,
    /// For each open brace, true if it is that of a module written within the file.
    braces: Vec<bool>,
    /// Names that imports have given to modules.
    names: BTreeMap<String, Path>,
    found: Vec<(usize, &'a str)>,
}

impl File<'_> {
    /// Reads the import or the path that starts at `index`, if one does; returns where to go on.
    fn step(&mut self, tokens: &[Token], index: usize) -> usize {
        let is_word = tokens[index].text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if tokens[index].text == "use" {
            return self.tree(tokens, index + 1, &[]);
        }
        if !is_word || index > 0 && tokens[index - 1].text == "::" {
            self.brace(tokens, index);
            return index + 1;
        }
        let (path, end) = segments(tokens, index);
        if path.len() > 1 {
            self.note(tokens[index].line, &path);
        }
        end
    }

    /// Enters a module written within the file, or leaves it.
    fn brace(&mut self, tokens: &[Token], index: usize) {
        match tokens[index].text.as_str() {
            "{" => {
                let is_module = index.checked_sub(2).is_some_and(|before| tokens[before].text == "mod");
                if is_module {
                    self.here.push(tokens[index - 1].text.clone());
                }
                self.braces.push(is_module);
            }
            "}" if self.braces.pop() == Some(true) => drop(self.here.pop()),
            _ => {}
        }
    }

    /// One branch of an import, up to the token behind it.
    fn tree(&mut self, tokens: &[Token], index: usize, before: &[String]) -> usize {
        let line = tokens.get(index).map_or(0, |token| token.line);
        let (more, mut at) = segments(tokens, index);
        let path = [before, &more].concat();
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = self.tree(tokens, at, &path);
                    at += usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
                }
                return at + 1;
            }
            Some("*") => {
                self.note(line, &path);
                return at + 1;
            }
            _ => {}
        }
        let path = if path.last().is_some_and(|last| last == "self") { &path[..path.len() - 1] } else { &path[..] };
        let mut name = path.last().cloned();
        if tokens.get(at).is_some_and(|token| token.text == "as") {
            name = tokens.get(at + 1).map(|token| token.text.clone());
            at += 2;
        }
        if let (Some((module, true)), Some(name)) = (self.note(line, path), name) {
            self.names.insert(name, module);
        }
        // Without progress on what is no import, as in a macro, there would be no end.
        at.max(index + 1)
    }

    /// Notes the file to which a path leads; returns its module, and whether the path is the
    /// module's own.
    fn note(&mut self, line: usize, path: &[String]) -> Option<(Path, bool)> {
        let mut module = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.here.clone(),
            name => {
                let child = [&self.here[..], &[name.to_owned()]].concat();
                if self.modules.0.contains_key(&child) { child } else { self.names.get(name)?.clone() }
            }
        };
        let mut rest = &path[usize::from(path[0] != "super")..];
        while let Some((_, after)) = rest.split_first().filter(|(first, _)| *first == "super") {
            module.pop();
            rest = after;
        }
        while let Some((next, after)) = rest.split_first() {
            let child = [&module[..], std::slice::from_ref(next)].concat();
            if !self.modules.0.contains_key(&child) {
                break;
            }
            module = child;
            rest = after;
        }
        let file = self.modules.0.get(&module)?;
        // The crate's root has nothing but modules.
        if !module.is_empty() {
            self.found.push((line, file));
        }
        Some((module, rest.is_empty()))
    }
}

/// The words that `::` joins from `index` on, and where they end.
fn segments(tokens: &[Token], index: usize) -> (Path, usize) {
    let mut path = Vec::new();
    let mut at = index;
    while let Some(word) =
        tokens.get(at).filter(|token| token.text.starts_with(|c: char| c.is_alphabetic() || c == '_'))
    {
        path.push(word.text.clone());
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            return (path, at);
        }
        at += 1;
    }
    (path, at)
}

/// The tokens without each item behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        kept.push(token);
        let is_mark = kept.len() >= MARK.len() && kept[kept.len() - MARK.len()..].iter().map(|one| &one.text).eq(MARK);
        if !is_mark {
            continue;
        }
        let mut depth = 0;
        for token in rest.by_ref() {
            match token.text.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(token.text.as_str(), "}" | ";") {
                break;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Source, imports};

    /// Files of a small crate, of which one has this text.
    fn found(path: &str, text: &str, with_tests: bool) -> String {
        let paths = ["src/lib.rs", "src/a.rs", "src/b/mod.rs", "src/b/c.rs", "src/b/d/mod.rs", "src/b/d/e.rs"];
        let text = |one: &str| if one == path { text.to_owned() } else { String::new() };
        let sources: Vec<_> = paths.map(|path| Source { path: path.to_owned(), text: text(path) }).into();
        let names =
            imports(&sources, with_tests).into_iter().map(|import| import.to.trim_start_matches("src/").to_owned());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.join(" ")
    }

    #[test]
    fn a_path_leads_to_the_file_of_its_module() {
        for (path, text, expected) in [
            ("src/a.rs", "use crate::b::c::Item;", "b/c.rs"),
            ("src/a.rs", "use crate::b::Item;", "b/mod.rs"),
            ("src/a.rs", "use crate::b::{self, c::Item, d::{e, Other as O}};", "b/c.rs b/d/e.rs b/d/mod.rs b/mod.rs"),
            ("src/a.rs", "use crate::b::d; fn f() { d::e::g() }", "b/d/mod.rs b/d/e.rs"),
            ("src/a.rs", "use crate::b::d as x;\nfn f() { x::e::g() }", "b/d/mod.rs b/d/e.rs"),
            ("src/b/mod.rs", "mod c; pub use c::Item; fn f(x: d::e::X) {}", "b/c.rs b/d/e.rs"),
            ("src/b/c.rs", "use super::Item;\nuse super::d::e::*;\nuse super::super::a::X;", "b/mod.rs b/d/e.rs a.rs"),
            ("src/b/c.rs", "use self::Own; use std::d::X; fn f() -> crate::a::X {}", "a.rs"),
            ("src/b/d/e.rs", "fn f() { super::g(); Own::c::x() }", "b/d/mod.rs"),
            ("src/a.rs", "#[cfg(test)]\nmod tests { use crate::b::X; fn f() {} }\nuse crate::b::c;", "b/c.rs"),
            ("src/a.rs", "#[cfg(test)] use crate::b::X;\n// crate::b::d", ""),
        ] {
            let mut words: Vec<_> = expected.split(' ').collect();
            let found = found(path, text, false);
            let mut names: Vec<_> = found.split(' ').collect();
            words.sort_unstable();
            names.sort_unstable();
            assert_eq!(names, words, "{path}: {text}");
        }
    }

    #[test]
    fn a_module_within_a_file_has_a_path_of_its_own() {
        let text = "mod inner { use super::d::X; fn f() { super::super::a::g() } }\nfn g() { self::c::h() }";
        assert_eq!(found("src/b/mod.rs", text, false), "a.rs b/c.rs b/d/mod.rs");
        let text = "#[cfg(test)]\nmod tests { use super::*; use crate::a::X; }";
        assert_eq!(found("src/b/c.rs", text, true), "a.rs");
        assert_eq!(found("src/b/c.rs", text, false), "");
    }
}
