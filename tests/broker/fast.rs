//! Fast producers: who sends more than is handled is read more slowly, and loses nothing.

use wasmqtt::broker::{Answer, Asks, BrokerOptions, DisconnectCause, Event, PeerId};
use wasmqtt::codec::{Connect, Disconnect, Packet, PacketId, Properties, Publish, QoS, ReasonCode};

use crate::room::{CHUNK_BYTES, Room, V4, V5, connect, publish, will};
use crate::store::{expiry, keeping, stored_with, write};

const ASKS: Asks = Asks { authenticate: false, enhanced: false, publish: true, subscribe: false, receive: false };
/// Of the bound below, what waits when a peer is paused, and when it is resumed.
const PAUSE: usize = 1_000;
const RESUME: usize = 500;

fn options() -> BrokerOptions {
    BrokerOptions { input_bytes_max: 16 * PAUSE, events: true, ..BrokerOptions::default() }
}

/// Transports that can be paused, and a host that is asked about each message.
fn asking() -> Room {
    let mut room = Room::with(BrokerOptions { asks: ASKS, ..options() });
    room.pauses = true;
    room
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
fn paused(room: &mut Room, connect: &Connect<'_>) -> PeerId {
    let peer = room.join_with(connect);
    room.send_bytes(peer, &flood(&numbered(20, 100), QoS::AtMostOnce));
    assert!(room.is_paused(peer));
    peer
}

fn publishes(room: &Room) -> usize {
    room.events.iter().filter(|event| matches!(event, Event::Published { .. })).count()
}

#[test]
fn a_flood_into_a_slow_hook_waits_in_its_transport_and_arrives_whole_and_in_order() {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let mut room = asking();
        let (peer, watcher) = (room.join(V5, "fast"), room.join(V5, "watcher"));
        room.subscribe(watcher, "#", QoS::AtMostOnce);
        let payloads = numbered(2_000, 90);
        let bytes = flood(&payloads, qos);
        let packet_bytes = bytes.len() / payloads.len();
        for chunk in bytes.chunks(CHUNK_BYTES) {
            room.send_bytes(peer, chunk);
        }
        let mut resumptions = 0;
        for handled in 0..payloads.len() {
            let held = bytes.len() - room.unread(peer) - handled * packet_bytes;
            assert!(held <= PAUSE + CHUNK_BYTES, "{held} bytes");
            let unread = room.unread(peer);
            room.answer(Answer::Allow);
            resumptions += usize::from(room.unread(peer) < unread);
        }
        assert_eq!((room.unread(peer), room.is_paused(peer), room.is_closed(peer)), (0, false, false));
        assert!(resumptions > 100, "{resumptions}");
        let expected: Vec<String> = payloads.iter().map(|payload| format!("t={payload} q0")).collect();
        assert_eq!(room.hear(watcher), expected);
        let answers = if qos == QoS::AtMostOnce { 0 } else { payloads.len() };
        assert_eq!((room.hear(peer).len(), room.broker.counters().dropped), (answers, 0));
    }
}

#[test]
fn a_flood_into_a_slow_store_waits_in_its_transport_and_arrives_whole() {
    let mut room = stored_with(BrokerOptions { queue_messages: 2_000, store_bytes_max: 3_000, ..options() });
    room.pauses = true;
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "t", QoS::AtLeastOnce);
    room.cut(keeper);
    let peer = room.join(V5, "fast");
    room.disk_waits = true;
    let payloads = numbered(1_500, 90);
    let bytes = flood(&payloads, QoS::AtLeastOnce);
    for chunk in bytes.chunks(CHUNK_BYTES) {
        room.send_bytes(peer, chunk);
    }
    assert!(room.is_paused(peer));
    let packet_bytes = bytes.len() / payloads.len();
    let mut batches = 0;
    while !room.broker.is_stored() {
        let held = bytes.len() - room.unread(peer) - publishes(&room) * packet_bytes;
        assert!(held <= PAUSE + CHUNK_BYTES, "{held} bytes");
        write(&mut room);
        batches += 1;
    }
    assert!(batches > 25, "{batches}");
    assert_eq!((room.unread(peer), room.is_paused(peer), room.is_closed(peer)), (0, false, false));
    assert_eq!((room.hear(peer).len(), room.broker.counters().dropped), (payloads.len(), 0));
    room.disk_waits = false;
    let keeper = room.connect(&keeping(V5, "keeper", &expiry));
    let heard = room.hear(keeper);
    let first: Vec<String> =
        (1..).zip(&payloads).take(256).map(|(id, payload)| format!("t={payload} q1 #{id}")).collect();
    assert_eq!(heard[1..], first);
}

/// What waited goes into one batch after the other as what comes does, and not into one queue at one go.
#[test]
fn what_waited_for_the_store_is_handled_by_loads_too() {
    let mut room = stored_with(BrokerOptions { queue_messages: 40, ..options() });
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "t", QoS::AtLeastOnce);
    room.disk_waits = true;
    let peers = ["a", "b"].map(|client_id| room.join(V5, client_id));
    for peer in peers {
        room.send_bytes(peer, &flood(&numbered(200, 10), QoS::AtLeastOnce));
    }
    let mut before = 0;
    while !room.broker.is_stored() {
        let now = publishes(&room);
        assert!(now - before <= 40 && now > before || now == 400, "{before}, then {now}");
        before = now;
        write(&mut room);
    }
    assert_eq!(peers.map(|peer| room.hear(peer).len()), [200, 200]);
}

/// The pause comes above one mark, and the end of it at another: who is at either is not paused and resumed all the time.
#[test]
fn a_peer_is_paused_above_one_mark_and_resumed_at_a_lower_one() {
    let mut room = asking();
    let peer = room.join(V5, "a");
    // Each of 100 bytes.
    let bytes = flood(&numbered(20, 94), QoS::AtMostOnce);
    room.send_bytes(peer, &bytes[..PAUSE]);
    assert!(!room.is_paused(peer));
    room.send_bytes(peer, &bytes[PAUSE..=PAUSE]);
    assert!(room.is_paused(peer));
    for waiting in (RESUME..PAUSE).step_by(100).rev() {
        room.answer(Answer::Allow);
        assert_eq!(room.is_paused(peer), waiting + 1 > RESUME, "{waiting}");
        if !room.is_paused(peer) {
            break;
        }
    }
    assert!(room.is_paused(peer), "one byte more than it may be");
    room.answer(Answer::Allow);
    assert!(!room.is_paused(peer));
    room.send_bytes(peer, &bytes[PAUSE + 1..]);
    assert!(room.is_paused(peer), "and again");
}

/// One that is not waited for, or waits for its own bytes, is read whatever it has.
#[test]
fn half_a_packet_is_no_reason_to_stop_reading() {
    let mut room = asking();
    let peer = room.join(V5, "a");
    let bytes = flood(&numbered(1, 10 * PAUSE), QoS::AtMostOnce);
    let (most, last) = bytes.split_at(bytes.len() - 1);
    room.send_bytes(peer, most);
    assert!(!room.is_paused(peer));
    room.send_bytes(peer, last);
    assert!(room.is_paused(peer), "it waits, and is more than may wait");
    room.answer(Answer::Allow);
    assert!(!room.is_paused(peer));
}

/// [3.1.1 MQTT-4.8.0-2]: it is no fault of the client's packets, and 3.1.1 has no word for it.
#[test]
fn a_transport_that_cannot_be_paused_has_a_bound() {
    for (version, told) in [(V5, vec!["DISCONNECT 97"]), (V4, vec![])] {
        let mut room = Room::with(BrokerOptions { asks: ASKS, ..options() });
        let (peer, other) = (room.join(version, "a"), room.join(V5, "b"));
        let packet: &[u8] = if version == V5 { b"\x30\x08\x00\x01t\x001234" } else { b"\x30\x08\x00\x01t12345" };
        // What comes in one frame is in memory already, and no part of it is refused.
        room.send_bytes(peer, &packet.repeat(10 * PAUSE));
        assert!(room.is_paused(peer));
        for _ in 0..16 {
            room.send_bytes(peer, &packet.repeat(PAUSE / packet.len()));
        }
        assert!(!room.is_closed(peer));
        // What is handled makes room.
        room.answer(Answer::Allow);
        room.send_bytes(peer, packet);
        assert!(!room.is_closed(peer));
        room.send_bytes(peer, b"\x30");
        assert_eq!((room.hear(peer), room.is_closed(peer)), (told.iter().map(ToString::to_string).collect(), true));
        assert!(!room.is_closed(other) && room.broker.next_deadline().is_none());
    }
}

#[test]
fn who_sends_on_before_it_is_let_in_is_paused_too() {
    let mut room = Room::with(BrokerOptions { asks: Asks { authenticate: true, publish: false, ..ASKS }, ..options() });
    room.pauses = true;
    let peer = room.connect(&connect(V5, "a"));
    room.send_bytes(peer, &flood(&numbered(50, 100), QoS::AtMostOnce));
    room.send_bytes(peer, &flood(&numbered(50, 100), QoS::AtMostOnce));
    assert!(room.is_paused(peer) && room.unread(peer) > 0);
    room.answer(Answer::Allow);
    assert_eq!((publishes(&room), room.is_paused(peer)), (100, false));
}

/// A question that is not answered in time makes room as an answer does.
#[test]
fn a_peer_is_resumed_when_its_questions_time_out() {
    let mut room = asking();
    let peer = paused(&mut room, &connect(V5, "a"));
    room.wait_ms(30_000 * 20);
    assert!(!room.is_paused(peer) && !room.is_closed(peer));
    let refused = room.events.iter().filter(|event| matches!(event, Event::Refused { .. })).count();
    assert_eq!((refused, room.broker.next_deadline()), (20, None));
}

/// Who is not read cannot be silent (§3.1.2.10), and has all of its time once it is read again [MQTT-3.1.2-22].
#[test]
fn keep_alive_rests_while_a_peer_is_not_read_and_begins_anew_then() {
    let mut room = stored_with(BrokerOptions { store_bytes_max: 0, ..options() });
    room.pauses = true;
    let expiry = expiry(1_000);
    let other = room.join_with(&keeping(V5, "other", &expiry));
    let peer = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "a") });
    room.wait_ms(14_000);
    room.disk_waits = true;
    room.subscribe(other, "a", QoS::AtMostOnce);
    room.subscribe(other, "b", QoS::AtMostOnce);
    // The begin of a packet, of which the rest is not read: nothing whole is there to be handled when the store is done.
    let bytes = flood(&numbered(1, 4 * PAUSE), QoS::AtMostOnce);
    room.send_bytes(peer, &bytes[..2 * PAUSE]);
    room.send_bytes(peer, &bytes[2 * PAUSE..3 * PAUSE]);
    assert!(room.is_paused(peer) && room.unread(peer) > 0);
    room.wait_ms(100_000);
    assert!(!room.is_closed(peer));
    room.disk_waits = false;
    write(&mut room);
    assert!(!room.is_paused(peer));
    room.wait_ms(14_999);
    assert!(!room.is_closed(peer), "the rest may still be on its way");
    room.wait_ms(1);
    assert!(room.is_closed(peer));
}

#[test]
fn a_paused_peer_is_closed_as_any_other() {
    type End = fn(&mut Room, PeerId);
    let bye = |room: &mut Room, peer: PeerId| {
        room.broker.disconnect(peer, ReasonCode::AdministrativeAction, room.now);
        room.drain();
    };
    let take_over = |room: &mut Room, _| {
        room.join(V5, "a");
    };
    let text = |room: &mut Room, peer: PeerId| {
        room.broker.handle_text(peer, room.now);
        room.drain();
    };
    let shut_down = |room: &mut Room, _| {
        room.broker.shut_down(room.now);
        room.drain();
    };
    let rows: [(End, &str); 4] =
        [(bye, "DISCONNECT 98"), (take_over, "DISCONNECT 8E"), (text, "DISCONNECT 82"), (shut_down, "DISCONNECT 8B")];
    for (end, told) in rows {
        let mut room = asking();
        let peer = paused(&mut room, &connect(V5, "a"));
        let (question, _) = room.asked.remove(0);
        end(&mut room, peer);
        assert_eq!((room.hear(peer), room.is_closed(peer)), (vec![told.to_string()], true));
        room.answer_to(question, Answer::Allow);
        // Room tells of a peer that is resumed behind its close.
        room.wait_ms(100_000);
        assert_eq!(publishes(&room), 0, "{told}");
    }
}

/// The host may find it closed only when it reads again: what came before is handled first, then the will.
#[test]
fn a_transport_that_ends_while_it_is_paused_ends_behind_what_it_brought() {
    for says_goodbye in [false, true] {
        for is_known_at_once in [false, true] {
            let mut room = asking();
            let last = Connect { will: Some(will("will", "x", QoS::AtMostOnce)), ..connect(V5, "a") };
            let peer = room.connect(&last);
            room.answer(Answer::Allow);
            room.hear(peer);
            room.send_bytes(peer, &flood(&numbered(20, 100), QoS::AtMostOnce));
            assert!(room.is_paused(peer));
            if is_known_at_once {
                room.cut(peer);
            } else {
                room.send_bytes(peer, &flood(&numbered(30, 100), QoS::AtMostOnce));
                if says_goodbye {
                    let bye = Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY };
                    room.send(peer, &Packet::Disconnect(bye));
                }
                room.leave(peer);
            }
            while !room.asked.is_empty() {
                room.answer(Answer::Allow);
            }
            let sent = if is_known_at_once { 20 } else { 50 };
            let is_clean = says_goodbye && !is_known_at_once;
            assert_eq!(publishes(&room), sent + usize::from(!is_clean));
            let cause =
                if is_clean { DisconnectCause::Client(ReasonCode::Success) } else { DisconnectCause::TransportClosed };
            let end = Event::Disconnected { peer, client_id: "a".into(), cause };
            assert!(room.events.contains(&end), "{:?}", room.events.last());
            assert_eq!(room.broker.connections(), 0);
        }
    }
}
