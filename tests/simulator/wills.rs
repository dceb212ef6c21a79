//! Wills from end to end: heard after every end of a connection but DISCONNECT.

use wasmqtt::client::{ClientOptions, ClientWill};
use wasmqtt::codec::{Message, PropertiesBuf, Property, QoS, ReasonCode, Version};
use wasmqtt::simulator::{Action, Actor, ClientEvent, Direction, Fault, World, WorldOptions};
use wasmqtt::topic::TopicName;

use super::acts::{BOTH, connect_elsewhere, count, cut, events, fault, keeping, welcomes};

const WATCHER: Actor = Actor(0);
const MORTAL: Actor = Actor(1);

/// A watcher of all wills, and a client with one, both connected.
fn watched(options: ClientOptions) -> World {
    let mut world = World::new(WorldOptions::default());
    let watcher = ClientOptions { will: None, ..*keeping(Version::V5, "watcher") };
    for options in [watcher, options] {
        world.act(Action::Add(Box::new(options))).expect("a new client");
        world.run(100);
    }
    world.act(Action::subscribe(WATCHER, "will/#", QoS::ExactlyOnce)).expect("a good filter");
    world.run(3_000);
    world
}

/// A client that does not connect again.
fn mortal(version: Version) -> ClientOptions {
    ClientOptions { reconnect: None, ..*keeping(version, "mortal") }
}

fn leave(world: &mut World) {
    world.act(Action::Disconnect { client: MORTAL, reason: ReasonCode::Success }).expect("a client");
}

type End = (&'static str, fn(&mut World, Version), usize);

const ENDS: [End; 7] = [
    ("a cut", |world, _| fault(world, MORTAL, cut(Direction::Up, 0)), 1),
    ("silence", |world, _| fault(world, MORTAL, Fault::BlackHole), 1),
    ("the end of its process", |world, _| world.act(Action::Kill { client: MORTAL }).expect("a client"), 1),
    (
        "another that takes over",
        |world, version| {
            connect_elsewhere(world, mortal(version));
        },
        1,
    ),
    (
        "the broker's host",
        |world, _| {
            let dismiss = Action::Dismiss { client: MORTAL, reason: ReasonCode::AdministrativeAction };
            world.act(dismiss).expect("it is connected");
        },
        1,
    ),
    ("DISCONNECT", |world, _| leave(world), 0),
    (
        "DISCONNECT whose last byte is lost",
        |world, _| {
            fault(world, MORTAL, cut(Direction::Up, 1));
            leave(world);
        },
        1,
    ),
];

/// [MQTT-3.1.2-8], [MQTT-3.14.4-3].
#[test]
fn a_will_is_heard_after_every_end_but_disconnect() {
    for version in BOTH {
        for (name, end, wills) in ENDS {
            let mut world = watched(mortal(version));
            assert_eq!(count(&world, WATCHER, "gone"), 0, "{name}: too early");
            end(&mut world, version);
            // The process elsewhere does not ping, so that its will would come in 15 seconds.
            world.run(14_900);
            assert_eq!(count(&world, WATCHER, "gone"), wills, "{version:?} {name}");
        }
    }
}

#[test]
fn only_a_connection_can_be_ended_by_the_host_of_the_broker() {
    let mut world = watched(mortal(Version::V5));
    let dismiss = Action::Dismiss { client: MORTAL, reason: ReasonCode::ServerBusy };
    world.act(dismiss.clone()).expect("it is connected");
    world.run(100);
    let error = world.act(dismiss).expect_err("it is not connected");
    assert_eq!(error.to_string(), "the client has no connection");
}

fn delayed(seconds: u32) -> ClientOptions {
    let mut message = message("will/mortal", "gone");
    message.properties.push(Property::WillDelayInterval(seconds)).expect("a number");
    ClientOptions { will: Some(ClientWill { message }), ..*keeping(Version::V5, "mortal") }
}

fn message(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::parse(topic).expect("a topic name"), payload.as_bytes())
}

/// [MQTT-3.1.3-9].
#[test]
fn a_delayed_will_is_not_heard_of_a_client_that_comes_back_in_time() {
    let mut world = watched(delayed(5));
    fault(&mut world, MORTAL, cut(Direction::Up, 0));
    world.run(60_000);
    assert_eq!((welcomes(&world, MORTAL), count(&world, WATCHER, "gone")), (vec![false, true], 0));
    let mut world = watched(ClientOptions { reconnect: None, ..delayed(5) });
    fault(&mut world, MORTAL, cut(Direction::Up, 0));
    world.run(4_900);
    assert_eq!(count(&world, WATCHER, "gone"), 0);
    world.run(200);
    assert_eq!(count(&world, WATCHER, "gone"), 1);
}

/// [MQTT-3.1.2-15].
#[test]
fn a_retained_will_tells_later_subscribers_that_the_client_is_gone() {
    for version in BOTH {
        let will = ClientWill { message: Message { retain: true, ..message("will/mortal", "offline") } };
        let mut world =
            watched(ClientOptions { will: Some(will), properties: PropertiesBuf::new(), ..mortal(version) });
        world
            .act(Action::Publish {
                client: MORTAL,
                topic: "will/mortal".into(),
                payload: b"online".as_slice().into(),
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: PropertiesBuf::new(),
            })
            .expect("it is connected");
        world.run(100);
        let early = late_subscriber(&mut world, version, "early");
        fault(&mut world, MORTAL, cut(Direction::Up, 0));
        world.run(1_000);
        let late = late_subscriber(&mut world, version, "late");
        assert_eq!(told(&world, early), [("online".into(), true), ("offline".into(), false)], "{version:?}");
        assert_eq!(told(&world, late), [("offline".into(), true)], "{version:?}");
    }
}

fn late_subscriber(world: &mut World, version: Version, name: &str) -> Actor {
    world.act(Action::Add(keeping(version, name))).expect("a new client");
    let client = world.find(name).expect("it is there");
    world.act(Action::subscribe(client, "will/+", QoS::AtMostOnce)).expect("a good filter");
    world.run(200);
    client
}

/// The payloads that a client's handlers were given, each with RETAIN.
fn told(world: &World, client: Actor) -> Vec<(String, bool)> {
    let messages = events(world, client).filter_map(|(_, event)| match event {
        ClientEvent::Message { payload, retain, .. } => Some((String::from_utf8_lossy(payload).into_owned(), *retain)),
        _ => None,
    });
    messages.collect()
}
