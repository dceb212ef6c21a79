//! Turns: a peer that makes much work waits, and others do not wait for it. Output leaves before
//! more is made.

use std::num::NonZeroU16;

use wasmqtt::broker::{Answer, Asks, BrokerOptions, Output, PeerId};
use wasmqtt::codec::{Ack, Message, Packet, Properties, Publish, QoS, Subscribe, Subscription, SubscriptionOptions};

use wasmqtt::topic::TopicName;

use super::store::{come_back, expiry, keeping, restart, stored_with};
use crate::support::packets::{V5, id, message, publish};
use crate::support::scenario::Scenario;

/// Bytes that the broker sends without a call in between, and whether the peer has received any.
fn turn(scenario: &mut Scenario, peer: PeerId) -> (usize, bool) {
    let (mut bytes, mut is_heard) = (0, false);
    while let Some(output) = scenario.broker.poll_output() {
        if let Output::Transmit(to, frame) = output {
            bytes += frame.len();
            is_heard |= to == peer;
        }
    }
    (bytes, is_heard)
}

fn goes_on(scenario: &Scenario) -> bool {
    scenario.broker.next_deadline().is_some_and(|at| at <= scenario.now)
}

fn encoded(packet: &Packet<'_>, times: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(V5, &mut bytes).expect("a good packet");
    bytes.repeat(times)
}

/// A chunk of many messages, or one for many subscribers.
#[test]
fn what_a_chunk_brings_leaves_in_turns_and_all_of_it_arrives() {
    const MESSAGES: usize = 20_000;
    let mut scenario = Scenario::new();
    let subscribers: Vec<_> = (0..20).map(|number| scenario.join(V5, &format!("s{number}"))).collect();
    for subscriber in &subscribers {
        scenario.subscribe(*subscriber, "t/+", QoS::AtMostOnce);
    }
    let (sender, innocent) = (scenario.join(V5, "sender"), scenario.join(V5, "innocent"));
    let bytes = encoded(&Packet::Publish(publish("t/1", "twenty bytes or more", QoS::AtMostOnce)), MESSAGES);
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    let mut turns = 0;
    loop {
        // It is answered in each turn, whatever waits.
        scenario.broker.handle_bytes(innocent, &[0xC0, 0], scenario.now);
        let (sent, is_heard) = turn(&mut scenario, innocent);
        assert!(sent < 16 << 20, "{sent} bytes in one turn");
        turns += 1;
        if !goes_on(&scenario) {
            assert!(is_heard);
            break;
        }
        scenario.broker.handle_timeout(scenario.now);
        turn(&mut scenario, innocent);
    }
    assert!(turns > 3, "{turns} turns");
    assert_eq!(scenario.broker.counters().delivered, 20 * MESSAGES as u64);
}

/// Filters that match nothing of what is retained are looked for, in turns.
#[test]
fn a_subscription_that_looks_for_long_lets_others_be_served() {
    let mut scenario = Scenario::with(BrokerOptions { retained_messages: 20_000, ..BrokerOptions::default() });
    for number in 0..20_000 {
        scenario.publish_host(Message { retain: true, ..message(&format!("a/b/{number}/x"), "kept") });
    }
    let (looks, innocent) = (scenario.join(V5, "looks"), scenario.join(V5, "innocent"));
    let filters: Vec<_> = (0..100).map(|number| format!("+/+/+/no{number}")).collect();
    let options = SubscriptionOptions::default();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
    let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions };
    scenario.broker.handle_bytes(looks, &encoded(&Packet::Subscribe(subscribe), 1), scenario.now);
    let mut turns = 0;
    while {
        turn(&mut scenario, looks);
        goes_on(&scenario)
    } {
        scenario.broker.handle_timeout(scenario.now);
        // Which is another turn.
        turn(&mut scenario, looks);
        scenario.broker.handle_bytes(innocent, &[0xC0, 0], scenario.now);
        assert!(turn(&mut scenario, innocent).1, "it is answered at once");
        turns += 1;
    }
    // Two million looks, of which a turn has a tenth.
    assert!((5..100).contains(&turns), "{turns} turns");
}

/// A large message at QoS 1 is held once, and copied for a few subscribers at a time.
#[test]
fn a_large_message_for_many_is_copied_in_turns() {
    let mut scenario = Scenario::new();
    for number in 0..100 {
        let subscriber = scenario.join(V5, &format!("s{number}"));
        scenario.subscribe(subscriber, "t", QoS::AtLeastOnce);
    }
    let sender = scenario.join(V5, "sender");
    let payload = vec![b'x'; 1_000_000];
    let large = Publish { payload: &payload, ..publish("t", "", QoS::AtLeastOnce) };
    scenario.broker.handle_bytes(sender, &encoded(&Packet::Publish(large), 1), scenario.now);
    let mut most = 0;
    loop {
        most = most.max(turn(&mut scenario, sender).0);
        if !goes_on(&scenario) {
            break;
        }
        scenario.broker.handle_timeout(scenario.now);
    }
    assert!(most < 16 << 20, "{most} bytes in one turn");
    assert_eq!(scenario.broker.counters().delivered, 100);
}

/// Its close is behind what it has sent, also where that takes several turns.
#[test]
fn who_has_sent_much_and_is_gone_has_sent_it_all() {
    let mut scenario = Scenario::new();
    let watcher = scenario.join(V5, "watcher");
    scenario.subscribe(watcher, "last", QoS::AtMostOnce);
    let sender = scenario.join(V5, "sender");
    let mut bytes = encoded(&Packet::Publish(publish("t", "x", QoS::AtMostOnce)), 100_000);
    bytes.extend(encoded(&Packet::Publish(publish("last", "x", QoS::AtMostOnce)), 1));
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    scenario.broker.handle_closed(sender, scenario.now);
    assert!(scenario.hear(watcher).is_empty());
    scenario.drain();
    assert_eq!(scenario.hear(watcher), ["last=x q0"]);
    assert_eq!(scenario.broker.clients().count(), 1);
}

/// A cursor does not go on where its messages could not leave at once, since they have no place in
/// the queue. Otherwise the store would have the queue in other places, and acknowledged messages
/// would come again.
#[test]
fn a_cursor_that_has_to_stop_for_the_next_turn_leaves_the_stored_queue_as_it_is() {
    let mut scenario = stored_with(BrokerOptions { in_flight_max: NonZeroU16::MAX, ..BrokerOptions::default() });
    for number in 0..2_000 {
        let payload = vec![b'x'; 10_000];
        let message =
            Message::new(TopicName::parse(&format!("kept/{number:04}")).expect("a topic"), payload.as_slice());
        scenario.publish_host(Message { qos: QoS::AtLeastOnce, retain: true, ..message });
    }
    let lasting = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &lasting));
    scenario.subscribe(peer, "live", QoS::AtLeastOnce);
    assert_eq!(scenario.subscribe(peer, "kept/#", QoS::AtLeastOnce).len(), 1 + 2_000);
    for number in 0..10 {
        scenario.publish_host(Message { qos: QoS::AtLeastOnce, ..message("live", &number.to_string()) });
    }
    assert_eq!(scenario.hear(peer).len(), 10);
    for number in 1..=2_010 {
        scenario.send(peer, &Packet::Puback(Ack::success(id(number))));
    }
    scenario.cut(peer);
    restart(&mut scenario, 1);
    let (_, _, again) = come_back(&mut scenario, V5, "a");
    assert_eq!(again, [""; 0], "all was acknowledged");
    assert_eq!(scenario.disk.kinds().matches('q').count(), 0);
}

#[test]
fn an_answer_that_comes_when_there_is_no_time_for_it_is_heeded_in_the_next_turn() {
    let asks = Asks { publish: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (waits, busy) = (scenario.join(V5, "waits"), scenario.join(V5, "busy"));
    scenario.send(waits, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    let (question, _) = scenario.asked.remove(0);
    // All of a turn, and what is answered comes within it.
    let filters = vec![Subscription { filter: "t/#", options: SubscriptionOptions::default() }; 6_000];
    let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions: filters };
    scenario.broker.handle_bytes(busy, &encoded(&Packet::Subscribe(subscribe), 1), scenario.now);
    scenario.broker.answer(question, Answer::Allow, scenario.now);
    scenario.drain();
    assert_eq!(scenario.hear(waits), ["PUBACK #9 ok"]);
}
