//! Walks that go on in later turns: the search for a member of a group, deliveries that wait for
//! approval, the filters of a SUBSCRIBE.

use std::time::Duration;

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Answer, Asks, BrokerOptions, Output, PeerId, Question, QuestionId,
};
use wasmqtt::codec::{
    Connect, Decoder, Packet, PacketKind, Properties, Property, Publish, QoS, ReasonCode, Suback, Subscribe,
    Subscription, SubscriptionOptions,
};

use super::budget::{encoded, options, rules, turns};
use crate::support::packets::{V5, connect, id, lasting, properties, publish};
use crate::support::scenario::Scenario;

/// Rules that are compared for each receiver of a topic below `t`, and refuse nobody.
fn slow_rules() -> Access {
    let rule = |_| AccessRule {
        action: None,
        filter: AccessFilter::parse("t/%c/#").expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    Access::new((0..200).map(rule).collect())
}

/// A group of members that are away, and of one that is connected and takes nothing now.
fn slow_group(filter: &str, limits: BrokerOptions) -> (Scenario, PeerId) {
    let mut scenario = Scenario::with(limits);
    for number in 0..2_000 {
        let peer = scenario.join_with(&lasting(V5, &format!("m{number}")));
        scenario.subscribe(peer, filter, QoS::AtLeastOnce);
        scenario.leave(peer);
    }
    let last = scenario.join_with(&lasting(V5, "waits"));
    scenario.subscribe(last, filter, QoS::AtLeastOnce);
    scenario.writable(last, false);
    (scenario, last)
}

fn queued(scenario: &Scenario, client_id: &str) -> usize {
    scenario.broker.sessions().find(|session| session.client_id == client_id).map_or(0, |session| session.queued)
}

/// A search compares 2,000 members with 200 rules each. It takes the best of them all.
#[test]
fn the_search_for_a_member_goes_on_in_later_turns() {
    let (mut scenario, last) = slow_group("$share/g/t/x", BrokerOptions { access: slow_rules(), ..options() });
    let (innocent, sender) = (scenario.join(V5, "innocent"), scenario.join(V5, "sender"));
    for number in 1..=3 {
        let packet = Publish { packet_id: Some(id(number)), ..publish("t/x", "x", QoS::AtLeastOnce) };
        scenario.broker.handle_bytes(sender, &encoded(&Packet::Publish(packet)), scenario.now);
        assert!(turns(&mut scenario, innocent) > 2);
        assert_eq!(queued(&scenario, "waits"), usize::from(number), "it is connected");
    }
    scenario.writable(last, true);
    assert_eq!(queued(&scenario, "waits"), 0);
    assert_eq!(scenario.hear(last).iter().filter(|line| line.starts_with("t/x")).count(), 3);
}

/// Without a member that takes it, the message stays where it was.
#[test]
fn the_search_of_a_hand_over_goes_on_in_later_turns() {
    let (mut scenario, _) = slow_group("$share/g/t/x", BrokerOptions { queue_messages: 200, ..options() });
    let one = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(100)]);
    let leaving = scenario.join_with(&Connect { properties: one.as_properties(), ..connect(V5, "leaving") });
    scenario.subscribe(leaving, "$share/g/t/x", QoS::AtLeastOnce);
    let (innocent, sender) = (scenario.join(V5, "innocent"), scenario.join(V5, "sender"));
    for number in 0..420 {
        scenario.publish(sender, "t/x", &number.to_string(), QoS::AtLeastOnce);
    }
    let all = |scenario: &Scenario| -> usize {
        scenario.broker.sessions().map(|session| session.queued + session.in_flight).sum()
    };
    let count = all(&scenario);
    assert_eq!((queued(&scenario, "leaving"), queued(&scenario, "waits"), count), (200, 200, 420));
    scenario.broker.handle_closed(leaving, scenario.now);
    assert!(turns(&mut scenario, innocent) > 2);
    assert_eq!((queued(&scenario, "leaving"), all(&scenario)), (200, 420), "none is lost, none is twice");
}

const RECEIVE: Asks = Asks { authenticate: false, enhanced: false, publish: false, subscribe: false, receive: true };

/// Answers every question with yes, as it comes.
fn allow_all(scenario: &mut Scenario) -> Vec<String> {
    let mut topics = Vec::new();
    for _ in 0..100_000 {
        let asked = std::mem::take(&mut scenario.asked);
        if asked.is_empty() {
            break;
        }
        for (question, ask) in asked {
            if let Question::Authorize { topic, .. } = ask {
                topics.push(topic.to_string());
            }
            scenario.broker.answer(question, Answer::Allow, scenario.now);
        }
        scenario.drain();
    }
    topics
}

/// A line of deliveries of two groups, which its client leaves behind.
fn line(scenario: &mut Scenario, count: u16) -> PeerId {
    let leaving = scenario.join_with(&lasting(V5, "leaving"));
    scenario.subscribe(leaving, "$share/g/t/+", QoS::AtLeastOnce);
    scenario.subscribe(leaving, "own", QoS::AtLeastOnce);
    let sender = scenario.join(V5, "sender");
    for number in 1..=count {
        let topic = if number % 2 == 0 { format!("t/{number}") } else { String::from("own") };
        let packet = Publish { packet_id: Some(id(number)), ..publish(&topic, "x", QoS::AtLeastOnce) };
        scenario.send_bytes(sender, &encoded(&Packet::Publish(packet)));
    }
    leaving
}

/// The line goes over in turns and in its order, what is not of the group stays, and an answer that
/// comes meanwhile counts.
#[test]
fn a_line_of_approvals_is_handed_over_in_turns() {
    const COUNT: u16 = 8_000;
    let limits = BrokerOptions { queue_messages: 60_000, queue_bytes: 1 << 30, asks: RECEIVE, ..options() };
    let mut scenario = Scenario::with(limits);
    let leaving = line(&mut scenario, COUNT);
    let (innocent, other) = (scenario.join(V5, "innocent"), scenario.join_with(&lasting(V5, "other")));
    scenario.subscribe(other, "$share/g/t/+", QoS::AtLeastOnce);
    let asked: Vec<QuestionId> =
        std::mem::take(&mut scenario.asked).into_iter().map(|(question, _)| question).collect();
    assert_eq!(asked.len(), usize::from(COUNT));
    scenario.broker.handle_closed(leaving, scenario.now);
    // Answers to the first two, while the rest goes on: the one stays, the other has gone over.
    scenario.broker.answer(asked[0], Answer::Allow, scenario.now);
    scenario.broker.answer(asked[1], Answer::Refuse(ReasonCode::NotAuthorized), scenario.now);
    assert!(answering_turns(&mut scenario, innocent) > 1);
    let sessions: Vec<_> = scenario.broker.sessions().map(|session| (session.client_id, session.queued)).collect();
    assert_eq!(sessions, [("innocent", 0), ("leaving", 4_000), ("other", 4_000), ("sender", 0)]);
    let topics = allow_all(&mut scenario);
    let gone: Vec<_> = topics.iter().filter(|topic| *topic != "own").collect();
    let expected: Vec<_> = (1..=COUNT).filter(|number| number % 2 == 0).map(|number| format!("t/{number}")).collect();
    assert_eq!(gone, expected.iter().collect::<Vec<_>>());
}

/// Runs turns as `turns` does, and keeps the questions.
fn answering_turns(scenario: &mut Scenario, innocent: PeerId) -> usize {
    let mut number = 1;
    loop {
        while let Some(output) = scenario.broker.poll_output() {
            if let Output::Ask { question, ask, .. } = output {
                scenario.asked.push((question, ask));
            }
        }
        if scenario.broker.next_deadline().is_none_or(|at| at > scenario.now) {
            break;
        }
        number += 1;
        scenario.broker.handle_timeout(scenario.now);
    }
    assert!(scenario.broker.longest_turn() <= 250_000, "{} steps", scenario.broker.longest_turn());
    assert!(turns(scenario, innocent) == 1);
    number
}

/// Deliveries that stay with a client that has left its group keep their order.
#[test]
fn a_line_without_another_member_stays_in_its_order() {
    let mut scenario = Scenario::with(BrokerOptions { asks: RECEIVE, ..options() });
    let leaving = line(&mut scenario, 20);
    scenario.unsubscribe(leaving, "$share/g/t/+");
    let other = scenario.join_with(&lasting(V5, "other"));
    scenario.subscribe(other, "$share/g/t/+", QoS::AtLeastOnce);
    scenario.cut(leaving);
    let topics = allow_all(&mut scenario);
    assert_eq!(topics.len(), 20, "{topics:?}");
    assert_eq!((queued(&scenario, "leaving"), queued(&scenario, "other")), (20, 0));
    let back = scenario.join_with(&lasting(V5, "leaving"));
    allow_all(&mut scenario);
    let heard = scenario.hear(back);
    let own = heard.iter().filter(|line| line.starts_with("own=")).count();
    let of_group: Vec<_> = heard.iter().filter(|line| line.starts_with("t/")).collect();
    assert_eq!((own, of_group.len()), (10, 10), "{heard:?}");
    assert!(
        of_group.iter().zip(1..).all(|(line, number)| line.starts_with(&format!("t/{}=", 2 * number))),
        "{heard:?}"
    );
}

/// A SUBSCRIBE of 90,000 filters is granted in turns, and answered once and whole [MQTT-3.8.4-6].
#[test]
fn a_subscribe_of_many_filters_is_granted_in_turns() {
    let mut scenario = Scenario::with(BrokerOptions { subscriptions_max: 20_000, events: true, ..options() });
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    scenario.retain(innocent, "a/7", "kept", QoS::AtMostOnce);
    scenario.events.clear();
    let filters: Vec<_> = (0..90_000).map(|number| format!("a/{number}")).collect();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options: SubscriptionOptions::default() });
    let (properties, subscriptions) = (Properties::EMPTY, subscriptions.collect());
    let bytes = encoded(&Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
    scenario.broker.handle_bytes(reader, &bytes, scenario.now);
    // Another client's packet comes in between.
    let other = scenario.broker.accept(scenario.now);
    scenario.adopt(other, V5);
    let mut number = 0;
    let mut frames = Vec::new();
    loop {
        while let Some(output) = scenario.broker.poll_output() {
            if let Output::Transmit(to, frame) = output
                && to == reader
            {
                frames.extend_from_slice(frame);
            }
        }
        if scenario.broker.next_deadline().is_none_or(|at| at > scenario.now) {
            break;
        }
        number += 1;
        scenario.broker.handle_timeout(scenario.now);
    }
    assert!(number > 4, "{number} turns");
    assert!(scenario.broker.longest_turn() <= 250_000, "{} steps", scenario.broker.longest_turn());
    assert_eq!(scenario.broker.subscriptions(), 20_000);
    assert_eq!(scenario.broker.counters().received.packets(PacketKind::Subscribe), 1, "it is one packet");
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(&frames);
    let suback = decoder.advance(V5).expect("well formed").expect("whole");
    let Ok(Packet::Suback(Suback { reasons, .. })) = decoder.packet_from_server(&suback, V5) else { panic!("SUBACK") };
    let (granted, refused) = reasons.split_at(20_000);
    assert!(granted.iter().all(|reason| *reason == ReasonCode::Success));
    assert!(refused.len() == 70_000 && refused.iter().all(|reason| *reason == ReasonCode::QuotaExceeded));
    assert_eq!(decoder.unread().first(), Some(&0x31), "the retained message, once");
    assert_eq!(scenario.broker.counters().delivered, 1);
    scenario.wait(Duration::from_millis(1));
    assert!(turns(&mut scenario, innocent) == 1);
}

/// The client is gone before its SUBSCRIBE is granted. The first grants stay with the session, as
/// after any lost SUBACK.
#[test]
fn a_client_that_goes_amid_its_subscribe_leaves_a_sound_session() {
    let mut scenario = Scenario::with(BrokerOptions { subscriptions_max: 20_000, ..options() });
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join_with(&lasting(V5, "reader")));
    let filters: Vec<_> = (0..20_000).map(|number| format!("a/{number}")).collect();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options: SubscriptionOptions::default() });
    let (properties, subscriptions) = (Properties::EMPTY, subscriptions.collect());
    let bytes = encoded(&Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
    scenario.broker.handle_bytes(reader, &bytes, scenario.now);
    scenario.broker.handle_closed(reader, scenario.now);
    scenario.drain();
    let back = scenario.join_with(&lasting(V5, "reader"));
    scenario.send_bytes(back, &bytes);
    assert_eq!(scenario.broker.subscriptions(), 20_000);
    assert!(turns(&mut scenario, innocent) == 1);
}

/// A client that resumes a session as another user is compared with many rules in turns, and
/// accepted once.
#[test]
fn inherited_subscriptions_are_compared_with_many_rules_in_turns() {
    let asks = Asks { subscribe: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { access: rules(2_000), asks, ..options() });
    let innocent = scenario.join(V5, "innocent");
    let first = scenario.join_with(&Connect { username: Some("ann"), ..lasting(V5, "reader") });
    for number in 0..500 {
        scenario.subscribe(first, &format!("x/{number}/reader"), QoS::AtMostOnce);
        allow_all(&mut scenario);
    }
    scenario.cut(first);
    let bytes = encoded(&Packet::Connect(Box::new(Connect { username: Some("bob"), ..lasting(V5, "reader") })));
    let bob = scenario.broker.accept(scenario.now);
    scenario.adopt(bob, V5);
    scenario.broker.handle_bytes(bob, &bytes, scenario.now);
    assert!(answering_turns(&mut scenario, innocent) > 3);
    assert_eq!(allow_all(&mut scenario).len(), 500);
    assert!(matches!(&scenario.hear(bob)[..], [connack] if connack.starts_with("CONNACK ok present")));
    assert_eq!(scenario.broker.subscriptions(), 500);
    assert_eq!(scenario.broker.counters().received.packets(PacketKind::Connect), 3, "it is one packet");
}

/// Questions that nobody has answered are refused in turns.
#[test]
fn questions_that_time_out_at_once_are_refused_in_turns() {
    let asks = Asks { authenticate: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..options() });
    let innocent = scenario.connect(&connect(V5, "innocent"));
    scenario.answer(Answer::Allow);
    for number in 0..5_000 {
        scenario.connect(&connect(V5, &format!("c{number}")));
    }
    scenario.now = scenario.now + BrokerOptions::default().answer_timeout;
    assert!(turns(&mut scenario, innocent) > 1);
    assert_eq!(scenario.broker.connections(), 1);
}

/// A session is listed in its group once, however often its client subscribes.
#[test]
fn a_member_that_subscribes_again_is_no_other_member() {
    let mut scenario = Scenario::with(options());
    let names = ["a", "b", "c"];
    let members = names.map(|name| {
        let peer = scenario.join_with(&lasting(V5, name));
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::AtMostOnce] {
            scenario.subscribe(peer, "$share/g/t", qos);
        }
        scenario.hear(peer);
        peer
    });
    let sender = scenario.join(V5, "sender");
    for number in 0..6 {
        scenario.publish(sender, "t", &number.to_string(), QoS::AtLeastOnce);
    }
    assert_eq!(
        members.map(|member| scenario.hear(member)),
        [["t=0 q0", "t=3 q0"], ["t=1 q0", "t=4 q0"], ["t=2 q0", "t=5 q0"]]
    );
}
