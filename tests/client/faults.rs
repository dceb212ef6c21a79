//! Faults of the broker: packets that it may send, and packets that it must not.

use wasmqtt::client::{ClientOptions, CloseReason, Keep, RequestError};
use wasmqtt::codec::{
    Disconnect, Packet, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode, Suback, Unsuback, Version,
};

use super::script::{NOW, Script, Seen, bytes, connack, filter, publish, sent};
use crate::support::packets::{id, properties};

/// [MQTT-3.3.2-10].
#[test]
fn a_topic_alias_stands_for_its_topic() {
    let options = ClientOptions { topic_alias_maximum: 2, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[]);
    let mut topics = Vec::new();
    for (topic, alias) in [("a", 1), ("b", 2), ("", 1), ("", 2), ("c", 1), ("", 1)] {
        let properties = properties(&[Property::TopicAlias(alias)]);
        let Packet::Publish(publish) = publish(topic, QoS::AtMostOnce, 0) else { unreachable!() };
        let publish = Publish { properties: properties.as_properties(), ..publish };
        match script.receive(&Packet::Publish(publish)).as_slice() {
            [Seen::Message { topic, .. }] => topics.push(topic.clone()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(topics, ["a", "b", "a", "b", "c", "c"]);
}

/// The fault of a broker, our reason code in 5.0, and the rule that the caller sees.
/// [MQTT-1.5.4-1], [MQTT-3.3.1-4], [MQTT-3.3.2-2], [MQTT-4.13.2-1], [MQTT-3.14.4-1],
/// [MQTT-3.14.4-2], [MQTT-4.7.3-1].
#[test]
fn a_broker_that_breaks_the_rules_is_told_and_left() {
    let none = PropertiesBuf::new();
    let alias = properties(&[Property::TopicAlias(1)]);
    let Packet::Publish(plain) = publish("a", QoS::AtMostOnce, 0) else { unreachable!() };
    let aliased = Packet::Publish(Publish { properties: alias.as_properties(), ..plain });
    let suback = Suback { packet_id: id(5), properties: Properties::EMPTY, reasons: vec![ReasonCode::Success] };
    let unsuback = Unsuback { packet_id: id(5), properties: Properties::EMPTY, reasons: vec![ReasonCode::Success] };
    let rows = [
        (bytes(&connack(false, &none), Version::V5), ReasonCode::ProtocolError, "MQTT-3.2.0-2"),
        (bytes(&Packet::Suback(suback), Version::V5), ReasonCode::ProtocolError, "MQTT-3.8.4-2"),
        (bytes(&Packet::Unsuback(unsuback), Version::V5), ReasonCode::ProtocolError, "MQTT-3.10.4-5"),
        (bytes(&Packet::Pingreq, Version::V5), ReasonCode::ProtocolError, "§2.1.2"),
        (bytes(&aliased, Version::V5), ReasonCode::TopicAliasInvalid, "MQTT-3.1.2-26"),
        (vec![0x00, 0x00], ReasonCode::MalformedPacket, "§2.1.2"),
        (vec![0x36, 0x00], ReasonCode::MalformedPacket, "MQTT-3.3.1-4"),
        (vec![0x30, 4, 0, 1, b'#', 0], ReasonCode::TopicNameInvalid, "MQTT-3.3.2-2"),
        (vec![0x30, 7, 0, 1, b'a', 3, 8, 0, 0], ReasonCode::ProtocolError, "MQTT-4.7.3-1"),
        (vec![0x30, 4, 0, 1, 0xFF, 0], ReasonCode::MalformedPacket, "MQTT-1.5.4-1"),
        (vec![0xF0, 0x00], ReasonCode::ProtocolError, "§4.12"),
    ];
    for (hostile, expected, rule) in rows {
        let options = ClientOptions { keep: Keep::Nothing, ..ClientOptions::new("c") };
        let mut script = Script::connected_with(options, &[]);
        script.client.unsubscribe(&[filter("a")], &none, NOW).expect("it can be sent");
        script.drain();
        let outputs = script.receive_bytes(&[&hostile[..], &bytes(&plain_packet(), Version::V5)].concat());
        let [Seen::Done(0, Err(RequestError::ConnectionClosed)), disconnect, Seen::Closed(reason)] = &outputs[..]
        else {
            panic!("{rule}: {outputs:?}")
        };
        assert_eq!(*disconnect, sent(&format!("DISCONNECT {:02X}", expected.value())), "{rule}");
        assert!(reason.to_string().contains(rule), "{reason} names {rule}");
    }
}

fn plain_packet() -> Packet<'static> {
    publish("after", QoS::AtMostOnce, 0)
}

#[test]
fn the_first_packet_must_be_connack() {
    let mut script = Script::opening(ClientOptions::new("c"));
    let outputs = script.receive(&plain_packet());
    assert!(
        matches!(&outputs[..], [Seen::Sent(_), Seen::Closed(CloseReason::ProtocolError { rule: "MQTT-3.2.0-1", .. })]),
        "{outputs:?}"
    );
}

#[test]
fn a_3_1_1_broker_is_left_without_a_disconnect_reason_and_may_not_send_one() {
    let options = ClientOptions { version: Version::V3_1_1, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[]);
    let goodbye = Packet::Disconnect(Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY });
    let outputs = script.receive(&goodbye);
    assert!(matches!(&outputs[..], [Seen::Closed(CloseReason::ProtocolError { .. })]), "{outputs:?}");
}

#[test]
fn a_disconnect_of_the_broker_is_told_with_its_reason() {
    let mut script = Script::connected();
    let reason = ReasonCode::SessionTakenOver;
    let outputs = script.receive(&Packet::Disconnect(Disconnect { reason, properties: Properties::EMPTY }));
    assert_eq!(outputs, [Seen::Closed(CloseReason::Disconnected { reason, reason_string: None })]);
}

#[test]
fn more_than_our_receive_maximum_is_refused() {
    let options = ClientOptions { receive_maximum: 1, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[]);
    script.receive(&publish("a", QoS::ExactlyOnce, 1));
    let outputs = script.receive(&publish("a", QoS::ExactlyOnce, 2));
    assert!(matches!(&outputs[..], [Seen::Sent(text), Seen::Closed(_)] if text == "DISCONNECT 93"), "{outputs:?}");
}
