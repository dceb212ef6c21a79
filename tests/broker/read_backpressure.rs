//! Read backpressure: a peer that sends more than is handled is read more slowly, and loses
//! nothing.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, DisconnectCause, Event, PeerId};
use wasmqtt::codec::{Connect, Disconnect, Packet, PacketId, Properties, Publish, QoS, ReasonCode};

use super::store::{expiry, keeping, stored_with, write};
use crate::support::packets::{V4, V5, connect, publish, will};
use crate::support::scenario::{CHUNK_BYTES, Scenario};

const ASKS: Asks = Asks { authenticate: false, enhanced: false, publish: true, subscribe: false, receive: false };
/// Bytes that wait when a peer is paused, and when it is resumed, by the bound below.
const PAUSE: usize = 1_000;
const RESUME: usize = 500;

fn options() -> BrokerOptions {
    BrokerOptions { input_bytes_max: 16 * PAUSE, events: true, ..BrokerOptions::default() }
}

/// Transports that can be paused, and a host that is asked about each message.
fn asking() -> Scenario {
    let mut scenario = Scenario::with(BrokerOptions { asks: ASKS, ..options() });
    scenario.pauses = true;
    scenario
}

/// Messages with these payloads, one behind the other.
fn flood(payloads: &[String], qos: QoS) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (payload, number) in payloads.iter().zip(1..) {
        let packet_id = PacketId::new(number).filter(|_| qos != QoS::AtMostOnce);
        Packet::Publish(Publish { packet_id, ..publish("t", payload, qos) }).encode(V5, &mut bytes).expect("good");
    }
    bytes
}

fn numbered(count: usize, bytes: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:0bytes$}")).collect()
}

/// A peer that is paused: a packet of it waits for its answer, and more behind it than may.
fn paused(scenario: &mut Scenario, connect: &Connect<'_>) -> PeerId {
    let peer = scenario.join_with(connect);
    scenario.send_bytes(peer, &flood(&numbered(20, 100), QoS::AtMostOnce));
    assert!(scenario.is_paused(peer));
    peer
}

fn publishes(scenario: &Scenario) -> usize {
    scenario.events.iter().filter(|event| matches!(event, Event::Published { .. })).count()
}

#[test]
fn a_flood_into_a_slow_hook_waits_in_its_transport_and_arrives_whole_and_in_order() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut scenario = asking();
        let (peer, watcher) = (scenario.join(V5, "fast"), scenario.join(V5, "watcher"));
        scenario.subscribe(watcher, "#", QoS::AtMostOnce);
        let payloads = numbered(2_000, 90);
        let bytes = flood(&payloads, qos);
        let packet_bytes = bytes.len() / payloads.len();
        for chunk in bytes.chunks(CHUNK_BYTES) {
            scenario.send_bytes(peer, chunk);
        }
        let mut resumptions = 0;
        for handled in 0..payloads.len() {
            let held = bytes.len() - scenario.unread(peer) - handled * packet_bytes;
            assert!(held <= PAUSE + CHUNK_BYTES, "{held} bytes");
            let unread = scenario.unread(peer);
            scenario.answer(Answer::Allow);
            resumptions += usize::from(scenario.unread(peer) < unread);
        }
        assert_eq!((scenario.unread(peer), scenario.is_paused(peer), scenario.is_closed(peer)), (0, false, false));
        assert!(resumptions > 100, "{resumptions}");
        let expected: Vec<String> = payloads.iter().map(|payload| format!("t={payload} q0")).collect();
        assert_eq!(scenario.hear(watcher), expected);
        let answers = if qos == QoS::AtMostOnce { 0 } else { payloads.len() };
        assert_eq!((scenario.hear(peer).len(), scenario.broker.counters().dropped), (answers, 0));
    }
}

#[test]
fn a_flood_into_a_slow_store_waits_in_its_transport_and_arrives_whole() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 2_000, store_bytes_max: 3_000, ..options() });
    scenario.pauses = true;
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let peer = scenario.join(V5, "fast");
    scenario.disk_waits = true;
    let payloads = numbered(1_500, 90);
    let bytes = flood(&payloads, QoS::AtLeastOnce);
    for chunk in bytes.chunks(CHUNK_BYTES) {
        scenario.send_bytes(peer, chunk);
    }
    assert!(scenario.is_paused(peer));
    let packet_bytes = bytes.len() / payloads.len();
    let mut batches = 0;
    while !scenario.broker.is_stored() {
        let held = bytes.len() - scenario.unread(peer) - publishes(&scenario) * packet_bytes;
        assert!(held <= PAUSE + CHUNK_BYTES, "{held} bytes");
        write(&mut scenario);
        batches += 1;
    }
    assert!(batches > 25, "{batches}");
    assert_eq!((scenario.unread(peer), scenario.is_paused(peer), scenario.is_closed(peer)), (0, false, false));
    assert_eq!((scenario.hear(peer).len(), scenario.broker.counters().dropped), (payloads.len(), 0));
    scenario.disk_waits = false;
    let keeper = scenario.connect(&keeping(V5, "keeper", &expiry));
    let heard = scenario.hear(keeper);
    let first: Vec<String> =
        (1..).zip(&payloads).take(256).map(|(id, payload)| format!("t={payload} q1 #{id}")).collect();
    assert_eq!(heard[1..], first);
}

/// Messages that waited go into one batch after the other as new ones do, not into one queue at
/// once.
#[test]
fn what_waited_for_the_store_is_handled_by_loads_too() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 40, ..options() });
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
    scenario.disk_waits = true;
    let peers = ["a", "b"].map(|client_id| scenario.join(V5, client_id));
    for peer in peers {
        scenario.send_bytes(peer, &flood(&numbered(200, 10), QoS::AtLeastOnce));
    }
    let mut before = 0;
    while !scenario.broker.is_stored() {
        let now = publishes(&scenario);
        assert!(now - before <= 40 && now > before || now == 400, "{before}, then {now}");
        before = now;
        write(&mut scenario);
    }
    assert_eq!(peers.map(|peer| scenario.hear(peer).len()), [200, 200]);
}

/// The pause comes above one mark, and the end of it at another: who is at either is not paused and
/// resumed all the time.
#[test]
fn a_peer_is_paused_above_one_mark_and_resumed_at_a_lower_one() {
    let mut scenario = asking();
    let peer = scenario.join(V5, "a");
    // Each of 100 bytes.
    let bytes = flood(&numbered(20, 94), QoS::AtMostOnce);
    scenario.send_bytes(peer, &bytes[..PAUSE]);
    assert!(!scenario.is_paused(peer));
    scenario.send_bytes(peer, &bytes[PAUSE..=PAUSE]);
    assert!(scenario.is_paused(peer));
    for waiting in (RESUME..PAUSE).step_by(100).rev() {
        scenario.answer(Answer::Allow);
        assert_eq!(scenario.is_paused(peer), waiting + 1 > RESUME, "{waiting}");
        if !scenario.is_paused(peer) {
            break;
        }
    }
    assert!(scenario.is_paused(peer), "one byte more than it may be");
    scenario.answer(Answer::Allow);
    assert!(!scenario.is_paused(peer));
    scenario.send_bytes(peer, &bytes[PAUSE + 1..]);
    assert!(scenario.is_paused(peer), "and again");
}

/// One that is not waited for, or waits for its own bytes, is read whatever it has.
#[test]
fn half_a_packet_is_no_reason_to_stop_reading() {
    let mut scenario = asking();
    let peer = scenario.join(V5, "a");
    let bytes = flood(&numbered(1, 10 * PAUSE), QoS::AtMostOnce);
    let (most, last) = bytes.split_at(bytes.len() - 1);
    scenario.send_bytes(peer, most);
    assert!(!scenario.is_paused(peer));
    scenario.send_bytes(peer, last);
    assert!(scenario.is_paused(peer), "it waits, and is more than may wait");
    scenario.answer(Answer::Allow);
    assert!(!scenario.is_paused(peer));
}

/// [3.1.1 MQTT-4.8.0-2]: it is no fault of the client's packets, and 3.1.1 has no word for it.
#[test]
fn a_transport_that_cannot_be_paused_has_a_bound() {
    for (version, expected) in [(V5, vec!["DISCONNECT 97"]), (V4, vec![])] {
        let mut scenario = Scenario::with(BrokerOptions { asks: ASKS, ..options() });
        let (peer, other) = (scenario.join(version, "a"), scenario.join(V5, "b"));
        let packet: &[u8] = if version == V5 { b"\x30\x08\x00\x01t\x001234" } else { b"\x30\x08\x00\x01t12345" };
        // What comes in one frame is in memory already, and no part of it is refused.
        scenario.send_bytes(peer, &packet.repeat(10 * PAUSE));
        assert!(scenario.is_paused(peer));
        for _ in 0..16 {
            scenario.send_bytes(peer, &packet.repeat(PAUSE / packet.len()));
        }
        assert!(!scenario.is_closed(peer));
        // What is handled makes room.
        scenario.answer(Answer::Allow);
        scenario.send_bytes(peer, packet);
        assert!(!scenario.is_closed(peer));
        scenario.send_bytes(peer, b"\x30");
        assert_eq!(
            (scenario.hear(peer), scenario.is_closed(peer)),
            (expected.iter().map(ToString::to_string).collect(), true)
        );
        assert!(!scenario.is_closed(other) && scenario.broker.next_deadline().is_none());
    }
}

#[test]
fn who_sends_on_before_it_is_let_in_is_paused_too() {
    let mut scenario =
        Scenario::with(BrokerOptions { asks: Asks { authenticate: true, publish: false, ..ASKS }, ..options() });
    scenario.pauses = true;
    let peer = scenario.connect(&connect(V5, "a"));
    scenario.send_bytes(peer, &flood(&numbered(50, 100), QoS::AtMostOnce));
    scenario.send_bytes(peer, &flood(&numbered(50, 100), QoS::AtMostOnce));
    assert!(scenario.is_paused(peer) && scenario.unread(peer) > 0);
    scenario.answer(Answer::Allow);
    assert_eq!((publishes(&scenario), scenario.is_paused(peer)), (100, false));
}

/// A question that is not answered in time makes room as an answer does.
#[test]
fn a_peer_is_resumed_when_its_questions_time_out() {
    let mut scenario = asking();
    let peer = paused(&mut scenario, &connect(V5, "a"));
    scenario.wait_ms(30_000 * 20);
    assert!(!scenario.is_paused(peer) && !scenario.is_closed(peer));
    let refused = scenario.events.iter().filter(|event| matches!(event, Event::Refused { .. })).count();
    assert_eq!((refused, scenario.broker.next_deadline()), (20, None));
}

/// A peer that is not read cannot be silent (§3.1.2.10). It has all of its time once it is read
/// again [MQTT-3.1.2-22].
#[test]
fn keep_alive_rests_while_a_peer_is_not_read_and_begins_anew_then() {
    let mut scenario = stored_with(BrokerOptions { store_bytes_max: 0, ..options() });
    scenario.pauses = true;
    let expiry = expiry(1_000);
    let other = scenario.join_with(&keeping(V5, "other", &expiry));
    let peer = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    scenario.wait_ms(14_000);
    scenario.disk_waits = true;
    scenario.subscribe(other, "a", QoS::AtMostOnce);
    scenario.subscribe(other, "b", QoS::AtMostOnce);
    // The begin of a packet, of which the rest is not read: nothing whole is there to be handled
    // when the store is done.
    let bytes = flood(&numbered(1, 4 * PAUSE), QoS::AtMostOnce);
    scenario.send_bytes(peer, &bytes[..2 * PAUSE]);
    scenario.send_bytes(peer, &bytes[2 * PAUSE..3 * PAUSE]);
    assert!(scenario.is_paused(peer) && scenario.unread(peer) > 0);
    scenario.wait_ms(100_000);
    assert!(!scenario.is_closed(peer));
    scenario.disk_waits = false;
    write(&mut scenario);
    assert!(!scenario.is_paused(peer));
    scenario.wait_ms(14_999);
    assert!(!scenario.is_closed(peer), "the rest may still be on its way");
    scenario.wait_ms(1);
    assert!(scenario.is_closed(peer));
}

#[test]
fn a_paused_peer_is_closed_as_any_other() {
    type End = fn(&mut Scenario, PeerId);
    let bye = |scenario: &mut Scenario, peer: PeerId| {
        scenario.broker.disconnect(peer, ReasonCode::AdministrativeAction, scenario.now);
        scenario.drain();
    };
    let take_over = |scenario: &mut Scenario, _| {
        scenario.join(V5, "a");
    };
    let text = |scenario: &mut Scenario, peer: PeerId| {
        scenario.broker.handle_text(peer, scenario.now);
        scenario.drain();
    };
    let shut_down = |scenario: &mut Scenario, _| {
        scenario.broker.shut_down(scenario.now);
        scenario.drain();
    };
    let rows: [(End, &str); 4] =
        [(bye, "DISCONNECT 98"), (take_over, "DISCONNECT 8E"), (text, "DISCONNECT 82"), (shut_down, "DISCONNECT 8B")];
    for (end, expected) in rows {
        let mut scenario = asking();
        let peer = paused(&mut scenario, &connect(V5, "a"));
        let (question, _) = scenario.asked.remove(0);
        end(&mut scenario, peer);
        assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec![expected.to_string()], true));
        scenario.answer_to(question, Answer::Allow);
        // The scenario panics at a peer that is resumed behind its close.
        scenario.wait_ms(100_000);
        assert_eq!(publishes(&scenario), 0, "{expected}");
    }
}

/// The host may find it closed only when it reads again: what came before is handled first, then
/// the will.
#[test]
fn a_transport_that_ends_while_it_is_paused_ends_behind_what_it_brought() {
    for says_goodbye in [false, true] {
        for is_known_at_once in [false, true] {
            let mut scenario = asking();
            let last = Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..connect(V5, "a") };
            let peer = scenario.connect(&last);
            scenario.answer(Answer::Allow);
            scenario.hear(peer);
            scenario.send_bytes(peer, &flood(&numbered(20, 100), QoS::AtMostOnce));
            assert!(scenario.is_paused(peer));
            if is_known_at_once {
                scenario.cut(peer);
            } else {
                scenario.send_bytes(peer, &flood(&numbered(30, 100), QoS::AtMostOnce));
                if says_goodbye {
                    let bye = Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY };
                    scenario.send(peer, &Packet::Disconnect(bye));
                }
                scenario.leave(peer);
            }
            while !scenario.asked.is_empty() {
                scenario.answer(Answer::Allow);
            }
            let sent = if is_known_at_once { 20 } else { 50 };
            let is_clean = says_goodbye && !is_known_at_once;
            assert_eq!(publishes(&scenario), sent + usize::from(!is_clean));
            let cause =
                if is_clean { DisconnectCause::Client(ReasonCode::Success) } else { DisconnectCause::TransportClosed };
            let end = Event::Disconnected { peer, client_id: "a".into(), cause };
            assert!(scenario.events.contains(&end), "{:?}", scenario.events.last());
            assert_eq!(scenario.broker.connections(), 0);
        }
    }
}
