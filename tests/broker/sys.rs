//! `$SYS`: the broker's values, their subscribers and times, and the clients that publish there.

use std::collections::BTreeMap;
use std::time::Duration;

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Action, BrokerOptions, DropCause, PeerId};
use wasmqtt::codec::{Connect, Packet, QoS, ReasonCode, RetainHandling, SubscriptionOptions, Will};

use crate::support::packets::{QOS, V4, V5, connect, message, will};
use crate::support::scenario::Scenario;

/// The values that the client has heard below `$SYS/broker/`, and nothing else.
fn values(scenario: &mut Scenario, peer: PeerId) -> BTreeMap<String, String> {
    values_of(&scenario.hear(peer), " q0")
}

fn values_of(heard: &[String], end: &str) -> BTreeMap<String, String> {
    let value = |line: &String| {
        let (topic, payload) = line.strip_prefix("$SYS/broker/")?.split_once('=')?;
        Some((topic.to_owned(), payload.strip_suffix(end)?.to_owned()))
    };
    heard.iter().map(|line| value(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// Subscribes, and gives what came at once.
fn at_once(scenario: &mut Scenario, peer: PeerId, filter: &str) -> BTreeMap<String, String> {
    let heard = scenario.subscribe(peer, filter, QoS::ExactlyOnce);
    assert_eq!(heard[0], "SUBACK #100 02");
    values_of(&heard[1..], " q0 retain")
}

#[test]
fn a_subscriber_is_told_the_values_at_once() {
    let mut scenario = Scenario::new();
    let (publisher, watcher) = (scenario.join(V5, "p"), scenario.join(V4, "w"));
    scenario.subscribe(publisher, "$share/g/x", QoS::AtMostOnce);
    for qos in QOS {
        scenario.retain(publisher, "a", "four", qos);
    }
    scenario.wait(Duration::from_secs(3_700));
    let told = at_once(&mut scenario, watcher, "$SYS/#");
    let expected = [
        ("version", concat!("wasmqtt version ", env!("CARGO_PKG_VERSION"))),
        ("uptime", "3700 seconds"),
        ("clients/connected", "2"),
        ("clients/disconnected", "0"),
        ("clients/total", "2"),
        ("clients/maximum", "2"),
        ("connections/accepted", "2"),
        ("connections/rejected", "0"),
        ("messages/received", "8"),
        ("messages/sent", "7"),
        ("messages/queued", "0"),
        ("messages/inflight", "0"),
        ("publish/messages/received", "3"),
        ("publish/messages/sent", "0"),
        ("publish/messages/dropped", "0"),
        ("publish/messages/dropped/queue-full", "0"),
        ("publish/messages/dropped/transmit-full", "0"),
        ("publish/messages/dropped/not-writable", "0"),
        ("publish/messages/dropped/packet-too-large", "0"),
        ("publish/messages/dropped/expired", "0"),
        ("publish/messages/dropped/retained-full", "0"),
        ("publish/messages/dropped/not-authorized", "0"),
        ("publish/bytes/received", "34"),
        ("publish/bytes/sent", "0"),
        ("subscriptions/count", "2"),
        ("shared_subscriptions/count", "1"),
        ("retained messages/count", "1"),
        ("retained messages/bytes", "5"),
        ("store/messages/count", "1"),
        ("store/messages/bytes", "5"),
    ];
    for (topic, value) in expected {
        assert_eq!(told.get(topic).map(String::as_str), Some(value), "{topic}");
    }
    let others: Vec<_> = told.keys().filter(|topic| !expected.iter().any(|(known, _)| topic == known)).collect();
    assert_eq!(others, ["bytes/received", "bytes/sent", "heap/current", "heap/maximum"]);
    let heap = |name| told[name].parse::<usize>().expect("a number");
    assert!((1_000..100_000).contains(&heap("heap/current")) && heap("heap/maximum") >= heap("heap/current"));
    let counters = scenario.broker.counters();
    assert_eq!(told["bytes/received"], counters.received.bytes.to_string());
}

#[test]
fn from_then_on_it_is_told_what_has_changed_at_every_interval() {
    let options = BrokerOptions { sys_interval: Duration::from_mins(1), ..BrokerOptions::default() };
    let mut scenario = Scenario::with(options);
    let (publisher, watcher) = (scenario.join(V5, "p"), scenario.join(V5, "w"));
    assert_eq!(at_once(&mut scenario, watcher, "$SYS/broker/publish/messages/+").len(), 3);
    scenario.publish(publisher, "a", "x", QoS::AtLeastOnce);
    scenario.wait(Duration::from_secs(59));
    assert_eq!(scenario.hear(watcher), [""; 0]);
    scenario.wait(Duration::from_secs(1));
    // What was sent to it at once is news too.
    let told = values(&mut scenario, watcher);
    let expected = [("publish/messages/received", "1"), ("publish/messages/sent", "3")];
    assert_eq!(told, BTreeMap::from(expected.map(|(topic, value)| (topic.to_owned(), value.to_owned()))));
    scenario.wait(Duration::from_mins(1));
    assert_eq!(scenario.hear(watcher), ["$SYS/broker/publish/messages/sent=5 q0"]);
}

/// One that subscribes between two intervals may have heard what the others have not.
#[test]
fn each_subscriber_ends_up_with_the_last_value() {
    let mut scenario = Scenario::new();
    let (first, second) = (scenario.join(V5, "1"), scenario.join(V5, "2"));
    let topic = "$SYS/broker/clients/connected";
    let told = at_once(&mut scenario, first, topic);
    assert_eq!(told["clients/connected"], "2");
    let passing = scenario.join(V5, "3");
    assert_eq!(at_once(&mut scenario, second, topic)["clients/connected"], "3");
    scenario.cut(passing);
    scenario.wait(Duration::from_secs(10));
    // It is what the first was told, and not what the second was.
    for peer in [first, second] {
        assert_eq!(values(&mut scenario, peer).get("clients/connected").map(String::as_str), Some("2"));
    }
}

#[test]
fn there_is_no_deadline_while_no_connected_client_subscribes() {
    let mut scenario = Scenario::new();
    let lasting = Connect { clean_start: false, ..connect(V4, "w") };
    let watcher = scenario.join_with(&lasting);
    scenario.subscribe(watcher, "#", QoS::AtMostOnce);
    scenario.subscribe(watcher, "$SYSTEM", QoS::AtMostOnce);
    assert_eq!(scenario.broker.next_deadline(), None);
    for filter in ["$SYS/#", "$SYS/broker/uptime", "$share/g/$SYS/broker/version"] {
        scenario.subscribe(watcher, filter, QoS::AtMostOnce);
    }
    assert!(scenario.broker.next_deadline().is_some());
    scenario.cut(watcher);
    assert_eq!(scenario.broker.next_deadline(), None, "nobody is connected");
    let watcher = scenario.join_with(&lasting);
    assert!(scenario.broker.next_deadline().is_some(), "it is back");
    scenario.wait(Duration::from_secs(10));
    let heard = scenario.hear(watcher);
    assert_eq!(heard.iter().filter(|line| line.contains("uptime")).count(), 1, "{heard:?}");
    for filter in ["$SYS/#", "$share/g/$SYS/broker/version"] {
        scenario.unsubscribe(watcher, filter);
        assert!(scenario.broker.next_deadline().is_some(), "one is left");
    }
    scenario.unsubscribe(watcher, "$SYS/broker/uptime");
    assert_eq!(scenario.broker.next_deadline(), None);
}

#[test]
fn a_session_that_ends_is_not_counted_any_more() {
    let mut scenario = Scenario::new();
    for _ in 0..3 {
        let watcher = scenario.join(V5, "w");
        scenario.subscribe(watcher, "$SYS/broker/uptime", QoS::AtMostOnce);
        scenario.subscribe(watcher, "$SYS/broker/uptime", QoS::AtLeastOnce);
    }
    let other = scenario.join(V5, "other");
    assert!(scenario.broker.next_deadline().is_some());
    let last = scenario.join(V5, "w");
    assert_eq!(scenario.broker.next_deadline(), None, "its session was ended by a clean start");
    scenario.cut(last);
    scenario.cut(other);
    assert_eq!(scenario.broker.next_deadline(), None);
}

#[test]
fn the_option_turns_it_off() {
    let mut scenario = Scenario::with(BrokerOptions { sys_interval: Duration::ZERO, ..BrokerOptions::default() });
    let watcher = scenario.join(V5, "w");
    assert_eq!(at_once(&mut scenario, watcher, "$SYS/#").len(), 0);
    assert_eq!(scenario.broker.next_deadline(), None);
}

#[test]
fn retain_handling_and_identifiers_hold_as_for_retained_messages() {
    let mut scenario = Scenario::new();
    let watcher = scenario.join(V5, "w");
    let filter = "$SYS/broker/clients/total";
    let none = SubscriptionOptions { retain_handling: RetainHandling::DoNotSend, ..SubscriptionOptions::default() };
    assert_eq!(scenario.subscribe_with(watcher, filter, none, None).len(), 1);
    let if_new = SubscriptionOptions { retain_handling: RetainHandling::SendIfNew, ..SubscriptionOptions::default() };
    assert_eq!(scenario.subscribe_with(watcher, filter, if_new, None).len(), 1);
    let published = SubscriptionOptions { retain_as_published: true, ..SubscriptionOptions::default() };
    let heard = scenario.subscribe_with(watcher, filter, published, Some(7));
    assert_eq!(heard[1], "$SYS/broker/clients/total=1 q0 retain SubscriptionIdentifier(7)");
    scenario.join(V5, "other");
    scenario.wait(Duration::from_secs(10));
    assert_eq!(scenario.hear(watcher), ["$SYS/broker/clients/total=2 q0 retain SubscriptionIdentifier(7)"]);
    assert_eq!(scenario.subscribe(watcher, "$share/g/$SYS/broker/clients/total", QoS::AtMostOnce).len(), 1);
}

/// [MQTT-4.7.2-1]
#[test]
fn a_wildcard_first_does_not_match_it() {
    let mut scenario = Scenario::new();
    let (all, watcher) = (scenario.join(V5, "all"), scenario.join(V5, "w"));
    for filter in ["#", "+/broker/#", "+/broker/uptime"] {
        assert_eq!(scenario.subscribe(all, filter, QoS::AtMostOnce).len(), 1, "{filter}");
    }
    scenario.subscribe(watcher, "$SYS/#", QoS::AtMostOnce);
    scenario.wait(Duration::from_secs(30));
    assert_eq!(scenario.hear(all), [""; 0]);
}

#[test]
fn clients_publish_nothing_there() {
    for version in [V4, V5] {
        let mut scenario = Scenario::new();
        let (liar, watcher) = (scenario.join(version, "liar"), scenario.join(V5, "w"));
        scenario.subscribe(watcher, "$SYS/lies", QoS::ExactlyOnce);
        scenario.subscribe(watcher, "$SYSTEM", QoS::ExactlyOnce);
        let refused = if version == V5 { "87" } else { "ok" };
        assert_eq!(scenario.publish(liar, "$SYS/lies", "x", QoS::AtMostOnce), [""; 0]);
        assert_eq!(scenario.publish(liar, "$SYS/lies", "x", QoS::AtLeastOnce), [format!("PUBACK #9 {refused}")]);
        let released = if version == V5 { "PUBCOMP #9 92" } else { "PUBCOMP #9 ok" };
        let answers = scenario.publish(liar, "$SYS/lies", "x", QoS::ExactlyOnce);
        assert_eq!(answers, [format!("PUBREC #9 {refused}"), released.to_owned()]);
        scenario.retain(liar, "$SYS/lies", "x", QoS::AtMostOnce);
        assert_eq!(scenario.broker.retained().count(), 0);
        assert_eq!(scenario.hear(watcher), [""; 0]);
        scenario.publish(liar, "$SYSTEM", "x", QoS::AtMostOnce);
        assert_eq!(scenario.hear(watcher), ["$SYSTEM=x q0"], "a level that only begins so is another");
        let bequeathed = Connect { will: Some(will("$SYS", "x", QoS::AtMostOnce)), ..connect(version, "heir") };
        let refused = scenario.connect(&bequeathed);
        assert_eq!(scenario.hear(refused), ["CONNACK 87"]);
        scenario.broker.publish(message("$SYS/lies", "truth"), scenario.now);
        scenario.drain();
        assert_eq!(scenario.hear(watcher), ["$SYS/lies=truth q0"], "the host may");
    }
}

/// A bridge tells there whether it is connected: by a retained message, and by a will once it is
/// not. Mosquitto's does so by default.
#[test]
fn bridges_tell_there_whether_they_are_connected() {
    let topic = "$SYS/broker/connection/bridge/state";
    for version in [V4, V5] {
        let mut scenario = Scenario::new();
        let (all, watcher) = (scenario.join(V5, "all"), scenario.join(V5, "w"));
        scenario.subscribe(all, "#", QoS::AtLeastOnce);
        scenario.subscribe(watcher, "$SYS/broker/connection/+/state", QoS::AtMostOnce);
        let state = Will { retain: true, ..will(topic, "0", QoS::AtLeastOnce) };
        let bridge = scenario.join_with(&Connect { will: Some(state), ..connect(version, "bridge") });
        assert_eq!(scenario.retain(bridge, topic, "1", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
        assert_eq!(scenario.hear(watcher), [format!("{topic}=1 q0")]);
        let late = scenario.join(V5, "late");
        let told = values_of(&scenario.subscribe(late, "$SYS/#", QoS::AtMostOnce)[1..], " q0 retain");
        assert_eq!((told["connection/bridge/state"].as_str(), told.len() > 20), ("1", true));
        scenario.cut(bridge);
        assert_eq!(scenario.hear(watcher), [format!("{topic}=0 q0")]);
        assert_eq!(scenario.hear(all), [""; 0]);
        let kept: Vec<_> = scenario.broker.retained().map(|kept| kept.topic.to_string()).collect();
        assert_eq!(kept, [topic]);
    }
}

/// Only what is below that level is theirs, and only as the access list has it.
#[test]
fn the_rest_of_it_stays_the_brokers_own() {
    let rule = AccessRule {
        action: Some(Action::Publish),
        filter: AccessFilter::parse("$SYS/broker/connection/other/#").expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    let options = BrokerOptions { access: Access::new(vec![rule]), ..BrokerOptions::default() };
    for (topic, may) in [
        ("$SYS/broker/connection/bridge/state", true),
        ("$SYS/broker/connection/bridge", true),
        ("$SYS/broker/connection/", true),
        ("$SYS/broker/connection/other/state", false),
        ("$SYS/broker/connection", false),
        ("$SYS/broker/connections/accepted", false),
        ("$SYS/broker/connection2/x", false),
        ("$SYS/broker/uptime", false),
        ("$SYS/connection/x", false),
        ("$SYS/broker/", false),
        ("$SYS", false),
    ] {
        let mut scenario = Scenario::with(options.clone());
        let bridge = scenario.join(V5, "bridge");
        let answer = if may { "PUBACK #9 10" } else { "PUBACK #9 87" };
        assert_eq!(scenario.retain(bridge, topic, "1", QoS::AtLeastOnce), [answer], "{topic}");
        let heir = scenario.connect(&Connect { will: Some(will(topic, "0", QoS::AtMostOnce)), ..connect(V4, "heir") });
        assert_eq!(scenario.hear(heir), [if may { "CONNACK ok" } else { "CONNACK 87" }], "{topic}");
    }
}

/// The values of a slow watcher are lost as any message of QoS 0, and that is told.
#[test]
fn losses_are_told_by_their_cause() {
    let mut scenario = Scenario::new();
    let (slow, watcher) = (scenario.join(V5, "slow"), scenario.join(V5, "w"));
    scenario.subscribe(slow, "t", QoS::AtMostOnce);
    scenario.writable(slow, false);
    let told = at_once(&mut scenario, watcher, "$SYS/broker/publish/messages/dropped/#");
    assert_eq!((told["publish/messages/dropped"].as_str(), told.len()), ("0", 8));
    for _ in 0..3 {
        scenario.broker.publish(message("t", "x"), scenario.now);
    }
    scenario.send(watcher, &Packet::Pingreq);
    assert_eq!(scenario.hear(watcher), ["PINGRESP"]);
    scenario.wait(Duration::from_secs(10));
    let told = values(&mut scenario, watcher);
    let expected = [("publish/messages/dropped", "3"), ("publish/messages/dropped/not-writable", "3")];
    assert_eq!(told, BTreeMap::from(expected.map(|(topic, value)| (topic.to_owned(), value.to_owned()))));
}

/// The first values for a subscription are of QoS 0 as well, and lost where the connection takes
/// nothing.
#[test]
fn a_value_that_is_lost_at_once_is_counted() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    scenario.writable(peer, false);
    scenario.subscribe(peer, "$SYS/broker/version", QoS::AtMostOnce);
    let counters = scenario.broker.counters();
    assert_eq!((counters.dropped, counters.dropped_for(DropCause::NotWritable)), (1, 1));
}
