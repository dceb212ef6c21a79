//! The modules and files of the checkout: which imports which, how long a file is, for which target a test is.

use super::source::{Source, sources};
use super::{citations, imports, table};

/// A file of more lines than this holds more than one noun.
const LINES_MAX: usize = 500;

#[test]
fn modules_import_only_what_their_row_allows() {
    let table = table::read(&Source::read("CONTRIBUTING.md").text);
    let sources = sources("src", &["rs"]);
    assert!(!sources.is_empty(), "no source found");
    let faults: Vec<_> = sources.iter().flat_map(|source| imports::faults(source, &table)).collect();
    assert!(faults.is_empty(), "against the module table of CONTRIBUTING.md:\n{}", faults.join("\n"));
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let table = table::read(&Source::read("CONTRIBUTING.md").text);
    let mut modules: Vec<_> = sources("src", &["rs"]).iter().filter_map(imports::module_of).collect();
    modules.sort();
    modules.dedup();
    let mut rows: Vec<_> = table.keys().cloned().collect();
    rows.sort();
    assert_eq!(modules, rows, "left: src/, right: the module table of CONTRIBUTING.md");
}

/// wasm-pack compiles every file of `tests/` for WebAssembly, where the native tests' dependencies are missing.
#[test]
fn test_files_say_whether_they_are_native() {
    let native = "#![cfg(not(target_arch = \"wasm32\"))]";
    let web = "#![cfg(target_arch = \"wasm32\")]";
    let roots = sources("tests", &["rs"]).into_iter().filter(|source| {
        let parts: Vec<_> = source.path.split('/').collect();
        parts.len() == 2 || parts.ends_with(&["main.rs"])
    });
    let faults: Vec<_> = roots
        .filter(|source| !source.text.lines().any(|line| line == native || line == web))
        .map(|source| format!("{}: neither {native} nor {web}", source.path))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn cited_statements_exist() {
    let known = citations::known();
    let folders = ["src", "tests", "pkg", "www", "bench", "docs", "scripts", "examples"];
    let mut all: Vec<_> = folders
        .into_iter()
        .flat_map(|folder| sources(folder, &["rs", "ts", "mjs", "js", "md", "html", "py"]))
        .collect();
    all.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(Source::read));
    let faults: Vec<_> = all.iter().flat_map(|source| citations::faults(source, &known)).collect();
    assert!(faults.is_empty(), "in neither list of tests/statements/:\n{}", faults.join("\n"));
}

#[test]
fn files_are_short_enough_to_hold_one_noun() {
    let all =
        ["src", "tests", "pkg", "www", "bench", "scripts"].map(|folder| sources(folder, &["rs", "ts", "mjs", "js"]));
    let long: Vec<_> = all
        .iter()
        .flatten()
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines:\n{}", long.join("\n"));
}
