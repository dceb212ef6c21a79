//! Properties over generated input: any bytes, any split.

use proptest::prelude::*;
use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{
    Ack, Connect, Disconnect, Packet, PacketId, Properties, Publish, QoS, ReasonCode, Subscribe, Subscription,
    SubscriptionOptions, Unsubscribe, Version,
};

use crate::support::packets::{QOS, V4, V5, connect, id, publish, will};
use crate::support::scenario::Scenario;

const TOPICS: [&str; 4] = ["a", "a/b", "b", "$a"];
const FILTERS: [&str; 6] = ["#", "a/#", "+", "a/b", "$share/g/a/+", "+/b/#"];

/// A script of a client: mostly good packets, some nonsense.
fn script(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let packet_id = (1..5_u16).prop_map(|value| PacketId::new(value).expect("not 0"));
    let ack = (packet_id.clone(), 0..4_usize).prop_map(|(packet_id, kind)| {
        let ack = Ack::success(packet_id);
        let kinds = [Packet::Puback(ack), Packet::Pubrec(ack), Packet::Pubrel(ack), Packet::Pubcomp(ack)];
        kinds[kind].clone()
    });
    let published =
        (packet_id.clone(), 0..3_usize, 0..TOPICS.len(), any::<bool>()).prop_map(|(packet_id, qos, topic, retain)| {
            let publish = publish(TOPICS[topic], "hostile", QOS[qos]);
            Packet::Publish(Publish { retain, packet_id: publish.packet_id.map(|_| packet_id), ..publish })
        });
    let subscribed = (packet_id.clone(), 0..FILTERS.len(), 0..3_usize).prop_map(|(packet_id, filter, qos)| {
        let options = SubscriptionOptions { qos: QOS[qos], ..SubscriptionOptions::default() };
        let subscriptions = vec![Subscription { filter: FILTERS[filter], options }];
        Packet::Subscribe(Subscribe { packet_id, properties: Properties::EMPTY, subscriptions })
    });
    let unsubscribed = (packet_id, 0..FILTERS.len()).prop_map(|(packet_id, filter)| {
        Packet::Unsubscribe(Unsubscribe { packet_id, properties: Properties::EMPTY, filters: vec![FILTERS[filter]] })
    });
    let goodbye = Just(Packet::Disconnect(Disconnect { reason: ReasonCode::Success, properties: Properties::EMPTY }));
    let good = prop_oneof![
        8 => published, 4 => ack, 4 => subscribed, 2 => unsubscribed, 1 => Just(Packet::Pingreq), 1 => goodbye
    ]
    .prop_map(move |packet| {
        let mut bytes = Vec::new();
        packet.encode(version, &mut bytes).expect("good");
        bytes
    });
    let bad = prop::collection::vec(any::<u8>(), 1..20);
    prop::collection::vec(prop_oneof![20 => good, 1 => bad], 0..40).prop_map(|parts| parts.concat())
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(V4), Just(V5)]
}

fn small() -> BrokerOptions {
    BrokerOptions {
        packet_bytes_max: 1000.try_into().expect("not 0"),
        queue_messages: 20,
        retained_messages: 3,
        events: true,
        ..BrokerOptions::default()
    }
}

/// CONNECT of the generated client.
fn hostile(version: Version) -> Connect<'static> {
    let will = Some(will("a", "will", QoS::AtLeastOnce));
    Connect { clean_start: false, keep_alive: 10, will, ..connect(version, "hostile") }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Two good clients exchange messages at each quality of service while a third sends anything.
    #[test]
    fn no_bytes_disturb_the_others(
        (version, bytes) in version().prop_flat_map(|version| (Just(version), script(version))),
                                   raw in prop::collection::vec(any::<u8>(), 0..200), greet in any::<bool>()) {
        let mut scenario = Scenario::with(small());
        let (one, two) = (scenario.join(V4, "one"), scenario.join(V5, "two"));
        scenario.subscribe(two, "private/+", QoS::ExactlyOnce);
        let peer = scenario.open(version);
        if greet {
            scenario.send(peer, &Packet::Connect(Box::new(hostile(version))));
        }
        let mut next = 1;
        for chunk in bytes.chunks(7).chain(raw.chunks(50)) {
            scenario.send_bytes(peer, chunk);
            for qos in QOS {
                let answers = match qos {
                    QoS::AtMostOnce => vec![],
                    QoS::AtLeastOnce => vec!["PUBACK #9 ok"],
                    QoS::ExactlyOnce => vec!["PUBREC #9 ok", "PUBCOMP #9 ok"],
                };
                prop_assert_eq!(scenario.publish(one, "private/x", "good", qos), answers);
                if qos == QoS::AtMostOnce {
                    prop_assert_eq!(scenario.hear(two), ["private/x=good q0"]);
                    continue;
                }
                prop_assert_eq!(scenario.hear(two), [format!("private/x=good q{} #{next}", qos.bits())]);
                let id = id(next);
                if qos == QoS::AtLeastOnce {
                    scenario.send(two, &Packet::Puback(Ack::success(id)));
                } else {
                    scenario.send(two, &Packet::Pubrec(Ack::success(id)));
                    scenario.send(two, &Packet::Pubcomp(Ack::success(id)));
                    prop_assert_eq!(scenario.hear(two), [format!("PUBREL #{next} ok")]);
                }
                next += 1;
            }
        }
        prop_assert!(scenario.broker.retained().count() <= 3);
        prop_assert!(scenario.broker.sessions().all(|session| session.queued <= 20 && session.in_flight <= 256));
        scenario.wait_ms(3_600_000);
        prop_assert!(scenario.is_closed(peer));
        prop_assert!(!scenario.is_closed(one) && !scenario.is_closed(two));
    }

    /// [MQTT-6.0.0-2], [3.1.1 MQTT-6.0.0-2]: the same answers, the same events, however the bytes
    /// are split.
    #[test]
    fn any_split_of_the_bytes_gives_the_same(
        (version, bytes) in version().prop_flat_map(|version| (Just(version), script(version))),
                                             cuts in prop::collection::vec(1..30_usize, 1..20)) {
        let run = |cuts: &[usize]| {
            let mut scenario = Scenario::with(small());
            let watcher = scenario.join(V5, "watcher");
            scenario.subscribe(watcher, "#", QoS::AtMostOnce);
            let peer = scenario.connect(&hostile(version));
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, behind) = rest.split_at((*cut).min(rest.len()));
                scenario.send_bytes(peer, chunk);
                rest = behind;
            }
            let sessions: Vec<_> = scenario.broker.sessions().map(|session| format!("{session:?}")).collect();
            (scenario.hear(peer), scenario.hear(watcher), scenario.is_closed(peer), sessions, scenario.events)
        };
        prop_assert_eq!(run(&cuts), run(&[usize::MAX]));
    }
}
