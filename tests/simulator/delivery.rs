//! Delivery from end to end: how long it takes, and cuts at each byte.
//!
//! No cut breaks what the quality of service promises, however bytes are split and joined.

use std::num::NonZeroU32;

use wasmqtt::client::Completion;
use wasmqtt::codec::{QoS, ReasonCode, Version};
use wasmqtt::simulator::{Actor, Direction, Event, Fate, Fault, World, WorldOptions};

use super::acts::{BOTH, EACH_QOS, begin, count, cut, end, events, fault, pair, payloads, sent_bytes};

const LATENCY: u64 = 20;
/// How many messages a cut disturbs: enough that some are before it, some in it and some behind.
const MESSAGES: usize = 3;
/// Each packet on its own, and segments with parts of packets and with several.
const SEGMENTS: [Option<NonZeroU32>; 2] = [None, NonZeroU32::new(9)];

fn couple(version: Version, segments: Option<NonZeroU32>) -> (World, Actor, Actor) {
    let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, QoS::ExactlyOnce);
    for client in [subscriber, publisher] {
        fault(&mut world, client, Fault::Segments(segments));
    }
    (world, subscriber, publisher)
}

#[test]
fn a_message_comes_after_two_links_and_is_done_after_its_round_trips() {
    for version in BOTH {
        // Links until the publisher knows: none, PUBLISH and PUBACK, or PUBLISH, PUBREC, PUBREL and
        // PUBCOMP.
        for (qos, links) in EACH_QOS.into_iter().zip([0, 2, 4]) {
            let (mut world, subscriber, publisher) = couple(version, None);
            let start = world.now().as_millis();
            let request = begin(&mut world, publisher, "hello", qos);
            world.run(1_000);
            assert_eq!(count(&world, subscriber, "hello"), 1);
            let (heard_at, _) = events(&world, subscriber).last().expect("a message");
            let (done_at, _) = end(&world, publisher, request).expect("done");
            assert_eq!(heard_at.as_millis() - start, 2 * LATENCY, "{version:?} {qos:?}");
            assert_eq!(done_at.as_millis() - start, links * LATENCY, "{version:?} {qos:?}");
        }
    }
}

fn exchange(world: &mut World, publisher: Actor, qos: QoS) {
    let requests: Vec<_> = (0..MESSAGES).map(|number| begin(world, publisher, &number.to_string(), qos)).collect();
    world.run(10_000);
    if qos != QoS::AtMostOnce {
        for request in requests {
            let result = end(world, publisher, request).map(|(_, result)| result);
            assert_eq!(result, Some(&Ok(Completion::Published(ReasonCode::Success))));
        }
    }
}

/// The bytes that an undisturbed exchange takes, on the links of both clients and in both
/// directions.
fn undisturbed(version: Version, qos: QoS) -> Vec<(Actor, Direction, usize)> {
    let (mut world, subscriber, publisher) = couple(version, None);
    let ways = [subscriber, publisher].map(|client| [Direction::Up, Direction::Down].map(|way| (client, way)));
    let bytes =
        |world: &World| ways.as_flattened().iter().map(|(client, way)| sent_bytes(world, *client, *way)).collect();
    let before: Vec<usize> = bytes(&world);
    exchange(&mut world, publisher, qos);
    assert_eq!(payloads(&world, subscriber), ["0", "1", "2"]);
    let after: Vec<usize> = bytes(&world);
    let lengths = after.into_iter().zip(before).map(|(after, before)| after - before);
    ways.as_flattened().iter().zip(lengths).map(|((client, way), length)| (*client, *way, length)).collect()
}

/// Every byte of the exchange is the last of a connection once, on either link and in either
/// direction [MQTT-4.3.1-1], [MQTT-4.3.2-1], [MQTT-4.3.3-1], [MQTT-4.4.0-1].
#[test]
fn no_cut_at_any_byte_breaks_the_promise() {
    for (version, qos) in BOTH.into_iter().flat_map(|version| EACH_QOS.map(|qos| (version, qos))) {
        for (client, direction, length) in undisturbed(version, qos) {
            for (after, segments) in (0..=length).flat_map(|after| SEGMENTS.map(|segments| (after, segments))) {
                let (mut world, subscriber, publisher) = couple(version, segments);
                fault(&mut world, client, cut(direction, after));
                if after == 0 {
                    // The hosts know, and open again before anything is published.
                    world.run(2_000);
                }
                exchange(&mut world, publisher, qos);
                let case = format!("{version:?} {qos:?}, {client:?}, after {after} bytes {direction:?}, {segments:?}");
                check(&world, qos, subscriber, &case);
            }
        }
    }
}

fn check(world: &World, qos: QoS, subscriber: Actor, case: &str) {
    let heard = payloads(world, subscriber);
    let firsts: Vec<&str> =
        heard.iter().enumerate().filter(|(at, it)| !heard[..*at].contains(it)).map(|(_, it)| *it).collect();
    assert!(firsts.is_sorted(), "{case}: {heard:?}");
    match qos {
        QoS::AtMostOnce => assert_eq!(firsts, heard, "{case}"),
        QoS::AtLeastOnce => assert_eq!(firsts, ["0", "1", "2"], "{case}: {heard:?}"),
        QoS::ExactlyOnce => assert_eq!(heard, ["0", "1", "2"], "{case}"),
    }
}

/// [MQTT-6.0.0-2]: packets come in parts and together, each whole in the end and in order.
#[test]
fn segments_split_and_join_packets() {
    let (mut world, subscriber, publisher) = couple(BOTH[1], NonZeroU32::new(40));
    let start = world.trace().entries().len();
    let numbers: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    for number in &numbers {
        begin(&mut world, publisher, number, QoS::ExactlyOnce);
    }
    world.run(1_000);
    assert_eq!(payloads(&world, subscriber), numbers);
    let mut fates = world.trace().packets().map(|(_, _, packet)| packet.fate);
    assert!(fates.all(|fate| matches!(fate, Fate::Delivered(_))));
    let entries = &world.trace().entries()[start..];
    // A message that comes in a segment with others follows from the last packet of it.
    let causes: Vec<_> = entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::Client(client, _) if client == subscriber))
        .map(|entry| entry.cause.expect("a packet"))
        .collect();
    let joined = causes.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(joined > 5, "{joined} messages came together");
}
