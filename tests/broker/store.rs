//! Records in the store: nothing is promised before it is durable.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use wasmqtt::broker::{Answer, Asks, Broker, BrokerOptions, DisconnectCause, Event, Output, RejectCause, StoreError};
use wasmqtt::codec::{
    Ack, Auth, Connect, Disconnect, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode,
    RetainHandling, Subscribe, Subscription, SubscriptionOptions, Version, Will,
};
use wasmqtt::time::Time;

use crate::support::packets::{V4, V5, connect, id, properties, publish, will};
use crate::support::scenario::Scenario;

const SOME_TIME: Time = Time::from_millis(1_800_000_000_000);

/// A scenario whose broker has a store, which is empty.
pub(crate) fn stored() -> Scenario {
    stored_with(BrokerOptions::default())
}

pub(crate) fn stored_with(options: BrokerOptions) -> Scenario {
    let mut scenario = Scenario::with(options);
    scenario.now = SOME_TIME;
    scenario.disk.restore(&mut scenario.broker, scenario.now).expect("nothing is wrong with nothing");
    scenario
}

/// The broker is gone, and the next one begins `seconds` later.
pub(crate) fn restart(scenario: &mut Scenario, seconds: u64) {
    let options = scenario.broker.options().clone();
    restart_with(scenario, seconds, options);
}

pub(crate) fn restart_with(scenario: &mut Scenario, seconds: u64, options: BrokerOptions) {
    scenario.disk.crash(false);
    scenario.now = scenario.now + Duration::from_secs(seconds);
    scenario.broker = Broker::new(options, 8);
    scenario.disk.restore(&mut scenario.broker, scenario.now).expect("what a broker wrote");
    scenario.drain();
}

pub(crate) fn write(scenario: &mut Scenario) {
    let batch = scenario.disk.write().expect("a batch is out");
    scenario.broker.handle_stored(batch, scenario.now);
    scenario.drain();
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
    scenario: &mut Scenario,
    version: Version,
    client_id: &str,
) -> (wasmqtt::broker::PeerId, bool, Vec<String>) {
    let expiry = expiry(1_000);
    let peer = scenario.connect(&keeping(version, client_id, &expiry));
    let mut heard = scenario.hear(peer);
    let connack = heard.remove(0);
    assert!(connack.starts_with("CONNACK ok"), "{connack}");
    (peer, connack.contains("present"), heard)
}

#[test]
fn no_answer_leaves_before_what_it_promises_is_stored() {
    let mut scenario = stored();
    scenario.disk_waits = true;
    let expiry = expiry(1_000);
    let peer = scenario.connect(&keeping(V5, "a", &expiry));
    assert_eq!(scenario.hear(peer), [""; 0], "a session is promised");
    write(&mut scenario);
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));

    assert_eq!(scenario.subscribe(peer, "t/#", QoS::ExactlyOnce), [""; 0]);
    write(&mut scenario);
    assert_eq!(scenario.hear(peer), ["SUBACK #100 02"]);

    let other = scenario.join(V5, "other");
    for (qos, answer) in [(QoS::AtLeastOnce, "PUBACK #9 ok"), (QoS::ExactlyOnce, "PUBREC #9 ok")] {
        scenario.send(other, &Packet::Publish(publish("t/1", "x", qos)));
        assert_eq!((scenario.hear(other), scenario.hear(peer)), (vec![], vec![]));
        write(&mut scenario);
        assert_eq!(scenario.hear(other), [answer]);
        assert_eq!(scenario.hear(peer).len(), 1);
    }
    scenario.send(peer, &Packet::Pubrec(Ack::success(id(2))));
    assert_eq!(scenario.hear(peer), [""; 0], "PUBREL says that the message will not be sent again");
    write(&mut scenario);
    assert_eq!(scenario.hear(peer), ["PUBREL #2 ok"]);
    assert_eq!(scenario.unsubscribe(peer, "t/#"), [""; 0]);
    write(&mut scenario);
    assert_eq!(scenario.hear(peer), ["UNSUBACK #101 00"]);

    assert_eq!(scenario.retain(other, "r", "kept", QoS::AtLeastOnce), [""; 0]);
    write(&mut scenario);
    assert_eq!(scenario.hear(other), ["PUBACK #9 10"]);
}

#[test]
fn what_comes_while_the_store_is_written_waits_for_the_next_batch_if_it_changes_anything() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
    let one = scenario.join(V5, "one");
    let two = scenario.join(V5, "two");
    scenario.disk_waits = true;
    scenario.send(one, &Packet::Publish(publish("t", "first", QoS::AtLeastOnce)));
    scenario.send(two, &Packet::Publish(publish("t", "second", QoS::AtLeastOnce)));
    scenario.send(two, &Packet::Pingreq);
    write(&mut scenario);
    assert_eq!(scenario.hear(one), ["PUBACK #9 ok"]);
    assert_eq!(scenario.hear(keeper), ["t=first q1 #1"]);
    assert_eq!(scenario.hear(two), [""; 0]);
    write(&mut scenario);
    assert_eq!(scenario.hear(two), ["PUBACK #9 ok", "PINGRESP"]);
    assert_eq!(scenario.hear(keeper), ["t=second q1 #2"]);
    // What changes nothing waits for nothing.
    scenario.send(two, &Packet::Pingreq);
    assert_eq!(scenario.hear(two), ["PINGRESP"]);
    assert_eq!(scenario.publish(one, "nobody", "x", QoS::AtMostOnce), [""; 0]);
    assert!(scenario.broker.is_stored());
}

#[test]
fn without_a_store_nothing_is_to_be_stored() {
    let mut scenario = Scenario::new();
    let expiry = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    scenario.retain(peer, "t", "x", QoS::ExactlyOnce);
    assert_eq!(scenario.disk.written, 0);
    assert!(scenario.broker.is_stored());
}

#[test]
fn a_message_is_stored_once_however_many_it_is_for() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    for number in 0..100 {
        let client_id = format!("c{number:02}");
        let peer = scenario.join_with(&keeping(V5, &client_id, &expiry));
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.cut(peer);
    }
    let sender = scenario.join(V5, "sender");
    scenario.retain(sender, "t", &"x".repeat(10_000), QoS::AtLeastOnce);
    let kinds = scenario.disk.kinds();
    assert_eq!(kinds, format!("FMR{}{}{}", "S".repeat(100), "f".repeat(100), "q".repeat(100)));
    let bytes: usize = scenario.disk.records.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(bytes < 30_000, "{bytes}");
    // The last that it is for takes it along.
    restart(&mut scenario, 0);
    for number in 0..100 {
        let peer = scenario.connect(&connect(V5, &format!("c{number:02}")));
        scenario.cut(peer);
    }
    assert_eq!(scenario.disk.kinds(), "FMR");
    let sender = scenario.join(V5, "sender");
    scenario.retain(sender, "t", "", QoS::AtLeastOnce);
    assert_eq!(scenario.disk.kinds(), "F");
}

/// §4.1: only session state is stored, and no session that ends with its connection; its will is.
#[test]
fn a_session_that_ends_with_its_connection_leaves_its_will_alone() {
    for version in [V4, V5] {
        let mut scenario = stored();
        let watcher_expiry = expiry(1_000);
        let watcher = scenario.join_with(&keeping(V5, "watcher", &watcher_expiry));
        scenario.subscribe(watcher, "will", QoS::AtLeastOnce);
        scenario.cut(watcher);
        let before = scenario.disk.kinds();
        let peer = scenario.join(version, "plain");
        scenario.subscribe(peer, "#", QoS::ExactlyOnce);
        scenario.publish(peer, "t", "x", QoS::ExactlyOnce);
        assert_eq!(scenario.disk.kinds(), before);
        let willing = Connect { will: Some(will("will", "gone", QoS::AtLeastOnce)), ..connect(version, "willing") };
        let peer = scenario.join_with(&willing);
        scenario.subscribe(peer, "#", QoS::ExactlyOnce);
        assert_eq!(scenario.disk.kinds(), "FMSSf");
        restart(&mut scenario, 5);
        assert_eq!(scenario.sessions(), ["watcher"]);
        let (_, _, heard) = come_back(&mut scenario, V5, "watcher");
        assert_eq!(heard, ["will=gone q1 #1"]);
        assert_eq!(scenario.disk.kinds(), "FMSfo");
    }
}

#[test]
fn a_store_that_is_behind_stops_the_reading_and_costs_no_message() {
    for (messages, payload) in [(50, 1), (3, 40_000)] {
        let options = BrokerOptions { queue_messages: 40, store_bytes_max: 100_000, ..BrokerOptions::default() };
        let mut scenario = stored_with(BrokerOptions { events: true, ..options });
        let expiry = expiry(1_000);
        let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
        scenario.subscribe(keeper, "t", QoS::AtLeastOnce);
        let sender = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "sender") });
        scenario.disk_waits = true;
        let payload = "x".repeat(payload);
        for _ in 0..=messages {
            scenario.send(sender, &Packet::Publish(publish("t", &payload, QoS::AtLeastOnce)));
        }
        // The first makes a batch; of the others as many are handled as may be.
        let handled = 1 + if messages == 50 { 20 } else { 3 };
        let published = |scenario: &Scenario| {
            scenario.events.iter().filter(|event| matches!(event, Event::Published { .. })).count()
        };
        assert_eq!(published(&scenario), handled);
        // Whoever speaks next waits too, and is not silent.
        let other = scenario.open(V5);
        scenario.send(other, &Packet::Connect(Box::new(connect(V5, "other"))));
        scenario.wait_ms(60_000);
        assert!(!scenario.is_closed(sender) && !scenario.is_closed(other));
        while scenario.broker.connections() > 0 && !scenario.broker.is_stored() {
            write(&mut scenario);
        }
        assert_eq!(published(&scenario), messages + 1);
        assert_eq!(scenario.hear(sender).len(), messages + 1);
        assert!(scenario.hear(other)[0].starts_with("CONNACK ok"));
        let mut heard = scenario.hear(keeper).len();
        scenario.disk_waits = false;
        for number in 1.. {
            if heard > messages {
                break;
            }
            scenario.send(keeper, &Packet::Puback(Ack::success(id(number))));
            heard += scenario.hear(keeper).len();
        }
        assert_eq!((heard, scenario.broker.counters().dropped), (messages + 1, 0));
    }
}

#[test]
fn a_client_that_goes_while_the_store_is_behind_has_said_all_that_it_said() {
    let mut scenario = stored_with(BrokerOptions { queue_messages: 2, events: true, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let keeper = scenario.join_with(&keeping(V5, "keeper", &expiry));
    scenario.subscribe(keeper, "#", QoS::AtLeastOnce);
    scenario.cut(keeper);
    let willing = Connect { will: Some(will("will", "gone", QoS::AtLeastOnce)), ..connect(V5, "sender") };
    let sender = scenario.join_with(&willing);
    scenario.disk_waits = true;
    for payload in ["1", "2"] {
        scenario.send(sender, &Packet::Publish(publish("t", payload, QoS::AtLeastOnce)));
    }
    scenario.send(sender, &Packet::Publish(publish("t", "3", QoS::AtMostOnce)));
    let bye = Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY };
    scenario.send(sender, &Packet::Disconnect(bye));
    scenario.cut(sender);
    while !scenario.broker.is_stored() {
        write(&mut scenario);
    }
    let topics = |event: &Event| match event {
        Event::Published { topic, .. } => Some(topic.to_string()),
        _ => None,
    };
    assert_eq!(scenario.events.iter().filter_map(topics).collect::<Vec<_>>(), ["t", "t", "t"], "and no will");
    let end = Event::Disconnected {
        peer: sender,
        client_id: "sender".into(),
        cause: DisconnectCause::Client(ReasonCode::Success),
    };
    assert!(scenario.events.contains(&end));
    assert_eq!(scenario.broker.connections(), 0);
}

/// A refusal promises nothing, and does not wait for the store. So connections beyond the limit are
/// gone at once, however long a batch takes.
#[test]
fn refused_connections_leave_while_a_batch_is_written() {
    let asks = Asks { authenticate: true, enhanced: true, ..Asks::default() };
    let mut scenario = stored_with(BrokerOptions { connections_max: 2, asks, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let peer = scenario.connect(&keeping(V5, "a", &expiry));
    scenario.answer(Answer::Allow);
    scenario.hear(peer);
    scenario.disk_waits = true;
    assert!(scenario.subscribe(peer, "t", QoS::AtLeastOnce).is_empty(), "it waits for the batch");
    for round in 0..10 {
        let refused = scenario.connect(&keeping(V5, "b", &expiry));
        for _ in 0..5 {
            let beyond = scenario.open(V5);
            assert!(scenario.is_closed(beyond));
            assert!(scenario.broker.connections() <= 2, "{round}");
        }
        scenario.answer(Answer::Refuse(ReasonCode::NotAuthorized));
        assert!(scenario.is_closed(refused));
        assert_eq!((scenario.hear(refused), scenario.broker.connections()), (vec!["CONNACK 87".into()], 1));
        let malformed = scenario.open(V5);
        scenario.send_bytes(malformed, &[0x10, 0]);
        assert!(scenario.is_closed(malformed) && scenario.broker.connections() == 1);
    }
    // Neither what is promised nor what ends an accepted connection leaves before.
    let list = properties(&[Property::AuthenticationMethod("m")]);
    let exchanging = scenario.connect(&Connect { properties: list.as_properties(), ..connect(V5, "c") });
    scenario.answer(Answer::Continue(b"who".as_slice().into()));
    assert_eq!(scenario.hear(exchanging).len(), 1, "an exchange goes on");
    let auth = Auth { reason: ReasonCode::ContinueAuthentication, properties: list.as_properties() };
    scenario.send(exchanging, &Packet::Auth(auth));
    scenario.answer(Answer::Complete(b"you".as_slice().into()));
    assert!(scenario.hear(exchanging).is_empty(), "CONNACK waits");
    scenario.broker.disconnect(exchanging, ReasonCode::AdministrativeAction, scenario.now);
    scenario.drain();
    assert!(!scenario.is_closed(exchanging) && scenario.hear(peer).is_empty());
    scenario.disk_waits = false;
    write(&mut scenario);
    assert_eq!(scenario.hear(peer), ["SUBACK #100 01"]);
    let heard = scenario.hear(exchanging);
    assert!(heard[0].starts_with("CONNACK ok") && heard[1] == "DISCONNECT 98", "{heard:?}");
    assert!(scenario.is_closed(exchanging));
}

#[test]
fn a_store_that_fails_ends_the_broker_and_nothing_unstored_leaves() {
    let mut scenario = stored_with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    let other = scenario.open(V4);
    scenario.disk_waits = true;
    scenario.subscribe(peer, "t", QoS::AtLeastOnce);
    scenario.events.clear();
    scenario.broker.handle_store_failed(scenario.now);
    scenario.drain();
    assert_eq!((scenario.hear(peer), scenario.is_closed(peer), scenario.is_closed(other)), (vec![], true, true));
    let expected = [
        Event::Disconnected { peer, client_id: "a".into(), cause: DisconnectCause::StoreFailed },
        Event::Rejected { peer: other, cause: RejectCause::StoreFailed },
    ];
    assert_eq!(scenario.events, expected);
    let late = scenario.open(V5);
    assert!(scenario.is_closed(late));
    assert_eq!((scenario.broker.is_stored(), scenario.broker.next_deadline()), (false, None));
    scenario.disk_waits = false;
    restart(&mut scenario, 1);
    let (peer, present, _) = come_back(&mut scenario, V5, "a");
    assert!(present);
    assert_eq!(scenario.publish(peer, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"], "the subscription was not stored");
}

#[test]
fn records_of_another_format_and_damaged_ones_are_told() {
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let list = properties(&[Property::WillDelayInterval(10)]);
    let will = Will { properties: list.as_properties(), ..will("will", "gone", QoS::ExactlyOnce) };
    let peer = scenario.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &expiry) });
    scenario.subscribe(peer, "t/#", QoS::ExactlyOnce);
    let other = scenario.join_with(&keeping(V5, "other", &expiry));
    scenario.retain(other, "t/2", "x", QoS::ExactlyOnce);
    scenario.send(other, &Packet::Publish(publish("t/1", "x", QoS::ExactlyOnce)));
    scenario.cut(peer);
    scenario
        .send(other, &Packet::Publish(Publish { packet_id: Some(id(10)), ..publish("t/3", "x", QoS::ExactlyOnce) }));
    let kinds: BTreeSet<char> = scenario.disk.kinds().chars().collect();
    assert_eq!(kinds, "FMRSfioq".chars().collect());
    let records = scenario.disk.records.clone();
    let restore = |records: &std::collections::BTreeMap<Vec<u8>, Vec<u8>>| {
        let records = records.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        Broker::new(BrokerOptions::default(), 1).restore(records, SOME_TIME)
    };
    assert_eq!(restore(&records), Ok(()));

    let mut other_format = records.clone();
    other_format.insert(b"F".to_vec(), vec![0xFF]);
    assert_eq!(restore(&other_format), Err(StoreError::UnknownFormat { found: [0xFF].into(), reads: b"\x03" }));
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
                Err(error @ StoreError::OtherClient { .. }) => panic!("{error}"),
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
    let expected =
        "the store's record \"Zebra\" is damaged: its key has an unknown kind; restore a backup or use an empty store";
    assert_eq!(error.to_string(), expected);
}

/// A session that is to end with the connection that it went on with leaves nothing behind when it
/// does, after a crash too.
#[test]
fn a_session_that_was_to_stay_and_then_was_not_leaves_nothing_in_the_store() {
    let mut scenario = stored();
    let lasting = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &lasting));
    for filter in ["t", "u/#", "$share/g/x"] {
        scenario.subscribe(peer, filter, QoS::ExactlyOnce);
    }
    scenario.cut(peer);
    let none = expiry(0);
    let peer = scenario.connect(&keeping(V5, "a", &none));
    assert!(scenario.hear(peer)[0].contains("present"));
    restart(&mut scenario, 1);
    assert_eq!(scenario.sessions(), [""; 0]);
    assert_eq!(scenario.disk.kinds(), "F");
    restart(&mut scenario, 1);
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
    let mut scenario = stored();
    let expiry = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &expiry));
    scenario.broker.handle_bytes(peer, &repeated("t", 2), scenario.now);
    let mut keys = Vec::new();
    while let Some(output) = scenario.broker.poll_output() {
        if let Output::Store(_, batch) = output {
            keys = batch.changes().map(|(key, _)| key.to_vec()).collect();
            break;
        }
    }
    let unique: BTreeSet<_> = keys.iter().collect();
    assert_eq!((unique.len(), keys.iter().filter(|key| key[0] == b'f').count()), (keys.len(), 1), "{keys:?}");
}

/// One client's repetitions while the store is written cost what they cost without a store: not
/// each as much as all before.
#[test]
fn what_is_noted_while_the_store_is_written_is_noted_once() {
    let time = |packets: usize| {
        let mut scenario = stored();
        let expiry = expiry(1_000);
        let peer = scenario.join_with(&keeping(V5, "a", &expiry));
        scenario.disk_waits = true;
        scenario.subscribe(peer, "t", QoS::AtMostOnce);
        let bytes = repeated("t", 500);
        let begun = Instant::now();
        for _ in 0..packets {
            scenario.broker.handle_bytes(peer, &bytes, scenario.now);
        }
        begun.elapsed()
    };
    // Each as much as all before would make it a hundred times as long.
    let (few, many) = (time(10), time(100));
    assert!(many < 40 * few.max(Duration::from_millis(1)), "{few:?} for 10 packets, {many:?} for 100");
}
