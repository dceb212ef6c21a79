//! The host as a subscriber of its own broker.

use std::time::Duration;

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Action, Asks, BrokerOptions, DropCause, Event, HandlerId, HostMessage,
    HostSubscribeError, Output,
};
use wasmqtt::codec::{Connect, Message, Property, Publish, QoS, ReasonCode, RetainHandling, SubscriptionOptions};
use wasmqtt::topic::TopicFilter;

use crate::room::{QOS, Room, V4, V5, connect, message, properties, publish, will};
use crate::store::{restart, stored, write};

const PLAIN: SubscriptionOptions = SubscriptionOptions {
    qos: QoS::AtMostOnce,
    no_local: false,
    retain_as_published: false,
    retain_handling: RetainHandling::Send,
};

fn retained(topic: &str, payload: &str) -> Message {
    Message { retain: true, ..message(topic, payload) }
}

#[test]
fn the_host_has_each_message_once_with_the_quality_it_was_published_with() {
    for version in [V4, V5] {
        let mut room = Room::new();
        let publisher = room.join(version, "p");
        assert_eq!(room.subscribe_host(7, "a/+", PLAIN), [""; 0]);
        for qos in QOS {
            room.publish(publisher, "a/b", "x", qos);
            assert_eq!(room.mail(), [format!("7: a/b=x q{}", qos.bits())]);
        }
        room.publish(publisher, "b", "x", QoS::AtMostOnce);
        assert_eq!(room.mail(), [""; 0]);
    }
}

#[test]
fn properties_come_along_but_an_alias_does_not() {
    let mut room = Room::new();
    let publisher = room.join(V5, "p");
    room.subscribe_host(1, "#", PLAIN);
    let listed =
        properties(&[Property::ContentType("text"), Property::TopicAlias(3), Property::UserProperty("a", "b")]);
    room.publish_with(publisher, Publish { properties: listed.as_properties(), ..publish("t", "x", QoS::AtMostOnce) });
    let alias = properties(&[Property::TopicAlias(3)]);
    room.publish_with(publisher, Publish { properties: alias.as_properties(), ..publish("", "y", QoS::AtMostOnce) });
    assert_eq!(room.mail(), ["1: t=x q0 ContentType(\"text\") UserProperty(\"a\", \"b\")", "1: t=y q0"]);
}

#[test]
fn filters_match_as_for_clients() {
    let mut room = Room::new();
    let publisher = room.join(V5, "p");
    let filters = ["#", "+/b", "a/b", "a/#", "$x/#", "+/y"];
    for (handler, filter) in (0..).zip(filters) {
        room.subscribe_host(handler, filter, PLAIN);
    }
    for (topic, handlers) in [("a/b", "0 1 2 3"), ("a", "0 3"), ("c/b", "0 1"), ("c", "0"), ("$x/y", "4")] {
        room.publish(publisher, topic, "", QoS::AtMostOnce);
        let expected: Vec<_> = handlers.split(' ').map(|handler| format!("{handler}: {topic}= q0")).collect();
        assert_eq!(room.mail(), expected);
    }
}

#[test]
fn two_handlers_of_one_filter_both_have_it_until_they_leave() {
    let mut room = Room::new();
    let publisher = room.join(V5, "p");
    for handler in [9, 2, 5] {
        room.subscribe_host(handler, "t", PLAIN);
    }
    assert_eq!(room.broker.subscriptions(), 3);
    room.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(room.mail(), ["2: t=x q0", "5: t=x q0", "9: t=x q0"]);
    assert_eq!([room.unsubscribe_host(2, "t"), room.unsubscribe_host(2, "t")], [true, false]);
    assert!(!room.unsubscribe_host(5, "#"), "it has another filter");
    room.publish(publisher, "t", "y", QoS::AtMostOnce);
    assert_eq!(room.mail(), ["5: t=y q0", "9: t=y q0"]);
    assert!(room.unsubscribe_host(9, "t") && room.unsubscribe_host(5, "t"));
    room.publish(publisher, "t", "z", QoS::AtMostOnce);
    assert_eq!((room.mail().len(), room.broker.subscriptions()), (0, 0));
}

/// 0x10 tells that there was nobody.
#[test]
fn it_counts_as_one_subscriber() {
    let mut room = Room::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (publisher, client) = (room.join(V5, "p"), room.join(V5, "c"));
    assert_eq!(room.publish(publisher, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    room.subscribe_host(1, "t", PLAIN);
    room.subscribe_host(2, "#", PLAIN);
    assert_eq!(room.publish(publisher, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
    room.subscribe(client, "t", QoS::AtMostOnce);
    room.events.clear();
    assert_eq!(room.publish_host(message("t", "x")), 2);
    assert!(
        matches!(&room.events[..], [Event::Published { client_id: None, subscribers: 2, .. }]),
        "{:?}",
        room.events
    );
    assert_eq!(room.sessions(), ["c", "p"], "it has no session");
    assert_eq!(room.broker.clients().count(), 2);
    assert_eq!(room.broker.gauges(room.now).subscriptions, 3);
    assert_eq!(room.broker.counters().delivered, 1, "PUBLISH packets");
}

#[test]
fn retained_messages_come_on_subscribing_as_the_options_say() {
    let mut room = Room::new();
    for (topic, payload) in [("b", "2"), ("a", "1"), ("$a", "3")] {
        room.publish_host(retained(topic, payload));
    }
    let options = |retain_handling| SubscriptionOptions { retain_handling, ..PLAIN };
    let all = ["1: a=1 q0 retain", "1: b=2 q0 retain"];
    assert_eq!(room.subscribe_host(1, "+", options(RetainHandling::DoNotSend)), [""; 0]);
    assert_eq!(room.subscribe_host(1, "+", options(RetainHandling::SendIfNew)), [""; 0], "it is not new");
    assert_eq!(room.subscribe_host(1, "+", options(RetainHandling::Send)), all);
    assert_eq!(room.subscribe_host(2, "b", options(RetainHandling::SendIfNew)), ["2: b=2 q0 retain"]);
    assert_eq!(room.subscribe_host(3, "$a/#", PLAIN), ["3: $a=3 q0 retain"]);
}

#[test]
fn the_retain_flag_is_left_to_who_asks_for_that() {
    let mut room = Room::new();
    let as_published = SubscriptionOptions { retain_as_published: true, ..PLAIN };
    for (handler, options) in [(1, as_published), (2, PLAIN), (3, as_published), (4, PLAIN)] {
        room.subscribe_host(handler, "t", options);
    }
    room.publish_host(retained("t", "x"));
    assert_eq!(room.mail(), ["1: t=x q0 retain", "2: t=x q0", "3: t=x q0 retain", "4: t=x q0"]);
    room.publish_host(message("t", "y"));
    assert_eq!(room.mail(), ["1: t=y q0", "2: t=y q0", "3: t=y q0", "4: t=y q0"]);
}

#[test]
fn no_local_keeps_away_what_the_host_itself_publishes() {
    let mut room = Room::new();
    let publisher = room.join(V5, "p");
    room.publish_host(retained("t/host", "x"));
    room.retain(publisher, "t/client", "x", QoS::AtMostOnce);
    let no_local = SubscriptionOptions { no_local: true, ..PLAIN };
    assert_eq!(room.subscribe_host(1, "t/#", no_local), ["1: t/client=x q0 retain"]);
    assert_eq!(room.publish_host(message("t", "x")), 0);
    room.publish(publisher, "t", "y", QoS::AtMostOnce);
    assert_eq!(room.mail(), ["1: t=y q0"]);
    let will = Connect { will: Some(will("t/will", "gone", QoS::AtMostOnce)), ..connect(V5, "mortal") };
    let mortal = room.join_with(&will);
    room.cut(mortal);
    assert_eq!(room.mail(), ["1: t/will=gone q0"], "a will is its client's");
    let told = room.subscribe_host(2, "$SYS/broker/clients/connected", no_local);
    assert_eq!(told, ["2: $SYS/broker/clients/connected=1 q0 retain"]);
    room.join(V5, "other");
    room.wait(Duration::from_secs(10));
    assert_eq!(room.mail(), ["2: $SYS/broker/clients/connected=2 q0"]);
}

#[test]
fn the_expiry_interval_of_a_retained_message_is_counted_down_and_what_is_over_is_not_there() {
    let mut room = Room::new();
    let lasting = |topic, seconds| {
        let listed = properties(&[Property::ContentType("text"), Property::MessageExpiryInterval(seconds)]);
        Message { properties: listed, ..retained(topic, "x") }
    };
    room.publish_host(lasting("long", 10));
    room.publish_host(lasting("short", 3));
    room.wait(Duration::from_secs(4));
    let expected = ["1: long=x q0 retain ContentType(\"text\") MessageExpiryInterval(6)"];
    assert_eq!(room.subscribe_host(1, "+", PLAIN), expected);
    room.publish_host(lasting("new", 1));
    assert_eq!(room.mail(), ["1: new=x q0 ContentType(\"text\") MessageExpiryInterval(1)"]);
    let filter = TopicFilter::parse("long").expect("a filter");
    room.broker.subscribe(&filter, HandlerId(2), PLAIN, room.now).expect("not shared");
    let Some(Output::Message(mail)) = room.broker.poll_output() else { panic!("a message") };
    assert_eq!(mail.expiry_interval(room.now), Some(6));
    let late = room.now + Duration::from_secs(6);
    assert_eq!((mail.expiry_interval(late), mail.encode(late, &mut Vec::new())), (Some(0), Err(DropCause::Expired)));
    let lasting_for_ever = HostMessage { message: message("t", "x").into(), ..mail };
    assert_eq!(lasting_for_ever.expiry_interval(late), None);
}

#[test]
fn a_retained_message_is_shared_and_not_copied() {
    let mut room = Room::new();
    room.publish_host(retained("t", "x"));
    let filter = TopicFilter::parse("t").expect("a filter");
    let mut had = Vec::new();
    for handler in [1, 2] {
        room.broker.subscribe(&filter, HandlerId(handler), PLAIN, room.now).expect("not shared");
        let Some(Output::Message(HostMessage { message, .. })) = room.broker.poll_output() else { panic!("a message") };
        had.push(message);
    }
    assert!(std::sync::Arc::ptr_eq(&had[0], &had[1]));
}

#[test]
fn a_shared_subscription_is_refused() {
    let mut room = Room::new();
    let filter = TopicFilter::parse("$share/g/t").expect("a filter");
    let refused = room.broker.subscribe(&filter, HandlerId(1), PLAIN, room.now);
    assert_eq!(refused, Err(HostSubscribeError::Shared));
    assert_eq!(HostSubscribeError::Shared.to_string(), "shared subscriptions are for clients alone");
    assert_eq!((room.publish_host(message("t", "x")), room.broker.subscriptions()), (0, 0));
}

/// The values at once, then those that have changed; and the deadline ends with the last subscription.
#[test]
fn it_is_told_of_the_broker() {
    let mut room = Room::new();
    let topic = "$SYS/broker/subscriptions/count";
    assert_eq!(room.subscribe_host(1, "#", PLAIN), [""; 0]);
    assert_eq!(room.broker.next_deadline(), None);
    assert_eq!(room.subscribe_host(2, topic, PLAIN), [format!("2: {topic}=2 q0 retain")]);
    assert_eq!(room.subscribe_host(3, "$SYS/broker/clients/#", PLAIN).len(), 4);
    assert_eq!(room.subscribe_host(3, "$SYS/broker/clients/#", PLAIN).len(), 4, "again, and that counts once");
    let client = room.join(V5, "c");
    let told = room.subscribe(client, topic, QoS::AtMostOnce);
    assert_eq!(told[1], format!("{topic}=4 q0 retain"));
    room.wait(Duration::from_secs(10));
    assert_eq!(room.mail()[0], "3: $SYS/broker/clients/connected=1 q0");
    assert_eq!(room.hear(client), [format!("{topic}=4 q0")], "not all had been told this");
    room.unsubscribe(client, topic);
    assert!(room.unsubscribe_host(2, topic));
    assert!(room.broker.next_deadline().is_some());
    assert!(room.unsubscribe_host(3, "$SYS/broker/clients/#"));
    assert_eq!(room.broker.next_deadline(), None);
}

/// Neither the access list nor the hooks nor the limits of clients.
#[test]
fn what_holds_for_clients_does_not_hold_for_the_host() {
    let (access, asks) = (
        Access::new(vec![AccessRule {
            action: Some(Action::Subscribe),
            filter: AccessFilter::parse("#").expect("a filter"),
            client_id: None,
            username: None,
            verdict: Err(ReasonCode::NotAuthorized),
        }]),
        Asks { subscribe: true, receive: true, ..Asks::default() },
    );
    let options = BrokerOptions {
        access,
        asks,
        maximum_qos: QoS::AtMostOnce,
        topic_levels_max: 2,
        subscriptions_max: 1,
        wildcard_subscription_available: false,
        ..BrokerOptions::default()
    };
    let mut room = Room::with(options);
    room.subscribe_host(1, "a/+/c/#", PLAIN);
    room.subscribe_host(2, "a/b/c", PLAIN);
    room.publish_host(Message { qos: QoS::ExactlyOnce, ..message("a/b/c", "x") });
    assert_eq!((room.mail(), room.asked.len()), (["1: a/b/c=x q2", "2: a/b/c=x q2"].map(String::from).to_vec(), 0));
}

/// What is acknowledged waits for the store, what the host has does not.
#[test]
fn it_does_not_wait_for_the_store_and_the_store_keeps_nothing_of_it() {
    let mut room = stored();
    let publisher = room.join(V5, "p");
    room.subscribe_host(1, "#", PLAIN);
    room.disk_waits = true;
    assert_eq!(room.retain(publisher, "t", "x", QoS::AtLeastOnce), [""; 0]);
    assert_eq!(room.mail(), ["1: t=x q1"]);
    write(&mut room);
    assert_eq!(room.hear(publisher), ["PUBACK #9 ok"]);
    assert_eq!(room.disk.kinds(), "FMR", "the format, the message, that it is retained");
    restart(&mut room, 1);
    assert_eq!(room.broker.subscriptions(), 0);
    assert_eq!(room.subscribe_host(1, "#", PLAIN), ["1: t=x q1 retain"]);
}

/// The order that `poll_output` promises: events and messages as they came, then frames.
#[test]
fn messages_come_in_their_order_among_the_events_and_before_the_frames() {
    let mut room = Room::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (publisher, client) = (room.join(V5, "p"), room.join(V5, "c"));
    room.subscribe(client, "#", QoS::AtMostOnce);
    room.subscribe_host(1, "#", PLAIN);
    let mut frame = Vec::new();
    for payload in ["1", "2"] {
        publish("t", payload, QoS::AtMostOnce).encode(V5, &mut frame).expect("a good packet");
    }
    room.broker.handle_bytes(publisher, &frame, room.now);
    let mut order = String::new();
    while let Some(output) = room.broker.poll_output() {
        order += match output {
            Output::Event(_) => "event ",
            Output::Message(mail) if mail.message.payload == b"1" => "first ",
            Output::Message(_) => "second ",
            Output::Transmit(..) => "frame ",
            Output::Close(_) | Output::Ask { .. } | Output::Resume(_) | Output::Store(..) => "other ",
        };
    }
    assert_eq!(order, "first event second event frame ");
}

/// Who stops listening to events keeps the messages.
#[test]
fn messages_that_wait_are_no_events() {
    let mut room = Room::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    room.subscribe_host(1, "#", PLAIN);
    for payload in ["1", "2"] {
        room.broker.publish(message("t", payload), room.now);
    }
    room.broker.set_events(false);
    assert_eq!(room.mail(), ["1: t=1 q0", "1: t=2 q0"]);
    assert_eq!(room.events, []);
}

/// A handler that publishes what it is subscribed to goes round and round, and no call is within another.
#[test]
fn a_host_that_answers_itself_goes_round_by_polling() {
    let mut room = Room::new();
    room.subscribe_host(1, "round", PLAIN);
    room.broker.publish(message("round", "0"), room.now);
    for round in 0..100_000_u32 {
        let Some(Output::Message(mail)) = room.broker.poll_output() else { panic!("round {round} is lost") };
        assert!(room.broker.poll_output().is_none(), "one at a time");
        room.broker.publish(Message::clone(&mail.message), room.now);
    }
}

/// Nobody's properties but those of the message itself.
#[test]
fn a_message_without_properties_has_none() {
    let mut room = Room::new();
    let (publisher, client) = (room.join(V4, "p"), room.join(V5, "c"));
    let identified = room.subscribe_with(client, "t", PLAIN, Some(5));
    assert_eq!(identified, ["SUBACK #100 00"]);
    room.subscribe_host(1, "t", PLAIN);
    room.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(room.hear(client), ["t=x q0 SubscriptionIdentifier(5)"]);
    assert_eq!(room.mail(), ["1: t=x q0"]);
}
