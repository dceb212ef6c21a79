//! The router against a naive oracle: a list of filters, each held against the topic by itself.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wasmqtt::router::{Router, explain};
use wasmqtt::topic::{TopicFilter, TopicName};

#[derive(Clone, Debug)]
enum Action {
    Insert(String, u8, u32),
    Remove(String, u8),
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "", "$SYS", "long-level"])
}

fn topic() -> impl Strategy<Value = String> {
    prop::collection::vec(level(), 1..5)
        .prop_map(|levels| levels.join("/"))
        .prop_filter("not empty", |text| !text.is_empty())
}

fn filter() -> impl Strategy<Value = String> {
    let level = prop_oneof![3 => level(), 1 => Just("+")];
    (prop::collection::vec(level, 0..4), prop::bool::ANY)
        .prop_map(|(mut levels, hash)| {
            if hash {
                levels.push("#");
            }
            levels.join("/")
        })
        .prop_filter("not empty", |text| !text.is_empty())
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let insert = (filter(), 0..4_u8, any::<u32>()).prop_map(|(filter, key, value)| Action::Insert(filter, key, value));
    let remove = (filter(), 0..4_u8).prop_map(|(filter, key)| Action::Remove(filter, key));
    prop::collection::vec(prop_oneof![2 => insert, 1 => remove], 0..60)
}

/// §4.7 once more, written otherwise than in the crate: by cases on the first levels.
fn oracle(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        (["#"], _) | ([], []) => true,
        ([], _) | (_, []) => false,
        (["+", filter @ ..], [_, topic @ ..]) => oracle(filter, topic),
        ([first, filter @ ..], [level, topic @ ..]) => first == level && oracle(filter, topic),
    }
}

fn oracle_matches(filter: &str, topic: &str) -> bool {
    let hidden = topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'));
    let filter: Vec<&str> = filter.split('/').collect();
    let topic: Vec<&str> = topic.split('/').collect();
    !hidden && oracle(&filter, &topic)
}

fn parse(filter: &str) -> TopicFilter {
    TopicFilter::parse(filter).expect(filter)
}

fn matches(router: &Router<u8, u32>, topic: &str) -> Vec<(u8, u32)> {
    let mut found = Vec::new();
    router.for_each_match(topic, |key, value| found.push((*key, *value)));
    found.sort_unstable();
    found
}

proptest! {
    #[test]
    fn it_finds_what_the_oracle_finds(actions in actions(), topics in prop::collection::vec(topic(), 1..20)) {
        let mut router = Router::new();
        let mut list: BTreeMap<(String, u8), u32> = BTreeMap::new();
        for action in actions {
            match action {
                Action::Insert(filter, key, value) => {
                    prop_assert_eq!(router.insert(&parse(&filter), key, value), list.insert((filter, key), value));
                }
                Action::Remove(filter, key) => {
                    prop_assert_eq!(router.remove(&parse(&filter), &key), list.remove(&(filter, key)));
                }
            }
            prop_assert_eq!(router.len(), list.len());
        }
        for topic in &topics {
            let mut expected: Vec<(u8, u32)> =
                list.iter()
                    .filter(|((filter, _), _)| oracle_matches(filter, topic))
                    .map(|((_, key), value)| (*key, *value))
                    .collect();
            expected.sort_unstable();
            prop_assert_eq!(matches(&router, topic), expected, "{}", topic);
        }
        for ((filter, key), value) in &list {
            prop_assert_eq!(router.get(&parse(filter), key), Some(value));
        }
        for ((filter, key), value) in list {
            prop_assert_eq!(router.remove(&parse(&filter), &key), Some(value));
        }
        prop_assert!(router.is_empty());
        prop_assert!(topics.iter().all(|topic| matches(&router, topic).is_empty()));
    }

    #[test]
    fn a_filter_and_its_explanation_agree_with_the_oracle(filter in filter(), topic in topic()) {
        let expected = oracle_matches(&filter, &topic);
        let (filter, topic) = (parse(&filter), TopicName::parse(&topic).expect("a topic"));
        prop_assert_eq!(filter.matches(&topic), expected);
        prop_assert_eq!(explain(&filter, &topic).matches, expected);
    }
}

#[test]
fn sixty_thousand_levels_do_not_exhaust_the_stack() {
    let deep = "/".repeat(60_000);
    let wild = "+/".repeat(30_000) + "#";
    let mut router = Router::new();
    router.insert(&parse(&deep), 1_u8, 0_u32);
    router.insert(&parse(&wild), 2, 0);
    assert_eq!(matches(&router, &deep), [(1, 0), (2, 0)]);
    router.remove(&parse(&deep), &1);
    router.remove(&parse(&wild), &2);
    assert!(router.is_empty());
}

/// As many filters as there are rooms, of four kinds.
fn filters_of_rooms([sites, floors, rooms]: [usize; 3]) -> Router<u8, u32> {
    let mut router = Router::new();
    for index in 0..sites * floors * rooms {
        let (site, floor, room) = (index / rooms / floors, index / rooms % floors, index % rooms);
        let filter = match room % 20 {
            0 => format!("{site}/{floor}/{room}/#"),
            1 => format!("{site}/+/{room}/of-{floor}"),
            2 => format!("{site}/{floor}/+/of-{room}"),
            _ => format!("{site}/{floor}/{room}/state"),
        };
        router.insert(&parse(&filter), 0, 0);
    }
    router
}

#[test]
fn a_match_looks_at_as_many_nodes_among_a_million_filters_as_among_a_thousand() {
    let costs = [[5, 5, 40], [50, 50, 400]].map(|shape| {
        let router = filters_of_rooms(shape);
        assert_eq!(router.len(), shape.iter().product());
        let [sites, floors, rooms] = shape.map(|count| [0, count / 2, count - 1]);
        // By the kind of the room's filter, and by how the topic ends.
        let mut costs: BTreeMap<_, BTreeSet<usize>> = BTreeMap::new();
        for (site, floor) in sites.into_iter().flat_map(|site| floors.map(|floor| (site, floor))) {
            for (kind, room) in
                rooms.into_iter().flat_map(|room| [0, 1, 2, 3].map(|kind| (kind, room / 20 * 20 + kind)))
            {
                for last in ["state", "state/raw", "of-2", "other"] {
                    let looked_at = router.for_each_match(&format!("{site}/{floor}/{room}/{last}"), |_, _| ());
                    costs.entry((kind, last)).or_default().insert(looked_at);
                }
            }
        }
        costs
    });
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].values().all(|costs| costs.len() == 1), "{costs:?}");
}

/// A match that meets a long level on many paths costs its bytes on each, so that a budget of nodes
/// bounds its time.
#[test]
fn a_long_level_costs_more_looks_than_a_short_one() {
    let mut router = Router::new();
    for number in 0..256 {
        let filter = (0..8).fold(String::new(), |text, bit| text + if number >> bit & 1 == 0 { "+/" } else { "b/" });
        router.insert(&parse(&(filter + "end")), number, ());
    }
    let cost = |last: &str| router.for_each_match(&("b/".repeat(8) + last), |_, ()| ());
    let (short, long) = (cost("x"), cost(&"x".repeat(6_400)));
    assert!(long >= short + 256 * 100, "{long} looks at a long level, {short} at a short one");
}
