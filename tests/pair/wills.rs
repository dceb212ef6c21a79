//! Wills from end to end: heard after every end of a connection but a goodbye.

use wasmqtt::client::{ClientOptions, ClientWill};
use wasmqtt::codec::{PropertiesBuf, Property, QoS, ReasonCode, Version};

use super::acts::{keeping, message, with_will};
use super::connection::{Break, Link};
use super::net::Net;
use crate::support::packets::{BOTH, V5};

/// A node with a will and a watcher that hears it, who come to stay.
fn watched(options: ClientOptions) -> (Net, usize, usize) {
    let mut net = Net::clear();
    let watcher = net.join(keeping(V5, "watcher"));
    net.subscribed(watcher, "will/#", QoS::ExactlyOnce);
    let node = net.join(options);
    (net, node, watcher)
}

fn alive(version: Version) -> ClientOptions {
    ClientOptions { keep_alive: 10, ..with_will(version, "mortal") }
}

type End = (&'static str, fn(&mut Net, usize, Version), usize);

const ENDS: [End; 6] = [
    ("a cut", |net, node, _| assert!(net.break_link(node, Break::NOW)), 1),
    ("silence", |net, node, _| assert!(net.break_link(node, Break::SILENT)), 1),
    (
        "another that takes over",
        |net, _, version| {
            net.add(with_will(version, "mortal"), None);
        },
        1,
    ),
    ("the broker's host", |net, node, _| net.dismiss(node, ReasonCode::AdministrativeAction), 1),
    ("a goodbye", |net, node, _| net.leave(node), 0),
    (
        "a goodbye whose last byte is lost",
        |net, node, _| {
            net.leave(node);
            let goodbye = net.connections.iter_mut().find(|connection| connection.node == node).expect("it connected");
            let bytes = goodbye.up.spill(usize::MAX);
            goodbye.link = Link::Broken { client: None, broker: Some(net.now) };
            assert!(bytes.len() >= 2, "DISCONNECT is under way");
        },
        1,
    ),
];

#[test]
fn a_will_is_heard_after_every_end_but_a_goodbye() {
    for version in BOTH {
        for (name, end, wills) in ENDS {
            let (mut net, node, watcher) = watched(alive(version));
            net.nodes[node].patience = None;
            net.run(3_000);
            assert_eq!(net.count(watcher, "gone"), 0, "{name}: too early");
            end(&mut net, node, version);
            net.run(60_000);
            assert_eq!(net.count(watcher, "gone"), wills, "{version:?} {name}");
            let due = net.connections.iter().filter(|connection| connection.node == node);
            assert_eq!(due.filter(|connection| connection.ended_abruptly()).count(), wills, "{version:?} {name}");
        }
    }
}

fn delayed(seconds: u32) -> ClientOptions {
    let mut will = message("will/mortal", "gone");
    will.properties.push(Property::WillDelayInterval(seconds)).expect("a number");
    ClientOptions { will: Some(ClientWill { message: will }), ..keeping(V5, "mortal") }
}

#[test]
fn a_delayed_will_is_not_heard_of_a_client_that_comes_back_in_time() {
    let (mut net, node, watcher) = watched(delayed(5));
    assert!(net.break_link(node, Break::NOW));
    net.run(60_000);
    assert_eq!((net.nodes[node].welcomes.as_slice(), net.count(watcher, "gone")), ([false, true].as_slice(), 0));
    net.nodes[node].patience = None;
    assert!(net.break_link(node, Break::NOW));
    net.run(4_900);
    assert_eq!(net.count(watcher, "gone"), 0);
    net.run(200);
    assert_eq!(net.count(watcher, "gone"), 1);
}

#[test]
fn a_retained_will_tells_who_comes_later_that_the_client_is_gone() {
    for version in BOTH {
        let mut will = message("state/mortal", "offline");
        will.retain = true;
        let options = ClientOptions {
            will: Some(ClientWill { message: will }),
            properties: PropertiesBuf::new(),
            ..keeping(version, "mortal")
        };
        let mut net = Net::clear();
        let node = net.join(options);
        net.retain(node, "state/mortal", "online", QoS::AtLeastOnce);
        let early = net.join(keeping(V5, "early"));
        net.subscribed(early, "state/+", QoS::AtMostOnce);
        assert!(net.break_link(node, Break::NOW));
        net.nodes[node].patience = None;
        net.run(1_000);
        let late = net.join(keeping(version, "late"));
        net.subscribed(late, "state/+", QoS::AtMostOnce);
        let told =
            |node: usize| net.nodes[node].heard.iter().map(|it| (it.payload.as_str(), it.retain)).collect::<Vec<_>>();
        assert_eq!(told(early), [("online", true), ("offline", false)], "{version:?}");
        assert_eq!(told(late), [("offline", true)], "{version:?}");
    }
}
