//! The budget of a turn: whatever a peer sends or leaves behind, a turn has a bounded number of
//! steps. PINGREQ of another client is answered meanwhile, and what is cut goes on in order.

use std::time::Duration;

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Broker, BrokerOptions, Output, PeerId, SessionView};
use wasmqtt::codec::{
    Connect, Message, PINGREQ, PINGRESP, Packet, PacketKind, Properties, Property, Publish, QoS, ReasonCode, Subscribe,
    Subscription, SubscriptionOptions, Unsubscribe,
};

use super::store::{keeping, restart, stored};
use crate::support::packets::{V5, connect, id, lasting, message, properties, publish, will};
use crate::support::scenario::Scenario;

/// Steps of a turn, and of the last item that it begins.
pub(super) const STEPS_MAX: usize = 200_000 + 50_000;

pub(super) fn options() -> BrokerOptions {
    BrokerOptions { sessions_max: 20_000, ..BrokerOptions::default() }
}

pub(super) fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(V5, &mut bytes).expect("a good packet");
    bytes
}

/// Takes the outputs of a turn. True if the peer was sent PINGRESP.
fn is_answered(scenario: &mut Scenario, peer: PeerId) -> bool {
    let mut is_answered = false;
    let mut batch = None;
    while let Some(output) = scenario.broker.poll_output() {
        match output {
            Output::Transmit(to, frame) => is_answered |= to == peer && frame.ends_with(&PINGRESP),
            Output::Store(id, _) => batch = Some(id),
            _ => {}
        }
    }
    let Some(batch) = batch else { return is_answered };
    scenario.broker.handle_stored(batch, scenario.now);
    self::is_answered(scenario, peer) || is_answered
}

/// Runs turns until nothing is due. In each, the innocent client's ping is answered. Returns their
/// number.
pub(super) fn turns(scenario: &mut Scenario, innocent: PeerId) -> usize {
    let mut turns = 1;
    is_answered(scenario, innocent);
    while scenario.broker.next_deadline().is_some_and(|at| at <= scenario.now) {
        scenario.broker.handle_timeout(scenario.now);
        scenario.broker.handle_bytes(innocent, &PINGREQ, scenario.now);
        assert!(is_answered(scenario, innocent), "turn {turns}, {} steps", scenario.broker.longest_turn());
        turns += 1;
    }
    let longest = scenario.broker.longest_turn();
    assert!(longest <= STEPS_MAX, "{longest} steps in a turn");
    turns
}

/// Filters that all match `a/b/b/b/b/b/b/b/b`.
fn overlapping(count: usize) -> Vec<String> {
    let pattern = |number: usize| {
        (0..8).fold(String::from("a"), |filter, bit| filter + if number >> bit & 1 == 0 { "/+" } else { "/b" })
    };
    (0..count).map(pattern).collect()
}

pub(super) fn subscribe_all(scenario: &mut Scenario, peer: PeerId, filters: &[String]) {
    let options = SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() };
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options }).collect();
    let subscribe = Subscribe { packet_id: id(1), properties: Properties::EMPTY, subscriptions };
    scenario.broker.handle_bytes(peer, &encoded(&Packet::Subscribe(subscribe)), scenario.now);
    scenario.drain();
    scenario.wait(Duration::ZERO);
}

const TOPIC: &str = "a/b/b/b/b/b/b/b/b";

/// A fan-out of half a million matches is cut. [MQTT-4.6.0-6]
#[test]
fn a_fan_out_is_cut_and_keeps_the_order_of_its_publisher() {
    let mut scenario = Scenario::with(options());
    let filters = overlapping(250);
    let subscribers: Vec<_> = (0..1_000).map(|number| scenario.join(V5, &format!("s{number}"))).collect();
    for subscriber in &subscribers {
        subscribe_all(&mut scenario, *subscriber, &filters);
        scenario.hear(*subscriber);
    }
    let (sender, innocent) = (scenario.join(V5, "sender"), scenario.join(V5, "innocent"));
    let mut bytes = Vec::new();
    for (number, payload) in (1..).zip(["one", "two", "three"]) {
        let packet_id = Some(id(number));
        bytes.extend(encoded(&Packet::Publish(Publish { packet_id, ..publish(TOPIC, payload, QoS::AtLeastOnce) })));
    }
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    // Another publisher comes in between.
    let other = scenario.join(V5, "other");
    scenario.broker.handle_bytes(
        other,
        &encoded(&Packet::Publish(publish(TOPIC, "other", QoS::AtMostOnce))),
        scenario.now,
    );
    scenario.drain();
    scenario.wait(Duration::from_millis(1));
    for subscriber in subscribers {
        let heard = scenario.hear(subscriber);
        let own: Vec<_> = heard.iter().filter(|line| !line.contains("other")).collect();
        assert_eq!(own.len(), 3, "{heard:?}");
        for (line, payload) in own.iter().zip(["one", "two", "three"]) {
            assert!(line.contains(&format!("={payload} ")), "{heard:?}");
        }
        assert_eq!(heard.len(), 4, "{heard:?}");
    }
    assert_eq!(scenario.hear(sender).len(), 3, "PUBACK of each");
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    assert!(turns(&mut scenario, innocent) > 3);
}

/// With a store, the batch has a fan-out whole, and PINGRESP does not wait for it.
#[test]
fn a_cut_fan_out_is_stored_whole() {
    let mut scenario = stored();
    let filters = overlapping(250);
    let lasting_expiry = properties(&[Property::SessionExpiryInterval(1_000)]);
    for number in 0..900 {
        let name = format!("s{number}");
        let subscriber = scenario.join_with(&keeping(V5, &name, &lasting_expiry));
        subscribe_all(&mut scenario, subscriber, &filters);
        scenario.leave(subscriber);
    }
    let innocent = scenario.join(V5, "innocent");
    let sender = scenario.join_with(&keeping(V5, "sender", &lasting_expiry));
    let packet_id = Some(id(1));
    let bytes = encoded(&Packet::Publish(Publish { packet_id, ..publish(TOPIC, "kept", QoS::ExactlyOnce) }));
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    scenario.broker.handle_bytes(innocent, &PINGREQ, scenario.now);
    let mut frames = Vec::new();
    while let Some(output) = scenario.broker.poll_output() {
        match output {
            Output::Transmit(to, frame) => frames.push((to, frame.to_vec())),
            Output::Store(..) => panic!("a batch of half a fan-out"),
            _ => {}
        }
    }
    assert_eq!(frames, [(innocent, PINGRESP.to_vec())]);
    scenario.drain();
    scenario.wait(Duration::from_millis(1));
    assert_eq!(scenario.hear(sender).len(), 1, "PUBREC");
    restart(&mut scenario, 1);
    assert!(
        scenario
            .broker
            .sessions()
            .filter(|session| session.client_id.starts_with('s'))
            .all(|session| { session.client_id == "sender" || session.queued == 1 })
    );
}

#[test]
fn wills_that_are_due_at_once_are_published_in_turns() {
    let mut scenario = Scenario::with(options());
    let watcher = scenario.join(V5, "watcher");
    scenario.subscribe(watcher, "will", QoS::AtMostOnce);
    let innocent = scenario.join(V5, "innocent");
    let delay = properties(&[Property::WillDelayInterval(5)]);
    for number in 0..8_000 {
        let mut will = will("will", "gone", QoS::AtMostOnce);
        will.properties = delay.as_properties();
        let name = format!("w{number}");
        let peer = scenario.join_with(&Connect { will: Some(will), ..lasting(V5, &name) });
        scenario.cut(peer);
    }
    scenario.now = scenario.now + Duration::from_millis(5_500);
    let published = scenario.broker.counters().published;
    assert!(turns(&mut scenario, innocent) > 1);
    assert_eq!(scenario.broker.counters().published - published, 8_000);
}

#[test]
fn sessions_that_expire_at_once_end_in_turns() {
    let mut scenario = Scenario::with(options());
    let innocent = scenario.join(V5, "innocent");
    let expiry = properties(&[Property::SessionExpiryInterval(5)]);
    let filters: Vec<_> = (0..20).map(|number| format!("t/{number}")).collect();
    for number in 0..1_500 {
        let name = format!("s{number}");
        let peer = scenario.join_with(&keeping(V5, &name, &expiry));
        subscribe_all(&mut scenario, peer, &filters);
        scenario.cut(peer);
    }
    scenario.now = scenario.now + Duration::from_millis(5_500);
    assert!(turns(&mut scenario, innocent) > 3);
    assert_eq!((scenario.sessions(), scenario.broker.subscriptions()), (vec!["innocent"], 0));
}

#[test]
fn connections_that_time_out_at_once_close_in_turns() {
    let mut scenario = Scenario::with(options());
    let innocent = scenario.join(V5, "innocent");
    for _ in 0..6_000 {
        scenario.open(V5);
    }
    scenario.now = scenario.now + Duration::from_secs(10);
    assert!(turns(&mut scenario, innocent) > 1);
    assert_eq!(scenario.broker.connections(), 1);
}

/// Each is told, also beyond the first turn.
#[test]
fn a_host_that_shuts_down_disconnects_its_peers_in_turns() {
    let mut scenario = Scenario::with(options());
    let peers: Vec<_> = (0..6_000).map(|number| scenario.join(V5, &format!("c{number}"))).collect();
    scenario.broker.shut_down(scenario.now);
    let mut turns = 1;
    while scenario.broker.is_shutting_down() {
        scenario.drain();
        scenario.wait(Duration::ZERO);
        turns += 1;
    }
    scenario.drain();
    assert!(turns > 1 && scenario.broker.longest_turn() <= STEPS_MAX, "{turns} turns");
    for peer in peers {
        assert_eq!(scenario.hear(peer), ["DISCONNECT 8B"]);
    }
    assert_eq!(scenario.broker.connections(), 0);
}

/// A queue goes to another member in turns, in its order, and nothing twice.
#[test]
fn a_queue_is_handed_over_in_turns_and_in_order() {
    let limits = BrokerOptions { queue_messages: 40_000, queue_bytes: 64 << 20, ..options() };
    let mut scenario = Scenario::with(limits);
    let one = [Property::ReceiveMaximum(1), Property::SessionExpiryInterval(100)];
    let one = properties(&one);
    let leaving = scenario.join_with(&Connect { properties: one.as_properties(), ..connect(V5, "leaving") });
    scenario.subscribe(leaving, "$share/g/t", QoS::AtLeastOnce);
    let sender = scenario.join(V5, "sender");
    let bytes: Vec<u8> = (1..=30_000)
        .flat_map(|number| {
            let packet_id = Some(id(number));
            encoded(&Packet::Publish(Publish { packet_id, ..publish("t", &number.to_string(), QoS::AtLeastOnce) }))
        })
        .collect();
    scenario.send_bytes(sender, &bytes);
    scenario.wait(Duration::ZERO);
    let (innocent, other) = (scenario.join(V5, "innocent"), scenario.join_with(&lasting(V5, "other")));
    scenario.subscribe(other, "$share/g/t", QoS::AtLeastOnce);
    scenario.broker.handle_closed(leaving, scenario.now);
    assert!(turns(&mut scenario, innocent) > 1);
    let sessions: Vec<_> = scenario.broker.sessions().map(|session| (session.client_id, session.queued)).collect();
    // One is in flight to the client that has left, and 256 to the other.
    assert_eq!(sessions.iter().map(|(_, queued)| queued).sum::<usize>(), 30_000 - 1 - 256, "{sessions:?}");
}

/// A message of many properties is read once, and copied in turns.
#[test]
fn many_properties_are_copied_in_turns() {
    let mut scenario = Scenario::with(options());
    let innocent = scenario.join(V5, "innocent");
    for number in 0..100 {
        let subscriber = scenario.join(V5, &format!("s{number}"));
        let identifier = properties(&[Property::SubscriptionIdentifier(number + 1)]);
        let subscription = Subscription { filter: "t", options: SubscriptionOptions::default() };
        let subscriptions = vec![subscription];
        let subscribe = Subscribe { packet_id: id(1), properties: identifier.as_properties(), subscriptions };
        scenario.send(subscriber, &Packet::Subscribe(subscribe));
    }
    let list: Vec<_> = (0..190_000).map(|_| Property::UserProperty("", "")).collect();
    let list = properties(&list);
    let sender = scenario.join(V5, "sender");
    let large = Publish { properties: list.as_properties(), ..publish("t", "", QoS::AtMostOnce) };
    scenario.broker.handle_bytes(sender, &encoded(&Packet::Publish(large)), scenario.now);
    assert!(turns(&mut scenario, innocent) > 3);
    assert_eq!(scenario.broker.counters().delivered, 100);
}

pub(super) fn rules(count: usize) -> Access {
    let rule = |number: usize| AccessRule {
        action: None,
        filter: AccessFilter::parse(&format!("t/{number}/%c/#")).expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    Access::new((0..count).map(rule).collect())
}

/// A SUBSCRIBE is compared with many rules in turns, and answered whole.
#[test]
fn many_filters_are_compared_with_many_rules_in_turns() {
    let mut scenario = Scenario::with(BrokerOptions { access: rules(2_000), ..options() });
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    let filters: Vec<_> = (0..500).map(|number| format!("t/{number}/reader/{}", number % 7)).collect();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options: SubscriptionOptions::default() });
    let (properties, subscriptions) = (Properties::EMPTY, subscriptions.collect());
    let bytes = encoded(&Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
    scenario.broker.handle_bytes(reader, &bytes, scenario.now);
    assert!(turns(&mut scenario, innocent) > 3);
    assert_eq!(scenario.broker.subscriptions(), 0, "each is refused");
    assert_eq!(scenario.broker.counters().received.packets(PacketKind::Subscribe), 1, "it is one packet");
}

/// Rules about other topics are not compared for each receiver.
#[test]
fn many_rules_are_compared_once_for_a_topic() {
    let mut scenario = Scenario::with(BrokerOptions { access: rules(5_000), ..options() });
    for number in 0..200 {
        let subscriber = scenario.join(V5, &format!("s{number}"));
        scenario.subscribe(subscriber, "#", QoS::AtMostOnce);
    }
    let (innocent, sender) = (scenario.join(V5, "innocent"), scenario.join(V5, "sender"));
    let before = scenario.broker.counters().delivered;
    let bytes = encoded(&Packet::Publish(publish("t/7/s7/x", "to all but s7", QoS::AtMostOnce)));
    scenario.broker.handle_bytes(sender, &bytes, scenario.now);
    assert_eq!(turns(&mut scenario, innocent), 1);
    assert_eq!(scenario.broker.counters().delivered - before, 199);
}

#[test]
fn an_unsubscribe_of_many_filters_is_cut_and_answered_whole() {
    let mut scenario = Scenario::with(options());
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    subscribe_all(&mut scenario, reader, &[String::from("a/1"), String::from("a/90000")]);
    scenario.hear(reader);
    let filters: Vec<_> = (0..90_000).map(|number| format!("a/{number}")).collect();
    let filters: Vec<_> = filters.iter().map(String::as_str).collect();
    let unsubscribe = Unsubscribe { packet_id: id(2), properties: Properties::EMPTY, filters };
    scenario.broker.handle_bytes(reader, &encoded(&Packet::Unsubscribe(unsubscribe)), scenario.now);
    assert!(turns(&mut scenario, innocent) > 1);
    assert_eq!(scenario.broker.subscriptions(), 1);
    assert_eq!(scenario.broker.counters().received.packets(PacketKind::Unsubscribe), 1, "it is one packet");
}

#[test]
fn filters_of_sys_among_many_sessions_are_served_in_turns() {
    let mut scenario = Scenario::with(options());
    for number in 0..2_000 {
        let peer = scenario.join_with(&lasting(V5, &format!("s{number}")));
        scenario.leave(peer);
    }
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    let filters: Vec<_> = (0..1_000).map(|number| format!("$SYS/+/{number}/#")).collect();
    let subscriptions = filters.iter().map(|filter| Subscription { filter, options: SubscriptionOptions::default() });
    let (properties, subscriptions) = (Properties::EMPTY, subscriptions.collect());
    let bytes = encoded(&Packet::Subscribe(Subscribe { packet_id: id(1), properties, subscriptions }));
    scenario.broker.handle_bytes(reader, &bytes.repeat(3), scenario.now);
    assert!(turns(&mut scenario, innocent) > 1);
}

#[test]
fn retained_messages_that_expire_at_once_are_removed_in_turns() {
    let mut scenario = Scenario::with(options());
    let expiry = properties(&[Property::MessageExpiryInterval(1)]);
    let sender = scenario.join(V5, "sender");
    for number in 0..30_000 {
        let topic = format!("a/{number}");
        let kept =
            Publish { retain: true, properties: expiry.as_properties(), ..publish(&topic, "x", QoS::AtMostOnce) };
        scenario.broker.handle_bytes(sender, &encoded(&Packet::Publish(kept)), scenario.now);
        scenario.drain();
    }
    scenario.now = scenario.now + Duration::from_secs(2);
    let (innocent, reader) = (scenario.join(V5, "innocent"), scenario.join(V5, "reader"));
    for packet_id in 1..=2 {
        assert_eq!(scenario.subscribe(reader, &format!("a/{packet_id}"), QoS::AtMostOnce).len(), 1, "SUBACK alone");
        turns(&mut scenario, innocent);
    }
    assert_eq!(scenario.broker.gauges(scenario.now).retained, 0);
}

/// A restore in parts gives the same broker as one in a piece. Its first batch has a record of each
/// session that lost its connection, and is made in these parts too.
#[test]
fn a_store_is_restored_in_parts() {
    let mut scenario = stored();
    let lasting_expiry = properties(&[Property::SessionExpiryInterval(1_000)]);
    for number in 0..1_500 {
        let name = format!("s{number}");
        let peer = scenario.join_with(&keeping(V5, &name, &lasting_expiry));
        scenario.subscribe(peer, "t", QoS::AtLeastOnce);
        scenario.publish_host(Message { retain: true, ..message(&format!("r/{number}"), "kept") });
        if number % 2 == 0 {
            scenario.leave(peer);
        }
    }
    scenario.publish_host(Message { qos: QoS::AtLeastOnce, ..message("t", "kept") });
    scenario.wait(Duration::from_millis(1));
    let records: Vec<_> = scenario.disk.records.iter().map(|(key, value)| (&**key, &**value)).collect();
    let views = |broker: &Broker| {
        let view = |session: SessionView<'_>| format!("{session:?}");
        broker.sessions().map(view).collect::<Vec<_>>()
    };
    let mut whole = Broker::new(BrokerOptions::default(), 7);
    whole.restore(records.iter().rev().copied(), scenario.now).expect("its records");
    let mut parted = Broker::new(BrokerOptions::default(), 7);
    let mut restore = parted.begin_restore(records, scenario.now);
    let mut parts = 1;
    while !parted.continue_restore(&mut restore).expect("its records") {
        assert!(parted.poll_output().is_none() && parted.next_deadline().is_none(), "part {parts}");
        parts += 1;
    }
    assert!(parts > 4, "{parts} parts");
    assert_eq!(views(&parted), views(&whole));
    assert_eq!((parted.sessions().count(), parted.retained().count()), (1_500, 1_500));
    let mut changed = Vec::new();
    while let Some(output) = parted.poll_output() {
        let Output::Store(_, batch) = output else { continue };
        changed.extend(batch.changes().map(|(key, _)| key.to_vec()).filter(|key| key[0] == b'S'));
    }
    changed.sort();
    changed.dedup();
    assert_eq!(changed.len(), 750, "sessions that were connected");
    let longest = parted.longest_turn();
    assert!(longest < 5_000, "{longest} steps");
}
