//! The page "The life of a PUBLISH": the files and functions that it names.

use super::source::{Source, root};

const PAGE: &str = "docs/life-of-a-publish.md";

/// Each path of the page, with the functions that stand behind it up to the next path of the line.
fn steps(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        let first = steps.len();
        for code in line.split('`').skip(1).step_by(2) {
            let is_name = code.chars().all(|char| char.is_alphanumeric() || char == '_');
            if code.contains(['/', '.']) {
                steps.push((code, Vec::new()));
            } else if is_name && let Some((_, names)) = steps[first..].last_mut() {
                names.push(code);
            }
        }
    }
    steps
}

/// True if the text declares, lists or calls something of this name.
fn has(text: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(start, _)| {
        let (before, behind) = (&text[..start], &text[start + name.len()..]);
        !before.ends_with(is_part) && !behind.starts_with(is_part)
    })
}

#[test]
fn files_and_functions_of_the_life_of_a_publish_exist() {
    let text = Source::read(PAGE).text;
    let steps = steps(&text);
    let named: usize = steps.iter().map(|(_, names)| names.len()).sum();
    assert!(named > 40, "{PAGE} names {named} functions");
    let mut missing = Vec::new();
    for (path, names) in steps {
        if !root().join(path).exists() {
            missing.push(format!("{path} does not exist"));
        } else if root().join(path).is_file() {
            let file = Source::read(path).text;
            let absent = names.into_iter().filter(|name| !has(&file, name));
            missing.extend(absent.map(|name| format!("{path} has no `{name}`")));
        }
    }
    assert!(missing.is_empty(), "{PAGE} is out of date:\n{}", missing.join("\n"));
}

#[test]
fn the_readmes_link_to_the_life_of_a_publish() {
    for path in ["README.md", "CONTRIBUTING.md"] {
        assert!(Source::read(path).text.contains(&format!("]({PAGE})")), "{path}");
    }
}

#[test]
fn names_belong_to_the_path_before_them() {
    let text = "`none`\n`a/b.rs`: `one`, `two`; `c.ts`: `three` and `not a name`\n`x` `d/`";
    assert_eq!(steps(text), [("a/b.rs", vec!["one", "two"]), ("c.ts", vec!["three"]), ("d/", vec![])]);
    assert!(has("fn one(", "one") && !has("fn one_more(", "one") && !has("anyone", "one"));
}

/// `Broker::poll_output` hands out and does no more, which its length shows.
#[test]
fn poll_output_of_the_broker_is_short() {
    let text = Source::read("src/broker/mod.rs").text;
    let body = text.lines().skip_while(|line| !line.contains("pub fn poll_output"));
    let lines = body.take_while(|line| *line != "    }").count();
    assert!((5..=40).contains(&lines), "{lines} lines");
}
