//! Wills: armed, fired, delayed, cleared, cancelled.

use wasmqtt::broker::{BrokerOptions, Event, WillFate};
use wasmqtt::codec::{Connect, Property, QoS, ReasonCode, Will};

use crate::support::packets::{V4, V5, connect, properties, publish, will};
use crate::support::scenario::Scenario;

fn with_will(version: wasmqtt::codec::Version) -> Connect<'static> {
    Connect { keep_alive: 10, will: Some(will("gone", "a", QoS::AtLeastOnce)), ..connect(version, "a") }
}

fn fates(scenario: &Scenario) -> Vec<WillFate> {
    let fate = |event: &Event| if let Event::Will { fate, .. } = event { Some(*fate) } else { None };
    scenario.events.iter().filter_map(fate).collect()
}

fn scenario() -> Scenario {
    Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() })
}

/// [MQTT-3.1.2-8], [3.1.1 MQTT-3.1.2-8]: whatever ends the connection, but a good DISCONNECT
/// [MQTT-3.14.4-3], [3.1.1 MQTT-3.14.4-3].
#[test]
fn a_will_fires_unless_the_client_says_goodbye() {
    type End = fn(&mut Scenario, wasmqtt::broker::PeerId);
    let rows: [(&str, End, bool); 7] = [
        ("cut", |scenario, peer| scenario.cut(peer), true),
        ("silence", |scenario, _| scenario.wait_ms(15_000), true),
        ("fault", |scenario, peer| scenario.send_bytes(peer, &[0x00, 0x00]), true),
        ("takeover", |scenario, peer| assert_ne!(scenario.join(V4, "a"), peer), true),
        (
            "host",
            |scenario, peer| {
                scenario.broker.disconnect(peer, ReasonCode::AdministrativeAction, scenario.now);
                scenario.drain();
            },
            true,
        ),
        ("goodbye", |scenario, peer| scenario.disconnect(peer, ReasonCode::Success), false),
        (
            "a PUBLISH that is refused",
            |scenario, peer| {
                let list = properties(&[Property::TopicAlias(17)]);
                let alias =
                    wasmqtt::codec::Publish { properties: list.as_properties(), ..publish("t", "", QoS::AtMostOnce) };
                let mut bytes = Vec::new();
                alias.encode(V5, &mut bytes).expect("good");
                scenario.send_bytes(
                    peer,
                    if scenario.broker.clients().any(|client| client.version == V4) { &[0xF0, 0] } else { &bytes },
                );
            },
            true,
        ),
    ];
    for (name, end, fires) in rows {
        for version in [V4, V5] {
            let mut scenario = scenario();
            let watcher = scenario.join(version, "watcher");
            scenario.subscribe(watcher, "gone", QoS::ExactlyOnce);
            let peer = scenario.join_with(&with_will(version));
            end(&mut scenario, peer);
            let expected: &[&str] = if fires { &["gone=a q1 #1"] } else { &[] };
            assert_eq!(scenario.hear(watcher), expected, "{name} {version:?}");
            let fate = if fires { WillFate::Fired } else { WillFate::Cleared };
            assert_eq!(fates(&scenario), [WillFate::Armed, fate], "{name} {version:?}");
        }
    }
}

/// §3.14.2.1: reason 0x04 is a goodbye with the will.
#[test]
fn disconnect_with_will_fires_it() {
    let mut scenario = scenario();
    let watcher = scenario.join(V4, "watcher");
    scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
    let peer = scenario.join_with(&with_will(V5));
    scenario.disconnect(peer, ReasonCode::DisconnectWithWill);
    assert_eq!(scenario.hear(watcher), ["gone=a q0"]);
}

/// [MQTT-3.1.2-14], [MQTT-3.1.2-15]; an empty one clears.
#[test]
fn a_will_is_retained_if_it_says_so() {
    let mut scenario = Scenario::new();
    for (payload, kept) in [("dead", 1), ("", 0)] {
        let will = Will { retain: true, ..will("state", payload, QoS::AtMostOnce) };
        let peer = scenario.join_with(&Connect { will: Some(will), ..connect(V5, "a") });
        scenario.cut(peer);
        assert_eq!(scenario.broker.retained().count(), kept);
    }
}

fn delayed(scenario: &mut Scenario, delay: u32, expiry: u32, clean_start: bool) -> wasmqtt::broker::PeerId {
    let of_will = properties(&[Property::WillDelayInterval(delay), Property::ContentType("c")]);
    let of_session = properties(&[Property::SessionExpiryInterval(expiry)]);
    let will = Will { properties: of_will.as_properties(), ..will("gone", "a", QoS::AtMostOnce) };
    let properties = of_session.as_properties();
    scenario.connect(&Connect { clean_start, will: Some(will), properties, ..connect(V5, "a") })
}

/// [MQTT-3.1.2-7], [MQTT-3.1.2-8]: the delay or the session's end, whichever is first (§3.1.3.2.2).
/// The delay itself is not sent on.
#[test]
fn a_delayed_will_waits_for_its_delay_or_the_sessions_end() {
    for (delay, expiry, at) in [(5, 60, 5), (60, 5, 5), (5, 0, 0), (5, 5, 5)] {
        let mut scenario = scenario();
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
        let peer = delayed(&mut scenario, delay, expiry, true);
        scenario.cut(peer);
        if at > 0 {
            scenario.wait_ms(at * 1000 - 1);
            assert!(scenario.hear(watcher).is_empty());
            scenario.wait_ms(1);
        }
        assert_eq!(scenario.hear(watcher), ["gone=a q0 ContentType(\"c\")"]);
        scenario.wait_ms(100_000);
        assert!(scenario.hear(watcher).is_empty());
        assert_eq!(scenario.sessions(), ["watcher"]);
    }
}

/// [MQTT-3.1.3-9], [MQTT-3.1.2-8]: the client is back in time; a clean start however ends the
/// session, and so the will fires.
#[test]
fn coming_back_cancels_a_delayed_will() {
    for (clean_start, heard, last) in [(false, 0, WillFate::Cancelled), (true, 1, WillFate::Fired)] {
        let mut scenario = scenario();
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
        let peer = delayed(&mut scenario, 5, 60, true);
        scenario.cut(peer);
        scenario.wait_ms(4_999);
        let peer = delayed(&mut scenario, 5, 60, clean_start);
        assert_eq!(scenario.hear(watcher).len(), heard);
        assert_eq!(fates(&scenario), [WillFate::Armed, WillFate::Delayed, last, WillFate::Armed]);
        scenario.wait_ms(10_000);
        assert_eq!(scenario.hear(watcher).len(), 0);
        // And by a takeover.
        delayed(&mut scenario, 5, 60, false);
        assert!(scenario.is_closed(peer));
        assert_eq!(fates(&scenario)[4..], [WillFate::Delayed, WillFate::Cancelled, WillFate::Armed]);
        scenario.wait_ms(10_000);
        assert_eq!(scenario.hear(watcher).len(), 0);
    }
}
