//! Layout of the checkout: imports, length of files, the target of each test.

use super::import_tables::ImportTable;
use super::imports::Import;
use super::source::{Source, sources};
use super::{citations, import_tables, method_places, rust_imports, typescript_imports};

/// Imports against a table that are still there. One that is gone has to be taken out.
#[rustfmt::skip]
const EXCUSED: &[(&str, &str)] = &[];

/// A file of more lines than this holds more than one noun.
const LINES_MAX: usize = 500;

/// Rows whose files hold methods of the broker: they see its module, which sees them.
fn rows_of_methods() -> Vec<String> {
    let homes = method_places::read(&Source::read("CONTRIBUTING.md").text);
    let places = homes.into_iter().flat_map(|home| home.places);
    places.filter(|place| place != "mod.rs").collect()
}

#[test]
fn methods_of_a_type_stand_where_its_row_says() {
    let sources = sources("src", &["rs"]);
    let homes = method_places::read(&Source::read("CONTRIBUTING.md").text);
    let faults: Vec<_> = homes.iter().flat_map(|home| home.faults(&sources)).collect();
    assert!(faults.is_empty(), "against the table of types of CONTRIBUTING.md:\n{}", faults.join("\n"));
}

#[test]
fn folders_import_in_one_direction() {
    let text = Source::read("CONTRIBUTING.md").text;
    let rust = sources("src", &["rs"]);
    let typescript = sources("pkg/src", &["ts"]);
    let (bound, excused) = without_excused(rust_imports::imports(&rust, false));
    assert_eq!(excused, EXCUSED.len(), "an import is gone; take it out of EXCUSED");
    let but = rows_of_methods();
    let mut faults = Vec::new();
    for (base, sources, imports, but) in [
        ("src", &rust, &rust_imports::imports(&rust, true), &[][..]),
        ("src/broker", &rust, &bound, &but),
        ("src/wasm", &rust, &bound, &[]),
        ("pkg/src", &typescript, &typescript_imports::imports(&typescript), &[]),
    ] {
        let table = ImportTable::read(&text, base);
        let files: Vec<_> = sources.iter().map(|source| source.path.clone()).collect();
        let mut circles = table.circles(imports, but);
        if base == "src/broker" {
            circles.extend(table.file_circles(imports, but));
        }
        faults.extend(table.gaps(&files).into_iter().chain(table.faults(imports)));
        faults.extend(circles.into_iter().map(|circle| format!("{base}: {circle}")));
    }
    let list = faults.join("\n");
    assert!(faults.is_empty(), "{} against the tables of folders of CONTRIBUTING.md:\n{list}", faults.len());
}

#[test]
fn files_do_not_import_those_that_their_row_names() {
    let (imports, _) = without_excused(rust_imports::imports(&sources("src", &["rs"]), false));
    let faults = import_tables::forbidden(&Source::read("CONTRIBUTING.md").text, &imports);
    assert!(faults.is_empty(), "against the table of files of CONTRIBUTING.md:\n{}", faults.join("\n"));
}

/// The imports that are bound, and how many of those excused there are.
fn without_excused(imports: Vec<Import>) -> (Vec<Import>, usize) {
    let is_one = |import: &Import, pair: &(&str, &str)| import.from == pair.0 && import.to == pair.1;
    let excused = EXCUSED.iter().filter(|pair| imports.iter().any(|import| is_one(import, pair))).count();
    let bound = imports.into_iter().filter(|import| !EXCUSED.iter().any(|pair| is_one(import, pair)));
    (bound.collect(), excused)
}

/// wasm-pack compiles every file of `tests/` for WebAssembly, where the native tests' dependencies
/// are missing.
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
