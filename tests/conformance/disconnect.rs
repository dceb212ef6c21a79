//! PINGREQ and the ends of a connection (§3.12, §3.14; 3.1.1 likewise).

use std::time::Duration;

use wasmqtt::broker::{Answer, Asks, Broker, BrokerOptions, Output, PeerId};
use wasmqtt::codec::{Connect, Disconnect, Packet, Properties, Property, PropertyId, QoS, ReasonCode};
use wasmqtt::time::Time;

use crate::support::packets::{BOTH, V5, connect, lasting, properties, publish, will};
use crate::support::scenario::Scenario;

/// [MQTT-3.12.4-1], [3.1.1 MQTT-3.12.4-1]: one for one, in the order of what else is answered.
#[test]
fn pingreq_gets_pingresp() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        let mut frame = Vec::new();
        for packet in
            [Packet::Pingreq, Packet::Publish(publish("t", "", QoS::ExactlyOnce)), Packet::Pingreq, Packet::Pingreq]
        {
            packet.encode(version, &mut frame).expect("good");
        }
        scenario.send_bytes(peer, &frame);
        let heard = scenario.hear(peer);
        assert_eq!((&heard[0], &heard[2], &heard[3]), (&"PINGRESP".into(), &"PINGRESP".into(), &"PINGRESP".into()));
        assert_eq!(heard.len(), 4);
    }
}

/// [MQTT-3.14.4-3], [MQTT-3.1.2-8], [MQTT-3.1.2-10], [3.1.1 MQTT-3.14.4-3], [3.1.1 MQTT-3.1.2-10]:
/// 0x00 alone is a goodbye without the will; nothing is answered, and the broker closes.
#[test]
fn disconnect_discards_the_will_if_it_is_a_goodbye() {
    let reasons = [
        ReasonCode::Success,
        ReasonCode::DisconnectWithWill,
        ReasonCode::UnspecifiedError,
        ReasonCode::ImplementationSpecificError,
        ReasonCode::AdministrativeAction,
    ];
    for version in BOTH {
        for reason in reasons.into_iter().filter(|reason| version == V5 || *reason == ReasonCode::Success) {
            let mut scenario = Scenario::new();
            let watcher = scenario.join(V5, "watcher");
            scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
            let will = Some(will("gone", "a", QoS::AtMostOnce));
            let peer = scenario.join_with(&Connect { will, ..connect(version, "a") });
            scenario.disconnect(peer, reason);
            assert!(scenario.hear(peer).is_empty());
            let expected: &[&str] = if reason == ReasonCode::Success { &[] } else { &["gone=a q0"] };
            assert_eq!(scenario.hear(watcher), expected, "{version:?} {reason:?}");
        }
    }
}

/// [MQTT-3.14.4-1], [MQTT-3.14.4-2], [MQTT-3.14.2-1], [MQTT-4.13.2-1]: each way in which the broker
/// ends a connection: one DISCONNECT, the close behind it, and silence.
#[test]
fn the_brokers_disconnect_is_its_last_packet() {
    type End = fn(&mut Scenario, PeerId);
    let ends: [(&str, End, u8); 6] = [
        ("a fault", |scenario, peer| scenario.send_bytes(peer, &[0x00, 0x00]), 0x81),
        ("silence", |scenario, _| scenario.wait_ms(15_000), 0x8D),
        ("takeover", |scenario, peer| assert_ne!(scenario.join(V5, "a"), peer), 0x8E),
        ("the host", |scenario, peer| scenario.broker.disconnect(peer, ReasonCode::ServerBusy, scenario.now), 0x89),
        ("the end", |scenario, _| scenario.broker.shut_down(scenario.now), 0x8B),
        ("too much", |scenario, peer| scenario.send_bytes(peer, &[0x30, 0xFF, 0xFF, 0x7F]), 0x95),
    ];
    for version in BOTH {
        for (name, end, reason) in ends {
            let mut scenario = Scenario::with(BrokerOptions {
                packet_bytes_max: 1000.try_into().expect("not 0"),
                ..BrokerOptions::default()
            });
            let peer = scenario.join_with(&Connect { keep_alive: 10, ..connect(version, "a") });
            let frames = scenario.frames(peer);
            end(&mut scenario, peer);
            scenario.drain();
            assert!(scenario.is_closed(peer), "{name}");
            let last = if version == V5 { vec![format!("DISCONNECT {reason:02X}")] } else { vec![] };
            assert_eq!(scenario.hear(peer), last, "{name}");
            assert_eq!(scenario.frames(peer) - frames, last.len());
            scenario.send_bytes(peer, &[0xC0, 0]);
            scenario.cut(peer);
            assert!(scenario.hear(peer).is_empty());
        }
    }
}

/// [MQTT-3.14.0-1]: whatever ends a connection that has had no CONNACK: before CONNECT, while the
/// host is asked, and within an exchange of AUTH.
#[test]
fn there_is_no_disconnect_before_connack() {
    type End = fn(&mut Scenario, PeerId);
    let ends: [End; 5] = [
        |scenario, peer| scenario.broker.handle_text(peer, scenario.now),
        |scenario, peer| scenario.broker.disconnect(peer, ReasonCode::ServerBusy, scenario.now),
        |scenario, _| scenario.broker.shut_down(scenario.now),
        |scenario, _| scenario.wait_ms(30_000),
        |scenario, peer| {
            // The second is more than waits for the host's answer.
            scenario.send_bytes(peer, &[0xC0; 2_000]);
            scenario.send_bytes(peer, &[0xC0; 2_000]);
        },
    ];
    let method = properties(&[Property::AuthenticationMethod("M")]);
    for (index, end) in ends.into_iter().enumerate() {
        for stage in ["CONNECT", "the host", "AUTH"] {
            let asks = Asks { authenticate: true, enhanced: true, ..Asks::default() };
            let packet_bytes_max = 1000.try_into().expect("not 0");
            let mut scenario = Scenario::with(BrokerOptions {
                asks,
                packet_bytes_max,
                input_bytes_max: 500,
                ..BrokerOptions::default()
            });
            let properties = if stage == "AUTH" { method.as_properties() } else { Properties::EMPTY };
            let peer = scenario.open(V5);
            if stage != "CONNECT" {
                scenario.send(peer, &Packet::Connect(Box::new(Connect { properties, ..connect(V5, "a") })));
            }
            if stage == "AUTH" {
                scenario.answer(Answer::Continue([].into()));
                assert_eq!(scenario.hear(peer).len(), 1);
            }
            end(&mut scenario, peer);
            scenario.drain();
            assert!(scenario.is_closed(peer), "{index} {stage}");
            // What is wrong with an exchange CONNACK may tell (§4.12), and that the host has not
            // answered in time.
            let told = scenario.hear(peer);
            let may_be_told = match stage {
                "AUTH" => told == ["CONNACK 81"],
                "the host" => told == ["CONNACK 80"],
                _ => false,
            };
            assert!(told.is_empty() || may_be_told, "{index} {stage}: {told:?}");
        }
    }
}

/// [MQTT-3.14.2-2]: the session expiry interval of a client that has one. A server's DISCONNECT has
/// none.
#[test]
fn the_brokers_disconnect_has_no_session_expiry_interval() {
    type End = fn(&mut Broker, PeerId);
    let ends: [End; 4] = [
        |broker, peer| {
            broker.handle_bytes(peer, &[0x00, 0x00], Time::ZERO);
        },
        |broker, peer| broker.disconnect(peer, ReasonCode::ServerBusy, Time::ZERO),
        |broker, _| broker.shut_down(Time::ZERO),
        |broker, _| broker.handle_timeout(Time::ZERO + Duration::from_secs(15)),
    ];
    for (index, end) in ends.into_iter().enumerate() {
        let mut broker = Broker::new(BrokerOptions { session_expiry_max: 5, ..BrokerOptions::default() }, 0);
        let mut bytes = Vec::new();
        let connect = Connect { keep_alive: 10, ..lasting(V5, "a") };
        Packet::Connect(Box::new(connect)).encode(V5, &mut bytes).expect("good");
        let peer = broker.accept(Time::ZERO);
        broker.handle_bytes(peer, &bytes, Time::ZERO);
        while broker.poll_output().is_some() {}
        end(&mut broker, peer);
        let Some(Output::Transmit(_, frame)) = broker.poll_output() else { panic!("{index}: no goodbye") };
        let Ok(Packet::Disconnect(disconnect)) = Packet::decode(frame, V5) else { panic!("{index}: {frame:?}") };
        assert_eq!(disconnect.properties.get(PropertyId::SessionExpiryInterval), None);
        assert!(matches!(broker.poll_output(), Some(Output::Close(to)) if to == peer));
    }
}

/// §3.14.2.1: in 5.0 the client may leave out what is 0, the reason and the length.
#[test]
fn disconnect_has_three_lengths() {
    for bytes in [&[0xE0, 0][..], &[0xE0, 1, 0], &[0xE0, 2, 0, 0]] {
        let mut scenario = Scenario::new();
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
        let peer = scenario.join_with(&Connect { will: Some(will("gone", "", QoS::AtMostOnce)), ..connect(V5, "a") });
        scenario.send_bytes(peer, bytes);
        assert!(
            scenario.is_closed(peer) && scenario.hear(peer).is_empty() && scenario.hear(watcher).is_empty(),
            "{bytes:?}"
        );
    }
}

/// Bytes behind a DISCONNECT are not read [MQTT-3.14.4-1], and a DISCONNECT goes only to a
/// connected client.
#[test]
fn nothing_behind_a_goodbye_is_looked_at() {
    for version in BOTH {
        let mut scenario = Scenario::new();
        let watcher = scenario.join(V5, "watcher");
        scenario.subscribe(watcher, "t", QoS::AtMostOnce);
        let peer = scenario.join(version, "a");
        let mut frame = Vec::new();
        for packet in [
            Packet::Disconnect(Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY }),
            Packet::Publish(publish("t", "", QoS::AtMostOnce)),
        ] {
            packet.encode(version, &mut frame).expect("good");
        }
        scenario.send_bytes(peer, &frame);
        assert!(scenario.is_closed(peer) && scenario.hear(watcher).is_empty());
    }
}
