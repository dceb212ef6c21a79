//! Scenarios of worlds whose traces have the same hash natively and in WebAssembly.

use core::time::Duration;

use wasmqtt::client::{Backoff, ClientOptions, ClientWill};
use wasmqtt::codec::{Message, PropertiesBuf, Property, QoS, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, Restart, SharedRun, World, WorldOptions};
use wasmqtt::topic::TopicName;

/// The hashes, a line for each scenario. `UPDATE=1 cargo test --test simulator` writes them anew.
/// `pkg/tests/worlds.test.mjs` opens the links in the module that is shipped.
pub(crate) const HASHES: &str = include_str!("worlds.txt");

/// Returns a line for each scenario: its name, the entries of its trace, their hash, and the link.
pub(crate) fn lines() -> String {
    let line = |version: Version, seed: u64| {
        let world = run(version, seed);
        let (options, actions, moment) = (world.options().clone(), world.actions().to_vec(), world.moments());
        let link = SharedRun { options, actions, moment }.to_link();
        format!("{version:?} {seed} {} {:016x} {link}\n", world.trace().entries().len(), world.trace().hash())
    };
    let lines =
        [Version::V3_1_1, Version::V5].map(|version| (0..10).map(|seed| line(version, seed)).collect::<Vec<_>>());
    lines.concat().concat()
}

/// Two clients under faults that the seed draws, over a broker that restarts once.
fn run(version: Version, seed: u64) -> World {
    let options = WorldOptions { seed, jitter: 30, has_store: seed.is_multiple_of(2), ..WorldOptions::default() };
    let mut world = World::new(options);
    for name in ["subscriber", "publisher"] {
        world.act(Action::Add(client(version, name))).expect("a new client");
    }
    world.run(200);
    world.act(Action::subscribe(Actor(0), "t/#", QoS::ExactlyOnce)).expect("a good filter");
    let mut random = seed;
    for round in 0..40_u8 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = usize::try_from(random >> 33).unwrap_or(0);
        let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][draw % 3];
        // A full queue, an ended client or a missing link is a part of the scenario.
        let _ = world.act(Action::publish(Actor(1), "t/a", &[round], qos));
        let direction = if draw.is_multiple_of(2) { Direction::Up } else { Direction::Down };
        let fault = match draw % 6 {
            0 => Fault::Cut { direction, after: draw % 40, client_learns: Some(5), broker_learns: None },
            1 => Fault::Stall(300),
            2 => Fault::Latency { milliseconds: 10, jitter: 40 },
            3 => Fault::BlackHole,
            4 => Fault::Segments(core::num::NonZeroU32::new(30)),
            _ => Fault::Bandwidth(core::num::NonZeroU32::new(2_000)),
        };
        let _ = world.act(Action::Fault { client: Actor(draw / 7 % 2), fault });
        if round == 20 {
            world.act(Action::RestartBroker(Restart::Unwritten)).expect("a broker");
        }
        world.run(777);
    }
    world.run(60_000);
    world
}

fn client(version: Version, name: &str) -> Box<ClientOptions> {
    let mut properties = PropertiesBuf::new();
    if version == Version::V5 {
        properties.push(Property::SessionExpiryInterval(u32::MAX)).expect("a number");
    }
    let second = Duration::from_secs(1);
    let will = TopicName::parse("t/will").expect("a topic");
    Box::new(ClientOptions {
        version,
        clean_start: false,
        keep_alive: 10,
        properties,
        reconnect: Some(Backoff { min: second, max: second, stable: second }),
        will: Some(ClientWill { message: Message::new(will, *b"gone") }),
        ..ClientOptions::new(name)
    })
}
