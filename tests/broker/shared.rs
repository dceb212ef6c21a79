//! Shared subscriptions: of a group's members each message goes to one (§4.8.2).

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId, Question};
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS, ReasonCode, SubscriptionOptions};

use crate::support::packets::{QOS, V4, V5, connect, id, properties, publish};
use crate::support::scenario::Scenario;

/// A client of 5.0 whose session outlives its connection by this many seconds, and that takes two
/// messages at a time.
fn member(scenario: &mut Scenario, client_id: &str, expiry: u32) -> PeerId {
    let list = properties(&[Property::SessionExpiryInterval(expiry), Property::ReceiveMaximum(2)]);
    scenario.join_with(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, client_id) })
}

/// Two members of one group, of which the first has been given `1` to `4`, and the second nothing.
///
/// The second comes later; so the first has had all of them, two sent and two in its queue.
fn uneven(scenario: &mut Scenario, qos: QoS) -> (PeerId, PeerId) {
    let (publisher, first) = (scenario.join(V5, "p"), member(scenario, "first", 60));
    scenario.subscribe(first, "$share/g/t/#", qos);
    for payload in ["1", "2", "3", "4"] {
        scenario.publish(publisher, "t/x", payload, qos);
    }
    let second = scenario.join(V5, "second");
    scenario.subscribe_with(
        second,
        "$share/g/t/#",
        SubscriptionOptions { qos, ..SubscriptionOptions::default() },
        Some(7),
    );
    assert_eq!(scenario.hear(second).len(), 0);
    (first, second)
}

/// The transcript of these payloads, from packet identifier 1 on.
fn heard(payloads: &[&str], qos: QoS) -> Vec<String> {
    let line = |(index, payload)| format!("t/x={payload} q{} #{} SubscriptionIdentifier(7)", qos.bits(), index + 1);
    payloads.iter().enumerate().map(line).collect()
}

#[test]
fn members_of_a_group_take_turns() {
    let mut scenario = Scenario::new();
    let (publisher, plain) = (scenario.join(V5, "p"), scenario.join(V5, "plain"));
    scenario.subscribe(plain, "t/#", QoS::AtMostOnce);
    let members: Vec<_> = ["a", "b", "c"].into_iter().map(|name| scenario.join(V5, name)).collect();
    for member in &members {
        assert_eq!(scenario.subscribe(*member, "$share/g/t/+", QoS::AtMostOnce), ["SUBACK #100 00"]);
    }
    let lone = scenario.join(V4, "lone");
    scenario.subscribe(lone, "$share/other/t/+", QoS::AtMostOnce);
    assert_eq!(scenario.broker.subscriptions(), 3);
    for payload in 0..6 {
        scenario.publish(publisher, "t/x", &payload.to_string(), QoS::AtMostOnce);
    }
    let heard: Vec<_> = members.iter().map(|member| scenario.hear(*member)).collect();
    assert_eq!(heard, [["t/x=0 q0", "t/x=3 q0"], ["t/x=1 q0", "t/x=4 q0"], ["t/x=2 q0", "t/x=5 q0"]]);
    assert_eq!((scenario.hear(plain).len(), scenario.hear(lone).len()), (6, 6));
}

#[test]
fn who_leaves_changes_nobodys_turn_and_a_group_may_come_again() {
    let mut scenario = Scenario::new();
    let publisher = scenario.join(V5, "p");
    let members = ["a", "b", "c"].map(|name| scenario.join(V5, name));
    for member in members {
        scenario.subscribe(member, "$share/g/t", QoS::AtMostOnce);
    }
    let next = |scenario: &mut Scenario, payload: &str| {
        scenario.publish(publisher, "t", payload, QoS::AtMostOnce);
        members.iter().position(|member| scenario.hear(*member) == [format!("t={payload} q0")])
    };
    assert_eq!([next(&mut scenario, "1"), next(&mut scenario, "2")], [Some(0), Some(1)]);
    scenario.unsubscribe(members[0], "$share/g/t");
    assert_eq!([next(&mut scenario, "3"), next(&mut scenario, "4")], [Some(2), Some(1)]);
    scenario.unsubscribe(members[2], "$share/g/t");
    assert_eq!([next(&mut scenario, "5"), next(&mut scenario, "6")], [Some(1), Some(1)]);
    scenario.unsubscribe(members[1], "$share/g/t");
    assert_eq!((next(&mut scenario, "7"), scenario.broker.subscriptions()), (None, 0));
    scenario.subscribe(members[2], "$share/g/t", QoS::AtMostOnce);
    assert_eq!((next(&mut scenario, "8"), scenario.broker.subscriptions()), (Some(2), 1));
}

/// No retained messages for a shared subscription (§3.8.4).
#[test]
fn a_group_gets_no_retained_messages_and_goes_with_its_last_member() {
    let mut scenario = Scenario::new();
    let (a, b) = (scenario.join(V5, "a"), scenario.join(V5, "b"));
    scenario.retain(a, "t", "x", QoS::AtMostOnce);
    for peer in [a, b] {
        assert_eq!(scenario.subscribe(peer, "$share/g/t", QoS::AtMostOnce), ["SUBACK #100 00"]);
    }
    assert_eq!(scenario.unsubscribe(a, "$share/g/t"), ["UNSUBACK #101 00"]);
    assert_eq!(scenario.unsubscribe(a, "$share/g/t"), ["UNSUBACK #101 11"]);
    scenario.publish(a, "t", "1", QoS::AtMostOnce);
    assert_eq!(scenario.hear(b), ["t=1 q0"]);
    scenario.cut(b);
    assert_eq!(scenario.broker.subscriptions(), 0);
    assert_eq!(scenario.publish(a, "t", "2", QoS::AtLeastOnce), ["PUBACK #9 10"]);
}

/// A member that is away is passed over while another is there; alone, its session keeps the
/// message.
#[test]
fn a_member_that_is_away_is_passed_over() {
    let mut scenario = Scenario::new();
    let sleeper = Connect { clean_start: false, ..connect(V4, "sleeper") };
    let (publisher, away, here) = (scenario.join(V5, "p"), scenario.join_with(&sleeper), scenario.join(V5, "here"));
    for peer in [away, here] {
        scenario.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    }
    scenario.cut(away);
    for payload in ["1", "2"] {
        assert_eq!(scenario.publish(publisher, "t", payload, QoS::AtLeastOnce), ["PUBACK #9 ok"]);
    }
    assert_eq!(scenario.hear(here), ["t=1 q1 #1", "t=2 q1 #2"]);
    for number in 1..=2 {
        scenario.send(here, &Packet::Puback(Ack::success(id(number))));
    }
    scenario.cut(here);
    scenario.publish(publisher, "t", "3", QoS::AtLeastOnce);
    let away = scenario.connect(&sleeper);
    assert_eq!(scenario.hear(away), ["CONNACK ok present", "t=3 q1 #1"]);
}

/// §4.8.2: a message that was never sent does not wait for a member that is away while another is
/// there. One that was sent does.
#[test]
fn what_a_lost_member_was_never_sent_goes_to_another() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = Scenario::new();
        let (first, second) = uneven(&mut scenario, qos);
        scenario.cut(first);
        assert_eq!(scenario.hear(second), heard(&["3", "4"], qos));
        let back = member(&mut scenario, "first", 60);
        let again = |payload, number| format!("t/x={payload} q{} #{number} dup", qos.bits());
        assert_eq!(scenario.hear(back), [again("1", 1), again("2", 2)], "[MQTT-4.8.2-4]");
        assert_eq!(scenario.hear(second).len(), 0);
    }
}

/// [MQTT-4.8.2-5]: at QoS 1 what was sent and not acknowledged as well, at QoS 2 never.
#[test]
fn what_an_ended_session_leaves_undone_goes_to_another() {
    for (qos, payloads) in [(QoS::AtLeastOnce, &["4", "2", "3"][..]), (QoS::ExactlyOnce, &["3", "4"][..])] {
        let mut scenario = Scenario::new();
        let (first, second) = uneven(&mut scenario, qos);
        if qos == QoS::AtLeastOnce {
            // So that 3 is sent too.
            scenario.send(first, &Packet::Puback(Ack::success(id(1))));
        }
        scenario.cut(first);
        scenario.wait_ms(60_000);
        assert_eq!(scenario.hear(second), heard(payloads, qos));
        assert_eq!(scenario.broker.sessions().count(), 2);
    }
}

/// A clean start ends the session too.
#[test]
fn a_clean_start_hands_over_before_the_new_session_begins() {
    let mut scenario = Scenario::new();
    let (first, second) = uneven(&mut scenario, QoS::AtLeastOnce);
    let again = scenario.join(V5, "first");
    assert!(scenario.is_closed(first) && scenario.hear(again).is_empty());
    assert_eq!(scenario.hear(second), heard(&["3", "4", "1", "2"], QoS::AtLeastOnce));
}

/// [MQTT-3.10.4-3]: a delivery that was sent is completed with the client. One that was not goes to
/// another member, or stays without one.
#[test]
fn who_unsubscribes_keeps_what_was_sent() {
    let mut scenario = Scenario::new();
    let (first, second) = uneven(&mut scenario, QoS::AtLeastOnce);
    scenario.hear(first);
    assert_eq!(scenario.unsubscribe(first, "$share/g/t/#"), ["UNSUBACK #101 00"]);
    assert_eq!(scenario.hear(second), heard(&["3", "4"], QoS::AtLeastOnce));
    scenario.cut(first);
    let back = member(&mut scenario, "first", 0);
    assert_eq!(scenario.hear(back), ["t/x=1 q1 #1 dup", "t/x=2 q1 #2 dup"]);
    scenario.cut(back);
    assert_eq!(scenario.hear(second).len(), 0, "it was no member any more");

    let (publisher, lone) = (scenario.join(V5, "p"), member(&mut scenario, "lone", 60));
    scenario.subscribe(lone, "$share/h/t", QoS::AtLeastOnce);
    for payload in ["1", "2", "3"] {
        scenario.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    scenario.unsubscribe(lone, "$share/h/t");
    scenario.send(lone, &Packet::Puback(Ack::success(id(1))));
    assert_eq!(scenario.hear(lone), ["t=3 q1 #3"]);
}

/// Deliveries of no group, or of another, are not touched when a client leaves one, whether they
/// wait or were sent.
#[test]
fn who_leaves_a_group_leaves_nothing_else() {
    let mut scenario = Scenario::new();
    let (first, second) = uneven(&mut scenario, QoS::AtLeastOnce);
    let publisher = scenario.join(V5, "q");
    scenario.subscribe(first, "own", QoS::AtLeastOnce);
    scenario.subscribe(first, "$share/h/u", QoS::AtLeastOnce);
    for topic in ["own", "u"] {
        scenario.publish(publisher, topic, "x", QoS::AtLeastOnce);
    }
    scenario.hear(first);
    scenario.unsubscribe(first, "$share/g/t/#");
    assert_eq!(scenario.hear(second), heard(&["3", "4"], QoS::AtLeastOnce), "and nothing that is its own");
    for number in 1..=2 {
        scenario.send(first, &Packet::Puback(Ack::success(id(number))));
    }
    assert_eq!(scenario.hear(first), ["own=x q1 #3", "u=x q1 #4"], "and nothing twice");
    scenario.subscribe(first, "$share/g/t/#", QoS::AtLeastOnce);
    scenario.unsubscribe(first, "$share/g/t/#");
    scenario.subscribe(second, "$share/h/u", QoS::AtLeastOnce);
    scenario.cut(first);
    scenario.wait_ms(60_000);
    assert_eq!(scenario.hear(second), ["u=x q1 #3"], "it was sent for the other group");
}

/// A group that has gone leaves its number to the next, and no messages.
#[test]
fn what_is_left_of_a_group_never_goes_to_another_group() {
    let mut scenario = Scenario::new();
    let (publisher, leaver) = (scenario.join(V5, "p"), member(&mut scenario, "leaver", 60));
    scenario.subscribe(leaver, "$share/secret/t", QoS::AtLeastOnce);
    for payload in ["1", "2", "3"] {
        scenario.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    scenario.unsubscribe(leaver, "$share/secret/t");
    let other = scenario.join(V5, "other");
    scenario.subscribe(other, "$share/open/u", QoS::AtLeastOnce);
    scenario.cut(leaver);
    scenario.wait_ms(60_000);
    assert_eq!(scenario.hear(other).len(), 0);
}

/// [MQTT-4.8.2-6].
#[test]
fn what_a_member_refuses_goes_to_nobody() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut scenario = Scenario::new();
        let (first, second) = uneven(&mut scenario, qos);
        let refusal = |number| Ack::new(id(number), ReasonCode::QuotaExceeded);
        for number in 1..=4 {
            let refusal = refusal(number);
            scenario
                .send(first, &if qos == QoS::AtLeastOnce { Packet::Puback(refusal) } else { Packet::Pubrec(refusal) });
        }
        scenario.cut(first);
        scenario.wait_ms(60_000);
        assert_eq!(scenario.hear(second).len(), 0);
    }
}

/// [MQTT-4.8.2-3]: on the terms of the member that it goes to; a member that is away is the last
/// resort.
#[test]
fn a_message_goes_over_on_the_other_members_terms() {
    for granted in QOS {
        let mut scenario = Scenario::new();
        let (publisher, first) = (scenario.join(V5, "p"), member(&mut scenario, "first", 0));
        let away = member(&mut scenario, "away", 600);
        scenario.subscribe(away, "$share/g/t", granted);
        scenario.cut(away);
        scenario.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
        for payload in ["1", "2", "3"] {
            scenario.publish(publisher, "t", payload, QoS::ExactlyOnce);
        }
        scenario.cut(first);
        let away = member(&mut scenario, "away", 600);
        let q = granted.bits();
        let expected = [format!("t=1 q{q} #1"), format!("t=2 q{q} #2")];
        assert_eq!(scenario.hear(away), if granted == QoS::AtMostOnce { vec![] } else { expected.to_vec() });
    }
}

/// [MQTT-3.3.1-12], [MQTT-3.3.1-13]: RETAIN among these terms, from how the message was published.
#[test]
fn a_message_that_goes_over_has_its_retain_flag_where_the_other_member_asked_for_it() {
    for (published, retain_as_published) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut scenario = Scenario::new();
        let (publisher, first) = (scenario.join(V5, "p"), member(&mut scenario, "first", 60));
        scenario.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
        for payload in ["1", "2", "3"] {
            let publish = publish("t", payload, QoS::AtLeastOnce);
            scenario.publish_with(publisher, wasmqtt::codec::Publish { retain: published, ..publish });
        }
        let second = scenario.join(V5, "second");
        let options = SubscriptionOptions { retain_as_published, qos: QoS::AtLeastOnce, ..Default::default() };
        scenario.subscribe_with(second, "$share/g/t", options, None);
        scenario.cut(first);
        let flag = if published && retain_as_published { " retain" } else { "" };
        assert_eq!(scenario.hear(second), [format!("t=3 q1 #1{flag}")], "what was not sent");
        scenario.wait_ms(60_000);
        assert_eq!(scenario.hear(second), [format!("t=1 q1 #2{flag}"), format!("t=2 q1 #3{flag}")], "what was sent");
    }
}

/// The host is asked anew, since it is of another client.
#[test]
fn what_waits_to_be_allowed_goes_over_when_its_session_ends() {
    let asks = Asks { receive: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (publisher, first) = (scenario.join(V5, "p"), scenario.join(V5, "first"));
    scenario.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
    scenario.publish(publisher, "t", "1", QoS::AtLeastOnce);
    let second = scenario.join(V5, "second");
    scenario.subscribe(second, "$share/g/t", QoS::AtLeastOnce);
    let about = |scenario: &mut Scenario| match &scenario.asked[..] {
        [(_, Question::Authorize { client_id, topic, .. })] => format!("{client_id} {topic}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(about(&mut scenario), "first t");
    scenario.asked.clear();
    scenario.cut(first);
    assert_eq!(about(&mut scenario), "second t");
    scenario.answer(Answer::Allow);
    assert_eq!(scenario.hear(second), ["t=1 q1 #1"]);
}

/// A client that has other messages in its queue keeps them, in their order.
#[test]
fn only_the_groups_messages_go_over() {
    let mut scenario = Scenario::new();
    let (first, second) = uneven(&mut scenario, QoS::AtLeastOnce);
    let publisher = scenario.join(V5, "q");
    scenario.subscribe(first, "own", QoS::AtLeastOnce);
    for payload in ["a", "b"] {
        scenario.publish(publisher, "own", payload, QoS::AtLeastOnce);
    }
    scenario.cut(first);
    assert_eq!(scenario.hear(second), heard(&["3", "4"], QoS::AtLeastOnce));
    let back = member(&mut scenario, "first", 60);
    scenario.hear(back);
    for number in 1..=2 {
        scenario.send(back, &Packet::Puback(Ack::success(id(number))));
    }
    assert_eq!(scenario.hear(back), ["own=a q1 #3", "own=b q1 #4"]);
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]: a message that is too large for one member is discarded and
/// goes to nobody else (§3.1.2.11.4). The turn is over.
#[test]
fn what_is_too_large_for_the_member_whose_turn_it_is_is_discarded() {
    for qos in QOS {
        let mut scenario = Scenario::new();
        let list = properties(&[Property::MaximumPacketSize(30), Property::SessionExpiryInterval(10)]);
        let small = Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "small") };
        let (publisher, small, large) =
            (scenario.join(V5, "p"), scenario.join_with(&small), scenario.join(V5, "large"));
        for member in [small, large] {
            scenario.subscribe(member, "$share/g/t", qos);
        }
        for payload in [&"x".repeat(40), "1", "2"] {
            scenario.publish(publisher, "t", payload, qos);
        }
        scenario.cut(small);
        scenario.wait_ms(10_000);
        let payloads =
            |heard: Vec<String>| heard.iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let heard: [Vec<String>; 2] = [small, large].map(|member| payloads(scenario.hear(member)));
        // At QoS 1 what was sent and not acknowledged goes over when the session ends.
        let (expected, again) =
            (vec!["t=1".to_owned()], if qos == QoS::AtLeastOnce { vec!["t=2".to_owned()] } else { vec![] });
        assert_eq!(heard, [vec!["t=2".to_owned()], [expected, again].concat()], "{qos:?}");
        assert_eq!(scenario.broker.counters().dropped, 1);
    }
}

/// [MQTT-3.3.2-6]: the message's age counts from its arrival at the broker.
#[test]
fn a_message_that_goes_over_has_aged() {
    let mut scenario = Scenario::with(BrokerOptions::default());
    let (publisher, first) = (scenario.join(V5, "p"), member(&mut scenario, "first", 10));
    scenario.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
    let list = properties(&[Property::MessageExpiryInterval(60)]);
    let publish = publish("t", "x", QoS::AtLeastOnce);
    scenario.publish_with(publisher, wasmqtt::codec::Publish { properties: list.as_properties(), ..publish });
    let second = scenario.join(V5, "second");
    scenario.subscribe(second, "$share/g/t", QoS::AtLeastOnce);
    scenario.cut(first);
    scenario.wait_ms(10_000);
    assert_eq!(scenario.hear(second), ["t=x q1 #1 MessageExpiryInterval(50)"]);
}

/// A message that is safe in one queue is not moved to another that is full.
#[test]
fn nothing_is_handed_to_a_member_that_has_no_room_for_it() {
    for has_third in [false, true] {
        let mut scenario = Scenario::with(BrokerOptions { queue_messages: 2, ..BrokerOptions::default() });
        let (first, second) = uneven(&mut scenario, QoS::AtLeastOnce);
        scenario.hear(first);
        scenario.writable(second, false);
        let publisher = scenario.join(V5, "filler");
        scenario.subscribe(second, "own", QoS::AtLeastOnce);
        for payload in ["a", "b"] {
            scenario.publish(publisher, "own", payload, QoS::AtLeastOnce);
        }
        let third = scenario.join(V5, "third");
        if has_third {
            scenario.subscribe(third, "$share/g/t/#", QoS::AtLeastOnce);
        }
        scenario.cut(first);
        let queued = scenario.broker.sessions().find(|session| session.client_id == "first").expect("kept").queued;
        assert_eq!((queued, scenario.hear(third).len()), if has_third { (0, 2) } else { (2, 0) });
        assert_eq!(scenario.broker.counters().dropped, 0);
    }
}
