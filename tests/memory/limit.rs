//! The limit of memory: however it is filled, it holds, and a client within its part is served.

use std::time::Duration;

use wasmqtt::broker::{Asks, BrokerOptions, PeerId};
use wasmqtt::codec::{Connect, Packet, Property, Publish, QoS, Will};

use super::allocator::{allocated, highest_allocated};
use super::host::{Heard, Host, encoded, none, publish, readers, sleepers};
use crate::support::packets::{V4, V5, connect, lasting, properties};

const QOS1: QoS = QoS::AtLeastOnce;
const MAX: usize = 8 << 20;

/// Limits of one client that stand in no row's way.
fn options() -> BrokerOptions {
    BrokerOptions {
        memory_max: MAX,
        packet_bytes_max: (16 << 20).try_into().expect("not 0"),
        queue_messages: 100_000,
        queue_bytes: 1 << 30,
        subscriptions_max: 100_000,
        topic_alias_maximum: 1_000,
        retained_bytes: 1 << 30,
        transmit_bytes_max: 1 << 30,
        input_bytes_max: 1 << 20,
        ..BrokerOptions::default()
    }
}

/// Two clients that go on with QoS 1.
struct Innocents {
    publisher: PeerId,
    reader: PeerId,
    next: u16,
}

impl Innocents {
    fn join(host: &mut Host) -> Self {
        let (publisher, reader) = (host.join("innocent publisher"), host.join("innocent reader"));
        assert_eq!(host.subscribe(reader, &["innocent/#"], QOS1).last[0], 0x90);
        Self { publisher, reader, next: 1 }
    }

    /// Publishes, reads and acknowledges a message, and pings.
    fn exchange(&mut self, host: &mut Host, context: &str) {
        let before = host.heard(self.reader).frames;
        let heard = host.publish(self.publisher, publish("innocent/a", &[7; 1_000], QOS1, self.next));
        let [high, low] = self.next.to_be_bytes();
        assert_eq!(heard.last[..4], [0x40, 2, high, low], "{context}: PUBACK, success: {heard:?}");
        let heard = host.heard(self.reader);
        assert_eq!((heard.frames, heard.last[0]), (before + 1, 0x32), "{context}: {heard:?}");
        host.bytes(self.reader, &[0x40, 2, high, low]);
        assert_eq!(host.bytes_heard(self.publisher, &[0xC0, 0]).last[..2], [0xD0, 0], "{context}");
        self.next += 1;
    }
}

/// Fills a broker, step by step, with more than it may hold. Others are served meanwhile. Returns
/// the most bytes that were counted.
fn fill(
    name: &str,
    options: BrokerOptions,
    mut prepare: impl FnMut(&mut Host) -> Vec<PeerId>,
    step: fn(&mut Host, &[PeerId], u32),
) -> usize {
    let mut host = Host::new(options);
    let before = allocated();
    let mut innocents = Innocents::join(&mut host);
    let peers = prepare(&mut host);
    let mut most = 0;
    for number in 0..200 {
        step(&mut host, &peers, number);
        most = most.max(allocated() - before);
        if host.drains {
            innocents.exchange(&mut host, name);
        }
    }
    let memory = host.broker.counters().memory;
    println!("{name:>40}: allocated {most:>9}, counted {:>9} at most, {:>9} at the end", memory.highest, memory.bytes);
    assert!(memory.highest > MAX / 3, "{name}: it was filled: {memory:?}");
    assert!(memory.highest <= MAX + MAX / 16, "{name}: {memory:?}");
    assert!(most.unsigned_abs() <= MAX + MAX / 4, "{name}: {most} bytes are allocated");
    drop(host);
    memory.highest
}

#[test]
fn queues_do_not_exceed_it() {
    fill("one queue", options(), sleepers(1), |host, peers, _| {
        (0..20).for_each(|_| _ = host.publish(peers[0], publish("t", &[0; 4_000], QOS1, 9)));
    });
    fill("large properties", options(), sleepers(3), |host, peers, _| {
        let value = "x".repeat(60_000);
        let list = properties(&[Property::UserProperty("name", &value); 4]);
        host.publish(peers[0], Publish { properties: list.as_properties(), ..publish("t", b"x", QOS1, 9) });
    });
    fill("500 sessions with full queues", options(), sleepers(500), |host, peers, _| {
        host.publish(peers[0], publish("t", &[0; 100], QOS1, 9));
    });
    fill("messages in flight", options(), readers(100), |host, peers, _| {
        host.publish(peers[0], publish("t", &vec![0; 60_000], QOS1, 9));
    });
    let asks = Asks { receive: true, ..Asks::default() };
    let mut host = Host::new(BrokerOptions { asks, ..options() });
    let peers = readers(100)(&mut host);
    for _ in 0..2_000 {
        host.publish(peers[0], publish("t", &[0; 200], QoS::AtMostOnce, 9));
    }
    let memory = host.broker.counters().memory;
    assert!(memory.highest > MAX / 3 && memory.highest <= MAX + MAX / 16, "to be approved: {memory:?}");
}

#[test]
fn retained_messages_and_subscriptions_do_not_exceed_it() {
    fill("retained messages", options(), readers(0), |host, peers, number| {
        for part in 0..20 {
            let topic = format!("retained/{number}/{part}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, &[0; 4_000], QOS1, 9) });
        }
    });
    fill("retained messages of QoS 0", options(), readers(0), |host, peers, number| {
        for part in 0..20 {
            let topic = format!("retained/{number}/{part}");
            host.publish(peers[0], Publish { retain: true, ..publish(&topic, &[0; 4_000], QoS::AtMostOnce, 9) });
        }
    });
    fill("filters of many clients", options(), none, |host, _, number| {
        let peer = host.join(&format!("client{number}"));
        for part in 0..20 {
            host.subscribe(peer, &[&format!("{}/{number}/{part}", "long".repeat(1_000))], QOS1);
        }
    });
}

#[test]
fn connections_and_sessions_do_not_exceed_it() {
    fill("client identifiers", options(), none, |host, _, number| {
        let peer = host.join(&format!("{number}{}", "x".repeat(60_000)));
        host.cut(peer);
    });
    fill("wills", options(), none, |host, _, number| {
        let client_id = format!("client{number}");
        let payload = vec![0; 60_000];
        let list = properties(&[Property::UserProperty("name", "value")]);
        let will = Will { qos: QOS1, retain: false, topic: "w", payload: &payload, properties: list.as_properties() };
        host.join_with(&Connect { will: Some(will), ..lasting(V5, &client_id) });
    });
    fill("unfinished CONNECT packets", options(), none, |host, _, _| {
        let peer = host.open();
        for _ in 0..4 {
            if !host.heard(peer).is_closed {
                host.bytes(peer, &[&[0x10, 0xFF, 0xFF, 0x3F][..], &vec![0; 60_000]].concat());
            }
        }
    });
    fill("topic aliases", options(), none, |host, _, number| {
        let peer = host.join(&format!("client{number}"));
        for alias in 1..=20 {
            let topic = format!("{}/{number}/{alias}", "long".repeat(1_000));
            let list = properties(&[Property::TopicAlias(alias)]);
            if !host.heard(peer).is_closed {
                host.publish(
                    peer,
                    Publish { properties: list.as_properties(), ..publish(&topic, b"x", QoS::AtMostOnce, 9) },
                );
            }
        }
    });
    fill("QoS 2 identifiers", options(), none, |host, _, number| {
        let peer = host.join(&format!("client{number}"));
        for packet_id in (1..=60_000).step_by(50) {
            if !host.heard(peer).is_closed {
                host.publish(peer, publish("t", b"x", QoS::ExactlyOnce, packet_id));
            }
        }
    });
}

#[test]
fn frames_and_questions_do_not_exceed_it() {
    fill("a wide fan-out", options(), readers(200), |host, peers, number| {
        // All are sent in one turn, or the host is slow to take them.
        host.drains = number % 10 == 9;
        host.publish(peers[0], publish("t", &vec![0; 20_000], QoS::AtMostOnce, 9));
        host.drain();
    });
    fill("a store that waits", options(), stored, |host, peers, number| {
        let packet_id = u16::try_from(number + 1).expect("small");
        host.broker.handle_bytes(
            peers[0],
            &encoded(&Packet::Publish(publish("t", &vec![0; 60_000], QOS1, packet_id))),
            host.now,
        );
        host.store_waits = true;
        host.drains = number % 10 == 9;
        host.drain();
        if host.drains {
            host.store();
            host.drain();
        }
    });
    let asks = Asks { publish: true, subscribe: true, ..Asks::default() };
    let mut host = Host::new(BrokerOptions { asks, ..options() });
    for number in 0..400 {
        let peer = host.join(&format!("client{number}"));
        let filters: Vec<_> = (0..50).map(|filter| format!("{}/{filter}", "long".repeat(200))).collect();
        host.subscribe(peer, &filters.iter().map(String::as_str).collect::<Vec<_>>(), QOS1);
    }
    let memory = host.broker.counters().memory;
    assert!(memory.highest > MAX / 3 && memory.highest <= MAX + MAX / 16, "questions: {memory:?}");
}

/// The rooms of `n` unfinished packets get `n` of `n + 1` parts of what is beside the reserve, and
/// one alone gets half of the memory.
#[test]
fn unfinished_packets_do_not_exceed_it() {
    let highest = fill("unfinished packets of 128 KiB", options(), none, unfinished::<{ 128 << 10 }>);
    assert!(highest > MAX / 16 * 11, "their halves have nearly 3 of 4 parts: {highest}");
    let highest = fill("unfinished packets of 256 KiB", options(), none, unfinished::<{ 256 << 10 }>);
    assert!(highest > MAX / 16 * 10, "they have nearly 3 of 4 parts: {highest}");
    let highest = fill("unfinished packets of 1 MiB", options(), none, unfinished::<{ 1 << 20 }>);
    assert!(highest > MAX / 2, "4 MiB, and what others hold: {highest}");
    fill("unfinished packets of 3 MiB", options(), none, unfinished::<{ 3 << 20 }>);
}

/// Sends half a packet of so many bytes. Each client comes twice.
fn unfinished<const BYTES: usize>(host: &mut Host, _: &[PeerId], number: u32) {
    let peer = host.join(&format!("client{}", number / 2));
    if host.heard(peer).is_closed {
        return;
    }
    let packet = encoded(&Packet::Publish(publish("t", &vec![0; BYTES], QOS1, 9)));
    for chunk in packet[..BYTES / 2].chunks(64 * 1024) {
        if host.heard(peer).is_closed {
            break;
        }
        host.bytes(peer, chunk);
    }
}

/// A large packet of one client is taken while others hold little.
#[test]
fn a_packet_of_nearly_half_the_memory_is_taken() {
    let mut host = Host::new(options());
    let mut innocents = Innocents::join(&mut host);
    let peer = host.join("large");
    let packet = encoded(&Packet::Publish(publish("t", &vec![0; MAX / 16 * 7], QOS1, 9)));
    for chunk in packet.chunks(64 * 1024) {
        assert!(host.bytes(peer, chunk), "it is read on");
        innocents.exchange(&mut host, "a large packet");
    }
    let memory = host.broker.counters().memory;
    assert!(memory.highest > MAX / 16 * 7 && memory.highest <= MAX, "{memory:?}");
    let heard = host.heard(peer);
    assert_eq!(heard.last[..5], [0x40, 3, 0, 9, 0x10], "PUBACK, no matching subscribers: {heard:?}");
}

/// A packet that does not fit in takes no room before it comes, not even for a moment. A module's
/// memory never gets smaller.
#[test]
fn a_packet_larger_than_what_is_free_takes_no_room() {
    for others in [0, 2, 4] {
        for mib in 1..16 {
            let mut host = Host::new(options());
            let mut innocents = Innocents::join(&mut host);
            let before = allocated();
            (0..others).for_each(|number| unfinished::<{ 1 << 20 }>(&mut host, &[], 2 * number));
            let others_bytes = allocated() - before;
            let peer = host.join("large");
            let packet = encoded(&Packet::Publish(publish("t", &vec![0; mib << 20], QOS1, 9)));
            let highest = highest_allocated(|| {
                for chunk in packet.chunks(64 * 1024) {
                    if !host.heard(peer).is_closed {
                        host.bytes(peer, chunk);
                    }
                }
            });
            let context = format!("{mib} MiB beside {others_bytes} bytes, {highest} more at a time");
            assert!(highest + others_bytes <= (MAX + MAX / 4).cast_signed(), "{context}");
            let heard = host.heard(peer);
            let is_answered = (others == 0 && mib < 4) || !heard.is_closed;
            let expected = if is_answered { (0x40, 0) } else { (0xE0, 0x97) };
            assert_eq!((heard.last[0], heard.last[2]), expected, "{context}: {heard:?}");
            assert!(heard.is_closed || mib < 4, "{context}: {heard:?}");
            innocents.exchange(&mut host, &context);
        }
    }
}

/// As [`readers`], with a store.
fn stored(host: &mut Host) -> Vec<PeerId> {
    host.broker.restore([], host.now).expect("empty");
    readers(100)(host)
}

/// A publisher is refused once nobody may take its messages, and all that it was promised arrives.
#[test]
fn a_publisher_is_refused_and_nothing_acknowledged_is_lost() {
    let mut host = Host::new(options());
    let mut innocents = Innocents::join(&mut host);
    let publisher = sleepers(10)(&mut host)[0];
    let (mut acknowledged, mut refused) = (0, 0);
    for number in 0..3_000_u32 {
        let mut payload = [0; 4_000];
        payload[..4].copy_from_slice(&number.to_be_bytes());
        let heard = host.publish(publisher, publish("t", &payload, QOS1, 9));
        match heard.last[..4] {
            [0x40, 2, 0, 9] => acknowledged += 1,
            [0x40, _, 0, 9] if heard.last[4] == 0x97 => refused += 1,
            _ => panic!("{heard:?}"),
        }
    }
    innocents.exchange(&mut host, "full");
    assert!(acknowledged > 500 && refused > 500, "{acknowledged} {refused}");
    for number in 0..10 {
        let queued =
            host.broker.sessions().find(|view| view.client_id == format!("sleeper{number}")).expect("there").queued;
        assert_eq!(queued, acknowledged, "what was acknowledged is for all of them");
        let peer = host.join(&format!("sleeper{number}"));
        for packet_id in 1..=u16::try_from(acknowledged).expect("few") {
            let [high, low] = packet_id.to_be_bytes();
            host.bytes(peer, &[0x40, 2, high, low]);
        }
        // Each has 9 bytes before the payload.
        assert_eq!(host.heard(peer).bytes / 4_009, acknowledged);
    }
    let heard = host.publish(publisher, publish("t", &[0; 4_000], QOS1, 9));
    assert_eq!(heard.last[..4], [0x40, 2, 0, 9], "there is room again");
}

/// A publisher of 3.1.1 cannot be told, so it waits, and is not acknowledged.
#[test]
fn a_publisher_of_3_1_1_is_held_back_until_there_is_room() {
    let mut host = Host::new(options());
    let mut innocents = Innocents::join(&mut host);
    sleepers(1)(&mut host);
    let publisher = host.join_with(&connect(V4, "old"));
    let packet = [&[0x32, 0xA5, 0x1F, 0, 1, b't', 0, 9][..], &[0; 4_000]].concat();
    assert_eq!(packet.len(), 3 + 5 + 4_000);
    let mut sent = 0;
    while host.bytes_heard(publisher, &packet).frames > sent + 1 {
        sent += 1;
        assert!(sent < 3_000, "it is full at some time");
    }
    let received = host.broker.counters().received.publishes(QOS1);
    host.wait(Duration::from_secs(2));
    assert_eq!(host.broker.counters().received.publishes(QOS1), received, "it is counted once");
    innocents.exchange(&mut host, "held back");
    let heard = host.heard(publisher);
    let peer = host.join("sleeper0");
    for packet_id in 1..=u16::try_from(sent).expect("few") {
        let [high, low] = packet_id.to_be_bytes();
        host.bytes(peer, &[0x40, 2, high, low]);
    }
    host.wait(Duration::from_secs(1));
    assert_eq!(host.heard(publisher).frames, heard.frames + 1, "PUBACK comes then");
    // One that gives up is gone, and comes back.
    let again = host.join_with(&connect(V4, "old"));
    assert!(!host.heard(again).is_closed);
}

/// 20 unfinished packets of 15 parts of 256 [issue: 15 of 256 MiB].
#[test]
fn unfinished_packets_make_room_for_each_other() {
    let mut host = Host::new(options());
    let mut innocents = Innocents::join(&mut host);
    let payload = vec![0; 15 * MAX / 256];
    let packet = encoded(&Packet::Publish(publish("t", &payload, QOS1, 9)));
    let peers: Vec<PeerId> = (0..20).map(|number| host.join(&format!("client{number}"))).collect();
    for chunk in packet.chunks(16 * 1024) {
        for peer in &peers {
            if !host.heard(*peer).is_closed {
                host.bytes(*peer, chunk);
            }
        }
        innocents.exchange(&mut host, "unfinished");
    }
    let heard: Vec<Heard> = peers.iter().map(|peer| host.heard(*peer)).collect();
    let acknowledged = heard.iter().filter(|heard| heard.last[0] == 0x40).count();
    let closed = heard.iter().filter(|heard| heard.is_closed && heard.last[0] == 0xE0 && heard.last[2] == 0x97).count();
    println!("{acknowledged} acknowledged, {closed} closed");
    assert!(acknowledged >= 8 && acknowledged + closed == 20, "{heard:?}");
    assert!(host.broker.counters().memory.highest <= MAX);
}

/// A known client takes what waits for it. A new one is refused meanwhile.
#[test]
fn a_known_client_comes_back_to_a_full_broker() {
    let mut host = Host::new(options());
    let publisher = sleepers(40)(&mut host)[0];
    for number in 0..40_u8 {
        let topic = format!("t/{number}");
        for _ in 0..200 {
            host.publish(publisher, publish(&topic, &[0; 10_000], QOS1, 9));
        }
    }
    let mut new = 0;
    while new < 3_000 && !is_refused(&mut host, new) {
        new += 1;
    }
    assert!(new < 3_000, "{:?}", host.broker.counters().memory);
    let peer = host.join("sleeper7");
    assert!(!host.heard(peer).is_closed && host.heard(peer).bytes > 10_000, "{:?}", host.heard(peer));
}

/// True if a new client is refused, with 0x97 in CONNACK.
fn is_refused(host: &mut Host, number: u32) -> bool {
    let peer = host.join(&format!("{number}{}", "x".repeat(10_000)));
    let heard = host.heard(peer);
    assert!(!heard.is_closed || (heard.last[0], heard.last[3]) == (0x20, 0x97), "{heard:?}");
    heard.is_closed
}

/// A long queue, once it is taken, leaves next to nothing behind.
#[test]
fn memory_is_given_back() {
    let mut host = Host::new(BrokerOptions { memory_max: 1 << 30, ..options() });
    let publisher = sleepers(1)(&mut host)[0];
    let before = (allocated(), host.broker.counters().memory.bytes);
    (0..2_000).for_each(|_| _ = host.publish(publisher, publish("t", &[0; 500], QOS1, 9)));
    let peer = host.join("sleeper0");
    for packet_id in 1..=2_000_u16 {
        let [high, low] = packet_id.to_be_bytes();
        host.bytes(peer, &[0x40, 2, high, low]);
    }
    host.cut(peer);
    let (real, counted) = (allocated() - before.0, host.broker.counters().memory.bytes - before.1);
    println!("{real} bytes are left, {counted} counted");
    assert!(real < 400_000 && counted < 400_000, "{real} {counted}: the frames' buffer is kept alone");
}
