//! Scenarios: actions of users and of the network, by name.

use std::time::Duration;

use wasmqtt::client::{Backoff, ClientOptions, ClientWill};
use wasmqtt::codec::{Message, PropertiesBuf, Property, QoS, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, World, WorldOptions};
use wasmqtt::topic::TopicName;

pub(crate) const ALL: [(&str, Scenario); 4] =
    [("flows", flows), ("twice", twice), ("will", will), ("half-open", half_open)];

type Scenario = fn(&mut World);

const SENSOR: Actor = Actor(0);
const DASHBOARD: Actor = Actor(1);
const TOPIC: &str = "home/kitchen/temperature";

/// Returns a world after the scenario.
pub(crate) fn run(scenario: Scenario) -> World {
    let mut world = begin();
    scenario(&mut world);
    world
}

/// One message at each QoS.
fn flows(world: &mut World) {
    for (qos, payload) in [(QoS::AtMostOnce, "20.5"), (QoS::AtLeastOnce, "21.0"), (QoS::ExactlyOnce, "21.5")] {
        act(world, Action::publish(SENSOR, TOPIC, payload.as_bytes(), qos));
        world.run(400);
    }
}

/// A PUBACK that a cut loses, so that the message is sent again.
fn twice(world: &mut World) {
    act(world, Action::publish(SENSOR, TOPIC, b"21.5", QoS::AtLeastOnce));
    world.run(20);
    let fault = Fault::Cut { direction: Direction::Down, after: 0, client_learns: Some(30), broker_learns: Some(30) };
    act(world, Action::Fault { client: SENSOR, fault });
    world.run(1_500);
}

/// A killed client whose will is published after its delay.
fn will(world: &mut World) {
    act(world, Action::publish(SENSOR, TOPIC, b"21.5", QoS::AtMostOnce));
    world.run(300);
    act(world, Action::Kill { client: SENSOR });
    world.run(4_000);
}

/// A link on which nothing arrives any more, and no host is told.
fn half_open(world: &mut World) {
    act(world, Action::Fault { client: SENSOR, fault: Fault::BlackHole });
    act(world, Action::publish(SENSOR, TOPIC, b"22.0", QoS::AtLeastOnce));
    world.run(16_000);
}

fn begin() -> World {
    let mut world = World::new(WorldOptions::default());
    for name in ["sensor", "dashboard"] {
        act(&mut world, Action::Add(options(name)));
    }
    world.run(100);
    act(&mut world, Action::subscribe(DASHBOARD, "home/#", QoS::ExactlyOnce));
    world.run(150);
    world
}

/// A client that keeps its session, and reconnects after half a second.
fn options(client_id: &str) -> Box<ClientOptions> {
    let delay = Duration::from_millis(500);
    let mut will = Message::new(TopicName::parse(&format!("home/{client_id}/status")).expect("a topic"), *b"gone");
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SessionExpiryInterval(3_600)).expect("a number");
    will.properties.push(Property::WillDelayInterval(2)).expect("a number");
    Box::new(ClientOptions {
        version: Version::V5,
        clean_start: false,
        keep_alive: 10,
        properties,
        reconnect: Some(Backoff { min: delay, max: delay, stable: delay }),
        will: Some(ClientWill { message: will }),
        ..ClientOptions::new(client_id)
    })
}

fn act(world: &mut World, action: Action) {
    world.act(action).expect("an action that can be done");
}
