//! Shared subscriptions: of a group's members each message goes to one (§4.8.2).

use wasmqtt::codec::{Connect, QoS};

use crate::room::{Room, V4, V5, connect};

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
    room.cut(here);
    room.publish(publisher, "t", "3", QoS::AtLeastOnce);
    let away = room.connect(&sleeper);
    assert_eq!(room.hear(away), ["CONNACK ok present", "t=3 q1 #1"]);
}
