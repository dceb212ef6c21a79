//! Messages that expire while their subscriber is away.

use wasmqtt::codec::{PropertiesBuf, Property, QoS};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, Monitors, World, WorldOptions};

use super::acts::{BOTH, count, pair};

fn publish_lasting(world: &mut World, client: Actor, payload: &str, seconds: u32) {
    let mut properties = PropertiesBuf::new();
    properties.push(Property::MessageExpiryInterval(seconds)).expect("a number");
    let (topic, payload) = ("t/a".into(), payload.as_bytes().into());
    world
        .act(Action::Publish { client, topic, payload, qos: QoS::AtLeastOnce, retain: false, properties })
        .expect("a good topic");
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6].
#[test]
fn a_message_that_expired_while_its_subscriber_was_away_is_not_sent() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    let cut = Fault::Cut { direction: Direction::Up, after: 0, client_learns: Some(5_000), broker_learns: Some(0) };
    world.act(Action::Fault { client: subscriber, fault: cut }).expect("it has a link");
    world.run(10);
    publish_lasting(&mut world, publisher, "short", 1);
    publish_lasting(&mut world, publisher, "long", 60);
    world.run(10_000);
    let mut monitors = Monitors::new();
    monitors.watch(world.trace());
    assert_eq!(monitors.violations(), []);
    assert_eq!(["short", "long"].map(|payload| count(&world, subscriber, payload)), [0, 1]);
}
