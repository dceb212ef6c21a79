//! The module table of CONTRIBUTING.md: the imports that each module may have.

use std::collections::{BTreeMap, BTreeSet};

/// Each module, and what it may import besides itself.
pub(crate) type Table = BTreeMap<String, BTreeSet<String>>;

/// Reads the table that starts with the heading `| module |`. The last column of a row holds the
/// names of modules in backticks, or `all above`, or `all above but` and names. The order of the
/// rows is the order of the layers.
pub(crate) fn read(text: &str) -> Table {
    let rows = text.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    let mut table = Table::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [module, .., allowed] = cells[..] else { panic!("a row of fewer than two cells: {row}") };
        let module = names(module).next().unwrap_or_else(|| panic!("a row without a module: {row}"));
        let above = table.keys().cloned();
        let allowed = match allowed.strip_prefix("all above") {
            Some(but) => {
                let but: BTreeSet<_> = names(but).collect();
                above.filter(|name| !but.contains(name)).collect()
            }
            None => names(allowed).collect(),
        };
        assert!(table.insert(module, allowed).is_none(), "a module with two rows: {row}");
    }
    assert!(!table.is_empty(), "CONTRIBUTING.md has no module table");
    table
}

/// The names in backticks, without the `/` that marks a folder.
pub(crate) fn names(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/').to_owned())
}

#[test]
fn rows_allow_names_all_above_and_all_but_one() {
    let table = read(
        "Text.\n\n| module | is | may import |\n|---|---|---|\n| `a` | `x` | |\n| `b/` | y | `a` |\n| `c/` | z | all above |\n\
         | `d/` | z | all above but `c` |\n\nMore.\n| `e` | | |\n",
    );
    let row = |name: &str| table[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(table.len(), 4);
    assert_eq!(row("a"), [""; 0]);
    assert_eq!(row("b"), ["a"]);
    assert_eq!(row("c"), ["a", "b"]);
    assert_eq!(row("d"), ["a", "b"]);
}
