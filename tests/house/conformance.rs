//! The table of all statements, held against the tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::Source;
use crate::citations::{Statement, Version};
use crate::proofs::{self, Proof};

const TABLE: &str = "tests/statements/table.txt";

/// A row of the table.
struct Row {
    statement: Statement,
    server: bool,
    client: bool,
    missing: Missing,
}

/// For whom no test proves the statement.
enum Missing {
    Nothing,
    Server,
    Client,
    Both,
    /// There can be no test.
    All,
}

impl Row {
    fn read(line: &str) -> Self {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [version, id, binds, _, missing] = cells[..] else { panic!("a row of other than five cells: {line}") };
        let version = Version::ALL.into_iter().find(|it| it.name() == version);
        let version = version.unwrap_or_else(|| panic!("a version that is none: {line}"));
        let (server, client) = match binds {
            "server" => (true, false),
            "client" => (false, true),
            "both" => (true, true),
            "neither" => (false, false),
            _ => panic!("binds `{binds}`: {line}"),
        };
        let missing = match (missing, missing.strip_prefix("no test: ")) {
            ("", _) => Missing::Nothing,
            ("open: server", _) => Missing::Server,
            ("open: client", _) => Missing::Client,
            ("open: both", _) => Missing::Both,
            (_, Some(_)) => Missing::All,
            _ => panic!("missing `{missing}`: {line}"),
        };
        let statement = Statement { version, id: id.to_owned() };
        Self { statement, server, client, missing }
    }

    /// What the row says and the tests do not bear out.
    fn fault(&self, proofs: &[&Proof]) -> Option<String> {
        let server = self.server && !proofs.iter().any(|proof| proof.is_of_server());
        let client = self.client && !proofs.iter().any(|proof| proof.is_of_client());
        let expected = match &self.missing {
            Missing::All if proofs.is_empty() => return None,
            Missing::All => return Some(format!("[{}] has a test, and a reason why there is none", self.statement)),
            Missing::Nothing => [false, false],
            Missing::Server => [true, false],
            Missing::Client => [false, true],
            Missing::Both => [true, true],
        };
        let told = |open: [bool; 2]| match open {
            [false, false] => "nothing",
            [true, false] => "server",
            [false, true] => "client",
            [true, true] => "both",
        };
        let found = [server, client];
        let differ = || format!("[{}] is open: {}, and the table says {}", self.statement, told(found), told(expected));
        (server && !expected[0] || client && !expected[1]).then(differ)
    }
}

fn table() -> Vec<Row> {
    let rows = Source::read(TABLE);
    rows.text.lines().filter(|line| !line.starts_with('#')).map(Row::read).collect()
}

fn by_statement(proofs: &[Proof]) -> BTreeMap<&Statement, Vec<&Proof>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for proof in proofs {
        for statement in &proof.statements {
            found.entry(statement).or_default().push(proof);
        }
    }
    found
}

#[test]
fn the_table_has_every_statement_in_its_order() {
    let listed: Vec<_> = Version::ALL.into_iter().flat_map(Version::list).collect();
    let rows: Vec<_> = table().into_iter().map(|row| row.statement).collect();
    assert_eq!(rows, listed, "left: {TABLE}, right: the lists beside it");
}

/// A statement that loses its last test is found here.
#[test]
fn every_statement_is_proved_or_says_why_not() {
    let proofs = proofs::all();
    let by_statement = by_statement(&proofs);
    let faults: Vec<_> = table()
        .iter()
        .filter_map(|row| row.fault(by_statement.get(&row.statement).map_or(&[], Vec::as_slice)))
        .collect();
    assert!(faults.is_empty(), "{} in {TABLE}:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_names_of_tests_are_theirs_alone() {
    let proofs = proofs::all();
    let names: BTreeSet<_> = proofs.iter().map(|proof| &proof.test).collect();
    assert_eq!(names.len(), proofs.len(), "two tests of one name in one file");
}

#[test]
fn a_row_is_held_against_its_tests() {
    let row = |binds: &str, missing: &str| Row::read(&format!("5.0 | x | {binds} | about | {missing}"));
    let proof = |test: &str| Proof { test: test.to_owned(), statements: BTreeSet::new() };
    let (broker, client, both) = (proof("conformance/x::y"), proof("client/x::y"), proof("codec/x::y"));
    let rows: [(&str, &str, &[&Proof], bool); 11] = [
        ("server", "", &[], false),
        ("server", "", &[&client], false),
        ("server", "", &[&broker], true),
        ("client", "", &[&broker], false),
        ("client", "", &[&client], true),
        ("client", "open: client", &[], true),
        ("both", "", &[&both], true),
        ("both", "open: client", &[&broker], true),
        ("both", "open: client", &[&client], false),
        ("both", "no test: it cannot be seen", &[], true),
        ("both", "no test: it cannot be seen", &[&both], false),
    ];
    for (binds, missing, proofs, good) in rows {
        assert_eq!(row(binds, missing).fault(proofs).is_none(), good, "{binds} {missing} {proofs:?}");
    }
}
