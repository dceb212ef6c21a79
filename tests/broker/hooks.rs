//! Questions to the host: packets wait for their answers in order, other clients do not.

use wasmqtt::broker::{Action, Answer, Asks, BrokerOptions, Credentials, DisconnectCause, Event, Question};
use wasmqtt::codec::{
    Connect, Packet, Properties, Property, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
};

use crate::support::packets::{QOS, V4, V5, connect, id, message, properties, publish, will};
use crate::support::scenario::Scenario;

const ALL: Asks = Asks { authenticate: true, enhanced: false, publish: true, subscribe: true, receive: false };
const PUBLISH: Asks = Asks { authenticate: false, subscribe: false, ..ALL };
const REFUSE: Answer = Answer::Refuse(ReasonCode::NotAuthorized);

fn scenario(asks: Asks) -> Scenario {
    Scenario::with(BrokerOptions { asks, events: true, ..BrokerOptions::default() })
}

/// The questions asked, as one line each.
fn asked(scenario: &Scenario) -> Vec<String> {
    let lines = scenario.asked.iter().map(|(_, question)| match question {
        Question::Authenticate(Credentials { client_id, .. }) => format!("connect {client_id}"),
        Question::Enhanced { method, .. } => format!("enhanced {method}"),
        Question::Authorize { client_id, action, topic, qos, retain, .. } => {
            let action = match action {
                Action::Publish => "publish",
                Action::Subscribe => "subscribe",
                Action::Receive => "receive",
            };
            let retain = if *retain { " retain" } else { "" };
            format!("{client_id} {action} {topic} q{}{retain}", qos.bits())
        }
    });
    lines.collect()
}

/// A client that was authenticated.
fn join(scenario: &mut Scenario, connect: &Connect<'_>) -> wasmqtt::broker::PeerId {
    let peer = scenario.connect(connect);
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
    peer
}

#[test]
fn nothing_is_asked_unless_the_options_say_so() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V5, "a");
    scenario.subscribe(peer, "t", QoS::AtMostOnce);
    scenario.publish(peer, "t", "x", QoS::ExactlyOnce);
    assert!(scenario.asked.is_empty());
}

/// [MQTT-3.1.3-8], [MQTT-3.1.4-2], [MQTT-3.2.2-8], [3.1.1 MQTT-3.1.3-9].
#[test]
fn a_client_is_let_in_or_refused_by_the_host() {
    let rows = [
        (V5, Answer::Allow, "CONNACK ok MaximumPacketSize(1048576) TopicAliasMaximum(16)"),
        (V4, Answer::Allow, "CONNACK ok"),
        (V5, Answer::Refuse(ReasonCode::Banned), "CONNACK 8A"),
        (V4, Answer::Refuse(ReasonCode::Banned), "CONNACK 87"),
        (V4, Answer::Refuse(ReasonCode::BadUserNameOrPassword), "CONNACK 86"),
        (V4, Answer::Refuse(ReasonCode::UnspecifiedError), "CONNACK 88"),
        (V5, Answer::Refuse(ReasonCode::ClientIdentifierNotValid), "CONNACK 85"),
        (V4, Answer::Refuse(ReasonCode::ClientIdentifierNotValid), "CONNACK 85"),
        // What CONNACK cannot carry, and an answer to another question.
        (V5, Answer::Refuse(ReasonCode::TopicFilterInvalid), "CONNACK 87"),
        (V5, Answer::Refuse(ReasonCode::Success), "CONNACK 87"),
        (V5, Answer::Continue([].into()), "CONNACK 87"),
    ];
    for (version, answer, heard) in rows {
        let mut scenario = scenario(ALL);
        let password = Some(b"secret".as_slice());
        let peer = scenario.connect(&Connect { username: Some("ann"), password, ..connect(version, "a") });
        let credentials = Credentials {
            client_id: "a".into(),
            username: Some("ann".into()),
            password: password.map(Box::from),
            version,
        };
        assert_eq!(scenario.asked[0].1, Question::Authenticate(credentials));
        assert!(scenario.hear(peer).is_empty() && scenario.broker.clients().count() == 0, "nothing before the answer");
        scenario.answer(answer.clone());
        assert_eq!(scenario.hear(peer), [heard], "{answer:?}");
        assert_eq!(scenario.is_closed(peer), answer != Answer::Allow);
    }
}

#[test]
fn one_client_waits_in_order_and_the_others_go_on() {
    let mut scenario = scenario(PUBLISH);
    let (slow, fast, watcher) = (scenario.join(V5, "slow"), scenario.join(V5, "fast"), scenario.join(V5, "watcher"));
    scenario.subscribe(watcher, "#", QoS::AtMostOnce);
    scenario.send(slow, &Packet::Publish(publish("t", "1", QoS::AtLeastOnce)));
    scenario.send(slow, &Packet::Publish(publish("t", "2", QoS::AtMostOnce)));
    scenario.send(slow, &Packet::Pingreq);
    assert_eq!(asked(&scenario), ["slow publish t q1"], "the second is not asked before the first is done");
    scenario.send(fast, &Packet::Publish(publish("f", "x", QoS::AtMostOnce)));
    let (question, _) = scenario.asked.remove(1);
    scenario.answer_to(question, Answer::Allow);
    assert_eq!(scenario.hear(watcher), ["f=x q0"]);
    assert!(scenario.hear(slow).is_empty());
    scenario.answer(Answer::Allow);
    assert_eq!((scenario.hear(slow), scenario.hear(watcher)), (vec!["PUBACK #9 ok".into()], vec!["t=1 q0".into()]));
    scenario.answer(Answer::Allow);
    assert_eq!((scenario.hear(slow), scenario.hear(watcher)), (vec!["PINGRESP".into()], vec!["t=2 q0".into()]));
}

/// In 3.1.1 a refused PUBLISH is acknowledged as others are, and goes nowhere [3.1.1 MQTT-3.3.5-2];
/// in 5.0 its identifier is of a new message afterwards [MQTT-4.3.3-9].
#[test]
fn a_refused_publish_goes_nowhere_and_is_answered_as_its_version_can() {
    let rows = [
        (V5, QoS::AtMostOnce, vec![]),
        (V5, QoS::AtLeastOnce, vec!["PUBACK #9 87"]),
        (V5, QoS::ExactlyOnce, vec!["PUBREC #9 87"]),
        (V4, QoS::AtMostOnce, vec![]),
        (V4, QoS::AtLeastOnce, vec!["PUBACK #9 ok"]),
        (V4, QoS::ExactlyOnce, vec!["PUBREC #9 ok"]),
    ];
    for (version, qos, heard) in rows {
        let mut scenario = scenario(PUBLISH);
        let (peer, watcher) = (scenario.join(version, "a"), scenario.join(V5, "watcher"));
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        // Again and again: a refused message takes nothing of the receive maximum, nor of the
        // identifiers.
        for _ in 0..3 {
            scenario.events.clear();
            scenario.send(peer, &Packet::Publish(publish("t", "x", qos)));
            scenario.answer(REFUSE);
            assert_eq!(scenario.hear(peer), heard, "{version:?} {qos:?}");
            let refused = Event::Refused {
                client_id: "a".into(),
                action: Action::Publish,
                topic: "t".into(),
                reason: ReasonCode::NotAuthorized,
            };
            assert_eq!(scenario.events, [refused]);
            assert!(scenario.hear(watcher).is_empty());
            if version == V4 && qos == QoS::ExactlyOnce {
                scenario.send(peer, &Packet::Pubrel(wasmqtt::codec::Ack::success(id(9))));
                assert_eq!(scenario.hear(peer), ["PUBCOMP #9 ok"]);
            }
        }
    }
}

/// A message that was handed over is not asked about again when it is sent again [MQTT-4.3.3-10].
#[test]
fn a_qos_2_message_that_comes_again_is_asked_about_once() {
    let mut scenario = scenario(PUBLISH);
    let peer = scenario.join(V5, "a");
    let message = publish("t", "x", QoS::ExactlyOnce);
    scenario.send(peer, &Packet::Publish(message));
    scenario.answer(Answer::Allow);
    scenario.send(peer, &Packet::Publish(wasmqtt::codec::Publish { dup: true, ..message }));
    assert_eq!((scenario.asked.len(), scenario.hear(peer)), (0, vec!["PUBREC #9 10".into(), "PUBREC #9 ok".into()]));
}

#[test]
fn each_filter_of_a_subscribe_has_its_own_answer() {
    // 3.1.1 may have a filter that is well formed there and no shared subscription.
    let rows: [(_, &[&str], _); 2] = [
        (V4, &["a", "$share/b", "$share/g/b", "c"], "SUBACK #1 00 80 80 80"),
        (V5, &["a", "$share/g/b", "c"], "SUBACK #1 00 87 97"),
    ];
    for (version, filters, suback) in rows {
        let mut scenario = scenario(Asks { publish: false, authenticate: false, ..ALL });
        let peer = scenario.join(version, "a");
        let subscription = |filter: &&'static str| Subscription { filter, options: SubscriptionOptions::default() };
        let subscriptions = filters.iter().map(subscription).collect();
        let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions };
        scenario.send(peer, &Packet::Subscribe(subscribe));
        let lines = ["a subscribe a q0", "a subscribe $share/g/b q0", "a subscribe c q0"];
        assert_eq!(asked(&scenario), lines, "what is no filter is not asked about");
        let (last, _) = scenario.asked.remove(2);
        scenario.answer_to(last, Answer::Refuse(ReasonCode::QuotaExceeded));
        scenario.answer(Answer::Allow);
        assert!(scenario.hear(peer).is_empty() && scenario.broker.subscriptions() == 0, "one is still open");
        scenario.answer(REFUSE);
        assert_eq!(scenario.hear(peer), [suback]);
        assert_eq!(scenario.broker.subscriptions(), 1);
    }
}

#[test]
fn the_will_is_authorized_with_its_connect() {
    let mut scenario = scenario(ALL);
    let with_will = Connect { will: Some(will("gone", "x", QoS::AtLeastOnce)), ..connect(V5, "a") };
    let peer = scenario.connect(&with_will);
    assert_eq!(asked(&scenario), ["connect a"], "nobody is asked about the will of a stranger");
    scenario.answer(Answer::Allow);
    assert_eq!(asked(&scenario), ["a publish gone q1"]);
    assert!(scenario.hear(peer).is_empty());
    scenario.answer(REFUSE);
    assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec!["CONNACK 87".into()], true));
    let peer = scenario.connect(&with_will);
    scenario.answer(Answer::Allow);
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
    scenario.cut(peer);
    assert!(scenario.asked.is_empty() && scenario.broker.counters().published == 1);
}

/// The client has sent what it had to; a slow host is not the client's silence [MQTT-3.1.2-22].
#[test]
fn keep_alive_rests_while_a_packet_waits() {
    let mut scenario = scenario(PUBLISH);
    let peer = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    scenario.wait_ms(29_000);
    assert!(!scenario.is_closed(peer));
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer), ["PUBACK #9 10"]);
    scenario.wait_ms(14_999);
    assert!(!scenario.is_closed(peer), "it counts from when the packet was handled");
    scenario.wait_ms(1);
    assert_eq!(scenario.hear(peer), ["DISCONNECT 8D"]);
}

#[test]
fn the_connect_timeout_is_the_clients_and_not_the_hosts() {
    let mut scenario = scenario(ALL);
    let (late, silent) = (scenario.connect(&connect(V5, "late")), scenario.connect(&connect(V5, "silent")));
    scenario.wait_ms(29_999);
    let (question, _) = scenario.asked.remove(0);
    scenario.answer_to(question, Answer::Allow);
    assert!(scenario.hear(late)[0].starts_with("CONNACK ok"));
    assert!(!scenario.is_closed(silent));
    scenario.wait_ms(1);
    assert_eq!((scenario.hear(silent), scenario.is_closed(silent)), (vec!["CONNACK 80".into()], true));
    assert_eq!(scenario.broker.clients().count(), 1);
    assert_eq!(scenario.broker.next_deadline(), None, "nothing is left of either timeout");
}

#[test]
fn a_question_that_is_not_answered_in_time_is_refused() {
    let mut scenario = scenario(PUBLISH);
    let peer = scenario.join(V5, "a");
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    scenario.send(peer, &Packet::Publish(publish("t", "y", QoS::AtMostOnce)));
    scenario.wait_ms(29_999);
    assert!(scenario.hear(peer).is_empty());
    scenario.wait_ms(1);
    assert_eq!(scenario.hear(peer), ["PUBACK #9 80"]);
    assert_eq!(scenario.asked.len(), 2, "and the next has come to its turn");
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer).is_empty());
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.broker.counters().published, 1);
}

/// Publish, DISCONNECT, gone: as a command-line client does it.
#[test]
fn a_close_stands_in_line_behind_what_came_before_it() {
    for qos in QOS {
        let mut scenario = scenario(PUBLISH);
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        let peer = scenario.connect(&Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..connect(V5, "a") });
        scenario.answer(Answer::Allow);
        scenario.send(peer, &Packet::Publish(publish("t", "1", qos)));
        let mut bytes = Vec::new();
        let second = wasmqtt::codec::Publish { packet_id: Some(id(8)), ..publish("t", "2", QoS::AtLeastOnce) };
        Packet::Publish(second).encode(V5, &mut bytes).expect("a good packet");
        bytes.extend([0xE0, 0]);
        scenario.send_bytes(peer, &bytes);
        scenario.hear(peer);
        scenario.cut(peer);
        assert_eq!(scenario.broker.connections(), 2);
        scenario.answer(Answer::Allow);
        scenario.answer(Answer::Allow);
        assert_eq!(scenario.hear(watcher), ["t=1 q0", "t=2 q0"], "and no will");
        assert!(scenario.hear(peer).is_empty(), "nobody is there to hear it");
        assert_eq!(scenario.broker.connections(), 1);
        let Some(Event::Disconnected { cause: DisconnectCause::Client(_), .. }) =
            scenario.events.iter().rfind(|event| matches!(event, Event::Disconnected { .. }))
        else {
            panic!("{:?}", scenario.events);
        };
    }
}

#[test]
fn what_is_sent_to_a_client_that_is_gone_waits_for_its_session() {
    let mut scenario = scenario(PUBLISH);
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let lasting = Connect { clean_start: false, properties: expiry.as_properties(), ..connect(V5, "a") };
    let peer = scenario.join_with(&lasting);
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.send(peer, &Packet::Publish(publish("u", "1", QoS::AtLeastOnce)));
    scenario.cut(peer);
    let message = wasmqtt::codec::Message { qos: QoS::AtLeastOnce, ..message("t", "x") };
    scenario.broker.publish(message, scenario.now);
    scenario.drain();
    scenario.answer(Answer::Allow);
    let peer = scenario.connect(&lasting);
    let heard = scenario.hear(peer);
    assert_eq!(heard[1..], ["t=x q1 #1"], "{heard:?}");
}

#[test]
fn a_question_ends_with_its_connection() {
    let mut scenario = scenario(ALL);
    let stranger = scenario.connect(&connect(V5, "s"));
    scenario.cut(stranger);
    assert_eq!(scenario.broker.connections(), 0, "who was not let in yet is not waited for");
    let peer = {
        scenario.asked.clear();
        join(&mut scenario, &connect(V5, "a"))
    };
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    scenario.broker.disconnect(peer, ReasonCode::AdministrativeAction, scenario.now);
    scenario.drain();
    assert!(scenario.is_closed(peer));
    scenario.answer(Answer::Allow);
    assert_eq!((scenario.broker.counters().published, scenario.broker.next_deadline()), (0, None));
    // And with its being taken over.
    let peer = join(&mut scenario, &connect(V5, "b"));
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    scenario.connect(&connect(V5, "b"));
    let (connect, _) = scenario.asked.remove(1);
    scenario.answer_to(connect, Answer::Allow);
    assert_eq!(scenario.hear(peer), ["DISCONNECT 8E"]);
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.broker.counters().published, 0);
}

/// An answer may come before the host has seen the question's output, or for one that never was.
#[test]
fn answers_that_belong_to_nothing_are_ignored() {
    let mut scenario = scenario(PUBLISH);
    let peer = scenario.join(V5, "a");
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    let (question, _) = scenario.asked.remove(0);
    scenario.answer_to(wasmqtt::broker::QuestionId(99), REFUSE);
    scenario.answer_to(question, Answer::Allow);
    scenario.answer_to(question, REFUSE);
    assert_eq!(scenario.hear(peer), ["PUBACK #9 10"]);
}

#[test]
fn a_broken_packet_behind_a_question_is_found_in_its_turn() {
    let mut scenario = scenario(PUBLISH);
    let peer = scenario.join(V5, "a");
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    scenario.send_bytes(peer, &[0, 0]);
    assert!(!scenario.is_closed(peer));
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer), ["PUBACK #9 10", "DISCONNECT 81"]);
}

const RECEIVE: Asks = Asks { receive: true, authenticate: false, enhanced: false, publish: false, subscribe: false };

#[test]
fn a_delivery_waits_for_its_answer_and_all_behind_it() {
    let mut scenario = scenario(RECEIVE);
    let (publisher, slow, fast) = (scenario.join(V5, "p"), scenario.join(V5, "slow"), scenario.join(V4, "fast"));
    scenario.subscribe(slow, "#", QoS::ExactlyOnce);
    scenario.subscribe(fast, "t", QoS::AtMostOnce);
    for (payload, qos) in [("1", QoS::AtMostOnce), ("2", QoS::AtLeastOnce), ("3", QoS::AtMostOnce)] {
        assert!(scenario.publish(publisher, "t", payload, qos).iter().all(|heard| heard == "PUBACK #9 ok"));
    }
    let lines = ["receive t q0", "receive t q0", "receive t q1", "receive t q0", "receive t q0", "receive t q0"];
    assert_eq!(asked(&scenario).iter().map(|line| line.split_once(' ').expect("two").1).collect::<Vec<_>>(), lines);
    let mut questions: Vec<_> = scenario.asked.drain(..).collect();
    questions.sort_by_key(|(_, question)| match question {
        Question::Authorize { client_id, .. } => client_id.clone(),
        Question::Authenticate(_) | Question::Enhanced { .. } => unreachable!(),
    });
    for (question, _) in &questions[..3] {
        scenario.answer_to(*question, Answer::Allow);
    }
    assert_eq!(scenario.hear(fast), ["t=1 q0", "t=2 q0", "t=3 q0"]);
    let slow_one = scenario.broker.sessions().find(|session| session.client_id == "slow").expect("there");
    assert_eq!((slow_one.queued, slow_one.queued_bytes), (3, 6), "what waits is seen");
    scenario.events.clear();
    scenario.answer_to(questions[5].0, Answer::Allow);
    scenario.answer_to(questions[4].0, REFUSE);
    assert!(scenario.hear(slow).is_empty() && scenario.events.is_empty());
    scenario.answer_to(questions[3].0, Answer::Allow);
    assert_eq!(scenario.hear(slow), ["t=1 q0", "t=3 q0"]);
    let (client_id, reason) = ("slow".into(), ReasonCode::NotAuthorized);
    assert_eq!(scenario.events, [Event::Refused { client_id, action: Action::Receive, topic: "t".into(), reason }]);
    assert_eq!(scenario.broker.next_deadline(), None);
}

#[test]
fn retained_messages_are_asked_about_too() {
    let mut scenario = scenario(RECEIVE);
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join(V5, "a"));
    scenario.retain(publisher, "t/1", "x", QoS::AtLeastOnce);
    scenario.retain(publisher, "t/2", "y", QoS::AtLeastOnce);
    assert_eq!(scenario.subscribe_with(peer, "t/#", SubscriptionOptions::default(), Some(7)), ["SUBACK #100 00"]);
    assert_eq!(asked(&scenario), ["a receive t/1 q0 retain", "a receive t/2 q0 retain"]);
    scenario.answer(REFUSE);
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer), ["t/2=y q0 retain SubscriptionIdentifier(7)"]);
}

/// As the queue behind it: by number, by bytes, and as its overflow says.
#[test]
fn what_waits_to_be_allowed_is_bounded() {
    use wasmqtt::broker::QueueOverflow;
    let rows = [
        (QueueOverflow::DropNewest, vec!["t=1 q0", "t=2 q0"]),
        (QueueOverflow::DropOldest, vec!["t=3 q0", "t=4 q0"]),
        (QueueOverflow::Disconnect, vec!["DISCONNECT 97"]),
    ];
    for (messages, bytes) in [(2, 1_000), (1_000, 4)] {
        for (overflow, heard) in &rows {
            let mut scenario = Scenario::with(BrokerOptions {
                asks: RECEIVE,
                queue_messages: messages,
                queue_bytes: bytes,
                queue_overflow: *overflow,
                ..BrokerOptions::default()
            });
            let (publisher, peer) = (scenario.join(V5, "p"), scenario.join(V5, "a"));
            scenario.subscribe(peer, "t", QoS::AtMostOnce);
            for payload in ["1", "2", "3", "4"] {
                scenario.publish(publisher, "t", payload, QoS::AtMostOnce);
            }
            for _ in 0..scenario.asked.len() {
                scenario.answer(Answer::Allow);
            }
            assert_eq!(&scenario.hear(peer), heard, "{overflow:?}");
            let lost = if *overflow == QueueOverflow::Disconnect { 1 } else { 2 };
            assert_eq!((scenario.broker.counters().dropped, scenario.broker.next_deadline()), (lost, None));
        }
    }
}

#[test]
fn what_waits_to_be_allowed_outlives_the_connection_as_its_session_does() {
    let mut scenario = scenario(RECEIVE);
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let lasting = Connect { clean_start: false, properties: expiry.as_properties(), ..connect(V5, "a") };
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join_with(&lasting));
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.publish(publisher, "t", "1", QoS::AtLeastOnce);
    scenario.publish(publisher, "t", "2", QoS::AtMostOnce);
    scenario.cut(peer);
    scenario.publish(publisher, "t", "3", QoS::AtMostOnce);
    scenario.publish(publisher, "t", "4", QoS::AtLeastOnce);
    assert_eq!(scenario.asked.len(), 3, "QoS 0 is not kept for who is not there");
    for _ in 0..3 {
        scenario.answer(Answer::Allow);
    }
    let peer = scenario.connect(&lasting);
    assert_eq!(scenario.hear(peer)[1..], ["t=1 q1 #1", "t=4 q1 #2"]);
    // With the session its questions end.
    scenario.publish(publisher, "t", "5", QoS::AtLeastOnce);
    let peer = scenario.connect(&connect(V5, "a"));
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer).is_empty());
    assert_eq!(scenario.broker.next_deadline(), None);
}

#[test]
fn a_delivery_that_is_not_answered_in_time_is_refused() {
    let mut scenario = scenario(RECEIVE);
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join(V5, "a"));
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.publish(publisher, "t", "1", QoS::AtLeastOnce);
    scenario.wait_ms(20_000);
    scenario.publish(publisher, "t", "2", QoS::AtLeastOnce);
    let (last, _) = scenario.asked.remove(1);
    scenario.answer_to(last, Answer::Allow);
    scenario.wait_ms(9_999);
    assert!(scenario.hear(peer).is_empty());
    scenario.wait_ms(1);
    assert_eq!(scenario.hear(peer), ["t=2 q1 #1"]);
}

#[test]
fn no_question_outlives_its_session() {
    let mut scenario = scenario(Asks { receive: true, ..Asks::default() });
    let (publisher, peer) = (scenario.join(V5, "p"), scenario.join(V5, "a"));
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.publish(publisher, "t", "x", QoS::AtLeastOnce);
    assert_eq!(asked(&scenario), ["a receive t q1"]);
    assert!(scenario.broker.next_deadline().is_some(), "it has its time to be answered in");
    scenario.cut(peer);
    assert_eq!(scenario.broker.next_deadline(), None);
}
