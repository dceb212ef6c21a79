//! The router's table: costs among 1 to 1,000,000 filters of realistic shape. It has the time and
//! the nodes of a match, the time of insertion and removal, and the bytes of a subscription.
//!
//! `cargo bench --bench router`

use std::hint::black_box;
use std::time::{Duration, Instant};

use wasmqtt::router::Router;
use wasmqtt::topic::TopicFilter;

use allocator::allocated;

#[path = "../tests/support/allocator.rs"]
mod allocator;

/// The sites, the floors of each, the rooms of each and the sensors of each. There is more than one
/// of each where there is more than one filter, so that a match takes the same way at each size.
const SHAPES: [[usize; 4]; 5] = [[1, 1, 1, 1], [2, 2, 5, 50], [5, 4, 10, 50], [20, 5, 20, 50], [100, 10, 20, 50]];

/// The goals, at the largest size.
const MATCH_NANOSECONDS_MAX: f64 = 1_000.0;
const SUBSCRIPTION_BYTES_MAX: usize = 120;

/// How long a figure is measured, this often; the median counts.
const ROUND: Duration = Duration::from_millis(100);
const ROUNDS: usize = 5;

fn main() {
    println!(
        "Nanoseconds a match: of topics that come again and again, and of all topics in a random order, which is hot and"
    );
    println!(
        "cold; beside it what one read at a random place of as much memory takes. The nodes are those a match looks at."
    );
    println!();
    println!("         match of     match of      match of     one         insert,   bytes of trie");
    println!("filters  100 topics  1,000 topics  all topics  read  nodes   remove  a subscription");
    for shape in SHAPES {
        let row = Row::measured(shape);
        println!(
            "{:>7}  {:>10.0}  {:>12.0}  {:>10.0}  {:>4.0}  {:>5.2}  {:>7.0}  {:>14}",
            row.filters, row.hundred, row.thousand, row.all, row.read, row.nodes, row.changes, row.bytes
        );
        if shape == SHAPES[SHAPES.len() - 1] {
            row.hold_against_the_goals();
        }
    }
}

/// Measurements of one size.
struct Row {
    filters: usize,
    /// Nanoseconds a match, by how many topics there are.
    hundred: f64,
    thousand: f64,
    all: f64,
    /// Nanoseconds to read what was read from where.
    read: f64,
    /// Nodes a match, on average.
    nodes: f64,
    /// Nanoseconds to insert a filter and to remove it.
    changes: f64,
    /// Bytes a subscription.
    bytes: usize,
}

impl Row {
    fn measured(shape: [usize; 4]) -> Self {
        let filters = shape.iter().product();
        let (mut router, bytes) = filled((0..filters).map(|index| filter(shape, index)));
        let [hundred, thousand, all] =
            [100, 1_000, filters].map(|count| nanoseconds_a_match(&router, &Topics::new(shape, count)));
        let read = nanoseconds_a_read(bytes * router.len());
        let nodes = nodes_a_match(&router, &Topics::new(shape, 1_000));
        let changes = nanoseconds_a_change(&mut router, shape);
        Self { filters, hundred, thousand, all, read, nodes, changes, bytes }
    }

    fn hold_against_the_goals(&self) {
        let verdict = |reached| if reached { "reached" } else { "NOT reached" };
        println!();
        println!("goal of a match: at most {MATCH_NANOSECONDS_MAX}, {}", verdict(self.all <= MATCH_NANOSECONDS_MAX));
        println!(
            "goal of the bytes: at most {SUBSCRIPTION_BYTES_MAX}, {}",
            verdict(self.bytes <= SUBSCRIPTION_BYTES_MAX)
        );
        let (_, bytes) = filled((0..self.filters).map(filter_of_a_device));
        println!("A filter that has a level which no other has, as devices/device-0000001/state, takes {bytes} bytes.");
    }
}

/// Topics one behind the other, as messages come in: what they take of the caches is little.
struct Topics {
    text: String,
    ends: Vec<usize>,
}

impl Topics {
    /// So many of all, spread over them; all if there are no more.
    fn new(shape: [usize; 4], count: usize) -> Self {
        let size: usize = shape.iter().product();
        let mut topics = Self { text: String::new(), ends: Vec::new() };
        let mut places: Vec<usize> = (0..count).map(|step| step * size / count).collect();
        shuffle(&mut places);
        for place in places {
            topics.text += &topic(shape, place);
            topics.ends.push(topics.text.len());
        }
        topics
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }
}

/// The number of a site, of a floor in it, of a room on it and of a sensor in it.
fn place([_, floors, rooms, sensors]: [usize; 4], index: usize) -> [usize; 4] {
    let room = index / sensors;
    let floor = room / rooms;
    [floor / floors, floor % floors, room % rooms, index % sensors]
}

/// Every tenth filter has a `+`, every hundredth ends in `#`; the others name one sensor.
fn filter(shape: [usize; 4], index: usize) -> TopicFilter {
    let [site, floor, room, sensor] = place(shape, index);
    let text = match index % 100 {
        1..=10 => format!("site-{site}/floor-{floor}/+/sensor-{sensor}/state"),
        99 => format!("site-{site}/floor-{floor}/room-{room}/{sensor}/#"),
        _ => format!("site-{site}/floor-{floor}/room-{room}/sensor-{sensor}/temperature"),
    };
    TopicFilter::parse(&text).expect("a topic filter")
}

fn topic(shape: [usize; 4], index: usize) -> String {
    let [site, floor, room, sensor] = place(shape, index);
    format!("site-{site}/floor-{floor}/room-{room}/sensor-{sensor}/temperature")
}

/// A level of its own for each.
fn filter_of_a_device(index: usize) -> TopicFilter {
    TopicFilter::parse(&format!("devices/device-{index:07}/state")).expect("a topic filter")
}

/// A router with these filters, and its bytes a subscription.
fn filled(filters: impl Iterator<Item = TopicFilter>) -> (Router<u32>, usize) {
    let before = allocated();
    let mut router = Router::new();
    for (key, filter) in (0..).zip(filters) {
        router.insert(&filter, key, ());
    }
    let bytes = (allocated() - before).cast_unsigned() / router.len();
    (router, bytes)
}

fn nanoseconds_a_match(router: &Router<u32>, topics: &Topics) -> f64 {
    median_nanoseconds(topics.ends.len(), || {
        let mut found = 0_u64;
        for topic in topics.iter() {
            router.for_each_match(black_box(topic), |key, ()| found += u64::from(*key));
        }
        black_box(found);
    })
}

/// Time of a read whose address depends on the last one, as from node to node.
fn nanoseconds_a_read(bytes: usize) -> f64 {
    const READS: usize = 10_000;
    // Lines of the cache, each with the number of another, all in one circle.
    let mut order: Vec<usize> = (0..=bytes / 64).collect();
    shuffle(&mut order);
    let mut lines = vec![[0_usize; 8]; order.len()];
    for (line, next) in order.iter().zip(order.iter().cycle().skip(1)) {
        lines[*line][0] = *next;
    }
    let mut line = 0;
    median_nanoseconds(READS, || line = (0..READS).fold(line, |line, _| black_box(lines[line][0])))
}

fn nodes_a_match(router: &Router<u32>, topics: &Topics) -> f64 {
    let nodes: usize = topics.iter().map(|topic| router.for_each_match(topic, |_, ()| ())).sum();
    float(nodes) / float(topics.ends.len())
}

/// Time of a change: sites that are not there yet come and go.
fn nanoseconds_a_change(router: &mut Router<u32>, shape: [usize; 4]) -> f64 {
    let size: usize = shape.iter().product();
    let filters: Vec<TopicFilter> = (0..4_096).map(|step| filter(shape, size + step)).collect();
    median_nanoseconds(filters.len(), || {
        for filter in &filters {
            router.insert(filter, 0, ());
        }
        for filter in &filters {
            router.remove(filter, &0);
        }
    })
}

fn shuffle(numbers: &mut [usize]) {
    let mut random = 1_u64;
    for place in (1..numbers.len()).rev() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(random >> 33).expect("31 bits") % (place + 1);
        numbers.swap(place, other);
    }
}

/// Returns the time of one of the `count` operations of `run`, in the median of the rounds.
fn median_nanoseconds(count: usize, mut run: impl FnMut()) -> f64 {
    run();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (started, mut times) = (Instant::now(), 0);
            while started.elapsed() < ROUND {
                run();
                times += 1;
            }
            started.elapsed().as_secs_f64() * 1e9 / float(times * count)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn float(number: usize) -> f64 {
    number as f64
}
