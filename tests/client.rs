//! The client against a scripted broker: bytes in, bytes and outputs out.
#![cfg(not(target_arch = "wasm32"))]

use core::time::Duration;

use proptest::prelude::*;
use wasmqtt::client::{
    CallError, Client, ClientOptions, CloseReason, Completion, HandlerId, InFrame, Output, Phase, RequestError,
};
use wasmqtt::codec::{
    Ack, Connack, Decoder, Disconnect, Message, Packet, PacketId, Properties, PropertiesBuf, Property, Publish, QoS,
    ReasonCode, Suback, SubscriptionOptions, Unsuback, Version,
};
use wasmqtt::time::Time;
use wasmqtt::topic::{TopicFilter, TopicName};

const NOW: Time = Time::ZERO;

/// An output, owned, so that a list of them can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// A packet of a transmitted frame, as the debug form shows it.
    Sent(String),
    Connected(bool),
    Message {
        topic: String,
        payload: Vec<u8>,
        qos: QoS,
        dup: bool,
        handlers: Vec<u32>,
    },
    Done(u64, Result<Completion, RequestError>),
    Closed(CloseReason),
}

fn drain(client: &mut Client, version: Version) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(output) = client.poll_output() {
        match output {
            Output::Transmit(bytes) => seen.extend(packets(bytes, version).into_iter().map(Seen::Sent)),
            Output::Connected(connected) => seen.push(Seen::Connected(connected.session_present)),
            Output::Message(incoming) => seen.push(Seen::Message {
                topic: incoming.publish.topic.to_owned(),
                payload: incoming.publish.payload.to_vec(),
                qos: incoming.publish.qos,
                dup: incoming.publish.dup,
                handlers: incoming.handlers.iter().map(|handler| handler.0).collect(),
            }),
            Output::Done(request, result) => seen.push(Seen::Done(request.0, result)),
            Output::Closed(reason) => seen.push(Seen::Closed(reason)),
        }
    }
    seen
}

/// The packets of a frame in a short form.
fn packets(bytes: &[u8], version: Version) -> Vec<String> {
    let mut decoder = Decoder::new(u32::MAX);
    decoder.feed(bytes);
    let mut all = Vec::new();
    while let Some(located) = decoder.advance(version).expect("we send well-formed packets") {
        all.push(match decoder.packet(&located, version).expect("we send well-formed packets") {
            Packet::Publish(publish) => format!(
                "PUBLISH {} q{} id{} dup{}",
                publish.topic,
                publish.qos.bits(),
                publish.packet_id.map_or(0, PacketId::get),
                u8::from(publish.dup)
            ),
            Packet::Puback(ack) => format!("PUBACK {}", ack.packet_id),
            Packet::Pubrec(ack) => format!("PUBREC {}", ack.packet_id),
            Packet::Pubrel(ack) => format!("PUBREL {} {:02X}", ack.packet_id, ack.reason.value()),
            Packet::Pubcomp(ack) => format!("PUBCOMP {} {:02X}", ack.packet_id, ack.reason.value()),
            Packet::Disconnect(disconnect) => format!("DISCONNECT {:02X}", disconnect.reason.value()),
            other => other.kind().to_string(),
        });
    }
    assert!(decoder.unread().is_empty(), "a frame holds whole packets");
    all
}

fn sent(text: &str) -> Seen {
    Seen::Sent(text.to_owned())
}

fn bytes(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).expect("the broker's script is well formed");
    out
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not 0")
}

fn filter(text: &str) -> TopicFilter {
    TopicFilter::parse(text).expect(text)
}

fn message(topic: &str, qos: QoS) -> Message {
    Message { qos, ..Message::new(TopicName::parse(topic).expect(topic), *b"payload") }
}

fn publish(topic: &str, qos: QoS, packet_id: u16) -> Packet<'_> {
    let packet_id = PacketId::new(packet_id);
    let properties = Properties::EMPTY;
    Packet::Publish(Publish { dup: false, qos, retain: false, topic, packet_id, properties, payload: b"hello" })
}

fn connack(session_present: bool, properties: &PropertiesBuf) -> Packet<'_> {
    let properties = properties.as_properties();
    Packet::Connack(Connack { session_present, reason: ReasonCode::Success, properties })
}

fn list(properties: &[Property<'_>]) -> PropertiesBuf {
    let mut list = PropertiesBuf::new();
    for property in properties {
        list.push(*property).expect("short");
    }
    list
}

/// A client and the version it speaks.
struct Script {
    client: Client,
    version: Version,
}

impl Script {
    fn opening(options: ClientOptions) -> Self {
        let version = options.version;
        let mut script = Self { client: Client::new(options), version };
        script.open();
        script
    }

    fn connected() -> Self {
        Self::connected_with(ClientOptions::new("c"), &[])
    }

    fn connected_with(options: ClientOptions, properties: &[Property<'_>]) -> Self {
        let mut script = Self::opening(options);
        assert_eq!(script.receive(&connack(false, &list(properties))), [Seen::Connected(false)]);
        script
    }

    fn open(&mut self) {
        self.client.handle_opening(NOW);
        self.client.handle_open(NOW);
        assert_eq!(self.drain(), [sent("CONNECT")]);
    }

    fn cut(&mut self) -> Vec<Seen> {
        self.client.handle_closed(NOW);
        self.drain()
    }

    fn reopen(&mut self, session_present: bool) -> Vec<Seen> {
        self.open();
        self.receive(&connack(session_present, &PropertiesBuf::new()))
    }

    fn receive(&mut self, packet: &Packet<'_>) -> Vec<Seen> {
        let bytes = bytes(packet, self.version);
        self.receive_bytes(&bytes)
    }

    fn receive_bytes(&mut self, bytes: &[u8]) -> Vec<Seen> {
        self.client.handle_bytes(bytes, NOW);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Seen> {
        drain(&mut self.client, self.version)
    }

    fn publish(&mut self, topic: &str, qos: QoS) -> Vec<Seen> {
        self.client.publish(message(topic, qos), NOW).expect("it can be sent");
        self.drain()
    }
}

fn resuming() -> ClientOptions {
    ClientOptions { clean_start: false, ..ClientOptions::new("c") }
}

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

#[test]
fn a_turn_is_one_frame() {
    let mut script = Script::connected();
    let mut frame = Vec::new();
    for value in 1..=3 {
        frame.extend(bytes(&publish("a", QoS::AtLeastOnce, value), Version::V5));
    }
    script.client.handle_bytes(&frame, NOW);
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
    script.client.handle_bytes(&frame, NOW);
    for start in [0, packet.len()] {
        let Some(Output::Message(incoming)) = script.client.poll_output() else { panic!("two messages") };
        let InFrame { payload, .. } = incoming.in_frame.expect("the packet lies in one frame");
        assert_eq!(payload as usize, start + packet.len() - 5);
        assert_eq!(&frame[payload as usize..][..5], b"hello");
    }
    script.client.handle_bytes(&packet[..4], NOW);
    assert!(script.client.poll_output().is_none());
    script.client.handle_bytes(&packet[4..], NOW);
    let Some(Output::Message(incoming)) = script.client.poll_output() else { panic!("a message") };
    assert_eq!(incoming.in_frame, None, "it came in two frames");
    assert_eq!(incoming.publish.payload, b"hello");
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let mut script = Script::opening(ClientOptions::new("c"));
    let properties = list(&[Property::ReasonString("who are you?")]);
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

#[test]
fn a_resumed_session_sends_again_what_is_unacknowledged_and_only_that() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.publish("one", QoS::AtLeastOnce);
    script.publish("two", QoS::ExactlyOnce);
    script.publish("three", QoS::ExactlyOnce);
    script.receive(&Packet::Pubrec(Ack::success(id(2))));
    let again = [
        Seen::Connected(true),
        sent("PUBLISH one q1 id1 dup1"),
        sent("PUBLISH three q2 id3 dup1"),
        sent("PUBREL 2 00"),
    ];
    assert_eq!(script.cut(), [Seen::Closed(CloseReason::TransportClosed)]);
    assert_eq!(script.reopen(true), again);
}

#[test]
fn a_lost_session_is_told_to_each_request() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.publish("one", QoS::AtLeastOnce);
    script.cut();
    script.client.publish(message("two", QoS::AtLeastOnce), NOW).expect("it waits");
    let lost = Seen::Done(0, Err(RequestError::SessionLost));
    assert_eq!(script.reopen(false), [Seen::Connected(false), lost, sent("PUBLISH two q1 id2 dup0")]);
}

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
    let mut subscribe = |text: &str, properties: &[Property<'_>]| {
        reason(client.subscribe(&[(filter(text), SubscriptionOptions::default())], &list(properties), NOW))
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
    let mut script = Script { client: Client::new(ClientOptions::new("c")), version: Version::V5 };
    for (topic, qos) in [("a", QoS::ExactlyOnce), ("b", QoS::AtLeastOnce)] {
        script.client.publish(message(topic, qos), NOW).expect("it waits");
    }
    script.open();
    let refused = Seen::Done(0, Err(RequestError::Refused(ReasonCode::QoSNotSupported)));
    let outputs = script.receive(&connack(false, &list(&[Property::MaximumQoS(true)])));
    assert_eq!(outputs, [Seen::Connected(false), refused, sent("PUBLISH b q1 id2 dup0")]);
}

#[test]
fn the_send_quota_is_the_brokers_receive_maximum() {
    let mut script = Script::connected_with(ClientOptions::new("c"), &[Property::ReceiveMaximum(1)]);
    assert_eq!(script.publish("a", QoS::AtLeastOnce), [sent("PUBLISH a q1 id1 dup0")]);
    assert_eq!(script.publish("b", QoS::AtLeastOnce), []);
    let outputs = script.receive(&Packet::Puback(Ack::success(id(1))));
    let done = Seen::Done(0, Ok(Completion::Published(ReasonCode::Success)));
    assert_eq!(outputs, [done, sent("PUBLISH b q1 id2 dup0")]);
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

#[test]
fn what_needs_a_connection_says_so() {
    let mut client = Client::new(ClientOptions::new("c"));
    let none = PropertiesBuf::new();
    let subscription = [(filter("a"), SubscriptionOptions::default())];
    assert_eq!(client.subscribe(&subscription, &none, NOW), Err(CallError::NotConnected));
    assert_eq!(client.publish(message("a", QoS::AtMostOnce), NOW), Err(CallError::NotConnected));
    client.disconnect(ReasonCode::Success, &none, NOW);
    assert_eq!(client.publish(message("a", QoS::AtLeastOnce), NOW), Err(CallError::Ended));
}

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
    script.client.handle_opening(NOW);
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
    // What is to be acknowledged waits instead, and goes out as the host takes what stands before it.
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

#[test]
fn a_silent_broker_is_pinged_and_then_given_up() {
    let options = ClientOptions { keep_alive: 60, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[Property::ServerKeepAlive(10)]);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    assert_eq!(script.client.next_deadline(), Some(at(10)), "the server's keep alive wins [MQTT-3.1.2-21]");
    script.client.handle_timeout(at(10));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    script.client.handle_bytes(&bytes(&Packet::Pingresp, Version::V5), at(12));
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
    client.handle_opening(NOW);
    let deadline = client.next_deadline().expect("the connect timeout");
    assert_eq!(deadline, NOW + Duration::from_secs(5));
    client.handle_timeout(deadline);
    assert_eq!(drain(&mut client, Version::V5), [Seen::Closed(CloseReason::ConnectTimeout)]);
}

#[test]
fn a_topic_alias_stands_for_its_topic() {
    let options = ClientOptions { topic_alias_maximum: 2, ..ClientOptions::new("c") };
    let mut script = Script::connected_with(options, &[]);
    let mut topics = Vec::new();
    for (topic, alias) in [("a", 1), ("b", 2), ("", 1), ("", 2), ("c", 1), ("", 1)] {
        let properties = list(&[Property::TopicAlias(alias)]);
        let Packet::Publish(publish) = publish(topic, QoS::AtMostOnce, 0) else { unreachable!() };
        let publish = Publish { properties: properties.as_properties(), ..publish };
        match script.receive(&Packet::Publish(publish)).as_slice() {
            [Seen::Message { topic, .. }] => topics.push(topic.clone()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(topics, ["a", "b", "a", "b", "c", "c"]);
}

/// What a broker must not do, the reason we give in 5.0, and the rule that the caller sees.
#[test]
fn a_broker_that_breaks_the_rules_is_told_and_left() {
    let none = PropertiesBuf::new();
    let alias = list(&[Property::TopicAlias(1)]);
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
        (vec![0x30, 4, 0, 1, 0xFF, 0], ReasonCode::MalformedPacket, "MQTT-1.5.4-1"),
        (vec![0xF0, 0x00], ReasonCode::ProtocolError, "§4.12"),
    ];
    for (hostile, expected, rule) in rows {
        let mut script = Script::connected();
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

fn stream(version: Version) -> Vec<u8> {
    let none = PropertiesBuf::new();
    let packets = [
        connack(false, &none),
        publish("a/b", QoS::AtMostOnce, 0),
        publish("a/c", QoS::AtLeastOnce, 1),
        publish("a/d", QoS::ExactlyOnce, 2),
        Packet::Pubrel(Ack::success(id(2))),
        Packet::Pingresp,
        publish("a/b", QoS::ExactlyOnce, 2),
        publish("x", QoS::AtMostOnce, 0),
    ];
    packets.iter().flat_map(|packet| bytes(packet, version)).collect()
}

/// Outputs without the borders of frames, in which a turn's answers are gathered.
fn outputs(version: Version, pieces: &[&[u8]]) -> (Vec<Seen>, Vec<Seen>) {
    let mut script = Script::opening(ClientOptions { version, ..ClientOptions::new("c") });
    script.client.add_handler(&filter("a/#"), HandlerId(1));
    let all: Vec<Seen> = pieces.iter().flat_map(|piece| script.receive_bytes(piece)).collect();
    all.into_iter().partition(|seen| matches!(seen, Seen::Sent(_)))
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same(cuts in prop::collection::vec(0..100_usize, 0..20), v5: bool) {
        let version = if v5 { Version::V5 } else { Version::V3_1_1 };
        let stream = stream(version);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % stream.len()).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        prop_assert_eq!(outputs(version, &pieces), outputs(version, &[&stream[..]]));
    }

    #[test]
    fn arbitrary_bytes_end_in_a_close_or_in_silence(noise in prop::collection::vec(any::<u8>(), 0..200), connected: bool) {
        let mut script = if connected { Script::connected() } else { Script::opening(ClientOptions::new("c")) };
        script.client.handle_bytes(&noise, NOW);
        let mut closed = false;
        while let Some(output) = script.client.poll_output() {
            prop_assert!(!closed, "Closed comes last");
            closed = matches!(output, Output::Closed(_));
        }
        prop_assert_eq!(closed, script.client.phase() == Phase::Idle);
    }

    /// Every request ends exactly once, whatever the broker answers and whenever the connection is cut.
    #[test]
    fn every_request_ends_once(steps in prop::collection::vec((0..8_u8, 1..6_u16), 0..60)) {
        let mut script = Script::connected_with(resuming(), &[]);
        let mut begun = Vec::new();
        let mut ended = Vec::new();
        for (step, number) in steps {
            let none = PropertiesBuf::new();
            let seen = match step {
                0..=2 => {
                    let qos = QoS::from_bits(step).expect("0 to 2");
                    begun.extend(script.client.publish(message("a", qos), NOW).map(|request| request.0));
                    script.drain()
                }
                3 => {
                    begun.extend(script.client.unsubscribe(&[filter("a")], &none, NOW).map(|request| request.0));
                    script.drain()
                }
                4 => script.receive(&Packet::Puback(Ack::success(id(number)))),
                5 => script.receive(&Packet::Pubrec(Ack::success(id(number)))),
                6 => script.receive(&Packet::Pubcomp(Ack::success(id(number)))),
                _ => script.cut(),
            };
            ended.extend(ends(&seen));
            if script.client.phase() == Phase::Idle {
                ended.extend(ends(&script.reopen(number % 2 == 0)));
            }
        }
        script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
        ended.extend(ends(&script.drain()));
        ended.sort_unstable();
        prop_assert_eq!(ended, begun);
    }
}

fn ends(seen: &[Seen]) -> Vec<u64> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Done(request, _) => Some(*request),
            _ => None,
        })
        .collect()
}
