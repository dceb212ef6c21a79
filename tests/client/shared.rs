//! Handlers of shared filters, which get the copies of their own subscription (MQTT 5.0 §3.3.4,
//! §4.8.2).

use wasmqtt::client::{ClientOptions, HandlerId, Keep};
use wasmqtt::codec::{
    Packet, Properties, PropertiesBuf, Property, PropertyId, Publish, QoS, ReasonCode, Suback, SubscriptionOptions,
    Version,
};

use super::script::{NOW, Script, Seen, connack, filter, resuming, sent};
use crate::support::packets::{id, properties};

const PLAIN: HandlerId = HandlerId(1);
const SHARED: HandlerId = HandlerId(2);

/// Adds a handler and subscribes. Returns the identifier in SUBSCRIBE.
fn subscribe(script: &mut Script, text: &str, handler: HandlerId, list: &[Property<'_>]) -> Option<u32> {
    script.client.add_handler(&filter(text), handler);
    let subscriptions = [(filter(text), SubscriptionOptions::default())];
    script.client.subscribe(&subscriptions, &properties(list), NOW).expect("it can be sent");
    let mut identifier = None;
    while let Some(output) = script.client.poll_output() {
        if let wasmqtt::client::Output::Transmit(bytes) = output {
            let mut decoder = wasmqtt::codec::Decoder::new(u32::MAX);
            decoder.feed(bytes);
            let located = decoder.advance(script.version).expect("well-formed").expect("a packet");
            let Packet::Subscribe(subscribe) = decoder.packet(&located, script.version).expect("well-formed") else {
                panic!("SUBSCRIBE is sent")
            };
            identifier = subscribe.properties.number(PropertyId::SubscriptionIdentifier);
        }
    }
    identifier
}

fn grant(script: &mut Script, packet_id: u16, reason: ReasonCode) {
    let suback = Suback { packet_id: id(packet_id), properties: Properties::EMPTY, reasons: vec![reason] };
    script.receive(&Packet::Suback(suback));
}

/// The handlers that a message with these subscription identifiers is for.
fn takers(script: &mut Script, topic: &str, identifiers: &[u32]) -> Vec<u32> {
    let list: Vec<Property<'_>> = identifiers.iter().map(|number| Property::SubscriptionIdentifier(*number)).collect();
    let list = properties(&list);
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic,
        packet_id: None,
        properties: list.as_properties(),
        payload: b"x",
    };
    match &script.receive(&Packet::Publish(publish))[..] {
        [Seen::Message { handlers, .. }] => handlers.clone(),
        other => panic!("one message, not {other:?}"),
    }
}

#[test]
fn a_shared_filter_gets_the_copies_of_its_own_subscription_only() {
    let mut script = Script::connected();
    assert_eq!(subscribe(&mut script, "a/#", PLAIN, &[]), None, "only a shared filter needs one");
    let identifier = subscribe(&mut script, "$share/g/a/#", SHARED, &[]).expect("the client gives one of itself");
    for (packet_id, taken) in [(1, false), (2, true)] {
        // From SUBSCRIBE on, since messages may come before SUBACK [MQTT-3.8.4-2].
        assert_eq!(takers(&mut script, "a/b", &[]), [1], "{taken}");
        assert_eq!(takers(&mut script, "a/b", &[identifier]), [1, 2], "{taken}");
        assert_eq!(takers(&mut script, "a/b", &[identifier]), [1, 2], "{taken}");
        assert_eq!(takers(&mut script, "a/b", &[identifier - 1]), [1], "{taken}");
        // One copy for all that match [MQTT-3.3.4-4].
        assert_eq!(takers(&mut script, "a/b", &[7, identifier]), [1, 2], "{taken}");
        assert_eq!(takers(&mut script, "b", &[identifier]), [0_u32; 0], "{taken}");
        grant(&mut script, packet_id, ReasonCode::Success);
    }
    script.client.remove_handler(&filter("a/#"), PLAIN);
    assert_eq!(takers(&mut script, "a/b", &[]), [0_u32; 0], "a late copy of the other subscription");
    assert_eq!(takers(&mut script, "a/b", &[identifier]), [2]);
}

#[test]
fn groups_of_one_filter_are_told_apart() {
    let mut script = Script::connected();
    let first = subscribe(&mut script, "$share/g/a/#", HandlerId(1), &[]).expect("an identifier");
    let second = subscribe(&mut script, "$share/h/a/#", HandlerId(2), &[]).expect("an identifier");
    assert_ne!(first, second);
    // A second handler of the same filter.
    script.client.add_handler(&filter("$share/g/a/#"), HandlerId(3));
    assert_eq!(takers(&mut script, "a/b", &[first]), [1, 3]);
    assert_eq!(takers(&mut script, "a/b", &[second]), [2]);
    script.client.remove_handler(&filter("$share/g/a/#"), HandlerId(1));
    assert_eq!(takers(&mut script, "a/b", &[first]), [3]);
}

#[test]
fn the_callers_identifier_is_kept() {
    let mut script = Script::connected();
    let given = [Property::SubscriptionIdentifier(7)];
    assert_eq!(subscribe(&mut script, "$share/g/a/#", SHARED, &given), Some(7));
    subscribe(&mut script, "a/#", PLAIN, &[]);
    assert_eq!(takers(&mut script, "a/b", &[7]), [1, 2]);
    assert_eq!(takers(&mut script, "a/b", &[]), [1]);
    // Subscribed anew, perhaps in vain: copies of the former subscription still come.
    assert_eq!(subscribe(&mut script, "$share/g/a/#", SHARED, &[Property::SubscriptionIdentifier(8)]), Some(8));
    assert_eq!(takers(&mut script, "a/b", &[7]), [1, 2]);
    assert_eq!(takers(&mut script, "a/b", &[8]), [1, 2]);
    assert_eq!(takers(&mut script, "a/b", &[9]), [1]);
}

/// Without identifiers, copies are not told apart: every handler that matches has every copy.
#[test]
fn a_broker_without_identifiers_is_served_by_topic() {
    let old = ClientOptions { version: Version::V3_1_1, ..ClientOptions::new("c") };
    let none = [Property::SubscriptionIdentifierAvailable(false)];
    for (options, list) in [(old, &[][..]), (ClientOptions::new("c"), &none[..])] {
        let mut script = Script::connected_with(options, list);
        assert_eq!(subscribe(&mut script, "$share/g/a/#", SHARED, &[]), None);
        subscribe(&mut script, "a/#", PLAIN, &[]);
        assert_eq!(takers(&mut script, "a/b", &[]), [1, 2]);
    }
}

/// A session keeps its subscriptions, and their identifiers, over connections and processes.
#[test]
fn a_resumed_session_loses_no_message_of_its_share() {
    let mut script = Script::connected_with(ClientOptions { keep: Keep::Nothing, ..resuming() }, &[]);
    let identifier = subscribe(&mut script, "$share/g/a/#", SHARED, &[]).expect("an identifier");
    script.cut();
    assert_eq!(script.reopen(true), [Seen::Connected(true)]);
    assert_eq!(takers(&mut script, "a/b", &[identifier]), [2]);

    // The next process, whose subscription was made by another library.
    let mut script = Script::opening(resuming());
    script.receive(&connack(true, &PropertiesBuf::new()));
    script.client.add_handler(&filter("$share/g/a/#"), SHARED);
    assert_eq!(takers(&mut script, "a/b", &[]), [2]);
    assert_eq!(subscribe(&mut script, "$share/g/a/#", SHARED, &[]), Some(identifier), "the same one");
    assert_eq!(takers(&mut script, "a/b", &[]), [2], "queued before it was subscribed anew");
    subscribe(&mut script, "a/#", PLAIN, &[]);
    assert_eq!(takers(&mut script, "a/b", &[]), [1]);

    // A new session has no subscription, and perhaps a broker without identifiers.
    script.cut();
    script.open();
    script.receive(&connack(false, &properties(&[Property::SubscriptionIdentifierAvailable(false)])));
    assert_eq!(takers(&mut script, "a/b", &[]), [1, 2]);
}

/// Many filters that come and go leave nothing behind.
#[test]
fn filters_come_and_go() {
    let mut script = Script::connected();
    for round in 0..100 {
        let text = format!("$share/g/{round}/#");
        let topic = format!("{round}/x");
        let identifier = subscribe(&mut script, &text, HandlerId(round), &[]).expect("an identifier");
        assert_eq!(takers(&mut script, &topic, &[identifier]), [round]);
        assert_eq!(takers(&mut script, &topic, &[]), [0_u32; 0]);
        script.client.remove_handler(&filter(&text), HandlerId(round));
        assert_eq!(takers(&mut script, &topic, &[identifier]), [0_u32; 0]);
        script.client.add_handler(&filter(&text), HandlerId(round));
        script.client.remove_handler(&filter(&text), HandlerId(round));
        grant(&mut script, u16::try_from(round + 1).expect("small"), ReasonCode::Success);
    }
    script.client.unsubscribe(&[filter("x")], &PropertiesBuf::new(), NOW).expect("it can be sent");
    assert_eq!(script.drain(), [sent("UNSUBSCRIBE")]);
}
