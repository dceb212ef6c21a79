//! Citations of the specification's numbered statements, and the lists of those there are.

use std::collections::BTreeSet;

use crate::Source;

const PREFIX: &str = "MQTT-";

/// The statements of MQTT 3.1.1 and 5.0.
pub(crate) fn known() -> BTreeSet<String> {
    let lists = ["tests/statements/3.1.1.txt", "tests/statements/5.0.txt"].map(Source::read);
    lists.iter().flat_map(|list| list.text.lines().map(str::to_owned)).collect()
}

/// The citations of a file that no list has, each with its place.
pub(crate) fn faults(source: &Source, known: &BTreeSet<String>) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| cited(line).map(move |id| (index + 1, id)))
        .filter(|(_, id)| !known.contains(id))
        .map(|(line, id)| format!("{}:{line}: {id}", source.path))
        .collect()
}

/// The identifiers in a line, as they are written: the prefix, then digits, points and hyphens.
fn cited(line: &str) -> impl Iterator<Item = String> {
    line.split(PREFIX).skip(1).filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit())).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(rest.len());
        format!("{PREFIX}{}", rest[..end].trim_end_matches(['.', '-']))
    })
}

#[test]
fn citations_are_found_wherever_they_stand() {
    let [first, second] = ["3.3.1-2", "4.4.0-1"].map(|number| format!("{PREFIX}{number}"));
    let line = format!("// One [{first}], two ({second}). {PREFIX}like words are none.");
    assert_eq!(cited(&line).collect::<Vec<_>>(), [first, second]);
}

#[test]
fn a_statement_that_does_not_exist_is_a_fault() {
    let invented = format!("{PREFIX}3.3.1-99");
    let source = Source { path: "src/x.rs".to_owned(), text: format!("//! x\n/// [{invented}]\n") };
    assert_eq!(faults(&source, &known()), [format!("src/x.rs:2: {invented}")]);
}
