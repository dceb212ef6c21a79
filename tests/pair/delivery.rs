//! Delivery from end to end: how long it takes, and that no cut at any byte breaks what its quality
//! of service promises.

use wasmqtt::client::Completion;
use wasmqtt::codec::{QoS, ReasonCode, Version};

use super::acts::{LATENCY, keeping};
use super::connection::{Break, Direction};
use super::net::Net;
use crate::support::packets::{BOTH, QOS};

/// A publisher and a subscriber at the highest quality of service, each with a session.
fn couple(version: Version) -> (Net, usize, usize) {
    let mut net = Net::clear();
    let sender = net.join(keeping(version, "sender"));
    let receiver = net.join(keeping(version, "receiver"));
    net.subscribed(receiver, "a/#", QoS::ExactlyOnce);
    (net, sender, receiver)
}

#[test]
fn a_message_is_heard_after_two_links_and_done_after_its_round_trips() {
    for version in BOTH {
        // Links until the publisher knows: none, PUBLISH and PUBACK, or PUBLISH, PUBREC, PUBREL and
        // PUBCOMP.
        for (qos, links) in QOS.into_iter().zip([0, 2, 4]) {
            let (mut net, sender, receiver) = couple(version);
            let start = net.now.as_millis();
            let request = net.publish(sender, "a/b", "hello", qos);
            net.run(1_000);
            let heard = &net.nodes[receiver].heard;
            assert_eq!(heard.len(), 1);
            assert_eq!((heard[0].at.as_millis() - start, heard[0].qos), (2 * LATENCY, qos));
            let end = net.nodes[sender].end_at(request).expect("done").as_millis();
            assert_eq!(end - start, links * LATENCY, "{version:?} {qos:?}");
        }
    }
}

/// How many messages a cut disturbs: enough that some are before it, some in it and some behind.
const MESSAGES: usize = 3;

fn exchange(net: &mut Net, sender: usize, qos: QoS) {
    let requests: Vec<_> = (0..MESSAGES).map(|number| net.publish(sender, "a/b", &number.to_string(), qos)).collect();
    net.run(10_000);
    if qos != QoS::AtMostOnce {
        for request in requests {
            let end = net.nodes[sender].end(request);
            assert_eq!(end, Some(&Ok(Completion::Published(ReasonCode::Success))));
        }
    }
}

/// The bytes that an undisturbed exchange takes, on the links of both nodes and in both directions.
fn undisturbed(version: Version, qos: QoS) -> [[usize; 2]; 2] {
    let (mut net, sender, receiver) = couple(version);
    let bytes = |net: &Net| [&net.connections[0], &net.connections[1]].map(|link| [link.up_bytes, link.down_bytes]);
    let before = bytes(&net);
    exchange(&mut net, sender, qos);
    assert_eq!(net.nodes[receiver].payloads(), ["0", "1", "2"]);
    let after = bytes(&net);
    std::array::from_fn(|node| std::array::from_fn(|way| after[node][way] - before[node][way]))
}

/// Every byte of the exchange is the last of a connection once, on either link and in either
/// direction.
#[test]
fn no_cut_at_any_byte_breaks_the_promise() {
    for (version, qos) in BOTH.into_iter().flat_map(|version| QOS.map(|qos| (version, qos))) {
        for (cut_node, lengths) in undisturbed(version, qos).into_iter().enumerate() {
            for (direction, length) in [Direction::Up, Direction::Down].into_iter().zip(lengths) {
                for after in 0..=length {
                    let (mut net, sender, receiver) = couple(version);
                    assert!(net.break_link(cut_node, Break::after(direction, after)));
                    let case = format!("{version:?} {qos:?}, node {cut_node}, after {after} bytes {direction:?}");
                    if after == 0 {
                        // The hosts know, and open again before anything is published.
                        net.run(2_000);
                    }
                    exchange(&mut net, sender, qos);
                    check(&net, qos, receiver, &case);
                }
            }
        }
    }
}

fn check(net: &Net, qos: QoS, receiver: usize, case: &str) {
    let heard = net.nodes[receiver].payloads();
    let firsts: Vec<&str> =
        heard.iter().enumerate().filter(|(at, it)| !heard[..*at].contains(it)).map(|(_, it)| *it).collect();
    assert!(firsts.is_sorted(), "{case}: {heard:?}");
    match qos {
        QoS::AtMostOnce => assert_eq!(firsts, heard, "{case}"),
        QoS::AtLeastOnce => assert_eq!(firsts, ["0", "1", "2"], "{case}: {heard:?}"),
        QoS::ExactlyOnce => assert_eq!(heard, ["0", "1", "2"], "{case}"),
    }
}
