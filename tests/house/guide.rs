//! The guide of CONTRIBUTING.md: typical changes and the files to edit for each.

use super::source::{Source, root};

const HEAD: &str = "| to do this | edit this |";

/// The paths in backticks of the guide's rows.
fn paths(text: &str) -> Vec<&str> {
    let rows = text.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let code = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    code.filter(|code| code.contains('/') && !code.contains([' ', '('])).collect()
}

#[test]
fn every_path_of_the_guide_exists() {
    let text = Source::read("CONTRIBUTING.md").text;
    let paths = paths(&text);
    assert!(!paths.is_empty(), "CONTRIBUTING.md has no guide that begins with {HEAD}");
    let missing: Vec<_> = paths.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "paths of the guide in CONTRIBUTING.md that do not exist: {missing:?}");
}

#[test]
fn paths_are_read_from_rows_alone() {
    let text =
        format!("`a/b`\n{HEAD}\n|---|---|\n| x | `c/d.rs`, then `#[e(…)]` and `f` |\n| y | `g/ h` `i/` |\n\n`j/k`\n");
    assert_eq!(paths(&text), ["c/d.rs", "i/"]);
}
