//! Shared subscriptions: of a group's members each message goes to one (§4.8.2).

use wasmqtt::broker::{Answer, Asks, BrokerOptions, PeerId, Question};
use wasmqtt::codec::{Ack, Connect, Packet, Property, QoS, ReasonCode, SubscriptionOptions};

use crate::room::{QOS, Room, V4, V5, connect, id, properties};

/// A client of 5.0 whose session outlives its connection by this many seconds, and that takes two messages at a time.
fn member(room: &mut Room, client_id: &str, expiry: u32) -> PeerId {
    let list = properties(&[Property::SessionExpiryInterval(expiry), Property::ReceiveMaximum(2)]);
    room.join_with(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, client_id) })
}

/// Two members of one group, of which the first has been given `1` to `4`, and the second nothing.
///
/// The second comes later; so the first has had all of them, two sent and two in its queue.
fn uneven(room: &mut Room, qos: QoS) -> (PeerId, PeerId) {
    let (publisher, first) = (room.join(V5, "p"), member(room, "first", 60));
    room.subscribe(first, "$share/g/t/#", qos);
    for payload in ["1", "2", "3", "4"] {
        room.publish(publisher, "t/x", payload, qos);
    }
    let second = room.join(V5, "second");
    room.subscribe_with(second, "$share/g/t/#", SubscriptionOptions { qos, ..SubscriptionOptions::default() }, Some(7));
    assert_eq!(room.hear(second).len(), 0);
    (first, second)
}

/// What these payloads are heard as, from packet identifier 1 on.
fn heard(payloads: &[&str], qos: QoS) -> Vec<String> {
    let line = |(index, payload)| format!("t/x={payload} q{} #{} SubscriptionIdentifier(7)", qos.bits(), index + 1);
    payloads.iter().enumerate().map(line).collect()
}

#[test]
fn members_of_a_group_take_turns() {
    let mut room = Room::new();
    let (publisher, plain) = (room.join(V5, "p"), room.join(V5, "plain"));
    room.subscribe(plain, "t/#", QoS::AtMostOnce);
    let members: Vec<_> = ["a", "b", "c"].into_iter().map(|name| room.join(V5, name)).collect();
    for member in &members {
        assert_eq!(room.subscribe(*member, "$share/g/t/+", QoS::AtMostOnce), ["SUBACK #100 00"]);
    }
    let lone = room.join(V4, "lone");
    room.subscribe(lone, "$share/other/t/+", QoS::AtMostOnce);
    assert_eq!(room.broker.subscriptions(), 3);
    for payload in 0..6 {
        room.publish(publisher, "t/x", &payload.to_string(), QoS::AtMostOnce);
    }
    let heard: Vec<_> = members.iter().map(|member| room.hear(*member)).collect();
    assert_eq!(heard, [["t/x=0 q0", "t/x=3 q0"], ["t/x=1 q0", "t/x=4 q0"], ["t/x=2 q0", "t/x=5 q0"]]);
    assert_eq!((room.hear(plain).len(), room.hear(lone).len()), (6, 6));
}

#[test]
fn who_leaves_changes_nobodys_turn_and_a_group_may_come_again() {
    let mut room = Room::new();
    let publisher = room.join(V5, "p");
    let members = ["a", "b", "c"].map(|name| room.join(V5, name));
    for member in members {
        room.subscribe(member, "$share/g/t", QoS::AtMostOnce);
    }
    let next = |room: &mut Room, payload: &str| {
        room.publish(publisher, "t", payload, QoS::AtMostOnce);
        members.iter().position(|member| room.hear(*member) == [format!("t={payload} q0")])
    };
    assert_eq!([next(&mut room, "1"), next(&mut room, "2")], [Some(0), Some(1)]);
    room.unsubscribe(members[0], "$share/g/t");
    assert_eq!([next(&mut room, "3"), next(&mut room, "4")], [Some(2), Some(1)]);
    room.unsubscribe(members[2], "$share/g/t");
    assert_eq!([next(&mut room, "5"), next(&mut room, "6")], [Some(1), Some(1)]);
    room.unsubscribe(members[1], "$share/g/t");
    assert_eq!((next(&mut room, "7"), room.broker.subscriptions()), (None, 0));
    room.subscribe(members[2], "$share/g/t", QoS::AtMostOnce);
    assert_eq!((next(&mut room, "8"), room.broker.subscriptions()), (Some(2), 1));
}

/// No retained messages for a shared subscription (§3.8.4).
#[test]
fn a_group_gets_no_retained_messages_and_goes_with_its_last_member() {
    let mut room = Room::new();
    let (a, b) = (room.join(V5, "a"), room.join(V5, "b"));
    room.retain(a, "t", "x", QoS::AtMostOnce);
    for peer in [a, b] {
        assert_eq!(room.subscribe(peer, "$share/g/t", QoS::AtMostOnce), ["SUBACK #100 00"]);
    }
    assert_eq!(room.unsubscribe(a, "$share/g/t"), ["UNSUBACK #101 00"]);
    assert_eq!(room.unsubscribe(a, "$share/g/t"), ["UNSUBACK #101 11"]);
    room.publish(a, "t", "1", QoS::AtMostOnce);
    assert_eq!(room.hear(b), ["t=1 q0"]);
    room.cut(b);
    assert_eq!(room.broker.subscriptions(), 0);
    assert_eq!(room.publish(a, "t", "2", QoS::AtLeastOnce), ["PUBACK #9 10"]);
}

/// A member that is away is passed over while another is there; alone, its session keeps the message.
#[test]
fn a_member_that_is_away_is_passed_over() {
    let mut room = Room::new();
    let sleeper = Connect { clean_start: false, ..connect(V4, "sleeper") };
    let (publisher, away, here) = (room.join(V5, "p"), room.join_with(&sleeper), room.join(V5, "here"));
    for peer in [away, here] {
        room.subscribe(peer, "$share/g/t", QoS::AtLeastOnce);
    }
    room.cut(away);
    for payload in ["1", "2"] {
        assert_eq!(room.publish(publisher, "t", payload, QoS::AtLeastOnce), ["PUBACK #9 ok"]);
    }
    assert_eq!(room.hear(here), ["t=1 q1 #1", "t=2 q1 #2"]);
    for number in 1..=2 {
        room.send(here, &Packet::Puback(Ack::success(id(number))));
    }
    room.cut(here);
    room.publish(publisher, "t", "3", QoS::AtLeastOnce);
    let away = room.connect(&sleeper);
    assert_eq!(room.hear(away), ["CONNACK ok present", "t=3 q1 #1"]);
}

/// §4.8.2: what was never sent does not wait for a member that is away while another is there; what was sent does.
#[test]
fn what_a_lost_member_was_never_sent_goes_to_another() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut room = Room::new();
        let (first, second) = uneven(&mut room, qos);
        room.cut(first);
        assert_eq!(room.hear(second), heard(&["3", "4"], qos));
        let back = member(&mut room, "first", 60);
        let again = |payload, number| format!("t/x={payload} q{} #{number} dup", qos.bits());
        assert_eq!(room.hear(back), [again("1", 1), again("2", 2)], "[MQTT-4.8.2-4]");
        assert_eq!(room.hear(second).len(), 0);
    }
}

/// [MQTT-4.8.2-5]: at QoS 1 what was sent and not acknowledged as well, at QoS 2 never.
#[test]
fn what_an_ended_session_leaves_undone_goes_to_another() {
    for (qos, payloads) in [(QoS::AtLeastOnce, &["4", "2", "3"][..]), (QoS::ExactlyOnce, &["3", "4"][..])] {
        let mut room = Room::new();
        let (first, second) = uneven(&mut room, qos);
        if qos == QoS::AtLeastOnce {
            // So that 3 is sent too.
            room.send(first, &Packet::Puback(Ack::success(id(1))));
        }
        room.cut(first);
        room.wait_ms(60_000);
        assert_eq!(room.hear(second), heard(payloads, qos));
        assert_eq!(room.broker.sessions().count(), 2);
    }
}

/// A clean start ends the session too.
#[test]
fn a_clean_start_hands_over_before_the_new_session_begins() {
    let mut room = Room::new();
    let (first, second) = uneven(&mut room, QoS::AtLeastOnce);
    let again = room.join(V5, "first");
    assert!(room.is_closed(first) && room.hear(again).is_empty());
    assert_eq!(room.hear(second), heard(&["3", "4", "1", "2"], QoS::AtLeastOnce));
}

/// [MQTT-3.10.4-3]: what was sent is completed with the client, what was not goes to another; without one it stays.
#[test]
fn who_unsubscribes_keeps_what_was_sent() {
    let mut room = Room::new();
    let (first, second) = uneven(&mut room, QoS::AtLeastOnce);
    room.hear(first);
    assert_eq!(room.unsubscribe(first, "$share/g/t/#"), ["UNSUBACK #101 00"]);
    assert_eq!(room.hear(second), heard(&["3", "4"], QoS::AtLeastOnce));
    room.cut(first);
    let back = member(&mut room, "first", 0);
    assert_eq!(room.hear(back), ["t/x=1 q1 #1 dup", "t/x=2 q1 #2 dup"]);
    room.cut(back);
    assert_eq!(room.hear(second).len(), 0, "it was no member any more");

    let (publisher, lone) = (room.join(V5, "p"), member(&mut room, "lone", 60));
    room.subscribe(lone, "$share/h/t", QoS::AtLeastOnce);
    for payload in ["1", "2", "3"] {
        room.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    room.unsubscribe(lone, "$share/h/t");
    room.send(lone, &Packet::Puback(Ack::success(id(1))));
    assert_eq!(room.hear(lone), ["t=3 q1 #3"]);
}

/// What is of no group, or of another, is not touched when a client leaves one, whether it waits or was sent.
#[test]
fn who_leaves_a_group_leaves_nothing_else() {
    let mut room = Room::new();
    let (first, second) = uneven(&mut room, QoS::AtLeastOnce);
    let publisher = room.join(V5, "q");
    room.subscribe(first, "own", QoS::AtLeastOnce);
    room.subscribe(first, "$share/h/u", QoS::AtLeastOnce);
    for topic in ["own", "u"] {
        room.publish(publisher, topic, "x", QoS::AtLeastOnce);
    }
    room.hear(first);
    room.unsubscribe(first, "$share/g/t/#");
    assert_eq!(room.hear(second), heard(&["3", "4"], QoS::AtLeastOnce), "and nothing that is its own");
    for number in 1..=2 {
        room.send(first, &Packet::Puback(Ack::success(id(number))));
    }
    assert_eq!(room.hear(first), ["own=x q1 #3", "u=x q1 #4"], "and nothing twice");
    room.subscribe(first, "$share/g/t/#", QoS::AtLeastOnce);
    room.unsubscribe(first, "$share/g/t/#");
    room.subscribe(second, "$share/h/u", QoS::AtLeastOnce);
    room.cut(first);
    room.wait_ms(60_000);
    assert_eq!(room.hear(second), ["u=x q1 #3"], "it was sent for the other group");
}

/// A group that has gone leaves its number to the next, and no messages.
#[test]
fn what_is_left_of_a_group_never_goes_to_another_group() {
    let mut room = Room::new();
    let (publisher, leaver) = (room.join(V5, "p"), member(&mut room, "leaver", 60));
    room.subscribe(leaver, "$share/secret/t", QoS::AtLeastOnce);
    for payload in ["1", "2", "3"] {
        room.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    room.unsubscribe(leaver, "$share/secret/t");
    let other = room.join(V5, "other");
    room.subscribe(other, "$share/open/u", QoS::AtLeastOnce);
    room.cut(leaver);
    room.wait_ms(60_000);
    assert_eq!(room.hear(other).len(), 0);
}

/// [MQTT-4.8.2-6].
#[test]
fn what_a_member_refuses_goes_to_nobody() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut room = Room::new();
        let (first, second) = uneven(&mut room, qos);
        let refusal = |number| Ack::new(id(number), ReasonCode::QuotaExceeded);
        for number in 1..=4 {
            let refusal = refusal(number);
            room.send(first, &if qos == QoS::AtLeastOnce { Packet::Puback(refusal) } else { Packet::Pubrec(refusal) });
        }
        room.cut(first);
        room.wait_ms(60_000);
        assert_eq!(room.hear(second).len(), 0);
    }
}

/// [MQTT-4.8.2-3]: on the terms of the member that it goes to; a member that is away is the last resort.
#[test]
fn a_message_goes_over_on_the_other_members_terms() {
    for granted in QOS {
        let mut room = Room::new();
        let (publisher, first) = (room.join(V5, "p"), member(&mut room, "first", 0));
        let away = member(&mut room, "away", 600);
        room.subscribe(away, "$share/g/t", granted);
        room.cut(away);
        room.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
        for payload in ["1", "2", "3"] {
            room.publish(publisher, "t", payload, QoS::ExactlyOnce);
        }
        room.cut(first);
        let away = member(&mut room, "away", 600);
        let q = granted.bits();
        let expected = [format!("t=1 q{q} #1"), format!("t=2 q{q} #2")];
        assert_eq!(room.hear(away), if granted == QoS::AtMostOnce { vec![] } else { expected.to_vec() });
    }
}

/// [MQTT-3.3.1-12], [MQTT-3.3.1-13]: RETAIN among these terms, from how the message was published.
#[test]
fn a_message_that_goes_over_has_its_retain_flag_where_the_other_member_asked_for_it() {
    for (published, retain_as_published) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut room = Room::new();
        let (publisher, first) = (room.join(V5, "p"), member(&mut room, "first", 60));
        room.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
        for payload in ["1", "2", "3"] {
            let publish = crate::room::publish("t", payload, QoS::AtLeastOnce);
            room.publish_with(publisher, wasmqtt::codec::Publish { retain: published, ..publish });
        }
        let second = room.join(V5, "second");
        let options = SubscriptionOptions { retain_as_published, qos: QoS::AtLeastOnce, ..Default::default() };
        room.subscribe_with(second, "$share/g/t", options, None);
        room.cut(first);
        let flag = if published && retain_as_published { " retain" } else { "" };
        assert_eq!(room.hear(second), [format!("t=3 q1 #1{flag}")], "what was not sent");
        room.wait_ms(60_000);
        assert_eq!(room.hear(second), [format!("t=1 q1 #2{flag}"), format!("t=2 q1 #3{flag}")], "what was sent");
    }
}

/// The host is asked anew, since it is of another client.
#[test]
fn what_waits_to_be_allowed_goes_over_when_its_session_ends() {
    let asks = Asks { receive: true, ..Asks::default() };
    let mut room = Room::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (publisher, first) = (room.join(V5, "p"), room.join(V5, "first"));
    room.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
    room.publish(publisher, "t", "1", QoS::AtLeastOnce);
    let second = room.join(V5, "second");
    room.subscribe(second, "$share/g/t", QoS::AtLeastOnce);
    let about = |room: &mut Room| match &room.asked[..] {
        [(_, Question::Authorize { client_id, topic, .. })] => format!("{client_id} {topic}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(about(&mut room), "first t");
    room.asked.clear();
    room.cut(first);
    assert_eq!(about(&mut room), "second t");
    room.answer(Answer::Allow);
    assert_eq!(room.hear(second), ["t=1 q1 #1"]);
}

/// A client that has other messages in its queue keeps them, in their order.
#[test]
fn only_the_groups_messages_go_over() {
    let mut room = Room::new();
    let (first, second) = uneven(&mut room, QoS::AtLeastOnce);
    let publisher = room.join(V5, "q");
    room.subscribe(first, "own", QoS::AtLeastOnce);
    for payload in ["a", "b"] {
        room.publish(publisher, "own", payload, QoS::AtLeastOnce);
    }
    room.cut(first);
    assert_eq!(room.hear(second), heard(&["3", "4"], QoS::AtLeastOnce));
    let back = member(&mut room, "first", 60);
    room.hear(back);
    for number in 1..=2 {
        room.send(back, &Packet::Puback(Ack::success(id(number))));
    }
    assert_eq!(room.hear(back), ["own=a q1 #3", "own=b q1 #4"]);
}

/// [MQTT-3.1.2-24], [MQTT-3.1.2-25]: of the two that §3.1.2.11.4 lets a server do, it goes to nobody else; and the turn is over.
#[test]
fn what_is_too_large_for_the_member_whose_turn_it_is_is_discarded() {
    for qos in QOS {
        let mut room = Room::new();
        let list = properties(&[Property::MaximumPacketSize(30), Property::SessionExpiryInterval(10)]);
        let small = Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, "small") };
        let (publisher, small, large) = (room.join(V5, "p"), room.join_with(&small), room.join(V5, "large"));
        for member in [small, large] {
            room.subscribe(member, "$share/g/t", qos);
        }
        for payload in [&"x".repeat(40), "1", "2"] {
            room.publish(publisher, "t", payload, qos);
        }
        room.cut(small);
        room.wait_ms(10_000);
        let payloads =
            |heard: Vec<String>| heard.iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
        let heard: [Vec<String>; 2] = [small, large].map(|member| payloads(room.hear(member)));
        // At QoS 1 what was sent and not acknowledged goes over when the session ends.
        let (expected, again) =
            (vec!["t=1".to_owned()], if qos == QoS::AtLeastOnce { vec!["t=2".to_owned()] } else { vec![] });
        assert_eq!(heard, [vec!["t=2".to_owned()], [expected, again].concat()], "{qos:?}");
        assert_eq!(room.broker.counters().dropped, 1);
    }
}

/// [MQTT-3.3.2-6]: the message's age counts from its arrival at the broker.
#[test]
fn a_message_that_goes_over_has_aged() {
    let mut room = Room::with(BrokerOptions::default());
    let (publisher, first) = (room.join(V5, "p"), member(&mut room, "first", 10));
    room.subscribe(first, "$share/g/t", QoS::AtLeastOnce);
    let list = properties(&[Property::MessageExpiryInterval(60)]);
    let publish = crate::room::publish("t", "x", QoS::AtLeastOnce);
    room.publish_with(publisher, wasmqtt::codec::Publish { properties: list.as_properties(), ..publish });
    let second = room.join(V5, "second");
    room.subscribe(second, "$share/g/t", QoS::AtLeastOnce);
    room.cut(first);
    room.wait_ms(10_000);
    assert_eq!(room.hear(second), ["t=x q1 #1 MessageExpiryInterval(50)"]);
}

/// What is safe in one queue is not given to another that is full.
#[test]
fn nothing_is_handed_to_a_member_that_has_no_room_for_it() {
    for has_third in [false, true] {
        let mut room = Room::with(BrokerOptions { queue_messages: 2, ..BrokerOptions::default() });
        let (first, second) = uneven(&mut room, QoS::AtLeastOnce);
        room.hear(first);
        room.writable(second, false);
        let publisher = room.join(V5, "filler");
        room.subscribe(second, "own", QoS::AtLeastOnce);
        for payload in ["a", "b"] {
            room.publish(publisher, "own", payload, QoS::AtLeastOnce);
        }
        let third = room.join(V5, "third");
        if has_third {
            room.subscribe(third, "$share/g/t/#", QoS::AtLeastOnce);
        }
        room.cut(first);
        let queued = room.broker.sessions().find(|session| session.client_id == "first").expect("kept").queued;
        assert_eq!((queued, room.hear(third).len()), if has_third { (0, 2) } else { (2, 0) });
        assert_eq!(room.broker.counters().dropped, 0);
    }
}
