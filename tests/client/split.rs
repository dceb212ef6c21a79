//! Requests with many filters, split for a broker that takes few or short packets.

use proptest::prelude::*;
use wasmqtt::client::{CallError, Client, ClientOptions, Completion, Keep, Output, RequestError};
use wasmqtt::codec::{
    Decoder, Packet, PacketId, PropertiesBuf, Property, PropertyId, ReasonCode, Suback, SubscriptionOptions, Unsuback,
    Version,
};
use wasmqtt::topic::TopicFilter;

use super::script::{NOW, Script, Seen, begin, bytes, connack, drain, filter};
use crate::support::packets::{BOTH, properties};

/// A SUBSCRIBE or UNSUBSCRIBE as it was sent.
#[derive(Clone, Debug)]
struct Request {
    packet_id: PacketId,
    filters: Vec<String>,
    bytes: usize,
    identifier: u32,
}

/// The requests in what the client transmits.
fn requests(client: &mut Client, version: Version) -> Vec<Request> {
    let mut all = Vec::new();
    while let Some(output) = client.poll_output() {
        let Output::Transmit(frame) = output else { panic!("{output:?}") };
        let mut decoder = Decoder::new(u32::MAX);
        decoder.feed(frame);
        while let Some(located) = decoder.advance(version).expect("well formed") {
            let (packet_id, filters, properties) = match decoder.packet(&located, version).expect("well formed") {
                Packet::Subscribe(subscribe) => {
                    let filters = subscribe.subscriptions.iter().map(|one| one.filter.to_owned()).collect();
                    (subscribe.packet_id, filters, subscribe.properties)
                }
                Packet::Unsubscribe(unsubscribe) => {
                    let filters = unsubscribe.filters.iter().map(|one| (*one).to_owned()).collect();
                    (unsubscribe.packet_id, filters, unsubscribe.properties)
                }
                other => panic!("{other:?}"),
            };
            let identifier = properties.number(PropertyId::SubscriptionIdentifier).unwrap_or(0);
            all.push(Request { packet_id, filters, bytes: decoder.bytes(&located).len(), identifier });
        }
    }
    all
}

fn filters(count: usize) -> Vec<TopicFilter> {
    (0..count).map(|number| filter(&format!("filter/{number}"))).collect()
}

fn subscriptions(filters: &[TopicFilter]) -> Vec<(TopicFilter, SubscriptionOptions)> {
    filters.iter().map(|filter| (filter.clone(), SubscriptionOptions::default())).collect()
}

/// The answer to a request, with a reason for each of its filters.
fn answer(
    subscribes: bool,
    packet_id: PacketId,
    reasons: Vec<ReasonCode>,
    list: &PropertiesBuf,
    version: Version,
) -> Vec<u8> {
    let properties = list.as_properties();
    let packet = if subscribes {
        Packet::Suback(Suback { packet_id, properties, reasons })
    } else {
        Packet::Unsuback(Unsuback { packet_id, properties, reasons })
    };
    bytes(&packet, version)
}

fn few(version: Version, request_filters_max: usize) -> ClientOptions {
    ClientOptions { version, request_filters_max, ..ClientOptions::new("c") }
}

/// One end for the request, with the reasons in the order of its filters, whatever the order of the
/// answers. [MQTT-3.8.4-6], [MQTT-3.9.3-1].
#[test]
fn a_request_in_several_packets_ends_once() {
    for version in BOTH {
        let mut script = Script::connected_with(few(version, 8), &[]);
        let filters = filters(20);
        let none = PropertiesBuf::new();
        let request = script.client.subscribe(&subscriptions(&filters), &none, NOW).expect("it can be sent");
        let sent = requests(&mut script.client, version);
        assert_eq!(sent.iter().map(|one| one.filters.len()).collect::<Vec<_>>(), [8, 8, 4]);
        let mut all = Vec::new();
        for part in [2, 0, 1] {
            let reasons = sent[part]
                .filters
                .iter()
                .map(|_| [ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2][part]);
            all.extend(script.receive_bytes(&answer(true, sent[part].packet_id, reasons.collect(), &none, version)));
        }
        let mut expected = vec![ReasonCode::Success; 8];
        expected.extend([ReasonCode::GrantedQoS1; 8]);
        expected.extend([ReasonCode::GrantedQoS2; 4]);
        assert_eq!(all, [Seen::Done(request.0, Ok(Completion::Subscribed(expected)))]);

        let request = script.client.unsubscribe(&filters, &none, NOW).expect("it can be sent");
        let sent = requests(&mut script.client, version);
        assert_eq!(sent.iter().map(|one| one.filters.len()).collect::<Vec<_>>(), [8, 8, 4]);
        let mut all = Vec::new();
        for one in sent {
            let reasons = one.filters.iter().map(|_| ReasonCode::Success).collect();
            all.extend(script.receive_bytes(&answer(false, one.packet_id, reasons, &none, version)));
        }
        let expected = vec![ReasonCode::Success; 20];
        assert_eq!(all, [Seen::Done(request.0, Ok(Completion::Unsubscribed(expected)))]);
    }
}

/// [MQTT-3.2.2-15]: each part has the request's properties, and what answers them reaches the host.
#[test]
fn a_request_is_split_by_size_with_its_properties_in_each_part() {
    let mut script = Script::connected_with(few(Version::V5, usize::MAX), &[Property::MaximumPacketSize(50)]);
    let list = properties(&[Property::SubscriptionIdentifier(7)]);
    let filters = filters(10);
    let request = script.client.subscribe(&subscriptions(&filters), &list, NOW).expect("it can be sent");
    let sent = requests(&mut script.client, Version::V5);
    assert!(sent.len() > 2 && sent.iter().all(|one| one.bytes <= 50 && one.identifier == 7), "{sent:?}");
    let names: Vec<_> = sent.iter().flat_map(|one| one.filters.clone()).collect();
    assert_eq!(names, filters.iter().map(|filter| filter.as_str().to_owned()).collect::<Vec<_>>());
    for (number, one) in sent.iter().enumerate() {
        let told = properties(&[Property::UserProperty("part", "x")]);
        let reasons = one.filters.iter().map(|_| ReasonCode::Success).collect();
        script.client.handle_bytes(script.attempt, &answer(true, one.packet_id, reasons, &told, Version::V5), NOW);
        match script.client.poll_output() {
            None => assert!(number + 1 < sent.len()),
            Some(Output::Done(done, Ok(_))) => assert_eq!((number + 1, done), (sent.len(), request)),
            Some(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(script.client.answer_properties().user_properties().count(), sent.len());
}

/// A filter that fits in no packet fails the call, and nothing of it is sent or kept.
#[test]
fn a_request_of_which_a_part_cannot_be_sent_is_not_sent() {
    let mut script = Script::connected_with(few(Version::V5, 2), &[Property::MaximumPacketSize(50)]);
    let mut filters = filters(5);
    filters.push(filter(&"x".repeat(60)));
    let none = PropertiesBuf::new();
    for _ in 0..70_000 {
        let refused = script.client.unsubscribe(&filters, &none, NOW);
        assert!(matches!(refused, Err(CallError::PacketTooLarge { maximum: 50, .. })), "{refused:?}");
    }
    assert_eq!(script.drain(), [], "and no identifier is used up");
    script.client.unsubscribe(&filters[..2], &none, NOW).expect("it can be sent");
    assert_eq!(requests(&mut script.client, Version::V5).len(), 1);
}

#[test]
fn a_split_request_that_loses_its_connection_ends_once() {
    let mut script = Script::connected_with(ClientOptions { keep: Keep::Nothing, ..few(Version::V5, 1) }, &[]);
    let none = PropertiesBuf::new();
    let request = script.client.unsubscribe(&filters(3), &none, NOW).expect("it can be sent");
    let sent = requests(&mut script.client, Version::V5);
    let reasons = vec![ReasonCode::Success];
    assert_eq!(script.receive_bytes(&answer(false, sent[1].packet_id, reasons.clone(), &none, Version::V5)), []);
    let seen = script.cut();
    assert_eq!(seen[0], Seen::Done(request.0, Err(RequestError::ConnectionClosed)));
    assert!(matches!(seen[1..], [Seen::Closed(_)]), "{seen:?}");
    // Nothing of it is left for the next connection.
    script.reopen(false);
    let late = script.receive_bytes(&answer(false, sent[0].packet_id, reasons, &none, Version::V5));
    assert!(matches!(late.last(), Some(Seen::Closed(_))), "{late:?}");
}

/// A broker that answers a part with too many reasons breaks the rules.
#[test]
fn an_answer_must_have_the_reasons_of_its_own_part() {
    let mut script = Script::connected_with(few(Version::V5, 2), &[]);
    let none = PropertiesBuf::new();
    script.client.subscribe(&subscriptions(&filters(3)), &none, NOW).expect("it can be sent");
    let sent = requests(&mut script.client, Version::V5);
    let seen = script.receive_bytes(&answer(true, sent[1].packet_id, vec![ReasonCode::Success; 3], &none, Version::V5));
    assert!(matches!(seen.last(), Some(Seen::Closed(_))), "{seen:?}");
}

proptest! {
    /// Any number of filters, of any length, within any limits: each filter goes once, in order.
    #[test]
    fn each_filter_is_sent_once_within_the_limits(
        lengths in prop::collection::vec(1_usize..30, 1..40),
        most in 1_usize..10,
        size in 40_u32..200,
    ) {
        let mut client = Client::new(few(Version::V5, most));
        let attempt = begin(&mut client);
        client.handle_open(attempt, NOW);
        drain(&mut client, Version::V5);
        let limit = properties(&[Property::MaximumPacketSize(size)]);
        client.handle_bytes(attempt, &bytes(&connack(false, &limit), Version::V5), NOW);
        drain(&mut client, Version::V5);
        let filters: Vec<_> = lengths.iter().map(|len| filter(&"f".repeat(*len))).collect();
        let request = client.unsubscribe(&filters, &PropertiesBuf::new(), NOW).expect("each fits");
        let sent = requests(&mut client, Version::V5);
        prop_assert!(sent.iter().all(|one| one.filters.len() <= most && one.bytes <= size as usize));
        let lens: Vec<_> = sent.iter().flat_map(|one| &one.filters).map(String::len).collect();
        prop_assert_eq!(lens, lengths.clone());
        for one in &sent {
            let reasons = vec![ReasonCode::Success; one.filters.len()];
            let answer = answer(false, one.packet_id, reasons, &PropertiesBuf::new(), Version::V5);
            client.handle_bytes(attempt, &answer, NOW);
        }
        let done = Seen::Done(request.0, Ok(Completion::Unsubscribed(vec![ReasonCode::Success; lengths.len()])));
        prop_assert_eq!(drain(&mut client, Version::V5), [done]);
    }
}
