//! Memory of long texts, half-done handshakes and sessions that are gone: counted and allocated.

use std::time::Duration;

use wasmqtt::broker::{Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{Connect, Packet, Property, Publish, QoS, Will};

use super::counted::{check, options, publisher};
use super::host::{Host, encoded, none, publish, sleepers};
use crate::support::packets::{V5, connect, lasting, properties, pubrec, will};

const QOS1: QoS = QoS::AtLeastOnce;

fn long(number: usize) -> String {
    format!("{number}{}", "x".repeat(60_000))
}

#[test]
fn texts_of_clients() {
    check("user names of 60,000 bytes", options(), none, |host, _| {
        let long = long(0);
        for number in 0..100 {
            let name = format!("client{number}");
            host.join_with(&Connect { username: Some(&long), password: Some(b"secret"), ..lasting(V5, &name) });
        }
    });
    check("wills of 60,000 bytes of properties", options(), none, |host, _| {
        let list = properties(&vec![Property::UserProperty("name", "value"); 4_000]);
        let topic = "w".repeat(10_000);
        for number in 0..100 {
            let name = format!("client{number}");
            let will = Will { qos: QOS1, retain: true, topic: &topic, payload: b"x", properties: list.as_properties() };
            host.join_with(&Connect { will: Some(will), ..lasting(V5, &name) });
        }
    });
    check("aliases of topics of 60,000 bytes", options(), none, |host, _| {
        for number in 0..10 {
            let peer = host.join(&format!("client{number}"));
            for alias in 1..=16 {
                let (topic, list) = (long(alias.into()), properties(&[Property::TopicAlias(alias)]));
                let publish = publish(&topic, b"x", QoS::AtMostOnce, 9);
                host.publish(peer, Publish { properties: list.as_properties(), ..publish });
            }
        }
    });
    check("one filter of 60,000 bytes, of 100 clients", options(), none, |host, _| {
        for number in 0..100 {
            let peer = host.join(&format!("client{number}"));
            host.subscribe(peer, &[&long(1)], QOS1);
        }
    });
    check("100 groups of names of 60,000 bytes", options(), none, |host, _| {
        for number in 0..100 {
            let peer = host.join(&format!("client{number}"));
            host.subscribe(peer, &[&format!("$share/{}/t", long(number))], QOS1);
        }
    });
    check("10 groups of names of 60,000 bytes, of 10 members", options(), none, |host, _| {
        for number in 0..100 {
            let peer = host.join(&format!("client{number}"));
            host.subscribe(peer, &[&format!("$share/{}/t", long(number % 10))], QOS1);
        }
    });
}

/// Each session is gone, and its messages are retained.
#[test]
fn retained_messages_of_sessions_that_are_gone() {
    check("retained messages of 500 long client identifiers", options(), none, |host, _| {
        for number in 0..500 {
            let name = long(number);
            let peer = host.join_with(&connect(V5, &name));
            let topic = format!("retained/of/{number}");
            let payload = [0; 400];
            host.publish(peer, Publish { retain: true, ..publish(&topic, &payload, QOS1, 9) });
            host.cut(peer);
        }
        assert_eq!(host.gauges().sessions, 0);
    });
    check("retained messages that expire", options(), publisher, |host, peers| {
        let list = properties(&[Property::MessageExpiryInterval(100)]);
        for number in 0..4_000 {
            let topic = format!("retained/{number}");
            let publish = publish(&topic, b"x", QOS1, 9);
            host.publish(peers[0], Publish { retain: true, properties: list.as_properties(), ..publish });
        }
    });
}

#[test]
fn handshakes_that_are_half_done() {
    check("CONNECT packets that are cut off", options(), none, |host, _| {
        let payload = vec![0; 60_000];
        let will = Will { payload: &payload, ..will("w", "x", QOS1) };
        for number in 0..100 {
            let name = format!("client{number}");
            let bytes = encoded(&Packet::Connect(Box::new(Connect { will: Some(will), ..connect(V5, &name) })));
            let peer = host.open();
            host.bytes(peer, &bytes[..bytes.len() - 1]);
        }
    });
    let asks = Asks { authenticate: true, enhanced: true, ..Asks::default() };
    check("questions about CONNECT", BrokerOptions { asks, ..options() }, none, |host, _| {
        let data = vec![0; 60_000];
        let list = properties(&[Property::AuthenticationMethod("SCRAM"), Property::AuthenticationData(&data)]);
        for number in 0..100 {
            let name = format!("client{number}");
            host.join_with(&Connect { properties: list.as_properties(), ..connect(V5, &name) });
        }
        assert_eq!(host.questions, 100);
    });
}

#[test]
fn deliveries_and_their_states() {
    check("QoS 2 messages whose PUBREL is sent", options(), receivers, |host, peers| {
        for packet_id in 1..=200 {
            host.publish(peers[0], publish("t", &[0; 200], QoS::ExactlyOnce, packet_id));
        }
        for reader in &peers[1..] {
            for packet_id in 1..=200 {
                host.send(*reader, &pubrec(packet_id));
            }
        }
    });
    check("messages of long topics in queues", options(), sleepers(20), |host, peers| {
        for number in 0..20 {
            host.publish(peers[0], publish(&format!("t/{}", long(number)), b"x", QOS1, 9));
        }
    });
    check("answers to a peer that reads none", options(), none, |host, _| {
        for number in 0..10 {
            let peer = host.join(&format!("client{number}"));
            host.broker.set_writable(peer, false, host.now);
            host.drains = false;
            let packet = encoded(&Packet::Publish(publish("t", b"x", QOS1, 9)));
            (0..5_000).for_each(|_| _ = host.bytes(peer, &packet));
        }
    });
}

/// A publisher, and clients that acknowledge nothing of themselves.
fn receivers(host: &mut Host) -> Vec<PeerId> {
    let mut peers = vec![host.join("publisher")];
    for number in 0..20 {
        let peer = host.join(&format!("reader{number}"));
        host.subscribe(peer, &["t"], QoS::ExactlyOnce);
        peers.push(peer);
    }
    peers
}

/// Cursors keep the last topic that they passed.
#[test]
fn cursors_behind_long_topics_that_are_gone() {
    let cursors = |host: &mut Host| {
        let publisher = host.join("publisher");
        for number in 0..20 {
            for end in ["a", "b"] {
                let topic = format!("{number}/{}/{end}", long(1));
                host.publish(publisher, Publish { retain: true, ..publish(&topic, b"x", QoS::AtMostOnce, 9) });
            }
        }
        vec![publisher]
    };
    check("passed topics of 60,000 bytes", options(), cursors, |host, peers| {
        let list = properties(&[Property::ReceiveMaximum(1), Property::SessionExpiryInterval(1_000)]);
        for number in 0..20 {
            let name = format!("client{number}");
            let connect = Connect { properties: list.as_properties(), ..connect(V5, &name) };
            let peer = host.join_with(&connect);
            host.subscribe(peer, &[&format!("{number}/+/+")], QOS1);
        }
        // Their messages are gone, and others of the same topics are there.
        for number in 0..20 {
            let topic = format!("{number}/{}/a", long(1));
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, b"", QoS::AtMostOnce, 9) });
            let topic = format!("new/{}/{number}", long(2));
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, b"y", QoS::AtMostOnce, 9) });
        }
    });
}

/// Sessions that have expired hold nothing, and what they held counts no more.
#[test]
fn sessions_that_have_expired_hold_nothing() {
    let mut host = Host::new(options());
    let publisher = host.join("publisher");
    let fill = |host: &mut Host| {
        let list = properties(&[Property::SessionExpiryInterval(5)]);
        for number in 0..200 {
            let name = format!("client{number}");
            let peer = host.join_with(&Connect { properties: list.as_properties(), ..connect(V5, &name) });
            host.subscribe(peer, &["t/#", &format!("a/{number}/{}", "l".repeat(500)), "$share/g/t/1"], QOS1);
            host.cut(peer);
        }
        (0..50).for_each(|_| _ = host.publish(publisher, publish("t/1", &[0; 500], QOS1, 9)));
        let full = host.broker.counters().memory.bytes;
        host.wait(Duration::from_secs(6));
        assert_eq!(host.gauges().sessions, 1);
        (full, host.broker.counters().memory.bytes)
    };
    let (highest, first) = fill(&mut host);
    let (_, second) = fill(&mut host);
    assert!(first < highest / 4 && second <= first + first / 20, "{highest}, then {first} and {second}");
}
