//! Hostile inputs of thousands of clients, each a row of the table.

use std::collections::HashMap;
use std::time::Duration;

use wasmqtt::broker::{Access, AccessFilter, AccessRule, Broker, BrokerOptions};
use wasmqtt::codec::{PropertiesBuf, Property, QoS, ReasonCode};
use wasmqtt::time::Time;

use crate::clock;
use crate::lab::{Lab, Report};
use crate::packets::{connect, connect_with, publish, subscribe, unsubscribe, will};

const MANY: usize = 16_000;

fn options() -> BrokerOptions {
    BrokerOptions { sessions_max: 200_000, connections_max: 200_000, ..BrokerOptions::default() }
}

/// Joins this many clients with these filters. They stay connected, or leave.
fn crowd(lab: &mut Lab, count: usize, filters: &[String], qos: QoS, stays: bool) {
    for number in 0..count {
        let peer = lab.join(&format!("m{number}"));
        lab.send(peer, &subscribe(filters.iter().map(String::as_str), qos, None));
        if !stays {
            lab.leave(peer);
        }
    }
}

fn publishes(count: u16, topic: &str, qos: QoS) -> Vec<u8> {
    (1..=count).flat_map(|packet_id| publish(topic, b"x", qos, packet_id)).collect()
}

pub(crate) fn away_group() -> Report {
    let mut lab = Lab::new(BrokerOptions { queue_messages: 10, ..options() });
    crowd(&mut lab, MANY, &["$share/g/t".into()], QoS::AtLeastOnce, false);
    let sender = lab.join("sender");
    lab.attack(sender, &publishes(2_000, "t", QoS::AtLeastOnce));
    lab.report()
}

pub(crate) fn handed_over() -> Report {
    let mut lab = Lab::new(BrokerOptions { connections_max: 100_000, ..options() });
    let filter = [String::from("$share/g/t")];
    let mut first = Vec::new();
    for number in 0..3 {
        let peer = lab.open();
        lab.send(peer, &connect_with(&format!("f{number}"), false, 3, &[Property::ReceiveMaximum(1)], None));
        lab.send(peer, &subscribe(filter.iter().map(String::as_str), QoS::AtLeastOnce, None));
        first.push(peer);
    }
    let sender = lab.join("sender");
    lab.send(sender, &publishes(3_000, "t", QoS::AtLeastOnce));
    crowd(&mut lab, 15_000, &filter, QoS::AtLeastOnce, false);
    // Without another connected member, the queue stays; the search for one is what costs.
    for peer in first {
        lab.attack_by_leaving(peer);
    }
    lab.pass(Duration::from_secs(4));
    lab.report()
}

pub(crate) fn leaving_members() -> Report {
    let mut lab = Lab::new(options());
    let filters: Vec<_> = (0..20).map(|number| format!("$share/g/t/{number}")).collect();
    let mut peers = Vec::new();
    for number in 0..15_000 {
        let peer = lab.join(&format!("m{number}"));
        lab.send(peer, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
        peers.push(peer);
    }
    for peer in peers.iter().rev().take(200) {
        lab.attack(*peer, &unsubscribe(filters.iter().map(String::as_str)));
    }
    lab.report()
}

pub(crate) fn sys_filters() -> Report {
    let mut lab = Lab::new(options());
    crowd(&mut lab, MANY, &["t".into()], QoS::AtLeastOnce, false);
    let reader = lab.join("reader");
    let filters: Vec<_> = (0..1_000).map(|number| format!("$SYS/#/{number}").replace("#/", "+/+/")).collect();
    lab.attack(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtMostOnce, None));
    let filters: Vec<_> = (0..900).map(|number| format!("$SYS/broker/{number}/#")).collect();
    lab.attack(reader, &unsubscribe(filters.iter().map(String::as_str)));
    for _ in 0..100 {
        lab.attack(reader, &subscribe(["$SYS/#", "$SYS/broker/#"], QoS::AtMostOnce, None));
    }
    lab.report()
}

pub(crate) fn sys_subscribers() -> Report {
    let mut lab = Lab::new(options());
    crowd(&mut lab, MANY, &["$SYS/#".into(), "$SYS/+/+/#".into(), "$SYS/broker/#".into()], QoS::AtMostOnce, true);
    lab.pass(Duration::from_secs(11));
    lab.report()
}

pub(crate) fn wills() -> Report {
    let mut lab = Lab::new(options());
    for number in 0..20 {
        let peer = lab.join(&format!("s{number}"));
        lab.send(peer, &subscribe(["will/#"], QoS::AtLeastOnce, None));
    }
    let mut delay = PropertiesBuf::new();
    delay.push(Property::WillDelayInterval(5)).expect("short");
    for number in 0..10_000 {
        let peer = lab.open();
        let name = format!("w{number}");
        lab.send(peer, &connect_with(&name, false, 60, &[], Some(will("will/gone", &delay))));
        lab.leave(peer);
    }
    lab.pass(Duration::from_millis(5_500));
    lab.report()
}

pub(crate) fn expiring_sessions() -> Report {
    let mut lab = Lab::new(options());
    let filters: Vec<_> = (0..50).map(|number| format!("a/{number}/+")).collect();
    for number in 0..MANY {
        let peer = lab.open();
        lab.send(peer, &connect(&format!("m{number}"), false, 5));
        lab.send(peer, &subscribe(filters.iter().map(String::as_str), QoS::AtLeastOnce, None));
        lab.leave(peer);
    }
    lab.pass(Duration::from_millis(5_500));
    lab.report()
}

pub(crate) fn silent_peers() -> Report {
    let mut lab = Lab::new(options());
    for _ in 0..MANY {
        lab.open();
    }
    lab.pass(Duration::from_secs(10));
    lab.report()
}

pub(crate) fn fan_out(qos: QoS) -> Report {
    let mut lab = Lab::new(options());
    crowd(&mut lab, MANY, &["t".into()], qos, true);
    let sender = lab.join("sender");
    lab.attack(sender, &publishes(100, "t", qos));
    lab.report()
}

pub(crate) fn overlapping() -> Report {
    let mut lab = Lab::new(options());
    let filters: Vec<_> = (0..300_u32)
        .map(|number| {
            (0..9).fold(String::from("a"), |text, bit| text + if number >> bit & 1 == 0 { "/+" } else { "/b" })
        })
        .collect();
    crowd(&mut lab, 2_000, &filters, QoS::AtMostOnce, true);
    let sender = lab.join("sender");
    lab.attack(sender, &publishes(20, "a/b/b/b/b/b/b/b/b/b", QoS::AtMostOnce));
    lab.report()
}

fn access() -> Access {
    let rule = |number: usize| AccessRule {
        action: None,
        filter: AccessFilter::parse(&format!("t/{number}/%c/#")).expect("a filter"),
        client_id: None,
        username: None,
        verdict: Err(ReasonCode::NotAuthorized),
    };
    Access::new((0..10_000).map(rule).collect())
}

pub(crate) fn rules() -> Report {
    let mut lab = Lab::new(BrokerOptions { access: access(), ..options() });
    crowd(&mut lab, 1_000, &["#".into()], QoS::AtMostOnce, true);
    let sender = lab.join("sender");
    lab.attack(sender, &publishes(20, "t/9999/x", QoS::AtMostOnce));
    lab.report()
}

pub(crate) fn rules_of_filters() -> Report {
    let mut lab = Lab::new(BrokerOptions { access: access(), ..options() });
    let reader = lab.join("reader");
    let filters: Vec<_> = (0..1_000).map(|number| format!("t/+/{number}/+")).collect();
    lab.attack(reader, &subscribe(filters.iter().map(String::as_str), QoS::AtMostOnce, None));
    lab.report()
}

pub(crate) fn restore() -> Report {
    let mut lab = Lab::with_store(options());
    lab.records = Some(HashMap::new());
    for number in 0..100_000 {
        let peer = lab.join(&format!("m{number}"));
        lab.send(peer, &subscribe([&*format!("a/{number}"), "t/+"], QoS::AtLeastOnce, None));
        lab.leave(peer);
    }
    let records = lab.records.take().unwrap_or_default();
    let mut broker = Broker::new(options(), 7);
    let records = records.iter().map(|(key, value)| (&**key, &**value));
    let mut restore = broker.begin_restore(records, Time::from_millis(1_000));
    let (mut wait, mut is_over) = (Duration::ZERO, false);
    while !is_over {
        let begin = clock::now();
        is_over = broker.continue_restore(&mut restore).expect("its records");
        wait = wait.max(clock::now().saturating_sub(begin));
    }
    let mut lab = Lab::of(broker);
    lab.note_wait(wait);
    lab.report()
}
