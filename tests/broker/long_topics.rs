//! Long topics, filters and client identifiers: their bytes cost steps wherever they are read, and
//! no record repeats them. An alias names a topic of 64 KB in eight bytes.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId, Question};
use wasmqtt::codec::{
    Connect, Packet, Properties, Property, Publish, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
};

use super::budget::{encoded, options, rules, turns};
use super::store::{come_back, restart, stored};
use crate::support::packets::{V5, connect, id, properties, publish};
use crate::support::scenario::Scenario;

/// Returns a topic of 64 KB that differs from others at its end.
fn topic(number: u32) -> String {
    format!("{}{number:05}", "t".repeat(65_000))
}

fn join(scenario: &mut Scenario, name: &str, list: &[Property<'_>]) -> PeerId {
    let list = properties(&[list, &[Property::SessionExpiryInterval(1_000)]].concat());
    scenario.join_with(&Connect { properties: list.as_properties(), clean_start: false, ..connect(V5, name) })
}

/// A publisher whose first aliases are these topics.
fn sender(scenario: &mut Scenario, topics: u16) -> PeerId {
    let sender = scenario.join(V5, "sender");
    for number in 1..=topics {
        let alias = properties(&[Property::TopicAlias(number)]);
        let topic = topic(number.into());
        let packet = Publish { properties: alias.as_properties(), ..publish(&topic, "", QoS::AtMostOnce) };
        scenario.send(sender, &Packet::Publish(packet));
    }
    scenario.drain();
    sender
}

fn by_alias(number: u16, qos: QoS, retain: bool) -> Vec<u8> {
    let alias = properties(&[Property::TopicAlias(number)]);
    let packet_id = (qos != QoS::AtMostOnce).then(|| id(number));
    let publish = publish("", "x", qos);
    encoded(&Packet::Publish(Publish { packet_id, retain, properties: alias.as_properties(), ..publish }))
}

fn subscribe(scenario: &mut Scenario, peer: PeerId, filter: &str, identifier: u32) {
    let list = properties(&[Property::SubscriptionIdentifier(identifier)]);
    let properties = if identifier > 0 { list.as_properties() } else { Properties::EMPTY };
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    let subscriptions = vec![Subscription { filter, options }];
    scenario.send(peer, &Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
    scenario.hear(peer);
}

#[test]
fn short_packets_of_long_topics_are_handled_in_turns() {
    for (qos, retain) in [(QoS::AtMostOnce, false), (QoS::AtLeastOnce, false), (QoS::AtMostOnce, true)] {
        let mut scenario = Scenario::with(options());
        let (innocent, sender) = (scenario.join(V5, "innocent"), sender(&mut scenario, 1));
        let bytes = by_alias(1, qos, retain).repeat(500);
        scenario.broker.handle_bytes(sender, &bytes, scenario.now);
        let turns = turns(&mut scenario, innocent);
        assert!(turns > 3, "{turns} turns at {qos:?}, retain {retain}");
    }
}

/// Also where a subscriber is sent no more than an alias.
#[test]
fn a_long_topic_costs_steps_for_each_subscriber() {
    let aliases = [Property::TopicAliasMaximum(16)];
    for (list, identifier) in [(aliases.as_slice(), 0), (aliases.as_slice(), 7), (&[], 0), (&[], 7)] {
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
            let mut scenario = Scenario::with(options());
            for number in 0..300 {
                let subscriber = join(&mut scenario, &format!("s{number}"), list);
                subscribe(&mut scenario, subscriber, "#", identifier);
            }
            let (innocent, sender) = (scenario.join(V5, "innocent"), sender(&mut scenario, 1));
            scenario.wait_ms(0);
            scenario.broker.handle_bytes(sender, &by_alias(1, qos, false), scenario.now);
            let turns = turns(&mut scenario, innocent);
            assert!(turns > 1, "{turns} turns at {qos:?} with {list:?}, identifier {identifier}");
        }
    }
}

#[test]
fn a_copy_that_is_too_large_costs_steps_too() {
    let mut scenario = Scenario::with(options());
    for number in 0..100 {
        let subscriber = join(&mut scenario, &format!("s{number}"), &[Property::MaximumPacketSize(100)]);
        subscribe(&mut scenario, subscriber, "t", 7);
    }
    let (innocent, sender) = (scenario.join(V5, "innocent"), scenario.join(V5, "sender"));
    let list = properties(&vec![Property::UserProperty("", ""); 190_000]);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let large = Publish { properties: list.as_properties(), ..publish("t", "", qos) };
        scenario.broker.handle_bytes(sender, &encoded(&Packet::Publish(large)), scenario.now);
        let turns = turns(&mut scenario, innocent);
        assert!(turns > 3, "{turns} turns at {qos:?}");
    }
    assert_eq!(scenario.broker.counters().delivered, 0);
}

#[test]
fn long_retained_topics_are_looked_at_in_turns() {
    let mut scenario = Scenario::with(options());
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    for number in 0..400 {
        scenario.retain(innocent, &topic(number), "x", QoS::AtMostOnce);
    }
    scenario.broker.handle_bytes(reader, &crate::support::packets::subscribe_bytes(V5, &["+/x"]), scenario.now);
    let turns = turns(&mut scenario, innocent);
    assert!(turns > 1, "{turns} turns");
}

#[test]
fn long_topics_are_compared_with_rules_in_turns() {
    let mut scenario = Scenario::with(BrokerOptions { access: rules(100), ..options() });
    for number in 0..300 {
        let subscriber = join(&mut scenario, &format!("s{number}"), &[Property::MaximumPacketSize(100)]);
        subscribe(&mut scenario, subscriber, "#", 0);
    }
    let (innocent, sender) = (scenario.join(V5, "innocent"), sender(&mut scenario, 1));
    scenario.broker.handle_bytes(sender, &by_alias(1, QoS::AtMostOnce, false), scenario.now);
    assert!(turns(&mut scenario, innocent) > 1);
}

/// Messages that wait for a former user are compared with each filter of a session that lost one.
#[test]
fn deliveries_of_a_former_user_are_compared_with_long_filters_in_turns() {
    let asks = Asks { subscribe: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..options() });
    let former = join(&mut scenario, "reader", &[]);
    for filter in (1..=14).map(topic).chain([topic(20), "lost".into()]) {
        subscribe(&mut scenario, former, &filter, 0);
        scenario.answer(Answer::Allow);
    }
    scenario.leave(former);
    let alias = properties(&[Property::TopicAlias(1)]);
    let sender = scenario.join(V5, "sender");
    let (topic, properties) = (topic(20), alias.as_properties());
    scenario.send(sender, &Packet::Publish(Publish { properties, ..publish(&topic, "", QoS::AtMostOnce) }));
    scenario.send_bytes(sender, &by_alias(1, QoS::AtLeastOnce, false).repeat(100));
    scenario.wait_ms(0);
    let innocent = scenario.join(V5, "innocent");
    scenario.connect(&Connect { username: Some("bob"), clean_start: false, ..connect(V5, "reader") });
    while scenario.asked.len() > 1 {
        scenario.answer(Answer::Allow);
    }
    let (question, asked) = scenario.asked.remove(0);
    let Question::Authorize { topic, .. } = asked else { panic!("{asked:?}") };
    assert_eq!(topic.len(), 65_005, "the last of the long filters");
    scenario.broker.answer(question, Answer::Refuse(ReasonCode::NotAuthorized), scenario.now);
    let turns = turns(&mut scenario, innocent);
    assert!(turns > 3, "{turns} turns");
    assert_eq!(scenario.broker.subscriptions(), 15);
}

/// Returns the bytes of the store's records.
fn stored_bytes(scenario: &Scenario) -> usize {
    scenario.disk.records.iter().map(|(key, value)| key.len() + value.len()).sum()
}

#[test]
fn records_of_deliveries_do_not_repeat_a_long_shared_filter() {
    let mut scenario = stored();
    let filter = format!("$share/{}/t", "g".repeat(60_000));
    for name in ["first", "second"] {
        let member = join(&mut scenario, name, &[Property::ReceiveMaximum(1)]);
        subscribe(&mut scenario, member, &filter, 0);
    }
    let sender = scenario.join(V5, "sender");
    for number in 0..50 {
        scenario.publish(sender, "t", &number.to_string(), QoS::AtLeastOnce);
    }
    let bytes = stored_bytes(&scenario);
    assert!(bytes < 3 * filter.len(), "{bytes} bytes");
    // The group of each delivery is known again: what waited for one member goes to the other.
    restart(&mut scenario, 1);
    let (second, is_present, own) = come_back(&mut scenario, V5, "second");
    assert!(is_present);
    scenario.join(V5, "first");
    scenario.wait_ms(0);
    assert_eq!((own.len(), scenario.hear(second).len()), (25, 25));
}

#[test]
fn a_long_topic_that_overtook_cursors_is_not_repeated_and_not_sent_again() {
    let mut scenario = stored();
    let sender = sender(&mut scenario, 1);
    scenario.retain(sender, "a", "first", QoS::AtLeastOnce);
    scenario.send_bytes(sender, &by_alias(1, QoS::AtLeastOnce, true));
    for number in 0..20 {
        let reader = join(&mut scenario, &format!("s{number}"), &[Property::ReceiveMaximum(1)]);
        subscribe(&mut scenario, reader, "#", 0);
    }
    scenario.send_bytes(sender, &by_alias(1, QoS::AtLeastOnce, true));
    let bytes = stored_bytes(&scenario);
    assert!(bytes < 3 * 65_536, "{bytes} bytes");
    restart(&mut scenario, 1);
    let (_, _, heard) = come_back(&mut scenario, V5, "s7");
    let of_topic = heard.iter().filter(|line| line.contains("tttt")).count();
    assert_eq!((heard.len(), of_topic), (2, 1), "the first message again, and the live one once");
}

/// A message reaches the cursors of thousands of sessions. Neither they nor the store's image keep
/// the topic, so that neither compares it with others.
#[test]
fn a_long_topic_that_overtook_cursors_is_kept_once() {
    let mut scenario = stored();
    let sender = sender(&mut scenario, 8);
    scenario.retain(sender, "a", "first", QoS::AtLeastOnce);
    let all: Vec<u8> = (1..=8).flat_map(|number| by_alias(number, QoS::AtLeastOnce, true)).collect();
    scenario.send_bytes(sender, &all);
    for number in 0..50 {
        let reader = join(&mut scenario, &format!("s{number}"), &[Property::ReceiveMaximum(1)]);
        subscribe(&mut scenario, reader, "#", 0);
    }
    scenario.wait_ms(0);
    let before = scenario.broker.counters().memory.bytes;
    scenario.send_bytes(sender, &all);
    scenario.wait_ms(0);
    assert_eq!(scenario.broker.sessions().filter(|session| session.queued == 8).count(), 50);
    let grown = scenario.broker.counters().memory.bytes - before;
    assert!(grown < 50 * 65_536, "{grown} bytes: less than one topic for each cursor");
}

/// The retained message has expired, and with it the text of the topic.
#[test]
fn a_record_of_a_long_topic_that_is_gone_is_removed() {
    let mut scenario = stored();
    let sender = scenario.join(V5, "sender");
    scenario.retain(sender, "a", "first", QoS::AtLeastOnce);
    scenario.retain(sender, "z", "last", QoS::AtLeastOnce);
    let reader = join(&mut scenario, "reader", &[Property::ReceiveMaximum(1)]);
    subscribe(&mut scenario, reader, "#", 0);
    let (topic, expiry) = (topic(1), properties(&[Property::MessageExpiryInterval(5)]));
    let publish = publish(&topic, "x", QoS::AtLeastOnce);
    scenario.publish_with(sender, Publish { retain: true, properties: expiry.as_properties(), ..publish });
    scenario.wait_ms(6_000);
    let other = scenario.join(V5, "other");
    scenario.subscribe(other, "other", QoS::AtMostOnce);
    let kinds = scenario.disk.kinds();
    assert!(kinds.contains("MRRS") && kinds.contains('g'), "{kinds}");
    restart(&mut scenario, 1);
    assert!(!scenario.disk.kinds().contains('g'), "{}", scenario.disk.kinds());
}

/// No Local holds for retained messages of a long client identifier, also from a store.
/// [MQTT-3.8.3-3]
#[test]
fn retained_messages_do_not_repeat_a_long_client_identifier() {
    let mut scenario = stored();
    let (own, other) = ("o".repeat(60_000), "x".repeat(60_000));
    let publisher = join(&mut scenario, &own, &[]);
    for number in 0..50 {
        scenario.retain(publisher, &format!("r/{number}"), "x", QoS::AtLeastOnce);
    }
    let bytes = stored_bytes(&scenario);
    assert!(bytes < 2 * own.len(), "{bytes} bytes");
    for _ in 0..2 {
        for (name, expected) in [(&own, 0), (&other, 50)] {
            let peer = join(&mut scenario, name, &[]);
            let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
            let heard = scenario.subscribe_with(peer, "r/#", options, None);
            assert_eq!(heard.len(), 1 + expected, "{heard:?}");
            scenario.leave(peer);
        }
        restart(&mut scenario, 1);
    }
}
