//! Subscriptions that match more retained messages than their clients take at once.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{
    Ack, Connect, Message, Packet, Property, Publish, QoS, ReasonCode, RetainHandling, Subscribe, Subscription,
    SubscriptionOptions, Version,
};

use super::reader::{Heard, Reader};
use super::retained_live::live;
use super::store::{expiry, keeping, restart, stored_with};
use crate::support::packets::{QOS, V4, V5, connect, id, message, properties, publish};
use crate::support::scenario::Scenario;

pub(crate) fn read(scenario: &mut Scenario, peer: PeerId) -> Heard {
    Reader::default().read(scenario, peer)
}

pub(crate) fn read_all(scenario: &mut Scenario, peer: PeerId) -> Heard {
    Reader::default().read_all(scenario, peer)
}

/// The host retains a message.
pub(crate) fn retain(scenario: &mut Scenario, topic: &str, payload: &str, qos: QoS) {
    scenario.broker.publish(Message { qos, retain: true, ..message(topic, payload) }, scenario.now);
    scenario.drain();
}

pub(crate) fn topic(number: usize) -> String {
    format!("many/{number:05}")
}

pub(crate) fn retain_many(scenario: &mut Scenario, count: usize, qos: QoS) {
    for number in 0..count {
        retain(scenario, &topic(number), &number.to_string(), qos);
    }
}

/// The transcript of `count` retained messages, in the order of their topics.
pub(crate) fn many(count: usize, qos: QoS) -> Heard {
    (0..count).map(|number| (topic(number), number.to_string(), qos.bits())).collect()
}

pub(crate) fn small() -> BrokerOptions {
    let in_flight_max = 5.try_into().expect("not 0");
    BrokerOptions { in_flight_max, queue_messages: 10, ..BrokerOptions::default() }
}

fn lasting(scenario: &mut Scenario, version: Version, client_id: &str) -> PeerId {
    let expiry = expiry(1_000);
    scenario.join_with(&keeping(version, client_id, &expiry))
}

pub(crate) fn begin(scenario: &mut Scenario, peer: PeerId, filter: &str, qos: QoS) {
    let subscription = Subscription { filter, options: SubscriptionOptions { qos, ..Default::default() } };
    let subscriptions = vec![subscription];
    let properties = wasmqtt::codec::Properties::EMPTY;
    scenario.send(peer, &Packet::Subscribe(Subscribe { packet_id: id(100), properties, subscriptions }));
}

/// [MQTT-3.3.1-9]: far more than are in flight and wait in a queue.
#[test]
fn all_that_is_retained_comes_as_it_is_acknowledged() {
    for version in [V4, V5] {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut scenario = Scenario::with(small());
            retain_many(&mut scenario, 200, qos);
            let peer = scenario.join(version, "a");
            begin(&mut scenario, peer, "#", qos);
            let session = scenario.broker.sessions().next().expect("connected");
            assert_eq!((session.in_flight, session.queued), (5, 0), "the queue is for live messages");
            assert_eq!(read_all(&mut scenario, peer), many(200, qos));
            assert_eq!(scenario.broker.counters().dropped, 0);
        }
    }
}

/// [MQTT-3.3.1-9]: frame by frame, to a connection that takes one at a time.
#[test]
fn all_that_is_retained_comes_as_the_connection_takes_it() {
    let mut scenario = Scenario::new();
    retain_many(&mut scenario, 20_000, QoS::AtMostOnce);
    let peer = scenario.join(V5, "a");
    scenario.stop_after_frame = true;
    begin(&mut scenario, peer, "many/+", QoS::AtMostOnce);
    let mut heard = read(&mut scenario, peer);
    let before = scenario.heard_bytes;
    while heard.len() < 20_000 {
        assert!(heard.len() < 4_000 * scenario.frames(peer), "no frame is large");
        scenario.writable(peer, true);
        heard.extend(read(&mut scenario, peer));
    }
    assert!(scenario.heard_bytes > before + 200_000);
    assert_eq!(heard, many(20_000, QoS::AtMostOnce));
    assert_eq!(scenario.broker.counters().dropped, 0);
}

/// A peer that takes nothing when it subscribes loses nothing by it.
#[test]
fn a_peer_that_takes_no_more_is_sent_what_is_retained_later() {
    let mut scenario = Scenario::new();
    retain_many(&mut scenario, 3, QoS::AtMostOnce);
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    assert_eq!(scenario.subscribe(peer, "#", QoS::AtMostOnce), ["SUBACK #100 00"]);
    scenario.writable(peer, true);
    assert_eq!(read(&mut scenario, peer), many(3, QoS::AtMostOnce));
}

/// Other peers are sent theirs between the frames of one that is sent much.
#[test]
fn peers_take_turns() {
    let mut scenario = Scenario::new();
    retain_many(&mut scenario, 20_000, QoS::AtMostOnce);
    let (one, two) = (scenario.join(V5, "one"), scenario.join(V5, "two"));
    for peer in [one, two] {
        scenario.writable(peer, false);
        begin(&mut scenario, peer, "#", QoS::AtMostOnce);
        scenario.hear(peer);
    }
    scenario.broker.set_writable(one, true, scenario.now);
    scenario.broker.set_writable(two, true, scenario.now);
    let mut order = Vec::new();
    while let Some(output) = scenario.broker.poll_output() {
        let wasmqtt::broker::Output::Transmit(peer, _) = output else { panic!("{output:?}") };
        order.push(peer);
    }
    assert!(order.len() > 10);
    assert!(order.chunks(2).all(|pair| pair == [one, two]), "{order:?}");
}

/// [MQTT-3.8.4-3], [MQTT-3.8.4-4]: it begins anew, with the new options.
#[test]
fn the_same_filter_again_begins_anew() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 20, QoS::AtLeastOnce);
    let peer = scenario.join(V5, "a");
    begin(&mut scenario, peer, "many/#", QoS::AtLeastOnce);
    assert_eq!(read(&mut scenario, peer), many(5, QoS::AtLeastOnce));
    let options = SubscriptionOptions { qos: QoS::AtMostOnce, ..Default::default() };
    let mut heard = scenario.subscribe_with(peer, "many/#", options, Some(7));
    heard.retain(|line| line.contains(" q0 "));
    assert_eq!(heard.len(), 20);
    assert_eq!(heard[19], "many/00019=19 q0 retain SubscriptionIdentifier(7)");
    scenario.hear(peer);
    assert_eq!(scenario.broker.counters().dropped, 0);
}

/// [MQTT-3.3.1-10], [MQTT-3.3.1-11], [MQTT-3.8.4-4]: nothing comes again, and nothing is lost.
#[test]
fn a_subscription_that_is_replaced_and_brings_nothing_again_goes_on() {
    for retain_handling in [RetainHandling::SendIfNew, RetainHandling::DoNotSend] {
        let mut scenario = Scenario::with(small());
        retain_many(&mut scenario, 20, QoS::AtLeastOnce);
        let peer = scenario.join(V5, "a");
        begin(&mut scenario, peer, "many/#", QoS::AtLeastOnce);
        let mut heard = read(&mut scenario, peer);
        let options = SubscriptionOptions { qos: QoS::AtLeastOnce, retain_handling, ..Default::default() };
        let lines = scenario.subscribe_with(peer, "many/#", options, Some(7));
        // What is in flight is acknowledged; what comes from now on has the new identifier.
        assert!(lines.iter().any(|line| line.starts_with("SUBACK")), "{lines:?}");
        for line in lines.iter().filter(|line| line.contains(" q1 ")) {
            let packet_id: u16 = line.split(['#', ' ']).nth(3).expect(line).parse().expect(line);
            heard.push((line.split('=').next().expect(line).into(), String::new(), 1));
            scenario.send(peer, &Packet::Puback(Ack::success(id(packet_id))));
        }
        let rest = scenario.hear(peer);
        assert!(rest.iter().all(|line| line.ends_with("SubscriptionIdentifier(7)")), "{rest:?}");
        let count = heard.len() + rest.len();
        assert!(count > 10 && count <= 20, "{count}");
    }
}

/// [MQTT-3.10.4-1], [MQTT-3.10.4-3]: deliveries under way are completed, and no more come.
#[test]
fn unsubscribe_ends_it() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 20, QoS::ExactlyOnce);
    let peer = scenario.join(V5, "a");
    begin(&mut scenario, peer, "many/#", QoS::ExactlyOnce);
    scenario.send(
        peer,
        &Packet::Unsubscribe(wasmqtt::codec::Unsubscribe {
            packet_id: id(7),
            properties: wasmqtt::codec::Properties::EMPTY,
            filters: vec!["many/#"],
        }),
    );
    assert_eq!(read_all(&mut scenario, peer), many(5, QoS::ExactlyOnce));
    // Subscribed again, it begins anew.
    begin(&mut scenario, peer, "many/#", QoS::ExactlyOnce);
    assert_eq!(read_all(&mut scenario, peer), many(20, QoS::ExactlyOnce));
}

/// Overlapping filters bring each what they match, and a short one does not wait for the end of a
/// long one.
#[test]
fn cursors_take_turns() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 200, QoS::AtLeastOnce);
    let peer = scenario.join(V5, "a");
    begin(&mut scenario, peer, "#", QoS::AtLeastOnce);
    begin(&mut scenario, peer, "many/+", QoS::AtLeastOnce);
    begin(&mut scenario, peer, "+/00199", QoS::AtLeastOnce);
    begin(&mut scenario, peer, "+/00150", QoS::AtMostOnce);
    let mut heard = read(&mut scenario, peer);
    assert_eq!(heard.pop(), Some((topic(150), "150".into(), 0)), "that needs no acknowledgement");
    while heard.iter().all(|(name, ..)| *name != topic(199)) {
        heard.extend(read(&mut scenario, peer));
    }
    assert!(heard.len() < 20, "{}", heard.len());
    heard.extend(read_all(&mut scenario, peer));
    assert_eq!(heard.len(), 401);
}

/// The session goes on where it was, and nothing of QoS 2 comes twice; at QoS 0 what was on its way
/// is lost.
#[test]
fn a_session_that_is_resumed_goes_on() {
    for version in [V4, V5] {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut scenario = Scenario::with(small());
            retain_many(&mut scenario, 60, qos);
            let mut peer = lasting(&mut scenario, version, "a");
            begin(&mut scenario, peer, "many/#", qos);
            let mut heard = Vec::new();
            let mut reader = Reader::default();
            for round in 0..5 {
                heard.extend(reader.read(&mut scenario, peer));
                scenario.cut(peer);
                retain(&mut scenario, &topic(59 - round), "newer", qos);
                let expiry = expiry(1_000);
                peer = scenario.connect(&keeping(version, "a", &expiry));
            }
            heard.extend(reader.read_all(&mut scenario, peer));
            heard.sort();
            let mut expected = many(55, qos);
            expected.extend((55..60).map(|number| (topic(number), "newer".into(), qos.bits())));
            assert_eq!(heard, expected);
        }
    }
}

#[test]
fn a_session_that_ends_takes_its_cursors_along() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 30, QoS::AtLeastOnce);
    let peer = lasting(&mut scenario, V5, "a");
    begin(&mut scenario, peer, "many/#", QoS::AtLeastOnce);
    scenario.cut(peer);
    let peer = scenario.join(V5, "a");
    assert_eq!(scenario.hear(peer), [""; 0]);
    assert_eq!(scenario.publish(peer, "many/x", "", QoS::AtLeastOnce), ["PUBACK #9 10"]);
}

/// The store knows how far each came, and what went ahead.
#[test]
fn a_restart_forgets_no_cursor_and_repeats_nothing() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = stored_with(small());
        retain_many(&mut scenario, 60, qos);
        let mut peer = lasting(&mut scenario, V5, "a");
        begin(&mut scenario, peer, "many/#", qos);
        begin(&mut scenario, peer, "+/00010", qos);
        live(&mut scenario, &topic(50), "live", qos);
        retain(&mut scenario, &topic(55), "newer", qos);
        let mut heard = Vec::new();
        let mut reader = Reader::default();
        for _ in 0..8 {
            heard.extend(reader.read(&mut scenario, peer));
            restart(&mut scenario, 1);
            let expiry = expiry(1_000);
            peer = scenario.connect(&keeping(V5, "a", &expiry));
        }
        retain(&mut scenario, &topic(58), "newer", qos);
        heard.extend(reader.read_all(&mut scenario, peer));
        heard.sort();
        let mut expected = many(60, qos);
        expected[55].1 = "newer".into();
        expected[58].1 = "newer".into();
        expected.push((topic(10), "10".into(), qos.bits()));
        expected.push((topic(50), "live".into(), qos.bits()));
        expected.sort();
        assert_eq!(heard, expected);
        // Nothing of it is left in the store.
        scenario.unsubscribe(peer, "many/#");
        scenario.unsubscribe(peer, "+/00010");
        let kinds: String = scenario.disk.kinds().chars().filter(|kind| !"MR".contains(*kind)).collect();
        assert_eq!(kinds, "FS");
    }
}

/// Each message waits for the host's word, however late it comes, and for the connection then.
#[test]
fn what_the_host_is_asked_about_is_not_lost_either() {
    for qos in QOS {
        let asks = Asks { receive: true, ..Asks::default() };
        let mut scenario = Scenario::with(BrokerOptions { asks, ..small() });
        retain_many(&mut scenario, 40, qos);
        let peer = scenario.join(V5, "a");
        begin(&mut scenario, peer, "#", qos);
        assert_eq!(scenario.asked.len(), 5, "half of what the queue takes");
        let mut heard = Vec::new();
        let mut refused = 0;
        for round in 0.. {
            scenario.writable(peer, false);
            let asked: Vec<_> = scenario.asked.drain(..).collect();
            for (question, _) in asked {
                let answer = if round % 4 == 3 { Answer::Refuse(ReasonCode::NotAuthorized) } else { Answer::Allow };
                refused += usize::from(answer != Answer::Allow);
                scenario.answer_to(question, answer);
            }
            scenario.writable(peer, true);
            heard.extend(read_all(&mut scenario, peer));
            if scenario.asked.is_empty() {
                break;
            }
        }
        assert_eq!(heard.len(), 40 - refused, "{qos:?}");
        assert!(heard.is_sorted() && refused > 0);
        assert_eq!(scenario.broker.counters().dropped, 0);
    }
}

/// A message retained after a restart is newer than one that was there when the client subscribed,
/// whatever has been forgotten.
#[test]
fn what_is_retained_after_a_restart_comes_once() {
    let mut scenario = stored_with(small());
    retain_many(&mut scenario, 20, QoS::AtLeastOnce);
    for number in 0..20 {
        retain(&mut scenario, "forgotten", &number.to_string(), QoS::AtLeastOnce);
    }
    let peer = lasting(&mut scenario, V5, "a");
    begin(&mut scenario, peer, "many/#", QoS::AtLeastOnce);
    let mut heard = read(&mut scenario, peer);
    scenario.cut(peer);
    retain(&mut scenario, "forgotten", "", QoS::AtLeastOnce);
    restart(&mut scenario, 1);
    retain(&mut scenario, "many/more", "x", QoS::AtLeastOnce);
    let expiry = expiry(1_000);
    let peer = scenario.connect(&keeping(V5, "a", &expiry));
    heard.extend(read_all(&mut scenario, peer));
    assert_eq!(heard.iter().filter(|(topic, ..)| topic == "many/more").count(), 1);
    assert_eq!(heard.len(), 21, "{heard:?}");
}

/// A message that is too large or expired is skipped, at no cost to those behind it.
#[test]
fn what_cannot_be_sent_does_not_stop_it() {
    let mut scenario = Scenario::with(small());
    retain_many(&mut scenario, 20, QoS::AtLeastOnce);
    retain(&mut scenario, &topic(7), &"x".repeat(100), QoS::AtLeastOnce);
    let list = properties(&[Property::MessageExpiryInterval(1)]);
    let publisher = scenario.join(V5, "p");
    let expiring = Publish { retain: true, properties: list.as_properties(), ..publish("many/00013", "y", QOS[1]) };
    scenario.publish_with(publisher, expiring);
    let maximum = properties(&[Property::MaximumPacketSize(60)]);
    let peer = scenario.join_with(&Connect { properties: maximum.as_properties(), ..connect(V5, "a") });
    begin(&mut scenario, peer, "#", QoS::AtLeastOnce);
    let mut heard = read(&mut scenario, peer);
    scenario.wait_ms(1_500);
    heard.extend(read_all(&mut scenario, peer));
    let expected: Heard =
        many(20, QoS::AtLeastOnce).into_iter().filter(|(_, number, _)| number != "7" && number != "13").collect();
    assert_eq!(heard, expected);
}
