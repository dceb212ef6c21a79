//! Slow consumers: messages that they do not take fill their own queue, and cost nobody else.

use wasmqtt::broker::{BrokerOptions, DisconnectCause, DropCause, Event, PeerId, QueueOverflow};
use wasmqtt::codec::{Ack, Connect, Packet, QoS, ReasonCode, Version};

use crate::support::packets::{QOS, V4, V5, connect, id, publish};
use crate::support::scenario::Scenario;

/// A publisher, and a subscriber of `t` whose connection takes no more.
fn stopped(version: Version, options: BrokerOptions) -> (Scenario, PeerId, PeerId) {
    let mut scenario = Scenario::with(BrokerOptions { events: true, ..options });
    let (publisher, slow) = (scenario.join(V5, "p"), scenario.join(version, "slow"));
    scenario.subscribe(slow, "t", QoS::ExactlyOnce);
    scenario.writable(slow, false);
    (scenario, publisher, slow)
}

fn drops(scenario: &Scenario) -> Vec<(Option<&str>, DropCause)> {
    let dropped = |event| match event {
        &Event::Dropped { ref client_id, cause, .. } => Some((client_id.as_deref(), cause)),
        _ => None,
    };
    scenario.events.iter().filter_map(dropped).collect()
}

#[test]
fn the_queue_waits_and_qos0_is_dropped_while_a_peer_takes_no_more() {
    for version in [V4, V5] {
        let (mut scenario, publisher, slow) = stopped(version, BrokerOptions::default());
        for (qos, payload) in QOS.into_iter().zip(["a", "b", "c"]) {
            scenario.publish(publisher, "t", payload, qos);
        }
        assert_eq!(scenario.hear(slow), [""; 0]);
        assert_eq!(drops(&scenario), [(Some("slow"), DropCause::NotWritable)]);
        assert_eq!(scenario.broker.sessions().find(|session| session.client_id == "slow").expect("there").queued, 2);
        scenario.writable(slow, true);
        assert_eq!(scenario.hear(slow), ["t=b q1 #1", "t=c q2 #2"]);
        assert_eq!(scenario.publish(publisher, "t", "d", QoS::AtMostOnce), [""; 0]);
        assert_eq!(scenario.hear(slow), ["t=d q0"]);
    }
}

/// Not even what is acknowledged makes room in the connection.
#[test]
fn an_acknowledgement_moves_nothing_to_a_peer_that_takes_no_more() {
    let mut scenario =
        Scenario::with(BrokerOptions { in_flight_max: 1.try_into().expect("not 0"), ..BrokerOptions::default() });
    let slow = scenario.join(V5, "slow");
    scenario.subscribe(slow, "t", QoS::AtLeastOnce);
    scenario.publish(slow, "t", "a", QoS::AtMostOnce);
    for payload in ["b", "c"] {
        scenario.publish(slow, "t", payload, QoS::AtLeastOnce);
    }
    scenario.writable(slow, false);
    scenario.send(slow, &Packet::Puback(Ack::success(id(1))));
    assert_eq!(scenario.hear(slow), [""; 0]);
    scenario.writable(slow, true);
    assert_eq!(scenario.hear(slow), ["t=c q1 #2"]);
}

#[test]
fn requests_are_answered_while_a_peer_takes_no_more() {
    let (mut scenario, _, slow) = stopped(V5, BrokerOptions::default());
    scenario.send(slow, &Packet::Pingreq);
    assert_eq!(scenario.hear(slow), ["PINGRESP"]);
    assert_eq!(scenario.publish(slow, "x", "", QoS::AtLeastOnce), ["PUBACK #9 10"]);
    assert_eq!(scenario.publish(slow, "x", "", QoS::ExactlyOnce), ["PUBREC #9 10", "PUBCOMP #9 ok"]);
    assert_eq!(scenario.subscribe(slow, "y", QoS::AtMostOnce), ["SUBACK #100 00"]);
}

#[test]
fn a_peer_that_sends_and_does_not_read_is_disconnected_at_a_bound() {
    for (version, end) in [(V4, None), (V5, Some("DISCONNECT 97"))] {
        let options = BrokerOptions { transmit_bytes_max: 100, ..BrokerOptions::default() };
        let (mut scenario, _, slow) = stopped(version, options);
        for answers in 1..=51 {
            assert!(!scenario.is_closed(slow), "closed with {answers} answers");
            scenario.send(slow, &Packet::Pingreq);
        }
        assert!(scenario.is_closed(slow));
        let heard = scenario.hear(slow);
        assert_eq!(heard.iter().filter(|heard| *heard == "PINGRESP").count(), 51);
        assert_eq!(heard.get(51).map(String::as_str), end);
        let ended = scenario.events.iter().find_map(|event| match event {
            Event::Disconnected { cause: DisconnectCause::Fault(fault), .. } => Some(fault.reason),
            _ => None,
        });
        assert_eq!(ended, Some(ReasonCode::QuotaExceeded));
    }
}

#[test]
fn answers_that_were_read_do_not_count() {
    let (mut scenario, _, slow) = stopped(V5, BrokerOptions { transmit_bytes_max: 100, ..BrokerOptions::default() });
    for _ in 0..10 {
        for _ in 0..50 {
            scenario.send(slow, &Packet::Pingreq);
        }
        scenario.writable(slow, true);
        scenario.writable(slow, false);
    }
    assert_eq!(scenario.hear(slow).len(), 500);
    assert!(!scenario.is_closed(slow));
}

/// The three answers to a full queue, for one that is connected and for one that is not.
#[test]
fn a_full_queue_gives_up_what_the_option_says() {
    let rows = [
        (QueueOverflow::DropNewest, ["a", "b"], false),
        (QueueOverflow::DropOldest, ["b", "c"], false),
        (QueueOverflow::Disconnect, ["a", "b"], true),
    ];
    for (queue_overflow, kept, ends) in rows {
        for is_connected in [true, false] {
            let options = BrokerOptions { queue_messages: 2, queue_overflow, events: true, ..BrokerOptions::default() };
            let mut scenario = Scenario::with(options);
            let publisher = scenario.join(V5, "p");
            let lasting = Connect { clean_start: false, ..connect(V4, "slow") };
            let slow = scenario.join_with(&lasting);
            scenario.subscribe(slow, "t", QoS::AtLeastOnce);
            if is_connected {
                scenario.writable(slow, false);
            } else {
                scenario.cut(slow);
            }
            for payload in ["a", "b", "c"] {
                scenario.publish(publisher, "t", payload, QoS::AtLeastOnce);
            }
            assert_eq!(drops(&scenario), [(Some("slow"), DropCause::QueueFull)], "{queue_overflow:?}");
            assert_eq!(scenario.is_closed(slow), is_connected && ends, "{queue_overflow:?}");
            let again = scenario.join_with(&lasting);
            let expected: Vec<_> = kept.iter().zip(1..).map(|(payload, id)| format!("t={payload} q1 #{id}")).collect();
            assert_eq!(scenario.hear(again), expected, "{queue_overflow:?}");
        }
    }
}

#[test]
fn a_client_that_is_disconnected_for_its_queue_is_told_so_and_its_will_fires() {
    let options = BrokerOptions { queue_messages: 1, queue_overflow: QueueOverflow::Disconnect, ..Default::default() };
    let (mut scenario, publisher, slow) = stopped(V5, options);
    for payload in ["a", "b", "c"] {
        assert_eq!(scenario.publish(publisher, "t", payload, QoS::AtLeastOnce).len(), 1);
    }
    assert_eq!(scenario.hear(slow), ["DISCONNECT 97"]);
    assert!(scenario.is_closed(slow));
    let causes = scenario.events.iter().filter_map(|event| match event {
        Event::Disconnected { cause, .. } => Some(*cause),
        _ => None,
    });
    assert_eq!(causes.collect::<Vec<_>>(), [DisconnectCause::QueueFull]);
    assert_eq!(scenario.publish(publisher, "other", "", QoS::AtLeastOnce), ["PUBACK #9 10"], "others go on");
}

/// Messages that may be in flight are not copied at once. They leave in frames, each of about the
/// bound.
#[test]
fn a_long_queue_is_handed_out_in_frames_of_the_bound() {
    let options = BrokerOptions { transmit_bytes_max: 100, ..BrokerOptions::default() };
    let (mut scenario, publisher, slow) = stopped(V4, options);
    let payload = "x".repeat(30);
    for _ in 0..100 {
        scenario.send(publisher, &Packet::Publish(publish("t", &payload, QoS::AtLeastOnce)));
    }
    let before = scenario.frames(slow);
    scenario.writable(slow, true);
    assert_eq!(scenario.hear(slow).len(), 100);
    assert_eq!(scenario.frames(slow) - before, 34, "three messages are more than 100 bytes");
}

/// A host whose transport is full after a frame gets no second one.
#[test]
fn a_host_stops_the_queue_between_two_frames() {
    let options = BrokerOptions { transmit_bytes_max: 10, ..BrokerOptions::default() };
    let (mut scenario, publisher, slow) = stopped(V4, options);
    for payload in ["first message", "second message"] {
        scenario.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    scenario.stop_after_frame = true;
    scenario.writable(slow, true);
    assert_eq!(scenario.hear(slow), ["t=first message q1 #1"]);
    scenario.writable(slow, true);
    assert_eq!(scenario.hear(slow), ["t=second message q1 #2"]);
}
