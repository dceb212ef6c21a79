//! Bytes that are counted against bytes that are allocated, for each kind of thing that is held.

use wasmqtt::broker::{Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{Connect, Packet, Property, Publish, QoS, Subscribe, Subscription, SubscriptionOptions, Will};

use super::allocator::allocated;
use super::host::{Host, encoded, none, publish, readers, sleepers};
use crate::support::packets::{V5, connect, id, lasting, properties};

const QOS1: QoS = QoS::AtLeastOnce;

/// Limits that stand in no row's way.
pub(super) fn options() -> BrokerOptions {
    BrokerOptions {
        packet_bytes_max: (16 << 20).try_into().expect("not 0"),
        queue_messages: 100_000,
        queue_bytes: 1 << 30,
        subscriptions_max: 100_000,
        topic_alias_maximum: 100,
        retained_bytes: 1 << 30,
        ..BrokerOptions::default()
    }
}

/// Fills a broker, and compares what is counted with what is allocated.
pub(super) fn check(
    name: &str,
    options: BrokerOptions,
    prepare: impl FnOnce(&mut Host) -> Vec<PeerId>,
    fill: fn(&mut Host, &[PeerId]),
) {
    let mut host = Host::new(options);
    let peers = prepare(&mut host);
    let (before, counted_before) = (allocated(), host.broker.counters().memory.bytes);
    fill(&mut host, &peers);
    let (real, counted) = (allocated() - before, host.broker.counters().memory.bytes - counted_before);
    let real = usize::try_from(real).expect("it grew");
    #[expect(clippy::cast_precision_loss, reason = "percent")]
    let percent = counted as f64 * 100.0 / real as f64;
    println!("{name:>40}: allocated {real:>10}, counted {counted:>10}, {percent:.0} %");
    assert!((80.0..=120.0).contains(&percent), "{name}: {counted} of {real} bytes are counted");
}

pub(super) fn publisher(host: &mut Host) -> Vec<PeerId> {
    vec![host.join("publisher")]
}

#[test]
fn connections_and_sessions() {
    check("connections before CONNECT", options(), none, |host, _| {
        (0..1_500).for_each(|_| _ = host.open());
    });
    check("sessions", options(), none, |host, _| {
        for number in 0..1_500 {
            let peer = host.join(&format!("client{number}"));
            host.cut(peer);
        }
    });
    check("connected clients", options(), none, |host, _| {
        (0..1_500).for_each(|number| _ = host.join(&format!("client{number}")));
    });
    check("client identifiers of 60,000 bytes", options(), none, |host, _| {
        let long = "x".repeat(60_000);
        (0..100).for_each(|number| _ = host.join(&format!("{number}{long}")));
    });
    check("wills", options(), none, |host, _| {
        for number in 0..2_000 {
            let (client_id, payload) = (format!("client{number}"), [0; 1_000]);
            let list = properties(&[Property::UserProperty("name", &"x".repeat(1_000))]);
            let will =
                Will { qos: QOS1, retain: false, topic: "w", payload: &payload, properties: list.as_properties() };
            host.join_with(&Connect { will: Some(will), ..lasting(V5, &client_id) });
        }
    });
}

#[test]
fn queues() {
    check("small messages in one queue", options(), sleepers(1), |host, peers| {
        (0..8_000).for_each(|_| _ = host.publish(peers[0], publish("t", b"x", QOS1, 9)));
    });
    check("1 KiB messages in one queue", options(), sleepers(1), |host, peers| {
        (0..1_500).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 1_024], QOS1, 9)));
    });
    check("300 messages with large properties", options(), sleepers(1), |host, peers| {
        let value = "x".repeat(60_000);
        let list = properties(&[Property::UserProperty("name", &value); 16]);
        for _ in 0..30 {
            host.publish(peers[0], Publish { properties: list.as_properties(), ..publish("t", b"x", QOS1, 9) });
        }
        let queued = host.gauges();
        assert!(queued.queued_bytes > 30 * 960_000, "{queued:?}");
    });
    check("messages that 100 queues share", options(), sleepers(100), |host, peers| {
        (0..500).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 1_024], QOS1, 9)));
    });
    check("1,000 sessions with full queues", options(), sleepers(1_000), |host, peers| {
        (0..100).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 100], QOS1, 9)));
    });
    check("messages in flight", options(), readers(100), |host, peers| {
        (0..250).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 500], QOS1, 9)));
    });
    check("subscription identifiers", options(), identified, |host, peers| {
        (0..1_000).for_each(|_| _ = host.publish(peers[0], publish("t/1/2/3/4/5/6/7/8", b"x", QOS1, 9)));
    });
}

/// A publisher, and a client away whose overlapping subscriptions each have an identifier.
fn identified(host: &mut Host) -> Vec<PeerId> {
    let publisher = host.join("publisher");
    let sleeper = host.join("sleeper");
    for number in 1..=200_u32 {
        let level = |bit: usize| if number >> bit & 1 == 1 { "+".into() } else { (bit + 1).to_string() };
        let filter: Vec<String> = (0..8).map(level).collect();
        let list = properties(&[Property::SubscriptionIdentifier(number)]);
        let filter = format!("t/{}", filter.join("/"));
        let options = SubscriptionOptions { qos: QOS1, ..SubscriptionOptions::default() };
        let subscriptions = vec![Subscription { filter: &filter, options }];
        host.send(
            sleeper,
            &Packet::Subscribe(Subscribe { packet_id: id(1), properties: list.as_properties(), subscriptions }),
        );
    }
    host.cut(sleeper);
    vec![publisher]
}

#[test]
fn retained_messages_and_subscriptions() {
    check("small retained messages", options(), publisher, |host, peers| {
        for number in 0..8_000 {
            let topic = format!("retained/{number}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, b"x", QoS::AtMostOnce, 9) });
        }
    });
    check("retained messages of 2 KiB", options(), publisher, |host, peers| {
        for number in 0..1_500 {
            let topic = format!("retained/{number}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, &[0; 2_048], QOS1, 9) });
        }
    });
    check("subscriptions of one client", options(), publisher, |host, peers| {
        (0..4_000).for_each(|number| _ = host.subscribe(peers[0], &[&format!("site/{number}/temperature")], QOS1));
    });
    check("subscriptions of long filters", options(), publisher, |host, peers| {
        let long = "long".repeat(100);
        (0..1_000).for_each(|number| _ = host.subscribe(peers[0], &[&format!("{number}/{long}{number}/+")], QOS1));
    });
    check("subscriptions of many levels", options(), publisher, |host, peers| {
        let levels = "/l".repeat(100);
        (0..1_000).for_each(|number| _ = host.subscribe(peers[0], &[&format!("{number}{levels}")], QOS1));
    });
    check("one filter of many clients", options(), readers(0), |host, _| {
        for number in 0..1_500 {
            let peer = host.join(&format!("client{number}"));
            host.subscribe(peer, &["t/#"], QOS1);
        }
    });
    check("members of one group", options(), readers(0), |host, _| {
        for number in 0..1_500 {
            let peer = host.join(&format!("client{number}"));
            host.subscribe(peer, &["$share/group/t/#"], QOS1);
        }
    });
}

#[test]
fn what_comes_and_what_leaves() {
    check("unfinished packets", options(), none, |host, _| {
        for number in 0..10 {
            let peer = host.join(&format!("client{number}"));
            let packet = encoded(&Packet::Publish(publish("t", &vec![0; 8 << 20], QOS1, 9)));
            for chunk in packet[..3 << 20].chunks(64 * 1024) {
                host.bytes(peer, chunk);
            }
        }
    });
    check("topic aliases of clients", options(), none, |host, _| {
        for number in 0..100 {
            let peer = host.join(&format!("client{number}"));
            for alias in 1..=100 {
                let topic = format!("{}/{number}/{alias}", "long".repeat(50));
                let list = properties(&[Property::TopicAlias(alias)]);
                host.publish(
                    peer,
                    Publish { properties: list.as_properties(), ..publish(&topic, b"x", QoS::AtMostOnce, 9) },
                );
            }
        }
    });
    check("topic aliases of the broker", options(), aliased, |host, peers| {
        for alias in 1..=100 {
            let topic = format!("t/{}/{alias}", "long".repeat(50));
            host.publish(peers[0], publish(&topic, b"x", QoS::AtMostOnce, 9));
        }
    });
    check("QoS 2 identifiers", options(), none, |host, _| {
        for number in 0..10 {
            let peer = host.join(&format!("client{number}"));
            (1..=6_000).for_each(|packet_id| _ = host.publish(peer, publish("t", b"x", QoS::ExactlyOnce, packet_id)));
        }
    });
    check("frames of a wide fan-out", options(), readers(200), |host, peers| {
        host.drains = false;
        for _ in 0..20 {
            host.publish(peers[0], publish("t", &[0; 10_000], QoS::AtMostOnce, 9));
        }
    });
    check("frames of a store that waits", options(), stored, |host, peers| {
        for packet_id in 1..=20 {
            host.publish(peers[0], publish("t", &[0; 10_000], QOS1, packet_id));
        }
    });
}

/// A publisher, and subscribers of `t` that take topic aliases.
fn aliased(host: &mut Host) -> Vec<PeerId> {
    let publisher = host.join("publisher");
    let list = properties(&[Property::TopicAliasMaximum(100)]);
    for number in 0..50 {
        let client_id = format!("reader{number}");
        let peer = host.join_with(&Connect { properties: list.as_properties(), ..connect(V5, &client_id) });
        host.subscribe(peer, &["t/#"], QOS1);
    }
    vec![publisher]
}

/// As [`readers`], with a store that does not write.
fn stored(host: &mut Host) -> Vec<PeerId> {
    host.broker.restore([], host.now).expect("empty");
    let peers = readers(100)(host);
    host.store_waits = true;
    peers
}

#[test]
fn questions_and_the_images_of_a_store() {
    let asks = Asks { publish: true, subscribe: true, ..Asks::default() };
    check("unanswered questions", BrokerOptions { asks, ..options() }, none, |host, _| {
        for number in 0..200 {
            let peer = host.join(&format!("client{number}"));
            let filters: Vec<_> = (0..50).map(|filter| format!("{}/{filter}", "long".repeat(20))).collect();
            host.subscribe(peer, &filters.iter().map(String::as_str).collect::<Vec<_>>(), QOS1);
        }
        assert_eq!(host.questions, 10_000);
    });
    let asks = Asks { receive: true, ..Asks::default() };
    check("deliveries to be approved", BrokerOptions { asks, ..options() }, readers(100), |host, peers| {
        (0..200).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 200], QOS1, 9)));
    });
    check("queues with a store", options(), stored_sleepers, |host, peers| {
        (0..1_500).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 100], QOS1, 9)));
    });
    check("retained messages with a store", options(), stored_sleepers, |host, peers| {
        for number in 0..2_500 {
            let topic = format!("retained/{number}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, &[0; 100], QOS1, 9) });
        }
    });
}

/// As [`sleepers`], with a store.
fn stored_sleepers(host: &mut Host) -> Vec<PeerId> {
    host.broker.restore([], host.now).expect("empty");
    sleepers(5)(host)
}

/// Retained messages that live ones overtook, at 100 cursors of a client that takes nothing.
#[test]
fn cursors_of_retained_messages() {
    let cursors = |host: &mut Host| {
        let publisher = host.join("publisher");
        for number in 0..2_000 {
            let topic = format!("t/{number}");
            host.publish(publisher, Publish { retain: true, ..publish(&topic, b"x", QoS::AtMostOnce, 9) });
        }
        let slow = host.join("slow");
        host.broker.set_writable(slow, false, host.now);
        for filter in ["t/#", "t/+", "#", "+/#", "+/+"] {
            host.subscribe(slow, &[filter], QOS1);
        }
        vec![publisher]
    };
    check("overtaken topics", options(), cursors, |host, peers| {
        for number in 0..2_000 {
            let topic = format!("t/{number}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, b"y", QOS1, 9) });
        }
    });
}
