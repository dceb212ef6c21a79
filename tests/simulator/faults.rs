//! Faults that are true: the guarantees of each quality of service hold over them.

use wasmqtt::codec::{PacketKind, QoS};
use wasmqtt::simulator::{Action, Direction, Fate, Fault, PacketRecord, Restart, WorldOptions};

use super::acts::{BOTH, count, cut, fault, pair, publish};

#[test]
fn a_cut_within_a_packet_truncates_it() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtLeastOnce);
    fault(&mut world, publisher, cut(Direction::Up, 4));
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
    fault(&mut world, publisher, Fault::BlackHole);
    publish(&mut world, publisher, "x", QoS::ExactlyOnce);
    world.run(14_000);
    assert_eq!(count(&world, subscriber, "gone"), 0, "one and a half times the keep alive are not over");
    world.run(30_000);
    assert_eq!((count(&world, subscriber, "gone"), count(&world, subscriber, "x")), (1, 1));
}

/// Two PUBACKs of four bytes arrive before the third packet is lost.
#[test]
fn a_cut_counts_the_bytes_of_all_packets_before_it() {
    let (mut world, _, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    fault(&mut world, publisher, cut(Direction::Down, 8));
    for payload in ["1", "2", "3"] {
        publish(&mut world, publisher, payload, QoS::AtLeastOnce);
    }
    world.run(50);
    let acks = world.trace().packets().filter(|(_, _, packet)| packet.kind == Some(PacketKind::Puback));
    let fates: Vec<Fate> = acks.map(|(_, _, packet)| packet.fate).collect();
    assert!(matches!(fates[..], [Fate::Delivered(_), Fate::Delivered(_), Fate::Lost(..)]), "{fates:?}");
}

#[test]
fn a_stalled_link_delivers_all_in_order_later() {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), BOTH[1], QoS::AtMostOnce);
    fault(&mut world, subscriber, Fault::Stall(3_000));
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
        fault(&mut world, subscriber, cut(Direction::Down, 0));
        world.run(10_000);
        publish(&mut world, publisher, "x", QoS::AtLeastOnce);
        world.run(1_000);
        assert_eq!(count(&world, subscriber, "x"), 1, "{version:?}");
    }
}
