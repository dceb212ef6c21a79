//! What goes to the store and when: nothing is promised before it is durable.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use wasmqtt::broker::{Broker, BrokerOptions, DisconnectCause, Event, Output, RejectCause, StoreError};
use wasmqtt::codec::{
    Ack, Connect, Disconnect, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode, RetainHandling,
    Subscribe, Subscription, SubscriptionOptions, Version, Will,
};
use wasmqtt::time::Time;

use crate::room::{Room, V4, V5, connect, id, properties, publish, will};

const SOME_TIME: Time = Time::from_millis(1_800_000_000_000);

/// A room whose broker has a store, which is empty.
pub(crate) fn stored() -> Room {
    stored_with(BrokerOptions::default())
}

pub(crate) fn stored_with(options: BrokerOptions) -> Room {
    let mut room = Room::with(options);
    room.now = SOME_TIME;
    room.disk.restore(&mut room.broker, room.now).expect("nothing is wrong with nothing");
    room
}

/// The broker is gone, and the next one begins `seconds` later.
pub(crate) fn restart(room: &mut Room, seconds: u64) {
    let options = room.broker.options().clone();
    restart_with(room, seconds, options);
}

pub(crate) fn restart_with(room: &mut Room, seconds: u64, options: BrokerOptions) {
    room.disk.crash(false);
    room.now = room.now + Duration::from_secs(seconds);
    room.broker = Broker::new(options, 8);
    room.disk.restore(&mut room.broker, room.now).expect("what a broker wrote");
    room.drain();
}

pub(crate) fn write(room: &mut Room) {
    let batch = room.disk.write().expect("a batch is out");
    room.broker.handle_stored(batch, room.now);
    room.drain();
}

pub(crate) fn expiry(seconds: u32) -> PropertiesBuf {
    properties(&[Property::SessionExpiryInterval(seconds)])
}

pub(crate) fn keeping<'a>(version: Version, client_id: &'a str, properties: &'a PropertiesBuf) -> Connect<'a> {
    let properties = if version == V5 { properties.as_properties() } else { Properties::EMPTY };
    Connect { clean_start: false, properties, ..connect(version, client_id) }
}

/// Connects without a clean start, and says whether there was a session.
pub(crate) fn come_back(
    room: &mut Room,
    version: Version,
    client_id: &str,
) -> (wasmqtt::broker::PeerId, bool, Vec<String>) {
    let expiry = expiry(1_000);
    let peer = room.connect(&keeping(version, client_id, &expiry));
    let mut heard = room.hear(peer);
    let connack = heard.remove(0);
    assert!(connack.starts_with("CONNACK ok"), "{connack}");
    (peer, connack.contains("present"), heard)
}

#[test]
fn no_answer_leaves_before_what_it_promises_is_stored() {
    let mut room = stored();
    room.disk_waits = true;
    let expiry = expiry(1_000);
    let peer = room.connect(&keeping(V5, "a", &expiry));
    assert_eq!(room.hear(peer), [""; 0], "a session is promised");
    write(&mut room);
    assert!(room.hear(peer)[0].starts_with("CONNACK ok"));

    assert_eq!(room.subscribe(peer, "t/#", QoS::ExactlyOnce), [""; 0]);
    write(&mut room);
    assert_eq!(room.hear(peer), ["SUBACK #100 02"]);

    let other = room.join(V5, "other");
    for (qos, answer) in [(QoS::AtLeastOnce, "PUBACK #9 ok"), (QoS::ExactlyOnce, "PUBREC #9 ok")] {
        room.send(other, &Packet::Publish(publish("t/1", "x", qos)));
        assert_eq!((room.hear(other), room.hear(peer)), (vec![], vec![]));
        write(&mut room);
        assert_eq!(room.hear(other), [answer]);
        assert_eq!(room.hear(peer).len(), 1);
    }
    room.send(peer, &Packet::Pubrec(Ack::success(id(2))));
    assert_eq!(room.hear(peer), [""; 0], "PUBREL says that the message will not be sent again");
    write(&mut room);
    assert_eq!(room.hear(peer), ["PUBREL #2 ok"]);
    assert_eq!(room.unsubscribe(peer, "t/#"), [""; 0]);
    write(&mut room);
    assert_eq!(room.hear(peer), ["UNSUBACK #101 00"]);

    assert_eq!(room.retain(other, "r", "kept", QoS::AtLeastOnce), [""; 0]);
    write(&mut room);
    assert_eq!(room.hear(other), ["PUBACK #9 10"]);
}

#[test]
fn what_comes_while_the_store_is_written_waits_for_the_next_batch_if_it_changes_anything() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "t", QoS::AtLeastOnce);
    let one = room.join(V5, "one");
    let two = room.join(V5, "two");
    room.disk_waits = true;
    room.send(one, &Packet::Publish(publish("t", "first", QoS::AtLeastOnce)));
    room.send(two, &Packet::Publish(publish("t", "second", QoS::AtLeastOnce)));
    room.send(two, &Packet::Pingreq);
    write(&mut room);
    assert_eq!(room.hear(one), ["PUBACK #9 ok"]);
    assert_eq!(room.hear(keeper), ["t=first q1 #1"]);
    assert_eq!(room.hear(two), [""; 0]);
    write(&mut room);
    assert_eq!(room.hear(two), ["PUBACK #9 ok", "PINGRESP"]);
    assert_eq!(room.hear(keeper), ["t=second q1 #2"]);
    // What changes nothing waits for nothing.
    room.send(two, &Packet::Pingreq);
    assert_eq!(room.hear(two), ["PINGRESP"]);
    assert_eq!(room.publish(one, "nobody", "x", QoS::AtMostOnce), [""; 0]);
    assert!(room.broker.is_stored());
}

#[test]
fn without_a_store_nothing_is_to_be_stored() {
    let mut room = Room::new();
    let expiry = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    room.subscribe(peer, "#", QoS::ExactlyOnce);
    room.retain(peer, "t", "x", QoS::ExactlyOnce);
    assert_eq!(room.disk.written, 0);
    assert!(room.broker.is_stored());
}

#[test]
fn a_message_is_stored_once_however_many_it_is_for() {
    let mut room = stored();
    let expiry = expiry(1_000);
    for number in 0..100 {
        let client_id = format!("c{number:02}");
        let peer = room.join_with(&keeping(V5, &client_id, &expiry));
        room.subscribe(peer, "t", QoS::AtLeastOnce);
        room.cut(peer);
    }
    let sender = room.join(V5, "sender");
    room.retain(sender, "t", &"x".repeat(10_000), QoS::AtLeastOnce);
    let kinds = room.disk.kinds();
    assert_eq!(kinds, format!("FMR{}{}{}", "S".repeat(100), "f".repeat(100), "q".repeat(100)));
    let bytes: usize = room.disk.records.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(bytes < 30_000, "{bytes}");
    // The last that it is for takes it along.
    restart(&mut room, 0);
    for number in 0..100 {
        let peer = room.connect(&connect(V5, &format!("c{number:02}")));
        room.cut(peer);
    }
    assert_eq!(room.disk.kinds(), "FMR");
    let sender = room.join(V5, "sender");
    room.retain(sender, "t", "", QoS::AtLeastOnce);
    assert_eq!(room.disk.kinds(), "F");
}

/// §4.1: what is not session state is not stored, nor is a session that ends with its connection; its will is.
#[test]
fn a_session_that_ends_with_its_connection_leaves_its_will_alone() {
    for version in [V4, V5] {
        let mut room = stored();
        let watcher_expiry = expiry(1_000);
        let watcher = room.join_with(&keeping(V5, "watcher", &watcher_expiry));
        room.subscribe(watcher, "will", QoS::AtLeastOnce);
        room.cut(watcher);
        let before = room.disk.kinds();
        let peer = room.join(version, "plain");
        room.subscribe(peer, "#", QoS::ExactlyOnce);
        room.publish(peer, "t", "x", QoS::ExactlyOnce);
        assert_eq!(room.disk.kinds(), before);
        let willing = Connect { will: Some(will("will", "gone", QoS::AtLeastOnce)), ..connect(version, "willing") };
        let peer = room.join_with(&willing);
        room.subscribe(peer, "#", QoS::ExactlyOnce);
        assert_eq!(room.disk.kinds(), "FMSSf");
        restart(&mut room, 5);
        assert_eq!(room.sessions(), ["watcher"]);
        let (_, _, heard) = come_back(&mut room, V5, "watcher");
        assert_eq!(heard, ["will=gone q1 #1"]);
        assert_eq!(room.disk.kinds(), "FMSfo");
    }
}

#[test]
fn a_store_that_is_behind_stops_the_reading_and_costs_no_message() {
    for (messages, payload) in [(50, 1), (3, 40_000)] {
        let options = BrokerOptions { queue_messages: 40, store_bytes_max: 100_000, ..BrokerOptions::default() };
        let mut room = stored_with(BrokerOptions { events: true, ..options });
        let expiry = expiry(1_000);
        let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
        room.subscribe(keeper, "t", QoS::AtLeastOnce);
        let sender = room.join_with(&Connect { keep_alive: 10, ..connect(V5, "sender") });
        room.disk_waits = true;
        let payload = "x".repeat(payload);
        for _ in 0..=messages {
            room.send(sender, &Packet::Publish(publish("t", &payload, QoS::AtLeastOnce)));
        }
        // The first makes a batch; of the others as many are handled as may be.
        let handled = 1 + if messages == 50 { 20 } else { 3 };
        let published =
            |room: &Room| room.events.iter().filter(|event| matches!(event, Event::Published { .. })).count();
        assert_eq!(published(&room), handled);
        // Whoever speaks next waits too, and is not silent.
        let other = room.open(V5);
        room.send(other, &Packet::Connect(Box::new(connect(V5, "other"))));
        room.wait_ms(60_000);
        assert!(!room.is_closed(sender) && !room.is_closed(other));
        while room.broker.connections() > 0 && !room.broker.is_stored() {
            write(&mut room);
        }
        assert_eq!(published(&room), messages + 1);
        assert_eq!(room.hear(sender).len(), messages + 1);
        assert!(room.hear(other)[0].starts_with("CONNACK ok"));
        let mut heard = room.hear(keeper).len();
        room.disk_waits = false;
        for number in 1.. {
            if heard > messages {
                break;
            }
            room.send(keeper, &Packet::Puback(Ack::success(id(number))));
            heard += room.hear(keeper).len();
        }
        assert_eq!((heard, room.broker.counters().dropped), (messages + 1, 0));
    }
}

#[test]
fn a_client_that_goes_while_the_store_is_behind_has_said_all_that_it_said() {
    let mut room = stored_with(BrokerOptions { queue_messages: 2, events: true, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "#", QoS::AtLeastOnce);
    room.cut(keeper);
    let willing = Connect { will: Some(will("will", "gone", QoS::AtLeastOnce)), ..connect(V5, "sender") };
    let sender = room.join_with(&willing);
    room.disk_waits = true;
    for payload in ["1", "2"] {
        room.send(sender, &Packet::Publish(publish("t", payload, QoS::AtLeastOnce)));
    }
    room.send(sender, &Packet::Publish(publish("t", "3", QoS::AtMostOnce)));
    let bye = Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY };
    room.send(sender, &Packet::Disconnect(bye));
    room.cut(sender);
    while !room.broker.is_stored() {
        write(&mut room);
    }
    let topics = |event: &Event| match event {
        Event::Published { topic, .. } => Some(topic.to_string()),
        _ => None,
    };
    assert_eq!(room.events.iter().filter_map(topics).collect::<Vec<_>>(), ["t", "t", "t"], "and no will");
    let end = Event::Disconnected {
        peer: sender,
        client_id: "sender".into(),
        cause: DisconnectCause::Client(ReasonCode::Success),
    };
    assert!(room.events.contains(&end));
    assert_eq!(room.broker.connections(), 0);
}

#[test]
fn a_store_that_fails_ends_the_broker_and_nothing_unstored_leaves() {
    let mut room = stored_with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    let other = room.open(V4);
    room.disk_waits = true;
    room.subscribe(peer, "t", QoS::AtLeastOnce);
    room.events.clear();
    room.broker.handle_store_failed(room.now);
    room.drain();
    assert_eq!((room.hear(peer), room.is_closed(peer), room.is_closed(other)), (vec![], true, true));
    let expected = [
        Event::Disconnected { peer, client_id: "a".into(), cause: DisconnectCause::StoreFailed },
        Event::Rejected { peer: other, cause: RejectCause::StoreFailed },
    ];
    assert_eq!(room.events, expected);
    let late = room.open(V5);
    assert!(room.is_closed(late));
    assert_eq!((room.broker.is_stored(), room.broker.next_deadline()), (false, None));
    room.disk_waits = false;
    restart(&mut room, 1);
    let (peer, present, _) = come_back(&mut room, V5, "a");
    assert!(present);
    assert_eq!(room.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"], "the subscription was not stored");
}

#[test]
fn records_of_another_format_and_damaged_ones_are_told() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let list = properties(&[Property::WillDelayInterval(10)]);
    let will = Will { properties: list.as_properties(), ..will("will", "gone", QoS::ExactlyOnce) };
    let peer = room.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &expiry) });
    room.subscribe(peer, "t/#", QoS::ExactlyOnce);
    let other = room.join_with(&keeping(V5, "other", &expiry));
    room.retain(other, "t/2", "x", QoS::ExactlyOnce);
    room.send(other, &Packet::Publish(publish("t/1", "x", QoS::ExactlyOnce)));
    room.cut(peer);
    room.send(other, &Packet::Publish(Publish { packet_id: Some(id(10)), ..publish("t/3", "x", QoS::ExactlyOnce) }));
    let kinds: BTreeSet<char> = room.disk.kinds().chars().collect();
    assert_eq!(kinds, "FMRSfioq".chars().collect());
    let records = room.disk.records.clone();
    let restore = |records: &std::collections::BTreeMap<Vec<u8>, Vec<u8>>| {
        let records = records.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        Broker::new(BrokerOptions::default(), 1).restore(records, SOME_TIME)
    };
    assert_eq!(restore(&records), Ok(()));

    let mut other_format = records.clone();
    other_format.insert(b"F".to_vec(), vec![0xFF]);
    assert_eq!(restore(&other_format), Err(StoreError::UnknownFormat { found: [0xFF].into() }));
    let mut none = records.clone();
    none.remove(b"F".as_slice());
    assert!(matches!(restore(&none), Err(StoreError::Damaged { .. })));

    for (key, value) in &records {
        // A value that is cut is told, but for text at the end, which is shorter then.
        for len in 0..value.len() {
            let mut damaged = records.clone();
            damaged.insert(key.clone(), value[..len].to_vec());
            match restore(&damaged) {
                Err(StoreError::Damaged { key: told, .. }) => {
                    assert!(*told == **key || matches!(key[0], b'M'), "{told:?} for {key:?} cut at {len}");
                }
                Err(StoreError::UnknownFormat { .. }) => assert_eq!(key[0], b'F'),
                Ok(()) => assert!(matches!(key[0], b'S' | b'M' | b'o' | b'R'), "{key:?} cut at {len}"),
            }
        }
        // Any other byte is told or another state, and never a panic.
        for at in 0..value.len() {
            let mut damaged = records.clone();
            damaged.get_mut(key).expect("there")[at] ^= 0x55;
            let _ = restore(&damaged);
        }
        if matches!(key[0], b'M' | b'S') {
            let mut damaged = records.clone();
            damaged.remove(key);
            let error = restore(&damaged).expect_err("something names it");
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        }
    }
    // No place in a queue is so far behind the others.
    let mut far = records.clone();
    let (mut key, value) =
        far.iter().find(|(key, _)| key[0] == b'q').map(|(key, value)| (key.clone(), value.clone())).expect("it waits");
    let places = key.len() - 8..;
    key[places].fill(0xFF);
    far.insert(key.clone(), value);
    assert!(matches!(restore(&far), Err(StoreError::Damaged { key: told, .. }) if *told == *key));
    far.retain(|other, _| other[0] != b'q' || *other == key);
    assert!(matches!(restore(&far), Err(StoreError::Damaged { key: told, .. }) if *told == *key));

    let mut unknown = records;
    unknown.insert(b"Zebra".to_vec(), Vec::new());
    let error = restore(&unknown).expect_err("no such kind");
    assert_eq!(error.to_string(), "the store's record \"Zebra\" is damaged: it is of no kind that there is");
}

/// A session that is to end with the connection that it went on with leaves nothing behind when it does, after a crash too.
#[test]
fn a_session_that_was_to_stay_and_then_was_not_leaves_nothing_in_the_store() {
    let mut room = stored();
    let lasting = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &lasting));
    for filter in ["t", "u/#", "$share/g/x"] {
        room.subscribe(peer, filter, QoS::ExactlyOnce);
    }
    room.cut(peer);
    let none = expiry(0);
    let peer = room.connect(&keeping(V5, "a", &none));
    assert!(room.hear(peer)[0].contains("present"));
    restart(&mut room, 1);
    assert_eq!(room.sessions(), [""; 0]);
    assert_eq!(room.disk.kinds(), "F");
    restart(&mut room, 1);
}

/// SUBSCRIBE to the same filter, many times.
fn repeated(filter: &str, times: usize) -> Vec<u8> {
    let options = SubscriptionOptions { retain_handling: RetainHandling::DoNotSend, ..SubscriptionOptions::default() };
    let subscriptions = vec![Subscription { filter, options }; times];
    let subscribe = Subscribe { packet_id: id(100), properties: Properties::EMPTY, subscriptions };
    let mut bytes = Vec::new();
    Packet::Subscribe(subscribe).encode(V5, &mut bytes).expect("a good packet");
    bytes
}

#[test]
fn what_changes_twice_stands_once_in_a_batch() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    room.broker.handle_bytes(peer, &repeated("t", 2), room.now);
    let mut keys = Vec::new();
    while let Some(output) = room.broker.poll_output() {
        if let Output::Store(_, batch) = output {
            keys = batch.changes().map(|(key, _)| key.to_vec()).collect();
            break;
        }
    }
    let unique: BTreeSet<_> = keys.iter().collect();
    assert_eq!((unique.len(), keys.iter().filter(|key| key[0] == b'f').count()), (keys.len(), 1), "{keys:?}");
}

/// One client's repetitions while the store is written cost what they cost without a store: not each as much as all before.
#[test]
fn what_is_noted_while_the_store_is_written_is_noted_once() {
    let time = |packets: usize| {
        let mut room = stored();
        let expiry = expiry(1_000);
        let peer = room.join_with(&keeping(V5, "a", &expiry));
        room.disk_waits = true;
        room.subscribe(peer, "t", QoS::AtMostOnce);
        let bytes = repeated("t", 500);
        let begun = Instant::now();
        for _ in 0..packets {
            room.broker.handle_bytes(peer, &bytes, room.now);
        }
        begun.elapsed()
    };
    // Each as much as all before would make it a hundred times as long.
    let (few, many) = (time(10), time(100));
    assert!(many < 40 * few.max(Duration::from_millis(1)), "{few:?} for 10 packets, {many:?} for 100");
}
