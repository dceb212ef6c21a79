//! Live messages and what is retained, on their way to one client.

use wasmqtt::broker::{BrokerOptions, QueueOverflow};
use wasmqtt::codec::{Ack, Message, Packet, Publish, QoS, SubscriptionOptions};

use super::reader::Heard;
use super::retained::{begin, many, read, read_all, retain, retain_many, small, topic};
use crate::support::packets::{V5, id, message, publish};
use crate::support::scenario::Scenario;

pub(crate) fn live(scenario: &mut Scenario, topic: &str, payload: &str, qos: QoS) {
    scenario.broker.publish(Message { qos, ..message(topic, payload) }, scenario.now);
    scenario.drain();
}

/// Live messages are not put off, and come once; what is retained comes before them.
#[test]
fn live_messages_go_on_and_come_once() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = Scenario::with(small());
        retain_many(&mut scenario, 40, qos);
        let peer = scenario.join(V5, "a");
        begin(&mut scenario, peer, "#", qos);
        retain(&mut scenario, &topic(20), "anew", qos);
        live(&mut scenario, &topic(30), "live", qos);
        live(&mut scenario, &topic(30), "again", qos);
        retain(&mut scenario, "more", "new", qos);
        retain(&mut scenario, &topic(35), "", qos);
        retain(&mut scenario, &topic(3), "past", qos);
        let mut heard = read(&mut scenario, peer);
        // The queue and the cursor take turns.
        while heard.iter().all(|(_, payload, _)| payload != "past") {
            heard.extend(read(&mut scenario, peer));
        }
        assert!(heard.len() < 25, "{heard:?}");
        heard.extend(read_all(&mut scenario, peer));
        let of = |name: &str| -> Vec<&str> {
            heard.iter().filter(|(topic, ..)| topic == name).map(|(_, payload, _)| payload.as_str()).collect()
        };
        assert_eq!(of(&topic(20)), ["anew"]);
        assert_eq!(of(&topic(30)), ["30", "live", "again"]);
        assert_eq!(of("more"), ["new"]);
        // It was retained when the message came that forgets it, and may be left out.
        assert_eq!(of(&topic(35)), [""]);
        assert_eq!(of(&topic(3)), ["3", "past"]);
        assert_eq!(heard.len(), 38 + 6, "{heard:?}");
        assert_eq!(scenario.broker.counters().dropped, 0);
    }
}

/// At QoS 0 too: a live message takes what is retained of its topic along.
#[test]
fn what_is_retained_goes_before_a_live_message_of_its_topic() {
    let mut scenario = Scenario::new();
    retain_many(&mut scenario, 20_000, QoS::AtMostOnce);
    let peer = scenario.join(V5, "a");
    scenario.stop_after_frame = true;
    begin(&mut scenario, peer, "#", QoS::AtMostOnce);
    let mut heard = read(&mut scenario, peer);
    scenario.stop_after_frame = false;
    scenario.broker.set_writable(peer, true, scenario.now);
    live(&mut scenario, &topic(19_000), "live", QoS::AtMostOnce);
    heard.extend(read(&mut scenario, peer));
    let place = |payload| heard.iter().position(|(_, other, _)| other == payload).expect("sent");
    assert_eq!(place("live"), place("19000") + 1);
    assert_eq!(heard.len(), 20_001);
}

/// A live message that is lost leaves its topic to the cursor.
#[test]
fn what_a_slow_client_loses_meanwhile_is_made_up_for_by_what_is_retained() {
    let mut scenario = Scenario::with(BrokerOptions { queue_messages: 2, ..small() });
    retain_many(&mut scenario, 20, QoS::AtLeastOnce);
    let (zero, one) = (scenario.join(V5, "zero"), scenario.join(V5, "one"));
    for (peer, qos) in [(zero, QoS::AtMostOnce), (one, QoS::AtLeastOnce)] {
        scenario.writable(peer, false);
        begin(&mut scenario, peer, "#", qos);
        scenario.hear(peer);
    }
    for number in 5..10 {
        retain(&mut scenario, &topic(number), "newer", QoS::AtLeastOnce);
    }
    assert_eq!(scenario.broker.counters().dropped, 5 + 3);
    for peer in [zero, one] {
        scenario.writable(peer, true);
        let heard = read_all(&mut scenario, peer);
        for number in 0..20 {
            let last = heard.iter().rfind(|(name, ..)| *name == topic(number)).expect("none is lost");
            let expected = if (5..10).contains(&number) { "newer".into() } else { number.to_string() };
            assert_eq!(last.1, expected);
        }
    }
}

fn one_in_flight() -> BrokerOptions {
    BrokerOptions { in_flight_max: 1.try_into().expect("not 0"), ..small() }
}

/// [MQTT-4.6.0-5]: nor does it go before an older message of its topic that another subscription
/// has brought.
#[test]
fn what_waits_already_goes_first() {
    let mut scenario = Scenario::with(one_in_flight());
    let peer = scenario.join(V5, "a");
    begin(&mut scenario, peer, "t/+", QoS::AtLeastOnce);
    for (topic, payload) in [("t/1", "a"), ("t/2", "b"), ("t/3", "c"), ("t/x", "old")] {
        live(&mut scenario, topic, payload, QoS::AtLeastOnce);
    }
    retain(&mut scenario, "t/x", "new", QoS::AtLeastOnce);
    begin(&mut scenario, peer, "+/x", QoS::AtLeastOnce);
    let payloads: Vec<String> = read_all(&mut scenario, peer).into_iter().map(|(_, payload, _)| payload).collect();
    assert_eq!(payloads, ["a", "b", "c", "old", "new", "new"]);
}

/// However many live messages come, half of what is sent is of the cursor.
#[test]
fn live_messages_do_not_starve_it() {
    let mut scenario = Scenario::with(one_in_flight());
    retain_many(&mut scenario, 100, QoS::AtLeastOnce);
    let peer = scenario.join(V5, "a");
    begin(&mut scenario, peer, "#", QoS::AtLeastOnce);
    let mut heard = Vec::new();
    while heard.len() < 60 {
        live(&mut scenario, "live", "x", QoS::AtLeastOnce);
        live(&mut scenario, "live", "x", QoS::AtLeastOnce);
        heard.extend(read(&mut scenario, peer));
    }
    let kept = heard.iter().filter(|(topic, ..)| topic != "live").count();
    assert!((25..=35).contains(&kept), "{kept}");
}

/// [MQTT-3.8.3-3]: a client that wants nothing of its own is still sent what others retained.
#[test]
fn an_own_live_message_does_not_stand_for_what_others_retained() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 20, QoS::AtLeastOnce);
    let (own, other) = (scenario.join(V5, "own"), scenario.join(V5, "other"));
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, no_local: true, ..Default::default() };
    scenario.subscribe_with(own, "many/#", options, None);
    begin(&mut scenario, other, "many/#", QoS::AtLeastOnce);
    scenario.send(own, &Packet::Publish(publish(&topic(15), "own", QoS::AtMostOnce)));
    scenario.send(own, &Packet::Publish(Publish { retain: true, ..publish(&topic(16), "own", QoS::AtMostOnce) }));
    for number in 1..=5 {
        scenario.send(own, &Packet::Puback(Ack::success(id(number))));
    }
    let topics: Vec<String> = read_all(&mut scenario, own).into_iter().map(|(topic, ..)| topic).collect();
    let expected: Vec<String> = (5..20).filter(|number| *number != 16).map(topic).collect();
    assert_eq!(topics, expected);
}

/// A full queue gives up what is live, whichever way, and nothing that is retained.
#[test]
fn the_bounds_of_the_queue_are_for_live_messages() {
    for queue_overflow in [QueueOverflow::DropNewest, QueueOverflow::DropOldest] {
        let mut scenario = Scenario::with(BrokerOptions { queue_overflow, ..small() });
        retain_many(&mut scenario, 50, QoS::AtLeastOnce);
        let peer = scenario.join(V5, "a");
        begin(&mut scenario, peer, "#", QoS::AtLeastOnce);
        for number in 0..30 {
            live(&mut scenario, "live", &number.to_string(), QoS::AtLeastOnce);
        }
        assert_eq!(scenario.broker.sessions().next().expect("there").queued, 10);
        assert_eq!(scenario.broker.counters().dropped, 20);
        let (live, kept): (Heard, Heard) =
            read_all(&mut scenario, peer).into_iter().partition(|(topic, ..)| topic == "live");
        assert_eq!(kept, many(50, QoS::AtLeastOnce));
        let first = if queue_overflow == QueueOverflow::DropNewest { 0 } else { 20 };
        let expected: Vec<String> = (first..first + 10).map(|number: i32| number.to_string()).collect();
        assert_eq!(live.into_iter().map(|(_, payload, _)| payload).collect::<Vec<_>>(), expected);
    }
}
