//! Time: limits of next to nothing, and hosts that were stopped.

use std::time::Duration;

use wasmqtt::broker::{Answer, Asks, BrokerOptions};
use wasmqtt::codec::{Connect, Packet, Property, QoS};

use super::chaos::{Dice, act, join, options, write};
use super::store::{come_back, expiry, keeping};
use crate::support::packets::{BOTH, V5, connect, properties, will};
use crate::support::scenario::Scenario;

const TINY: [Duration; 4] =
    [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999), Duration::from_millis(1)];

/// A host that was stopped calls once, late, and then looks into its sockets.
fn oversleep(scenario: &mut Scenario, seconds: u64) {
    scenario.now = scenario.now + Duration::from_secs(seconds);
    scenario.broker.handle_timeout(scenario.now);
    scenario.drain();
}

#[test]
fn a_limit_of_next_to_nothing_does_not_spin() {
    for tiny in TINY {
        for asked in [false, true] {
            let options = BrokerOptions {
                connect_timeout: tiny,
                answer_timeout: Duration::from_secs(30),
                asks: Asks { authenticate: asked, ..Asks::default() },
                ..BrokerOptions::default()
            };
            let mut scenario = Scenario::with(options);
            let peer = scenario.broker.accept(scenario.now);
            scenario.adopt(peer, V5);
            scenario.send(peer, &Packet::Connect(Box::new(connect(V5, "a"))));
            let mut calls = 0;
            while let Some(at) = scenario.broker.next_deadline().filter(|at| at.as_millis() < 10_000) {
                calls += 1;
                assert!(at > scenario.now && calls <= 100, "{tiny:?}: {calls} calls by {at:?}");
                scenario.now = at;
                scenario.broker.handle_timeout(at);
                scenario.drain();
            }
            if asked {
                scenario.answer(Answer::Allow);
            }
            assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"), "{tiny:?}: the host's time is not the client's");
            let silent = scenario.open(V5);
            scenario.wait_ms(2);
            assert!(scenario.is_closed(silent), "{tiny:?}");
        }
    }
}

#[test]
fn after_a_timeout_the_next_one_is_later() {
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let options = BrokerOptions {
            connect_timeout: dice.pick(&TINY),
            answer_timeout: dice.pick(&[TINY[0], TINY[1], Duration::from_secs(5)]),
            sys_interval: dice.pick(&TINY),
            ..options(&mut dice)
        };
        let mut scenario = Scenario::with(options);
        let has_store = dice.is();
        if has_store {
            scenario.disk.restore(&mut scenario.broker, scenario.now).expect("nothing is wrong with nothing");
        }
        let mut peers = Vec::new();
        for _ in 0..100 {
            match dice.roll(11) {
                3 => scenario.disk_waits = dice.is(),
                4 if has_store => write(&mut scenario),
                5 if !scenario.asked.is_empty() => scenario.answer(Answer::Allow),
                0 => peers.push(join(&mut scenario, &mut dice)),
                1 => peers.push(scenario.open(V5)),
                2 => scenario.now = scenario.now + Duration::from_millis(dice.pick(&[0, 1, 100, 20_000])),
                _ => {
                    peers.retain(|peer| scenario.is_open(*peer));
                    if !peers.is_empty() {
                        let peer = dice.pick(&peers);
                        act(&mut scenario, &mut dice, peer);
                    }
                }
            }
            // The scenario calls as often as there is work that goes on, but not without an end.
            scenario.broker.handle_timeout(scenario.now);
            scenario.drain();
            let next = scenario.broker.next_deadline();
            assert!(next.is_none_or(|next| next > scenario.now), "seed {seed}: {next:?} at {:?}", scenario.now);
        }
    }
}

/// [MQTT-3.1.2-22]: a packet that came while the host was stopped counts, however late it is read.
#[test]
fn a_host_that_was_stopped_reads_before_it_judges() {
    for version in BOTH {
        for keep_alive in [1, 10, 60] {
            for (before_ms, stopped_ms) in [(0, 1_000_000), (700, 1_201), (0, 1_501), (1_400, 100_000)] {
                let case = format!("{version:?}, {keep_alive} s, stopped at {before_ms} ms for {stopped_ms} ms");
                let scale = u64::from(keep_alive);
                let mut scenario = Scenario::new();
                let peer = scenario.join_with(&Connect { keep_alive, ..connect(version, "lively") });
                let silent = scenario.join_with(&Connect { keep_alive, ..connect(version, "silent") });
                let stranger = scenario.open(version);
                scenario.wait_ms(before_ms * scale);
                scenario.now = scenario.now + Duration::from_millis(stopped_ms * scale);
                scenario.broker.handle_timeout(scenario.now);
                scenario.drain();
                assert!(!scenario.is_closed(peer), "{case}");
                scenario.send(peer, &Packet::Pingreq);
                assert_eq!(scenario.hear(peer), ["PINGRESP"], "{case}");
                scenario.wait_ms(1_400 * scale);
                assert!(!scenario.is_closed(peer), "{case}");
                scenario.wait_ms(100 * scale);
                assert!(scenario.is_closed(peer) && scenario.is_closed(silent), "{case}: both are silent");
                scenario.wait_ms(10_000);
                assert!(scenario.is_closed(stranger), "{case}");
            }
        }
    }
}

#[test]
fn a_stopped_host_takes_the_connect_that_waits() {
    let mut scenario = Scenario::new();
    let (peer, silent) = (scenario.open(V5), scenario.open(V5));
    oversleep(&mut scenario, 3_600);
    scenario.send(peer, &Packet::Connect(Box::new(connect(V5, "a"))));
    assert!(scenario.hear(peer)[0].starts_with("CONNACK ok"));
    scenario.wait_ms(5_000);
    assert!(scenario.is_closed(silent) && !scenario.is_closed(peer));
}

/// A page that is hidden has its timers once a minute, all of them in any order.
#[test]
fn timers_once_a_minute_close_the_silent_and_keep_the_lively() {
    let mut scenario = Scenario::new();
    let lively = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "lively") });
    let silent = scenario.join_with(&Connect { keep_alive: 10, ..connect(V5, "silent") });
    for minute in 1..=10 {
        oversleep(&mut scenario, 60);
        assert!(!scenario.is_closed(lively), "minute {minute}");
        scenario.send(lively, &Packet::Pingreq);
        assert_eq!(scenario.is_closed(silent), minute >= 2, "minute {minute}");
    }
}

#[test]
fn a_stopped_host_gives_its_hooks_and_returning_clients_another_moment() {
    let asks = Asks { authenticate: true, ..Asks::default() };
    let mut scenario = Scenario::with(BrokerOptions { asks, ..BrokerOptions::default() });
    let (first, second) = (scenario.connect(&connect(V5, "a")), scenario.connect(&connect(V5, "b")));
    oversleep(&mut scenario, 3_600);
    scenario.answer(Answer::Allow);
    assert!(scenario.hear(first)[0].starts_with("CONNACK ok"), "its answer was there");
    scenario.wait_ms(5_000);
    assert_eq!(scenario.hear(second), ["CONNACK 80"]);

    let mut scenario = Scenario::new();
    let watcher = scenario.join(V5, "watcher");
    scenario.subscribe(watcher, "gone", QoS::AtMostOnce);
    let (lasting, delay) = (expiry(100), properties(&[Property::WillDelayInterval(50)]));
    for client_id in ["returning", "lost"] {
        let mut will = will("gone", client_id, QoS::AtMostOnce);
        will.properties = delay.as_properties();
        let peer = scenario.join_with(&Connect { will: Some(will), ..keeping(V5, client_id, &lasting) });
        scenario.cut(peer);
    }
    oversleep(&mut scenario, 3_600);
    assert!(come_back(&mut scenario, V5, "returning").1, "its CONNECT waited to be read");
    scenario.wait_ms(5_000);
    assert_eq!(scenario.hear(watcher), ["gone=lost q0"]);
    assert!(!come_back(&mut scenario, V5, "lost").1);
}
