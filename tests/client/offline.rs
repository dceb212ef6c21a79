//! Requests over lost connections: the table of the policies, the queue and its bounds.

use core::time::Duration;

use wasmqtt::client::{Attempt, CallError, Client, ClientOptions, Completion, Keep, Overflow, RequestError, RequestId};
use wasmqtt::codec::{
    Ack, Message, Packet, Properties, PropertiesBuf, Property, QoS, ReasonCode, Suback, SubscriptionOptions, Version,
};
use wasmqtt::topic::TopicName;

use super::script::{NOW, Script, Seen, begin_at, bytes, connack, filter, message, sent};
use crate::support::packets::{id, properties};

const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];
const POLICIES: [Keep; 3] = [Keep::All, Keep::Acknowledged, Keep::Nothing];

/// A request of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Publish(QoS),
    Subscribe,
    Unsubscribe,
}

/// Where the request stands when the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Made without a connection and without an attempt.
    Offline,
    /// Made during an attempt, which fails.
    Queued,
    /// Given to the transport, which closes.
    HalfWritten,
    /// As before, and a later packet came.
    Unanswered,
    /// QoS 2, and PUBREC came.
    Released,
}

/// Outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The call fails.
    NotConnected,
    /// It ends when the connection is lost, and nothing is sent later.
    Ends(RequestError),
    /// It was over when it was sent.
    Over,
    /// It is sent on the next connection, as if for the first time.
    Sent,
    /// In the same session it is sent again. In a new one it ends.
    Resumed(RequestError),
    /// In the same session it is sent again, in a new one as if for the first time.
    ResumedOrAnew,
    /// It ends when the connection is lost. In the same session the exchange goes on.
    EndsAndResumed(RequestError),
}

use Fate::{Ends, EndsAndResumed, NotConnected, Over, Resumed, ResumedOrAnew, Sent};
use RequestError::{ConnectionClosed, SessionLost, Unanswered};

const QOS0: Kind = Kind::Publish(QoS::AtMostOnce);
const QOS1: Kind = Kind::Publish(QoS::AtLeastOnce);
const QOS2: Kind = Kind::Publish(QoS::ExactlyOnce);

/// The table of `docs/offline.md`, with a fate for each of [`POLICIES`].
const TABLE: [(Kind, Stage, [Fate; 3]); 21] = [
    (QOS0, Stage::Offline, [Sent, NotConnected, NotConnected]),
    (QOS0, Stage::Queued, [Sent, Ends(ConnectionClosed), Ends(ConnectionClosed)]),
    (QOS0, Stage::HalfWritten, [Over, Over, Over]),
    (QOS0, Stage::Unanswered, [Over, Over, Over]),
    (QOS1, Stage::Offline, [Sent, Sent, NotConnected]),
    (QOS1, Stage::Queued, [Sent, Sent, Ends(ConnectionClosed)]),
    (QOS1, Stage::HalfWritten, [ResumedOrAnew, Resumed(SessionLost), EndsAndResumed(Unanswered)]),
    (QOS1, Stage::Unanswered, [ResumedOrAnew, Resumed(SessionLost), EndsAndResumed(Unanswered)]),
    (QOS2, Stage::Offline, [Sent, Sent, NotConnected]),
    (QOS2, Stage::Queued, [Sent, Sent, Ends(ConnectionClosed)]),
    (QOS2, Stage::HalfWritten, [ResumedOrAnew, Resumed(SessionLost), EndsAndResumed(Unanswered)]),
    (QOS2, Stage::Unanswered, [ResumedOrAnew, Resumed(SessionLost), EndsAndResumed(Unanswered)]),
    (QOS2, Stage::Released, [Resumed(SessionLost), Resumed(SessionLost), EndsAndResumed(Unanswered)]),
    (Kind::Subscribe, Stage::Offline, [Sent, Sent, NotConnected]),
    (Kind::Subscribe, Stage::Queued, [Sent, Sent, Ends(ConnectionClosed)]),
    (Kind::Subscribe, Stage::HalfWritten, [Sent, Sent, Ends(ConnectionClosed)]),
    (Kind::Subscribe, Stage::Unanswered, [Sent, Sent, Ends(ConnectionClosed)]),
    (Kind::Unsubscribe, Stage::Offline, [Sent, Sent, NotConnected]),
    (Kind::Unsubscribe, Stage::Queued, [Sent, Sent, Ends(ConnectionClosed)]),
    (Kind::Unsubscribe, Stage::HalfWritten, [Sent, Sent, Ends(ConnectionClosed)]),
    (Kind::Unsubscribe, Stage::Unanswered, [Sent, Sent, Ends(ConnectionClosed)]),
];

fn ask(client: &mut Client, kind: Kind) -> Result<RequestId, CallError> {
    let none = PropertiesBuf::new();
    match kind {
        Kind::Publish(qos) => client.publish(message("a", qos), NOW),
        Kind::Subscribe => client.subscribe(&[(filter("a"), SubscriptionOptions::default())], &none, NOW),
        Kind::Unsubscribe => client.unsubscribe(&[filter("a")], &none, NOW),
    }
}

fn unconnected(options: ClientOptions) -> Script {
    let version = options.version;
    Script { client: Client::new(options), version, attempt: Attempt(0) }
}

/// Brings a request of the kind to the stage, and cuts the connection.
fn cut_at(script: &mut Script, kind: Kind, stage: Stage) -> Result<Vec<Seen>, CallError> {
    if stage == Stage::Offline {
        ask(&mut script.client, kind)?;
        return Ok(script.drain());
    }
    script.open();
    if stage == Stage::Queued {
        ask(&mut script.client, kind)?;
        return Ok(script.cut());
    }
    script.receive(&connack(false, &PropertiesBuf::new()));
    ask(&mut script.client, kind)?;
    let mut seen = script.drain();
    match stage {
        Stage::Unanswered => seen.extend(script.receive(&Packet::Pingresp)),
        Stage::Released => seen.extend(script.receive(&Packet::Pubrec(Ack::success(id(1))))),
        Stage::Offline | Stage::Queued | Stage::HalfWritten => {}
    }
    seen.extend(script.cut());
    Ok(seen)
}

fn ends(seen: &[Seen]) -> Vec<Result<Completion, RequestError>> {
    seen.iter().filter_map(|one| if let Seen::Done(0, end) = one { Some(end.clone()) } else { None }).collect()
}

/// [MQTT-4.4.0-1]: in its session, a message is sent again whatever the caller was told.
#[test]
fn each_request_has_the_fate_that_its_policy_says() {
    for version in BOTH {
        for (kind, stage, fates) in TABLE {
            for (keep, fate) in POLICIES.into_iter().zip(fates) {
                for session_present in [true, false] {
                    let cell = format!("{version:?} {kind:?} {stage:?} {keep:?} {session_present}");
                    let options = ClientOptions { version, clean_start: false, keep, ..ClientOptions::new("c") };
                    let mut script = unconnected(options);
                    let before = match cut_at(&mut script, kind, stage) {
                        Err(error) => {
                            assert_eq!((fate, &error), (NotConnected, &CallError::NotConnected), "{cell}");
                            continue;
                        }
                        Ok(seen) => ends(&seen),
                    };
                    let after = script.reopen(session_present);
                    let fresh = match kind {
                        Kind::Publish(qos) => format!("PUBLISH a q{} id", qos.bits()),
                        Kind::Subscribe => "SUBSCRIBE".into(),
                        Kind::Unsubscribe => "UNSUBSCRIBE".into(),
                    };
                    let (fresh, again) = match (kind, stage) {
                        (Kind::Publish(_), Stage::Released) => (vec![], vec![sent("PUBREL 1 00")]),
                        (Kind::Publish(qos), _) => {
                            let number = if qos == QoS::AtMostOnce {
                                0
                            } else if matches!(stage, Stage::Offline | Stage::Queued) {
                                1
                            } else {
                                2
                            };
                            (vec![sent(&format!("{fresh}{number} dup0"))], vec![sent(&format!("{fresh}1 dup1"))])
                        }
                        (Kind::Subscribe | Kind::Unsubscribe, _) => (vec![sent(&fresh)], vec![]),
                    };
                    let published = Ok(Completion::Published(ReasonCode::Success));
                    let over = if kind == QOS0 { vec![published.clone()] } else { vec![] };
                    let (ended_before, ended_after, packets) = match fate {
                        NotConnected => panic!("{cell}: it was taken"),
                        Ends(error) => (vec![Err(error)], vec![], vec![]),
                        Over => (vec![published], vec![], vec![]),
                        Sent => (vec![], over, fresh),
                        Resumed(_) if session_present => (vec![], vec![], again),
                        Resumed(error) => (vec![], vec![Err(error)], vec![]),
                        ResumedOrAnew => (vec![], vec![], if session_present { again } else { fresh }),
                        EndsAndResumed(error) => {
                            (vec![Err(error)], vec![], if session_present { again } else { vec![] })
                        }
                    };
                    assert_eq!(before, ended_before, "{cell}");
                    assert_eq!(ends(&after), ended_after, "{cell}: {after:?}");
                    let all: Vec<Seen> = after.into_iter().filter(|one| matches!(one, Seen::Sent(_))).collect();
                    assert_eq!(all, packets, "{cell}");
                }
            }
        }
    }
}

/// Requests of all kinds leave in the order in which they were made, after what is in flight.
#[test]
fn the_queue_has_one_order_with_what_is_in_flight() {
    for version in BOTH {
        let options = ClientOptions { version, clean_start: false, keep: Keep::All, ..ClientOptions::new("c") };
        let mut script = Script::connected_with(options, &[]);
        script.publish("sent", QoS::AtLeastOnce);
        script.cut();
        let client = &mut script.client;
        for (topic, qos) in [("1", QoS::AtLeastOnce), ("2", QoS::AtMostOnce), ("3", QoS::ExactlyOnce)] {
            client.publish(message(topic, qos), NOW).expect("it waits");
        }
        ask(client, Kind::Subscribe).expect("it waits");
        client.publish(message("4", QoS::AtMostOnce), NOW).expect("it waits");
        ask(client, Kind::Unsubscribe).expect("it waits");
        client.publish(message("5", QoS::AtLeastOnce), NOW).expect("it waits");
        assert_eq!((client.queued(), client.queued_bytes(), client.in_flight()), (7, 5 + 5 * 7 + 2, 1));
        let packets: Vec<Seen> = script.reopen(true).into_iter().filter(|seen| matches!(seen, Seen::Sent(_))).collect();
        let order = [
            "PUBLISH sent q1 id1 dup1",
            "PUBLISH 1 q1 id2 dup0",
            "PUBLISH 2 q0 id0 dup0",
            "PUBLISH 3 q2 id3 dup0",
            "SUBSCRIBE",
            "PUBLISH 4 q0 id0 dup0",
            "UNSUBSCRIBE",
            "PUBLISH 5 q1 id6 dup0",
        ];
        assert_eq!(packets, order.map(sent));
        assert_eq!((script.client.queued(), script.client.queued_bytes()), (0, 0));
    }
}

/// [MQTT-3.3.4-8]: messages that wait for the quota hold back no SUBSCRIBE.
#[test]
fn a_full_quota_holds_back_no_request_that_waited() {
    let options = ClientOptions { clean_start: false, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    for topic in ["1", "2"] {
        script.client.publish(message(topic, QoS::AtLeastOnce), NOW).expect("it waits");
    }
    ask(&mut script.client, Kind::Subscribe).expect("it waits");
    script.open();
    let seen = script.receive(&connack(false, &properties(&[Property::ReceiveMaximum(1)])));
    assert_eq!(seen, [Seen::Connected(false), sent("PUBLISH 1 q1 id1 dup0"), sent("SUBSCRIBE")]);
}

#[test]
fn a_full_queue_drops_by_its_policy() {
    let rows = [
        (Overflow::Reject, vec![], vec!["1", "2", "SUBSCRIBE"]),
        (Overflow::DropNewest, vec![3], vec!["1", "2", "SUBSCRIBE"]),
        (Overflow::DropOldest, vec![0], vec!["2", "SUBSCRIBE", "3"]),
    ];
    for (overflow, dropped, left) in rows {
        for (first, second) in [(QoS::AtMostOnce, QoS::AtLeastOnce), (QoS::ExactlyOnce, QoS::AtMostOnce)] {
            let options = ClientOptions { offline_messages: 3, overflow, keep: Keep::All, ..ClientOptions::new("c") };
            let mut script = unconnected(options);
            script.client.publish(message("1", first), NOW).expect("it waits");
            script.client.publish(message("2", second), NOW).expect("it waits");
            ask(&mut script.client, Kind::Subscribe).expect("it waits");
            let result = script.client.publish(message("3", first), NOW);
            assert_eq!(result.is_err(), overflow == Overflow::Reject, "{overflow:?} {result:?}");
            let told = dropped.iter().map(|id| Seen::Done(*id, Err(RequestError::Dropped)));
            assert_eq!(script.drain(), told.collect::<Vec<_>>(), "{overflow:?}");
            assert_eq!(script.client.queued(), 3);
            let sent = script.reopen(false).into_iter().filter_map(|seen| match seen {
                Seen::Sent(text) => Some(text.trim_start_matches("PUBLISH ").split(' ').next().map(str::to_owned)?),
                _ => None,
            });
            assert_eq!(sent.collect::<Vec<_>>(), left, "{overflow:?}");
        }
    }
}

/// Subscriptions are no messages that could be dropped.
#[test]
fn a_queue_full_of_subscriptions_refuses_the_next_request() {
    for overflow in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let options = ClientOptions { offline_messages: 1, overflow, ..ClientOptions::new("c") };
        let mut script = unconnected(options);
        ask(&mut script.client, Kind::Subscribe).expect("it waits");
        assert_eq!(ask(&mut script.client, Kind::Unsubscribe), Err(CallError::QueueFull { messages: 1 }));
    }
}

#[test]
fn the_queue_is_bounded_in_bytes() {
    let options = ClientOptions { queue_bytes: 20, keep: Keep::All, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        script.client.publish(message("a", qos), NOW).expect("it waits");
    }
    assert_eq!(script.client.publish(message("a", QoS::AtMostOnce), NOW), Err(CallError::QueueFull { messages: 2 }));
    assert_eq!(ask(&mut script.client, Kind::Subscribe), Err(CallError::QueueFull { messages: 2 }));
    assert_eq!((script.client.queued(), script.client.queued_bytes()), (2, 16));
}

/// [MQTT-3.2.2-11], [MQTT-3.2.2-14]: the rest goes on.
#[test]
fn what_the_next_broker_forbids_is_refused_on_reconnect() {
    let options = ClientOptions { keep: Keep::All, clean_start: false, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    let client = &mut script.client;
    client.publish(Message { retain: true, ..message("a", QoS::AtMostOnce) }, NOW).expect("it waits");
    client.publish(message(&"b".repeat(40), QoS::AtMostOnce), NOW).expect("it waits");
    client.publish(message("c", QoS::ExactlyOnce), NOW).expect("it waits");
    client.subscribe(&[(filter("d/#"), SubscriptionOptions::default())], &PropertiesBuf::new(), NOW).expect("it waits");
    client.publish(message("e", QoS::AtMostOnce), NOW).expect("it waits");
    script.open();
    let limits = [
        Property::MaximumQoS(true),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(40),
        Property::WildcardSubscriptionAvailable(false),
    ];
    let seen = script.receive(&connack(false, &properties(&limits)));
    let refused = |request, reason| Seen::Done(request, Err(RequestError::Refused(reason)));
    let expected = [
        Seen::Connected(false),
        refused(0, ReasonCode::RetainNotSupported),
        Seen::Done(1, Err(RequestError::PacketTooLarge { bytes: 52, maximum: 40 })),
        refused(2, ReasonCode::QoSNotSupported),
        refused(3, ReasonCode::WildcardSubscriptionsNotSupported),
        Seen::Done(4, Ok(Completion::Published(ReasonCode::Success))),
        sent("PUBLISH e q0 id0 dup0"),
    ];
    assert_eq!(seen, expected);
}

/// A request that is malformed does not wait first.
#[test]
fn what_cannot_be_sent_does_not_wait() {
    let mut script = unconnected(ClientOptions::new("c"));
    assert!(matches!(script.client.subscribe(&[], &PropertiesBuf::new(), NOW), Err(CallError::Encode(_))));
    assert_eq!(script.client.queued(), 0);
}

/// A request that was sent stays sent.
#[test]
fn a_request_can_be_withdrawn_until_it_is_sent() {
    let options = ClientOptions { keep: Keep::All, clean_start: false, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    for kind in [QOS0, QOS1, Kind::Subscribe] {
        let request = ask(&mut script.client, kind).expect("it waits");
        script.client.withdraw(request, NOW);
        assert_eq!(script.drain(), [Seen::Done(request.0, Err(RequestError::Withdrawn))]);
    }
    let request = ask(&mut script.client, QOS2).expect("it waits");
    assert_eq!(script.reopen(false), [Seen::Connected(false), sent("PUBLISH a q2 id1 dup0")]);
    script.client.withdraw(request, NOW);
    assert_eq!(script.drain(), []);
}

/// Each request ends once, though its answer comes afterwards.
#[test]
fn a_request_without_an_answer_in_time_ends_and_its_exchange_goes_on() {
    let options = ClientOptions {
        request_timeout: Duration::from_secs(5),
        keep_alive: 0,
        clean_start: false,
        ..ClientOptions::new("c")
    };
    let mut script = Script::connected_with(options, &[]);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    assert_eq!(script.client.next_deadline(), None);
    script.publish("a", QoS::AtLeastOnce);
    script.client.publish(message("b", QoS::ExactlyOnce), at(1)).expect("it can be sent");
    script
        .client
        .subscribe(&[(filter("c"), SubscriptionOptions::default())], &PropertiesBuf::new(), at(2))
        .expect("ok");
    script.drain();
    assert_eq!(script.client.next_deadline(), Some(at(5)));
    let done = Seen::Done(0, Ok(Completion::Published(ReasonCode::Success)));
    assert_eq!(script.receive(&Packet::Puback(Ack::success(id(1)))), [done]);
    script.client.handle_timeout(at(6));
    let late = |request| Seen::Done(request, Err(RequestError::TimedOut));
    assert_eq!(script.drain(), [late(1)]);
    script.client.handle_timeout(at(7));
    assert_eq!(script.drain(), [late(2)]);
    assert_eq!(script.client.next_deadline(), None);
    assert_eq!(script.receive(&Packet::Pubrec(Ack::success(id(2)))), [sent("PUBREL 2 00")]);
    assert_eq!(script.receive(&Packet::Pubcomp(Ack::success(id(2)))), []);
    let suback = Suback { packet_id: id(3), properties: Properties::EMPTY, reasons: vec![ReasonCode::Success] };
    assert_eq!(script.receive(&Packet::Suback(suback)), []);
}

/// The time begins when the packet leaves, not when the request is made.
#[test]
fn a_request_that_waits_is_not_out_of_time() {
    let options = ClientOptions { request_timeout: Duration::from_secs(5), keep_alive: 0, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    ask(&mut script.client, QOS1).expect("it waits");
    script.client.handle_timeout(NOW + Duration::from_mins(1));
    assert_eq!(script.drain(), []);
    let later = NOW + Duration::from_secs(100);
    let attempt = begin_at(&mut script.client, later);
    script.client.handle_open(attempt, later);
    script.client.handle_bytes(attempt, &bytes(&connack(false, &PropertiesBuf::new()), Version::V5), later);
    script.drain();
    assert_eq!(script.client.next_deadline(), Some(later + Duration::from_secs(5)));
}

/// A connection that cannot take all that waited in one turn.
#[test]
fn later_messages_do_not_overtake_those_that_waited() {
    let options = ClientOptions { queue_bytes: 26, keep: Keep::All, clean_start: false, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    for topic in ["1", "2", "3"] {
        script.client.publish(message(topic, QoS::AtMostOnce), NOW).expect("it waits");
    }
    script.open();
    script.client.handle_bytes(script.attempt, &bytes(&connack(false, &PropertiesBuf::new()), Version::V5), NOW);
    while script.client.poll_received().is_some() {}
    assert!(script.client.queued() > 0, "the turn has no room for all");
    let topic = TopicName::parse("late").expect("a topic");
    let late = script.client.publish_at_most_once(&topic, b"", false, Properties::EMPTY, NOW);
    assert_eq!(late, Err(CallError::NotConnected));
    let packets = script.drain().into_iter().filter(|seen| matches!(seen, Seen::Sent(_))).collect::<Vec<_>>();
    assert_eq!(packets, ["1", "2", "3"].map(|topic| sent(&format!("PUBLISH {topic} q0 id0 dup0"))));
}

#[test]
fn ending_the_client_ends_what_waits() {
    let options = ClientOptions { keep: Keep::All, ..ClientOptions::new("c") };
    let mut script = unconnected(options);
    for kind in [QOS0, Kind::Subscribe, QOS2] {
        ask(&mut script.client, kind).expect("it waits");
    }
    script.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), NOW);
    let closed = |request| Seen::Done(request, Err(RequestError::ConnectionClosed));
    assert_eq!(script.drain(), [0, 1, 2].map(closed));
}
