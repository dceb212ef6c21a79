//! User names that the transport has proven, in place of those of CONNECT.

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Answer, Asks, BrokerOptions, Credentials, PeerId, Question};
use wasmqtt::codec::{Auth, Connect, Packet, Property, QoS, ReasonCode, Version};

use crate::support::packets::{V4, V5, connect, properties, will};
use crate::support::scenario::Scenario;

/// Only topics below the user name are allowed, and the host is asked about all else.
fn scenario() -> Scenario {
    let rule = |filter, verdict| AccessRule {
        action: None,
        filter: AccessFilter::parse(filter).expect("valid"),
        client_id: None,
        username: None,
        verdict,
    };
    let access = Access::new(vec![rule("%u/#", Ok(())), rule("#", Err(ReasonCode::NotAuthorized))]);
    let asks = Asks { authenticate: true, enhanced: true, publish: true, ..Asks::default() };
    Scenario::with(BrokerOptions { access, asks, ..BrokerOptions::default() })
}

/// A transport that has proven the name of Ann.
fn open(scenario: &mut Scenario, version: Version) -> PeerId {
    let peer = scenario.open(version);
    scenario.broker.set_username(peer, "ann");
    peer
}

fn send(scenario: &mut Scenario, peer: PeerId, connect: &Connect<'_>) {
    scenario.send(peer, &Packet::Connect(Box::new(connect.clone())));
}

#[test]
fn it_takes_the_place_of_that_of_connect_and_needs_no_password() {
    for version in [V4, V5] {
        for (username, password) in [(None, None), (Some("bob"), None), (Some("bob"), Some(&b"wrong"[..]))] {
            let mut scenario = scenario();
            let peer = open(&mut scenario, version);
            send(&mut scenario, peer, &Connect { username, password, ..connect(version, "a") });
            assert!(scenario.asked.is_empty(), "{:?}", scenario.asked);
            assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
            assert_eq!(scenario.subscribe(peer, "ann/x", QoS::AtMostOnce), ["SUBACK #100 00"]);
            let refused = if version == V5 { "SUBACK #100 87" } else { "SUBACK #100 80" };
            assert_eq!(scenario.subscribe(peer, "bob/x", QoS::AtMostOnce), [refused]);
        }
    }
}

#[test]
fn it_holds_for_the_will_and_others_are_asked_for_their_own() {
    let mut scenario = scenario();
    let refused = open(&mut scenario, V5);
    let of_bob = Some(will("bob/will", "x", QoS::AtMostOnce));
    send(&mut scenario, refused, &Connect { username: Some("bob"), will: of_bob, ..connect(V5, "a") });
    assert!(scenario.hear(refused)[0].starts_with("CONNACK 87"));

    let peer = open(&mut scenario, V5);
    let own = Some(will("ann/will", "x", QoS::AtMostOnce));
    send(&mut scenario, peer, &Connect { username: Some("bob"), will: own, ..connect(V5, "a") });
    let (_, question) = scenario.asked.last().expect("asked");
    assert!(matches!(question, Question::Authorize { username: Some(name), .. } if &**name == "ann"), "{question:?}");
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));

    let other = scenario.connect(&Connect { username: Some("bob"), ..connect(V5, "b") });
    let (_, question) = scenario.asked.last().expect("asked");
    let is_bob = |name: &Option<_>| name.as_deref() == Some("bob");
    assert!(matches!(question, Question::Authenticate(Credentials { username, .. }) if is_bob(username)));
    scenario.answer(Answer::Refuse(ReasonCode::NotAuthorized));
    assert_eq!(scenario.hear(other), ["CONNACK 87"]);
}

/// The user name in the question about an exchange.
fn asked(scenario: &Scenario) -> Option<&str> {
    match scenario.asked.last() {
        Some((_, Question::Enhanced { credentials, .. })) => credentials.username.as_deref(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_holds_in_each_step_of_enhanced_authentication() {
    let mut scenario = scenario();
    let peer = open(&mut scenario, V5);
    let list = properties(&[Property::AuthenticationMethod("M")]);
    let properties = list.as_properties();
    send(&mut scenario, peer, &Connect { username: Some("bob"), properties, ..connect(V5, "a") });
    assert_eq!(asked(&scenario), Some("ann"));
    scenario.answer(Answer::Continue(Box::default()));
    let reason = ReasonCode::ContinueAuthentication;
    scenario.send(peer, &Packet::Auth(Auth { reason, properties }));
    assert_eq!(asked(&scenario), Some("ann"));
    scenario.answer(Answer::Allow);
    scenario.hear(peer);
    assert_eq!(scenario.subscribe(peer, "ann/x", QoS::AtMostOnce), ["SUBACK #100 00"]);
    assert_eq!(scenario.subscribe(peer, "bob/x", QoS::AtMostOnce), ["SUBACK #100 87"]);
}
