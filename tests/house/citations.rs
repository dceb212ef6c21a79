//! Citations of the specifications' numbered statements, and the lists of those there are.

use std::collections::BTreeSet;
use std::fmt;

use super::source::Source;

const PREFIX: &str = "MQTT-";
const OLD: &str = "3.1.1 ";

/// The version of MQTT whose statement it is; an identifier may say one thing in one and another in
/// the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V3_1_1,
    V5,
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::V3_1_1, Self::V5];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V3_1_1 => "3.1.1",
            Self::V5 => "5.0",
        }
    }

    /// The statements of this version, in the specification's order.
    pub(crate) fn list(self) -> Vec<Statement> {
        let list = Source::read(&format!("tests/statements/{}.txt", self.name()));
        list.text.lines().map(|id| Statement { version: self, id: id.to_owned() }).collect()
    }
}

/// One numbered statement. Cited by its identifier alone it is 5.0's; the older version is named
/// before the identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    pub(crate) version: Version,
    pub(crate) id: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.version == Version::V5 { "" } else { OLD };
        write!(f, "{version}{}", self.id)
    }
}

/// The statements of MQTT 3.1.1 and 5.0.
pub(crate) fn known() -> BTreeSet<Statement> {
    Version::ALL.into_iter().flat_map(Version::list).collect()
}

/// The citations of a file that no list has, each with its place.
pub(crate) fn faults(source: &Source, known: &BTreeSet<Statement>) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| named(line).map(move |(statement, _)| (index + 1, statement)))
        .filter(|(_, statement)| !known.contains(statement))
        .map(|(line, statement)| format!("{}:{line}: {statement}", source.path))
        .collect()
}

/// The statements that a line cites in brackets.
pub(crate) fn cited(line: &str) -> impl Iterator<Item = Statement> {
    named(line).filter(|(_, in_brackets)| *in_brackets).map(|(statement, _)| statement)
}

/// The identifiers in a line, as they are written: the prefix, then digits, points and hyphens; and
/// whether each stands in brackets.
fn named(line: &str) -> impl Iterator<Item = (Statement, bool)> {
    line.match_indices(PREFIX).filter_map(move |(at, _)| {
        let rest = &line[at + PREFIX.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches(['.', '-']);
        let before = &line[..at];
        let (version, before) =
            before.strip_suffix(OLD).map_or((Version::V5, before), |before| (Version::V3_1_1, before));
        let statement = Statement { version, id: format!("{PREFIX}{number}") };
        let in_brackets = before.ends_with('[') && rest[number.len()..].starts_with(']');
        number.starts_with(|first: char| first.is_ascii_digit()).then_some((statement, in_brackets))
    })
}

#[test]
fn citations_are_found_wherever_they_stand() {
    let [first, second, third] = ["3.3.1-2", "4.4.0-1", "1.5.3-1"].map(|number| format!("{PREFIX}{number}"));
    let line = format!("// One [{first}], two ({second}), three [{OLD}{third}]. {PREFIX}like words are none.");
    let found = |all: &mut dyn Iterator<Item = Statement>| all.map(|it| it.to_string()).collect::<Vec<_>>();
    let old = format!("{OLD}{third}");
    assert_eq!(found(&mut named(&line).map(|(statement, _)| statement)), [first.clone(), second, old.clone()]);
    assert_eq!(found(&mut cited(&line)), [first, old]);
}

#[test]
fn a_statement_that_does_not_exist_is_a_fault() {
    let known = known();
    let check = |citation: &str| {
        let text = format!("//! x\n/// [{citation}]\n");
        faults(&Source { path: "src/x.rs".to_owned(), text }, &known)
    };
    let [invented, only_old, only_new] = ["3.3.1-99", "1.5.3-1", "1.5.4-1"].map(|number| format!("{PREFIX}{number}"));
    for fault in [invented, only_old.clone(), format!("{OLD}{only_new}")] {
        assert_eq!(check(&fault), [format!("src/x.rs:2: {fault}")]);
    }
    assert!(check(&only_new).is_empty() && check(&format!("{OLD}{only_old}")).is_empty());
}
