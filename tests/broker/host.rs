//! The host as a subscriber of its own broker.

use std::time::Duration;

use wasmqtt::broker::{
    Access, AccessFilter, AccessRule, Action, Asks, BrokerOptions, DropCause, Event, HandlerId, HostMessage,
    HostSubscribeError, Output,
};
use wasmqtt::codec::{Connect, Message, Property, Publish, QoS, ReasonCode, RetainHandling, SubscriptionOptions};
use wasmqtt::topic::TopicFilter;

use super::store::{restart, stored, write};
use crate::support::packets::{QOS, V4, V5, connect, message, properties, publish, will};
use crate::support::scenario::Scenario;

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
        let mut scenario = Scenario::new();
        let publisher = scenario.join(version, "p");
        assert_eq!(scenario.subscribe_host(7, "a/+", PLAIN), [""; 0]);
        for qos in QOS {
            scenario.publish(publisher, "a/b", "x", qos);
            assert_eq!(scenario.host_messages(), [format!("7: a/b=x q{}", qos.bits())]);
        }
        scenario.publish(publisher, "b", "x", QoS::AtMostOnce);
        assert_eq!(scenario.host_messages(), [""; 0]);
    }
}

#[test]
fn properties_come_along_but_an_alias_does_not() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    scenario.subscribe_host(1, "#", PLAIN);
    let listed =
        properties(&[Property::ContentType("text"), Property::TopicAlias(3), Property::UserProperty("a", "b")]);
    scenario
        .publish_with(publisher, Publish { properties: listed.as_properties(), ..publish("t", "x", QoS::AtMostOnce) });
    let alias = properties(&[Property::TopicAlias(3)]);
    scenario
        .publish_with(publisher, Publish { properties: alias.as_properties(), ..publish("", "y", QoS::AtMostOnce) });
    assert_eq!(scenario.host_messages(), ["1: t=x q0 ContentType(\"text\") UserProperty(\"a\", \"b\")", "1: t=y q0"]);
}

#[test]
fn filters_match_as_for_clients() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    let filters = ["#", "+/b", "a/b", "a/#", "$x/#", "+/y"];
    for (handler, filter) in (0..).zip(filters) {
        scenario.subscribe_host(handler, filter, PLAIN);
    }
    for (topic, handlers) in [("a/b", "0 1 2 3"), ("a", "0 3"), ("c/b", "0 1"), ("c", "0"), ("$x/y", "4")] {
        scenario.publish(publisher, topic, "", QoS::AtMostOnce);
        let expected: Vec<_> = handlers.split(' ').map(|handler| format!("{handler}: {topic}= q0")).collect();
        assert_eq!(scenario.host_messages(), expected);
    }
}

#[test]
fn two_handlers_of_one_filter_both_have_it_until_they_leave() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    for handler in [9, 2, 5] {
        scenario.subscribe_host(handler, "t", PLAIN);
    }
    assert_eq!(scenario.broker.subscriptions(), 3);
    scenario.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(scenario.host_messages(), ["2: t=x q0", "5: t=x q0", "9: t=x q0"]);
    assert_eq!([scenario.unsubscribe_host(2, "t"), scenario.unsubscribe_host(2, "t")], [true, false]);
    assert!(!scenario.unsubscribe_host(5, "#"), "it has another filter");
    scenario.publish(publisher, "t", "y", QoS::AtMostOnce);
    assert_eq!(scenario.host_messages(), ["5: t=y q0", "9: t=y q0"]);
    assert!(scenario.unsubscribe_host(9, "t") && scenario.unsubscribe_host(5, "t"));
    scenario.publish(publisher, "t", "z", QoS::AtMostOnce);
    assert_eq!((scenario.host_messages().len(), scenario.broker.subscriptions()), (0, 0));
}

/// 0x10 tells that there was nobody.
#[test]
fn it_counts_as_one_subscriber() {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (publisher, client) = (scenario.join(V5, "p"), scenario.join(V5, "c"));
    assert_eq!(scenario.publish(publisher, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    scenario.subscribe_host(1, "t", PLAIN);
    scenario.subscribe_host(2, "#", PLAIN);
    assert_eq!(scenario.publish(publisher, "t", "x", QoS::AtLeastOnce), ["PUBACK #9 ok"]);
    scenario.subscribe(client, "t", QoS::AtMostOnce);
    scenario.events.clear();
    assert_eq!(scenario.publish_host(message("t", "x")), 2);
    assert!(
        matches!(&scenario.events[..], [Event::Published { client_id: None, subscribers: 2, .. }]),
        "{:?}",
        scenario.events
    );
    assert_eq!(scenario.sessions(), ["c", "p"], "it has no session");
    assert_eq!(scenario.broker.clients().count(), 2);
    assert_eq!(scenario.broker.gauges(scenario.now).subscriptions, 3);
    assert_eq!(scenario.broker.counters().delivered, 1, "PUBLISH packets");
}

#[test]
fn retained_messages_come_on_subscribing_as_the_options_say() {
    let mut scenario = Scenario::new();
    for (topic, payload) in [("b", "2"), ("a", "1"), ("$a", "3")] {
        scenario.publish_host(retained(topic, payload));
    }
    let options = |retain_handling| SubscriptionOptions { retain_handling, ..PLAIN };
    let all = ["1: a=1 q0 retain", "1: b=2 q0 retain"];
    assert_eq!(scenario.subscribe_host(1, "+", options(RetainHandling::DoNotSend)), [""; 0]);
    assert_eq!(scenario.subscribe_host(1, "+", options(RetainHandling::SendIfNew)), [""; 0], "it is not new");
    assert_eq!(scenario.subscribe_host(1, "+", options(RetainHandling::Send)), all);
    assert_eq!(scenario.subscribe_host(2, "b", options(RetainHandling::SendIfNew)), ["2: b=2 q0 retain"]);
    assert_eq!(scenario.subscribe_host(3, "$a/#", PLAIN), ["3: $a=3 q0 retain"]);
}

#[test]
fn the_retain_flag_is_left_to_who_asks_for_that() {
    let mut scenario = Scenario::new();
    let as_published = SubscriptionOptions { retain_as_published: true, ..PLAIN };
    for (handler, options) in [(1, as_published), (2, PLAIN), (3, as_published), (4, PLAIN)] {
        scenario.subscribe_host(handler, "t", options);
    }
    scenario.publish_host(retained("t", "x"));
    assert_eq!(scenario.host_messages(), ["1: t=x q0 retain", "2: t=x q0", "3: t=x q0 retain", "4: t=x q0"]);
    scenario.publish_host(message("t", "y"));
    assert_eq!(scenario.host_messages(), ["1: t=y q0", "2: t=y q0", "3: t=y q0", "4: t=y q0"]);
}

#[test]
fn no_local_keeps_away_what_the_host_itself_publishes() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    scenario.publish_host(retained("t/host", "x"));
    scenario.retain(publisher, "t/client", "x", QoS::AtMostOnce);
    let no_local = SubscriptionOptions { no_local: true, ..PLAIN };
    assert_eq!(scenario.subscribe_host(1, "t/#", no_local), ["1: t/client=x q0 retain"]);
    assert_eq!(scenario.publish_host(message("t", "x")), 0);
    scenario.publish(publisher, "t", "y", QoS::AtMostOnce);
    assert_eq!(scenario.host_messages(), ["1: t=y q0"]);
    let will = Connect { will: Some(will("t/will", "gone", QoS::AtMostOnce)), ..connect(V5, "mortal") };
    let mortal = scenario.join_with(&will);
    scenario.cut(mortal);
    assert_eq!(scenario.host_messages(), ["1: t/will=gone q0"], "a will is its client's");
    let told = scenario.subscribe_host(2, "$SYS/broker/clients/connected", no_local);
    assert_eq!(told, ["2: $SYS/broker/clients/connected=1 q0 retain"]);
    scenario.join(V5, "other");
    scenario.wait(Duration::from_secs(10));
    assert_eq!(scenario.host_messages(), ["2: $SYS/broker/clients/connected=2 q0"]);
}

#[test]
fn the_expiry_interval_of_a_retained_message_is_counted_down_and_what_is_over_is_not_there() {
    let mut scenario = Scenario::new();
    let lasting = |topic, seconds| {
        let listed = properties(&[Property::ContentType("text"), Property::MessageExpiryInterval(seconds)]);
        Message { properties: listed, ..retained(topic, "x") }
    };
    scenario.publish_host(lasting("long", 10));
    scenario.publish_host(lasting("short", 3));
    scenario.wait(Duration::from_secs(4));
    let expected = ["1: long=x q0 retain ContentType(\"text\") MessageExpiryInterval(6)"];
    assert_eq!(scenario.subscribe_host(1, "+", PLAIN), expected);
    scenario.publish_host(lasting("new", 1));
    assert_eq!(scenario.host_messages(), ["1: new=x q0 ContentType(\"text\") MessageExpiryInterval(1)"]);
    let filter = TopicFilter::parse("long").expect("a filter");
    scenario.broker.subscribe(&filter, HandlerId(2), PLAIN, scenario.now).expect("not shared");
    let Some(Output::Message(mail)) = scenario.broker.poll_output() else { panic!("a message") };
    assert_eq!(mail.expiry_interval(scenario.now), Some(6));
    let late = scenario.now + Duration::from_secs(6);
    assert_eq!((mail.expiry_interval(late), mail.encode(late, &mut Vec::new())), (Some(0), Err(DropCause::Expired)));
    let lasting_for_ever = HostMessage { message: message("t", "x").into(), ..mail };
    assert_eq!(lasting_for_ever.expiry_interval(late), None);
}

#[test]
fn a_retained_message_is_shared_and_not_copied() {
    let mut scenario = Scenario::new();
    scenario.publish_host(retained("t", "x"));
    let filter = TopicFilter::parse("t").expect("a filter");
    let mut had = Vec::new();
    for handler in [1, 2] {
        scenario.broker.subscribe(&filter, HandlerId(handler), PLAIN, scenario.now).expect("not shared");
        let Some(Output::Message(HostMessage { message, .. })) = scenario.broker.poll_output() else {
            panic!("a message")
        };
        had.push(message);
    }
    assert!(std::sync::Arc::ptr_eq(&had[0], &had[1]));
}

#[test]
fn a_shared_subscription_is_refused() {
    let mut scenario = Scenario::new();
    let filter = TopicFilter::parse("$share/g/t").expect("a filter");
    let refused = scenario.broker.subscribe(&filter, HandlerId(1), PLAIN, scenario.now);
    assert_eq!(refused, Err(HostSubscribeError::Shared));
    assert_eq!(
        HostSubscribeError::Shared.to_string(),
        "a broker's own subscription cannot be shared; leave out `$share/group/`"
    );
    assert_eq!((scenario.publish_host(message("t", "x")), scenario.broker.subscriptions()), (0, 0));
}

/// The values at once, then those that have changed; and the deadline ends with the last
/// subscription.
#[test]
fn it_is_told_of_the_broker() {
    let mut scenario = Scenario::new();
    let topic = "$SYS/broker/subscriptions/count";
    assert_eq!(scenario.subscribe_host(1, "#", PLAIN), [""; 0]);
    assert_eq!(scenario.broker.next_deadline(), None);
    assert_eq!(scenario.subscribe_host(2, topic, PLAIN), [format!("2: {topic}=2 q0 retain")]);
    assert_eq!(scenario.subscribe_host(3, "$SYS/broker/clients/#", PLAIN).len(), 4);
    assert_eq!(scenario.subscribe_host(3, "$SYS/broker/clients/#", PLAIN).len(), 4, "again, and that counts once");
    let client = scenario.join(V5, "c");
    let told = scenario.subscribe(client, topic, QoS::AtMostOnce);
    assert_eq!(told[1], format!("{topic}=4 q0 retain"));
    scenario.wait(Duration::from_secs(10));
    assert_eq!(scenario.host_messages()[0], "3: $SYS/broker/clients/connected=1 q0");
    assert_eq!(scenario.hear(client), [format!("{topic}=4 q0")], "not all had been told this");
    scenario.unsubscribe(client, topic);
    assert!(scenario.unsubscribe_host(2, topic));
    assert!(scenario.broker.next_deadline().is_some());
    assert!(scenario.unsubscribe_host(3, "$SYS/broker/clients/#"));
    assert_eq!(scenario.broker.next_deadline(), None);
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
    let mut scenario = Scenario::with(options);
    scenario.subscribe_host(1, "a/+/c/#", PLAIN);
    scenario.subscribe_host(2, "a/b/c", PLAIN);
    scenario.publish_host(Message { qos: QoS::ExactlyOnce, ..message("a/b/c", "x") });
    assert_eq!(
        (scenario.host_messages(), scenario.asked.len()),
        (["1: a/b/c=x q2", "2: a/b/c=x q2"].map(String::from).to_vec(), 0)
    );
}

/// An acknowledged message waits for the store, a message for the host does not.
#[test]
fn it_does_not_wait_for_the_store_and_the_store_keeps_nothing_of_it() {
    let mut scenario = stored();
    let publisher = scenario.join(V5, "p");
    scenario.subscribe_host(1, "#", PLAIN);
    scenario.disk_waits = true;
    assert_eq!(scenario.retain(publisher, "t", "x", QoS::AtLeastOnce), [""; 0]);
    assert_eq!(scenario.host_messages(), ["1: t=x q1"]);
    write(&mut scenario);
    assert_eq!(scenario.hear(publisher), ["PUBACK #9 ok"]);
    assert_eq!(scenario.disk.kinds(), "FMR", "the format, the message, that it is retained");
    restart(&mut scenario, 1);
    assert_eq!(scenario.broker.subscriptions(), 0);
    assert_eq!(scenario.subscribe_host(1, "#", PLAIN), ["1: t=x q1 retain"]);
}

/// The order that `poll_output` promises: events and messages as they came, then frames.
#[test]
fn messages_come_in_their_order_among_the_events_and_before_the_frames() {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    let (publisher, client) = (scenario.join(V5, "p"), scenario.join(V5, "c"));
    scenario.subscribe(client, "#", QoS::AtMostOnce);
    scenario.subscribe_host(1, "#", PLAIN);
    let mut frame = Vec::new();
    for payload in ["1", "2"] {
        publish("t", payload, QoS::AtMostOnce).encode(V5, &mut frame).expect("a good packet");
    }
    scenario.broker.handle_bytes(publisher, &frame, scenario.now);
    let mut order = String::new();
    while let Some(output) = scenario.broker.poll_output() {
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

/// A host that stops listening to events keeps the messages.
#[test]
fn messages_that_wait_are_no_events() {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..BrokerOptions::default() });
    scenario.subscribe_host(1, "#", PLAIN);
    for payload in ["1", "2"] {
        scenario.broker.publish(message("t", payload), scenario.now);
    }
    scenario.broker.set_events(false);
    assert_eq!(scenario.host_messages(), ["1: t=1 q0", "1: t=2 q0"]);
    assert_eq!(scenario.events, []);
}

/// A handler that publishes what it is subscribed to goes round and round, and no call is within
/// another.
#[test]
fn a_host_that_answers_itself_goes_round_by_polling() {
    let mut scenario = Scenario::new();
    scenario.subscribe_host(1, "round", PLAIN);
    scenario.broker.publish(message("round", "0"), scenario.now);
    for round in 0..100_000_u32 {
        let Some(Output::Message(mail)) = scenario.broker.poll_output() else { panic!("round {round} is lost") };
        assert!(scenario.broker.poll_output().is_none(), "one at a time");
        scenario.broker.publish(Message::clone(&mail.message), scenario.now);
    }
}

/// Nobody's properties but those of the message itself.
#[test]
fn a_message_without_properties_has_none() {
    let mut scenario = Scenario::new();
    let (publisher, client) = (scenario.join(V4, "p"), scenario.join(V5, "c"));
    let identified = scenario.subscribe_with(client, "t", PLAIN, Some(5));
    assert_eq!(identified, ["SUBACK #100 00"]);
    scenario.subscribe_host(1, "t", PLAIN);
    scenario.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(scenario.hear(client), ["t=x q0 SubscriptionIdentifier(5)"]);
    assert_eq!(scenario.host_messages(), ["1: t=x q0"]);
}
