//! Imports of TypeScript files by relative paths.

use std::collections::BTreeSet;

use super::imports::Import;
use super::source::Source;

/// The imports between the files given. A path ends in `.js` or `.ts`, and names a file beside the
/// importing one.
pub(crate) fn imports(sources: &[Source]) -> Vec<Import> {
    let paths: BTreeSet<_> = sources.iter().map(|source| source.path.as_str()).collect();
    let mut found = Vec::new();
    for source in sources {
        for (line, specifier, is_type) in specifiers(&source.text) {
            let to = target(&source.path, specifier);
            if paths.contains(to.as_str()) && to != source.path {
                found.push(Import { from: source.path.clone(), line, to, is_type });
            }
        }
    }
    found
}

/// Each relative path behind `from` or in `import(…)`, its line, and whether the statement takes
/// types alone.
fn specifiers(text: &str) -> Vec<(usize, &str, bool)> {
    let mut found = Vec::new();
    let mut is_type = false;
    for (line, number) in text.lines().zip(1..) {
        if ["//", "/*", "*"].iter().any(|sign| line.trim_start().starts_with(sign)) {
            continue;
        }
        if line.starts_with("import ") || line.starts_with("export ") {
            is_type = line.starts_with("import type ") || line.starts_with("export type ");
        }
        for (start, is_call) in [("from '", false), ("import '", false), ("import('", true)] {
            for (at, _) in line.match_indices(start) {
                let rest = &line[at + start.len()..];
                let specifier = rest.split('\'').next().unwrap_or_default();
                if specifier.starts_with('.') {
                    found.push((number, specifier, is_type && !is_call));
                }
            }
        }
    }
    found
}

/// The path from the root to which a relative one leads.
fn target(from: &str, specifier: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    path.strip_suffix(".js").map_or(path.clone(), |stem| format!("{stem}.ts"))
}

#[test]
fn relative_paths_are_followed_to_their_files() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let text = "import { a } from './a.js'\nimport type {\n  B,\n} from '../b.ts'\n// from './a.js'\nexport * from './a.js'\n\
                const lazy = import('./a.js')\nimport 'ws'\nimport { z } from './none.js'\n";
    let sources = [source("p/q/x.ts", text), source("p/q/a.ts", ""), source("p/b.ts", "")];
    let found: Vec<_> = imports(&sources).into_iter().map(|import| (import.line, import.to, import.is_type)).collect();
    let expected = [(1, "p/q/a.ts", false), (4, "p/b.ts", true), (6, "p/q/a.ts", false), (7, "p/q/a.ts", false)];
    assert_eq!(found, expected.map(|(line, to, is_type)| (line, to.to_owned(), is_type)));
}
