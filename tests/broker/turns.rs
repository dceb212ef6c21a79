//! Turns: who makes much work waits, and others do not wait for it; what is to be sent leaves before more is made.

use std::num::NonZeroU16;

use wasmqtt::broker::{Answer, Asks, BrokerOptions, Output, PeerId};
use wasmqtt::codec::{Ack, Message, Packet, Properties, Publish, QoS, Subscribe, Subscription, SubscriptionOptions};

use wasmqtt::topic::TopicName;

use crate::room::{Room, V5, id, message, publish};
use crate::store::{come_back, expiry, keeping, restart, stored_with};

/// What the broker has to send without a call in between, in bytes, and whether the peer has heard anything.
fn turn(room: &mut Room, peer: PeerId) -> (usize, bool) {
    let (mut bytes, mut is_heard) = (0, false);
    while let Some(output) = room.broker.poll_output() {
        if let Output::Transmit(to, frame) = output {
            bytes += frame.len();
            is_heard |= to == peer;
        }
    }
    (bytes, is_heard)
}

fn goes_on(room: &Room) -> bool {
    room.broker.next_deadline().is_some_and(|at| at <= room.now)
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
    let mut room = Room::new();
    let subscribers: Vec<_> = (0..20).map(|number| room.join(V5, &format!("s{number}"))).collect();
    for subscriber in &subscribers {
        room.subscribe(*subscriber, "t/+", QoS::AtMostOnce);
    }
    let (sender, innocent) = (room.join(V5, "sender"), room.join(V5, "innocent"));
    let bytes = encoded(&Packet::Publish(publish("t/1", "twenty bytes or more", QoS::AtMostOnce)), MESSAGES);
    room.broker.handle_bytes(sender, &bytes, room.now);
    let mut turns = 0;
    loop {
        // It is answered in each turn, whatever waits.
        room.broker.handle_bytes(innocent, &[0xC0, 0], room.now);
        let (sent, is_heard) = turn(&mut room, innocent);
        assert!(sent < 16 << 20, "{sent} bytes in one turn");
        turns += 1;
        if !goes_on(&room) {
            assert!(is_heard);
            break;
        }
        room.broker.handle_timeout(room.now);
        turn(&mut room, innocent);
    }
    assert!(turns > 3, "{turns} turns");
    assert_eq!(room.broker.counters().delivered, 20 * MESSAGES as u64);
}

/// Filters that match nothing of what is retained are looked for, in turns.
#[test]
fn a_subscription_that_looks_for_long_lets_others_be_served() {
    let mut room = Room::with(BrokerOptions { retained_messages: 20_000, ..BrokerOptions::default() });
    for number in 0..20_000 {
        room.publish_host(Message { retain: true, ..message(&format!("a/b/{number}/x"), "kept") });
    }
    let (looks, innocent) = (room.join(V5, "looks"), room.join(V5, "innocent"));
    let filters: Vec<_> = (0..100).map(|number| format!("+/+/+/no{number}")).collect();
    let options = SubscriptionOptions::default();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
    let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions };
    room.broker.handle_bytes(looks, &encoded(&Packet::Subscribe(subscribe), 1), room.now);
    let mut turns = 0;
    while {
        turn(&mut room, looks);
        goes_on(&room)
    } {
        room.broker.handle_timeout(room.now);
        // Which is another turn.
        turn(&mut room, looks);
        room.broker.handle_bytes(innocent, &[0xC0, 0], room.now);
        assert!(turn(&mut room, innocent).1, "it is answered at once");
        turns += 1;
    }
    // Two million looks, of which a turn has a tenth.
    assert!((5..100).contains(&turns), "{turns} turns");
}

/// A large message at QoS 1 is held once, and copied for a few subscribers at a time.
#[test]
fn a_large_message_for_many_is_copied_in_turns() {
    let mut room = Room::new();
    for number in 0..100 {
        let subscriber = room.join(V5, &format!("s{number}"));
        room.subscribe(subscriber, "t", QoS::AtLeastOnce);
    }
    let sender = room.join(V5, "sender");
    let payload = vec![b'x'; 1_000_000];
    let large = Publish { payload: &payload, ..publish("t", "", QoS::AtLeastOnce) };
    room.broker.handle_bytes(sender, &encoded(&Packet::Publish(large), 1), room.now);
    let mut most = 0;
    loop {
        most = most.max(turn(&mut room, sender).0);
        if !goes_on(&room) {
            break;
        }
        room.broker.handle_timeout(room.now);
    }
    assert!(most < 16 << 20, "{most} bytes in one turn");
    assert_eq!(room.broker.counters().delivered, 100);
}

/// Its close is behind what it has sent, also where that takes several turns.
#[test]
fn who_has_sent_much_and_is_gone_has_sent_it_all() {
    let mut room = Room::new();
    let watcher = room.join(V5, "watcher");
    room.subscribe(watcher, "last", QoS::AtMostOnce);
    let sender = room.join(V5, "sender");
    let mut bytes = encoded(&Packet::Publish(publish("t", "x", QoS::AtMostOnce)), 100_000);
    bytes.extend(encoded(&Packet::Publish(publish("last", "x", QoS::AtMostOnce)), 1));
    room.broker.handle_bytes(sender, &bytes, room.now);
    room.broker.handle_closed(sender, room.now);
    assert!(room.hear(watcher).is_empty());
    room.drain();
    assert_eq!(room.hear(watcher), ["last=x q0"]);
    assert_eq!(room.broker.clients().count(), 1);
}

/// What a replay sends has no place in the queue, so it is not begun where it could not leave at once: then the store would
/// have the queue in other places, and what was acknowledged would come again.
#[test]
fn a_replay_that_has_to_stop_for_the_next_turn_leaves_the_stored_queue_as_it_is() {
    let mut room = stored_with(BrokerOptions { in_flight_max: NonZeroU16::MAX, ..BrokerOptions::default() });
    for number in 0..2_000 {
        let payload = vec![b'x'; 10_000];
        let message =
            Message::new(TopicName::parse(&format!("kept/{number:04}")).expect("a topic"), payload.as_slice());
        room.publish_host(Message { qos: QoS::AtLeastOnce, retain: true, ..message });
    }
    let lasting = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &lasting));
    room.subscribe(peer, "live", QoS::AtLeastOnce);
    assert_eq!(room.subscribe(peer, "kept/#", QoS::AtLeastOnce).len(), 1 + 2_000);
    for number in 0..10 {
        room.publish_host(Message { qos: QoS::AtLeastOnce, ..message("live", &number.to_string()) });
    }
    assert_eq!(room.hear(peer).len(), 10);
    for number in 1..=2_010 {
        room.send(peer, &Packet::Puback(Ack::success(id(number))));
    }
    room.cut(peer);
    restart(&mut room, 1);
    let (_, _, again) = come_back(&mut room, V5, "a");
    assert_eq!(again, [""; 0], "all was acknowledged");
    assert_eq!(room.disk.kinds().matches('q').count(), 0);
}

#[test]
fn an_answer_that_comes_when_there_is_no_time_for_it_is_heeded_in_the_next_turn() {
    let asks = Asks { publish: true, ..Asks::default() };
    let mut room = Room::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (waits, busy) = (room.join(V5, "waits"), room.join(V5, "busy"));
    room.send(waits, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    let (question, _) = room.asked.remove(0);
    // All of a turn, and what is answered comes within it.
    let filters = vec![Subscription { filter: "t/#", options: SubscriptionOptions::default() }; 6_000];
    let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions: filters };
    room.broker.handle_bytes(busy, &encoded(&Packet::Subscribe(subscribe), 1), room.now);
    room.broker.answer(question, Answer::Allow, room.now);
    room.drain();
    assert_eq!(room.hear(waits), ["PUBACK #9 ok"]);
}
