//! The table of all statements, held against the tests; docs/conformance.md shows both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{env, fs};

use super::citations::{Statement, Version};
use super::proofs::{self, Proof};
use super::source::{Source, root};

const TABLE: &str = "tests/statements/table.txt";
const PAGE: &str = "docs/conformance.md";

/// The statements that no test can prove, and those that none can prove of a client, in the table's
/// order. The table has the reasons; one that is added there has to be added here too.
const WITHOUT_TEST: [&str; 1] = ["3.1.1 MQTT-7.0.0-1"];
const WITHOUT_CLIENT_TEST: [&str; 13] = [
    "3.1.1 MQTT-4.8.0-2",
    "MQTT-3.4.2-2",
    "MQTT-3.4.2-3",
    "MQTT-3.5.2-2",
    "MQTT-3.5.2-3",
    "MQTT-3.6.2-2",
    "MQTT-3.6.2-3",
    "MQTT-3.7.2-2",
    "MQTT-3.7.2-3",
    "MQTT-3.15.2-2",
    "MQTT-3.15.2-3",
    "MQTT-4.3.3-9",
    "MQTT-4.3.3-13",
];

/// A row of the table.
struct Row {
    statement: Statement,
    server: bool,
    client: bool,
    about: String,
    missing: Missing,
}

/// For whom no test proves the statement.
enum Missing {
    Nothing,
    /// The client, and why, if it is not only that nobody has written a test yet.
    Client(Option<String>),
    /// There can be no test, and why.
    All(String),
}

impl Row {
    fn read(line: &str) -> Self {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [version, id, binds, about, missing] = cells[..] else { panic!("a row of other than five cells: {line}") };
        let version = Version::ALL.into_iter().find(|it| it.name() == version);
        let version = version.unwrap_or_else(|| panic!("a version that is none: {line}"));
        let (server, client) = match binds {
            "server" => (true, false),
            "client" => (false, true),
            "both" => (true, true),
            "neither" => (false, false),
            _ => panic!("binds `{binds}`: {line}"),
        };
        let reason = |label| missing.strip_prefix(label).map(str::to_owned);
        let missing = match (missing, reason("no client test: "), reason("no test: ")) {
            ("", ..) => Missing::Nothing,
            ("open: client", ..) => Missing::Client(None),
            (_, Some(reason), _) => Missing::Client(Some(reason)),
            (_, _, Some(reason)) => Missing::All(reason),
            _ => panic!("missing `{missing}`: {line}"),
        };
        let statement = Statement { version, id: id.to_owned() };
        Self { statement, server, client, about: about.to_owned(), missing }
    }

    const fn binds(&self) -> &'static str {
        match (self.server, self.client) {
            (true, true) => "both",
            (true, false) => "server",
            (false, true) => "client",
            (false, false) => "neither",
        }
    }

    /// Returns the claim of the row that the tests do not bear out. A server's statement has a
    /// test, or a reason why there can be none.
    fn fault(&self, proofs: &[&Proof]) -> Option<String> {
        let server = self.server && !proofs.iter().any(|proof| proof.is_of_server());
        let client = self.client && !proofs.iter().any(|proof| proof.is_of_client());
        let fault = match &self.missing {
            Missing::All(_) if proofs.is_empty() => None,
            Missing::All(_) => Some("has a test, and a reason why there is none"),
            Missing::Client(_) if !client => Some("has a test of a client, and is said to have none"),
            Missing::Nothing if client => Some("has no test of a client"),
            Missing::Nothing | Missing::Client(_) => server.then_some("has no test of a server"),
        };
        fault.map(|fault| format!("[{}] {fault}", self.statement))
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

fn page(rows: &[Row], proofs: &[Proof]) -> String {
    let by_statement = by_statement(proofs);
    let mut page = format!(
        "# Conformance\n\n\
         Every numbered statement of MQTT 3.1.1 and 5.0, whom it binds, and the tests that prove it. Made from `{TABLE}` and \
         from what the tests cite, by `UPDATE=1 cargo test --test house`; not to be edited.\n\n\
         `conformance/x::name` is a test in `tests/conformance/x.rs`: `cargo test --test conformance x::name`. Those in \
         `pkg/` are run by `npm test -w pkg`.\n\n\
         | | statements | bind a server | of these tested | bind a client | of these tested |\n|---|---|---|---|---|---|\n"
    );
    for version in Version::ALL {
        let rows = || rows.iter().filter(|row| row.statement.version == version);
        let tested = |row: &&Row| !matches!(row.missing, Missing::All(_));
        let cells = [
            rows().count(),
            rows().filter(|row| row.server).count(),
            rows().filter(|row| row.server).filter(tested).count(),
            rows().filter(|row| row.client).count(),
            rows().filter(|row| row.client && matches!(row.missing, Missing::Nothing)).count(),
        ];
        let cells = cells.map(|count| count.to_string()).join(" | ");
        writeln!(page, "| {} | {cells} |", version.name()).expect("a string takes all");
    }
    for version in Version::ALL {
        write!(page, "\n## MQTT {}\n\n| statement | is about | binds | tests |\n|---|---|---|---|\n", version.name())
            .expect("a string takes all");
        for row in rows.iter().filter(|row| row.statement.version == version) {
            let tests = by_statement.get(&row.statement).into_iter().flatten();
            let mut cell: Vec<_> = tests.map(|proof| format!("`{}`", proof.test)).collect();
            match &row.missing {
                Missing::Nothing => {}
                Missing::Client(None) => cell.push("open for the client".to_owned()),
                Missing::Client(Some(reason)) => cell.push(format!("client: {reason}")),
                Missing::All(reason) => cell.push(format!("none: {reason}")),
            }
            let Row { statement, about, .. } = row;
            writeln!(page, "| {statement} | {about} | {} | {} |", row.binds(), cell.join("<br>"))
                .expect("a string takes all");
        }
    }
    page
}

#[test]
fn the_table_has_every_statement_in_its_order() {
    let listed: Vec<_> = Version::ALL.into_iter().flat_map(Version::list).collect();
    let rows: Vec<_> = table().into_iter().map(|row| row.statement).collect();
    assert_eq!(rows, listed, "left: {TABLE}, right: the lists beside it");
}

/// A statement that loses its last test is found here, and so is one that has got its first.
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
fn a_statement_is_not_excused_from_its_test_in_the_table_alone() {
    let rows = table();
    let ids = |is_excused: fn(&Missing) -> bool| {
        let excused = rows.iter().filter(|row| is_excused(&row.missing));
        excused.map(|row| row.statement.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(|missing| matches!(missing, Missing::All(_))), WITHOUT_TEST);
    assert_eq!(ids(|missing| matches!(missing, Missing::Client(_))), WITHOUT_CLIENT_TEST);
}

#[test]
fn the_names_of_tests_are_theirs_alone() {
    let proofs = proofs::all();
    let names: BTreeSet<_> = proofs.iter().map(|proof| &proof.test).collect();
    assert_eq!(names.len(), proofs.len(), "two tests of one name in one file");
}

#[test]
fn the_page_is_what_the_table_and_the_tests_give() {
    let made = page(&table(), &proofs::all());
    let path = root().join(PAGE);
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).expect("the page can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{PAGE} is out of date: UPDATE=1 cargo test --test house");
}

#[test]
fn a_row_is_held_against_its_tests() {
    let row = |binds: &str, missing: &str| Row::read(&format!("5.0 | x | {binds} | about | {missing}"));
    let proof = |test: &str| Proof { test: test.to_owned(), statements: BTreeSet::new() };
    let (broker, client, both) = (proof("conformance/x::y"), proof("client/x::y"), proof("codec/x::y"));
    let rows: [(&str, &str, &[&Proof], bool); 15] = [
        ("server", "", &[], false),
        ("server", "", &[&client], false),
        ("server", "", &[&broker], true),
        ("client", "", &[&broker], false),
        ("client", "", &[&client], true),
        ("client", "open: client", &[], true),
        ("client", "open: client", &[&client], false),
        ("both", "", &[&both], true),
        ("both", "open: client", &[&broker], true),
        ("both", "open: client", &[&client], false),
        ("both", "no client test: it has none", &[&broker], true),
        ("both", "no client test: it has none", &[&both], false),
        ("both", "no client test: it has none", &[], false),
        ("both", "no test: it cannot be seen", &[], true),
        ("both", "no test: it cannot be seen", &[&both], false),
    ];
    for (binds, missing, proofs, good) in rows {
        assert_eq!(row(binds, missing).fault(proofs).is_none(), good, "{binds} {missing} {proofs:?}");
    }
}
