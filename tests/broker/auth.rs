//! Enhanced authentication: AUTH packets both ways, before CONNACK and after it (MQTT 5.0 §4.12).

use wasmqtt::broker::{
    Answer, Asks, BrokerOptions, Credentials, DisconnectCause, Event, PeerId, Question, RejectCause,
};
use wasmqtt::codec::{Auth, Connect, Packet, PropertiesBuf, Property, QoS, ReasonCode};

use crate::room::{Room, V4, V5, connect, properties, publish, will};

const CONTINUE: ReasonCode = ReasonCode::ContinueAuthentication;
const AGAIN: ReasonCode = ReasonCode::ReAuthenticate;

fn room() -> Room {
    let asks = Asks { enhanced: true, ..Asks::default() };
    Room::with(BrokerOptions { asks, events: true, ..BrokerOptions::default() })
}

fn proof(method: &str, data: &str) -> PropertiesBuf {
    properties(&[Property::AuthenticationMethod(method), Property::AuthenticationData(data.as_bytes())])
}

/// Connects with this method and the data `1`.
fn begin(room: &mut Room, method: &str) -> PeerId {
    let list = proof(method, "1");
    room.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") })
}

fn auth(room: &mut Room, peer: PeerId, reason: ReasonCode, method: &str, data: &str) {
    let list = proof(method, data);
    room.send(peer, &Packet::Auth(Auth { reason, properties: list.as_properties() }));
}

fn bytes(text: &str) -> Box<[u8]> {
    text.as_bytes().into()
}

/// A connected client that has authenticated by `M`.
fn join(room: &mut Room) -> PeerId {
    let peer = begin(room, "M");
    room.answer(Answer::Complete(bytes("ok")));
    let heard = room.hear(peer);
    assert!(heard[0].starts_with("CONNACK ok"), "{heard:?}");
    peer
}

/// The one packet that the client has heard; of a CONNACK what is about authentication.
fn heard(room: &mut Room, peer: PeerId) -> String {
    let heard = room.hear(peer);
    let [only] = heard.as_slice() else { panic!("{heard:?}") };
    match only.split_once(" AuthenticationMethod") {
        Some((before, told)) if before.starts_with("CONNACK ok") => format!("CONNACK ok AuthenticationMethod{told}"),
        None if only.starts_with("CONNACK ok") => "CONNACK ok".into(),
        _ => only.clone(),
    }
}

fn question(data: &str, again: bool, first: bool) -> Question {
    let credentials = Credentials { client_id: "a".into(), username: None, password: None, version: V5 };
    Question::Enhanced { credentials, method: "M".into(), data: Some(bytes(data)), again, first }
}

/// How the last connection ended.
fn fault(room: &Room) -> (ReasonCode, &'static str) {
    let fault = room.events.iter().rev().find_map(|event| match event {
        Event::Rejected { cause: RejectCause::Fault(fault), .. }
        | Event::Disconnected { cause: DisconnectCause::Fault(fault), .. } => Some((fault.reason, fault.rule)),
        _ => None,
    });
    fault.expect("a fault")
}

/// [MQTT-4.12.0-1], with the properties that every packet of the exchange has [MQTT-4.12.0-5].
#[test]
fn without_a_hook_a_method_is_refused() {
    let mut room = Room::new();
    let peer = begin(&mut room, "M");
    assert_eq!((room.hear(peer), room.is_closed(peer)), (vec!["CONNACK 8C".into()], true));
}

/// [MQTT-4.12.0-2], [MQTT-4.12.0-5], [MQTT-3.15.2-1].
#[test]
fn an_exchange_goes_on_until_it_is_complete() {
    let mut room = room();
    let peer = begin(&mut room, "M");
    assert_eq!(room.asked[0].1, question("1", false, true));
    room.answer(Answer::Continue(bytes("2")));
    assert_eq!(room.hear(peer), [r#"AUTH 18 AuthenticationMethod("M") AuthenticationData([50])"#]);
    assert_eq!(room.broker.clients().count(), 0);
    auth(&mut room, peer, CONTINUE, "M", "3");
    assert_eq!(room.asked[0].1, question("3", false, false));
    room.answer(Answer::Continue(bytes("")));
    assert_eq!(room.hear(peer), [r#"AUTH 18 AuthenticationMethod("M")"#]);
    auth(&mut room, peer, CONTINUE, "M", "5");
    room.answer(Answer::Complete(bytes("6")));
    assert_eq!(heard(&mut room, peer), r#"CONNACK ok AuthenticationMethod("M") AuthenticationData([54])"#);
    assert_eq!(room.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
}

/// [MQTT-4.12.0-5].
#[test]
fn it_may_be_complete_at_once_with_data_or_without() {
    let rows = [
        (Answer::Allow, r#"CONNACK ok AuthenticationMethod("M")"#),
        (Answer::Complete(bytes("!")), r#"CONNACK ok AuthenticationMethod("M") AuthenticationData([33])"#),
    ];
    for (answer, told) in rows {
        let mut room = room();
        let peer = begin(&mut room, "M");
        room.answer(answer);
        assert_eq!(heard(&mut room, peer), told);
    }
}

/// [MQTT-4.12.0-4]: at any point, with a reason that CONNACK can carry, and the close.
#[test]
fn the_host_refuses_at_any_point() {
    let rows = [
        (ReasonCode::NotAuthorized, "CONNACK 87"),
        (ReasonCode::BadAuthenticationMethod, "CONNACK 8C"),
        (ReasonCode::TopicFilterInvalid, "CONNACK 87"),
    ];
    for (reason, heard) in rows {
        for steps in 0..3 {
            let mut room = room();
            let peer = begin(&mut room, "M");
            for _ in 0..steps {
                room.answer(Answer::Continue(bytes("?")));
                room.hear(peer);
                auth(&mut room, peer, CONTINUE, "M", "!");
            }
            room.answer(Answer::Refuse(reason));
            assert_eq!((room.hear(peer), room.is_closed(peer)), (vec![heard.into()], true), "{steps} steps");
        }
    }
}

/// [MQTT-4.12.0-3], [MQTT-4.12.0-5], [MQTT-3.1.2-30].
#[test]
fn what_may_not_come_before_connack_ends_the_exchange() {
    let rows: [(&str, &[u8], &str, &str); 7] = [
        ("another method", b"\xF0\x06\x18\x04\x15\x00\x01N", "CONNACK 82", "MQTT-4.12.0-5"),
        ("no method", b"\xF0\x02\x18\x00", "CONNACK 82", "MQTT-4.12.0-5"),
        ("another reason", b"\xF0\x06\x19\x04\x15\x00\x01M", "CONNACK 82", "MQTT-4.12.0-3"),
        ("success", b"\xF0\x06\x00\x04\x15\x00\x01M", "CONNACK 82", "MQTT-4.12.0-3"),
        ("PINGREQ", b"\xC0\x00", "CONNACK 82", "MQTT-3.1.2-30"),
        ("a second CONNECT", b"\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00", "CONNACK 82", "MQTT-3.1.2-30"),
        ("reserved flags", b"\xF1\x02\x18\x00", "CONNACK 81", "MQTT-2.1.3-1"),
    ];
    for (name, bytes, heard, rule) in rows {
        let mut room = room();
        let peer = begin(&mut room, "M");
        room.answer(Answer::Continue([].into()));
        room.hear(peer);
        room.send_bytes(peer, bytes);
        assert_eq!((room.hear(peer), room.is_closed(peer)), (vec![heard.into()], true), "{name}");
        assert_eq!(fault(&room).1, rule, "{name}");
        assert!(room.asked.is_empty());
    }
}

#[test]
fn the_client_may_give_up_and_the_connect_timeout_bounds_it_all() {
    let mut room = room();
    let peer = begin(&mut room, "M");
    room.answer(Answer::Continue([].into()));
    room.hear(peer);
    room.disconnect(peer, ReasonCode::Success);
    let Some(Event::Rejected { cause: RejectCause::Client(ReasonCode::Success), .. }) = room.events.last() else {
        panic!("{:?}", room.events);
    };
    let peer = begin(&mut room, "M");
    room.answer(Answer::Continue([].into()));
    room.wait_ms(9_999);
    assert!(!room.is_closed(peer));
    room.wait_ms(1);
    assert!(room.is_closed(peer));
    let Some(Event::Rejected { cause: RejectCause::ConnectTimeout, .. }) = room.events.last() else {
        panic!("{:?}", room.events);
    };
    assert_eq!(room.broker.next_deadline(), None);
}

/// What the client asked for in CONNECT holds after the exchange: its will, its session, its limits [MQTT-3.1.2-24].
#[test]
fn the_connect_is_kept_through_the_exchange() {
    let mut room = Room::with(BrokerOptions {
        asks: Asks { enhanced: true, authenticate: true, publish: true, ..Asks::default() },
        ..BrokerOptions::default()
    });
    let watcher = room.connect(&connect(V4, "w"));
    room.answer(Answer::Allow);
    room.subscribe(watcher, "#", QoS::AtMostOnce);
    let list = properties(&[Property::AuthenticationMethod("M"), Property::MaximumPacketSize(60)]);
    let asked = Connect {
        will: Some(will("gone", "x", QoS::AtMostOnce)),
        username: Some("ann"),
        properties: list.as_properties(),
        ..connect(V5, "a")
    };
    let peer = room.connect(&asked);
    room.answer(Answer::Continue(bytes("2")));
    auth(&mut room, peer, CONTINUE, "M", "3");
    room.answer(Answer::Allow);
    let Question::Authorize { client_id, username, topic, .. } = &room.asked[0].1 else { panic!("{:?}", room.asked) };
    assert_eq!((&**client_id, username.as_deref(), &**topic), ("a", Some("ann"), "gone"), "the will, and nothing else");
    room.answer(Answer::Allow);
    assert_eq!(room.hear(peer).len(), 2, "AUTH and CONNACK");
    room.send_bytes(peer, &[0, 0]);
    assert_eq!(room.hear(peer), ["DISCONNECT 81"]);
    room.hear(watcher);
    let peer = room.connect(&asked);
    room.answer(Answer::Continue([0; 60].into()));
    assert_eq!((room.hear(peer).len(), room.is_closed(peer)), (0, true), "no AUTH that is larger than it takes");
}

/// [MQTT-4.12.1-1], [MQTT-4.12.0-2], [MQTT-4.12.0-5]: under the old authentication all goes on meanwhile.
#[test]
fn a_client_authenticates_again() {
    let mut room = room();
    let peer = join(&mut room);
    room.subscribe(peer, "own", QoS::AtLeastOnce);
    auth(&mut room, peer, AGAIN, "M", "7");
    assert_eq!(room.asked[0].1, question("7", true, true));
    room.answer(Answer::Continue(bytes("8")));
    assert_eq!(room.hear(peer), [r#"AUTH 18 AuthenticationMethod("M") AuthenticationData([56])"#]);
    assert_eq!(room.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    auth(&mut room, peer, CONTINUE, "M", "9");
    assert_eq!(room.asked[0].1, question("9", true, false));
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    assert!(room.hear(peer).is_empty(), "in order");
    let other = room.join(V4, "other");
    room.publish(other, "own", "x", QoS::AtLeastOnce);
    assert_eq!(room.hear(peer), ["own=x q1 #1"], "what comes to it does not wait");
    room.answer(Answer::Complete(bytes("!")));
    let success = r#"AUTH 00 AuthenticationMethod("M") AuthenticationData([33])"#;
    assert_eq!(room.hear(peer), [success, "PUBACK #9 10"]);
    auth(&mut room, peer, AGAIN, "M", "a");
    room.answer(Answer::Allow);
    assert_eq!(room.hear(peer), [r#"AUTH 00 AuthenticationMethod("M")"#]);
}

/// [MQTT-4.12.1-2].
#[test]
fn who_fails_to_authenticate_again_is_disconnected() {
    let rows = [
        (ReasonCode::NotAuthorized, "DISCONNECT 87"),
        (ReasonCode::BadAuthenticationMethod, "DISCONNECT 8C"),
        // CONNACK's alone.
        (ReasonCode::Banned, "DISCONNECT 87"),
    ];
    for (reason, heard) in rows {
        let mut room = room();
        let peer = join(&mut room);
        auth(&mut room, peer, AGAIN, "M", "7");
        room.answer(Answer::Refuse(reason));
        assert_eq!((room.hear(peer), room.is_closed(peer)), (vec![heard.into()], true));
        assert_eq!(fault(&room).1, "MQTT-4.12.1-2");
    }
}

/// [MQTT-4.12.0-3], [MQTT-4.12.0-5], [MQTT-4.12.0-7], [MQTT-4.12.1-1].
#[test]
fn an_auth_that_is_out_of_turn_ends_the_connection() {
    let mut room = room();
    let rows =
        [(CONTINUE, "M", "MQTT-4.12.0-3"), (ReasonCode::Success, "M", "MQTT-4.12.0-3"), (AGAIN, "N", "MQTT-4.12.0-5")];
    for (reason, method, rule) in rows {
        let peer = join(&mut room);
        auth(&mut room, peer, reason, method, "?");
        assert_eq!((room.hear(peer), fault(&room).1), (vec!["DISCONNECT 82".into()], rule));
    }
    let peer = join(&mut room);
    auth(&mut room, peer, AGAIN, "M", "?");
    room.answer(Answer::Continue([].into()));
    room.hear(peer);
    auth(&mut room, peer, AGAIN, "M", "?");
    assert_eq!(room.hear(peer), ["DISCONNECT 82"], "the exchange that has begun comes first");
    let peer = room.join(V5, "b");
    auth(&mut room, peer, AGAIN, "M", "?");
    assert_eq!((room.hear(peer), fault(&room).1), (vec!["DISCONNECT 82".into()], "MQTT-4.12.0-7"));
}

/// [MQTT-4.12.0-6].
#[test]
fn without_a_method_neither_auth_nor_a_method_is_sent() {
    let mut room = Room::with(BrokerOptions {
        asks: Asks { enhanced: true, authenticate: true, ..Asks::default() },
        ..BrokerOptions::default()
    });
    let peer = room.connect(&connect(V5, "a"));
    room.answer(Answer::Complete(bytes("data")));
    assert_eq!(heard(&mut room, peer), "CONNACK ok");
}

#[test]
fn data_that_no_packet_can_carry_ends_the_connection() {
    let long: Box<[u8]> = vec![0; 65_536].into();
    let mut room = room();
    for answer in [Answer::Continue(long.clone()), Answer::Complete(long)] {
        let peer = begin(&mut room, "M");
        room.answer(answer.clone());
        assert_eq!((room.hear(peer), room.is_closed(peer)), (vec!["CONNACK 83".into()], true));
        let peer = join(&mut room);
        auth(&mut room, peer, AGAIN, "M", "7");
        room.answer(answer);
        assert_eq!(room.hear(peer), ["DISCONNECT 83"]);
    }
}
