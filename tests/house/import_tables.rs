//! Import tables: the rows of one folder, and which of them may import which others.
//!
//! A table of CONTRIBUTING.md has a row for each folder or file. A path belongs to the longest row
//! that it lies in, and the row `.` has the files of the folder itself.

use std::collections::BTreeSet;

use super::imports::{Graph, Import, circles};

/// Import table of a folder.
pub(crate) struct ImportTable {
    base: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    allowed: BTreeSet<String>,
    /// Those of which only types may be imported.
    types: BTreeSet<String>,
}

impl ImportTable {
    /// Reads the table whose heading begins with `| folder of {base} |`. The last column holds
    /// names in backticks, or `all above` and names, or `all above but` and names. A name with
    /// ` (types)` behind it allows imports of types alone.
    pub(crate) fn read(text: &str, base: &str) -> Self {
        let heading = format!("| folder of {base} |");
        let lines = text.lines().skip_while(|line| !line.starts_with(&heading)).skip(2);
        let mut rows: Vec<Row> = Vec::new();
        for line in lines.take_while(|line| line.starts_with('|')) {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [name, .., cell] = cells[..] else { panic!("a row of fewer than two cells: {line}") };
            let name = names(name).next().unwrap_or_else(|| panic!("a row without a name: {line}"));
            let types: BTreeSet<_> = cell.split(',').filter(|one| one.contains("(types)")).flat_map(names).collect();
            let allowed: BTreeSet<_> = match cell.strip_prefix("all above") {
                Some(rest) => {
                    let above = rows.iter().map(|row| row.name.clone());
                    let named: BTreeSet<_> = names(rest).collect();
                    if rest.starts_with(" but ") {
                        above.filter(|name| !named.contains(name)).collect()
                    } else {
                        above.chain(named).collect()
                    }
                }
                None => names(cell).filter(|name| !types.contains(name)).collect(),
            };
            rows.push(Row { name, allowed, types });
        }
        assert!(!rows.is_empty(), "CONTRIBUTING.md has no table of {base}");
        Self { base: format!("{base}/"), rows }
    }

    /// The row of a file; `None` if it lies elsewhere, or in no row.
    fn of(&self, path: &str) -> Option<&Row> {
        let path = path.strip_prefix(&self.base)?;
        let holds = |row: &&Row| match row.name.as_str() {
            "." => !path.contains('/'),
            name => path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        self.rows.iter().filter(holds).max_by_key(|row| row.name.len())
    }

    /// Files without a row, rows without a file, and names of rows that there are none of.
    pub(crate) fn gaps(&self, files: &[String]) -> Vec<String> {
        let used: BTreeSet<_> = files.iter().filter_map(|file| self.of(file)).map(|row| &row.name).collect();
        let all: BTreeSet<_> = self.rows.iter().map(|row| &row.name).collect();
        let without_row = files.iter().filter(|file| file.starts_with(&self.base) && self.of(file).is_none());
        let without_file = self.rows.iter().filter(|row| !used.contains(&row.name));
        let unknown = self.rows.iter().flat_map(|row| row.allowed.union(&row.types)).filter(|name| !all.contains(name));
        without_row
            .map(|file| format!("{file} has no row"))
            .chain(without_file.map(|row| format!("the row `{}` has no file", row.name)))
            .chain(unknown.map(|name| format!("`{name}` is imported and has no row")))
            .collect()
    }

    /// The imports that no row allows.
    pub(crate) fn faults(&self, imports: &[Import]) -> Vec<String> {
        let mut found = Vec::new();
        for import in imports {
            let (Some(from), Some(to)) = (self.of(&import.from), self.of(&import.to)) else { continue };
            let is_allowed = from.name == to.name
                || from.allowed.contains(&to.name)
                || import.is_type && from.types.contains(&to.name);
            if !is_allowed {
                let Import { from: file, line, to: imported, .. } = import;
                found.push(format!("{file}:{line}: `{}` may not import `{}` ({imported})", from.name, to.name));
            }
        }
        found
    }

    /// Circles between rows, but for those through the rows named.
    pub(crate) fn circles(&self, imports: &[Import], but: &[String]) -> Vec<String> {
        let mut graph = Graph::new();
        for import in imports {
            let (Some(from), Some(to)) = (self.of(&import.from), self.of(&import.to)) else { continue };
            if from.name != to.name && !but.contains(&from.name) && !but.contains(&to.name) {
                graph.entry(&from.name).or_default().insert(&to.name);
            }
        }
        circles(&graph)
    }

    /// Circles between files, but for those through the rows named.
    pub(crate) fn file_circles(&self, imports: &[Import], but: &[String]) -> Vec<String> {
        let is_bound = |path: &str| self.of(path).is_some_and(|row| !but.contains(&row.name));
        let mut graph = Graph::new();
        for import in imports.iter().filter(|import| is_bound(&import.from) && is_bound(&import.to)) {
            let short = |path: &'_ str| path.len() - path.trim_start_matches(self.base.as_str()).len();
            graph.entry(&import.from[short(&import.from)..]).or_default().insert(&import.to[short(&import.to)..]);
        }
        circles(&graph)
    }
}

/// The imports that the table with the heading `| file | never imports |` forbids.
pub(crate) fn forbidden(text: &str, imports: &[Import]) -> Vec<String> {
    let rows = text.lines().skip_while(|line| !line.starts_with("| file | never imports |")).skip(2);
    let rows: Vec<Vec<_>> = rows.take_while(|line| line.starts_with('|')).map(|row| names(row).collect()).collect();
    assert!(!rows.is_empty(), "CONTRIBUTING.md has no table of files");
    let is_forbidden = |import: &&Import| rows.iter().any(|row| row[0] == import.from && row[1..].contains(&import.to));
    let found = imports.iter().filter(is_forbidden);
    found.map(|import| format!("{}:{} imports {}", import.from, import.line, import.to)).collect()
}

/// The names in backticks, without the `/` that marks a folder.
pub(crate) fn names(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Import, ImportTable};

    const TABLE: &str = "Text.\n| folder of x/y | is | may import |\n|---|---|---|\n| `a/` | | |\n| `b.rs` | | `a` |\n\
                         | `c/` | | all above but `b.rs` |\n| `c/d.rs` | | `a` (types), `b.rs` |\n| `.` | | all above |\n| `e/` | | all above, `f/` |\n| `f/` | | all above but `e/` |\n";

    fn import(from: &str, to: &str, is_type: bool) -> Import {
        Import { from: format!("x/y/{from}"), line: 3, to: format!("x/y/{to}"), is_type }
    }

    #[test]
    fn an_import_that_no_row_allows_is_a_fault() {
        let table = ImportTable::read(TABLE, "x/y");
        for (from, to, is_type, expected) in [
            ("a/m.rs", "a/n.rs", false, ""),
            ("b.rs", "a/m.rs", false, ""),
            ("a/m.rs", "b.rs", false, "x/y/a/m.rs:3: `a` may not import `b.rs` (x/y/b.rs)"),
            ("c/m.rs", "a/m.rs", false, ""),
            ("c/m.rs", "b.rs", false, "x/y/c/m.rs:3: `c` may not import `b.rs` (x/y/b.rs)"),
            ("c/m.rs", "c/d.rs", false, "x/y/c/m.rs:3: `c` may not import `c/d.rs` (x/y/c/d.rs)"),
            ("c/d.rs", "a/m.rs", true, ""),
            ("c/d.rs", "a/m.rs", false, "x/y/c/d.rs:3: `c/d.rs` may not import `a` (x/y/a/m.rs)"),
            ("index.ts", "c/d.rs", false, ""),
            ("c/m.rs", "index.ts", true, "x/y/c/m.rs:3: `c` may not import `.` (x/y/index.ts)"),
            ("e/m.rs", "f/m.rs", false, ""),
            ("f/m.rs", "e/m.rs", false, "x/y/f/m.rs:3: `f` may not import `e` (x/y/e/m.rs)"),
            ("c/m.rs", "../z.rs", false, ""),
        ] {
            let found = table.faults(&[import(from, to, is_type)]);
            assert_eq!(found.join(""), expected, "{from} {to}");
        }
    }

    #[test]
    fn each_file_has_a_row_and_each_row_a_file() {
        let files = |names: &[&str]| names.iter().map(|name| format!("x/y/{name}")).collect::<Vec<_>>();
        let table = ImportTable::read(TABLE, "x/y");
        assert_eq!(
            table.gaps(&files(&["a/m.rs", "b.rs", "c/m.rs", "c/d.rs", "index.ts", "e/m.rs", "f/m.rs"])),
            [""; 0]
        );
        let found = table.gaps(&files(&["a/m.rs", "b.rs", "c/d.rs", "e/m.rs", "f/m.rs", "g/m.rs", "index.ts"]));
        assert_eq!(found, ["x/y/g/m.rs has no row", "the row `c` has no file"]);
        let unknown = ImportTable::read("| folder of x |\n|---|\n| `a` | `b` |\n", "x");
        assert_eq!(unknown.gaps(&["x/a/m.rs".to_owned()]), ["`b` is imported and has no row"]);
    }

    #[test]
    fn circles_are_found_between_rows_and_between_files() {
        let table = ImportTable::read(TABLE, "x/y");
        let within = [import("a/m.rs", "a/n.rs", false), import("a/n.rs", "a/m.rs", false)];
        assert_eq!(table.circles(&within, &[]), [""; 0]);
        assert_eq!(table.file_circles(&within, &[]), ["a/m.rs → a/n.rs → a/m.rs"]);
        let between = [import("a/m.rs", "c/n.rs", false), import("c/m.rs", "a/m.rs", true)];
        assert_eq!(table.circles(&between, &[]), ["a → c → a"]);
        assert_eq!(table.file_circles(&between, &[]), [""; 0]);
        let but = ["c".to_owned()];
        assert_eq!(table.circles(&between, &but), [""; 0]);
    }

    #[test]
    fn a_forbidden_import_is_found() {
        let table = "| file | never imports |\n|---|---|\n| `x/y/a.rs` | `x/y/b.rs`, `x/y/c.rs` |\n";
        for (from, to, expected) in
            [("a.rs", "c.rs", "x/y/a.rs:3 imports x/y/c.rs"), ("a.rs", "d.rs", ""), ("c.rs", "a.rs", "")]
        {
            assert_eq!(super::forbidden(table, &[import(from, to, false)]).join(""), expected);
        }
    }
}
