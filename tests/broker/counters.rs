//! Counters and gauges: what the broker says of itself is what passed.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, DropCause, Gauges, Traffic};
use wasmqtt::codec::{Connect, Packet, PacketKind, QoS};

use crate::support::packets::{QOS, V4, V5, connect, publish};
use crate::support::scenario::Scenario;

fn kinds(traffic: &Traffic, kinds: &[PacketKind]) -> Vec<u64> {
    kinds.iter().map(|kind| traffic.packets(*kind)).collect()
}

#[test]
fn packets_are_counted_by_kind_and_quality_of_service_both_ways() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "t", QoS::AtLeastOnce);
    for qos in QOS {
        scenario.publish(publisher, "t", "payload", qos);
    }
    scenario.send(subscriber, &Packet::Pingreq);
    scenario.unsubscribe(subscriber, "t");
    let counters = scenario.broker.counters();
    let (received, sent) = (counters.received, counters.sent);
    let requests = [
        PacketKind::Connect,
        PacketKind::Publish,
        PacketKind::Pubrel,
        PacketKind::Subscribe,
        PacketKind::Unsubscribe,
        PacketKind::Pingreq,
    ];
    assert_eq!(kinds(&received, &requests), [2, 3, 1, 1, 1, 1]);
    assert_eq!(received.total(), 9);
    assert_eq!(QOS.map(|qos| received.publishes(qos)), [1, 1, 1]);
    let answers = [
        PacketKind::Connack,
        PacketKind::Publish,
        PacketKind::Puback,
        PacketKind::Pubrec,
        PacketKind::Pubcomp,
        PacketKind::Suback,
        PacketKind::Unsuback,
        PacketKind::Pingresp,
    ];
    assert_eq!(kinds(&sent, &answers), [2, 3, 1, 1, 1, 1, 1, 1]);
    assert_eq!(sent.total(), 11);
    assert_eq!(QOS.map(|qos| sent.publishes(qos)), [1, 2, 0]);
    assert_eq!((counters.published, counters.delivered, counters.dropped), (3, 3, 0));
    assert_eq!((sent.bytes, sent.publish_bytes), (scenario.heard_bytes, 3 * 12 + 2 * 2), "12 bytes, and identifiers");
}

/// It is looked at when it comes, and again when the host has answered.
#[test]
fn a_packet_that_waits_for_the_host_is_counted_once() {
    let asks = Asks { publish: true, ..Asks::default() };
    for answer in [Answer::Allow, Answer::Refuse(wasmqtt::codec::ReasonCode::NotAuthorized)] {
        let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
        let peer = scenario.join(V5, "a");
        for qos in QOS {
            scenario.send(peer, &Packet::Publish(publish("t", "", qos)));
            scenario.answer(answer.clone());
        }
        let received = scenario.broker.counters().received;
        assert_eq!(kinds(&received, &[PacketKind::Connect, PacketKind::Publish]), [1, 3]);
        assert_eq!((received.total(), QOS.map(|qos| received.publishes(qos))), (4, [1, 1, 1]));
    }
}

#[test]
fn bytes_are_counted_as_they_come_even_in_halves() {
    let mut scenario = Scenario::new();
    let peer = scenario.open(V4);
    scenario.send_bytes(peer, b"\x10\x0C\x00\x04MQ");
    assert_eq!((scenario.broker.counters().received.bytes, scenario.broker.counters().received.total()), (6, 0));
    scenario.send_bytes(peer, b"TT\x04\x02\x00\x00\x00\x00");
    assert_eq!((scenario.broker.counters().received.bytes, scenario.broker.counters().received.total()), (14, 1));
    assert_eq!((scenario.broker.counters().sent.bytes, scenario.broker.counters().sent.total()), (4, 1));
}

#[test]
fn clients_are_counted_as_they_come_and_go() {
    let mut scenario = Scenario::new();
    scenario.now = wasmqtt::time::Time::from_millis(500_000);
    let lasting = Connect { clean_start: false, ..connect(V4, "lasting") };
    let first = scenario.join_with(&lasting);
    let second = scenario.join(V5, "passing");
    scenario.cut(second);
    let third = scenario.join_with(&lasting);
    assert!(scenario.is_closed(first), "taken over");
    scenario.cut(third);
    let refused = scenario.connect(&Connect { clean_start: false, ..connect(V4, "") });
    assert!(scenario.is_closed(refused));
    scenario.join(V5, "last");
    let counters = scenario.broker.counters();
    assert_eq!((counters.accepted, counters.rejected, counters.clients_max), (4, 1, 2));
    scenario.wait_ms(12_345);
    let gauges = scenario.broker.gauges(scenario.now);
    assert_eq!((gauges.clients, gauges.sessions, gauges.uptime), (1, 2, 12));
}

#[test]
fn what_is_kept_is_measured() {
    let mut scenario = Scenario::with(BrokerOptions { queue_messages: 2, ..BrokerOptions::default() });
    let lasting = Connect { clean_start: false, ..connect(V4, "s") };
    let subscriber = scenario.join_with(&lasting);
    scenario.subscribe(subscriber, "a/#", QoS::AtLeastOnce);
    scenario.subscribe(subscriber, "$share/g/b", QoS::AtLeastOnce);
    let publisher = scenario.join(V5, "p");
    scenario.subscribe(publisher, "$share/g/b", QoS::AtLeastOnce);
    scenario.publish(publisher, "a/1", "flies", QoS::AtLeastOnce);
    scenario.cut(subscriber);
    for topic in ["a/2", "a/3", "a/4"] {
        scenario.retain(publisher, topic, "four", QoS::AtLeastOnce);
    }
    let expected = Gauges {
        uptime: 0,
        clients: 1,
        sessions: 2,
        subscriptions: 2,
        shared_subscriptions: 1,
        retained: 3,
        retained_bytes: 21,
        queued: 2,
        queued_bytes: 14,
        in_flight: 1,
    };
    assert_eq!(scenario.broker.gauges(scenario.now), expected);
    assert_eq!(scenario.broker.counters().dropped_for(DropCause::QueueFull), 1);
}

/// Every cause of a loss counts by itself, and in the sum.
#[test]
fn losses_are_counted_by_their_cause() {
    let options = BrokerOptions { transmit_bytes_max: 100, retained_messages: 0, ..BrokerOptions::default() };
    let mut scenario = Scenario::with(options);
    let (publisher, subscriber) = (scenario.join(V4, "p"), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
    let one = b"\x30\x17\x00\x01taaaaabbbbbcccccddddd";
    scenario.send_bytes(publisher, &one.repeat(10));
    scenario.writable(subscriber, false);
    scenario.send_bytes(publisher, &one.repeat(2));
    scenario.retain(publisher, "t/r", "", QoS::AtMostOnce);
    scenario.retain(publisher, "t/r", "x", QoS::AtMostOnce);
    let counters = scenario.broker.counters();
    let by_cause = [
        (DropCause::TransmitFull, 6),
        (DropCause::NotWritable, 2),
        (DropCause::RetainedFull, 1),
        (DropCause::QueueFull, 0),
        (DropCause::Expired, 0),
    ];
    for (cause, count) in by_cause {
        assert_eq!(counters.dropped_for(cause), count, "{cause:?}");
    }
    assert_eq!(counters.dropped, DropCause::ALL.map(|cause| counters.dropped_for(cause)).iter().sum::<u64>());
}
