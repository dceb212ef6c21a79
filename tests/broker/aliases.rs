//! Topic aliases, from clients and to them (§3.3.2.3.4).

use wasmqtt::broker::{BrokerOptions, PeerId};
use wasmqtt::codec::{Connect, Packet, Property, Publish, QoS, SubscriptionOptions};

use crate::support::packets::{QOS, V4, V5, connect, id, properties, publish};
use crate::support::scenario::Scenario;

fn publish_by(scenario: &mut Scenario, peer: PeerId, topic: &str, alias: u16, payload: &str) -> Vec<String> {
    let list = properties(&[Property::UserProperty("a", "1"), Property::TopicAlias(alias)]);
    scenario
        .publish_with(peer, Publish { properties: list.as_properties(), ..publish(topic, payload, QoS::AtMostOnce) })
}

/// A client of 5.0 that takes this many aliases.
fn taking(scenario: &mut Scenario, client_id: &str, aliases: u16) -> PeerId {
    let list = properties(&[Property::TopicAliasMaximum(aliases), Property::SessionExpiryInterval(100)]);
    scenario.join_with(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, client_id) })
}

/// [MQTT-3.3.2-7], [MQTT-3.3.2-10]: as given last, for this connection and no other; subscribers
/// and retained messages know nothing of it.
#[test]
fn a_clients_alias_stands_for_the_topic_it_was_given() {
    let mut scenario = Scenario::new();
    let (one, two, subscriber) = (scenario.join(V5, "one"), scenario.join(V5, "two"), scenario.join(V5, "s"));
    scenario.subscribe(subscriber, "#", QoS::AtMostOnce);
    publish_by(&mut scenario, one, "x", 1, "1");
    publish_by(&mut scenario, two, "y", 1, "2");
    publish_by(&mut scenario, one, "", 1, "3");
    publish_by(&mut scenario, one, "z", 16, "4");
    publish_by(&mut scenario, one, "z", 1, "5");
    publish_by(&mut scenario, one, "", 1, "6");
    publish_by(&mut scenario, two, "", 1, "7");
    let expected = ["x=1", "y=2", "x=3", "z=4", "z=5", "z=6", "y=7"];
    assert_eq!(scenario.hear(subscriber), expected.map(|line| format!("{line} q0 UserProperty(\"a\", \"1\")")));
    scenario.cut(one);
    let one = scenario.join(V5, "one");
    let heard = publish_by(&mut scenario, one, "", 1, "8");
    assert_eq!(heard, ["DISCONNECT 82"], "the alias has gone with its connection");
    let list = properties(&[Property::TopicAlias(2)]);
    let retained = Publish { retain: true, properties: list.as_properties(), ..publish("r", "x", QoS::AtMostOnce) };
    scenario.publish_with(two, retained);
    assert!(scenario.broker.retained().all(|message| message.properties.is_empty()));
}

/// At every quality of service, a message that comes again among them.
#[test]
fn an_alias_is_resolved_at_every_quality_of_service() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "#", QoS::AtMostOnce);
    let list = properties(&[Property::TopicAlias(3)]);
    for (qos, topic) in QOS.into_iter().zip(["a/b", "", ""]) {
        let aliased = Publish { properties: list.as_properties(), ..publish(topic, "x", qos) };
        scenario.send(publisher, &Packet::Publish(aliased));
        if qos == QoS::ExactlyOnce {
            scenario.send(publisher, &Packet::Publish(Publish { dup: true, ..aliased }));
        }
    }
    assert_eq!(scenario.hear(subscriber), ["a/b=x q0"; 3]);
    assert_eq!(scenario.hear(publisher), ["PUBACK #9 ok", "PUBREC #9 ok", "PUBREC #9 ok"]);
}

/// [MQTT-3.2.2-18], [MQTT-3.3.2-9]: none are announced, and none are taken.
#[test]
fn without_aliases_there_are_none() {
    let mut scenario = Scenario::with(BrokerOptions { topic_alias_maximum: 0, ..BrokerOptions::default() });
    let peer = scenario.connect(&connect(V5, "a"));
    assert_eq!(scenario.hear(peer), ["CONNACK ok MaximumPacketSize(1048576)"]);
    let subscriber = taking(&mut scenario, "s", 10);
    scenario.subscribe(subscriber, "#", QoS::AtMostOnce);
    for _ in 0..2 {
        scenario.publish(peer, "a/topic", "x", QoS::AtMostOnce);
    }
    assert_eq!(scenario.hear(subscriber), ["a/topic=x q0"; 2]);
    assert_eq!(publish_by(&mut scenario, peer, "t", 1, "x"), ["DISCONNECT 94"]);
}

/// [MQTT-3.1.2-26], [MQTT-3.1.2-27], [MQTT-3.3.2-11]: only to who allows it; first with the topic,
/// then without. Never at QoS 2, where MQTT.js looks for the topic in the PUBLISH when that is
/// released.
#[test]
fn the_broker_names_a_topic_once_to_a_client_that_takes_aliases() {
    for qos in QOS {
        let mut scenario = Scenario::new();
        let (publisher, taking, plain) =
            (scenario.join(V5, "p"), taking(&mut scenario, "taking", 1), scenario.join(V5, "plain"));
        let old = scenario.join(V4, "old");
        for peer in [taking, plain, old] {
            scenario.subscribe(peer, "#", qos);
        }
        let list = properties(&[Property::ContentType("c")]);
        for payload in ["1", "2", "3"] {
            let said = Publish { properties: list.as_properties(), ..publish("a/topic", payload, qos) };
            scenario.publish_with(publisher, said);
        }
        let line = |topic: &str, number: usize, behind: &str| {
            let id = if qos == QoS::AtMostOnce { String::new() } else { format!(" #{number}") };
            format!("{topic}={number} q{}{id}{behind}", qos.bits())
        };
        let (topic, alias) = if qos == QoS::ExactlyOnce { ("a/topic", "") } else { ("", " TopicAlias(1)") };
        let behind = format!(" ContentType(\"c\"){alias}");
        let expected = [line("a/topic", 1, &behind), line(topic, 2, &behind), line(topic, 3, &behind)];
        assert_eq!(scenario.hear(taking), expected, "{qos:?}");
        assert_eq!(scenario.hear(plain), [1, 2, 3].map(|number| line("a/topic", number, " ContentType(\"c\")")));
        assert_eq!(scenario.hear(old), [1, 2, 3].map(|number| line("a/topic", number, "")));
    }
}

/// [MQTT-3.3.4-3]: with the subscription's identifier, and with what is left of the message expiry
/// interval.
#[test]
fn an_aliased_message_keeps_what_its_hop_adds() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), taking(&mut scenario, "s", 1));
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    scenario.subscribe_with(subscriber, "#", options, Some(7));
    for _ in 0..2 {
        scenario.publish(publisher, "a/topic", "x", QoS::AtMostOnce);
    }
    let behind = "SubscriptionIdentifier(7) TopicAlias(1)";
    assert_eq!(scenario.hear(subscriber), [format!("a/topic=x q0 {behind}"), format!("=x q0 {behind}")]);
}

/// [MQTT-3.3.2-7], [MQTT-4.4.0-1]: a message that is sent again on another connection introduces
/// its alias anew.
#[test]
fn what_is_sent_again_names_its_topic_again() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), taking(&mut scenario, "s", 1));
    scenario.subscribe(subscriber, "#", QoS::AtLeastOnce);
    for payload in ["1", "2"] {
        scenario.publish(publisher, "a/topic", payload, QoS::AtLeastOnce);
    }
    assert_eq!(scenario.hear(subscriber), ["a/topic=1 q1 #1 TopicAlias(1)", "=2 q1 #2 TopicAlias(1)"]);
    scenario.cut(subscriber);
    let subscriber = taking(&mut scenario, "s", 1);
    assert_eq!(scenario.hear(subscriber), ["a/topic=1 q1 #1 dup TopicAlias(1)", "=2 q1 #2 dup TopicAlias(1)"]);
    scenario.cut(subscriber);
    let subscriber = taking(&mut scenario, "s", 0);
    assert_eq!(scenario.hear(subscriber), ["a/topic=1 q1 #1 dup", "a/topic=2 q1 #2 dup"]);
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]: a packet that was dropped has introduced nothing. One without
/// room for an alias goes without it. One that is too large with its topic may be small enough with
/// an alias.
#[test]
fn an_alias_never_costs_a_message() {
    let (short, middle, long) = ("1", "12 characters", "characters: 20 long.");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let list = properties(&[Property::TopicAliasMaximum(1), Property::MaximumPacketSize(30)]);
        let mut scenario = Scenario::new();
        let publisher = scenario.join(V5, "p");
        let subscriber = scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "s") });
        scenario.subscribe(subscriber, "#", qos);
        for payload in [long, middle, short, middle, long] {
            scenario.publish(publisher, "a/topic", payload, qos);
        }
        let number = |number: u16| if qos == QoS::AtMostOnce { String::new() } else { format!(" #{number}") };
        let q = qos.bits();
        let expected = [
            format!("a/topic={middle} q{q}{}", number(2)),
            format!("a/topic={short} q{q}{} TopicAlias(1)", number(3)),
            format!("={middle} q{q}{} TopicAlias(1)", number(4)),
            format!("={long} q{q}{} TopicAlias(1)", number(5)),
        ];
        assert_eq!(scenario.hear(subscriber), expected);
        assert_eq!(scenario.broker.counters().dropped, 1);
    }
}

/// One encoding serves all clients, with the alias that each knows.
#[test]
fn clients_that_share_a_message_have_aliases_of_their_own() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    let topics: Vec<_> = (0..40).map(|index| format!("topic/{index}")).collect();
    let takers: Vec<_> =
        (1..=16).map(|aliases| (aliases, taking(&mut scenario, &format!("s{aliases}"), aliases))).collect();
    for (_, peer) in &takers {
        scenario.subscribe(*peer, "#", QoS::AtLeastOnce);
    }
    let mut sent = Vec::new();
    for round in 0..400 {
        let topic = &topics[round * round % 37];
        let payload = topic.as_str();
        scenario
            .publish_with(publisher, Publish { packet_id: Some(id(1)), ..publish(topic, payload, QoS::AtLeastOnce) });
        sent.push(payload);
    }
    for (aliases, peer) in takers {
        // The topic is the payload too, so that each line tells what it must mean.
        let mut known = vec![String::new(); usize::from(aliases) + 1];
        let mut by_alias = 0;
        for (line, payload) in scenario.hear(peer).iter().zip(&sent) {
            let (topic, rest) = line.split_once('=').expect("a PUBLISH");
            assert!(rest.starts_with(payload), "{line}");
            let alias = rest.split_once("TopicAlias(").map(|(_, alias)| alias.trim_end_matches(')'));
            match (topic, alias.and_then(|alias| alias.parse::<usize>().ok())) {
                ("", Some(alias)) => {
                    assert_eq!(&known[alias], payload);
                    by_alias += 1;
                }
                (topic, Some(alias)) => known[alias] = topic.into(),
                (topic, None) => assert_eq!(topic, *payload),
            }
        }
        assert!(by_alias > 0, "{aliases}");
    }
}
