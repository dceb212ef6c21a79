//! Expired messages in the middle of a queue: they take no room [MQTT-3.3.2-5].

use std::num::NonZeroU16;

use wasmqtt::broker::{Answer, Asks, BrokerOptions, DropCause, Event, PeerId, QueueOverflow};
use wasmqtt::codec::{Ack, Connect, Packet, PropertiesBuf, Property, Publish, QoS};

use super::store::{restart, stored_with};
use crate::support::packets::{QOS, V5, id, lasting, properties, publish};
use crate::support::scenario::Scenario;

const OVERFLOWS: [QueueOverflow; 3] = [QueueOverflow::DropNewest, QueueOverflow::DropOldest, QueueOverflow::Disconnect];
const RECEIVE: Asks = Asks { authenticate: false, enhanced: false, publish: false, subscribe: false, receive: true };

fn options(queue_overflow: QueueOverflow, queue_messages: usize) -> BrokerOptions {
    BrokerOptions { queue_overflow, queue_messages, events: true, ..BrokerOptions::default() }
}

/// Publishes a message that expires after so many seconds; 0 for one that does not.
fn send(scenario: &mut Scenario, publisher: PeerId, payload: &str, seconds: u32, qos: QoS) {
    let list =
        if seconds == 0 { PropertiesBuf::new() } else { properties(&[Property::MessageExpiryInterval(seconds)]) };
    scenario.publish_with(publisher, Publish { properties: list.as_properties(), ..publish("t", payload, qos) });
}

/// The payloads that a client has heard.
fn payloads(heard: &[String]) -> Vec<String> {
    let payload = |line: &String| Some(line.split_once('=')?.1.split(' ').next()?.to_owned());
    heard.iter().filter_map(payload).collect()
}

fn drops(scenario: &Scenario) -> (u64, u64) {
    let counters = scenario.broker.counters();
    (counters.dropped_for(DropCause::Expired), counters.dropped_for(DropCause::QueueFull))
}

/// Valid messages stand before and behind those that expire, for a client that is away or whose
/// transport takes no more.
#[test]
fn an_expired_message_takes_no_room_wherever_it_stands() {
    for overflow in OVERFLOWS {
        for is_away in [true, false] {
            for is_stored in [false, true] {
                let options = options(overflow, 5);
                let mut scenario = if is_stored { stored_with(options) } else { Scenario::with(options) };
                let publisher = scenario.join(V5, "p");
                let mut peer = scenario.join_with(&lasting(V5, "a"));
                scenario.subscribe(peer, "t", QoS::AtLeastOnce);
                if is_away {
                    scenario.cut(peer);
                } else {
                    scenario.writable(peer, false);
                }
                for (payload, seconds) in [("1", 0), ("2", 10), ("3", 0), ("4", 5), ("5", 100)] {
                    send(&mut scenario, publisher, payload, seconds, QoS::AtLeastOnce);
                }
                scenario.wait_ms(9_999);
                send(&mut scenario, publisher, "6", 0, QoS::AtLeastOnce);
                assert_eq!(drops(&scenario), (1, 0), "{overflow:?}: 4 has expired");
                scenario.wait_ms(1);
                send(&mut scenario, publisher, "7", 0, QoS::AtLeastOnce);
                assert_eq!(drops(&scenario), (2, 0), "{overflow:?}: 2 has expired");
                assert_eq!(scenario.broker.sessions().map(|session| session.queued).sum::<usize>(), 5);
                if is_stored && is_away {
                    restart(&mut scenario, 1);
                    scenario.restarted();
                }
                if is_away {
                    peer = scenario.connect(&lasting(V5, "a"));
                } else {
                    assert!(scenario.is_open(peer));
                    scenario.writable(peer, true);
                }
                let heard = scenario.hear(peer);
                assert_eq!(payloads(&heard), ["1", "3", "5", "6", "7"], "{overflow:?} {is_away} {is_stored}");
            }
        }
    }
}

/// Without an expired one, the policy applies as ever.
#[test]
fn a_queue_of_valid_messages_drops_by_its_policy() {
    let rows = [
        (QueueOverflow::DropNewest, vec!["1", "2"]),
        (QueueOverflow::DropOldest, vec!["2", "3"]),
        (QueueOverflow::Disconnect, vec!["1", "2"]),
    ];
    for (overflow, expected) in rows {
        let mut scenario = Scenario::with(options(overflow, 2));
        let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting(V5, "a")));
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.cut(peer);
        for payload in ["1", "2", "3"] {
            send(&mut scenario, publisher, payload, 10, QoS::AtLeastOnce);
        }
        assert_eq!(drops(&scenario), (0, 1));
        let peer = scenario.connect(&lasting(V5, "a"));
        let heard = scenario.hear(peer);
        assert_eq!(payloads(&heard), expected);
    }
}

/// One message never expires and is not read; thousands expire behind it. Their places are given
/// back, also in the store.
#[test]
fn a_queue_that_is_never_read_keeps_what_is_valid_and_no_more() {
    for is_stored in [false, true] {
        let options = options(QueueOverflow::DropNewest, 15);
        let mut scenario = if is_stored { stored_with(options) } else { Scenario::with(options) };
        let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting(V5, "a")));
        scenario.subscribe(peer, "t", QoS::ExactlyOnce);
        scenario.cut(peer);
        send(&mut scenario, publisher, "first", 0, QoS::AtLeastOnce);
        for round in 0..500_u32 {
            send(&mut scenario, publisher, &round.to_string(), 1 + round % 7, QOS[1 + round as usize % 2]);
            scenario.wait_ms(1_000);
            if round % 100 == 50 {
                send(&mut scenario, publisher, &format!("valid{round}"), 0, QoS::AtLeastOnce);
            }
        }
        assert!(drops(&scenario).0 > 300, "{:?}", drops(&scenario));
        scenario.wait_ms(10_000);
        send(&mut scenario, publisher, "last", 0, QoS::AtLeastOnce);
        if is_stored {
            assert!(scenario.disk.records.len() < 40, "{}", scenario.disk.kinds());
            restart(&mut scenario, 1);
            scenario.restarted();
        }
        let peer = scenario.connect(&lasting(V5, "a"));
        let heard = payloads(&scenario.hear(peer));
        let valid = heard.iter().filter(|payload| payload.starts_with("valid")).count();
        assert_eq!((heard.first().map(String::as_str), valid), (Some("first"), 5), "{heard:?}");
        assert_eq!(heard.last().map(String::as_str), Some("last"));
        assert_eq!(heard.len(), 7, "{heard:?}");
    }
}

/// The queue is read, filled and read again, and its order of expiry with it.
#[test]
fn a_queue_that_is_read_between_knows_what_expires() {
    let options = BrokerOptions { in_flight_max: NonZeroU16::MIN, ..options(QueueOverflow::DropNewest, 3) };
    let mut scenario = Scenario::with(options);
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting(V5, "a")));
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    let mut expected = Vec::new();
    let mut heard = Vec::new();
    for round in 0..200_u32 {
        // One of three is read; the others expire before the next round.
        for (payload, seconds) in [("a", 0), ("b", 1), ("c", 1)] {
            send(&mut scenario, publisher, &format!("{payload}{round}"), seconds, QoS::AtLeastOnce);
        }
        expected.push(format!("a{round}"));
        scenario.wait_ms(1_000);
        let lines = scenario.hear(peer);
        for line in &lines {
            let (_, number) = line.split_once('#').expect("a packet identifier");
            let number = number.split(' ').next().expect("a number").parse().expect("a number");
            scenario.send(peer, &Packet::Puback(Ack::success(id(number))));
        }
        heard.extend(payloads(&lines));
    }
    assert_eq!(heard.iter().filter(|payload| payload.starts_with('a')).cloned().collect::<Vec<_>>(), expected);
    assert_eq!(drops(&scenario).1, 0);
}

/// The line of deliveries that the host checks is such a queue too.
#[test]
fn an_expired_message_takes_no_room_in_the_line_of_the_receive_hook() {
    for overflow in OVERFLOWS {
        for qos in QOS {
            let mut scenario = Scenario::with(BrokerOptions { asks: RECEIVE, ..options(overflow, 3) });
            let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting(V5, "a")));
            scenario.subscribe(peer, "t", qos);
            for (payload, seconds) in [("1", 0), ("2", 1), ("3", 0)] {
                send(&mut scenario, publisher, payload, seconds, qos);
            }
            let (last, _) = scenario.asked.pop().expect("it is asked");
            scenario.answer_to(last, Answer::Allow);
            scenario.wait_ms(1_000);
            send(&mut scenario, publisher, "4", 0, qos);
            assert_eq!(drops(&scenario), (1, 0), "{overflow:?} {qos:?}");
            while !scenario.asked.is_empty() {
                scenario.answer(Answer::Allow);
            }
            assert_eq!(payloads(&scenario.hear(peer)), ["1", "3", "4"], "{overflow:?} {qos:?}");
            assert_eq!(scenario.broker.next_deadline(), None, "no question is left");
        }
    }
}

/// An approved delivery goes into a queue that is full of expired ones.
#[test]
fn an_approved_message_finds_the_room_of_an_expired_one() {
    let mut scenario = Scenario::with(BrokerOptions { asks: RECEIVE, ..options(QueueOverflow::DropNewest, 2) });
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting(V5, "a")));
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.cut(peer);
    for (payload, seconds) in [("1", 0), ("2", 1)] {
        send(&mut scenario, publisher, payload, seconds, QoS::AtLeastOnce);
        scenario.answer(Answer::Allow);
    }
    scenario.wait_ms(1_000);
    send(&mut scenario, publisher, "3", 0, QoS::AtLeastOnce);
    scenario.answer(Answer::Allow);
    assert_eq!(drops(&scenario), (1, 0));
    let peer = scenario.connect(&lasting(V5, "a"));
    assert_eq!(payloads(&scenario.hear(peer)), ["1", "3"]);
}

/// A member of a group whose queue is full of expired messages can take another.
#[test]
fn a_member_with_expired_messages_has_room() {
    let mut scenario =
        Scenario::with(BrokerOptions { in_flight_max: NonZeroU16::MIN, ..options(QueueOverflow::DropNewest, 2) });
    let publisher = scenario.join(V5, "p");
    let members = ["a", "b"].map(|name| scenario.join_with(&Connect { keep_alive: 0, ..lasting(V5, name) }));
    for member in members {
        scenario.subscribe(member, "own", QoS::AtLeastOnce);
    }
    // Each is sent one, and has one that is valid and one that expires.
    for seconds in [0, 0, 1] {
        let list = properties(&[Property::MessageExpiryInterval(1)]);
        let list = if seconds == 0 { PropertiesBuf::new() } else { list };
        scenario.publish_with(
            publisher,
            Publish { properties: list.as_properties(), ..publish("own", "x", QoS::AtLeastOnce) },
        );
    }
    for member in members {
        scenario.subscribe(member, "$share/g/t", QoS::AtLeastOnce);
    }
    scenario.wait_ms(1_000);
    for payload in ["1", "2"] {
        send(&mut scenario, publisher, payload, 0, QoS::AtLeastOnce);
    }
    let queued: Vec<usize> =
        scenario.broker.sessions().filter(|one| one.client_id != "p").map(|one| one.queued).collect();
    assert_eq!((queued, drops(&scenario)), (vec![2, 2], (2, 0)));
    let told = scenario.events.iter().filter(|event| matches!(event, Event::Dropped { cause: DropCause::Expired, .. }));
    assert_eq!(told.count(), 2);
}
