//! From publisher to subscriber: quality of service, versions, properties, overlapping
//! subscriptions.

use wasmqtt::codec::{Ack, Connect, Packet, Property, Publish, QoS, ReasonCode, SubscriptionOptions};

use crate::support::packets::{QOS, V4, V5, connect, id, message, properties, publish};
use crate::support::scenario::Scenario;
use crate::support::transcript;

/// [MQTT-3.3.4-1], §3.8.4: the lower of the two qualities, in every meeting of the versions.
#[test]
fn a_message_goes_out_with_the_lower_quality_of_service() {
    for (from, to) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
        for sent in QOS {
            for granted in QOS {
                let mut scenario = Scenario::new();
                let (publisher, subscriber) = (scenario.join(from, "p"), scenario.join(to, "s"));
                assert_eq!(
                    scenario.subscribe(subscriber, "a/+", granted),
                    [format!("SUBACK #100 0{}", granted.bits())]
                );
                let answers = match sent {
                    QoS::AtMostOnce => vec![],
                    QoS::AtLeastOnce => vec!["PUBACK #9 ok"],
                    QoS::ExactlyOnce => vec!["PUBREC #9 ok", "PUBCOMP #9 ok"],
                };
                assert_eq!(scenario.publish(publisher, "a/b", "x", sent), answers);
                let qos = sent.min(granted);
                let packet_id = if qos == QoS::AtMostOnce { "" } else { " #1" };
                assert_eq!(scenario.hear(subscriber), [format!("a/b=x q{}{packet_id}", qos.bits())]);
            }
        }
    }
}

/// [MQTT-4.3.3-10]: a PUBLISH that comes again before PUBREL is answered again, and delivered no
/// more.
#[test]
fn qos2_is_delivered_once_however_often_it_comes() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) =
        (scenario.join_with(&Connect { clean_start: false, ..connect(V4, "p") }), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
    scenario.send(publisher, &Packet::Publish(publish("t", "x", QoS::ExactlyOnce)));
    let again = Packet::Publish(Publish { dup: true, ..publish("t", "x", QoS::ExactlyOnce) });
    scenario.send(publisher, &again);
    scenario.cut(publisher);
    let publisher = scenario.join_with(&Connect { clean_start: false, ..connect(V4, "p") });
    scenario.send(publisher, &again);
    scenario.send(publisher, &Packet::Pubrel(Ack::success(id(9))));
    assert_eq!(scenario.hear(publisher), ["PUBREC #9 ok", "PUBCOMP #9 ok"]);
    assert_eq!(scenario.hear(subscriber), ["t=x q0"]);
    scenario.publish(publisher, "t", "y", QoS::ExactlyOnce);
    assert_eq!(scenario.hear(subscriber), ["t=y q0"], "a released identifier is free for another message");
}

/// §3.7.2.1, §3.4.2.1: 0x92 for what is not known, 0x10 where nobody subscribes; 3.1.1 has neither.
#[test]
fn acknowledgements_have_their_reason() {
    for (version, unknown, nobody) in [(V4, "ok", "ok"), (V5, "92", "10")] {
        let mut scenario = Scenario::new();
        let peer = scenario.join(version, "a");
        scenario.send(peer, &Packet::Pubrel(Ack::success(id(3))));
        assert_eq!(scenario.hear(peer), [format!("PUBCOMP #3 {unknown}")]);
        assert_eq!(scenario.publish(peer, "t", "", QoS::AtLeastOnce), [format!("PUBACK #9 {nobody}")]);
        assert_eq!(scenario.publish(peer, "t", "", QoS::ExactlyOnce)[0], format!("PUBREC #9 {nobody}"));
        scenario.send(peer, &Packet::Pubrec(Ack::success(id(5))));
        assert_eq!(scenario.hear(peer), [format!("PUBREL #5 {unknown}")]);
        scenario.send(peer, &Packet::Puback(Ack::success(id(6))));
        scenario.send(peer, &Packet::Pubcomp(Ack::success(id(7))));
        assert!(scenario.hear(peer).is_empty() && !scenario.is_closed(peer));
    }
}

/// [MQTT-3.3.2-4], [MQTT-3.3.2-15], [MQTT-3.3.2-17], [MQTT-3.3.2-20]: all of them, in order; 3.1.1
/// hears the message alone. [MQTT-3.3.2-16], [MQTT-3.3.2-18].
#[test]
fn properties_travel_unchanged_between_clients_of_5_0() {
    let mut scenario = Scenario::new();
    let (publisher, new, old) = (scenario.join(V5, "p"), scenario.join(V5, "new"), scenario.join(V4, "old"));
    let list = properties(&[
        Property::UserProperty("b", "1"),
        Property::PayloadFormatIndicator(true),
        Property::ContentType("text/plain"),
        Property::ResponseTopic("r"),
        Property::CorrelationData(b"c"),
        Property::UserProperty("a", "2"),
    ]);
    for qos in QOS {
        scenario.subscribe(new, "t", qos);
        scenario.subscribe(old, "t", qos);
        scenario.publish_with(publisher, Publish { properties: list.as_properties(), ..publish("t", "x", qos) });
        let expected = transcript::list(list.as_properties());
        assert!(scenario.hear(new)[0].ends_with(&expected));
        assert!(scenario.hear(old)[0].starts_with("t=x q"));
    }
    scenario.publish(old, "t", "y", QoS::AtMostOnce);
    assert_eq!(scenario.hear(new), ["t=y q0"]);
}

/// [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]: once, with the highest quality, and every
/// identifier.
#[test]
fn overlapping_subscriptions_deliver_once() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
    for (filter, qos, identifier) in [("a/#", 0, Some(7)), ("a/+", 2, None), ("a/b", 1, Some(300)), ("#", 0, Some(9))] {
        let options = SubscriptionOptions { qos: QOS[qos], ..SubscriptionOptions::default() };
        scenario.subscribe_with(subscriber, filter, options, identifier);
    }
    scenario.publish(publisher, "a/b", "x", QoS::ExactlyOnce);
    let heard = scenario.hear(subscriber);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("a/b=x q2 #1 "));
    for identifier in [7, 300, 9] {
        assert!(heard[0].contains(&format!("SubscriptionIdentifier({identifier})")), "{heard:?}");
    }
    scenario.publish(publisher, "c", "x", QoS::AtLeastOnce);
    assert_eq!(scenario.hear(subscriber), ["c=x q0 SubscriptionIdentifier(9)"]);
    scenario.unsubscribe(subscriber, "a/+");
    scenario.publish(publisher, "a/b", "y", QoS::ExactlyOnce);
    assert!(scenario.hear(subscriber)[0].starts_with("a/b=y q1 #2 "));
}

/// [MQTT-3.3.4-3], [MQTT-3.3.4-4]: subscription identifiers over their whole range, the same one as
/// often as it was set. They come at once, through a queue and with a retained message. 3.1.1, to
/// which the session goes over, gets none.
#[test]
fn subscription_identifiers_go_out_as_they_came() {
    let expiry = properties(&[Property::SessionExpiryInterval(100)]);
    let kept = Connect { clean_start: false, properties: expiry.as_properties(), ..connect(V5, "s") };
    let identifiers = [1, 127, 128, 16_384, 268_435_455, 128];
    let mut scenario = Scenario::new();
    let (publisher, mut subscriber) = (scenario.join(V5, "p"), scenario.join_with(&kept));
    let options = SubscriptionOptions { qos: QoS::AtLeastOnce, ..SubscriptionOptions::default() };
    for (filter, identifier) in ["a/b", "a/+", "a/#", "+/b", "#", "+/+"].into_iter().zip(identifiers) {
        scenario.subscribe_with(subscriber, filter, options, Some(identifier));
    }
    let told = |heard: &[String], start: &str| {
        let [line] = heard else { panic!("{heard:?}") };
        let (head, rest) = line.split_once(" SubscriptionIdentifier(").expect("they are told");
        assert_eq!(head, start);
        let number = |part: &str| part.trim_end_matches(')').parse().expect("a number");
        let mut found: Vec<u32> = rest.split(" SubscriptionIdentifier(").map(number).collect();
        found.sort_unstable();
        found
    };
    let mut expected = identifiers;
    expected.sort_unstable();
    scenario.publish(publisher, "a/b", "0", QoS::AtMostOnce);
    assert_eq!(told(&scenario.hear(subscriber), "a/b=0 q0"), expected);
    scenario.publish(publisher, "a/b", "1", QoS::AtLeastOnce);
    assert_eq!(told(&scenario.hear(subscriber), "a/b=1 q1 #1"), expected);
    scenario.send(subscriber, &Packet::Puback(Ack::success(id(1))));
    scenario.cut(subscriber);
    scenario.retain(publisher, "a/b", "2", QoS::AtLeastOnce);
    subscriber = scenario.connect(&kept);
    assert_eq!(told(&scenario.hear(subscriber)[1..], "a/b=2 q1 #2"), expected);
    let heard = scenario.subscribe_with(subscriber, "a/+", options, Some(268_435_455));
    assert_eq!(heard[1..], ["a/b=2 q1 #3 retain SubscriptionIdentifier(268435455)"]);
    scenario.cut(subscriber);
    let old = scenario.connect(&Connect { clean_start: false, ..connect(V4, "s") });
    assert_eq!(scenario.hear(old)[1..], ["a/b=2 q1 #2 dup", "a/b=2 q1 #3 dup retain"]);
}

/// §3.3.2.3.2: the broker does not look into a payload, whatever its indicator says.
#[test]
fn a_payload_is_passed_on_unread() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
    scenario.subscribe(subscriber, "t", QoS::AtMostOnce);
    let list = properties(&[Property::PayloadFormatIndicator(true)]);
    let payload: Vec<u8> = (0..=255).collect();
    let said = Publish { properties: list.as_properties(), payload: &payload, ..publish("t", "", QoS::AtMostOnce) };
    let mut bytes = Vec::new();
    said.encode(V5, &mut bytes).expect("good");
    scenario.broker.handle_bytes(publisher, &bytes, scenario.now);
    let Some(wasmqtt::broker::Output::Transmit(to, frame)) = scenario.broker.poll_output() else { panic!("nothing") };
    assert_eq!((to, frame), (subscriber, bytes.as_slice()));
}

/// [MQTT-3.8.3-3]: the publisher's own subscription, and no other's.
#[test]
fn no_local_keeps_own_messages_away() {
    let mut scenario = Scenario::new();
    let (own, other) = (scenario.join(V5, "own"), scenario.join(V5, "other"));
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    scenario.subscribe_with(own, "t", options, None);
    scenario.subscribe_with(other, "t", options, None);
    scenario.publish(own, "t", "x", QoS::AtMostOnce);
    assert_eq!((scenario.hear(own).len(), scenario.hear(other).len()), (0, 1));
    scenario.subscribe(own, "t", QoS::AtMostOnce);
    assert_eq!(scenario.publish(own, "t", "x", QoS::AtMostOnce), ["t=x q0"]);
    scenario.retain(own, "r", "x", QoS::AtMostOnce);
    scenario.hear(other);
    assert_eq!(scenario.subscribe_with(own, "r", options, None), ["SUBACK #100 00"], "a retained one is its own too");
    assert_eq!(scenario.subscribe_with(other, "r", options, None).len(), 2);
    assert_eq!(scenario.broker.publish(wasmqtt::codec::Message { retain: true, ..message("r", "y") }, scenario.now), 2);
    scenario.drain();
    scenario.hear(own);
    assert_eq!(scenario.subscribe_with(own, "r", options, None).len(), 2, "the host's is nobody's own");
}

/// [MQTT-3.3.1-12], [MQTT-3.3.1-13].
#[test]
fn the_retain_flag_is_kept_only_where_it_is_asked_for() {
    let mut scenario = Scenario::new();
    let (publisher, plain, keeping) =
        (scenario.join(V4, "p"), scenario.join(V5, "plain"), scenario.join(V5, "keeping"));
    scenario.subscribe(plain, "t", QoS::AtLeastOnce);
    let options = SubscriptionOptions { retain_as_published: true, qos: QoS::AtLeastOnce, ..Default::default() };
    scenario.subscribe_with(keeping, "t", options, None);
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        scenario.retain(publisher, "t", "x", qos);
        scenario.publish(publisher, "t", "y", qos);
        let retained = |heard: Vec<String>| heard.iter().map(|line| line.contains("retain")).collect::<Vec<_>>();
        assert_eq!(retained(scenario.hear(plain)), [false, false]);
        assert_eq!(retained(scenario.hear(keeping)), [true, false]);
    }
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]: as if it had been sent, so the next one follows.
#[test]
fn a_message_too_large_for_a_client_is_left_out() {
    for qos in QOS {
        let mut scenario = Scenario::new();
        let list = properties(&[Property::MaximumPacketSize(30), Property::ReceiveMaximum(1)]);
        let small = scenario.join_with(&Connect { properties: list.as_properties(), ..connect(V5, "small") });
        let large = scenario.join(V5, "large");
        let publisher = scenario.join(V5, "p");
        for peer in [small, large] {
            scenario.subscribe(peer, "t", qos);
        }
        for payload in [&"x".repeat(40), "y"] {
            scenario.publish(publisher, "t", payload, qos);
        }
        let heard = scenario.hear(small);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].starts_with("t=y"));
        assert_eq!(scenario.hear(large).len(), 2);
        assert_eq!(scenario.broker.counters().dropped, 1);
    }
}

/// [MQTT-4.6.0-5], [MQTT-4.6.0-6]: to each subscriber in the order of publishing, one frame a turn.
#[test]
fn messages_keep_their_order_and_a_turn_is_one_frame() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V4, "p"), scenario.join(V4, "s"));
    scenario.subscribe(subscriber, "#", QoS::AtLeastOnce);
    let before = scenario.frames(subscriber);
    let mut bytes = Vec::new();
    for index in 0..50_u16 {
        let payload = index.to_string();
        let publish = Publish { packet_id: Some(id(index + 1)), ..publish("t", &payload, QoS::AtLeastOnce) };
        Packet::Publish(publish).encode(V4, &mut bytes).expect("good");
    }
    scenario.send_bytes(publisher, &bytes);
    let expected: Vec<_> = (0..50).map(|index| format!("t={index} q1 #{}", index + 1)).collect();
    assert_eq!(scenario.hear(subscriber), expected);
    assert_eq!(scenario.frames(subscriber), before + 1);
    assert_eq!(scenario.hear(publisher).len(), 50);
}

#[test]
fn the_host_publishes_without_a_client() {
    let mut scenario = Scenario::new();
    let peer = scenario.join(V4, "a");
    scenario.subscribe(peer, "#", QoS::ExactlyOnce);
    let mut own = message("t", "x");
    own.qos = QoS::AtLeastOnce;
    own.retain = true;
    assert_eq!(scenario.broker.publish(own, scenario.now), 1);
    scenario.drain();
    assert_eq!(scenario.hear(peer), ["t=x q1 #1"]);
    assert_eq!(scenario.broker.retained().map(|message| message.topic.as_str()).collect::<Vec<_>>(), ["t"]);
}

/// §4.3.3: PUBREC of 0x80 or above ends the delivery.
#[test]
fn a_refused_qos2_delivery_is_over() {
    let mut scenario = Scenario::new();
    let (publisher, subscriber) = (scenario.join(V5, "p"), scenario.join(V5, "s"));
    scenario.subscribe(subscriber, "t", QoS::ExactlyOnce);
    scenario.publish(publisher, "t", "x", QoS::ExactlyOnce);
    scenario.send(subscriber, &Packet::Pubrec(Ack::new(id(1), ReasonCode::QuotaExceeded)));
    assert_eq!(scenario.hear(subscriber), ["t=x q2 #1"]);
    assert_eq!(scenario.broker.sessions().map(|session| session.in_flight).sum::<usize>(), 0);
}
