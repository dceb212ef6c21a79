//! Proofs: the statements that each test cites in brackets, in the comment above or between its own
//! lines.

use std::collections::BTreeSet;

use super::citations::{Statement, cited};
use super::source::{Source, sources};

/// A test, and the statements that it proves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// `file::name`; the folder `tests/` and the extension `.rs` are left out.
    pub(crate) test: String,
    pub(crate) statements: BTreeSet<Statement>,
}

impl Proof {
    /// True if the test looks at a server.
    pub(crate) fn is_of_server(&self) -> bool {
        !["client/", "www/"].iter().any(|folder| self.test.starts_with(folder))
    }

    /// True if the test looks at a client.
    pub(crate) fn is_of_client(&self) -> bool {
        !["broker/", "conformance/"].iter().any(|folder| self.test.starts_with(folder))
    }
}

/// Every test that proves something, in a fixed order.
pub(crate) fn all() -> Vec<Proof> {
    let rust = ["src", "tests"].into_iter().flat_map(|folder| sources(folder, &["rs"]));
    let rust = rust.filter(|source| !source.path.starts_with("tests/house/"));
    let node = ["pkg/tests", "www/tests"].into_iter().flat_map(|folder| sources(folder, &["mjs", "ts"]));
    let found: Vec<_> =
        rust.flat_map(|source| in_rust(&source)).chain(node.flat_map(|source| in_javascript(&source))).collect();
    found.into_iter().filter(|proof| !proof.statements.is_empty()).collect()
}

/// Returns the functions with a test's attribute, but for ignored ones. The lines before one, up to
/// an empty line, belong to it.
fn in_rust(source: &Source) -> Vec<Proof> {
    let file = source.path.trim_start_matches("tests/").trim_end_matches(".rs");
    collect(source, |head, line| {
        let is_test = head.iter().any(|line| matches!(*line, "#[test]" | "#[wasm_bindgen_test]"));
        let is_ignore =
            |line: &str| line.starts_with("#[ignore") || line.starts_with("#[cfg_attr(") && line.contains("ignore");
        let is_ignored = head.iter().any(|line| is_ignore(line));
        let line = line.strip_prefix("async ").unwrap_or(line);
        let name = line.strip_prefix("fn ").filter(|_| is_test && !is_ignored)?;
        Some(format!("{file}::{}", name.split(['(', '<']).next().unwrap_or(name)))
    })
}

/// The calls of `test`, and of `it`.
fn in_javascript(source: &Source) -> Vec<Proof> {
    collect(source, |_, line| {
        let title = ["test(", "it("].into_iter().find_map(|call| line.strip_prefix(call))?;
        let quote = title.chars().next().filter(|first| "'\"`".contains(*first))?;
        let title = title[1..].split(quote).next().unwrap_or_default();
        Some(format!("{}::{title}", source.path))
    })
}

/// Looks for the first lines of tests: `name` is given the comments and attributes above a line,
/// and the line. A test ends with the first line that begins with its closing brace.
fn collect(source: &Source, name: impl Fn(&[&str], &str) -> Option<String>) -> Vec<Proof> {
    let lines: Vec<_> = source.text.lines().collect();
    let is_above = |line: &str| ["//", "#[", "/*", "*"].iter().any(|start| line.starts_with(start));
    let mut proofs = Vec::new();
    let mut head = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if is_above(line) {
            head.push(line);
            continue;
        }
        if let Some(test) = name(&head, line) {
            let end = format!("{}}}", " ".repeat(indent));
            let body = lines[index..].iter().take_while(|line| !line.starts_with(&end));
            let statements = head.iter().copied().chain(body.copied()).flat_map(cited).collect();
            proofs.push(Proof { test, statements });
        }
        head.clear();
    }
    proofs
}

#[cfg(test)]
mod tests {
    use super::{Proof, Source, in_javascript, in_rust};

    fn told(proofs: &[Proof]) -> Vec<String> {
        let ids = |proof: &Proof| proof.statements.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        proofs.iter().map(|proof| format!("{}: {}", proof.test, ids(proof))).collect()
    }

    #[test]
    fn a_test_proves_what_it_cites_and_no_other_function_does() {
        let id = |number: &str| format!("[MQTT-{number}]");
        let [a, b, c, d] = ["3.1.0-1", "3.1.0-2", "3.2.0-1", "3.2.0-2"].map(id);
        let text = format!(
            "/// {a}\n#[test]\nfn one() {{\n    // {b}\n}}\n\n/// {c}\nfn helper() {{}}\n\n\
             proptest! {{\n    /// {d}\n    #[test]\n    fn two(x in y()) {{\n    }}\n}}\n// {a}\n#[test]\nfn three() {{\n}}\n"
        );
        let source = Source { path: "tests/broker/x.rs".to_owned(), text };
        let plain = |cited: &str| cited.trim_matches(['[', ']']).to_owned();
        let expected = [
            format!("broker/x::one: {} {}", plain(&a), plain(&b)),
            format!("broker/x::two: {}", plain(&d)),
            format!("broker/x::three: {}", plain(&a)),
        ];
        assert_eq!(told(&in_rust(&source)), expected);
    }

    #[test]
    fn a_test_that_is_ignored_proves_nothing() {
        let cited = "[3.1.1 MQTT-6.0.0-1]";
        for ignore in ["#[ignore]", "#[ignore = \"slow\"]", "#[cfg_attr(debug_assertions, ignore)]"] {
            for head in [format!("#[test]\n{ignore}"), format!("{ignore}\n#[test]")] {
                let text = format!("/// {cited}\n{head}\nfn one() {{\n    // {cited}\n}}\n");
                let source = Source { path: "tests/broker/x.rs".to_owned(), text };
                assert!(in_rust(&source).is_empty(), "{head}");
            }
        }
    }

    #[test]
    fn the_tests_of_node_are_found_too() {
        let cited = "[3.1.1 MQTT-6.0.0-1]";
        let text = format!("// {cited}\n  test('a, b', async () => {{\n  }})\n  // {cited}\n  const x = 1\n");
        let source = Source { path: "pkg/tests/x.test.mjs".to_owned(), text };
        assert_eq!(
            told(&in_javascript(&source)),
            [format!("pkg/tests/x.test.mjs::a, b: {}", cited.trim_matches(['[', ']']))]
        );
    }
}
