//! Publishing, subscribing and receiving.

use wasmqtt::client::{
    Attempt, CallError, Client, ClientOptions, CloseReason, Completion, HandlerId, InFrame, Output, Phase, RequestError,
};
use wasmqtt::codec::{
    Ack, Connack, Message, Packet, Properties, PropertiesBuf, Property, QoS, ReasonCode, Suback, SubscriptionOptions,
    Unsuback, Version,
};

use super::script::{NOW, Script, Seen, bytes, connack, filter, message, packets, publish, resuming, sent};
use crate::support::packets::{id, properties};

/// [MQTT-4.3.1-1], [MQTT-4.3.2-2], [MQTT-4.3.3-2], [MQTT-4.3.3-4], [MQTT-3.3.1-2], [MQTT-2.2.1-5].
#[test]
fn each_quality_of_service_sends_exactly_its_packets() {
    let mut script = Script::connected();
    let done = |request| Seen::Done(request, Ok(Completion::Published(ReasonCode::Success)));
    assert_eq!(script.publish("a", QoS::AtMostOnce), [done(0), sent("PUBLISH a q0 id0 dup0")]);
    assert_eq!(script.publish("a", QoS::AtLeastOnce), [sent("PUBLISH a q1 id1 dup0")]);
    assert_eq!(script.receive(&Packet::Puback(Ack::success(id(1)))), [done(1)]);
    assert_eq!(script.publish("a", QoS::ExactlyOnce), [sent("PUBLISH a q2 id2 dup0")]);
    assert_eq!(script.receive(&Packet::Pubrec(Ack::success(id(2)))), [sent("PUBREL 2 00")]);
    assert_eq!(script.receive(&Packet::Pubcomp(Ack::success(id(2)))), [done(2)]);
}

/// [MQTT-3.3.4-1], [MQTT-4.3.2-4], [MQTT-4.3.3-8], [MQTT-4.3.3-10], [MQTT-4.3.3-11],
/// [MQTT-4.5.0-2], [MQTT-2.2.1-5].
#[test]
fn each_quality_of_service_is_answered_with_exactly_its_packets() {
    let mut script = Script::connected();
    script.client.add_handler(&filter("a/+"), HandlerId(4));
    let arrived =
        |qos| Seen::Message { topic: "a/b".into(), payload: b"hello".into(), qos, dup: false, handlers: vec![4] };
    assert_eq!(script.receive(&publish("a/b", QoS::AtMostOnce, 0)), [arrived(QoS::AtMostOnce)]);
    assert_eq!(script.receive(&publish("a/b", QoS::AtLeastOnce, 9)), [arrived(QoS::AtLeastOnce), sent("PUBACK 9")]);
    assert_eq!(script.receive(&publish("a/b", QoS::ExactlyOnce, 9)), [arrived(QoS::ExactlyOnce), sent("PUBREC 9")]);
    assert_eq!(script.receive(&publish("a/b", QoS::ExactlyOnce, 9)), [sent("PUBREC 9")], "handed over once");
    assert_eq!(script.receive(&Packet::Pubrel(Ack::success(id(9)))), [sent("PUBCOMP 9 00")]);
    assert_eq!(script.receive(&Packet::Pubrel(Ack::success(id(9)))), [sent("PUBCOMP 9 92")]);
}

/// [MQTT-4.6.0-2].
#[test]
fn a_turn_is_one_frame() {
    let mut script = Script::connected();
    let mut frame = Vec::new();
    for value in 1..=3 {
        frame.extend(bytes(&publish("a", QoS::AtLeastOnce, value), Version::V5));
    }
    script.client.handle_bytes(script.attempt, &frame, NOW);
    let mut frames = 0;
    while let Some(output) = script.client.poll_output() {
        if let Output::Transmit(bytes) = output {
            frames += 1;
            assert_eq!(packets(bytes, Version::V5), ["PUBACK 1", "PUBACK 2", "PUBACK 3"]);
        }
    }
    assert_eq!(frames, 1);
}

#[test]
fn a_message_says_where_it_lies_in_its_frame() {
    let mut script = Script::connected();
    let packet = bytes(&publish("a/b", QoS::AtMostOnce, 0), Version::V5);
    let frame = [packet.clone(), packet.clone()].concat();
    script.client.handle_bytes(script.attempt, &frame, NOW);
    for start in [0, packet.len()] {
        let Some(Output::Message(incoming)) = script.client.poll_output() else { panic!("two messages") };
        let InFrame { payload, .. } = incoming.in_frame.expect("the packet lies in one frame");
        assert_eq!(payload as usize, start + packet.len() - 5);
        assert_eq!(&frame[payload as usize..][..5], b"hello");
    }
    script.client.handle_bytes(script.attempt, &packet[..4], NOW);
    assert!(script.client.poll_output().is_none());
    script.client.handle_bytes(script.attempt, &packet[4..], NOW);
    let Some(Output::Message(incoming)) = script.client.poll_output() else { panic!("a message") };
    assert_eq!(incoming.in_frame, None, "it came in two frames");
    assert_eq!(incoming.publish.payload, b"hello");
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let mut script = Script::opening(ClientOptions::new("c"));
    let properties = properties(&[Property::ReasonString("who are you?")]);
    let refusal =
        Connack { session_present: false, reason: ReasonCode::NotAuthorized, properties: properties.as_properties() };
    let reason_string = Some("who are you?".into());
    let reason = CloseReason::Refused { reason: ReasonCode::NotAuthorized, reason_string };
    assert_eq!(reason.to_string(), "the broker refused the connection: not authorized (0x87): who are you?");
    assert_eq!(script.receive(&Packet::Connack(refusal)), [Seen::Closed(reason)]);
    assert_eq!(script.client.phase(), Phase::Idle);
}

#[test]
fn a_server_of_3_1_1_alone_refuses_5_0_in_its_own_form() {
    let mut script = Script::opening(ClientOptions::new("c"));
    let reason = CloseReason::Refused { reason: ReasonCode::UnsupportedProtocolVersion, reason_string: None };
    assert_eq!(script.receive_bytes(&[0x20, 2, 0, 1]), [Seen::Closed(reason)]);
}

/// [MQTT-4.4.0-1], [MQTT-3.3.1-1], [MQTT-4.3.2-3], [MQTT-4.3.3-3], [MQTT-4.3.3-5], [MQTT-4.3.3-6],
/// [MQTT-4.6.0-1].
#[test]
fn a_resumed_session_sends_again_what_is_unacknowledged_and_only_that() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.publish("one", QoS::AtLeastOnce);
    script.publish("two", QoS::ExactlyOnce);
    script.publish("three", QoS::ExactlyOnce);
    script.receive(&Packet::Pubrec(Ack::success(id(2))));
    let again = [
        Seen::Connected(true),
        sent("PUBREL 2 00"),
        sent("PUBLISH one q1 id1 dup1"),
        sent("PUBLISH three q2 id3 dup1"),
    ];
    assert_eq!(script.cut(), [Seen::Closed(CloseReason::TransportClosed)]);
    assert_eq!(script.reopen(true), again);
}

/// [MQTT-3.2.2-5].
#[test]
fn a_lost_session_is_told_to_each_request() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.publish("one", QoS::AtLeastOnce);
    script.cut();
    script.client.publish(message("two", QoS::AtLeastOnce), NOW).expect("it waits");
    let lost = Seen::Done(0, Err(RequestError::SessionLost));
    assert_eq!(script.reopen(false), [Seen::Connected(false), lost, sent("PUBLISH two q1 id2 dup0")]);
}

/// [MQTT-3.2.2-11], [MQTT-3.2.2-14], [MQTT-3.2.2-15].
#[test]
fn the_brokers_limits_hold_before_anything_is_sent() {
    let limits = [
        Property::MaximumQoS(true),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(40),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
    ];
    let mut script = Script::connected_with(ClientOptions::new("c"), &limits);
    let reason = |result: Result<_, CallError>| match result.map(|_: wasmqtt::client::RequestId| ()) {
        Err(CallError::NotSupported { reason, .. }) => reason,
        Err(CallError::PacketTooLarge { .. }) => ReasonCode::PacketTooLarge,
        other => panic!("{other:?}"),
    };
    let client = &mut script.client;
    assert_eq!(reason(client.publish(message("a", QoS::ExactlyOnce), NOW)), ReasonCode::QoSNotSupported);
    let retained = Message { retain: true, ..message("a", QoS::AtLeastOnce) };
    assert_eq!(reason(client.publish(retained, NOW)), ReasonCode::RetainNotSupported);
    let large = message(&"a".repeat(40), QoS::AtMostOnce);
    assert_eq!(reason(client.publish(large, NOW)), ReasonCode::PacketTooLarge);
    let mut subscribe = |text: &str, list: &[Property<'_>]| {
        reason(client.subscribe(&[(filter(text), SubscriptionOptions::default())], &properties(list), NOW))
    };
    assert_eq!(subscribe("a/#", &[]), ReasonCode::WildcardSubscriptionsNotSupported);
    assert_eq!(subscribe("$share/g/a", &[]), ReasonCode::SharedSubscriptionsNotSupported);
    let identifier = Property::SubscriptionIdentifier(1);
    assert_eq!(subscribe("a", &[identifier]), ReasonCode::SubscriptionIdentifiersNotSupported);
    assert_eq!(subscribe(&"a".repeat(40), &[]), ReasonCode::PacketTooLarge);
    assert_eq!(script.drain(), []);
}

#[test]
fn what_waited_and_the_broker_does_not_take_is_refused_and_the_rest_goes_on() {
    let mut script = Script { client: Client::new(ClientOptions::new("c")), version: Version::V5, attempt: Attempt(0) };
    for (topic, qos) in [("a", QoS::ExactlyOnce), ("b", QoS::AtLeastOnce)] {
        script.client.publish(message(topic, qos), NOW).expect("it waits");
    }
    script.open();
    let refused = Seen::Done(0, Err(RequestError::Refused(ReasonCode::QoSNotSupported)));
    let outputs = script.receive(&connack(false, &properties(&[Property::MaximumQoS(true)])));
    assert_eq!(outputs, [Seen::Connected(false), refused, sent("PUBLISH b q1 id2 dup0")]);
}

/// The broker may have the message of the former connection, and would take the next one with its
/// identifier for the same (§4.3.3).
#[test]
fn a_qos_2_message_that_cannot_be_sent_again_goes_on_with_pubrel() {
    let limits = [
        (Property::MaximumPacketSize(20), RequestError::PacketTooLarge { bytes: 44, maximum: 20 }),
        (Property::MaximumQoS(true), RequestError::Refused(ReasonCode::QoSNotSupported)),
    ];
    for (limit, error) in limits {
        let mut script = Script::connected_with(resuming(), &[]);
        let topic = "a".repeat(30);
        assert_eq!(script.publish(&topic, QoS::ExactlyOnce).len(), 1);
        script.cut();
        script.open();
        let outputs = script.receive(&connack(true, &properties(&[limit])));
        assert_eq!(outputs, [Seen::Connected(true), Seen::Done(0, Err(error)), sent("PUBREL 1 00")]);
        // PUBREL is sent again, and nothing is told twice.
        script.cut();
        script.open();
        let outputs = script.receive(&connack(true, &properties(&[])));
        assert_eq!(outputs, [Seen::Connected(true), sent("PUBREL 1 00")]);
        assert_eq!(script.publish("b", QoS::AtLeastOnce), [sent("PUBLISH b q1 id2 dup0")]);
        assert_eq!(script.receive(&Packet::Pubcomp(Ack::new(id(1), ReasonCode::PacketIdentifierNotFound))), []);
        script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
        let closed = RequestError::ConnectionClosed;
        let lost = script.drain().into_iter().filter(|seen| matches!(seen, Seen::Done(..)));
        assert_eq!(lost.collect::<Vec<_>>(), [Seen::Done(1, Err(closed))]);
    }
}

/// [MQTT-3.3.4-7], [MQTT-4.9.0-1], [MQTT-4.9.0-2].
#[test]
fn the_send_quota_is_the_brokers_receive_maximum() {
    let mut script = Script::connected_with(ClientOptions::new("c"), &[Property::ReceiveMaximum(1)]);
    assert_eq!(script.publish("a", QoS::AtLeastOnce), [sent("PUBLISH a q1 id1 dup0")]);
    assert_eq!(script.publish("b", QoS::AtLeastOnce), []);
    let outputs = script.receive(&Packet::Puback(Ack::success(id(1))));
    let done = Seen::Done(0, Ok(Completion::Published(ReasonCode::Success)));
    assert_eq!(outputs, [done, sent("PUBLISH b q1 id2 dup0")]);
}

/// 3.1.1 has no Receive Maximum, and Mosquitto 2.0 hangs up on the 21st message of QoS 2.
#[test]
fn twenty_messages_of_qos_2_are_in_flight_in_3_1_1() {
    for (version, qos, in_flight) in [
        (Version::V3_1_1, QoS::ExactlyOnce, 20),
        (Version::V3_1_1, QoS::AtLeastOnce, 30),
        (Version::V5, QoS::ExactlyOnce, 30),
    ] {
        let mut script = Script::connected_with(ClientOptions { version, ..ClientOptions::new("c") }, &[]);
        let sent_now = (0..30).filter(|_| !script.publish("a", qos).is_empty()).count();
        assert_eq!(sent_now, in_flight, "{version:?} {qos:?}");
        if in_flight == 30 {
            continue;
        }
        // Messages stay in order, so one of QoS 1 waits behind.
        assert_eq!(script.publish("b", QoS::AtLeastOnce), []);
        assert_eq!(script.receive(&Packet::Pubrec(Ack::success(id(1)))), [sent("PUBREL 1 00")]);
        let outputs = script.receive(&Packet::Pubcomp(Ack::success(id(1))));
        let done = Seen::Done(0, Ok(Completion::Published(ReasonCode::Success)));
        assert_eq!(outputs, [done, sent("PUBLISH a q2 id21 dup0")]);
    }
}

#[test]
fn subscribing_and_unsubscribing_end_with_a_reason_for_each_filter() {
    for version in [Version::V3_1_1, Version::V5] {
        let mut script = Script::connected_with(ClientOptions { version, ..ClientOptions::new("c") }, &[]);
        let none = PropertiesBuf::new();
        let both = [(filter("a"), SubscriptionOptions::default()), (filter("b"), SubscriptionOptions::default())];
        script.client.subscribe(&both, &none, NOW).expect("it can be sent");
        assert_eq!(script.drain(), [sent("SUBSCRIBE")]);
        let reasons = vec![ReasonCode::GrantedQoS1, ReasonCode::UnspecifiedError];
        let suback = Suback { packet_id: id(1), properties: Properties::EMPTY, reasons: reasons.clone() };
        assert_eq!(script.receive(&Packet::Suback(suback)), [Seen::Done(0, Ok(Completion::Subscribed(reasons)))]);
        script.client.unsubscribe(&[filter("a"), filter("b")], &none, NOW).expect("it can be sent");
        assert_eq!(script.drain(), [sent("UNSUBSCRIBE")]);
        let reasons = vec![ReasonCode::Success; 2];
        let unsuback = Unsuback { packet_id: id(2), properties: Properties::EMPTY, reasons: reasons.clone() };
        assert_eq!(script.receive(&Packet::Unsuback(unsuback)), [Seen::Done(1, Ok(Completion::Unsubscribed(reasons)))]);
    }
}
