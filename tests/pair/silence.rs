//! Silence: keep alive from both ends, and connections that nobody answers.

use wasmqtt::client::{ClientOptions, CloseReason};

use super::acts::keeping;
use super::connection::Break;
use super::net::Net;
use crate::support::packets::BOTH;

const SECOND: u64 = 1_000;

#[test]
fn an_idle_connection_lives_on_its_pings() {
    for version in BOTH {
        let mut net = Net::clear();
        let node = net.join(ClientOptions { keep_alive: 10, ..keeping(version, "idle") });
        net.run(3_600 * SECOND);
        assert!(net.is_connected(node) && net.nodes[node].closes.is_empty(), "{:?}", net.nodes[node].closes);
        // A PINGREQ of two bytes every ten seconds, and its answer.
        let link = &net.connections[0];
        assert!((700..=760).contains(&link.up_bytes), "{} bytes", link.up_bytes);
        assert!((700..=760).contains(&link.down_bytes), "{} bytes", link.down_bytes);
    }
}

#[test]
fn both_ends_give_up_a_link_that_fell_silent() {
    for version in BOTH {
        let mut net = Net::clear();
        let node = net.add(ClientOptions { keep_alive: 10, ..keeping(version, "lost") }, None);
        net.run(3 * SECOND);
        assert!(net.break_link(node, Break::SILENT));
        // The last packet was CONNECT, within the first 100 ms. The broker waits one and a half
        // times the keep alive, the client that long too: ten seconds until its ping, and half of
        // that for the answer.
        net.run(11_900);
        assert!(net.is_connected(node) && net.broker.clients().count() == 1);
        net.run(300);
        assert_eq!(net.nodes[node].reasons(), [&CloseReason::KeepAliveTimeout], "{version:?}");
        assert_eq!((net.broker.clients().count(), net.broker.connections()), (0, 0), "{version:?}");
    }
}

#[test]
fn traffic_one_way_does_not_hide_that_the_other_way_is_dead() {
    for version in BOTH {
        let mut net = Net::clear();
        let node = net.add(ClientOptions { keep_alive: 10, ..keeping(version, "talker") }, None);
        net.run(SECOND);
        assert!(net.break_link(node, Break::SILENT));
        // It publishes all the time, so that it need not ping for the broker's sake:
        // [MQTT-3.1.2-20] asks for no more.
        for number in 0..60 {
            if net.is_connected(node) {
                net.publish(node, "a", &number.to_string(), wasmqtt::codec::QoS::AtLeastOnce);
            }
            net.run(SECOND);
        }
        let reasons = net.nodes[node].reasons();
        assert_eq!(reasons, [&CloseReason::KeepAliveTimeout], "{version:?}: a dead broker is found while we publish");
    }
}

#[test]
fn a_connect_that_nobody_answers_is_given_up_by_both_ends() {
    for version in BOTH {
        let mut net = Net::clear();
        let node = net.add(keeping(version, "unheard"), None);
        net.run(super::acts::LATENCY);
        assert!(net.break_link(node, Break::SILENT));
        net.run(10 * SECOND);
        assert_eq!(net.broker.connections(), 0, "the broker's connect timeout");
        net.run(19_900);
        assert!(net.nodes[node].closes.is_empty());
        net.run(100);
        assert_eq!(net.nodes[node].reasons(), [&CloseReason::ConnectTimeout], "{version:?}");
    }
}
