//! Limits that CONNACK announces, its response information and its server reference.

use wasmqtt::broker::{BrokerOptions, DisconnectCause, Event, Redirect, RejectCause};
use wasmqtt::codec::{Connect, Property, QoS, ReasonCode, SubscriptionOptions};

use crate::support::packets::{V4, V5, connect, properties};
use crate::support::scenario::Scenario;

fn without_all() -> BrokerOptions {
    BrokerOptions {
        wildcard_subscription_available: false,
        subscription_identifiers_available: false,
        shared_subscription_available: false,
        topic_alias_maximum: 0,
        ..BrokerOptions::default()
    }
}

/// §3.2.2.3.11, §3.2.2.3.12, §3.2.2.3.13: a protocol error of a client of 5.0, which was told.
#[test]
fn who_uses_what_is_not_available_is_disconnected() {
    let rows = [
        ("a/+", None, "DISCONNECT A2"),
        ("#", None, "DISCONNECT A2"),
        ("a", Some(1), "DISCONNECT A1"),
        ("$share/g/a", None, "DISCONNECT 9E"),
        ("a", None, "SUBACK #100 00"),
    ];
    for (filter, identifier, expected) in rows {
        let mut scenario = Scenario::with(without_all());
        let peer = scenario.connect(&connect(V5, "a"));
        assert_eq!(
            scenario.hear(peer),
            [concat!(
                "CONNACK ok MaximumPacketSize(1048576) WildcardSubscriptionAvailable(false)",
                " SubscriptionIdentifierAvailable(false) SharedSubscriptionAvailable(false)"
            )]
        );
        let heard = scenario.subscribe_with(peer, filter, SubscriptionOptions::default(), identifier);
        assert_eq!(heard, [expected], "{filter}");
        assert_eq!(scenario.is_closed(peer), expected.starts_with("DISCONNECT"));
        assert_eq!(scenario.broker.subscriptions(), usize::from(expected.starts_with("SUBACK")));
    }
}

/// 3.1.1 §3.9.3: 3.1.1 is told nothing in CONNACK, and so refused in SUBACK; the connection goes
/// on. [3.1.1 MQTT-3.8.3-2].
#[test]
fn a_client_of_3_1_1_is_refused_what_is_not_available() {
    let mut scenario = Scenario::with(without_all());
    let peer = scenario.join(V4, "a");
    for (filter, expected) in [("a/+", "80"), ("$share/g/a", "80"), ("a", "00")] {
        assert_eq!(scenario.subscribe(peer, filter, QoS::AtMostOnce), [format!("SUBACK #100 {expected}")]);
    }
}

/// [MQTT-3.1.2-28]: only to who asks; for each client another.
#[test]
fn response_information_is_given_to_who_asks() {
    let rows = [
        ("ann", Some(true), " ResponseInformation(\"replies/ann\")"),
        ("ann", Some(false), ""),
        ("ann", None, ""),
        ("a+b", Some(true), ""),
    ];
    for (client_id, asked, told) in rows {
        let mut scenario = Scenario::with(BrokerOptions {
            response_information: Some("replies/".into()),
            topic_alias_maximum: 0,
            ..BrokerOptions::default()
        });
        let list = asked.map(|asked| properties(&[Property::RequestResponseInformation(asked)])).unwrap_or_default();
        let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, client_id) });
        assert_eq!(scenario.hear(peer), [format!("CONNACK ok MaximumPacketSize(1048576){told}")]);
    }
    let list = properties(&[Property::RequestResponseInformation(true)]);
    let mut scenario = Scenario::with(BrokerOptions { topic_alias_maximum: 0, ..BrokerOptions::default() });
    let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "ann") });
    assert_eq!(scenario.hear(peer), ["CONNACK ok MaximumPacketSize(1048576)"], "there is none to give");
}

/// The identifier that the broker assigned, too.
#[test]
fn response_information_has_the_assigned_identifier() {
    let mut scenario =
        Scenario::with(BrokerOptions { response_information: Some("r/".into()), ..BrokerOptions::default() });
    let list = properties(&[Property::RequestResponseInformation(true)]);
    let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "") });
    assert!(scenario.hear(peer)[0].contains("ResponseInformation(\"r/auto-"));
}

/// §4.11, §3.2.2.3.16: in CONNACK, for now or for good; 3.1.1 has no word for it, and is told that
/// there is no service.
#[test]
fn who_connects_is_sent_to_another_server() {
    for (permanent, reason) in [(false, ReasonCode::UseAnotherServer), (true, ReasonCode::ServerMoved)] {
        let redirect = Redirect { permanent, server_reference: "other.example:1883".into() };
        let mut scenario =
            Scenario::with(BrokerOptions { redirect: Some(redirect), events: true, ..BrokerOptions::default() });
        let (new, old) = (scenario.connect(&connect(V5, "a")), scenario.connect(&connect(V4, "b")));
        let code = reason.value();
        assert_eq!(scenario.hear(new), [format!("CONNACK {code:02X} ServerReference(\"other.example:1883\")")]);
        assert_eq!(scenario.hear(old), ["CONNACK 88"]);
        assert!(scenario.is_closed(new) && scenario.is_closed(old));
        assert!(scenario.events.contains(&Event::Rejected { peer: new, cause: RejectCause::Refused(reason) }));
        assert_eq!(scenario.broker.sessions().count(), 0);
        scenario.broker.set_redirect(None);
        scenario.join(V5, "a");
    }
}

/// §3.14.2.2.5.
#[test]
fn a_connected_client_is_sent_to_another_server() {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (new, old) = (scenario.join(V5, "a"), scenario.join(V4, "b"));
    let redirect = Redirect { permanent: false, server_reference: "other.example".into() };
    for peer in [new, old] {
        scenario.broker.redirect(peer, &redirect, scenario.now);
        scenario.drain();
        assert!(scenario.is_closed(peer));
    }
    assert_eq!(scenario.hear(new), ["DISCONNECT 9C ServerReference(\"other.example\")"]);
    assert_eq!(scenario.hear(old).len(), 0);
    let cause = DisconnectCause::Host(ReasonCode::UseAnotherServer);
    assert!(scenario.events.contains(&Event::Disconnected { peer: new, client_id: "a".into(), cause }));
}

/// [MQTT-3.1.2-24]: a reference that does not fit is left out, and the reason told.
#[test]
fn a_reference_that_does_not_fit_is_left_out() {
    let redirect = Redirect { permanent: true, server_reference: "a-long-name.example".into() };
    let mut scenario = Scenario::with(BrokerOptions { redirect: Some(redirect), ..BrokerOptions::default() });
    let list = properties(&[Property::MaximumPacketSize(20)]);
    let peer = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "a") });
    assert_eq!(scenario.hear(peer), ["CONNACK 9D"]);
}
