//! What survives the broker, and that nothing is promised before it does.

use std::collections::BTreeSet;
use std::time::Duration;

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Answer, Asks, Broker, BrokerOptions, DisconnectCause, Event, RejectCause,
    StoreError,
};
use wasmqtt::codec::{
    Ack, Connect, Disconnect, Message, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode,
    RetainHandling, SubscriptionOptions, Version, Will,
};
use wasmqtt::time::Time;

use crate::room::{QOS, Room, V4, V5, connect, id, message, properties, publish, will};

const SOME_TIME: Time = Time::from_millis(1_800_000_000_000);

/// A room whose broker has a store, which is empty.
fn stored() -> Room {
    stored_with(BrokerOptions::default())
}

fn stored_with(options: BrokerOptions) -> Room {
    let mut room = Room::with(options);
    room.now = SOME_TIME;
    room.disk.restore(&mut room.broker, room.now).expect("nothing is wrong with nothing");
    room
}

/// The broker is gone, and the next one begins `seconds` later.
fn restart(room: &mut Room, seconds: u64) {
    let options = room.broker.options().clone();
    restart_with(room, seconds, options);
}

fn restart_with(room: &mut Room, seconds: u64, options: BrokerOptions) {
    room.disk.crash(false);
    room.now = room.now + Duration::from_secs(seconds);
    room.broker = Broker::new(options, 8);
    room.disk.restore(&mut room.broker, room.now).expect("what a broker wrote");
    room.drain();
}

fn write(room: &mut Room) {
    let batch = room.disk.write().expect("a batch is out");
    room.broker.handle_stored(batch, room.now);
    room.drain();
}

fn expiry(seconds: u32) -> PropertiesBuf {
    properties(&[Property::SessionExpiryInterval(seconds)])
}

fn keeping<'a>(version: Version, client_id: &'a str, properties: &'a PropertiesBuf) -> Connect<'a> {
    let properties = if version == V5 { properties.as_properties() } else { Properties::EMPTY };
    Connect { clean_start: false, properties, ..connect(version, client_id) }
}

/// Connects without a clean start, and says whether there was a session.
fn come_back(room: &mut Room, version: Version, client_id: &str) -> (wasmqtt::broker::PeerId, bool, Vec<String>) {
    let expiry = expiry(1_000);
    let peer = room.connect(&keeping(version, client_id, &expiry));
    let mut heard = room.hear(peer);
    let connack = heard.remove(0);
    assert!(connack.starts_with("CONNACK ok"), "{connack}");
    (peer, connack.contains("present"), heard)
}

/// Messages that come before the client is back are held against the rules for its user.
#[test]
fn the_user_of_a_session_survives() {
    let rule = |filter, verdict| AccessRule {
        action: None,
        filter: AccessFilter::parse(filter).expect(filter),
        client_id: None,
        username: None,
        verdict,
    };
    let rules = vec![rule("home/%u", Ok(())), rule("home/+", Err(ReasonCode::NotAuthorized))];
    let mut room = stored_with(BrokerOptions { access: Access::new(rules), ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    for (client_id, username) in [("a", Some("ann")), ("b", Some("")), ("c", None)] {
        let peer = room.join_with(&Connect { username, ..keeping(V5, client_id, &expiry) });
        room.subscribe(peer, "#", QoS::AtLeastOnce);
    }
    for seconds in [1, 2] {
        restart(&mut room, seconds);
        for topic in ["home/ann", "home/", "home/bob"] {
            let message = Message { qos: QoS::AtLeastOnce, ..message(topic, "x") };
            room.broker.publish(message, room.now);
            room.drain();
        }
    }
    assert_eq!(come_back(&mut room, V5, "a").2, ["home/ann=x q1 #1", "home/ann=x q1 #2"]);
    for client_id in ["b", "c"] {
        assert!(come_back(&mut room, V5, client_id).2.is_empty(), "{client_id}");
    }
}

/// [MQTT-3.8.3-3]: a retained message is its publisher's own after a restart too.
#[test]
fn whose_a_retained_message_is_survives() {
    let mut room = stored();
    let publisher = room.join(V5, "a");
    room.retain(publisher, "t", "x", QoS::AtLeastOnce);
    restart(&mut room, 1);
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    for (client_id, count) in [("a", 0), ("b", 1)] {
        let peer = room.join(V5, client_id);
        assert_eq!(room.subscribe_with(peer, "t", options, None).len(), 1 + count, "{client_id}");
    }
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
fn subscriptions_survive_with_their_options_and_identifiers() {
    for version in [V4, V5] {
        let mut room = stored();
        let expiry = expiry(1_000);
        let peer = room.join_with(&keeping(version, "a", &expiry));
        let rows =
            [("no/local", true, false, None), ("as/published", false, true, Some(7)), ("plain/#", false, false, None)];
        for (filter, no_local, retain_as_published, identifier) in rows {
            let options = SubscriptionOptions {
                qos: QoS::AtLeastOnce,
                no_local: no_local && version == V5,
                retain_as_published: retain_as_published && version == V5,
                retain_handling: RetainHandling::Send,
            };
            room.subscribe_with(peer, filter, options, identifier.filter(|_| version == V5));
        }
        room.subscribe(peer, "given/up", QoS::AtLeastOnce);
        room.unsubscribe(peer, "given/up");
        room.subscribe(peer, "$share/group/job", QoS::AtMostOnce);
        restart(&mut room, 10);
        let (peer, present, _) = come_back(&mut room, version, "a");
        assert!(present);
        let other = room.join(V5, "other");
        room.retain(other, "as/published", "x", QoS::ExactlyOnce);
        room.publish(other, "plain/1", "x", QoS::AtMostOnce);
        room.publish(other, "given/up", "x", QoS::AtLeastOnce);
        room.publish(other, "job", "x", QoS::AtLeastOnce);
        let expected = match version {
            V4 => ["as/published=x q1 #1", "plain/1=x q0", "job=x q0"],
            V5 => ["as/published=x q1 #1 retain SubscriptionIdentifier(7)", "plain/1=x q0", "job=x q0"],
        };
        assert_eq!(room.hear(peer), expected);
        let own = room.publish(peer, "no/local", "x", QoS::AtLeastOnce);
        assert_eq!(own.len(), if version == V5 { 1 } else { 2 }, "{own:?}");
    }
}

/// [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-4.3.3-6]: as if the broker had never been away.
#[test]
fn what_is_in_flight_and_what_waits_goes_on_where_it_stood() {
    let mut room =
        stored_with(BrokerOptions { in_flight_max: 5.try_into().expect("not 0"), ..BrokerOptions::default() });
    let expiry = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    room.subscribe(peer, "#", QoS::ExactlyOnce);
    let other = room.join(V5, "other");
    for (number, qos) in [1, 2, 1, 2, 2, 1, 2].into_iter().enumerate() {
        room.publish(other, "t", &number.to_string(), QOS[qos]);
    }
    assert_eq!(room.hear(peer).len(), 5);
    // Of the QoS 2 ones the second is released before the first; a QoS 1 one is over, and so the sixth is sent.
    room.send(peer, &Packet::Puback(Ack::success(id(1))));
    room.send(peer, &Packet::Pubrec(Ack::success(id(4))));
    room.send(peer, &Packet::Pubrec(Ack::success(id(2))));
    assert_eq!(room.hear(peer), ["t=5 q1 #6", "PUBREL #4 ok", "PUBREL #2 ok"]);
    for _ in 0..2 {
        restart(&mut room, 1);
        let (_, present, heard) = come_back(&mut room, V5, "a");
        assert!(present);
        let expected = ["t=2 q1 #3 dup", "t=4 q2 #5 dup", "t=5 q1 #6 dup", "PUBREL #4 ok", "PUBREL #2 ok", "t=6 q2 #1"];
        assert_eq!(heard[..5], expected[..5]);
        // The last is in flight since the first time round.
        let last = heard[5..].join(" ");
        assert!(last.is_empty() || last.starts_with("t=6 q2 #1"), "{heard:?}");
    }
}

/// [MQTT-4.3.3-10], [MQTT-4.3.3-12]: exactly once across a restart.
#[test]
fn a_qos_2_message_that_came_before_the_restart_is_not_taken_again_after_it() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "t", QoS::ExactlyOnce);
    room.cut(keeper);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    room.send(peer, &Packet::Publish(publish("t", "x", QoS::ExactlyOnce)));
    assert_eq!(room.hear(peer), ["PUBREC #9 ok"]);
    restart(&mut room, 1);
    let (peer, ..) = come_back(&mut room, V5, "a");
    room.send(peer, &Packet::Publish(Publish { dup: true, ..publish("t", "x", QoS::ExactlyOnce) }));
    room.send(peer, &Packet::Pubrel(Ack::success(id(9))));
    assert_eq!(room.hear(peer), ["PUBREC #9 ok", "PUBCOMP #9 ok"]);
    restart(&mut room, 1);
    let (peer, ..) = come_back(&mut room, V5, "a");
    room.send(peer, &Packet::Pubrel(Ack::success(id(9))));
    assert_eq!(room.hear(peer), ["PUBCOMP #9 92"], "it is over, and its identifier free");
    let (_, _, heard) = come_back(&mut room, V5, "keeper");
    assert_eq!(heard, ["t=x q2 #1"]);
}

#[test]
fn retained_messages_survive_the_last_of_each_topic() {
    let mut room = stored();
    let peer = room.join(V5, "a");
    let list = properties(&[Property::ContentType("text"), Property::UserProperty("k", "v")]);
    let with = Publish { properties: list.as_properties(), retain: true, ..publish("with", "x", QoS::ExactlyOnce) };
    room.publish_with(peer, with);
    for payload in ["old", "new"] {
        room.retain(peer, "t", payload, QoS::AtMostOnce);
    }
    room.retain(peer, "cleared", "x", QoS::AtLeastOnce);
    room.retain(peer, "cleared", "", QoS::AtLeastOnce);
    room.retain(peer, "old/and/cleared", "x", QoS::AtLeastOnce);
    restart(&mut room, 1);
    let peer = room.join(V5, "a");
    room.retain(peer, "old/and/cleared", "", QoS::AtLeastOnce);
    restart(&mut room, 1);
    let peer = room.join(V5, "b");
    let heard = room.subscribe(peer, "#", QoS::ExactlyOnce);
    let expected =
        ["SUBACK #100 02", "t=new q0 retain", r#"with=x q2 #1 retain ContentType("text") UserProperty("k", "v")"#];
    assert_eq!(heard, expected);
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

/// [MQTT-3.1.2-8], §3.1.3.2.2: the connection is gone when the broker is back; a delay that had begun goes on.
#[test]
fn wills_survive_with_their_delays() {
    let rows = [(None, 0), (Some(30), 30)];
    for (delay, seconds) in rows {
        let mut room = stored();
        let watcher_expiry = expiry(1_000);
        let watcher = room.join_with(&keeping(V5, "watcher", &watcher_expiry));
        room.subscribe(watcher, "will", QoS::ExactlyOnce);
        room.cut(watcher);
        let list = delay.map(|delay| properties(&[Property::WillDelayInterval(delay)])).unwrap_or_default();
        let will = Will { properties: list.as_properties(), ..will("will", "gone", QoS::ExactlyOnce) };
        let expiry = expiry(1_000);
        room.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &expiry) });
        restart(&mut room, 5);
        let (watcher, _, mut heard) = come_back(&mut room, V5, "watcher");
        if seconds > 0 {
            room.wait_ms(10_000);
            restart(&mut room, 10);
            let (watcher, ..) = come_back(&mut room, V5, "watcher");
            room.wait_ms(9_999);
            assert_eq!(room.hear(watcher), [""; 0]);
            room.wait_ms(1);
            heard = room.hear(watcher);
        }
        assert_eq!(heard, ["will=gone q2 #1"], "{delay:?}");
        assert_eq!(room.hear(watcher), [""; 0]);
        // It is published once, whatever happens then.
        restart(&mut room, 1);
        let (watcher, _, heard) = come_back(&mut room, V5, "watcher");
        assert_eq!(heard, ["will=gone q2 #1 dup"]);
        room.wait_ms(100_000);
        assert_eq!(room.hear(watcher), [""; 0]);
    }
}

/// §3.1.2.11.2: a session that was connected begins to expire when the broker is back; another goes on expiring.
#[test]
fn sessions_expire_at_their_time_across_restarts() {
    let rows = [
        (true, 100, 1_000, true),
        (true, 100, 99, true),
        (true, 100, 101, true),
        (false, 100, 99, true),
        (false, 100, 101, false),
    ];
    for (connected, interval, away, present) in rows {
        let mut room = stored();
        let expiry = expiry(interval);
        let peer = room.join_with(&keeping(V5, "a", &expiry));
        if !connected {
            room.cut(peer);
        }
        restart(&mut room, away);
        let case = format!("{connected} {interval} {away}");
        assert_eq!(room.sessions().len(), usize::from(present), "{case}");
        if connected {
            room.wait_ms(99_999);
            assert_eq!(room.sessions(), ["a"], "{case}");
            room.wait_ms(1);
        } else {
            room.wait_ms(1_000);
        }
        assert_eq!(room.sessions(), [""; 0], "{case}");
        assert_eq!(room.disk.kinds(), "F", "{case}");
    }
    // For ever is for ever, and a clock that was set back makes nothing longer than it is.
    let mut room = stored();
    let for_ever = expiry(u32::MAX);
    let peer = room.join_with(&keeping(V5, "a", &for_ever));
    room.cut(peer);
    restart(&mut room, 1_000_000_000);
    assert_eq!((room.sessions(), room.broker.next_deadline()), (vec!["a"], None));
    let short = expiry(10);
    let peer = room.join_with(&Connect { clean_start: true, ..keeping(V5, "b", &short) });
    room.cut(peer);
    room.now = Time::from_millis(room.now.as_millis() - 1_000_000);
    restart(&mut room, 0);
    room.wait_ms(10_000);
    assert_eq!(room.sessions(), ["a"]);
}

/// [MQTT-3.3.2-5], [MQTT-3.3.2-6]: the time that the broker was away counts.
#[test]
fn messages_expire_at_their_time_across_restarts() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
    room.subscribe(keeper, "t/#", QoS::AtLeastOnce);
    room.cut(keeper);
    let sender = room.join(V5, "sender");
    for seconds in [50, 100] {
        let list = properties(&[Property::MessageExpiryInterval(seconds)]);
        let topic = format!("t/{seconds}");
        let publish =
            Publish { properties: list.as_properties(), retain: true, ..publish(&topic, "x", QoS::AtLeastOnce) };
        room.publish_with(sender, publish);
    }
    restart(&mut room, 60);
    let (_, _, heard) = come_back(&mut room, V5, "keeper");
    assert_eq!(heard, ["t/100=x q1 #2 MessageExpiryInterval(40)"]);
    let other = room.join(V5, "other");
    let heard = room.subscribe(other, "t/#", QoS::AtMostOnce);
    assert_eq!(heard[1..], ["t/100=x q0 retain MessageExpiryInterval(40)"]);
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
    other_format.insert(b"F".to_vec(), vec![2]);
    assert_eq!(restore(&other_format), Err(StoreError::UnknownFormat { found: [2].into() }));
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
    let mut unknown = records;
    unknown.insert(b"Zebra".to_vec(), Vec::new());
    let error = restore(&unknown).expect_err("no such kind");
    assert_eq!(error.to_string(), "the store's record \"Zebra\" is damaged: it is of no kind that there is");
}

/// What waits for the host's word is promised to its publisher, and asked about again.
#[test]
fn deliveries_that_wait_to_be_allowed_survive_and_are_asked_about_again() {
    for is_asked_again in [true, false] {
        let asks = Asks { receive: true, ..Asks::default() };
        let mut room = stored_with(BrokerOptions { asks, ..BrokerOptions::default() });
        let expiry = expiry(1_000);
        let keeper = room.join_with(&keeping(V5, "keeper", &expiry));
        room.subscribe(keeper, "t", QoS::ExactlyOnce);
        let sender = room.join(V5, "sender");
        for (payload, qos) in [("1", 1), ("zero", 0), ("2", 2), ("3", 1)] {
            room.publish(sender, "t", payload, QOS[qos]);
        }
        let asked = std::mem::take(&mut room.asked);
        room.broker.answer(asked[0].0, Answer::Allow, room.now);
        room.drain();
        assert_eq!(room.hear(keeper), ["t=1 q1 #1"]);
        assert_eq!(room.disk.kinds(), "FMMMSfoss");
        room.asked.clear();
        let asks = Asks { receive: is_asked_again, ..Asks::default() };
        restart_with(&mut room, 1, BrokerOptions { asks, ..BrokerOptions::default() });
        let asked = std::mem::take(&mut room.asked);
        assert_eq!(asked.len(), if is_asked_again { 2 } else { 0 });
        let (keeper, _, heard) = come_back(&mut room, V5, "keeper");
        let first = "t=1 q1 #1 dup";
        if is_asked_again {
            assert_eq!(heard, [first]);
            for (question, _) in asked {
                room.broker.answer(question, Answer::Allow, room.now);
            }
            room.drain();
            assert_eq!(room.hear(keeper), ["t=2 q2 #2", "t=3 q1 #3"]);
        } else {
            assert_eq!(heard, [first, "t=2 q2 #2", "t=3 q1 #3"]);
        }
        assert_eq!(room.disk.kinds(), "FMMMSfooo");
    }
}

/// [MQTT-4.8.2-5]: what goes out for a shared subscription still goes to another member after a restart.
#[test]
fn what_a_member_leaves_undone_is_known_to_be_shared_after_a_restart() {
    let mut room = stored();
    let short = expiry(10);
    let peer = room.join_with(&keeping(V5, "short", &short));
    room.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    room.subscribe(peer, "own", QoS::AtLeastOnce);
    let sender = room.join(V5, "sender");
    room.publish(sender, "t", "shared", QoS::AtLeastOnce);
    room.publish(sender, "own", "x", QoS::AtLeastOnce);
    assert_eq!(room.hear(peer).len(), 2);
    restart(&mut room, 1);
    let long = expiry(1_000);
    let other = room.join_with(&keeping(V5, "other", &long));
    room.subscribe(other, "$share/g/t", QoS::AtLeastOnce);
    room.wait_ms(9_000);
    assert_eq!(room.hear(other), [""; 0]);
    room.wait_ms(2_000);
    assert_eq!(room.hear(other), ["t=shared q1 #1"]);
    assert_eq!(room.sessions(), ["other"]);
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

/// What was restored beyond a lower bound stays so while its client comes and goes.
#[test]
fn a_queue_beyond_a_lower_bound_is_whole_when_its_client_leaves_again() {
    let mut room = stored();
    let expiry = expiry(1_000);
    let peer = room.join_with(&keeping(V5, "a", &expiry));
    room.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    room.subscribe(peer, "own", QoS::AtLeastOnce);
    room.cut(peer);
    let other = room.join(V5, "other");
    for number in 0..4 {
        room.publish(other, "own", &number.to_string(), QoS::AtLeastOnce);
    }
    room.publish(other, "t", "x", QoS::AtLeastOnce);
    let options =
        BrokerOptions { queue_messages: 2, in_flight_max: 1.try_into().expect("not 0"), ..BrokerOptions::default() };
    restart_with(&mut room, 1, options);
    let member = room.join(V5, "member");
    room.subscribe(member, "$share/g/t", QoS::AtLeastOnce);
    let (peer, _, heard) = come_back(&mut room, V5, "a");
    assert_eq!(heard, ["own=0 q1 #1"]);
    room.cut(peer);
    assert_eq!(room.hear(member), ["t=x q1 #1"]);
    let queued = room.broker.sessions().find(|session| session.client_id == "a").expect("kept").queued;
    assert_eq!(queued, 3);
}
