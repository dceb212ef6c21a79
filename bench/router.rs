//! The router's table: a match among 1, 1,000 and 1,000,000 filters of realistic shape, what inserting and removing cost,
//! and how many bytes a subscription takes.
//!
//! `cargo bench --bench router`

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::Bencher;
use divan::counter::ItemsCount;
use wasmqtt::router::Router;
use wasmqtt::topic::TopicFilter;

const SIZES: [usize; 3] = [1, 1_000, 1_000_000];

/// How many bytes are allocated now.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting.
struct Counting;

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One router of each size, built once.
static ROUTERS: LazyLock<Vec<Router<u32>>> = LazyLock::new(|| SIZES.into_iter().map(filled).collect());

fn main() {
    println!("bytes of trie a subscription, levels included (a goal of at most 120 at 1,000,000):");
    for size in SIZES {
        let before = BYTES.load(Ordering::Relaxed);
        let router = filled(size);
        let bytes = BYTES.load(Ordering::Relaxed) - before;
        println!("  {size:>9} filters: {:>6} bytes", bytes / router.len());
    }
    divan::main();
}

/// Where a sensor stands: a site of up to a thousand rooms has a hundred sensors a floor or so.
fn place(index: usize) -> [usize; 4] {
    [index / 10_000, index / 1_000 % 10, index / 50 % 20, index % 50]
}

/// Every tenth filter has a `+`, every hundredth ends in `#`; the others name one sensor.
fn filter(index: usize) -> TopicFilter {
    let [site, floor, room, sensor] = place(index);
    let text = match index % 100 {
        0 => format!("site-{site}/floor-{floor}/room-{room}/{sensor}/#"),
        1..=10 => format!("site-{site}/floor-{floor}/+/sensor-{sensor}/state"),
        _ => format!("site-{site}/floor-{floor}/room-{room}/sensor-{sensor}/temperature"),
    };
    TopicFilter::parse(&text).expect("a topic filter")
}

fn topic(index: usize) -> String {
    let [site, floor, room, sensor] = place(index);
    format!("site-{site}/floor-{floor}/room-{room}/sensor-{sensor}/temperature")
}

fn filled(size: usize) -> Router<u32> {
    let mut router = Router::new();
    for index in 0..size {
        router.insert(&filter(index), u32::try_from(index).expect("a million at most"), ());
    }
    router
}

/// Topics all over the range, in an order that the caches cannot guess.
fn topics(size: usize) -> Vec<String> {
    (0..4_096).map(|step: usize| topic(step.wrapping_mul(0x9E37_79B1) % size)).collect()
}

#[divan::bench(args = SIZES)]
fn match_a_topic_that_is_subscribed(bencher: Bencher<'_, '_>, size: usize) {
    bench_matches(bencher, size, &topics(size));
}

#[divan::bench(args = SIZES)]
fn match_a_topic_that_is_not(bencher: Bencher<'_, '_>, size: usize) {
    let topics: Vec<String> = topics(size).iter().map(|topic| format!("{topic}/raw")).collect();
    bench_matches(bencher, size, &topics);
}

/// One iteration matches every topic; the items a second are matches.
fn bench_matches(bencher: Bencher<'_, '_>, size: usize, topics: &[String]) {
    let router = &ROUTERS[SIZES.iter().position(|other| *other == size).expect("one of the sizes")];
    bencher.counter(ItemsCount::new(topics.len())).bench_local(|| {
        let mut found = 0_u64;
        for topic in topics {
            router.for_each_match(black_box(topic), |key, ()| found += u64::from(*key));
        }
        found
    });
}

#[divan::bench(args = SIZES)]
fn insert_and_remove_a_filter(bencher: Bencher<'_, '_>, size: usize) {
    let mut router = filled(size);
    let filters: Vec<TopicFilter> = (0..4_096).map(|step| filter(size + step)).collect();
    bencher.counter(ItemsCount::new(filters.len())).bench_local(|| {
        for filter in &filters {
            router.insert(filter, 0, ());
        }
        for filter in &filters {
            router.remove(filter, &0);
        }
    });
}
