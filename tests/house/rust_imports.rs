//! Imports of the crate's files: the file of the module to which each path leads.
//!
//! An item counts for the module that a path names it in, so a re-export counts for the module that
//! has it. Paths in items for tests alone do not count.

use std::collections::BTreeMap;

use super::arrows::Arrow;
use super::imports::place;
use super::lexer::{Token, tokens};
use super::source::Source;

type Path = Vec<String>;

/// Each module of the crate, with its file.
struct Modules<'a>(BTreeMap<Path, &'a str>);

/// The arrows between the files of the crate.
pub(crate) fn arrows(sources: &[Source]) -> Vec<Arrow> {
    let modules = Modules(sources.iter().map(|source| (place(&source.path), source.path.as_str())).collect());
    let mut found: Vec<_> = sources.iter().flat_map(|source| of(source, &modules)).collect();
    found.sort();
    found.dedup();
    found
}

fn of(source: &Source, modules: &Modules<'_>) -> Vec<Arrow> {
    let tokens = without_tests(tokens(&source.text));
    let mut file = File { modules, here: place(&source.path), names: BTreeMap::new(), found: Vec::new() };
    let mut index = 0;
    while index < tokens.len() {
        index = file.step(&tokens, index);
    }
    let arrow =
        |(line, to): (usize, &str)| Arrow { from: source.path.clone(), line, to: to.to_owned(), is_type: false };
    file.found.into_iter().filter(|(_, to)| *to != source.path).map(arrow).collect()
}

/// One file while it is read.
struct File<'a> {
    modules: &'a Modules<'a>,
    here: Path,
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
            return index + 1;
        }
        let (path, end) = segments(tokens, index);
        if path.len() > 1 {
            self.note(tokens[index].line, &path);
        }
        end
    }

    /// One branch of an import, up to what follows it.
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
    use super::{Source, arrows};

    /// Files of a small crate, of which one has this text.
    fn found(path: &str, text: &str) -> String {
        let paths = ["src/lib.rs", "src/a.rs", "src/b/mod.rs", "src/b/c.rs", "src/b/d/mod.rs", "src/b/d/e.rs"];
        let text = |one: &str| if one == path { text.to_owned() } else { String::new() };
        let sources: Vec<_> = paths.map(|path| Source { path: path.to_owned(), text: text(path) }).into();
        let names = arrows(&sources).into_iter().map(|arrow| arrow.to.trim_start_matches("src/").to_owned());
        names.collect::<Vec<_>>().join(" ")
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
            let found = found(path, text);
            let mut names: Vec<_> = found.split(' ').collect();
            words.sort_unstable();
            names.sort_unstable();
            assert_eq!(names, words, "{path}: {text}");
        }
    }
}
