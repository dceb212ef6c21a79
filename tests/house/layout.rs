//! Layout of the checkout: imports, length of files, the target of each test.

use super::arrows::Arrow;
use super::rooms::Rooms;
use super::source::{Source, sources};
use super::{citations, impls, rooms, rust_imports, typescript_imports};

/// Imports against a table that are still there. One that is gone has to be taken out.
#[rustfmt::skip]
const EXCUSED: &[(&str, &str)] = &[];

/// A file of more lines than this holds more than one noun.
const LINES_MAX: usize = 500;

/// Rooms whose files hold methods of the broker: they see its module, which sees them.
fn rooms_of_methods() -> Vec<String> {
    let homes = impls::read(&Source::read("CONTRIBUTING.md").text);
    let places = homes.into_iter().flat_map(|home| home.places);
    places.filter(|place| place != "mod.rs").collect()
}

#[test]
fn methods_of_a_type_stand_where_its_row_says() {
    let sources = sources("src", &["rs"]);
    let homes = impls::read(&Source::read("CONTRIBUTING.md").text);
    let faults: Vec<_> = homes.iter().flat_map(|home| home.faults(&sources)).collect();
    assert!(faults.is_empty(), "against the table of types of CONTRIBUTING.md:\n{}", faults.join("\n"));
}

#[test]
fn folders_import_in_one_direction() {
    let text = Source::read("CONTRIBUTING.md").text;
    let rust = sources("src", &["rs"]);
    let typescript = sources("pkg/src", &["ts"]);
    let (rust_arrows, excused) = without_excused(rust_imports::arrows(&rust, false));
    assert_eq!(excused, EXCUSED.len(), "an import is gone; take it out of EXCUSED");
    let but = rooms_of_methods();
    let mut faults = Vec::new();
    for (base, sources, arrows, but) in [
        ("src", &rust, &rust_imports::arrows(&rust, true), &[][..]),
        ("src/broker", &rust, &rust_arrows, &but),
        ("src/wasm", &rust, &rust_arrows, &[]),
        ("pkg/src", &typescript, &typescript_imports::arrows(&typescript), &[]),
    ] {
        let rooms = Rooms::read(&text, base);
        let files: Vec<_> = sources.iter().map(|source| source.path.clone()).collect();
        let mut circles = rooms.circles(arrows, but);
        if base == "src/broker" {
            circles.extend(rooms.file_circles(arrows, but));
        }
        faults.extend(rooms.gaps(&files).into_iter().chain(rooms.faults(arrows)));
        faults.extend(circles.into_iter().map(|circle| format!("{base}: {circle}")));
    }
    let list = faults.join("\n");
    assert!(faults.is_empty(), "{} against the tables of folders of CONTRIBUTING.md:\n{list}", faults.len());
}

#[test]
fn files_do_not_import_those_that_their_row_names() {
    let (arrows, _) = without_excused(rust_imports::arrows(&sources("src", &["rs"]), false));
    let faults = rooms::forbidden(&Source::read("CONTRIBUTING.md").text, &arrows);
    assert!(faults.is_empty(), "against the table of files of CONTRIBUTING.md:\n{}", faults.join("\n"));
}

/// The arrows that are bound, and how many of those excused there are.
fn without_excused(arrows: Vec<Arrow>) -> (Vec<Arrow>, usize) {
    let is_one = |arrow: &Arrow, pair: &(&str, &str)| arrow.from == pair.0 && arrow.to == pair.1;
    let excused = EXCUSED.iter().filter(|pair| arrows.iter().any(|arrow| is_one(arrow, pair))).count();
    let bound = arrows.into_iter().filter(|arrow| !EXCUSED.iter().any(|pair| is_one(arrow, pair)));
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
