//! A session with another user than before, and one that is restored: what it may no longer receive
//! is dropped, counted and told.

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Action, Answer, Asks, BrokerOptions, DropCause, Event, Output, PeerId, Question,
};
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS, ReasonCode};

use super::store::{restart_with, stored_with};
use crate::support::packets::{BOTH, V4, V5, connect, id, lasting, properties};
use crate::support::scenario::Scenario;

const REFUSE: Answer = Answer::Refuse(ReasonCode::NotAuthorized);
pub(super) const RECEIVE: Asks =
    Asks { authenticate: false, enhanced: false, publish: false, subscribe: false, receive: true };

/// Only ann may have what is below `secret`.
fn rules(action: Option<Action>) -> Access {
    let filter = || AccessFilter::parse("secret/#").expect("a filter");
    let allowed =
        AccessRule { action, filter: filter(), client_id: None, username: Some("ann".into()), verdict: Ok(()) };
    let refused = AccessRule { username: None, verdict: Err(ReasonCode::NotAuthorized), ..allowed.clone() };
    Access::new(vec![allowed, refused])
}

pub(super) fn options(access: Access, asks: Asks) -> BrokerOptions {
    BrokerOptions { access, asks, events: true, ..BrokerOptions::default() }
}

pub(super) fn come(scenario: &mut Scenario, connect: &Connect<'_>, username: Option<&str>) -> (PeerId, Vec<String>) {
    let peer = scenario.connect(&Connect { username, ..connect.clone() });
    let mut heard = scenario.hear(peer);
    assert!(heard.remove(0).starts_with("CONNACK ok"));
    (peer, heard)
}

/// The topics that were dropped for want of authorization since the last time.
pub(super) fn dropped(scenario: &mut Scenario) -> Vec<String> {
    let events = std::mem::take(&mut scenario.events);
    let topics = events.into_iter().filter_map(|event| match event {
        Event::Dropped { client_id: Some(client_id), topic, cause: DropCause::NotAuthorized } if &*client_id == "a" => {
            Some(topic.into())
        }
        _ => None,
    });
    topics.collect()
}

/// A client that may publish all.
pub(super) fn publisher(scenario: &mut Scenario) -> PeerId {
    scenario.join_with(&Connect { username: Some("ann"), ..connect(V5, "other") })
}

/// Ann comes, is sent two messages after the questions about them, and goes. One is secret.
pub(super) fn leave_in_flight(scenario: &mut Scenario, connect: &Connect<'_>) {
    let (peer, _) = come(scenario, connect, Some("ann"));
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    let other = publisher(scenario);
    for topic in ["secret/1", "open/1"] {
        scenario.publish(other, topic, "x", QoS::AtLeastOnce);
    }
    answer_all(scenario, "ann");
    scenario.cut(peer);
}

/// Two in flight and two that wait, of which one each is secret.
fn leave_behind(scenario: &mut Scenario, connect: &Connect<'_>, qos: QoS) {
    let (peer, _) = come(scenario, connect, Some("ann"));
    scenario.subscribe(peer, "#", qos);
    let other = publisher(scenario);
    for topic in ["secret/1", "open/1"] {
        scenario.publish(other, topic, "x", qos);
    }
    scenario.cut(peer);
    for topic in ["secret/2", "open/2"] {
        scenario.publish(other, topic, "x", qos);
    }
    scenario.events.clear();
}

/// At QoS 2 a secret goes on with PUBREL, since the client may hold the identifier (§4.3.3). At QoS
/// 1 its identifier is free.
#[test]
fn what_was_queued_or_in_flight_for_a_former_user_is_not_sent_to_another() {
    for version in BOTH {
        for action in [None, Some(Action::Subscribe), Some(Action::Receive)] {
            for username in [Some("bob"), None] {
                for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let mut scenario = Scenario::with(options(rules(action), Asks::default()));
                    let connect = lasting(version, "a");
                    leave_behind(&mut scenario, &connect, qos);
                    let (peer, heard) = come(&mut scenario, &connect, username);
                    let rest = if qos == QoS::ExactlyOnce {
                        vec!["PUBREL #1 ok", "open/1=x q2 #2 dup", "open/2=x q2 #3"]
                    } else {
                        vec!["open/1=x q1 #2 dup", "open/2=x q1 #3"]
                    };
                    assert_eq!(heard, rest, "{version:?} {action:?} {username:?}");
                    assert_eq!(dropped(&mut scenario), ["secret/1", "secret/2"]);
                    assert_eq!(scenario.broker.counters().dropped_for(DropCause::NotAuthorized), 2);
                    let in_flight = scenario.broker.sessions().map(|session| session.in_flight).sum::<usize>();
                    assert_eq!(in_flight, if qos == QoS::ExactlyOnce { 3 } else { 2 });
                    if qos == QoS::ExactlyOnce {
                        scenario.send(peer, &Packet::Pubcomp(Ack::success(id(1))));
                        assert!(scenario.is_open(peer) && scenario.hear(peer).is_empty());
                    }
                    // The former user gets nothing of it back.
                    scenario.cut(peer);
                    let (_, heard) = come(&mut scenario, &connect, Some("ann"));
                    assert!(!heard.iter().any(|line| line.starts_with("secret")), "{heard:?}");
                }
            }
        }
    }
}

/// After PUBREC, the exchange goes on, whoever the user is: PUBREL has no topic [MQTT-4.3.3-6].
#[test]
fn a_qos_2_message_that_was_received_is_released_for_another_user_too() {
    let mut scenario = Scenario::with(options(rules(None), Asks::default()));
    let connect = lasting(V4, "a");
    let (peer, _) = come(&mut scenario, &connect, Some("ann"));
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let other = publisher(&mut scenario);
    scenario.publish(other, "secret/1", "x", QoS::ExactlyOnce);
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(1))));
    scenario.cut(peer);
    assert_eq!(come(&mut scenario, &connect, Some("bob")).1, ["PUBREL #1 ok"]);
    assert!(dropped(&mut scenario).is_empty());
}

/// The same user gets all, and is not held against rules that do not name users.
#[test]
fn the_same_user_gets_what_waited() {
    let mut scenario = Scenario::with(options(rules(None), Asks::default()));
    let connect = lasting(V5, "a");
    leave_behind(&mut scenario, &connect, QoS::AtLeastOnce);
    let (_, heard) = come(&mut scenario, &connect, Some("ann"));
    assert_eq!(heard, ["secret/1=x q1 #1 dup", "open/1=x q1 #2 dup", "secret/2=x q1 #3", "open/2=x q1 #4"]);
    assert!(dropped(&mut scenario).is_empty());
}

/// A takeover of a connection that stands, with what waits for its send quota.
#[test]
fn a_takeover_by_another_user_drops_what_waited_for_the_first() {
    let mut scenario = Scenario::with(options(rules(None), Asks::default()));
    let connect = lasting(V5, "a");
    let (peer, _) = come(&mut scenario, &connect, Some("ann"));
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    scenario.writable(peer, false);
    let other = publisher(&mut scenario);
    for topic in ["secret/1", "open/1"] {
        scenario.publish(other, topic, "x", QoS::AtLeastOnce);
    }
    scenario.events.clear();
    let (_, heard) = come(&mut scenario, &connect, Some("bob"));
    assert_eq!(heard, ["open/1=x q1 #1"]);
    assert_eq!(dropped(&mut scenario), ["secret/1"]);
}

/// The retained messages that a subscription still has to be sent.
#[test]
fn retained_messages_of_a_former_users_subscription_are_held_against_the_rules_of_the_present() {
    let mut scenario = Scenario::with(options(rules(None), Asks::default()));
    let connect = lasting(V5, "a");
    let (ann, _) = come(&mut scenario, &lasting(V5, "publisher"), Some("ann"));
    for topic in ["secret/1", "open/1"] {
        scenario.retain(ann, topic, "x", QoS::AtLeastOnce);
    }
    let (peer, _) = come(&mut scenario, &connect, Some("ann"));
    scenario.writable(peer, false);
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    scenario.cut(peer);
    assert_eq!(come(&mut scenario, &connect, Some("bob")).1, ["open/1=x q1 #1 retain"]);
}

/// The rules of the present run, for what the store kept of a former one.
#[test]
fn what_is_restored_is_held_against_the_rules_of_the_present_run() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = stored_with(options(Access::default(), Asks::default()));
        let connect = lasting(V5, "a");
        leave_behind(&mut scenario, &connect, qos);
        for username in [Some("bob"), Some("ann")] {
            let mut other = stored_with(options(Access::default(), Asks::default()));
            other.disk.records = scenario.disk.records.clone();
            // In the new run, nobody may have it.
            let nobody = AccessRule {
                action: Some(Action::Receive),
                filter: AccessFilter::parse("secret/#").expect("a filter"),
                client_id: None,
                username: None,
                verdict: Err(ReasonCode::NotAuthorized),
            };
            restart_with(&mut other, 1, options(Access::new(vec![nobody]), Asks::default()));
            other.restarted();
            let (_, heard) = come(&mut other, &connect, username);
            let rest: &[&str] = if qos == QoS::ExactlyOnce {
                &["PUBREL #1 ok", "open/1=x q2 #2 dup", "open/2=x q2 #3"]
            } else {
                &["open/1=x q1 #2 dup", "open/2=x q1 #1"]
            };
            assert_eq!(heard, rest);
            assert_eq!(dropped(&mut other), ["secret/1", "secret/2"]);
        }
    }
}

/// Answers the open questions for the topic's name, and returns what was asked.
pub(super) fn answer_all(scenario: &mut Scenario, username: &str) -> Vec<String> {
    let mut asked = Vec::new();
    while !scenario.asked.is_empty() {
        let Question::Authorize { username: of, action: Action::Receive, topic, .. } = &scenario.asked[0].1 else {
            panic!("{:?}", scenario.asked)
        };
        assert_eq!(of.as_deref(), Some(username));
        asked.push(topic.to_string());
        let answer = if username != "ann" && topic.starts_with("secret") { REFUSE } else { Answer::Allow };
        scenario.answer(answer);
    }
    asked
}

/// The host is asked again for the other user, about each delivery and in order.
#[test]
fn the_host_is_asked_again_for_another_user() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = Scenario::with(options(Access::default(), RECEIVE));
        let connect = lasting(V5, "a");
        let (peer, _) = come(&mut scenario, &connect, Some("ann"));
        scenario.subscribe(peer, "#", qos);
        let other = publisher(&mut scenario);
        let topics: Vec<String> =
            (0..40).map(|n| format!("{}/{n}", if n % 3 == 0 { "secret" } else { "open" })).collect();
        for topic in &topics[..20] {
            scenario.publish(other, topic, "x", qos);
        }
        assert_eq!(answer_all(&mut scenario, "ann"), topics[..20]);
        scenario.hear(peer);
        scenario.cut(peer);
        for topic in &topics[20..] {
            scenario.publish(other, topic, "x", qos);
        }
        assert_eq!(answer_all(&mut scenario, "ann"), topics[20..]);
        scenario.events.clear();
        let (peer, heard) = come(&mut scenario, &connect, Some("bob"));
        assert!(heard.is_empty(), "{heard:?}");
        assert_eq!(answer_all(&mut scenario, "bob"), topics);
        let heard: Vec<String> = scenario.hear(peer).into_iter().filter(|line| !line.starts_with("PUBREL")).collect();
        let heard: Vec<&str> = heard.iter().filter_map(|line| line.split('=').next()).collect();
        let open = topics.iter().filter(|topic| topic.starts_with("open"));
        assert_eq!(heard, open.collect::<Vec<_>>());
        let secret: Vec<String> = topics.iter().filter(|topic| topic.starts_with("secret")).cloned().collect();
        assert_eq!(dropped(&mut scenario), secret);
        assert_eq!(scenario.broker.next_deadline(), None, "no question is left");
    }
}

/// The questions end with the connection, and begin anew with the next.
#[test]
fn no_question_about_a_delivery_outlives_the_connection() {
    let mut scenario = Scenario::with(options(Access::default(), RECEIVE));
    let connect = lasting(V5, "a");
    leave_in_flight(&mut scenario, &connect);
    let (peer, _) = come(&mut scenario, &connect, Some("bob"));
    assert_eq!(scenario.asked.len(), 2);
    let outdated = std::mem::take(&mut scenario.asked);
    scenario.cut(peer);
    assert_eq!(scenario.broker.next_deadline(), None);
    for (question, _) in outdated {
        scenario.answer_to(question, Answer::Allow);
    }
    let (peer, heard) = come(&mut scenario, &connect, Some("bob"));
    assert!(heard.is_empty(), "{heard:?}");
    // The second answer comes first.
    let (second, _) = scenario.asked.remove(1);
    scenario.answer_to(second, Answer::Allow);
    assert!(scenario.hear(peer).is_empty(), "they stay in order");
    scenario.answer(REFUSE);
    assert_eq!(scenario.hear(peer), ["open/1=x q1 #2 dup"]);
    // What is not answered in time is refused.
    scenario.cut(peer);
    let (peer, _) = come(&mut scenario, &connect, Some("carl"));
    scenario.events.clear();
    scenario.wait_ms(30_000);
    assert!(scenario.hear(peer).is_empty());
    assert_eq!(dropped(&mut scenario), ["open/1"]);
}

/// A delivery that waits for the answer about one user is not sent to another by it.
#[test]
fn an_answer_about_a_former_user_sends_nothing_to_another() {
    let mut scenario = Scenario::with(options(Access::default(), RECEIVE));
    let connect = lasting(V5, "a");
    let (peer, _) = come(&mut scenario, &connect, Some("ann"));
    scenario.subscribe(peer, "#", QoS::AtLeastOnce);
    let other = publisher(&mut scenario);
    scenario.publish(other, "secret/0", "x", QoS::AtMostOnce);
    for topic in ["secret/1", "open/1"] {
        scenario.publish(other, topic, "x", QoS::AtLeastOnce);
    }
    let asked = std::mem::take(&mut scenario.asked);
    let (peer, _) = come(&mut scenario, &connect, Some("bob"));
    scenario.publish(other, "open/2", "x", QoS::AtLeastOnce);
    for (question, _) in asked {
        scenario.answer_to(question, Answer::Allow);
    }
    assert!(scenario.hear(peer).is_empty());
    answer_all(&mut scenario, "bob");
    assert_eq!(scenario.hear(peer), ["open/1=x q1 #1", "open/2=x q1 #2"]);
    assert_eq!(dropped(&mut scenario), ["secret/0", "secret/1"]);
}

/// A run whose host approves deliveries asks about what an earlier one has queued.
#[test]
fn what_is_restored_is_asked_about() {
    let mut scenario = stored_with(options(Access::default(), Asks::default()));
    let connect = lasting(V5, "a");
    leave_behind(&mut scenario, &connect, QoS::AtLeastOnce);
    restart_with(&mut scenario, 1, options(Access::default(), RECEIVE));
    scenario.restarted();
    let (peer, heard) = come(&mut scenario, &connect, Some("ann"));
    assert_eq!(heard, ["secret/1=x q1 #1 dup", "open/1=x q1 #2 dup"], "they were sent to this user before");
    assert_eq!(scenario.asked.len(), 2);
    scenario.answer(REFUSE);
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer), ["open/2=x q1 #3"]);
    assert_eq!(dropped(&mut scenario), ["secret/2"]);
}

pub(super) const SUBSCRIBE: Asks = Asks { subscribe: true, receive: false, ..RECEIVE };

/// Answers the questions about subscriptions: only ann may subscribe to what is secret.
pub(super) fn answer_subscriptions(scenario: &mut Scenario, username: Option<&str>) -> Vec<String> {
    let mut asked = Vec::new();
    while !scenario.asked.is_empty() {
        let Question::Authorize { username: of, action: Action::Subscribe, topic, .. } = &scenario.asked[0].1 else {
            panic!("{:?}", scenario.asked)
        };
        assert_eq!(of.as_deref(), username);
        asked.push(topic.to_string());
        let is_secret = topic.contains("secret") || topic.as_ref() == "#";
        let answer = if username != Some("ann") && is_secret { REFUSE } else { Answer::Allow };
        scenario.answer(answer);
    }
    asked
}

/// A subscription that the host allowed to one user is asked about for another, and ends if it is
/// refused, with what it brought.
#[test]
fn a_former_users_subscriptions_are_asked_about_for_another() {
    for version in BOTH {
        for (is_connected, username) in [(true, Some("bob")), (false, Some("bob")), (false, None)] {
            let mut scenario = Scenario::with(options(Access::default(), SUBSCRIBE));
            let connect = lasting(version, "a");
            let (mut peer, _) = come(&mut scenario, &connect, Some("ann"));
            for filter in ["secret/#", "open/#", "both/+", "$share/g/secret/x"] {
                scenario.subscribe(peer, filter, QoS::AtLeastOnce);
                answer_subscriptions(&mut scenario, Some("ann"));
            }
            scenario.hear(peer);
            let other = publisher(&mut scenario);
            for topic in ["secret/1", "open/1"] {
                scenario.publish(other, topic, "x", QoS::AtLeastOnce);
            }
            if is_connected {
                scenario.writable(peer, false);
            } else {
                scenario.cut(peer);
            }
            for topic in ["secret/2", "secret/x", "open/2", "both/2"] {
                scenario.publish(other, topic, "x", QoS::AtLeastOnce);
            }
            scenario.events.clear();
            peer = scenario.connect(&Connect { username, ..connect.clone() });
            assert!(scenario.hear(peer).is_empty(), "CONNACK waits for the answers");
            let asked = answer_subscriptions(&mut scenario, username);
            assert_eq!(asked, ["$share/g/secret/x", "both/+", "open/#", "secret/#"]);
            let heard = scenario.hear(peer);
            assert!(heard[0].starts_with("CONNACK ok present"), "{heard:?}");
            assert_eq!(heard[1..], ["open/1=x q1 #2 dup", "open/2=x q1 #3", "both/2=x q1 #4"], "{version:?}");
            let lost = dropped(&mut scenario);
            assert!(lost.iter().all(|topic| topic.starts_with("secret")) && lost.len() >= 2, "{lost:?}");
            // What is published from now on.
            for topic in ["secret/3", "secret/x", "both/3"] {
                scenario.publish(other, topic, "x", QoS::AtLeastOnce);
            }
            assert_eq!(scenario.hear(peer), ["both/3=x q1 #5"]);
            assert_eq!(scenario.broker.subscriptions(), 2);
            // The same user is not asked about again.
            scenario.cut(peer);
            let (_, heard) = come(&mut scenario, &connect, username);
            assert_eq!(heard.len(), 4, "{heard:?}");
            assert!(scenario.asked.is_empty());
        }
    }
}

/// The former user is disconnected, later CONNECTs stay, and no question is left.
#[test]
fn a_client_that_waits_for_its_subscriptions_may_be_gone() {
    let mut scenario = Scenario::with(options(Access::default(), SUBSCRIBE));
    let connect = lasting(V5, "a");
    let (ann, _) = come(&mut scenario, &connect, Some("ann"));
    scenario.subscribe(ann, "secret/#", QoS::AtLeastOnce);
    answer_subscriptions(&mut scenario, Some("ann"));
    scenario.hear(ann);
    let bob = scenario.connect(&Connect { username: Some("bob"), ..connect.clone() });
    assert_eq!((scenario.hear(ann), scenario.asked.len()), (vec!["DISCONNECT 8E".into()], 1));
    scenario.cut(bob);
    scenario.asked.clear();
    assert_eq!((scenario.broker.connections(), scenario.broker.next_deadline()), (0, None));
    let bob = scenario.connect(&Connect { username: Some("bob"), ..connect.clone() });
    scenario.asked.clear();
    // The user of the session has not changed, and is not asked about.
    let (ann, _) = come(&mut scenario, &connect, Some("ann"));
    assert!(scenario.is_closed(bob) && scenario.asked.is_empty());
    assert_eq!(scenario.broker.next_deadline(), None);
    let other = publisher(&mut scenario);
    scenario.publish(other, "secret/1", "x", QoS::AtLeastOnce);
    assert_eq!(scenario.hear(ann), ["secret/1=x q1 #1"]);
    // With a clean start, nothing is inherited.
    let clean = Connect { clean_start: true, ..connect };
    come(&mut scenario, &clean, Some("bob"));
    assert!(scenario.asked.is_empty());
}

/// The former user's queue is redelivered in turns, and what is left of it comes back to the next
/// user. A retained message leaves in between, which ends no check of the rest.
#[test]
fn a_queue_that_comes_back_in_turns_is_checked_to_its_end() {
    let limits = BrokerOptions { sessions_max: 4_000, ..options(Access::default(), SUBSCRIBE) };
    let mut scenario = Scenario::with(limits);
    let group = "$share/g/secret/g";
    for number in 0..2_000 {
        let member = scenario.join_with(&Connect { username: Some("ann"), ..lasting(V5, &format!("m{number}")) });
        scenario.subscribe(member, group, QoS::AtLeastOnce);
        answer_subscriptions(&mut scenario, Some("ann"));
        scenario.leave(member);
    }
    let other = publisher(&mut scenario);
    for topic in ["r/1", "r/2", "r/3"] {
        scenario.retain(other, topic, "kept", QoS::AtLeastOnce);
    }
    let one = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(1_000)]);
    let slow = Connect { properties: one.as_properties(), ..lasting(V5, "a") };
    let (ann, _) = come(&mut scenario, &slow, Some("ann"));
    for filter in [group, "plain/secret", "r/+"] {
        scenario.subscribe(ann, filter, QoS::AtLeastOnce);
        answer_subscriptions(&mut scenario, Some("ann"));
    }
    for number in 0..900 {
        let topic = if number % 2 == 0 { "plain/secret" } else { "secret/g" };
        scenario.publish(other, topic, "x", QoS::AtLeastOnce);
    }
    // The queue is served once, so that the next turn is a cursor's.
    scenario.send(ann, &Packet::Puback(Ack::success(id(1))));
    scenario.writable(ann, false);
    scenario.send(ann, &Packet::Puback(Ack::success(id(2))));
    scenario.cut(ann);
    let member = scenario.join_with(&Connect { username: Some("ann"), ..lasting(V5, "member") });
    scenario.subscribe(member, group, QoS::AtLeastOnce);
    answer_subscriptions(&mut scenario, Some("ann"));
    let bob = scenario.connect(&Connect { username: Some("bob"), ..lasting(V5, "a") });
    // Between two turns, the transport of the next user takes more again.
    let (mut turns, mut sent) = (0, Vec::new());
    for (question, ask) in std::mem::take(&mut scenario.asked) {
        let Question::Authorize { topic, .. } = ask else { panic!("{ask:?}") };
        let answer = if topic.contains("secret") { REFUSE } else { Answer::Allow };
        scenario.broker.answer(question, answer, scenario.now);
    }
    loop {
        while let Some(output) = scenario.broker.poll_output() {
            if let Output::Transmit(to, frame) = output
                && to == bob
            {
                sent.extend_from_slice(frame);
            }
        }
        if scenario.broker.next_deadline().is_none_or(|at| at > scenario.now) {
            break;
        }
        scenario.broker.set_writable(bob, false, scenario.now);
        scenario.broker.set_writable(bob, true, scenario.now);
        scenario.broker.handle_timeout(scenario.now);
        turns += 1;
    }
    assert!(turns > 2, "it was cut");
    let has = |text: &str| sent.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(has("r/3") && !has("secret"), "{} bytes", sent.len());
    let dropped = scenario.broker.counters().dropped_for(DropCause::NotAuthorized);
    assert_eq!(dropped, 449, "all that was not of the group");
}
