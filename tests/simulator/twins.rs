//! The same actions make the same world, and a caller may be the network.

use wasmqtt::codec::QoS;
use wasmqtt::simulator::{Action, ActionError, Actor, Choice, Direction, Fault, World, WorldOptions};

use super::acts::{BOTH, count, pair, publish};

fn stormy() -> WorldOptions {
    WorldOptions { jitter: 30, has_store: true, ..WorldOptions::default() }
}

/// Some days of a pair, full of faults.
fn days() -> World {
    let (mut world, subscriber, publisher) = pair(stormy(), BOTH[1], QoS::ExactlyOnce);
    for round in 0..40_usize {
        let client = if round % 2 == 0 { subscriber } else { publisher };
        publish(&mut world, publisher, &round.to_string(), QoS::ExactlyOnce);
        let direction = if round % 3 == 0 { Direction::Up } else { Direction::Down };
        let fault = Fault::Cut { direction, after: round % 17, client_learns: Some(5), broker_learns: None };
        // Without a link there is none to cut.
        let _ = world.act(Action::Fault { client, fault });
        world.run(777);
    }
    world.run(60_000);
    world
}

#[test]
fn the_same_actions_make_the_same_trace() {
    let world = days();
    let twin = World::replay(stormy(), world.actions()).expect("they could be done before");
    assert_eq!(twin.trace().hash(), world.trace().hash());
    assert_eq!(twin.trace().entries().len(), world.trace().entries().len());
    for round in 0..40_usize {
        assert_eq!(count(&world, Actor(0), &round.to_string()), 1, "message {round}");
    }
    let other = World::replay(WorldOptions { seed: 8, ..stormy() }, world.actions());
    assert!(other.map_or(true, |other| other.trace().hash() != world.trace().hash()), "another seed");
}

#[test]
fn a_caller_is_the_network() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    world.act(Action::Add(super::acts::keeping(BOTH[1], "third"))).expect("a new client");
    world.run(100);
    publish(&mut world, publisher, "first", QoS::AtMostOnce);
    world.act(Action::publish(Actor(2), "t/b", b"second", QoS::AtMostOnce)).expect("a good topic");
    let arrivals = |world: &World| -> Vec<usize> {
        let all = world.choices().into_iter().enumerate();
        all.filter(|(_, (_, choice))| matches!(choice, Choice::Arrives(..))).map(|(index, _)| index).collect()
    };
    let [_, second] = arrivals(&world)[..] else { panic!("two packets are under way: {:?}", world.choices()) };
    world.choose(second).expect("it is pending");
    world.run(1_000);
    let payloads: Vec<&[u8]> = world.messages(subscriber).map(|(_, payload)| payload).collect();
    assert_eq!(payloads, [&b"second"[..], b"first"], "what was sent later came first, over another link");
    let count = world.choices().len();
    assert_eq!(world.choose(count), Err(ActionError::UnknownChoice { index: count, count }));
}

#[test]
fn bad_actions_change_nothing() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    let (actions, hash) = (world.actions().len(), world.trace().hash());
    let nobody = Actor(9);
    assert_eq!(
        world.act(Action::Kill { client: nobody }),
        Err(ActionError::UnknownClient { client: nobody, count: 2 })
    );
    let taken = world.act(Action::Add(super::acts::keeping(BOTH[1], "publisher")));
    assert_eq!(taken, Err(ActionError::TakenName("publisher".into())));
    let wildcard = world.act(Action::publish(publisher, "t/#", b"x", QoS::AtMostOnce));
    assert!(matches!(&wildcard, Err(ActionError::Topic { text, .. }) if &**text == "t/#"), "{wildcard:?}");
    assert_eq!((world.actions().len(), world.trace().hash()), (actions, hash));
}
