//! Restart equivalence: a broker restored from its store acts as the one that wrote it, whatever
//! happened before.

use std::collections::BTreeMap;
use std::time::Duration;

use wasmqtt::broker::{Access, Asks, Broker, BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property};
use wasmqtt::time::Time;

use super::chaos::{Dice, IDS, act, join, options, write};
use crate::support::packets::{V5, connect, id, properties};
use crate::support::scenario::Scenario;

const RUNS: u64 = 200;

/// Sessions as the host sees them, and when the broker wants to be called.
fn views(scenario: &Scenario) -> (Vec<String>, Option<Time>) {
    (scenario.broker.sessions().map(|session| format!("{session:?}")).collect(), scenario.broker.next_deadline())
}

/// Without the packet identifier, which may be another for what was not sent before.
fn without_id(line: &str) -> String {
    match line.split_once(" #") {
        Some((head, tail)) if !tail.contains(" dup") => {
            format!("{head} {}", tail.split_once(' ').map_or("", |(_, rest)| rest))
        }
        _ => line.to_owned(),
    }
}

/// The answer to a line that wants one.
fn answer(line: &str) -> Option<Packet<'static>> {
    let (head, tail) = line.split_once('#')?;
    let ack = Ack::success(id(tail.split(' ').next()?.parse().ok()?));
    if head.starts_with("PUBREL") {
        Some(Packet::Pubcomp(ack))
    } else if head.contains(" q1 ") {
        Some(Packet::Puback(ack))
    } else {
        head.contains(" q2 ").then_some(Packet::Pubrec(ack))
    }
}

/// The transcript of a client that comes back and acknowledges everything, sorted. The order
/// between a cursor and the queue is not stored.
fn transcript(scenario: &mut Scenario, client_id: &str, receive_maximum: u16) -> Vec<String> {
    let list = properties(&[Property::SessionExpiryInterval(1_000), Property::ReceiveMaximum(receive_maximum)]);
    let peer =
        scenario.connect(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, client_id) });
    let mut all = Vec::new();
    loop {
        let heard = scenario.hear(peer);
        if heard.is_empty() {
            break;
        }
        for line in heard {
            if let Some(packet) = answer(&line).filter(|_| !scenario.is_closed(peer)) {
                scenario.send(peer, &packet);
            }
            all.push(without_id(&line));
        }
    }
    scenario.cut(peer);
    all.sort();
    all
}

/// A broker with a store after a random life, with nobody connected and everything stored.
fn lived(dice: &mut Dice, options: BrokerOptions) -> Scenario {
    let mut scenario = Scenario::with(options);
    scenario.now = Time::from_millis(1_800_000_000_000);
    scenario.disk.restore(&mut scenario.broker, scenario.now).expect("nothing is wrong with nothing");
    let mut peers: Vec<PeerId> = Vec::new();
    let disk_is_slow = dice.is();
    for _ in 0..150 {
        peers.retain(|peer| scenario.is_open(*peer));
        match dice.roll(20) {
            0 | 1 => peers.push(join(&mut scenario, dice)),
            2 => write(&mut scenario),
            3 => scenario.disk_waits = disk_is_slow && dice.is(),
            4 => scenario.wait(Duration::from_secs(dice.pick(&[0, 1, 3]))),
            _ if peers.is_empty() => {}
            _ => {
                let peer = dice.pick(&peers);
                act(&mut scenario, dice, peer);
            }
        }
    }
    write(&mut scenario);
    scenario.disk_waits = false;
    for peer in peers {
        if scenario.is_open(peer) {
            scenario.cut(peer);
        }
    }
    scenario.wait(Duration::from_secs(40));
    write(&mut scenario);
    assert!(scenario.broker.is_stored());
    scenario
}

/// Returns the number of lines that both sent.
fn compare(seed: u64) -> usize {
    let mut lines = 0;
    let mut dice = Dice::new(seed);
    // What memory a broker has kept room for ends with it, so a short one may refuse what its
    // successor accepts.
    let BrokerOptions { memory_max, .. } = BrokerOptions::default();
    let options = BrokerOptions { asks: Asks::default(), access: Access::default(), memory_max, ..options(&mut dice) };
    let mut scenario = lived(&mut dice, options.clone());
    let mut other = Scenario::with(options);
    other.now = scenario.now;
    other.disk.records.clone_from(&scenario.disk.records);
    other.broker = Broker::new(scenario.broker.options().clone(), 7);
    other.disk.restore(&mut other.broker, other.now).expect("what a broker wrote");
    other.drain();
    let records: [&BTreeMap<_, _>; 2] = [&scenario.disk.records, &other.disk.records];
    assert_eq!(records[0], records[1], "seed {seed}: the store had not all");
    assert_eq!(views(&scenario), views(&other), "seed {seed}");
    for client_id in IDS {
        let receive_maximum = dice.pick(&[1, 2, 100]);
        let [one, two] = [&mut scenario, &mut other].map(|scenario| transcript(scenario, client_id, receive_maximum));
        assert_eq!(one, two, "seed {seed}, {client_id}");
        lines += one.len();
    }
    assert_eq!(scenario.disk.kinds(), other.disk.kinds(), "seed {seed}");
    lines
}

#[test]
fn a_restart_is_invisible() {
    let lines: usize = (1..=RUNS).map(compare).sum();
    assert!(lines > 1_000, "{lines} say little");
}
