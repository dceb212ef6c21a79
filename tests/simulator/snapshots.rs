//! Snapshots: the state of each actor in the middle of an exchange.

use wasmqtt::broker::ConnectionStage;
use wasmqtt::client::Phase;
use wasmqtt::codec::{PropertiesBuf, Property, QoS};
use wasmqtt::session::Awaits;
use wasmqtt::simulator::{Action, Actor, WorldOptions};
use wasmqtt::time::Time;

use super::acts::{BOTH, keeping, pair, publish};

#[test]
fn a_snapshot_shows_an_exchange_at_both_ends_step_by_step() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    publish(&mut world, publisher, "x", QoS::ExactlyOnce);
    let awaits = |world: &wasmqtt::simulator::World| {
        let all = world.snapshot();
        let sent = &all.clients[publisher.0].client.as_ref().expect("a simulated one").session.sent;
        let broker = all.broker.sessions.iter().find(|one| &*one.client_id == "publisher").expect("its session");
        (sent.iter().map(|sent| sent.awaits).collect::<Vec<_>>(), broker.session.received.len())
    };
    assert_eq!(awaits(&world), (vec![Awaits::Pubrec], 0));
    world.run(20);
    assert_eq!(awaits(&world), (vec![Awaits::Pubrec], 1));
    world.run(20);
    assert_eq!(awaits(&world), (vec![Awaits::Pubcomp], 1));
    world.run(40);
    assert_eq!(awaits(&world), (vec![], 0));
}

#[test]
fn a_snapshot_shows_connections_deadlines_subscriptions_retained_messages_and_wills() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    let retained = Action::Publish {
        client: publisher,
        topic: "state/a".into(),
        payload: b"on".as_slice().into(),
        qos: QoS::AtLeastOnce,
        retain: true,
        properties: PropertiesBuf::new(),
    };
    world.act(retained).expect("a good topic");
    world.run(100);
    let all = world.snapshot();
    let client = all.clients[subscriber.0].client.as_ref().expect("a simulated one");
    assert_eq!((client.phase, client.subscriptions.len()), (Phase::Connected, 1));
    assert_eq!(&*client.subscriptions[0].filter, "t/#");
    assert!(client.keep_alive_at.is_some_and(|at| at > world.now()));
    let session = &all.broker.sessions[1];
    assert_eq!((&*session.client_id, &*session.subscriptions[0].filter), ("subscriber", "t/#"));
    assert_eq!((session.expiry_interval, session.expires_at), (u32::MAX, None));
    assert!(session.will.as_ref().is_some_and(|will| will.message.topic.as_str() == "will/subscriber"));
    let connection = &all.broker.connections[0];
    assert_eq!(connection.stage, ConnectionStage::Connected);
    // SUBSCRIBE, which was sent at 200, came last: one and a half times the keep alive from there.
    assert_eq!(connection.keep_alive_at, Some(Time::from_millis(220 + 15_000)));
    assert_eq!(all.broker.retained.len(), 1);
    assert_eq!((all.links.len(), all.links[0].actor), (2, Actor(0)));
}

/// A client that is away: its session waits for its expiry, its will for its delay.
#[test]
fn a_snapshot_shows_what_waits_for_a_client_that_is_away() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    let mut options = keeping(BOTH[1], "away");
    options.properties = PropertiesBuf::new();
    options.properties.push(Property::SessionExpiryInterval(60)).expect("a number");
    let will = &mut options.will.as_mut().expect("it has one").message;
    will.properties.push(Property::WillDelayInterval(30)).expect("a number");
    world.act(Action::Add(options)).expect("a new client");
    world.run(200);
    let away = Actor(2);
    world.act(Action::subscribe(away, "t/#", QoS::ExactlyOnce)).expect("a good filter");
    world.run(200);
    world.act(Action::Kill { client: away }).expect("a client");
    let gone_at = world.now() + core::time::Duration::from_millis(20);
    world.run(100);

    publish(&mut world, publisher, "x", QoS::ExactlyOnce);
    world.run(500);
    let all = world.snapshot();
    let session = all.broker.sessions.iter().find(|one| &*one.client_id == "away").expect("its session");
    assert_eq!(session.session.queue.len(), 1);
    assert_eq!(session.session.queue[0].qos, QoS::ExactlyOnce);
    assert_eq!(session.expires_at, Some(gone_at + core::time::Duration::from_mins(1)));
    let will = session.will.as_ref().expect("it waits");
    assert_eq!((will.delay, will.due), (30, Some(gone_at + core::time::Duration::from_secs(30))));
}
