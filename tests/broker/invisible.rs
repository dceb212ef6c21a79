//! A restart is invisible: a broker of what the store has does what the one does that wrote it, whatever happened before.

use std::collections::BTreeMap;
use std::time::Duration;

use wasmqtt::broker::{Access, Asks, Broker, BrokerOptions, PeerId};
use wasmqtt::codec::{Ack, Connect, Packet, Property};
use wasmqtt::time::Time;

use crate::chaos::{Dice, IDS, act, join, options, write};
use crate::room::{Room, V5, connect, id, properties};

const RUNS: u64 = 200;

/// Sessions as the host sees them, and when the broker wants to be called.
fn views(room: &Room) -> (Vec<String>, Option<Time>) {
    (room.broker.sessions().map(|session| format!("{session:?}")).collect(), room.broker.next_deadline())
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

/// All that a client is told that comes back and acknowledges everything, sorted: what of a replay and of the queue goes first
/// is not stored.
fn told(room: &mut Room, client_id: &str, receive_maximum: u16) -> Vec<String> {
    let list = properties(&[Property::SessionExpiryInterval(1_000), Property::ReceiveMaximum(receive_maximum)]);
    let peer =
        room.connect(&Connect { clean_start: false, properties: list.as_properties(), ..connect(V5, client_id) });
    let mut all = Vec::new();
    loop {
        let heard = room.hear(peer);
        if heard.is_empty() {
            break;
        }
        for line in heard {
            if let Some(packet) = answer(&line).filter(|_| !room.is_closed(peer)) {
                room.send(peer, &packet);
            }
            all.push(without_id(&line));
        }
    }
    room.cut(peer);
    all.sort();
    all
}

/// A broker with a store after a random life, with nobody connected and everything stored.
fn lived(dice: &mut Dice, options: BrokerOptions) -> Room {
    let mut room = Room::with(options);
    room.now = Time::from_millis(1_800_000_000_000);
    room.disk.restore(&mut room.broker, room.now).expect("nothing is wrong with nothing");
    let mut peers: Vec<PeerId> = Vec::new();
    let disk_is_slow = dice.is();
    for _ in 0..150 {
        peers.retain(|peer| room.is_open(*peer));
        match dice.roll(20) {
            0 | 1 => peers.push(join(&mut room, dice)),
            2 => write(&mut room),
            3 => room.disk_waits = disk_is_slow && dice.is(),
            4 => room.wait(Duration::from_secs(dice.pick(&[0, 1, 3]))),
            _ if peers.is_empty() => {}
            _ => {
                let peer = dice.pick(&peers);
                act(&mut room, dice, peer);
            }
        }
    }
    write(&mut room);
    room.disk_waits = false;
    for peer in peers {
        if room.is_open(peer) {
            room.cut(peer);
        }
    }
    room.wait(Duration::from_secs(40));
    write(&mut room);
    assert!(room.broker.is_stored());
    room
}

/// Gives how many lines both told.
fn compare(seed: u64) -> usize {
    let mut lines = 0;
    let mut dice = Dice::new(seed);
    let options = BrokerOptions { asks: Asks::default(), access: Access::default(), ..options(&mut dice) };
    let mut room = lived(&mut dice, options.clone());
    let mut other = Room::with(options);
    other.now = room.now;
    other.disk.records.clone_from(&room.disk.records);
    other.broker = Broker::new(room.broker.options().clone(), 7);
    other.disk.restore(&mut other.broker, other.now).expect("what a broker wrote");
    other.drain();
    let records: [&BTreeMap<_, _>; 2] = [&room.disk.records, &other.disk.records];
    assert_eq!(records[0], records[1], "seed {seed}: the store had not all");
    assert_eq!(views(&room), views(&other), "seed {seed}");
    for client_id in IDS {
        let receive_maximum = dice.pick(&[1, 2, 100]);
        let [one, two] = [&mut room, &mut other].map(|room| told(room, client_id, receive_maximum));
        assert_eq!(one, two, "seed {seed}, {client_id}");
        lines += one.len();
    }
    assert_eq!(room.disk.kinds(), other.disk.kinds(), "seed {seed}");
    lines
}

#[test]
fn a_restart_is_invisible() {
    let lines: usize = (1..=RUNS).map(compare).sum();
    assert!(lines > 1_000, "{lines} say little");
}
