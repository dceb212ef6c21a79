//! Faults that are true: the guarantees of each quality of service hold over them.

use wasmqtt::codec::{PacketKind, QoS};
use wasmqtt::simulator::{Action, Actor, Direction, Fate, Fault, PacketRecord, Restart, WorldOptions};

use super::acts::{BOTH, EACH_QOS, count, pair, publish};

/// Bytes of the longest exchange in one direction, and some more.
const BYTES: usize = 40;

const fn cut(direction: Direction, after: usize) -> Fault {
    Fault::Cut { direction, after, client_learns: Some(0), broker_learns: Some(0) }
}

/// [MQTT-4.3.1-1], [MQTT-4.3.2-1], [MQTT-4.3.3-1], [MQTT-4.4.0-1]: at most, at least, exactly once,
/// wherever the publisher's link or the subscriber's is cut.
#[test]
fn a_cut_at_each_byte_keeps_the_promise_of_the_qos() {
    for version in BOTH {
        for qos in EACH_QOS {
            for (actor, direction, after) in places() {
                let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, qos);
                world.act(Action::Fault { client: Actor(actor), fault: cut(direction, after) }).expect("it has a link");
                publish(&mut world, publisher, "x", qos);
                world.run(30_000);
                let times = count(&world, subscriber, "x");
                let is_kept = match qos {
                    QoS::AtMostOnce => times <= 1,
                    QoS::AtLeastOnce => times >= 1,
                    QoS::ExactlyOnce => times == 1,
                };
                assert!(is_kept, "{version:?} {qos:?}: cut of {actor} {direction:?} after {after}: {times} times");
            }
        }
    }
}

fn places() -> impl Iterator<Item = (usize, Direction, usize)> {
    let ways = [Direction::Up, Direction::Down];
    (0..2).flat_map(move |actor| {
        ways.into_iter().flat_map(move |direction| (0..BYTES).map(move |after| (actor, direction, after)))
    })
}

#[test]
fn a_cut_within_a_packet_truncates_it() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    world.act(Action::Fault { client: publisher, fault: cut(Direction::Up, 4) }).expect("it has a link");
    publish(&mut world, publisher, "x", QoS::AtLeastOnce);
    world.run(100);
    let fates: Vec<Fate> = world.trace().packets().map(|(_, _, packet)| packet.fate).collect();
    assert!(fates.iter().any(|fate| matches!(fate, Fate::Truncated(_, 4))), "{fates:?}");
}

/// §3.1.2.10: a half-open link is found by keep alive at both ends, and the will is published.
#[test]
fn a_black_hole_is_found_by_keep_alive() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    world.act(Action::subscribe(subscriber, "will/#", QoS::AtLeastOnce)).expect("a good filter");
    world.run(100);
    world.act(Action::Fault { client: publisher, fault: Fault::BlackHole }).expect("it has a link");
    publish(&mut world, publisher, "x", QoS::ExactlyOnce);
    world.run(14_000);
    assert_eq!(count(&world, subscriber, "gone"), 0, "one and a half times the keep alive are not over");
    world.run(30_000);
    assert_eq!((count(&world, subscriber, "gone"), count(&world, subscriber, "x")), (1, 1));
}

#[test]
fn a_stalled_link_delivers_all_in_order_later() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    world.act(Action::Fault { client: subscriber, fault: Fault::Stall(3_000) }).expect("a client");
    for payload in ["1", "2", "3"] {
        publish(&mut world, publisher, payload, QoS::AtMostOnce);
    }
    world.run(2_900);
    assert_eq!(world.messages(subscriber).count(), 0);
    world.run(200);
    let payloads: Vec<&[u8]> = world.messages(subscriber).map(|(_, payload)| payload).collect();
    assert_eq!(payloads, [b"1", b"2", b"3"]);
}

#[test]
fn a_broker_with_a_store_goes_on_where_it_was() {
    for restart in [Restart::Written, Restart::Unwritten] {
        let options = WorldOptions { has_store: true, ..WorldOptions::default() };
        let (mut world, subscriber, publisher) = pair(options, BOTH[1], QoS::ExactlyOnce);
        publish(&mut world, publisher, "x", QoS::ExactlyOnce);
        for _ in 0..30 {
            world.act(Action::RestartBroker(restart)).expect("always");
            world.run(37);
        }
        world.run(60_000);
        assert_eq!(count(&world, subscriber, "x"), 1, "{restart:?}");
    }
}

/// §3.2.2.1.1: the broker has lost the session, so that the client subscribes anew.
#[test]
fn a_broker_that_forgets_is_told_the_subscriptions_again() {
    for version in BOTH {
        let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, QoS::AtLeastOnce);
        world.act(Action::RestartBroker(Restart::Forgets)).expect("always");
        world.run(10_000);
        publish(&mut world, publisher, "x", QoS::AtLeastOnce);
        world.run(1_000);
        assert_eq!(count(&world, subscriber, "x"), 1, "{version:?}");
    }
}

/// §3.2.2.1.1: CONNACK of a new session is lost. The next one says that this session is present,
/// which has no subscription.
#[test]
fn a_client_that_missed_the_start_of_its_new_session_subscribes_again() {
    for version in BOTH {
        let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, QoS::AtLeastOnce);
        world.act(Action::RestartBroker(Restart::Forgets)).expect("always");
        let is_connack = |packet: &PacketRecord| {
            (packet.actor, packet.kind, packet.fate) == (subscriber, Some(PacketKind::Connack), Fate::InFlight)
        };
        while !world.trace().packets().any(|(_, _, packet)| is_connack(packet)) {
            assert!(world.step(), "the client connects again");
        }
        let fault = cut(Direction::Down, 0);
        world.act(Action::Fault { client: subscriber, fault }).expect("it has a link");
        world.run(10_000);
        publish(&mut world, publisher, "x", QoS::AtLeastOnce);
        world.run(1_000);
        assert_eq!(count(&world, subscriber, "x"), 1, "{version:?}");
    }
}
