//! Hostile inputs of a few clients, each a row of the table.

use std::time::Duration;

use wasmqtt::broker::BrokerOptions;
use wasmqtt::codec::{Properties, PropertiesBuf, Property, QoS};

use crate::lab::{Lab, Report};
use crate::packets::{connect, connect_with, puback, publish, publish_with, subscribe, unsubscribe, user_properties};
use crate::scale;
use crate::topics;

/// A row: its name, and its run.
type Row = (&'static str, fn() -> Report);

pub(crate) const ROWS: &[Row] = &[
    ("a full queue behind a message of 200,000 user properties", full_queue),
    ("200,000 user properties for 1,000 subscribers", || properties(1_000, None)),
    ("the same, with subscription identifiers", || properties(1_000, Some(7))),
    ("1,000 retained filters, Receive Maximum 1", || cursors(false)),
    ("the same, with a store", || cursors(true)),
    ("live messages of a topic of 1,000 filters, with a store", overtaken),
    ("100,000 retained messages, filters that match none", lookers),
    ("100,000 retained messages that expire at once", expiring_retained),
    ("65,000 QoS 2 identifiers held", || held_identifiers(false)),
    ("the same, with a store", || held_identifiers(true)),
    ("ten clients that take over each other's session", takeovers),
    ("1,000 filters subscribed and unsubscribed, again and again", churn),
    ("filters of 128 levels", deep_filters),
    ("a queue of 1,000 messages dropped with its session", dropped_queue),
    ("a group of 16,000 members that are away", scale::away_group),
    ("a queue handed over among 15,000 members", scale::handed_over),
    ("15,000 members that unsubscribe", scale::leaving_members),
    ("1,000 $SYS filters among 16,000 sessions", scale::sys_filters),
    ("$SYS values for 16,000 subscribers", scale::sys_subscribers),
    ("10,000 wills due at once", scale::wills),
    ("16,000 sessions of 50 filters that expire at once", scale::expiring_sessions),
    ("16,000 connections that time out at once", scale::silent_peers),
    ("a PUBLISH to 16,000 subscribers", || scale::fan_out(QoS::AtMostOnce)),
    ("the same at QoS 1", || scale::fan_out(QoS::AtLeastOnce)),
    ("a PUBLISH that matches 300 filters of each of 2,000 clients", scale::overlapping),
    ("10,000 access rules, a PUBLISH to 1,000 subscribers", scale::rules),
    ("10,000 access rules, 1,000 filters", scale::rules_of_filters),
    ("8-byte messages by aliases of 64 KB topics", topics::nobody),
    ("a topic of 64 KB to 4,000 subscribers with aliases", || topics::fan_out(4_000, QoS::AtMostOnce, ALIASES, None)),
    ("the same at QoS 1", || topics::fan_out(4_000, QoS::AtLeastOnce, ALIASES, None)),
    ("the same with subscription identifiers", || topics::fan_out(1_000, QoS::AtMostOnce, ALIASES, Some(7))),
    ("1 MB of properties, too large for 4,000 subscribers", topics::too_large),
    ("1,000 retained topics of 64 KB, 1,000 filters that match none", topics::retained),
    ("topics of 64 KB that overtake 1,000 sessions, with a store", topics::overtaken),
    ("20,000 retained messages of an identifier of 60 KB, No Local", topics::no_local),
    ("500 groups with filters of 60 KB, with a store", topics::groups),
    ("retained messages of a client identifier of 60 KB, with a store", topics::publisher),
    ("10,000 access rules, topics of 64 KB", topics::rules),
    ("events about topics of 64 KB, 4,000 subscribers", topics::events),
    ("a store of 100,000 sessions at start", scale::restore),
];

/// The CONNECT of subscribers that take topic aliases.
const ALIASES: &[Property<'_>] = &[Property::TopicAliasMaximum(16)];

fn options() -> BrokerOptions {
    BrokerOptions::default()
}

fn full_queue() -> Report {
    let mut lab = Lab::new(options());
    let reader = lab.join("reader");
    lab.send(reader, &subscribe(["q"], QoS::AtLeastOnce, None));
    lab.leave(reader);
    let sender = lab.join("sender");
    let properties = user_properties(200_000);
    lab.send(sender, &publish_with("q", b"", QoS::AtLeastOnce, 1, properties.as_properties(), false));
    for number in 0..1_000_u16 {
        lab.send(sender, &publish("q", b"", QoS::AtLeastOnce, number + 2));
    }
    let hostile: Vec<u8> = (1..=400).flat_map(|number| publish("q", b"", QoS::AtLeastOnce, number)).collect();
    lab.attack(sender, &hostile);
    lab.report()
}

fn properties(subscribers: usize, identifier: Option<u32>) -> Report {
    let mut lab = Lab::new(options());
    for number in 0..subscribers {
        let peer = lab.join(&format!("s{number}"));
        lab.send(peer, &subscribe(["t"], QoS::AtLeastOnce, identifier));
    }
    let sender = lab.join("sender");
    let properties = user_properties(200_000);
    lab.attack(sender, &publish_with("t", b"", QoS::AtMostOnce, 0, properties.as_properties(), false));
    lab.attack(sender, &publish_with("t", b"", QoS::AtLeastOnce, 1, properties.as_properties(), false));
    lab.report()
}

fn cursors(is_stored: bool) -> Report {
    let mut lab = if is_stored { Lab::with_store(options()) } else { Lab::new(options()) };
    let sender = lab.join("sender");
    for number in 0..300 {
        let topic = format!("{:a<900}{}/{number}", "", "/b".repeat(10));
        lab.send(sender, &publish_with(&topic, b"x", QoS::AtMostOnce, 0, Properties::EMPTY, true));
    }
    let reader = lab.open();
    let receive_maximum = [Property::ReceiveMaximum(1)];
    lab.send(reader, &connect_with("reader", false, u32::MAX, &receive_maximum, None));
    let filters = matching_filters("/#");
    lab.send(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
    for packet_id in 1..=200 {
        lab.attack(reader, &puback(packet_id));
    }
    lab.report()
}

/// A thousand filters that match the same topics of eleven levels.
fn matching_filters(end: &str) -> Vec<String> {
    let pattern = |number: u32| {
        (0..10).fold(String::from("+"), |filter, bit| filter + if number >> bit & 1 == 0 { "/+" } else { "/b" }) + end
    };
    (0..1_000).map(pattern).collect()
}

/// A live message overtakes each cursor of the client.
fn overtaken() -> Report {
    let mut lab = Lab::with_store(options());
    let sender = lab.join("sender");
    let topic = format!("{:a<900}{}", "", "/b".repeat(10));
    for number in 0..200 {
        lab.send(sender, &publish_with(&format!("0/{number}"), b"x", QoS::AtLeastOnce, 1, Properties::EMPTY, true));
    }
    lab.send(sender, &publish_with(&topic, b"x", QoS::AtLeastOnce, 1, Properties::EMPTY, true));
    let reader = lab.open();
    let receive_maximum = [Property::ReceiveMaximum(1)];
    lab.send(reader, &connect_with("reader", false, u32::MAX, &receive_maximum, None));
    let filters = matching_filters("");
    lab.send(reader, &subscribe(["#"], QoS::AtLeastOnce, None));
    lab.send(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
    for packet_id in 1..=20 {
        lab.attack(sender, &publish_with(&topic, b"y", QoS::AtLeastOnce, packet_id, Properties::EMPTY, true));
    }
    lab.report()
}

fn lookers() -> Report {
    let mut lab = Lab::new(options());
    let sender = lab.join("sender");
    for number in 0..100_000 {
        lab.send(sender, &publish_with(&format!("a/b/{number}/x"), b"x", QoS::AtMostOnce, 0, Properties::EMPTY, true));
    }
    let filters: Vec<_> = (0..1_000).map(|number| format!("+/+/+/no{number}")).collect();
    let reader = lab.join("reader");
    lab.attack(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
    lab.report()
}

fn expiring_retained() -> Report {
    let mut lab = Lab::new(options());
    let sender = lab.join("sender");
    let mut properties = PropertiesBuf::new();
    properties.push(Property::MessageExpiryInterval(1)).expect("short");
    for number in 0..100_000 {
        let topic = format!("a/b/{number}/x");
        lab.send(sender, &publish_with(&topic, b"x", QoS::AtMostOnce, 0, properties.as_properties(), true));
    }
    lab.pass(Duration::from_secs(2));
    let reader = lab.join("reader");
    lab.attack(reader, &subscribe(["a"], QoS::AtLeastOnce, None));
    lab.report()
}

fn held_identifiers(is_stored: bool) -> Report {
    let mut lab = if is_stored { Lab::with_store(options()) } else { Lab::new(options()) };
    let sender = lab.join("sender");
    let held: Vec<u8> = (1..=65_000_u16).rev().flat_map(|id| publish("t", b"", QoS::ExactlyOnce, id)).collect();
    lab.attack(sender, &held);
    lab.attack_until_idle();
    for packet_id in 65_001..=65_050 {
        lab.attack(sender, &publish("t", b"", QoS::ExactlyOnce, packet_id));
    }
    for _ in 0..20 {
        let peer = lab.open();
        lab.attack(peer, &connect("sender", false, u32::MAX));
    }
    lab.report()
}

fn takeovers() -> Report {
    let mut lab = Lab::new(options());
    let names: Vec<_> = (0..10).map(|number| format!("c{number}")).collect();
    let sender = lab.join("sender");
    for name in &names {
        let peer = lab.join(name);
        lab.send(peer, &subscribe(["t"], QoS::AtLeastOnce, None));
    }
    for packet_id in 1..=1_256 {
        lab.send(sender, &publish("t", &[b'x'; 3_000], QoS::AtLeastOnce, packet_id));
    }
    let mut old = Vec::new();
    for round in 0..200 {
        let name = &names[round % names.len()];
        let peer = lab.open();
        old.push(peer);
        lab.attack(peer, &connect(name, round % 50 == 49, u32::MAX));
    }
    lab.report()
}

fn churn() -> Report {
    let mut lab = Lab::new(options());
    let reader = lab.join("reader");
    let filters: Vec<_> = (0..1_000).map(|number| format!("a/{number}/b/+")).collect();
    let mut hostile = Vec::new();
    for _ in 0..20 {
        hostile.extend(subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
        hostile.extend(unsubscribe(filters.iter().map(String::as_str)));
    }
    lab.attack(reader, &hostile);
    let many: Vec<_> = (0..100_000).map(|number| format!("b/{}", number % 1_000)).collect();
    lab.attack(reader, &subscribe(many.iter().map(String::as_str), QoS::AtLeastOnce, None));
    lab.attack(reader, &unsubscribe(many.iter().map(String::as_str)));
    lab.report()
}

fn deep_filters() -> Report {
    let mut lab = Lab::new(options());
    let reader = lab.join("reader");
    let filters: Vec<_> = (0..1_000).map(|number| format!("{}{number}", "a/".repeat(127))).collect();
    lab.attack(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
    let topics: Vec<u8> = (0..1_000)
        .flat_map(|number| publish(&format!("{}{number}", "a/".repeat(127)), b"", QoS::AtMostOnce, 0))
        .collect();
    lab.attack(reader, &topics);
    lab.attack(reader, &publish(&"a/".repeat(32_000), b"", QoS::AtMostOnce, 0));
    lab.report()
}

fn dropped_queue() -> Report {
    let mut lab = Lab::new(BrokerOptions { queue_messages: 100_000, queue_bytes: 1 << 30, ..options() });
    let reader = lab.open();
    lab.send(reader, &connect("reader", false, 10));
    lab.send(reader, &subscribe(["t"], QoS::AtLeastOnce, None));
    lab.leave(reader);
    let sender = lab.join("sender");
    for packet_id in 0..100_000_u32 {
        lab.send(sender, &publish("t", b"xxxx", QoS::AtLeastOnce, (packet_id % 60_000) as u16 + 1));
    }
    let peer = lab.open();
    lab.attack(peer, &connect("reader", true, 0));
    lab.report()
}
