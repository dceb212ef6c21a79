//! A client that comes back while packets of its former connection wait, and CONNECTs that are
//! answered in another order than they came.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, Event, PeerId, RejectCause, WillFate};
use wasmqtt::codec::{Connect, Packet, QoS, ReasonCode};

use super::store::stored_with;
use crate::support::packets::{BOTH, QOS, V4, V5, connect, id, lasting, publish, will};
use crate::support::scenario::Scenario;

const REFUSE: Answer = Answer::Refuse(ReasonCode::NotAuthorized);
const NONE: Asks = Asks { authenticate: false, enhanced: false, publish: false, subscribe: false, receive: false };

fn scenario(asks: Asks) -> Scenario {
    Scenario::with(BrokerOptions { asks, events: true, ..BrokerOptions::default() })
}

/// A client with a will has sent two messages and then DISCONNECT or not, and waits for the host.
fn goodbye(scenario: &mut Scenario, client: &Connect<'_>, says_goodbye: bool, qos: QoS) -> PeerId {
    let peer = scenario.connect(&Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..client.clone() });
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
    let mut bytes = Vec::new();
    for (packet_id, payload) in [(8, "1"), (9, "2")] {
        let packet_id = (qos != QoS::AtMostOnce).then(|| id(packet_id));
        let message = wasmqtt::codec::Publish { packet_id, ..publish("t", payload, qos) };
        Packet::Publish(message).encode(client.version, &mut bytes).expect("a good packet");
    }
    if says_goodbye {
        bytes.extend([0xE0, 0]);
    }
    scenario.send_bytes(peer, &bytes);
    peer
}

fn fates(scenario: &Scenario) -> Vec<WillFate> {
    let fate = |event: &Event| if let Event::Will { fate, .. } = event { Some(*fate) } else { None };
    scenario.events.iter().filter_map(fate).collect()
}

/// It said DISCONNECT, whether its transport has closed yet, so its will is not published
/// [MQTT-3.1.2-8]; and all before it counts.
#[test]
fn a_goodbye_that_waits_for_the_host_is_heeded_when_the_client_is_back() {
    let asks = Asks { publish: true, ..NONE };
    for qos in QOS {
        for version in BOTH {
            for (is_cut, is_clean) in [(true, false), (false, false), (true, true), (false, true)] {
                let mut scenario = scenario(asks);
                let watcher = scenario.join(V5, "watcher");
                scenario.subscribe(watcher, "#", QoS::AtMostOnce);
                let client = Connect { clean_start: is_clean, ..lasting(version, "a") };
                let former = goodbye(&mut scenario, &client, true, qos);
                if is_cut {
                    scenario.cut(former);
                }
                let next = scenario.connect(&client);
                assert!(scenario.hear(next).is_empty(), "it waits for its former connection");
                scenario.answer(Answer::Allow);
                assert!(scenario.hear(next).is_empty(), "a message still waits");
                scenario.answer(Answer::Allow);
                assert_eq!(scenario.hear(watcher), ["t=1 q0", "t=2 q0"], "{qos:?} {version:?} {is_cut}");
                let expected = if is_clean { "CONNACK ok" } else { "CONNACK ok present" };
                assert!(scenario.hear(next)[0].starts_with(expected));
                assert_eq!(fates(&scenario), [WillFate::Armed, WillFate::Cleared]);
                assert!(scenario.is_open(next) && !scenario.is_open(former));
                assert_eq!(scenario.broker.next_deadline(), None);
            }
        }
    }
}

/// Without DISCONNECT, the messages before the cut count, and then the will.
#[test]
fn messages_before_a_cut_are_not_lost_when_the_client_is_back() {
    let mut scenario = scenario(Asks { publish: true, ..NONE });
    let watcher = scenario.join(V5, "watcher");
    scenario.subscribe(watcher, "#", QoS::AtMostOnce);
    let former = goodbye(&mut scenario, &lasting(V4, "a"), false, QoS::AtMostOnce);
    scenario.cut(former);
    let next = scenario.connect(&lasting(V4, "a"));
    scenario.answer(Answer::Allow);
    scenario.answer(REFUSE);
    assert_eq!(scenario.hear(watcher), ["t=1 q0", "will=x q0"]);
    assert_eq!(scenario.hear(next), ["CONNACK ok present"]);
}

/// A connection that stands is taken over at once [MQTT-3.1.4-3].
#[test]
fn a_connection_without_a_goodbye_is_taken_over_at_once() {
    let mut scenario = scenario(Asks { publish: true, ..NONE });
    let former = goodbye(&mut scenario, &lasting(V5, "a"), false, QoS::AtLeastOnce);
    let next = scenario.connect(&lasting(V5, "a"));
    assert!(scenario.hear(next)[0].starts_with("CONNACK ok present"));
    assert_eq!(scenario.hear(former), ["DISCONNECT 8E"]);
}

/// The host is slow, or never answers: the client is let in when the questions are over.
#[test]
fn a_client_that_is_back_waits_no_longer_than_the_host_may_take() {
    let mut scenario = scenario(Asks { publish: true, ..NONE });
    let former = goodbye(&mut scenario, &lasting(V5, "a"), true, QoS::AtLeastOnce);
    scenario.cut(former);
    let next = scenario.connect(&lasting(V5, "a"));
    scenario.asked.clear();
    scenario.wait_ms(59_999);
    assert!(scenario.hear(next).is_empty() && scenario.is_open(next), "its connect timeout is not the host's");
    scenario.wait_ms(1);
    assert!(scenario.hear(next)[0].starts_with("CONNACK ok present"));
}

/// The client comes back more than once, is gone again, or is closed by the host.
#[test]
fn the_last_that_is_back_is_let_in() {
    let mut scenario = scenario(Asks { publish: true, ..NONE });
    let client = lasting(V5, "a");
    let former = goodbye(&mut scenario, &client, true, QoS::AtLeastOnce);
    scenario.cut(former);
    let second = scenario.connect(&client);
    let third = scenario.connect(&client);
    assert!(scenario.is_closed(second) && scenario.hear(second).is_empty(), "a later CONNECT came");
    let cause = RejectCause::TakenOver;
    assert!(scenario.events.contains(&Event::Rejected { peer: second, cause }));
    // Packets behind the CONNECT wait too.
    scenario.send(third, &Packet::Pingreq);
    scenario.broker.disconnect(former, ReasonCode::AdministrativeAction, scenario.now);
    scenario.drain();
    let heard = scenario.hear(third);
    assert!(heard[0].starts_with("CONNACK ok present") && heard[1] == "PINGRESP", "{heard:?}");
    // One that is gone while it waits leaves nothing behind.
    scenario.cut(third);
    scenario.asked.clear();
    let former = goodbye(&mut scenario, &client, true, QoS::AtLeastOnce);
    scenario.cut(former);
    let gone = scenario.connect(&client);
    scenario.cut(gone);
    assert_eq!(scenario.broker.connections(), 1, "the former, which waits for the host");
    while !scenario.asked.is_empty() {
        scenario.answer(Answer::Allow);
    }
    assert_eq!((scenario.broker.connections(), scenario.broker.next_deadline()), (0, None));
}

/// The host is asked about two CONNECTs of one client, and answers about the later one first.
#[test]
fn of_two_connects_the_later_one_stays_whichever_is_answered_first() {
    for version in BOTH {
        for is_gone in [false, true] {
            for will_is_asked in [false, true] {
                let asks = Asks { authenticate: !will_is_asked, publish: will_is_asked, ..NONE };
                let mut scenario = scenario(asks);
                let client = Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..lasting(version, "a") };
                let (earlier, later) = (scenario.connect(&client), scenario.connect(&client));
                let (question, _) = scenario.asked.remove(1);
                scenario.answer_to(question, Answer::Allow);
                assert!(scenario.hear(later)[0].starts_with("CONNACK ok"));
                if is_gone {
                    scenario.cut(later);
                }
                scenario.answer(Answer::Allow);
                assert_eq!(scenario.is_open(later), !is_gone, "the later one is not taken over");
                assert!(scenario.is_closed(earlier) && scenario.hear(earlier).is_empty());
                let cause = RejectCause::TakenOver;
                assert!(scenario.events.contains(&Event::Rejected { peer: earlier, cause }));
                assert_eq!(scenario.broker.counters().rejected, 1);
            }
        }
    }
    // In order, the later one takes over as ever.
    let mut scenario = scenario(Asks { authenticate: true, ..NONE });
    let (earlier, later) = (scenario.connect(&connect(V5, "a")), scenario.connect(&connect(V5, "a")));
    scenario.answer(Answer::Allow);
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(earlier)[1..], ["DISCONNECT 8E"]);
    assert!(scenario.is_open(later));
    // One that is refused gives way to nobody.
    let (refused, other) = (scenario.connect(&connect(V5, "a")), scenario.connect(&connect(V5, "b")));
    scenario.answer(REFUSE);
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(refused), ["CONNACK 87"]);
    assert!(scenario.is_open(later) && scenario.is_open(other));
}

/// The same while the store is behind.
#[test]
fn a_goodbye_that_waits_for_the_store_is_heeded_when_the_client_is_back() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 2, events: true, ..BrokerOptions::default() });
    let keeper = scenario.join_with(&lasting(V5, "keeper"));
    scenario.subscribe(keeper, "#", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let willing = Connect { will: Some(will("will", "x", QoS::AtLeastOnce)), ..lasting(V5, "a") };
    let former = scenario.join_with(&willing);
    scenario.disk_waits = true;
    for payload in ["1", "2", "3"] {
        scenario.send(former, &Packet::Publish(publish("t", payload, QoS::AtLeastOnce)));
    }
    scenario.send_bytes(former, &[0xE0, 0]);
    let next = scenario.connect(&willing);
    while !scenario.broker.is_stored() {
        let batch = scenario.disk.write().expect("a batch is out");
        scenario.broker.handle_stored(batch, scenario.now);
        scenario.drain();
    }
    let published = scenario.events.iter().filter(|event| matches!(event, Event::Published { .. }));
    assert_eq!(published.count(), 3, "and no will");
    assert_eq!(fates(&scenario), [WillFate::Armed, WillFate::Cleared, WillFate::Armed]);
    assert!(scenario.is_open(next) && !scenario.is_open(former));
}
