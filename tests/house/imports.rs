//! Imports from one file of the checkout to another.

use std::collections::{BTreeMap, BTreeSet};

/// One import, with the line that it stands on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
    /// True if it takes types alone, which are gone when the program runs.
    pub(crate) is_type: bool,
}

/// A graph of names: each with those that it leads to.
pub(crate) type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The shortest circle through each group of names that all lead to one another, as `a → b → a`.
pub(crate) fn circles(graph: &Graph<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for start in graph.keys().copied() {
        if seen.contains(start) {
            continue;
        }
        let reached = reachable(graph, start);
        if let Some(circle) = shortest_back(graph, start) {
            seen.extend(reached.iter().copied().filter(|name| reachable(graph, name).contains(start)));
            found.push(circle.join(" → "));
        }
    }
    found
}

fn reachable<'a>(graph: &Graph<'a>, start: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for next in graph.get(name).into_iter().flatten().copied() {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

/// The shortest way from a name back to itself.
fn shortest_back<'a>(graph: &Graph<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut before = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(name) = open.pop_front() {
        for next in graph.get(name).into_iter().flatten().copied() {
            if next == start {
                let mut way = vec![start, name];
                while let Some(last) = before.get(way.last().expect("it has two names")) {
                    way.push(*last);
                }
                // A circle of one name stands there twice already.
                way.truncate(way.iter().skip(1).position(|name| *name == start).map_or(way.len(), |at| at + 2));
                way.reverse();
                return Some(way);
            }
            if !before.contains_key(next) {
                before.insert(next, name);
                open.push_back(next);
            }
        }
    }
    None
}

#[test]
fn each_circle_is_found_once() {
    let graph = |imports: &[(&'static str, &'static str)]| {
        let mut graph = Graph::new();
        for (from, to) in imports {
            graph.entry(from).or_default().insert(to);
        }
        circles(&graph)
    };
    assert_eq!(graph(&[("a", "b"), ("b", "c"), ("a", "c"), ("d", "a")]), [""; 0]);
    assert_eq!(graph(&[("a", "b"), ("b", "a")]), ["a → b → a"]);
    assert_eq!(graph(&[("z", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]), ["a → b → c → a"]);
    assert_eq!(graph(&[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("b", "c")]), ["a → b → a", "c → d → c"]);
}
