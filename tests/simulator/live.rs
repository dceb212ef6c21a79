//! Monitors of live traffic: they hold on the packets of real runs, and find planted faults.

use wasmqtt::codec::{QoS, Version};
use wasmqtt::simulator::{
    Action, Actor, Direction, EntryId, Event, Fault, Guarantee, LiveMonitors, World, WorldOptions,
};

use super::acts::{BOTH, EACH_QOS, pair, publish};

/// A world whose publisher publishes to a subscriber, over cuts of both links.
fn busy(version: Version) -> World {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, QoS::ExactlyOnce);
    for (round, qos) in EACH_QOS.into_iter().cycle().take(30).enumerate() {
        publish(&mut world, publisher, &round.to_string(), qos);
        world.run(7);
        if round % 7 == 6 {
            let client = if round % 2 == 0 { subscriber } else { publisher };
            let fault =
                Fault::Cut { direction: Direction::Down, after: 3, client_learns: Some(0), broker_learns: Some(0) };
            world.act(Action::Fault { client, fault }).expect("a link");
            world.run(5_000);
        }
    }
    world.run(5_000);
    world
}

/// Packets that one client has sent, and those that came to it, in the order at its end.
fn at_its_end(world: &World, actor: Actor) -> Vec<(Direction, Vec<u8>)> {
    let trace = world.trace();
    let mut found = Vec::new();
    for (index, entry) in trace.entries().iter().enumerate() {
        for arrival in trace.arrivals().iter().filter(|arrival| arrival.before.0 as usize == index) {
            found.push((false, arrival.packet.0 as usize));
        }
        if let Event::Packet(packet) = &entry.event
            && packet.direction == Direction::Up
        {
            found.push((true, index));
        }
    }
    let packets = found.into_iter().filter_map(|(is_sent, index)| match &trace.entries()[index].event {
        Event::Packet(packet) if packet.actor == actor && (packet.direction == Direction::Up) == is_sent => {
            Some((packet.direction, packet.bytes.to_vec()))
        }
        _ => None,
    });
    packets.collect()
}

#[test]
fn the_guarantees_hold_for_each_client_of_a_world_with_cuts() {
    for version in BOTH {
        let world = busy(version);
        for client in [Actor(0), Actor(1)] {
            let packets = at_its_end(&world, client);
            assert!(packets.len() > 40, "{}", packets.len());
            let mut monitors = LiveMonitors::new();
            for (number, (direction, bytes)) in packets.iter().enumerate() {
                monitors.on_packet(*direction, bytes, EntryId(u32::try_from(number).expect("few")));
            }
            assert_eq!(monitors.violations(), [], "{client:?} {version:?}");
        }
    }
}

/// Bytes of packets of MQTT 5.0 by their hexadecimal digits.
fn bytes(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// A new session with a subscription to `a/+` at QoS 1.
///
/// The client takes one message at a time, packets of 40 bytes and two aliases.
const BEGIN: [(Direction, &str); 4] = [
    (Direction::Up, "10 1a 0004 4d515454 05 02 003c 0b 21 0001 27 00000028 22 0002 0002 6361"),
    (Direction::Down, "20 03 00 00 00"),
    (Direction::Up, "82 09 0001 00 0003 612f2b 01"),
    (Direction::Down, "90 04 0001 00 01"),
];

#[test]
fn each_guarantee_is_broken_by_its_fault_alone() {
    let long = format!("30 27 0003 612f62 00 {}", "78".repeat(33));
    let rows: &[(&str, &[&str], Guarantee)] = &[
        ("in use", &["32 08 0003 612f62 0007 00", "32 08 0003 612f63 0007 00"], Guarantee::PacketIdentifiers),
        ("two", &["32 08 0003 612f62 0007 00", "32 08 0003 612f63 0008 00"], Guarantee::ReceiveMaximum),
        ("alias 3", &["30 09 0003 612f62 03 23 0003"], Guarantee::TopicAliases),
        ("alias of none", &["30 06 0000 03 23 0001"], Guarantee::TopicAliases),
        ("41 bytes", &[&long], Guarantee::PacketSize),
        ("no filter", &["30 04 0001 62 00"], Guarantee::Subscriptions),
        ("QoS 2", &["34 08 0003 612f62 0007 00"], Guarantee::Subscriptions),
        ("malformed", &["36 08 0003 612f62 0007 00"], Guarantee::Peers),
        ("of clients", &["c0 00"], Guarantee::Peers),
    ];
    for (name, packets, guarantee) in rows {
        let mut monitors = LiveMonitors::new();
        let received = packets.iter().map(|text| (Direction::Down, *text));
        let all: Vec<_> = BEGIN.into_iter().chain(received).collect();
        let last = u32::try_from(all.len() - 1).expect("few");
        for (number, (direction, text)) in (0..).zip(&all) {
            let is_broken = monitors.on_packet(*direction, &bytes(text), EntryId(number));
            assert_eq!(is_broken, number == last, "{name}, packet {number}: {:?}", monitors.violations());
        }
        let found: Vec<_> = monitors.violations().iter().map(|one| (one.guarantee, one.entry.0)).collect();
        assert!(found.contains(&(*guarantee, last)), "{name}: {found:?}");
        assert!(LiveMonitors::JUDGED.contains(guarantee), "{name}");
    }
}

#[test]
fn what_cannot_be_known_is_not_judged() {
    // Without CONNECT.
    let mut monitors = LiveMonitors::new();
    assert!(!monitors.on_packet(Direction::Down, &bytes("36 08 0003 612f62 0007 00"), EntryId(0)));
    // A resumed session may have subscriptions from before.
    let mut monitors = LiveMonitors::new();
    monitors.on_packet(Direction::Up, &bytes(BEGIN[0].1), EntryId(0));
    monitors.on_packet(Direction::Down, &bytes("20 03 01 00 00"), EntryId(1));
    assert!(!monitors.on_packet(Direction::Down, &bytes("30 04 0001 62 00"), EntryId(2)));
    assert_eq!(monitors.violations(), []);
}
