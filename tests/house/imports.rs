//! Modules of the crate that a source file names, by `crate::`, `super::` or `self::` paths.

use super::lexer::{Token, tokens};
use super::source::Source;
use super::table::Table;

/// The module of the crate's root that a file belongs to; `None` for the root itself.
pub(crate) fn module_of(source: &Source) -> Option<String> {
    place(&source.path).into_iter().next()
}

/// The paths in a file that its module's row does not allow, each with its place.
pub(crate) fn faults(source: &Source, table: &Table) -> Vec<String> {
    // The root declares the modules and imports none of them for itself.
    let Some(module) = module_of(source) else { return Vec::new() };
    let allowed = |name: &str| name == module || table.get(&module).is_some_and(|row| row.contains(name));
    let named = named_modules(&place(&source.path), &tokens(&source.text));
    named
        .into_iter()
        .filter(|(_, name)| !allowed(name))
        .map(|(line, name)| format!("{}:{line}: `{module}` may not import `{name}`", source.path))
        .collect()
}

/// The module path of a file: `src/codec/mod.rs` is `codec`, `src/codec/qos.rs` is `codec`, `qos`.
pub(crate) fn place(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| !matches!(*part, "mod" | "lib")).map(str::to_owned).collect()
}

/// Every module below the root that a path leads to, with the path's line.
fn named_modules(file: &[String], tokens: &[Token]) -> Vec<(usize, String)> {
    let mut here = file.to_vec();
    // For each open brace, whether it is that of a module written within the file.
    let mut braces = Vec::new();
    let mut named = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => {
                let inner = index.checked_sub(2).filter(|before| tokens[*before].text == "mod");
                if inner.is_some() {
                    here.push(tokens[index - 1].text.clone());
                }
                braces.push(inner.is_some());
            }
            "}" if braces.pop() == Some(true) => drop(here.pop()),
            "crate" | "super" | "self" if starts_path(tokens, index) => {
                named.extend(heads(&here, &tokens[index..]).into_iter().map(|name| (token.line, name)));
            }
            _ => {}
        }
    }
    named
}

/// True if the keyword at `index` begins a path: `::` follows, and none precedes.
fn starts_path(tokens: &[Token], index: usize) -> bool {
    let is_separator = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.text == "::");
    is_separator(Some(index + 1)) && !is_separator(index.checked_sub(1))
}

/// The root's modules to which the path that starts here leads: one, or each of a braced list.
fn heads(here: &[String], path: &[Token]) -> Vec<String> {
    let mut base = here.to_vec();
    let mut rest = path;
    while let [keyword, separator, after @ ..] = rest {
        match keyword.text.as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        if separator.text != "::" {
            break;
        }
        rest = after;
    }
    match (base.into_iter().next(), rest) {
        (Some(module), _) => vec![module],
        (None, [open, list @ ..]) if open.text == "{" => first_words(list),
        (None, [word, ..]) => vec![word.text.clone()],
        (None, []) => Vec::new(),
    }
}

/// The first word of each item of a braced list, up to its closing brace.
fn first_words(list: &[Token]) -> Vec<String> {
    let mut depth = 1;
    let mut at_start = true;
    let mut words = Vec::new();
    for token in list {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => at_start = true,
            word if at_start && depth == 1 => {
                words.push(word.to_owned());
                at_start = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Source, faults, named_modules, place, tokens};
    use crate::house::table;

    fn named(path: &str, text: &str) -> Vec<String> {
        named_modules(&place(path), &tokens(text)).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn paths_are_followed_to_the_module_below_the_root() {
        for (path, text, expected) in [
            ("src/client/mod.rs", "use crate::codec::{QoS, Version};", "codec"),
            ("src/client/mod.rs", "use crate::{codec::{QoS}, topic, router::Router as R};", "codec topic router"),
            ("src/client/mod.rs", "use super::session::Session;", "session"),
            ("src/client/state.rs", "use super::Client; use super::super::broker::Broker;", "client broker"),
            (
                "src/client/mod.rs",
                "fn f(x: crate::time::Instant) -> self::State { crate::router::new() }",
                "time client router",
            ),
            ("src/topic.rs", "pub(crate) fn f() {} // crate::broker", ""),
            (
                "src/topic.rs",
                "#[cfg(test)] mod tests { use super::*; fn f() { { super::g() } } } fn g() {}",
                "topic topic",
            ),
            ("src/topic.rs", "mod inner {} use super::codec;", "codec"),
            ("src/topic.rs", "macro_rules! m { () => { $crate::codec::f() } }", "codec"),
            ("src/topic.rs", "use std::sync::Arc; use other::crate_name;", ""),
        ] {
            assert_eq!(named(path, text).join(" "), expected, "{path}: {text}");
        }
    }

    #[test]
    fn an_import_against_the_table_is_a_fault_with_its_line() {
        let table = table::read("| module | may import |\n|---|---|\n| `codec` | |\n| `client` | `codec` |\n");
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(faults(&source("src/client/mod.rs", "use crate::codec::QoS;"), &table), [""; 0]);
        assert_eq!(
            faults(&source("src/codec/mod.rs", "//! Codec.\nuse crate::client::Client;"), &table),
            ["src/codec/mod.rs:2: `codec` may not import `client`"],
        );
    }
}
