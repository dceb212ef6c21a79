//! A simulated world, natively: its events a second, and the memory of its trace.
//!
//! `cargo bench --bench simulator`

use std::time::Instant;

use wasmqtt::client::ClientOptions;
use wasmqtt::codec::QoS;
use wasmqtt::simulator::{Action, Actor, World, WorldOptions};

use allocator::allocated;

#[path = "../../tests/support/allocator.rs"]
mod allocator;

/// Messages of QoS 1 to two subscribers. Each takes six packets, so that the trace has 100,000.
const MESSAGES: usize = 16_667;
/// Runs, the median of which counts.
const RUNS: usize = 5;

/// The goals.
const EVENTS_MIN: u128 = 500_000;
const MEGABYTES_MAX: usize = 60;

fn main() {
    let mut rates = Vec::new();
    let mut last = (0, 0);
    for _ in 0..RUNS {
        let before = allocated();
        let began = Instant::now();
        let world = run();
        let nanoseconds = began.elapsed().as_nanos().max(1);
        rates.push(u128::from(world.moments()) * 1_000_000_000 / nanoseconds);
        last = (world.trace().packets().count(), (allocated() - before).cast_unsigned());
    }
    rates.sort_unstable();
    let (rate, (packets, bytes)) = (rates[RUNS / 2], last);
    println!("A world of three clients: {rate} events a second; the goal is {EVENTS_MIN}.");
    let megabytes = bytes.div_ceil(1_000_000);
    println!("It holds {megabytes} MB with a trace of {packets} packets; the goal is {MEGABYTES_MAX}.");
}

/// Runs a world until its trace is long.
fn run() -> World {
    let mut world = World::new(WorldOptions { latency: 1, ..WorldOptions::default() });
    for name in ["dash", "panel", "sensor"] {
        let options = ClientOptions { keep_alive: 0, ..ClientOptions::new(name) };
        world.act(Action::Add(Box::new(options))).expect("a new client");
    }
    world.run(10);
    let [dash, panel, sensor] = [0, 1, 2].map(Actor);
    for client in [dash, panel] {
        world.act(Action::subscribe(client, "home/#", QoS::AtLeastOnce)).expect("a good filter");
    }
    world.run(10);
    for _ in 0..MESSAGES {
        let message = Action::publish(sensor, "home/kitchen", &[0; 64], QoS::AtLeastOnce);
        world.act(message).expect("a good topic");
        world.run(10);
    }
    world
}
