//! Questions to the host: packets wait for their answers in order, other clients do not.

use wasmqtt::broker::{Action, Answer, Asks, BrokerOptions, Credentials, DisconnectCause, Event, Question};
use wasmqtt::codec::{
    Connect, Packet, Properties, Property, QoS, ReasonCode, Subscribe, Subscription, SubscriptionOptions,
};

use crate::room::{QOS, Room, V4, V5, connect, id, properties, publish, will};

const ALL: Asks = Asks { authenticate: true, enhanced: false, publish: true, subscribe: true, receive: false };
const PUBLISH: Asks = Asks { authenticate: false, subscribe: false, ..ALL };
const REFUSE: Answer = Answer::Refuse(ReasonCode::NotAuthorized);

fn room(asks: Asks) -> Room {
    Room::with(BrokerOptions { asks, events: true, ..BrokerOptions::default() })
}

/// What is asked, as one line each.
fn asked(room: &Room) -> Vec<String> {
    let lines = room.asked.iter().map(|(_, question)| match question {
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
fn join(room: &mut Room, connect: &Connect<'_>) -> wasmqtt::broker::PeerId {
    let peer = room.connect(connect);
    room.answer(Answer::Allow);
    assert!(room.hear(peer)[0].starts_with("CONNACK ok"));
    peer
}

#[test]
fn nothing_is_asked_unless_the_options_say_so() {
    let mut room = Room::new();
    let peer = room.join(V5, "a");
    room.subscribe(peer, "t", QoS::AtMostOnce);
    room.publish(peer, "t", "x", QoS::ExactlyOnce);
    assert!(room.asked.is_empty());
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
        let mut room = room(ALL);
        let password = Some(b"secret".as_slice());
        let peer = room.connect(&Connect { username: Some("ann"), password, ..connect(version, "a") });
        let credentials = Credentials {
            client_id: "a".into(),
            username: Some("ann".into()),
            password: password.map(Box::from),
            version,
        };
        assert_eq!(room.asked[0].1, Question::Authenticate(credentials));
        assert!(room.hear(peer).is_empty() && room.broker.clients().count() == 0, "nothing before the answer");
        room.answer(answer.clone());
        assert_eq!(room.hear(peer), [heard], "{answer:?}");
        assert_eq!(room.is_closed(peer), answer != Answer::Allow);
    }
}

#[test]
fn one_client_waits_in_order_and_the_others_go_on() {
    let mut room = room(PUBLISH);
    let (slow, fast, watcher) = (room.join(V5, "slow"), room.join(V5, "fast"), room.join(V5, "watcher"));
    room.subscribe(watcher, "#", QoS::AtMostOnce);
    room.send(slow, &Packet::Publish(publish("t", "1", QoS::AtLeastOnce)));
    room.send(slow, &Packet::Publish(publish("t", "2", QoS::AtMostOnce)));
    room.send(slow, &Packet::Pingreq);
    assert_eq!(asked(&room), ["slow publish t q1"], "the second is not asked before the first is done");
    room.send(fast, &Packet::Publish(publish("f", "x", QoS::AtMostOnce)));
    let (question, _) = room.asked.remove(1);
    room.answer_to(question, Answer::Allow);
    assert_eq!(room.hear(watcher), ["f=x q0"]);
    assert!(room.hear(slow).is_empty());
    room.answer(Answer::Allow);
    assert_eq!((room.hear(slow), room.hear(watcher)), (vec!["PUBACK #9 ok".into()], vec!["t=1 q0".into()]));
    room.answer(Answer::Allow);
    assert_eq!((room.hear(slow), room.hear(watcher)), (vec!["PINGRESP".into()], vec!["t=2 q0".into()]));
}

/// In 3.1.1 a refused PUBLISH is acknowledged as others are, and goes nowhere [3.1.1 MQTT-3.3.5-2]; in 5.0 its identifier
/// is of a new message afterwards [MQTT-4.3.3-9].
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
        let mut room = room(PUBLISH);
        let (peer, watcher) = (room.join(version, "a"), room.join(V5, "watcher"));
        room.subscribe(watcher, "#", QoS::AtMostOnce);
        // Again and again: a refused message takes nothing of the receive maximum, nor of the identifiers.
        for _ in 0..3 {
            room.events.clear();
            room.send(peer, &Packet::Publish(publish("t", "x", qos)));
            room.answer(REFUSE);
            assert_eq!(room.hear(peer), heard, "{version:?} {qos:?}");
            let refused = Event::Refused {
                client_id: "a".into(),
                action: Action::Publish,
                topic: "t".into(),
                reason: ReasonCode::NotAuthorized,
            };
            assert_eq!(room.events, [refused]);
            assert!(room.hear(watcher).is_empty());
            if version == V4 && qos == QoS::ExactlyOnce {
                room.send(peer, &Packet::Pubrel(wasmqtt::codec::Ack::success(id(9))));
                assert_eq!(room.hear(peer), ["PUBCOMP #9 ok"]);
            }
        }
    }
}

/// A message that was handed over is not asked about again when it is sent again [MQTT-4.3.3-10].
#[test]
fn a_qos_2_message_that_comes_again_is_asked_about_once() {
    let mut room = room(PUBLISH);
    let peer = room.join(V5, "a");
    let message = publish("t", "x", QoS::ExactlyOnce);
    room.send(peer, &Packet::Publish(message));
    room.answer(Answer::Allow);
    room.send(peer, &Packet::Publish(wasmqtt::codec::Publish { dup: true, ..message }));
    assert_eq!((room.asked.len(), room.hear(peer)), (0, vec!["PUBREC #9 10".into(), "PUBREC #9 ok".into()]));
}

#[test]
fn each_filter_of_a_subscribe_has_its_own_answer() {
    for version in [V4, V5] {
        let mut room = room(Asks { publish: false, authenticate: false, ..ALL });
        let peer = room.join(version, "a");
        let filters = ["a", "b/#/c", "$share/g/b", "c"];
        let subscriptions =
            filters.map(|filter| Subscription { filter, options: SubscriptionOptions::default() }).to_vec();
        let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions };
        room.send(peer, &Packet::Subscribe(subscribe));
        let lines = ["a subscribe a q0", "a subscribe $share/g/b q0", "a subscribe c q0"];
        assert_eq!(asked(&room), lines, "what is no filter is not asked about");
        let (last, _) = room.asked.remove(2);
        room.answer_to(last, Answer::Refuse(ReasonCode::QuotaExceeded));
        room.answer(Answer::Allow);
        assert!(room.hear(peer).is_empty() && room.broker.subscriptions() == 0, "one is still open");
        room.answer(REFUSE);
        let suback = if version == V5 { "SUBACK #1 00 8F 87 97" } else { "SUBACK #1 00 80 80 80" };
        assert_eq!(room.hear(peer), [suback]);
        assert_eq!(room.broker.subscriptions(), 1);
    }
}

#[test]
fn the_will_is_authorized_with_its_connect() {
    let mut room = room(ALL);
    let with_will = Connect { will: Some(will("gone", "x", QoS::AtLeastOnce)), ..connect(V5, "a") };
    let peer = room.connect(&with_will);
    assert_eq!(asked(&room), ["connect a"], "nobody is asked about the will of a stranger");
    room.answer(Answer::Allow);
    assert_eq!(asked(&room), ["a publish gone q1"]);
    assert!(room.hear(peer).is_empty());
    room.answer(REFUSE);
    assert_eq!((room.hear(peer), room.is_closed(peer)), (vec!["CONNACK 87".into()], true));
    let peer = room.connect(&with_will);
    room.answer(Answer::Allow);
    room.answer(Answer::Allow);
    assert!(room.hear(peer)[0].starts_with("CONNACK ok"));
    room.cut(peer);
    assert!(room.asked.is_empty() && room.broker.counters().published == 1);
}

/// The client has sent what it had to; that the host is slow is not its silence [MQTT-3.1.2-22].
#[test]
fn keep_alive_rests_while_a_packet_waits() {
    let mut room = room(PUBLISH);
    let peer = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    room.wait_ms(29_000);
    assert!(!room.is_closed(peer));
    room.answer(Answer::Allow);
    assert_eq!(room.hear(peer), ["PUBACK #9 10"]);
    room.wait_ms(14_999);
    assert!(!room.is_closed(peer), "it counts from when the packet was handled");
    room.wait_ms(1);
    assert_eq!(room.hear(peer), ["DISCONNECT 8D"]);
}

#[test]
fn the_connect_timeout_is_the_clients_and_not_the_hosts() {
    let mut room = room(ALL);
    let (late, silent) = (room.connect(&connect(V5, "late")), room.connect(&connect(V5, "silent")));
    room.wait_ms(29_999);
    let (question, _) = room.asked.remove(0);
    room.answer_to(question, Answer::Allow);
    assert!(room.hear(late)[0].starts_with("CONNACK ok"));
    assert!(!room.is_closed(silent));
    room.wait_ms(1);
    assert_eq!((room.hear(silent), room.is_closed(silent)), (vec!["CONNACK 80".into()], true));
    assert_eq!(room.broker.clients().count(), 1);
    assert_eq!(room.broker.next_deadline(), None, "nothing is left of either timeout");
}

#[test]
fn a_question_that_is_not_answered_in_time_is_refused() {
    let mut room = room(PUBLISH);
    let peer = room.join(V5, "a");
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    room.send(peer, &Packet::Publish(publish("t", "y", QoS::AtMostOnce)));
    room.wait_ms(29_999);
    assert!(room.hear(peer).is_empty());
    room.wait_ms(1);
    assert_eq!(room.hear(peer), ["PUBACK #9 80"]);
    assert_eq!(room.asked.len(), 2, "and the next has come to its turn");
    room.answer(Answer::Allow);
    assert!(room.hear(peer).is_empty());
    room.answer(Answer::Allow);
    assert_eq!(room.broker.counters().published, 1);
}

/// Publish, DISCONNECT, gone: as a command-line client does it.
#[test]
fn a_close_stands_in_line_behind_what_came_before_it() {
    for qos in QOS {
        let mut room = room(PUBLISH);
        let watcher = room.join(V5, "watcher");
        room.subscribe(watcher, "#", QoS::AtMostOnce);
        let peer = room.connect(&Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..connect(V5, "a") });
        room.answer(Answer::Allow);
        room.send(peer, &Packet::Publish(publish("t", "1", qos)));
        let mut bytes = Vec::new();
        let second = wasmqtt::codec::Publish { packet_id: Some(id(8)), ..publish("t", "2", QoS::AtLeastOnce) };
        Packet::Publish(second).encode(V5, &mut bytes).expect("a good packet");
        bytes.extend([0xE0, 0]);
        room.send_bytes(peer, &bytes);
        room.hear(peer);
        room.cut(peer);
        assert_eq!(room.broker.connections(), 2);
        room.answer(Answer::Allow);
        room.answer(Answer::Allow);
        assert_eq!(room.hear(watcher), ["t=1 q0", "t=2 q0"], "and no will");
        assert!(room.hear(peer).is_empty(), "nobody is there to hear it");
        assert_eq!(room.broker.connections(), 1);
        let Some(Event::Disconnected { cause: DisconnectCause::Client(_), .. }) =
            room.events.iter().rfind(|event| matches!(event, Event::Disconnected { .. }))
        else {
            panic!("{:?}", room.events);
        };
    }
}

#[test]
fn what_is_sent_to_a_client_that_is_gone_waits_for_its_session() {
    let mut room = room(PUBLISH);
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let lasting = Connect { clean_start: false, properties: expiry.as_properties(), ..connect(V5, "a") };
    let peer = room.join_with(&lasting);
    room.subscribe(peer, "t", QoS::AtLeastOnce);
    room.send(peer, &Packet::Publish(publish("u", "1", QoS::AtLeastOnce)));
    room.cut(peer);
    let message = wasmqtt::codec::Message { qos: QoS::AtLeastOnce, ..crate::room::message("t", "x") };
    room.broker.publish(message, room.now);
    room.drain();
    room.answer(Answer::Allow);
    let peer = room.connect(&lasting);
    let heard = room.hear(peer);
    assert_eq!(heard[1..], ["t=x q1 #1"], "{heard:?}");
}

#[test]
fn a_question_ends_with_its_connection() {
    let mut room = room(ALL);
    let stranger = room.connect(&connect(V5, "s"));
    room.cut(stranger);
    assert_eq!(room.broker.connections(), 0, "who was not let in yet is not waited for");
    let peer = {
        room.asked.clear();
        join(&mut room, &connect(V5, "a"))
    };
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    room.broker.disconnect(peer, ReasonCode::AdministrativeAction, room.now);
    room.drain();
    assert!(room.is_closed(peer));
    room.answer(Answer::Allow);
    assert_eq!((room.broker.counters().published, room.broker.next_deadline()), (0, None));
    // And with its being taken over.
    let peer = join(&mut room, &connect(V5, "b"));
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    room.connect(&connect(V5, "b"));
    let (connect, _) = room.asked.remove(1);
    room.answer_to(connect, Answer::Allow);
    assert_eq!(room.hear(peer), ["DISCONNECT 8E"]);
    room.answer(Answer::Allow);
    assert_eq!(room.broker.counters().published, 0);
}

/// An answer may come before the host has seen the question's output, or for one that never was.
#[test]
fn answers_that_belong_to_nothing_are_ignored() {
    let mut room = room(PUBLISH);
    let peer = room.join(V5, "a");
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    let (question, _) = room.asked.remove(0);
    room.answer_to(wasmqtt::broker::QuestionId(99), REFUSE);
    room.answer_to(question, Answer::Allow);
    room.answer_to(question, REFUSE);
    assert_eq!(room.hear(peer), ["PUBACK #9 10"]);
}

#[test]
fn a_broken_packet_behind_a_question_is_found_in_its_turn() {
    let mut room = room(PUBLISH);
    let peer = room.join(V5, "a");
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    room.send_bytes(peer, &[0, 0]);
    assert!(!room.is_closed(peer));
    room.answer(Answer::Allow);
    assert_eq!(room.hear(peer), ["PUBACK #9 10", "DISCONNECT 81"]);
}

const RECEIVE: Asks = Asks { receive: true, authenticate: false, enhanced: false, publish: false, subscribe: false };

#[test]
fn a_delivery_waits_for_its_answer_and_all_behind_it() {
    let mut room = room(RECEIVE);
    let (publisher, slow, fast) = (room.join(V5, "p"), room.join(V5, "slow"), room.join(V4, "fast"));
    room.subscribe(slow, "#", QoS::ExactlyOnce);
    room.subscribe(fast, "t", QoS::AtMostOnce);
    for (payload, qos) in [("1", QoS::AtMostOnce), ("2", QoS::AtLeastOnce), ("3", QoS::AtMostOnce)] {
        assert!(room.publish(publisher, "t", payload, qos).iter().all(|heard| heard == "PUBACK #9 ok"));
    }
    let lines = ["receive t q0", "receive t q0", "receive t q1", "receive t q0", "receive t q0", "receive t q0"];
    assert_eq!(asked(&room).iter().map(|line| line.split_once(' ').expect("two").1).collect::<Vec<_>>(), lines);
    let mut questions: Vec<_> = room.asked.drain(..).collect();
    questions.sort_by_key(|(_, question)| match question {
        Question::Authorize { client_id, .. } => client_id.clone(),
        Question::Authenticate(_) | Question::Enhanced { .. } => unreachable!(),
    });
    for (question, _) in &questions[..3] {
        room.answer_to(*question, Answer::Allow);
    }
    assert_eq!(room.hear(fast), ["t=1 q0", "t=2 q0", "t=3 q0"]);
    let slow_one = room.broker.sessions().find(|session| session.client_id == "slow").expect("there");
    assert_eq!((slow_one.queued, slow_one.queued_bytes), (3, 6), "what waits is seen");
    room.events.clear();
    room.answer_to(questions[5].0, Answer::Allow);
    room.answer_to(questions[4].0, REFUSE);
    assert!(room.hear(slow).is_empty() && room.events.is_empty());
    room.answer_to(questions[3].0, Answer::Allow);
    assert_eq!(room.hear(slow), ["t=1 q0", "t=3 q0"]);
    let (client_id, reason) = ("slow".into(), ReasonCode::NotAuthorized);
    assert_eq!(room.events, [Event::Refused { client_id, action: Action::Receive, topic: "t".into(), reason }]);
    assert_eq!(room.broker.next_deadline(), None);
}

#[test]
fn retained_messages_are_asked_about_too() {
    let mut room = room(RECEIVE);
    let (publisher, peer) = (room.join(V5, "p"), room.join(V5, "a"));
    room.retain(publisher, "t/1", "x", QoS::AtLeastOnce);
    room.retain(publisher, "t/2", "y", QoS::AtLeastOnce);
    assert_eq!(room.subscribe_with(peer, "t/#", SubscriptionOptions::default(), Some(7)), ["SUBACK #100 00"]);
    assert_eq!(asked(&room), ["a receive t/1 q0 retain", "a receive t/2 q0 retain"]);
    room.answer(REFUSE);
    room.answer(Answer::Allow);
    assert_eq!(room.hear(peer), ["t/2=y q0 retain SubscriptionIdentifier(7)"]);
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
            let mut room = Room::with(BrokerOptions {
                asks: RECEIVE,
                queue_messages: messages,
                queue_bytes: bytes,
                queue_overflow: *overflow,
                ..BrokerOptions::default()
            });
            let (publisher, peer) = (room.join(V5, "p"), room.join(V5, "a"));
            room.subscribe(peer, "t", QoS::AtMostOnce);
            for payload in ["1", "2", "3", "4"] {
                room.publish(publisher, "t", payload, QoS::AtMostOnce);
            }
            for _ in 0..room.asked.len() {
                room.answer(Answer::Allow);
            }
            assert_eq!(&room.hear(peer), heard, "{overflow:?}");
            let lost = if *overflow == QueueOverflow::Disconnect { 1 } else { 2 };
            assert_eq!((room.broker.counters().dropped, room.broker.next_deadline()), (lost, None));
        }
    }
}

#[test]
fn what_waits_to_be_allowed_outlives_the_connection_as_its_session_does() {
    let mut room = room(RECEIVE);
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let lasting = Connect { clean_start: false, properties: expiry.as_properties(), ..connect(V5, "a") };
    let (publisher, peer) = (room.join(V5, "p"), room.join_with(&lasting));
    room.subscribe(peer, "t", QoS::AtLeastOnce);
    room.publish(publisher, "t", "1", QoS::AtLeastOnce);
    room.publish(publisher, "t", "2", QoS::AtMostOnce);
    room.cut(peer);
    room.publish(publisher, "t", "3", QoS::AtMostOnce);
    room.publish(publisher, "t", "4", QoS::AtLeastOnce);
    assert_eq!(room.asked.len(), 3, "QoS 0 is not kept for who is not there");
    for _ in 0..3 {
        room.answer(Answer::Allow);
    }
    let peer = room.connect(&lasting);
    assert_eq!(room.hear(peer)[1..], ["t=1 q1 #1", "t=4 q1 #2"]);
    // With the session its questions end.
    room.publish(publisher, "t", "5", QoS::AtLeastOnce);
    let peer = room.connect(&connect(V5, "a"));
    assert!(room.hear(peer)[0].starts_with("CONNACK ok"));
    room.answer(Answer::Allow);
    assert!(room.hear(peer).is_empty());
    assert_eq!(room.broker.next_deadline(), None);
}

#[test]
fn a_delivery_that_is_not_answered_in_time_is_refused() {
    let mut room = room(RECEIVE);
    let (publisher, peer) = (room.join(V5, "p"), room.join(V5, "a"));
    room.subscribe(peer, "t", QoS::AtLeastOnce);
    room.publish(publisher, "t", "1", QoS::AtLeastOnce);
    room.wait_ms(20_000);
    room.publish(publisher, "t", "2", QoS::AtLeastOnce);
    let (last, _) = room.asked.remove(1);
    room.answer_to(last, Answer::Allow);
    room.wait_ms(9_999);
    assert!(room.hear(peer).is_empty());
    room.wait_ms(1);
    assert_eq!(room.hear(peer), ["t=2 q1 #1"]);
}

#[test]
fn no_question_outlives_its_session() {
    let mut room = room(Asks { receive: true, ..Asks::default() });
    let (publisher, peer) = (room.join(V5, "p"), room.join(V5, "a"));
    room.subscribe(peer, "t", QoS::AtLeastOnce);
    room.publish(publisher, "t", "x", QoS::AtLeastOnce);
    assert_eq!(asked(&room), ["a receive t q1"]);
    assert!(room.broker.next_deadline().is_some(), "it has its time to be answered in");
    room.cut(peer);
    assert_eq!(room.broker.next_deadline(), None);
}
