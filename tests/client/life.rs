//! The life of a connection: keep alive and the end.

use core::time::Duration;

use wasmqtt::client::{CallError, Client, ClientOptions, CloseReason, Keep, Output, Phase, RequestError};
use wasmqtt::codec::{
    Message, Packet, Properties, PropertiesBuf, Property, QoS, ReasonCode, SubscriptionOptions, Version,
};
use wasmqtt::topic::TopicName;

use super::script::{NOW, Script, Seen, begin, bytes, drain, filter, message, packets, resuming, sent};
use crate::support::packets::id;

#[test]
fn what_needs_a_connection_says_so() {
    let mut client = Client::new(ClientOptions { keep: Keep::Nothing, ..ClientOptions::new("c") });
    let none = PropertiesBuf::new();
    let subscription = [(filter("a"), SubscriptionOptions::default())];
    assert_eq!(client.subscribe(&subscription, &none, NOW), Err(CallError::NotConnected));
    assert_eq!(client.publish(message("a", QoS::AtMostOnce), NOW), Err(CallError::NotConnected));
    client.disconnect(ReasonCode::Success, &none, NOW);
    assert_eq!(client.publish(message("a", QoS::AtLeastOnce), NOW), Err(CallError::Ended));
}

/// [MQTT-3.14.4-1], [MQTT-3.14.4-2].
#[test]
fn disconnecting_says_goodbye_and_ends_every_request() {
    let mut script = Script::connected();
    script.publish("a", QoS::AtLeastOnce);
    script.client.unsubscribe(&[filter("a")], &PropertiesBuf::new(), NOW).expect("it can be sent");
    script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
    let closed = |request| Seen::Done(request, Err(RequestError::ConnectionClosed));
    let goodbye = [sent("UNSUBSCRIBE"), sent("DISCONNECT 00"), Seen::Closed(CloseReason::Requested)];
    assert_eq!(script.drain(), [&[closed(1), closed(0)], &goodbye[..]].concat());
    assert_eq!(script.client.phase(), Phase::Ended);
    script.client.connect(NOW);
    assert_eq!(script.drain(), []);
    assert_eq!(script.client.phase(), Phase::Ended, "for good");
}

#[test]
fn disconnecting_before_connack_says_goodbye_too() {
    let mut script = Script::opening(ClientOptions::new("c"));
    script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
    assert_eq!(script.drain(), [sent("DISCONNECT 00"), Seen::Closed(CloseReason::Requested)]);
}

#[test]
fn what_is_sent_in_one_turn_is_bounded() {
    let options = ClientOptions { queue_bytes: 100, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[]);
    let large = |qos| Message { qos, ..Message::new(TopicName::parse("a").expect("a topic"), [0; 80]) };
    let none = Properties::EMPTY;
    let topic = TopicName::parse("a").expect("a topic");
    let publish = |script: &mut Script| script.client.publish_at_most_once(&topic, &[0; 80], false, none, NOW);
    assert_eq!(publish(&mut script), Ok(()));
    assert!(matches!(publish(&mut script), Err(CallError::TransmitFull { bytes: 86 })));
    script.drain();
    assert_eq!(publish(&mut script), Ok(()), "the next turn has room again");
    script.drain();
    // What is to be acknowledged waits instead, and goes out as the host takes what stands before
    // it.
    for _ in 0..3 {
        script.client.publish(large(QoS::AtLeastOnce), NOW).expect("it waits");
    }
    let mut frames = Vec::new();
    while let Some(output) = script.client.poll_output() {
        if let Output::Transmit(bytes) = output {
            frames.push(packets(bytes, Version::V5).len());
        }
    }
    assert_eq!(frames, [2, 1]);
}

#[test]
fn identifiers_begin_where_the_options_say() {
    let options = ClientOptions { first_packet_id: id(65_535), ..resuming() };
    let mut script = Script::connected_with(options, &[]);
    assert_eq!(script.publish("a", QoS::AtLeastOnce), [sent("PUBLISH a q1 id65535 dup0")]);
    assert_eq!(script.publish("b", QoS::AtLeastOnce), [sent("PUBLISH b q1 id1 dup0")]);
}

/// [MQTT-3.1.2-20], [MQTT-3.1.2-21], [MQTT-3.2.2-21].
#[test]
fn a_silent_broker_is_pinged_and_then_given_up() {
    let options = ClientOptions { keep_alive: 60, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[Property::ServerKeepAlive(10)]);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    assert_eq!(script.client.next_deadline(), Some(at(10)), "the server's keep alive wins [MQTT-3.1.2-21]");
    script.client.handle_timeout(at(10));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    script.client.handle_bytes(script.attempt, &bytes(&Packet::Pingresp, Version::V5), at(12));
    assert_eq!(script.drain(), []);
    script.client.handle_timeout(at(20));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    script.client.handle_timeout(at(25));
    assert_eq!(script.drain(), [sent("DISCONNECT 80"), Seen::Closed(CloseReason::KeepAliveTimeout)]);
    assert_eq!(script.client.next_deadline(), None);
}

#[test]
fn a_broker_that_does_not_answer_connect_is_given_up() {
    let options = ClientOptions { connect_timeout: Duration::from_secs(5), ..ClientOptions::new("c") };
    let mut client = Client::new(options);
    begin(&mut client);
    let deadline = client.next_deadline().expect("the connect timeout");
    assert_eq!(deadline, NOW + Duration::from_secs(5));
    client.handle_timeout(deadline);
    assert_eq!(drain(&mut client, Version::V5), [Seen::Closed(CloseReason::ConnectTimeout)]);
}
