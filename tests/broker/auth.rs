//! Enhanced authentication: AUTH packets both ways, before CONNACK and after it (MQTT 5.0 §4.12).

use wasmqtt::broker::{
    Answer, Asks, BrokerOptions, Credentials, DisconnectCause, Event, PeerId, Question, RejectCause,
};
use wasmqtt::codec::{Auth, Connect, Packet, PropertiesBuf, Property, QoS, ReasonCode};

use crate::support::packets::{V4, V5, connect, properties, publish, will};
use crate::support::scenario::Scenario;

const CONTINUE: ReasonCode = ReasonCode::ContinueAuthentication;
const AGAIN: ReasonCode = ReasonCode::ReAuthenticate;

fn scenario() -> Scenario {
    let asks = Asks { enhanced: true, ..Asks::default() };
    Scenario::with(BrokerOptions { asks, events: true, ..BrokerOptions::default() })
}

fn proof(method: &str, data: &str) -> PropertiesBuf {
    properties(&[Property::AuthenticationMethod(method), Property::AuthenticationData(data.as_bytes())])
}

/// Connects with this method and the data `1`.
fn begin(scenario: &mut Scenario, method: &str) -> PeerId {
    let list = proof(method, "1");
    scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") })
}

fn auth(scenario: &mut Scenario, peer: PeerId, reason: ReasonCode, method: &str, data: &str) {
    let list = proof(method, data);
    scenario.send(peer, &Packet::Auth(Auth { reason, properties: list.as_properties() }));
}

fn bytes(text: &str) -> Box<[u8]> {
    text.as_bytes().into()
}

/// A connected client that has authenticated by `M`.
fn join(scenario: &mut Scenario) -> PeerId {
    let peer = begin(scenario, "M");
    scenario.answer(Answer::Complete(bytes("ok")));
    let heard = scenario.hear(peer);
    assert!(heard[0].starts_with("CONNACK ok"), "{heard:?}");
    peer
}

/// The one packet that the client has heard; of a CONNACK what is about authentication.
fn heard(scenario: &mut Scenario, peer: PeerId) -> String {
    let heard = scenario.hear(peer);
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
fn fault(scenario: &Scenario) -> (ReasonCode, &'static str) {
    let fault = scenario.events.iter().rev().find_map(|event| match event {
        Event::Rejected { cause: RejectCause::Fault(fault), .. }
        | Event::Disconnected { cause: DisconnectCause::Fault(fault), .. } => Some((fault.reason, fault.rule)),
        _ => None,
    });
    fault.expect("a fault")
}

/// [MQTT-4.12.0-1], with the properties that every packet of the exchange has [MQTT-4.12.0-5].
#[test]
fn without_a_hook_a_method_is_refused() {
    let mut scenario = Scenario::new();
    let peer = begin(&mut scenario, "M");
    assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec!["CONNACK 8C".into()], true));
}

/// [MQTT-4.12.0-2], [MQTT-4.12.0-5], [MQTT-3.15.2-1].
#[test]
fn an_exchange_goes_on_until_it_is_complete() {
    let mut scenario = scenario();
    let peer = begin(&mut scenario, "M");
    assert_eq!(scenario.asked[0].1, question("1", false, true));
    scenario.answer(Answer::Continue(bytes("2")));
    assert_eq!(scenario.hear(peer), [r#"AUTH 18 AuthenticationMethod("M") AuthenticationData([50])"#]);
    assert_eq!(scenario.broker.clients().count(), 0);
    auth(&mut scenario, peer, CONTINUE, "M", "3");
    assert_eq!(scenario.asked[0].1, question("3", false, false));
    scenario.answer(Answer::Continue(bytes("")));
    assert_eq!(scenario.hear(peer), [r#"AUTH 18 AuthenticationMethod("M")"#]);
    auth(&mut scenario, peer, CONTINUE, "M", "5");
    scenario.answer(Answer::Complete(bytes("6")));
    assert_eq!(heard(&mut scenario, peer), r#"CONNACK ok AuthenticationMethod("M") AuthenticationData([54])"#);
    assert_eq!(scenario.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
}

/// [MQTT-4.12.0-5].
#[test]
fn it_may_be_complete_at_once_with_data_or_without() {
    let rows = [
        (Answer::Allow, r#"CONNACK ok AuthenticationMethod("M")"#),
        (Answer::Complete(bytes("!")), r#"CONNACK ok AuthenticationMethod("M") AuthenticationData([33])"#),
    ];
    for (answer, told) in rows {
        let mut scenario = scenario();
        let peer = begin(&mut scenario, "M");
        scenario.answer(answer);
        assert_eq!(heard(&mut scenario, peer), told);
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
            let mut scenario = scenario();
            let peer = begin(&mut scenario, "M");
            for _ in 0..steps {
                scenario.answer(Answer::Continue(bytes("?")));
                scenario.hear(peer);
                auth(&mut scenario, peer, CONTINUE, "M", "!");
            }
            scenario.answer(Answer::Refuse(reason));
            assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec![heard.into()], true), "{steps} steps");
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
        let mut scenario = scenario();
        let peer = begin(&mut scenario, "M");
        scenario.answer(Answer::Continue([].into()));
        scenario.hear(peer);
        scenario.send_bytes(peer, bytes);
        assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec![heard.into()], true), "{name}");
        assert_eq!(fault(&scenario).1, rule, "{name}");
        assert!(scenario.asked.is_empty());
    }
}

#[test]
fn the_client_may_give_up_and_the_connect_timeout_bounds_it_all() {
    let mut scenario = scenario();
    let peer = begin(&mut scenario, "M");
    scenario.answer(Answer::Continue([].into()));
    scenario.hear(peer);
    scenario.disconnect(peer, ReasonCode::Success);
    let Some(Event::Rejected { cause: RejectCause::Client(ReasonCode::Success), .. }) = scenario.events.last() else {
        panic!("{:?}", scenario.events);
    };
    let peer = begin(&mut scenario, "M");
    scenario.answer(Answer::Continue([].into()));
    scenario.wait_ms(9_999);
    assert!(!scenario.is_closed(peer));
    scenario.wait_ms(1);
    assert!(scenario.is_closed(peer));
    let Some(Event::Rejected { cause: RejectCause::ConnectTimeout, .. }) = scenario.events.last() else {
        panic!("{:?}", scenario.events);
    };
    assert_eq!(scenario.broker.next_deadline(), None);
}

/// The fields of CONNECT hold after the exchange: will, session, limits [MQTT-3.1.2-24].
#[test]
fn the_connect_is_kept_through_the_exchange() {
    let mut scenario = Scenario::with(BrokerOptions {
        asks: Asks { enhanced: true, authenticate: true, publish: true, ..Asks::default() },
        ..BrokerOptions::default()
    });
    let watcher = scenario.connect(&connect(V4, "w"));
    scenario.answer(Answer::Allow);
    scenario.subscribe(watcher, "#", QoS::AtMostOnce);
    let list = properties(&[Property::AuthenticationMethod("M"), Property::MaximumPacketSize(60)]);
    let asked = Connect {
        will: Some(will("gone", "x", QoS::AtMostOnce)),
        username: Some("ann"),
        properties: list.as_properties(),
        ..connect(V5, "a")
    };
    let peer = scenario.connect(&asked);
    scenario.answer(Answer::Continue(bytes("2")));
    auth(&mut scenario, peer, CONTINUE, "M", "3");
    scenario.answer(Answer::Allow);
    let Question::Authorize { client_id, username, topic, .. } = &scenario.asked[0].1 else {
        panic!("{:?}", scenario.asked)
    };
    assert_eq!((&**client_id, username.as_deref(), &**topic), ("a", Some("ann"), "gone"), "the will, and nothing else");
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer).len(), 2, "AUTH and CONNACK");
    scenario.send_bytes(peer, &[0, 0]);
    assert_eq!(scenario.hear(peer), ["DISCONNECT 81"]);
    scenario.hear(watcher);
    let peer = scenario.connect(&asked);
    scenario.answer(Answer::Continue([0; 60].into()));
    assert_eq!(
        (scenario.hear(peer).len(), scenario.is_closed(peer)),
        (0, true),
        "no AUTH that is larger than it takes"
    );
}

/// [MQTT-4.12.1-1], [MQTT-4.12.0-2], [MQTT-4.12.0-5]: under the old authentication all goes on
/// meanwhile.
#[test]
fn a_client_authenticates_again() {
    let mut scenario = scenario();
    let peer = join(&mut scenario);
    scenario.subscribe(peer, "own", QoS::AtLeastOnce);
    auth(&mut scenario, peer, AGAIN, "M", "7");
    assert_eq!(scenario.asked[0].1, question("7", true, true));
    scenario.answer(Answer::Continue(bytes("8")));
    assert_eq!(scenario.hear(peer), [r#"AUTH 18 AuthenticationMethod("M") AuthenticationData([56])"#]);
    assert_eq!(scenario.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    auth(&mut scenario, peer, CONTINUE, "M", "9");
    assert_eq!(scenario.asked[0].1, question("9", true, false));
    scenario.send(peer, &Packet::Publish(publish("t", "x", QoS::AtLeastOnce)));
    assert!(scenario.hear(peer).is_empty(), "in order");
    let other = scenario.join(V4, "other");
    scenario.publish(other, "own", "x", QoS::AtLeastOnce);
    assert_eq!(scenario.hear(peer), ["own=x q1 #1"], "what comes to it does not wait");
    scenario.answer(Answer::Complete(bytes("!")));
    let success = r#"AUTH 00 AuthenticationMethod("M") AuthenticationData([33])"#;
    assert_eq!(scenario.hear(peer), [success, "PUBACK #9 10"]);
    auth(&mut scenario, peer, AGAIN, "M", "a");
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(peer), [r#"AUTH 00 AuthenticationMethod("M")"#]);
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
        let mut scenario = scenario();
        let peer = join(&mut scenario);
        auth(&mut scenario, peer, AGAIN, "M", "7");
        scenario.answer(Answer::Refuse(reason));
        assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec![heard.into()], true));
        assert_eq!(fault(&scenario).1, "MQTT-4.12.1-2");
    }
}

/// [MQTT-4.12.0-3], [MQTT-4.12.0-5], [MQTT-4.12.0-7], [MQTT-4.12.1-1].
#[test]
fn an_auth_that_is_out_of_turn_ends_the_connection() {
    let mut scenario = scenario();
    let rows =
        [(CONTINUE, "M", "MQTT-4.12.0-3"), (ReasonCode::Success, "M", "MQTT-4.12.0-3"), (AGAIN, "N", "MQTT-4.12.0-5")];
    for (reason, method, rule) in rows {
        let peer = join(&mut scenario);
        auth(&mut scenario, peer, reason, method, "?");
        assert_eq!((scenario.hear(peer), fault(&scenario).1), (vec!["DISCONNECT 82".into()], rule));
    }
    let peer = join(&mut scenario);
    auth(&mut scenario, peer, AGAIN, "M", "?");
    scenario.answer(Answer::Continue([].into()));
    scenario.hear(peer);
    auth(&mut scenario, peer, AGAIN, "M", "?");
    assert_eq!(scenario.hear(peer), ["DISCONNECT 82"], "the exchange that has begun comes first");
    let peer = scenario.join(V5, "b");
    auth(&mut scenario, peer, AGAIN, "M", "?");
    assert_eq!((scenario.hear(peer), fault(&scenario).1), (vec!["DISCONNECT 82".into()], "MQTT-4.12.0-7"));
}

/// [MQTT-4.12.0-6].
#[test]
fn without_a_method_neither_auth_nor_a_method_is_sent() {
    let mut scenario = Scenario::with(BrokerOptions {
        asks: Asks { enhanced: true, authenticate: true, ..Asks::default() },
        ..BrokerOptions::default()
    });
    let peer = scenario.connect(&connect(V5, "a"));
    scenario.answer(Answer::Complete(bytes("data")));
    assert_eq!(heard(&mut scenario, peer), "CONNACK ok");
}

#[test]
fn data_that_no_packet_can_carry_ends_the_connection() {
    let long: Box<[u8]> = vec![0; 65_536].into();
    let mut scenario = scenario();
    for answer in [Answer::Continue(long.clone()), Answer::Complete(long)] {
        let peer = begin(&mut scenario, "M");
        scenario.answer(answer.clone());
        assert_eq!((scenario.hear(peer), scenario.is_closed(peer)), (vec!["CONNACK 83".into()], true));
        let peer = join(&mut scenario);
        auth(&mut scenario, peer, AGAIN, "M", "7");
        scenario.answer(answer);
        assert_eq!(scenario.hear(peer), ["DISCONNECT 83"]);
    }
}
