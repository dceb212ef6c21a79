//! Retained messages and live ones of the same topic: order, loss, cost, and what the store has.

use std::time::Instant;

use wasmqtt::broker::{BrokerOptions, Output, PeerId, QueueOverflow};
use wasmqtt::codec::{
    Message, Packet, Properties, Property, Publish, QoS, Subscribe, Subscription, SubscriptionOptions,
};

use super::reader::Reader;
use super::retained::{begin, read, read_all, retain, retain_many, small, topic};
use super::retained_live::live;
use super::store::{expiry, keeping, restart, stored_with};
use crate::support::packets::{QOS, V5, id, message, properties, publish};
use crate::support::scenario::Scenario;

const ONE: QoS = QoS::AtLeastOnce;
const ZERO: QoS = QoS::AtMostOnce;

fn payloads(heard: &[(String, String, u8)], topic: &str) -> Vec<String> {
    heard.iter().filter(|(name, ..)| name == topic).map(|(_, payload, _)| payload.clone()).collect()
}

fn lasting(scenario: &mut Scenario, client_id: &str) -> PeerId {
    let expiry = expiry(1_000);
    scenario.connect(&keeping(V5, client_id, &expiry))
}

/// [MQTT-4.6.0-5]: the value that the queue had no room for comes behind the older one that waits.
#[test]
fn a_dropped_value_comes_after_an_older_one_that_waits() {
    let mut scenario = Scenario::with(BrokerOptions { queue_messages: 3, ..small() });
    retain_many(&mut scenario, 20, ONE);
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    begin(&mut scenario, peer, "#", ONE);
    for payload in ["first", "second", "third", "fourth"] {
        retain(&mut scenario, &topic(0), payload, ONE);
    }
    assert_eq!(scenario.broker.counters().dropped, 1);
    scenario.writable(peer, true);
    let heard = read_all(&mut scenario, peer);
    assert_eq!(payloads(&heard, &topic(0)), ["first", "second", "third", "fourth"]);
    assert_eq!(heard.len(), 19 + 4);
}

/// A live message of QoS 0 that is dropped leaves its topic to the cursor, whether it was to be
/// retained or not.
#[test]
fn a_dropped_live_message_leaves_its_topic_to_the_cursor() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 3, ZERO);
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    begin(&mut scenario, peer, "#", ZERO);
    live(&mut scenario, &topic(0), "live", ZERO);
    retain(&mut scenario, &topic(1), "newer", ZERO);
    assert_eq!(scenario.broker.counters().dropped, 2);
    scenario.writable(peer, true);
    let heard = read_all(&mut scenario, peer);
    assert_eq!(heard.into_iter().map(|(_, payload, _)| payload).collect::<Vec<_>>(), ["0", "newer", "2"]);
}

/// [MQTT-4.6.0-5]: no retained message follows a newer one. The one of QoS 0 is dropped, and
/// counted, if the connection takes nothing and the queue takes the live message.
#[test]
fn a_retained_message_of_qos_0_gives_way_to_a_live_one_that_is_queued() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 3, ZERO);
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    begin(&mut scenario, peer, "#", ONE);
    live(&mut scenario, &topic(1), "live", ONE);
    assert_eq!(scenario.broker.counters().dropped, 1);
    scenario.writable(peer, true);
    let heard = read_all(&mut scenario, peer);
    assert_eq!(payloads(&heard, &topic(1)), ["live"]);
    assert_eq!(heard.len(), 3);
}

/// The live message is dropped if the queue has no room for the retained one before it.
#[test]
fn a_live_message_is_dropped_where_the_retained_one_has_no_room() {
    for (live_qos, queue_overflow) in
        [(ZERO, QueueOverflow::DropNewest), (ONE, QueueOverflow::DropNewest), (ZERO, QueueOverflow::Disconnect)]
    {
        let mut scenario = Scenario::with(BrokerOptions { queue_messages: 2, queue_overflow, ..small() });
        retain_many(&mut scenario, 20, ONE);
        let mut peer = lasting(&mut scenario, "a");
        begin(&mut scenario, peer, "many/#", ONE);
        begin(&mut scenario, peer, "other", ONE);
        for number in 0..2 {
            live(&mut scenario, "other", &number.to_string(), ONE);
        }
        let mut reader = Reader::default();
        live(&mut scenario, &topic(15), "live", live_qos);
        assert_eq!(scenario.broker.counters().dropped, 1);
        let mut heard = Vec::new();
        if queue_overflow == QueueOverflow::Disconnect {
            assert!(scenario.is_closed(peer), "as the queue's policy says");
            peer = lasting(&mut scenario, "a");
        }
        heard.extend(reader.read_all(&mut scenario, peer));
        assert_eq!(payloads(&heard, &topic(15)), ["15"], "{live_qos:?} {queue_overflow:?}");
        assert_eq!(payloads(&heard, "other"), ["0", "1"]);
        for number in 0..20 {
            assert_eq!(payloads(&heard, &topic(number)).len(), 1, "{number}");
        }
    }
}

/// A topic whose retained message is forgotten while a cursor waits, and that has another then.
#[test]
fn a_topic_that_is_forgotten_and_retained_again_comes_once() {
    for qos in QOS {
        let mut scenario = stored_with(small());
        retain_many(&mut scenario, 20, qos);
        let peer = scenario.join(V5, "a");
        scenario.writable(peer, false);
        begin(&mut scenario, peer, "#", qos);
        for payload in ["newer", "", "newest"] {
            retain(&mut scenario, &topic(10), payload, qos);
        }
        scenario.writable(peer, true);
        let heard = read_all(&mut scenario, peer);
        let expected: &[&str] = if qos == ZERO { &["newest"] } else { &["newer", "", "newest"] };
        assert_eq!(payloads(&heard, &topic(10)), expected);
    }
}

/// The transcript of a client is the same, whether another client is slow or not there.
#[test]
fn one_slow_subscriber_changes_nothing_for_others() {
    let transcript = |with_slow: bool| {
        let mut scenario = Scenario::with(small());
        retain_many(&mut scenario, 30, ONE);
        if with_slow {
            let slow = scenario.join(V5, "slow");
            scenario.writable(slow, false);
            begin(&mut scenario, slow, "#", ONE);
        }
        let peer = scenario.join(V5, "a");
        let options = SubscriptionOptions { qos: ONE, no_local: true, ..Default::default() };
        let subscriptions = vec![Subscription { filter: "many/#", options }];
        let subscribe = Subscribe { packet_id: id(100), properties: Properties::EMPTY, subscriptions };
        scenario.send(peer, &Packet::Subscribe(subscribe));
        retain(&mut scenario, &topic(20), "newer", ONE);
        live(&mut scenario, &topic(21), "live", ONE);
        // The client is sent nothing of its own, and the slow one is.
        scenario.send(peer, &Packet::Publish(publish(&topic(22), "own", ZERO)));
        scenario.send(peer, &Packet::Publish(Publish { retain: true, ..publish(&topic(23), "own", ZERO) }));
        let mut heard = read(&mut scenario, peer);
        live(&mut scenario, &topic(24), "live", ONE);
        heard.extend(read_all(&mut scenario, peer));
        heard
    };
    let alone = transcript(false);
    assert_eq!(payloads(&alone, &topic(20)), ["newer"]);
    assert_eq!(alone.len(), 29 + 2);
    assert_eq!(transcript(true), alone);
}

/// A live message that is dropped writes nothing of cursors, and nothing of what is retained beside
/// its own topic.
#[test]
fn a_live_message_rewrites_nothing_that_is_stored() {
    let mut scenario = stored_with(small());
    retain_many(&mut scenario, 20, ONE);
    let peer = lasting(&mut scenario, "a");
    scenario.writable(peer, false);
    for filter in ["#", "many/+", "+/00003", "many/00004"] {
        begin(&mut scenario, peer, filter, ZERO);
    }
    let before = scenario.disk.records.clone();
    live(&mut scenario, "many/00003", "live", ONE);
    assert_eq!(scenario.disk.records, before);
    retain(&mut scenario, "many/00004", "newer", ONE);
    let is_new = |(key, value): &(&Vec<u8>, &Vec<u8>)| before.get(*key) != Some(*value);
    let kinds: String = scenario.disk.records.iter().filter(is_new).map(|(key, _)| char::from(key[0])).collect();
    assert_eq!(kinds, "MR");
}

/// The store knows which topics a live message has gone to before a cursor.
#[test]
fn overtaken_topics_outlive_a_restart() {
    for qos in [ONE, QoS::ExactlyOnce] {
        let mut scenario = stored_with(small());
        retain_many(&mut scenario, 40, qos);
        let mut peer = lasting(&mut scenario, "a");
        let mut reader = Reader::default();
        begin(&mut scenario, peer, "many/#", qos);
        begin(&mut scenario, peer, "+/00030", qos);
        let before = scenario.disk.records.clone();
        live(&mut scenario, &topic(30), "live", qos);
        retain(&mut scenario, &topic(31), "newer", qos);
        let is_new = |key: &&Vec<u8>| !before.contains_key(*key);
        let kinds: String = scenario.disk.records.keys().filter(is_new).map(|key| char::from(key[0])).collect();
        // One record for each topic, of which one has both cursors; the messages, and each in the
        // queue.
        assert_eq!(kinds.matches('g').count(), 2, "{kinds}");
        assert_eq!(kinds.replace('g', ""), "MMqqqq", "nothing else is written anew");
        let mut heard = Vec::new();
        for _ in 0..3 {
            restart(&mut scenario, 1);
            peer = lasting(&mut scenario, "a");
            heard.extend(reader.read(&mut scenario, peer));
        }
        heard.extend(reader.read_all(&mut scenario, peer));
        assert_eq!(payloads(&heard, &topic(30)), ["30", "30", "live"]);
        assert_eq!(payloads(&heard, &topic(31)), ["newer"]);
        assert_eq!(heard.len(), 40 + 2);
        assert!(!scenario.disk.kinds().contains('g'), "{}", scenario.disk.kinds());
    }
}

/// A subscription that ends leaves no record of its cursor.
#[test]
fn the_records_of_a_cursor_end_with_its_subscription() {
    let mut scenario = stored_with(small());
    retain_many(&mut scenario, 40, ONE);
    let peer = lasting(&mut scenario, "a");
    for ends_by_unsubscribe in [true, false] {
        begin(&mut scenario, peer, "many/#", ONE);
        live(&mut scenario, &topic(30), "live", ONE);
        assert!(scenario.disk.kinds().contains('g'));
        if ends_by_unsubscribe {
            scenario.unsubscribe(peer, "many/#");
        } else {
            scenario.join(V5, "a");
        }
        assert!(!scenario.disk.kinds().contains('g'), "{}", scenario.disk.kinds());
    }
}

/// A live message overtakes a thousand cursors of a client, and its topic is stored once for all of
/// them. A restart keeps that, also for the cursors that have passed the topic since.
#[test]
fn a_message_that_overtakes_many_cursors_is_a_small_batch() {
    const COUNT: u32 = 1_000;
    let mut scenario = stored_with(BrokerOptions::default());
    let levels = |number: u32| {
        (0..10).fold(String::from("+"), |filter, bit| filter + if number >> bit & 1 == 0 { "/+" } else { "/b" })
    };
    let (before, topic) = (format!("A{}", "/b".repeat(10)), format!("{:a<900}{}", "", "/b".repeat(10)));
    retain(&mut scenario, &before, "x", ONE);
    retain(&mut scenario, &topic, "x", ONE);
    let expiry = properties(&[Property::SessionExpiryInterval(1_000), Property::ReceiveMaximum(1)]);
    let peer = scenario.connect(&keeping(V5, "a", &expiry));
    for number in 0..COUNT {
        begin(&mut scenario, peer, &levels(number), ONE);
    }
    let mut heard = read(&mut scenario, peer);
    scenario.broker.publish(Message { qos: ONE, retain: true, ..message(&topic, "newer") }, scenario.now);
    let mut bytes = Vec::new();
    while let Some(output) = scenario.broker.poll_output() {
        if let Output::Store(id, batch) = output {
            bytes.push(batch.as_bytes().len());
            scenario.disk.take(id, batch);
            let id = scenario.disk.write().expect("just taken");
            scenario.broker.handle_stored(id, scenario.now);
        }
    }
    assert!(bytes.iter().sum::<usize>() < 6_000, "{bytes:?}");
    scenario.drain();
    assert_eq!(scenario.disk.kinds().matches('g').count(), 1, "{}", scenario.disk.kinds());
    // Every second cursor ends.
    for number in (0..COUNT).step_by(2) {
        scenario.unsubscribe(peer, &levels(number));
    }
    let mut reader = Reader::default();
    for _ in 0..3 {
        restart(&mut scenario, 1);
        let peer = scenario.connect(&keeping(V5, "a", &expiry));
        for _ in 0..100 {
            heard.extend(reader.read(&mut scenario, peer));
        }
    }
    restart(&mut scenario, 1);
    let peer = scenario.connect(&keeping(V5, "a", &expiry));
    heard.extend(reader.read_all(&mut scenario, peer));
    assert_eq!(payloads(&heard, &topic), ["newer"]);
    assert!(payloads(&heard, &before).len() >= 500);
    assert!(!scenario.disk.kinds().contains('g'), "{}", scenario.disk.kinds());
}

/// The cost of a live message, in a thousand, among so many cursors of other filters.
fn cost(cursors: usize) -> std::time::Duration {
    let options = BrokerOptions { subscriptions_max: 10_000, ..BrokerOptions::default() };
    let mut scenario = Scenario::with(options);
    for number in 0..cursors {
        retain(&mut scenario, &format!("other/{number}"), "x", ZERO);
    }
    retain(&mut scenario, "topic", "x", ZERO);
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    for number in 0..cursors {
        begin(&mut scenario, peer, &format!("other/{number}"), ZERO);
    }
    begin(&mut scenario, peer, "topic", ZERO);
    scenario.hear(peer);
    let rounds = (0..7).map(|_| {
        let start = Instant::now();
        for _ in 0..1_000 {
            scenario.broker.publish(message("topic", "live"), scenario.now);
        }
        start.elapsed()
    });
    rounds.min().expect("rounds")
}

#[test]
fn a_live_message_costs_no_more_with_thousands_of_cursors_of_other_filters() {
    // A look at each cursor would cost a hundred times as much, and a loaded machine a few times.
    let (one, thousands) = (cost(1), cost(8_000));
    assert!(thousands < one * 20, "{thousands:?} is not near {one:?}");
}
