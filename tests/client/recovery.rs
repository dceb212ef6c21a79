//! Sessions over lost connections: subscriptions made again, messages that a broker does not have,
//! and brokers with habits.

use core::time::Duration;

use wasmqtt::client::{Client, ClientOptions, CloseReason, Completion, HandlerId, Keep, Notice, Output, RequestError};
use wasmqtt::codec::{
    Ack, Decoder, Packet, Properties, PropertiesBuf, Property, QoS, ReasonCode, Suback, SubscriptionOptions, Unsuback,
    Version,
};
use wasmqtt::topic::TopicFilter;

use super::script::{NOW, Script, Seen, begin, begin_at, bytes, connack, drain, filter, resuming, sent};
use crate::support::packets::{id, properties};

const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

fn subscribe(script: &mut Script, filters: &[&str], list: &[Property<'_>], first_id: u16, reasons: &[ReasonCode]) {
    let wanted: Vec<(TopicFilter, SubscriptionOptions)> =
        filters.iter().map(|text| (filter(text), SubscriptionOptions::default())).collect();
    script.client.subscribe(&wanted, &properties(list), NOW).expect("it can be sent");
    script.drain();
    let reasons = reasons.to_vec();
    script.receive(&Packet::Suback(Suback { packet_id: id(first_id), properties: Properties::EMPTY, reasons }));
}

/// The filters of each SUBSCRIBE that leaves on the next connection.
fn subscribed_again(script: &mut Script, session_present: bool) -> Vec<Vec<String>> {
    script.open();
    let connack = bytes(&connack(session_present, &PropertiesBuf::new()), script.version);
    script.client.handle_bytes(script.attempt, &connack, NOW);
    let mut all = Vec::new();
    while let Some(output) = script.client.poll_output() {
        let Output::Transmit(frame) = output else { continue };
        let mut decoder = Decoder::new(u32::MAX);
        decoder.feed(frame);
        while let Some(located) = decoder.advance(script.version).expect("well formed") {
            if let Packet::Subscribe(packet) = decoder.packet(&located, script.version).expect("well formed") {
                all.push(packet.subscriptions.iter().map(|one| one.filter.to_owned()).collect());
            }
        }
    }
    all
}

#[test]
fn subscriptions_are_made_again_only_when_the_session_is_gone() {
    for version in BOTH {
        let options = ClientOptions { version, ..resuming() };
        let mut script = Script::connected_with(options, &[]);
        let granted = ReasonCode::GrantedQoS1;
        subscribe(&mut script, &["a", "b/#", "c"], &[], 1, &[granted, granted, ReasonCode::UnspecifiedError]);
        script.client.unsubscribe(&[filter("a")], &PropertiesBuf::new(), NOW).expect("it can be sent");
        subscribe(&mut script, &["d"], &[], 3, &[granted]);
        script.cut();
        assert_eq!(subscribed_again(&mut script, true), Vec::<Vec<String>>::new());
        script.cut();
        assert_eq!(subscribed_again(&mut script, false), [["b/#", "d"]], "in one packet, without what was refused");
        script.cut();
        // Nobody knows whether the session got them.
        assert_eq!(subscribed_again(&mut script, true), [["b/#", "d"]]);
    }
}

/// UNSUBSCRIBE follows a SUBSCRIBE that is not answered yet, or waits with it for the connection.
#[test]
fn a_subscription_that_ended_before_its_answer_is_not_made_again() {
    for version in BOTH {
        for waits in [false, true] {
            let mut script = Script::connected_with(ClientOptions { version, ..resuming() }, &[]);
            if waits {
                script.cut();
            }
            let none = PropertiesBuf::new();
            let wanted = ["a", "b", "c"].map(|text| (filter(text), SubscriptionOptions::default()));
            script.client.subscribe(&wanted, &none, NOW).expect("it can be sent");
            script.client.unsubscribe(&[filter("a"), filter("b")], &none, NOW).expect("it can be sent");
            script.client.subscribe(&wanted[1..2], &none, NOW).expect("it can be sent");
            if waits {
                script.reopen(true);
            }
            script.drain();
            let granted = ReasonCode::GrantedQoS1;
            let suback = |packet_id, reasons| {
                Packet::Suback(Suback { packet_id: id(packet_id), properties: Properties::EMPTY, reasons })
            };
            script.receive(&suback(1, vec![granted; 3]));
            // A broker may answer in another order.
            script.receive(&suback(3, vec![granted]));
            let reasons = if version == Version::V5 { vec![ReasonCode::Success; 2] } else { Vec::new() };
            script.receive(&Packet::Unsuback(Unsuback { packet_id: id(2), properties: Properties::EMPTY, reasons }));
            script.cut();
            assert_eq!(subscribed_again(&mut script, false), [["b", "c"]], "{version:?}, waits: {waits}");
        }
    }
}

#[test]
fn many_subscriptions_are_made_again_in_few_packets() {
    let mut script = Script::connected_with(resuming(), &[]);
    for number in 0..200 {
        subscribe(&mut script, &[&format!("t/{number:03}")], &[], number + 1, &[ReasonCode::GrantedQoS1]);
    }
    subscribe(&mut script, &["u"], &[Property::SubscriptionIdentifier(7)], 201, &[ReasonCode::GrantedQoS1]);
    subscribe(&mut script, &["$share/g/s"], &[], 202, &[ReasonCode::GrantedQoS1]);
    script.cut();
    let packets = subscribed_again(&mut script, false);
    assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), [1, 64, 64, 64, 8, 1]);
    assert_eq!(packets[0], ["$share/g/s"], "whose identifier is its own");
    assert_eq!(packets[5], ["u"], "whose properties are others");
}

#[test]
fn a_subscription_that_is_refused_when_made_again_is_told() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.client.add_handler(&filter("b"), HandlerId(1));
    let granted = ReasonCode::GrantedQoS1;
    subscribe(&mut script, &["a/+", "b", "c"], &[], 1, &[granted; 3]);
    script.cut();
    script.open();
    let seen = script.receive(&connack(false, &PropertiesBuf::new()));
    assert_eq!(seen, [Seen::Connected(false), sent("SUBSCRIBE")]);
    let reasons = vec![granted, ReasonCode::NotAuthorized, granted];
    let suback = Suback { packet_id: id(2), properties: Properties::EMPTY, reasons };
    let error = RequestError::Refused(ReasonCode::NotAuthorized);
    let notice = Notice::NotResubscribed { filter: filter("b"), error };
    assert_eq!(script.receive(&Packet::Suback(suback)), [Seen::Notice(notice)]);
    script.cut();
    script.open();
    let limit = properties(&[Property::WildcardSubscriptionAvailable(false)]);
    let error = RequestError::Refused(ReasonCode::WildcardSubscriptionsNotSupported);
    let seen = script.receive(&connack(false, &limit));
    assert!(seen.contains(&Seen::Notice(Notice::NotResubscribed { filter: filter("a/+"), error })), "{seen:?}");
}

/// [MQTT-3.1.2-4], [MQTT-3.1.2-5]: the session is asked for where it can be there.
#[test]
fn a_later_connection_asks_for_the_session_that_lasts() {
    let rows: [(Version, bool, u32, bool); 5] = [
        (Version::V5, true, 0, true),
        (Version::V5, true, 60, false),
        (Version::V5, false, 0, false),
        (Version::V3_1_1, true, 0, true),
        (Version::V3_1_1, false, 0, false),
    ];
    for (version, clean_start, expiry, expected) in rows {
        let list = if expiry > 0 { vec![Property::SessionExpiryInterval(expiry)] } else { vec![] };
        let options = ClientOptions { version, clean_start, properties: properties(&list), ..ClientOptions::new("c") };
        let mut client = Client::new(options);
        for round in 0..2 {
            let attempt = begin(&mut client);
            client.handle_open(attempt, NOW);
            let Some(Output::Transmit(frame)) = client.poll_output() else { panic!("CONNECT") };
            let mut decoder = Decoder::new(u32::MAX);
            decoder.feed(frame);
            let located = decoder.advance(version).expect("well formed").expect("CONNECT");
            let Packet::Connect(connect) = decoder.packet(&located, version).expect("well formed") else { panic!() };
            let wanted = if round == 0 { clean_start } else { expected };
            assert_eq!(connect.clean_start, wanted, "{version:?} {clean_start} {expiry} {round}");
            client.handle_bytes(attempt, &bytes(&connack(false, &PropertiesBuf::new()), version), NOW);
            drain(&mut client, version);
            client.handle_closed(attempt, NOW);
            drain(&mut client, version);
        }
    }
}

/// [MQTT-3.2.2-4].
#[test]
fn a_session_without_state_here_ends_the_connection_of_a_strict_client() {
    for strict in [true, false] {
        let mut script = Script::opening(ClientOptions { strict, ..resuming() });
        let seen = script.receive(&connack(true, &PropertiesBuf::new()));
        let is_closed =
            matches!(seen.last(), Some(Seen::Closed(CloseReason::ProtocolError { rule: "MQTT-3.2.2-4", .. })));
        assert_eq!(is_closed, strict, "{seen:?}");
    }
}

#[test]
fn the_absence_is_told_from_the_second_connection_on() {
    let mut script = Script::opening(resuming());
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let mut absences = Vec::new();
    for (open, heard) in [(0, 5), (20, 20), (30, 31)] {
        if open > 0 {
            script.attempt = begin_at(&mut script.client, at(open));
            script.client.handle_open(script.attempt, at(open));
        }
        let accepted = bytes(&connack(open > 0, &PropertiesBuf::new()), Version::V5);
        script.client.handle_bytes(script.attempt, &accepted, at(open));
        while let Some(output) = script.client.poll_output() {
            if let Output::Connected(connected) = output {
                absences.push(connected.absence);
            }
        }
        script.client.handle_bytes(script.attempt, &bytes(&Packet::Pingresp, Version::V5), at(heard));
        script.drain();
        script.client.handle_closed(script.attempt, at(heard + 2));
        script.drain();
    }
    assert_eq!(absences, [None, Some(Duration::from_secs(15)), Some(Duration::from_secs(10))]);
}

/// Such as NATS, which hangs up on QoS 2.
#[test]
fn a_message_on_which_the_broker_hangs_up_ends_and_the_rest_goes_on() {
    for (keep, session_present) in [(Keep::Acknowledged, true), (Keep::All, true), (Keep::All, false)] {
        let mut script = Script::connected_with(ClientOptions { keep, ..resuming() }, &[]);
        script.publish("poison", QoS::ExactlyOnce);
        script.publish("next", QoS::AtLeastOnce);
        for _ in 0..2 {
            assert_eq!(script.cut(), [Seen::Closed(CloseReason::TransportClosed)]);
            let seen = script.reopen(session_present);
            assert!(matches!(&seen[1], Seen::Sent(text) if text.starts_with("PUBLISH poison q2")), "{seen:?}");
        }
        let lost = Seen::Done(0, Err(RequestError::LostThrice));
        assert_eq!(script.cut(), [lost, Seen::Closed(CloseReason::TransportClosed)], "{keep:?}");
        let seen = script.reopen(session_present);
        let rest = if session_present {
            // The broker may hold the identifier.
            vec![sent("PUBREL 1 00"), sent("PUBLISH next q1 id2 dup1")]
        } else {
            vec![sent("PUBLISH next q1 id7 dup0")]
        };
        assert_eq!(seen[1..], rest, "{keep:?}");
        if session_present {
            for _ in 0..3 {
                script.cut();
                script.reopen(true);
            }
            // Neither is PUBREL sent for ever.
            assert_eq!(script.cut().len(), 1);
            assert_eq!(script.reopen(true), [Seen::Connected(true), sent("PUBLISH next q1 id2 dup1")]);
        }
    }
}

#[test]
fn a_request_on_which_the_broker_hangs_up_ends() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.client.subscribe(&[(filter("a"), SubscriptionOptions::default())], &PropertiesBuf::new(), NOW).expect("ok");
    script.drain();
    for _ in 0..2 {
        script.cut();
        assert_eq!(script.reopen(true), [Seen::Connected(true), sent("SUBSCRIBE")]);
    }
    let lost = Seen::Done(0, Err(RequestError::LostThrice));
    assert_eq!(script.cut(), [lost, Seen::Closed(CloseReason::TransportClosed)]);
    assert_eq!(script.reopen(true), [Seen::Connected(true)]);
}

#[test]
fn a_request_that_was_out_of_time_does_not_end_once_more_at_the_third_loss() {
    let options = ClientOptions { request_timeout: Duration::from_secs(5), ..resuming() };
    let mut script = Script::connected_with(options, &[]);
    script.client.subscribe(&[(filter("a"), SubscriptionOptions::default())], &PropertiesBuf::new(), NOW).expect("ok");
    script.drain();
    for _ in 0..2 {
        script.cut();
        assert_eq!(script.reopen(true), [Seen::Connected(true), sent("SUBSCRIBE")]);
    }
    script.client.handle_timeout(NOW + Duration::from_secs(5));
    assert_eq!(script.drain(), [Seen::Done(0, Err(RequestError::TimedOut))]);
    assert_eq!(script.cut(), [Seen::Closed(CloseReason::TransportClosed)]);
    assert_eq!(script.reopen(true), [Seen::Connected(true)]);
}

/// Other messages are first, or are answered in between: no loop.
#[test]
fn losses_count_only_in_a_row_and_only_on_connections() {
    let mut script = Script::connected_with(resuming(), &[]);
    script.publish("a", QoS::AtLeastOnce);
    for _ in 0..2 {
        script.cut();
        script.reopen(true);
    }
    // Attempts that get no connection are no losses.
    script.cut();
    let lost = script.drain();
    assert_eq!(lost, []);
    for _ in 0..5 {
        script.open();
        script.cut();
    }
    let mut script = Script::connected_with(resuming(), &[]);
    for round in 0..10 {
        script.publish("a", QoS::AtLeastOnce);
        for _ in 0..2 {
            assert_eq!(script.cut().len(), 1, "{round}");
            script.reopen(true);
        }
        let done = script.receive(&Packet::Puback(Ack::success(id(round + 1))));
        assert_eq!(done.len(), 1, "{done:?}");
    }
}

/// `RabbitMQ` 3 answers QoS 2 as QoS 1.
#[test]
fn a_puback_for_qos_2_is_a_delivery_at_qos_1_unless_strict() {
    for version in BOTH {
        for strict in [false, true] {
            let mut script = Script::connected_with(ClientOptions { version, strict, ..resuming() }, &[]);
            script.publish("a", QoS::ExactlyOnce);
            let seen = script.receive(&Packet::Puback(Ack::success(id(1))));
            if strict {
                assert!(matches!(seen.last(), Some(Seen::Closed(CloseReason::ProtocolError { .. }))), "{seen:?}");
                continue;
            }
            let [Seen::Notice(Notice::Downgraded(request)), done] = &seen[..] else { panic!("{seen:?}") };
            assert_eq!((request.0, done), (0, &Seen::Done(0, Ok(Completion::Published(ReasonCode::Success)))));
            // After PUBREC it is a fault for everyone.
            script.publish("a", QoS::ExactlyOnce);
            script.receive(&Packet::Pubrec(Ack::success(id(2))));
            let seen = script.receive(&Packet::Puback(Ack::success(id(2))));
            assert!(matches!(seen.last(), Some(Seen::Closed(CloseReason::ProtocolError { .. }))), "{seen:?}");
        }
    }
}
