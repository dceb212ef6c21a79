//! The access list: what clients may do with topics.

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Action, Answer, Asks, BrokerOptions, Event, PeerId};
use wasmqtt::codec::{Connect, Message, Packet, Property, QoS, ReasonCode};

use crate::support::packets::{V4, V5, connect, message, properties, publish, will};
use crate::support::scenario::Scenario;

const PUBLISH: Option<Action> = Some(Action::Publish);
const SUBSCRIBE: Option<Action> = Some(Action::Subscribe);
const RECEIVE: Option<Action> = Some(Action::Receive);
const NO: Result<(), ReasonCode> = Err(ReasonCode::NotAuthorized);
const YES: Result<(), ReasonCode> = Ok(());

fn rule(action: Option<Action>, filter: &str, verdict: Result<(), ReasonCode>) -> AccessRule {
    AccessRule { action, filter: AccessFilter::parse(filter).expect(filter), client_id: None, username: None, verdict }
}

fn options(rules: &[(Option<Action>, &str, Result<(), ReasonCode>)]) -> BrokerOptions {
    let rules = rules.iter().map(|(action, filter, verdict)| rule(*action, filter, *verdict)).collect();
    BrokerOptions { access: Access::new(rules), events: true, ..BrokerOptions::default() }
}

fn scenario(rules: &[(Option<Action>, &str, Result<(), ReasonCode>)]) -> Scenario {
    Scenario::with(options(rules))
}

/// Publishes for the host, which no rule holds for, and gives what the client is sent.
fn sent(scenario: &mut Scenario, peer: PeerId, topic: &str) -> Vec<String> {
    scenario.broker.publish(message(topic, "x"), scenario.now);
    scenario.drain();
    scenario.hear(peer)
}

#[test]
fn the_first_rule_that_names_a_topic_decides_and_what_none_names_is_allowed() {
    let mut scenario =
        scenario(&[(PUBLISH, "a/open", YES), (PUBLISH, "a/#", NO), (None, "b", Err(ReasonCode::QuotaExceeded))]);
    let peer = scenario.join(V5, "a");
    let rows = [("a/open", "10"), ("a/x", "87"), ("a", "87"), ("b", "97"), ("c", "10")];
    for (topic, reason) in rows {
        assert_eq!(scenario.publish(peer, topic, "", QoS::AtLeastOnce), [format!("PUBACK #9 {reason}")], "{topic}");
    }
    // Another action is not meant.
    assert_eq!(scenario.subscribe(peer, "a/x", QoS::AtMostOnce), ["SUBACK #100 00"]);
    assert_eq!(scenario.subscribe(peer, "b", QoS::AtMostOnce), ["SUBACK #100 97"]);
}

#[test]
fn a_last_rule_may_close_all_that_is_not_named() {
    let mut scenario = scenario(&[(None, "open/#", YES), (None, "#", NO)]);
    let peer = scenario.join(V5, "a");
    for (topic, reason) in [("open/x", "10"), ("x", "87"), ("$x/y", "87")] {
        assert_eq!(scenario.publish(peer, topic, "", QoS::AtLeastOnce), [format!("PUBACK #9 {reason}")], "{topic}");
        let reason = if reason == "10" { "00" } else { reason };
        assert_eq!(scenario.subscribe(peer, topic, QoS::AtMostOnce), [format!("SUBACK #100 {reason}")], "{topic}");
    }
}

#[test]
fn a_refusal_is_told_as_the_version_and_the_packet_can() {
    let banned = Err(ReasonCode::Banned);
    let mut scenario = scenario(&[(None, "t", banned)]);
    let peer = scenario.join(V5, "a");
    assert_eq!(scenario.publish(peer, "t", "", QoS::AtLeastOnce), ["PUBACK #9 87"], "PUBACK knows no 0x8A");
    assert_eq!(scenario.subscribe(peer, "t", QoS::AtMostOnce), ["SUBACK #100 87"]);
    let old = scenario.join(V4, "b");
    assert_eq!(scenario.subscribe(old, "t", QoS::AtMostOnce), ["SUBACK #100 80"]);
    assert_eq!(scenario.publish(old, "t", "", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
    let will = Some(will("t", "x", QoS::AtMostOnce));
    for (version, heard) in [(V5, "CONNACK 8A"), (V4, "CONNACK 87")] {
        let peer = scenario.connect(&Connect { will, ..connect(version, "c") });
        assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec![heard.into()], true));
    }
    assert_eq!(scenario.broker.counters().published, 0);
    let refused = scenario.events.iter().filter(|event| matches!(event, Event::Refused { .. })).count();
    assert_eq!(refused, 2);
}

/// `#` must not read what `private/#` may not.
#[test]
fn a_wider_subscription_does_not_bring_what_a_narrower_one_may_not() {
    for filter in ["#", "+/x", "+/#", "private/+", "$share/g/#"] {
        let mut scenario = scenario(&[(SUBSCRIBE, "private/x", NO), (SUBSCRIBE, "private/y", NO)]);
        let peer = scenario.join(V5, "a");
        assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), ["SUBACK #100 00"], "{filter}");
        assert!(sent(&mut scenario, peer, "private/x").is_empty(), "{filter}");
        if filter != "private/+" {
            assert_eq!(sent(&mut scenario, peer, "public/x"), ["public/x=x q0"], "{filter}");
        }
    }
}

#[test]
fn a_subscription_is_refused_where_nothing_of_it_could_be_delivered() {
    let rows: [(&str, &str); 9] = [
        ("private/x", "87"),
        ("private/#", "87"),
        ("private/+", "87"),
        ("$share/g/private/x", "87"),
        ("private", "87"),
        // Part of it may be.
        ("private/mine/+", "00"),
        ("private/mine/#", "00"),
        ("#", "00"),
        ("public", "00"),
    ];
    let mut scenario = scenario(&[(SUBSCRIBE, "private/mine/x", YES), (SUBSCRIBE, "private/#", NO)]);
    let peer = scenario.join(V5, "a");
    for (filter, reason) in rows {
        // A rule before it allows a part.
        let reason = if matches!(filter, "private/#") { "00" } else { reason };
        assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), [format!("SUBACK #100 {reason}")], "{filter}");
    }
    assert!(sent(&mut scenario, peer, "private/mine/y").is_empty());
    assert_eq!(sent(&mut scenario, peer, "private/mine/x"), ["private/mine/x=x q0"]);
}

#[test]
fn a_rule_for_receiving_holds_for_deliveries_alone() {
    let mut scenario = scenario(&[(RECEIVE, "secret", NO)]);
    let peer = scenario.join(V5, "a");
    scenario.retain(peer, "secret", "x", QoS::AtMostOnce);
    scenario.retain(peer, "open", "x", QoS::AtMostOnce);
    assert_eq!(scenario.subscribe(peer, "#", QoS::AtMostOnce), ["SUBACK #100 00", "open=x q0 retain"]);
    assert_eq!(scenario.subscribe(peer, "secret", QoS::AtMostOnce), ["SUBACK #100 00"]);
    assert!(sent(&mut scenario, peer, "secret").is_empty());
    assert_eq!(scenario.publish(peer, "secret", "", QoS::AtLeastOnce), ["PUBACK #9 10"], "nobody was there for it");
}

#[test]
fn rules_name_clients_and_users() {
    let mut list = vec![rule(PUBLISH, "dev/%c/%u/#", YES), rule(None, "all", YES)];
    list.push(AccessRule { client_id: Some("root".into()), ..rule(None, "#", YES) });
    list.push(AccessRule { username: Some("eve".into()), ..rule(None, "eve/#", NO) });
    list.push(rule(PUBLISH, "dev/#", NO));
    let mut scenario = Scenario::with(BrokerOptions { access: Access::new(list), ..BrokerOptions::default() });
    let rows = [
        ("c1", Some("ann"), "dev/c1/ann/x", true),
        ("c1", Some("ann"), "dev/c1/bob", false),
        ("c1", Some("ann"), "dev/c2/ann", false),
        ("c1", None, "dev/c1/", false),
        ("c1", None, "dev/c1", false),
        ("root", None, "dev/c1", true),
        ("c1", Some("eve"), "eve/x", false),
        ("c1", Some("ann"), "eve/x", true),
        ("c1", None, "eve/x", true),
        // A name is no filter.
        ("+", Some("#"), "dev/c1/ann", false),
        ("c1/ann", Some("x"), "dev/c1/ann/x", false),
        ("a/b", Some("x"), "dev/a/b/x", false),
    ];
    for (client_id, username, topic, allowed) in rows {
        let peer = scenario.join_with(&Connect { username, ..connect(V5, client_id) });
        let heard = if allowed { "PUBACK #9 10" } else { "PUBACK #9 87" };
        assert_eq!(scenario.publish(peer, topic, "", QoS::AtLeastOnce), [heard], "{client_id} {username:?} {topic}");
    }
}

#[test]
fn a_will_that_names_its_client_is_held_against_the_rules_of_that_client() {
    let mut scenario = scenario(&[(PUBLISH, "state/%c", YES), (PUBLISH, "#", NO)]);
    for (client_id, topic, heard) in [("a", "state/a", "CONNACK ok"), ("a", "state/b", "CONNACK 87")] {
        let asked = Connect { will: Some(will(topic, "x", QoS::AtMostOnce)), ..connect(V5, client_id) };
        let peer = scenario.connect(&asked);
        assert!(scenario.hear(peer)[0].starts_with(heard), "{topic}");
    }
    // Who has no identifier yet is named by no rule.
    let nameless = scenario.connect(&Connect { will: Some(will("state/", "x", QoS::AtMostOnce)), ..connect(V5, "") });
    assert_eq!(scenario.hear(nameless), ["CONNACK 87"]);
}

/// A session may be resumed by another user, with that user's rights and not with those of who
/// began it.
#[test]
fn a_session_that_is_resumed_has_the_rights_of_the_user_who_resumes_it() {
    let mut scenario = scenario(&[(PUBLISH, "secret/%u", YES), (PUBLISH, "#", NO)]);
    for (username, ann, bob) in [(Some("ann"), "10", "87"), (Some("bob"), "87", "10"), (None, "87", "87")] {
        let peer = scenario.join_with(&Connect { clean_start: false, username, ..connect(V4, "a") });
        scenario.cut(peer);
        let list = properties(&[Property::SessionExpiryInterval(u32::MAX)]);
        let resumes = Connect { clean_start: false, username, properties: list.as_properties(), ..connect(V5, "a") };
        let peer = scenario.connect(&resumes);
        assert!(scenario.hear(peer)[0].starts_with("CONNACK ok present"));
        for (topic, reason) in [("secret/ann", ann), ("secret/bob", bob)] {
            let heard = scenario.publish(peer, topic, "", QoS::AtLeastOnce);
            assert_eq!(heard, [format!("PUBACK #9 {reason}")], "{username:?} {topic}");
        }
        scenario.cut(peer);
    }
}

/// A message goes to a member that may have it, whoever's turn it is.
#[test]
fn a_shared_subscription_goes_to_members_that_may_read() {
    let list = vec![AccessRule { client_id: Some("b".into()), ..rule(RECEIVE, "t", NO) }];
    let mut scenario = Scenario::with(BrokerOptions { access: Access::new(list), ..BrokerOptions::default() });
    let (a, b) = (scenario.join(V5, "a"), scenario.join(V5, "b"));
    for peer in [a, b] {
        scenario.subscribe(peer, "$share/g/#", QoS::AtMostOnce);
    }
    for _ in 0..4 {
        assert_eq!(sent(&mut scenario, a, "t"), ["t=x q0"]);
    }
    assert!(scenario.hear(b).is_empty());
    scenario.cut(a);
    assert_eq!(scenario.broker.publish(message("t", "x"), scenario.now), 0, "nobody is left who may");
}

/// A message that a member leaves unacknowledged is lost, rather than sent to one that may not read
/// it.
#[test]
fn what_a_member_leaves_goes_to_none_that_may_not_read_it() {
    let list = vec![AccessRule { client_id: Some("b".into()), ..rule(RECEIVE, "t", NO) }];
    let mut scenario = Scenario::with(BrokerOptions { access: Access::new(list), ..BrokerOptions::default() });
    let takes_one = properties(&[Property::SessionExpiryInterval(60), Property::ReceiveMaximum(1)]);
    for (other, is_given) in [("b", false), ("c", true)] {
        let first = scenario.join_with(&Connect { properties: takes_one.as_properties(), ..connect(V5, "a") });
        scenario.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
        for _ in 0..2 {
            assert_eq!(
                scenario.broker.publish(Message { qos: QoS::AtLeastOnce, ..message("t", "x") }, scenario.now),
                1
            );
        }
        let second = scenario.join(V5, other);
        assert_eq!(
            scenario.subscribe(second, "$share/g/t", QoS::AtLeastOnce),
            ["SUBACK #100 01"],
            "its group may be wider"
        );
        scenario.cut(first);
        let expected = if is_given { vec!["t=x q1 #1"] } else { vec![] };
        assert_eq!(scenario.hear(second), expected, "what was not sent, {other}");
        scenario.wait_ms(60_000);
        let expected = if is_given { vec!["t=x q1 #2"] } else { vec![] };
        assert_eq!(scenario.hear(second), expected, "what was sent, as its session is over, {other}");
        scenario.cut(second);
    }
}

#[test]
fn a_subscription_to_sys_brings_what_may_be_read_of_it() {
    let mut scenario = scenario(&[(RECEIVE, "$SYS/broker/clients/#", NO)]);
    let peer = scenario.join(V5, "a");
    let heard = scenario.subscribe(peer, "$SYS/#", QoS::AtMostOnce);
    assert!(heard.iter().any(|line| line.contains("/uptime=")), "{heard:?}");
    assert!(!heard.iter().any(|line| line.contains("/clients/")), "{heard:?}");
    scenario.join(V5, "b");
    scenario.wait_ms(10_000);
    let heard = scenario.hear(peer);
    assert!(heard.iter().any(|line| line.contains("/connections/accepted=2")), "{heard:?}");
    assert!(!heard.iter().any(|line| line.contains("/clients/")), "{heard:?}");
}

#[test]
fn the_list_is_held_before_the_host_is_asked() {
    let asks = Asks { publish: true, subscribe: true, ..Asks::default() };
    let list = options(&[(PUBLISH, "no", NO), (SUBSCRIBE, "no", NO), (None, "yes", YES)]);
    let mut scenario = Scenario::with(BrokerOptions { asks, ..list });
    let peer = scenario.join(V5, "a");
    assert_eq!(scenario.publish(peer, "no", "", QoS::AtLeastOnce), ["PUBACK #9 87"]);
    assert_eq!(scenario.subscribe(peer, "no", QoS::AtMostOnce), ["SUBACK #100 87"]);
    assert!(scenario.asked.is_empty());
    scenario.send(peer, &Packet::Publish(publish("yes", "", QoS::AtLeastOnce)));
    scenario.answer(Answer::Refuse(ReasonCode::QuotaExceeded));
    assert_eq!(scenario.hear(peer), ["PUBACK #9 97"], "what the list allows the host may refuse");
}

/// A QoS 2 message that is not released yet is the only one that is the same again: what else has
/// its identifier is not.
#[test]
fn an_identifier_that_is_in_use_at_qos_2_lets_nothing_else_through() {
    for version in [V4, V5] {
        let mut scenario = scenario(&[(PUBLISH, "secret", NO)]);
        let watcher = scenario.join(V5, "w");
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        let peer = scenario.join(version, "a");
        scenario.send(peer, &Packet::Publish(publish("open", "x", QoS::ExactlyOnce)));
        assert_eq!(scenario.hear(watcher), ["open=x q0"]);
        scenario.send(peer, &Packet::Publish(publish("secret", "y", QoS::AtLeastOnce)));
        assert_eq!(scenario.hear(watcher), [""; 0]);
    }
}
