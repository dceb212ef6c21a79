//! Hostile inputs of long topics, each a row of the table. An alias names a topic of 64 KB in eight
//! bytes.

use wasmqtt::broker::{Access, AccessFilter, AccessRule, BrokerOptions, PeerId};
use wasmqtt::codec::{Properties, PropertiesBuf, Property, QoS, ReasonCode, SubscriptionOptions};

use crate::lab::{Lab, Report};
use crate::packets::{connect_with, publish_with, subscribe, subscribe_with, user_properties};

const TOPIC_BYTES: usize = 65_535;

fn options() -> BrokerOptions {
    BrokerOptions { connections_max: 100_000, ..BrokerOptions::default() }
}

/// Returns a long topic that differs from others at its end.
fn topic(number: usize) -> String {
    format!("{}{number:05}", "t".repeat(TOPIC_BYTES - 5))
}

/// Joins a client with these properties of CONNECT.
fn join(lab: &mut Lab, name: &str, properties: &[Property<'_>]) -> PeerId {
    let peer = lab.open();
    lab.send(peer, &connect_with(name, false, u32::MAX, properties, None));
    peer
}

fn alias(number: u16) -> PropertiesBuf {
    let mut properties = PropertiesBuf::new();
    properties.push(Property::TopicAlias(number)).expect("short");
    properties
}

/// A publisher whose first 16 aliases are long topics.
fn sender(lab: &mut Lab) -> PeerId {
    let sender = join(lab, "sender", &[]);
    for number in 1..=16_u16 {
        let properties = alias(number);
        let packet = publish_with(&topic(number.into()), b"", QoS::AtMostOnce, 0, properties.as_properties(), false);
        lab.send(sender, &packet);
    }
    sender
}

/// Messages by the first aliases.
fn by_alias(count: u16, aliases: u16, qos: QoS, retain: bool) -> Vec<u8> {
    let packet = |number: u16| {
        let properties = alias(number % aliases + 1);
        publish_with("", b"x", qos, number + 1, properties.as_properties(), retain)
    };
    (0..count).flat_map(packet).collect()
}

pub(crate) fn nobody() -> Report {
    let mut lab = Lab::new(options());
    let sender = sender(&mut lab);
    lab.attack(sender, &by_alias(50_000, 16, QoS::AtMostOnce, false));
    lab.attack(sender, &by_alias(5_000, 16, QoS::AtMostOnce, true));
    lab.report()
}

/// Fans out to subscribers with these properties.
pub(crate) fn fan_out(count: usize, qos: QoS, own: &[Property<'_>], identifier: Option<u32>) -> Report {
    let mut lab = Lab::new(options());
    for number in 0..count {
        let peer = join(&mut lab, &format!("s{number}"), own);
        lab.send(peer, &subscribe(["#"], qos, identifier));
    }
    let sender = sender(&mut lab);
    lab.attack(sender, &by_alias(20, 4, qos, false));
    lab.report()
}

/// A message of a megabyte that is too large for its subscribers.
pub(crate) fn too_large() -> Report {
    let mut lab = Lab::new(options());
    for number in 0..4_000 {
        let peer = join(&mut lab, &format!("s{number}"), &[Property::MaximumPacketSize(100)]);
        lab.send(peer, &subscribe(["t"], QoS::AtLeastOnce, Some(7)));
    }
    let sender = join(&mut lab, "sender", &[]);
    let properties = user_properties(200_000);
    for (qos, packet_id) in [(QoS::AtMostOnce, 0), (QoS::AtLeastOnce, 1)] {
        lab.attack(sender, &publish_with("t", b"", qos, packet_id, properties.as_properties(), false));
    }
    lab.report()
}

pub(crate) fn retained() -> Report {
    let mut lab = Lab::new(options());
    let sender = join(&mut lab, "sender", &[]);
    for number in 0..1_000 {
        let packet = publish_with(&topic(number), b"x", QoS::AtMostOnce, 0, Properties::EMPTY, true);
        lab.send(sender, &packet);
    }
    let reader = join(&mut lab, "reader", &[]);
    let filters: Vec<_> = (0..1_000).map(|number| format!("+/{number}")).collect();
    lab.attack(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
    lab.report()
}

/// Live messages of long topics that overtake the cursors of many sessions.
pub(crate) fn overtaken() -> Report {
    let mut lab = Lab::with_store(options());
    let sender = sender(&mut lab);
    for number in 0..50 {
        lab.send(sender, &publish_with(&format!("a/{number}"), b"x", QoS::AtLeastOnce, 1, Properties::EMPTY, true));
    }
    lab.send(sender, &by_alias(16, 16, QoS::AtLeastOnce, true));
    for number in 0..1_000 {
        let peer = join(&mut lab, &format!("s{number}"), &[Property::ReceiveMaximum(1)]);
        lab.send(peer, &subscribe(["#"], QoS::AtLeastOnce, None));
    }
    lab.attack(sender, &by_alias(16, 16, QoS::AtLeastOnce, true));
    lab.report()
}

/// Retained messages of a client whose identifier is long, for its own subscription with No Local.
pub(crate) fn no_local() -> Report {
    let mut lab = Lab::new(options());
    let sender = join(&mut lab, &"s".repeat(60_000), &[]);
    for number in 0..20_000 {
        lab.send(sender, &publish_with(&format!("a/{number}"), b"x", QoS::AtMostOnce, 0, Properties::EMPTY, true));
    }
    let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::default() };
    lab.attack(sender, &subscribe_with(["#"], options, None));
    lab.report()
}

/// Groups whose filters are long, with their queues in a store.
pub(crate) fn groups() -> Report {
    let mut lab = Lab::with_store(options());
    for number in 0..500 {
        let peer = join(&mut lab, &format!("s{number}"), &[Property::ReceiveMaximum(1)]);
        let filter = format!("$share/{number}{}/t", "g".repeat(60_000));
        lab.send(peer, &subscribe([&*filter], QoS::AtLeastOnce, None));
    }
    let sender = join(&mut lab, "sender", &[]);
    let packets: Vec<u8> = (1..=100)
        .flat_map(|packet_id| publish_with("t", b"", QoS::AtLeastOnce, packet_id, Properties::EMPTY, false))
        .collect();
    lab.attack(sender, &packets);
    lab.report()
}

/// Retained messages of a client whose identifier is long, in a store.
pub(crate) fn publisher() -> Report {
    let mut lab = Lab::with_store(options());
    let sender = join(&mut lab, &"s".repeat(60_000), &[]);
    let packets: Vec<u8> = (0..20_000)
        .flat_map(|number| publish_with(&format!("{number}"), b"x", QoS::AtMostOnce, 0, Properties::EMPTY, true))
        .collect();
    lab.attack(sender, &packets);
    lab.report()
}

/// Access rules that are compared with long topics.
pub(crate) fn rules() -> Report {
    let rule = |number: usize| AccessRule {
        action: None,
        filter: AccessFilter::parse(&format!("+/{number}/#")).expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    let access = Access::new((0..10_000).map(rule).collect());
    let mut lab = Lab::new(BrokerOptions { access, ..options() });
    for number in 0..100 {
        let peer = join(&mut lab, &format!("s{number}"), &[]);
        lab.send(peer, &subscribe(["#"], QoS::AtLeastOnce, None));
    }
    let sender = sender(&mut lab);
    lab.attack(sender, &by_alias(20, 4, QoS::AtMostOnce, false));
    lab.report()
}

/// Events with the topic of each message that is dropped.
pub(crate) fn events() -> Report {
    let mut lab = Lab::new(BrokerOptions { events: true, ..options() });
    for number in 0..4_000 {
        let peer = join(&mut lab, &format!("s{number}"), &[Property::MaximumPacketSize(100)]);
        lab.send(peer, &subscribe(["#"], QoS::AtMostOnce, None));
    }
    let sender = sender(&mut lab);
    lab.attack(sender, &by_alias(4, 4, QoS::AtMostOnce, false));
    lab.report()
}
