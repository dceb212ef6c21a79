//! Sessions from end to end: taken over, lost, shared, and left in the middle.

use wasmqtt::client::{CloseReason, Completion, RequestError};
use wasmqtt::codec::{QoS, ReasonCode};

use super::acts::{LATENCY, keeping};
use super::connection::{Break, Direction};
use super::net::Net;
use crate::support::packets::{BOTH, QOS, V4, V5};

#[test]
fn who_comes_with_the_same_identifier_takes_the_session_over_and_what_waits_in_it() {
    for version in BOTH {
        let mut net = Net::clear();
        let sender = net.join(keeping(V5, "sender"));
        let first = net.add(keeping(version, "twin"), None);
        net.run(4 * LATENCY);
        net.subscribed(first, "a", QoS::AtLeastOnce);
        // What is sent into the black hole is unacknowledged, and so it is the second's.
        assert!(net.break_link(first, Break::SILENT));
        net.publish(sender, "a", "waits", QoS::AtLeastOnce);
        net.run(1_000);
        let second = net.join(keeping(version, "twin"));
        assert_eq!(
            (net.nodes[second].welcomes.as_slice(), net.nodes[second].payloads()),
            ([true].as_slice(), vec!["waits"])
        );
        assert!(net.nodes[second].heard[0].dup && net.nodes[first].heard.is_empty());
    }
}

#[test]
fn who_is_taken_over_is_told_so_where_the_version_can() {
    for version in BOTH {
        let mut net = Net::clear();
        let first = net.add(keeping(version, "twin"), None);
        net.run(4 * LATENCY);
        net.join(keeping(version, "twin"));
        let told = match version {
            V4 => CloseReason::TransportClosed,
            V5 => CloseReason::Disconnected {
                reason: ReasonCode::SessionTakenOver,
                reason_string: Some("session taken over by another connection".into()),
            },
        };
        assert_eq!(net.nodes[first].reasons(), [&told]);
    }
}

#[test]
fn a_broker_that_forgot_ends_what_was_sent_and_takes_what_waited() {
    for version in BOTH {
        let mut net = Net::clear();
        let node = net.join(keeping(version, "faithful"));
        assert!(net.break_link(node, Break::SILENT));
        let sent = QOS.map(|qos| net.publish(node, "a", "sent", qos));
        net.restart_broker();
        net.run(5_000);
        // The host cannot know of the black hole; it is told when it asks for a new connection.
        net.hang_up(node);
        let waiting = net.publish(node, "a", "waiting", QoS::ExactlyOnce);
        net.run(5_000);
        assert_eq!(net.nodes[node].welcomes, [false, false]);
        let ends = sent.map(|request| net.nodes[node].end(request).cloned());
        let well = Some(Ok(Completion::Published(ReasonCode::Success)));
        assert_eq!(ends, [well, Some(Err(RequestError::SessionLost)), Some(Err(RequestError::SessionLost))]);
        assert!(matches!(net.nodes[node].end(waiting), Some(Ok(_))), "{version:?}");
    }
}

#[test]
fn a_shared_message_is_heard_by_one_member_even_if_that_one_is_cut() {
    for version in BOTH {
        let mut net = Net::clear();
        let sender = net.join(keeping(V5, "sender"));
        let members = ["one", "two", "three"].map(|name| net.join(keeping(version, name)));
        for member in members {
            net.subscribed(member, "$share/crew/job/+", QoS::ExactlyOnce);
        }
        // It ends in the middle of the second message that member "two" gets.
        assert!(net.break_link(members[1], Break::after(Direction::Down, 30)));
        for number in 0..12 {
            net.publish(sender, "job/x", &format!("job-{number:02}"), QoS::ExactlyOnce);
            net.run(7);
        }
        net.run(10_000);
        let mut heard: Vec<&str> = members.iter().flat_map(|member| net.nodes[*member].payloads()).collect();
        heard.sort_unstable();
        let all: Vec<String> = (0..12).map(|number| format!("job-{number:02}")).collect();
        assert_eq!(heard, all, "{version:?}");
        assert_eq!(net.nodes[members[1]].welcomes, [false, true], "{version:?}: it was cut");
        assert!(members.iter().all(|member| net.nodes[*member].heard.len() >= 2), "each does its part");
    }
}

#[test]
fn every_request_ends_when_the_client_leaves_in_the_middle() {
    for version in BOTH {
        for milliseconds in 0..=5 * LATENCY {
            let mut net = Net::clear();
            let node = net.join(keeping(version, "hasty"));
            let mut requests: Vec<_> = QOS.map(|qos| net.publish(node, "a", "x", qos)).to_vec();
            requests.push(net.subscribe(node, "a", QoS::AtMostOnce).expect("connected"));
            requests.push(net.unsubscribe(node, "b").expect("connected"));
            net.run(milliseconds);
            net.leave(node);
            let ended: Vec<_> = net.nodes[node].ends.keys().copied().collect();
            assert_eq!(ended, requests, "{version:?} after {milliseconds} ms");
            net.run(1_000);
            assert_eq!(net.nodes[node].reasons(), [&CloseReason::Requested]);
            assert!(net.connections[0].said_goodbye && net.broker.connections() == 0);
        }
    }
}

#[test]
fn what_is_published_without_a_connection_waits_and_goes_out_in_order() {
    for version in BOTH {
        let mut net = Net::clear();
        let receiver = net.join(keeping(V5, "receiver"));
        net.subscribed(receiver, "a", QoS::ExactlyOnce);
        let sender = net.add(keeping(version, "early"), Some(1_000));
        let requests: Vec<_> = ["1", "2", "3"].map(|it| net.publish(sender, "a", it, QoS::ExactlyOnce)).to_vec();
        // The receiver misses them, too.
        assert!(net.break_link(receiver, Break::NOW));
        net.run(10_000);
        assert_eq!(net.nodes[receiver].payloads(), ["1", "2", "3"]);
        assert!(requests.iter().all(|request| matches!(net.nodes[sender].end(*request), Some(Ok(_)))));
    }
}
