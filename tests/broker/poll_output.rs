//! Draining outputs: it hands out, and changes nothing else that can be seen.

use wasmqtt::broker::{Answer, Asks, BatchId, Broker, BrokerOptions, Counters, Output, PeerId, QueueOverflow};
use wasmqtt::codec::{Message, Packet, Publish, QoS, ReasonCode};
use wasmqtt::time::Time;

use super::store::{expiry, keeping, stored_with};
use crate::support::packets::{V5, id, message, publish};
use crate::support::scenario::Scenario;

/// An input after which the subscriber's queue has overflowed; the peer is the publisher.
type Input = fn(&mut Scenario, PeerId);

/// Everything that a packet that is handled, or a connection that ends, would change.
fn state(broker: &Broker) -> (Counters, Vec<String>, usize) {
    let mut counters = broker.counters();
    // Frames are counted when they are handed out.
    counters.sent.bytes = 0;
    let clients = broker.clients().map(|client| format!("{client:?}"));
    let sessions = broker.sessions().map(|session| format!("{session:?}"));
    (counters, clients.chain(sessions).collect(), broker.retained().count())
}

/// Drains all outputs without an input in between, and returns the batches among them.
fn drain(broker: &mut Broker) -> Vec<BatchId> {
    let mut batches = Vec::new();
    while let Some(output) = broker.poll_output() {
        if let Output::Store(id, _) = output {
            batches.push(id);
        }
    }
    batches
}

fn is_due(broker: &Broker, now: Time) -> bool {
    broker.next_deadline().is_some_and(|at| at <= now)
}

fn encoded(packet: &Packet<'_>, times: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(V5, &mut bytes).expect("a good packet");
    bytes.repeat(times)
}

#[test]
fn draining_changes_no_counter_and_no_view() {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
    scenario.subscribe(subscriber, "#", QoS::AtLeastOnce);
    let retained = Message { retain: true, ..message("t", "kept") };
    scenario.broker.publish(retained, scenario.now);
    let publish = Packet::Publish(publish("t", "x", QoS::AtLeastOnce));
    scenario.broker.handle_bytes(publisher, &encoded(&publish, 5), scenario.now);
    scenario.broker.disconnect(publisher, ReasonCode::NotAuthorized, scenario.now);
    let before = state(&scenario.broker);
    drain(&mut scenario.broker);
    assert_eq!(state(&scenario.broker), before);
    assert_eq!(scenario.broker.connections(), 1, "and the slot of a peer is free once its close is handed out");
}

/// Packets that wait for the store are handled in the inputs that the next deadline asks for.
#[test]
fn draining_handles_no_packet_that_the_store_holds_up() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 40, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let publisher = scenario.join(V5, "p");
    let publish = encoded(&Packet::Publish(publish("t", "x", QoS::AtLeastOnce)), 30);
    let (broker, now) = (&mut scenario.broker, scenario.now);
    broker.handle_bytes(publisher, &publish, now);
    assert_eq!(broker.counters().published, 20, "half a queue");
    assert!(!is_due(broker, now), "first the batch is to be handed out");
    let before = state(broker);
    let batches = drain(broker);
    assert_eq!((batches.len(), state(broker) == before), (1, true));
    assert!(is_due(broker, now), "then there is work");
    broker.handle_timeout(now);
    assert_eq!(broker.counters().published, 30);
    let before = state(broker);
    assert_eq!((drain(broker).len(), state(broker) == before), (0, true), "one batch is out at a time");
    broker.handle_stored(batches[0], now);
    assert_eq!((drain(broker).len(), state(broker) == before), (1, true));
}

/// More waits than two loads. Each batch that is written lets the next packets be handled, without
/// a timer.
#[test]
fn the_store_that_has_written_lets_packets_be_handled_at_once() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 40, ..BrokerOptions::default() });
    let publisher = scenario.join(V5, "p");
    let retained = Publish { retain: true, ..publish("t", "x", QoS::AtLeastOnce) };
    let (broker, now) = (&mut scenario.broker, scenario.now);
    broker.handle_bytes(publisher, &encoded(&Packet::Publish(retained), 100), now);
    let mut batch = drain(broker)[0];
    broker.handle_timeout(now);
    assert_eq!((drain(broker).len(), broker.counters().published), (0, 40));
    for published in [60, 80, 100] {
        broker.handle_stored(batch, now);
        assert_eq!(broker.counters().published, published);
        batch = drain(broker)[0];
    }
    broker.handle_stored(batch, now);
    drain(broker);
    assert!(!is_due(broker, now), "nothing waits");
}

/// Each input ends the connections whose queue overflowed in it.
#[test]
fn an_overflow_ends_a_connection_in_the_input_that_brought_it() {
    let inputs: [(&str, Input); 3] = [
        ("handle_bytes", |scenario, publisher| {
            let publish = encoded(&Packet::Publish(publish("t", "x", QoS::AtLeastOnce)), 3);
            scenario.broker.handle_bytes(publisher, &publish, scenario.now);
        }),
        ("publish", |scenario, _| {
            for _ in 0..3 {
                scenario.broker.publish(Message { qos: QoS::AtLeastOnce, ..message("t", "x") }, scenario.now);
            }
        }),
        ("answer", |scenario, publisher| {
            let publish = encoded(&Packet::Publish(publish("ask", "x", QoS::AtLeastOnce)), 1);
            scenario.send_bytes(publisher, &publish);
            for _ in 0..2 {
                scenario.broker.publish(Message { qos: QoS::AtLeastOnce, ..message("t", "x") }, scenario.now);
            }
            assert_eq!(scenario.broker.clients().count(), 2);
            let (question, _) = scenario.asked.remove(0);
            scenario.broker.answer(question, Answer::Allow, scenario.now);
        }),
    ];
    for (name, input) in inputs {
        let asks = Asks { publish: name == "answer", ..Asks::default() };
        let queue_overflow = QueueOverflow::Disconnect;
        let options = BrokerOptions { queue_messages: 2, queue_overflow, events: true, asks, ..Default::default() };
        let mut scenario = Scenario::with(options);
        let (publisher, slow) = (scenario.join(V5, "p"), scenario.join(V5, "slow"));
        scenario.subscribe(slow, "#", QoS::AtLeastOnce);
        scenario.writable(slow, false);
        input(&mut scenario, publisher);
        assert_eq!(scenario.broker.clients().count(), 1, "{name}");
        let before = state(&scenario.broker);
        scenario.drain();
        assert_eq!((state(&scenario.broker), scenario.is_closed(slow)), (before, true), "{name}");
    }
}

/// The publisher waits for its answer, and subscribers may be many. So its frame is the first, also
/// for the last of several messages, whose answers keep their order [MQTT-4.6.0-2] [MQTT-4.6.0-3].
#[test]
fn the_answers_to_a_publisher_leave_before_the_deliveries() {
    for (qos, answer) in [(QoS::AtLeastOnce, 0x40), (QoS::ExactlyOnce, 0x50)] {
        let mut scenario = Scenario::new();
        let subscribers = [scenario.join(V5, "s"), scenario.join(V5, "t")];
        for subscriber in subscribers {
            scenario.subscribe(subscriber, "t", qos);
        }
        let publisher = scenario.join(V5, "p");
        let mut bytes = Vec::new();
        for number in 1..=3 {
            let publish = Publish { packet_id: Some(id(number)), ..publish("t", "x", qos) };
            Packet::Publish(publish).encode(V5, &mut bytes).expect("a good packet");
        }
        scenario.broker.handle_bytes(publisher, &bytes, scenario.now);
        let mut frames = Vec::new();
        while let Some(output) = scenario.broker.poll_output() {
            if let Output::Transmit(to, frame) = output {
                frames.push((to, frame.to_vec()));
            }
        }
        let answers = [answer, 2, 0, 1, answer, 2, 0, 2, answer, 2, 0, 3];
        assert_eq!(frames[0], (publisher, answers.to_vec()));
        assert_eq!(frames[1..].iter().map(|(to, _)| *to).collect::<Vec<_>>(), subscribers);
    }
}

/// Accounts are set once after some work, and what the host reads is exact nevertheless.
#[test]
fn each_message_counts_before_the_accounts_are_set() {
    let mut scenario = Scenario::new();
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let publisher = scenario.join(V5, "p");
    let payload = "x".repeat(1_000);
    for queued in 1..=40 {
        let held = scenario.broker.memory_of("keeper").expect("a session");
        let bytes = scenario.broker.counters().memory.bytes;
        scenario.publish(publisher, "t", &payload, QoS::AtLeastOnce);
        assert_eq!(scenario.broker.gauges(scenario.now).queued, queued);
        assert!(scenario.broker.memory_of("keeper").is_some_and(|now| now >= held + payload.len()));
        assert!(scenario.broker.counters().memory.bytes >= bytes + payload.len());
    }
}
