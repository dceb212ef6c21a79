//! Shared subscriptions: a message goes to a member that can take it (§4.8.2), if there is one.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId, Question, QuestionId, QueueOverflow};
use wasmqtt::codec::{Connect, Packet, QoS, ReasonCode};

use crate::support::packets::{QOS, V5, lasting, publish};
use crate::support::scenario::Scenario;

const RECEIVE: Asks = Asks { authenticate: false, enhanced: false, publish: false, subscribe: false, receive: true };

/// Members of a group, and a publisher.
fn group(options: BrokerOptions, names: &[&'static str], qos: QoS) -> (Scenario, PeerId, Vec<PeerId>) {
    let mut scenario = Scenario::with(options);
    let publisher = scenario.join(V5, "p");
    let members = names.iter().map(|name| {
        let peer = scenario.join_with(&lasting(V5, name));
        scenario.subscribe(peer, "$share/g/t", qos);
        peer
    });
    let members = members.collect();
    (scenario, publisher, members)
}

fn queued(scenario: &Scenario, client_id: &str) -> usize {
    scenario.broker.sessions().find(|session| session.client_id == client_id).map_or(0, |session| session.queued)
}

/// A transport that takes no more, whoever's turn it is.
#[test]
fn a_member_whose_transport_takes_no_more_is_passed_over() {
    for qos in QOS {
        let (mut scenario, publisher, members) = group(BrokerOptions::default(), &["a", "b", "c"], qos);
        scenario.writable(members[1], false);
        for payload in ["1", "2", "3", "4"] {
            scenario.publish(publisher, "t", payload, qos);
        }
        let counts: Vec<usize> = members.iter().map(|member| scenario.hear(*member).len()).collect();
        assert_eq!(counts, [2, 0, 2], "{qos:?}");
        assert_eq!(queued(&scenario, "b"), 0);
        // None can take it: it is kept at QoS 1 and 2, and lost at QoS 0, and that is told.
        scenario.writable(members[0], false);
        scenario.writable(members[2], false);
        scenario.publish(publisher, "t", "5", qos);
        let kept = ["a", "b", "c"].map(|name| queued(&scenario, name)).iter().sum::<usize>();
        let dropped = scenario.broker.counters().dropped;
        assert_eq!((kept, dropped), if qos == QoS::AtMostOnce { (0, 1) } else { (1, 0) });
    }
}

/// A full queue, by messages or bytes, of a member that is connected and writable: its send quota
/// is used up.
#[test]
fn a_member_whose_queue_is_full_is_passed_over() {
    let rows = [QueueOverflow::DropNewest, QueueOverflow::DropOldest, QueueOverflow::Disconnect];
    for queue_overflow in rows {
        for (queue_messages, queue_bytes) in [(1, 1_000), (1_000, 3)] {
            let options = BrokerOptions {
                queue_messages,
                queue_bytes,
                queue_overflow,
                in_flight_max: std::num::NonZeroU16::MIN,
                ..BrokerOptions::default()
            };
            let (mut scenario, publisher, members) = group(options, &["a", "b"], QoS::AtLeastOnce);
            scenario.subscribe(members[0], "own", QoS::AtLeastOnce);
            for payload in ["1", "2"] {
                scenario.publish(publisher, "own", payload, QoS::AtLeastOnce);
            }
            assert_eq!((scenario.hear(members[0]).len(), queued(&scenario, "a")), (1, 1));
            scenario.publish(publisher, "t", "1", QoS::AtLeastOnce);
            scenario.publish(publisher, "t", "2", QoS::AtLeastOnce);
            assert_eq!(scenario.hear(members[1]), ["t=1 q1 #1"]);
            assert_eq!((queued(&scenario, "b"), scenario.broker.counters().dropped), (1, 0), "{queue_overflow:?}");
            // Both are full. A member that is away has room.
            let away = scenario.join_with(&lasting(V5, "away"));
            scenario.subscribe(away, "$share/g/t", QoS::AtLeastOnce);
            scenario.cut(away);
            scenario.publish(publisher, "t", "3", QoS::AtLeastOnce);
            assert_eq!((queued(&scenario, "away"), scenario.broker.counters().dropped), (1, 0), "{queue_overflow:?}");
            assert!(scenario.is_open(members[0]) && scenario.is_open(members[1]));
            // None has: one of them drops by its policy.
            scenario.publish(publisher, "t", "4", QoS::AtLeastOnce);
            assert_eq!(scenario.broker.counters().dropped, 1, "{queue_overflow:?}");
        }
    }
}

/// The client and the topic of each open question.
fn asked(scenario: &mut Scenario) -> Vec<(QuestionId, String)> {
    let asked = std::mem::take(&mut scenario.asked).into_iter().map(|(id, question)| match question {
        Question::Authorize { client_id, .. } => (id, client_id.to_string()),
        other => panic!("{other:?}"),
    });
    asked.collect()
}

/// The line of deliveries that the host still checks.
#[test]
fn a_member_whose_line_at_the_receive_hook_is_full_is_passed_over() {
    for qos in QOS {
        let options = BrokerOptions { asks: RECEIVE, queue_messages: 2, ..BrokerOptions::default() };
        let (mut scenario, publisher, members) = group(options, &["a", "b"], qos);
        scenario.subscribe(members[0], "own", qos);
        for payload in ["1", "2"] {
            scenario.publish(publisher, "own", payload, qos);
        }
        asked(&mut scenario);
        for payload in ["1", "2"] {
            scenario.publish(publisher, "t", payload, qos);
        }
        let of: Vec<String> = asked(&mut scenario).into_iter().map(|(_, of)| of).collect();
        assert_eq!((of, scenario.broker.counters().dropped), (vec!["b".into(), "b".into()], 0), "{qos:?}");
        scenario.publish(publisher, "t", "3", qos);
        assert_eq!(scenario.broker.counters().dropped, 1, "none can");
    }
}

/// Its connection, its subscription or its session ends. A message that waits for the host's answer
/// was not sent, and goes to another member, about whom the host is asked.
#[test]
fn what_waits_at_the_receive_hook_goes_to_another_when_its_member_goes() {
    for qos in QOS {
        for way in ["cut", "unsubscribe", "end"] {
            let options = BrokerOptions { asks: RECEIVE, events: true, ..BrokerOptions::default() };
            let (mut scenario, publisher, members) = group(options, &["a"], qos);
            scenario.subscribe(members[0], "own", qos);
            for topic in ["t", "own", "t", "t"] {
                scenario.publish(publisher, topic, "x", qos);
            }
            let before = asked(&mut scenario);
            // The last is refused for the first member [MQTT-4.8.2-6].
            scenario.answer_to(before[3].0, Answer::Refuse(ReasonCode::NotAuthorized));
            let other = scenario.join_with(&lasting(V5, "b"));
            scenario.subscribe(other, "$share/g/t", qos);
            match way {
                "cut" => scenario.cut(members[0]),
                "unsubscribe" => drop(scenario.unsubscribe(members[0], "$share/g/t")),
                _ => drop(scenario.connect(&Connect { clean_start: true, ..lasting(V5, "a") })),
            }
            let after = asked(&mut scenario);
            assert_eq!(after.iter().filter(|(_, of)| of == "b").count(), 2, "{qos:?} {way}");
            for (question, _) in after {
                scenario.answer_to(question, Answer::Allow);
            }
            assert_eq!(scenario.hear(other).len(), 2, "{qos:?} {way}");
            // An answer about the former is too late.
            for (question, _) in before {
                scenario.answer_to(question, Answer::Allow);
            }
            assert!(scenario.hear(other).is_empty());
            if way != "end" {
                let peer = if way == "cut" { scenario.connect(&lasting(V5, "a")) } else { members[0] };
                let own = scenario.hear(peer);
                let own: Vec<_> = own.iter().filter(|line| line.contains("=x")).collect();
                assert!(own.iter().all(|line| line.starts_with("own")), "{qos:?} {way} {own:?}");
                assert_eq!(own.len(), usize::from(qos != QoS::AtMostOnce || way != "cut"), "{qos:?} {way}");
            }
            scenario.wait_ms(30_000);
            assert_eq!(scenario.broker.next_deadline(), None, "{qos:?} {way}");
        }
    }
}

/// Nobody else can take it: it stays in its line, and is asked about once.
#[test]
fn what_nobody_else_can_take_stays_in_the_line() {
    let options = BrokerOptions { asks: RECEIVE, ..BrokerOptions::default() };
    let (mut scenario, publisher, members) = group(options, &["a", "b"], QoS::AtLeastOnce);
    scenario.cut(members[1]);
    scenario.publish(publisher, "t", "1", QoS::AtLeastOnce);
    scenario.cut(members[0]);
    assert_eq!(asked(&mut scenario).len(), 1);
    let next = scenario.connect(&lasting(V5, "a"));
    assert!(scenario.hear(next)[0].starts_with("CONNACK ok present"));
    scenario.send(next, &Packet::Publish(publish("t", "2", QoS::AtLeastOnce)));
    for (question, of) in asked(&mut scenario) {
        assert_eq!(of, "a");
        scenario.answer_to(question, Answer::Allow);
    }
}
