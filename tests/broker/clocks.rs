//! Clocks that were wrong when a broker with a store began, and right at another time.

use wasmqtt::codec::{Connect, Packet, Property, Publish, QoS};
use wasmqtt::time::Time;

use super::store::{come_back, expiry, keeping, restart, stored};
use crate::support::packets::{V5, properties, publish, will};
use crate::support::scenario::Scenario;

const YEAR_S: u64 = 365 * 86_400;

/// Moments of a clock that was not set: at 1970, long ago, right, and years ahead.
const CLOCKS: [u64; 4] = [0, 1_400_000_000, 1_800_000_000, 2_100_000_000];

#[test]
fn a_clock_that_is_set_between_two_starts_ends_nothing() {
    for first in CLOCKS {
        for second in CLOCKS {
            for third in CLOCKS {
                let mut scenario = stored_at(first);
                let (lasting, delay) = (expiry(1_000), properties(&[Property::WillDelayInterval(500)]));
                let mut will = will("gone", "x", QoS::AtLeastOnce);
                will.properties = delay.as_properties();
                let peer = scenario.join_with(&Connect { will: Some(will), ..keeping(V5, "a", &lasting) });
                scenario.subscribe(peer, "#", QoS::AtLeastOnce);
                scenario.cut(peer);
                let other = scenario.join(V5, "other");
                let life = properties(&[Property::MessageExpiryInterval(900)]);
                let expiring = publish("t", "x", QoS::AtLeastOnce);
                scenario.send(other, &Packet::Publish(Publish { properties: life.as_properties(), ..expiring }));
                for clock in [second, third] {
                    scenario.wait_ms(10_000);
                    restart_at(&mut scenario, clock);
                }
                let (_, present, heard) = come_back(&mut scenario, V5, "a");
                let case = format!("{first}, {second}, {third}: {heard:?}");
                assert!(present, "{case}");
                let left = heard.iter().find_map(|line| line.split_once("t=x q1 #1 MessageExpiryInterval("));
                let left: u64 = left.expect(&case).1.trim_end_matches(')').parse().expect(&case);
                assert!((850..=900).contains(&left), "{case}");
                assert!(!heard.iter().any(|line| line.starts_with("gone")), "{case}: the will was cancelled");
            }
        }
    }
}

/// The time of a broker's absence counts, as long as it is one that a clock would not make up.
#[test]
fn an_absence_counts_unless_it_is_longer_than_a_year() {
    for (absence, present) in [(900, true), (1_100, false), (YEAR_S - 20, false), (YEAR_S + 20, true)] {
        let mut scenario = stored_at(1_800_000_000);
        let lasting = expiry(1_000);
        let peer = scenario.join_with(&keeping(V5, "a", &lasting));
        scenario.cut(peer);
        restart_at(&mut scenario, 1_800_000_000 + absence);
        assert_eq!(come_back(&mut scenario, V5, "a").1, present, "{absence} s");
    }
}

fn stored_at(seconds: u64) -> Scenario {
    let mut scenario = Scenario::new();
    scenario.now = Time::from_millis(seconds * 1_000);
    scenario.disk.restore(&mut scenario.broker, scenario.now).expect("nothing is wrong with nothing");
    scenario
}

/// The broker is gone, and the next one begins with another clock.
fn restart_at(scenario: &mut Scenario, seconds: u64) {
    scenario.now = Time::from_millis(seconds * 1_000);
    restart(scenario, 0);
}

#[test]
fn a_session_whose_time_is_over_still_ends_after_the_clock_was_set() {
    let mut scenario = stored();
    let lasting = expiry(1_000);
    let peer = scenario.join_with(&keeping(V5, "a", &lasting));
    scenario.cut(peer);
    restart_at(&mut scenario, 2_100_000_000);
    scenario.wait_ms(999_000);
    assert_eq!(scenario.sessions(), ["a"]);
    scenario.wait_ms(2_000);
    assert_eq!(scenario.sessions(), [""; 0]);
}

/// The clock is set while the broker runs, or rests in a laptop that sleeps.
#[test]
fn a_host_that_tells_the_time_of_day_loses_no_time_and_wins_none() {
    const DAY_S: u64 = 86_400;
    for (clock, day) in [(0, 1_800_000_000), (1_800_000_000, 1_800_000_000 + 3 * DAY_S), (2_100_000_000, 1_800_000_000)]
    {
        for (absence, present) in [(10, true), (900, true), (1_100, false)] {
            for is_set_first in [false, true] {
                let mut scenario = stored_at(clock);
                let lasting = expiry(1_000);
                let set = |scenario: &mut Scenario| {
                    let passed = scenario.now.as_millis() - clock * 1_000;
                    scenario.broker.set_time_of_day(Time::from_millis(day * 1_000 + passed), scenario.now);
                    scenario.drain();
                };
                if is_set_first {
                    set(&mut scenario);
                }
                scenario.wait_ms(50_000);
                let peer = scenario.join_with(&keeping(V5, "a", &lasting));
                scenario.cut(peer);
                set(&mut scenario);
                assert!(scenario.broker.is_stored());
                restart_at(&mut scenario, day + 50 + absence);
                let case = format!("{clock} and {day}, away for {absence} s");
                assert_eq!(scenario.sessions().len(), usize::from(present), "{case}");
                // By now all records are on the clock of this start.
                restart_at(&mut scenario, day + 50 + absence + 50);
                assert_eq!(come_back(&mut scenario, V5, "a").1, present, "{case}");
            }
        }
    }
}
