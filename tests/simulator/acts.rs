//! Short ways to act in a world.

use std::time::Duration;

use wasmqtt::client::{Backoff, ClientOptions, ClientWill};
use wasmqtt::codec::{Message, PacketKind, PropertiesBuf, Property, QoS, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Event, World, WorldOptions};
use wasmqtt::topic::TopicName;

pub(crate) const EACH_QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
pub(crate) const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

/// A client that keeps its session for ever, and reconnects within a second.
pub(crate) fn keeping(version: Version, client_id: &str) -> Box<ClientOptions> {
    let mut properties = PropertiesBuf::new();
    if version == Version::V5 {
        properties.push(Property::SessionExpiryInterval(u32::MAX)).expect("a number");
    }
    let second = Duration::from_secs(1);
    let reconnect = Some(Backoff { min: second, max: second, stable: second });
    let will = TopicName::parse(&format!("will/{client_id}")).expect("a topic");
    Box::new(ClientOptions {
        version,
        clean_start: false,
        keep_alive: 10,
        properties,
        reconnect,
        will: Some(ClientWill { message: Message::new(will, *b"gone") }),
        ..ClientOptions::new(client_id)
    })
}

/// A world with a subscriber of `t/#` at this QoS and a publisher, both connected.
pub(crate) fn pair(options: WorldOptions, version: Version, qos: QoS) -> (World, Actor, Actor) {
    let mut world = World::new(options);
    for name in ["subscriber", "publisher"] {
        world.act(Action::Add(keeping(version, name))).expect("a new client");
    }
    world.run(200);
    let (subscriber, publisher) = (Actor(0), Actor(1));
    world.act(Action::subscribe(subscriber, "t/#", qos)).expect("a good filter");
    world.run(200);
    (world, subscriber, publisher)
}

pub(crate) fn publish(world: &mut World, client: Actor, payload: &str, qos: QoS) {
    world.act(Action::publish(client, "t/a", payload.as_bytes(), qos)).expect("a good topic");
}

/// How often the client's handlers were given this payload.
pub(crate) fn count(world: &World, client: Actor, payload: &str) -> usize {
    world.messages(client).filter(|(_, bytes)| *bytes == payload.as_bytes()).count()
}

/// The packets of a client's link since an entry of the trace, as "up PUBLISH".
pub(crate) fn packets_from(world: &World, start: usize) -> Vec<(Actor, Direction, PacketKind)> {
    let packet = |event: &Event| match event {
        Event::Packet(packet) => Some((packet.actor, packet.direction, packet.kind?)),
        _ => None,
    };
    world.trace().entries()[start..].iter().filter_map(|entry| packet(&entry.event)).collect()
}
