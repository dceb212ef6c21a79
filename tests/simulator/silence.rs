//! Silence: keep alive from both ends, and connections that nobody answers.

use wasmqtt::client::{ClientOptions, CloseReason, Phase};
use wasmqtt::codec::{QoS, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, World, WorldOptions};

use super::acts::{BOTH, begin, fault, keeping, reasons, sent_bytes};

const SECOND: u64 = 1_000;
const CLIENT: Actor = Actor(0);

/// A client that does not connect again, with a keep alive of ten seconds.
fn lonely(version: Version) -> World {
    let mut world = World::new(WorldOptions::default());
    let options = ClientOptions { reconnect: None, will: None, ..*keeping(version, "lonely") };
    world.act(Action::Add(Box::new(options))).expect("a new client");
    world
}

fn is_connected(world: &World) -> bool {
    world.client(CLIENT).is_some_and(|client| client.phase() == Phase::Connected)
}

#[test]
fn an_idle_connection_lives_on_its_pings() {
    for version in BOTH {
        let mut world = lonely(version);
        world.run(3_600 * SECOND);
        assert!(is_connected(&world), "{:?}", reasons(&world, CLIENT));
        // A PINGREQ of two bytes every ten seconds, and its answer.
        for direction in [Direction::Up, Direction::Down] {
            let bytes = sent_bytes(&world, CLIENT, direction);
            assert!((700..=760).contains(&bytes), "{version:?} {direction:?}: {bytes} bytes");
        }
    }
}

#[test]
fn both_ends_give_up_a_link_that_fell_silent() {
    for version in BOTH {
        let mut world = lonely(version);
        world.run(3 * SECOND);
        fault(&mut world, CLIENT, Fault::BlackHole);
        // The last packet was CONNECT, within the first 100 ms. The broker waits one and a half
        // times the keep alive, the client that long too: ten seconds until its ping, and half of
        // that for the answer.
        world.run(11_900);
        assert!(is_connected(&world) && world.broker().clients().count() == 1, "{version:?}");
        world.run(300);
        assert_eq!(reasons(&world, CLIENT), [&CloseReason::KeepAliveTimeout], "{version:?}");
        assert_eq!((world.broker().clients().count(), world.broker().connections()), (0, 0), "{version:?}");
    }
}

#[test]
fn traffic_one_way_does_not_hide_that_the_other_way_is_dead() {
    for version in BOTH {
        let mut world = lonely(version);
        world.run(SECOND);
        fault(&mut world, CLIENT, Fault::BlackHole);
        // It publishes all the time, so that it need not ping for the broker's sake:
        // [MQTT-3.1.2-20] asks for no more.
        for number in 0..60 {
            if is_connected(&world) {
                begin(&mut world, CLIENT, &number.to_string(), QoS::AtLeastOnce);
            }
            world.run(SECOND);
        }
        assert_eq!(reasons(&world, CLIENT), [&CloseReason::KeepAliveTimeout], "{version:?}");
    }
}

#[test]
fn a_connect_that_nobody_answers_is_given_up_by_both_ends() {
    for version in BOTH {
        let mut world = lonely(version);
        world.run(world.options().latency);
        fault(&mut world, CLIENT, Fault::BlackHole);
        world.run(10 * SECOND);
        assert_eq!(world.broker().connections(), 0, "the broker's connect timeout");
        world.run(19_900);
        assert!(reasons(&world, CLIENT).is_empty());
        world.run(100);
        assert_eq!(reasons(&world, CLIENT), [&CloseReason::ConnectTimeout], "{version:?}");
    }
}
