//! Time: limits of next to nothing, and hosts whose timers come late.

use core::time::Duration;

use wasmqtt::client::{Client, ClientOptions, CloseReason, Completion, Output, Phase, RequestError};
use wasmqtt::codec::{Ack, Packet, PropertiesBuf, QoS, ReasonCode, Version};
use wasmqtt::time::Time;

use super::script::{NOW, Script, Seen, begin, bytes, connack, drain, message, publish, sent};
use crate::support::packets::id;

fn after(milliseconds: u64) -> Time {
    NOW + Duration::from_millis(milliseconds)
}

/// A dead broker is noticed by the third late call after the keep alive, whatever the keep alive.
#[test]
fn a_dead_broker_is_noticed_by_timers_that_run_once_a_minute() {
    for keep_alive in [1, 5, 10, 59, 60, 61, 300] {
        let mut script = Script::connected_with(ClientOptions { keep_alive, ..ClientOptions::new("c") }, &[]);
        let calls = (1..=20).find(|minute| {
            script.client.handle_timeout(after(minute * 60_000));
            script.drain().contains(&Seen::Closed(CloseReason::KeepAliveTimeout))
        });
        let bound = u64::from(keep_alive).div_ceil(60) + 2;
        assert!(calls.is_some_and(|calls| calls <= bound), "{keep_alive} s: {calls:?}");
    }
}

/// A broker that answers is kept, in whichever order the page runs timers and messages.
#[test]
fn a_broker_that_answers_late_timers_is_kept() {
    for keep_alive in [1, 10, 60] {
        let mut script = Script::connected_with(ClientOptions { keep_alive, ..ClientOptions::new("c") }, &[]);
        for minute in 1..=20 {
            script.client.handle_timeout(after(minute * 60_000));
            if script.drain().contains(&sent("PINGREQ")) {
                script.client.handle_bytes(
                    script.attempt,
                    &bytes(&Packet::Pingresp, Version::V5),
                    after(minute * 60_000 + 500),
                );
                script.drain();
            }
            assert_eq!(script.client.phase(), Phase::Connected, "{keep_alive} s, minute {minute}");
        }
    }
}

/// The answer came while the host was stopped, and is read after its timer has run.
#[test]
fn a_stopped_host_reads_the_answer_before_it_judges() {
    for stopped_ms in [3_001, 4_000, 5_001, 7_000, 1_000_000] {
        let mut script = Script::connected_with(ClientOptions { keep_alive: 10, ..ClientOptions::new("c") }, &[]);
        script.client.handle_timeout(after(10_000));
        assert_eq!(script.drain(), [sent("PINGREQ")]);
        let awake = 12_000 + stopped_ms;
        script.client.handle_timeout(after(awake));
        assert!(!script.drain().iter().any(|seen| matches!(seen, Seen::Closed(_))), "stopped for {stopped_ms} ms");
        script.client.handle_bytes(script.attempt, &bytes(&Packet::Pingresp, Version::V5), after(awake + 1));
        script.client.handle_timeout(after(awake + 6_000));
        assert_eq!(script.client.phase(), Phase::Connected, "stopped for {stopped_ms} ms");
    }
}

/// A request is judged as a connection is. Its time limit has one grace, however late all timers
/// are.
#[test]
fn a_stopped_host_reads_the_answers_to_its_requests_before_it_judges() {
    for (answers, awake) in [(true, 7_000), (false, 7_000), (true, 3_600_000), (false, 3_600_000)] {
        let request_timeout = Duration::from_secs(5);
        let mut script =
            Script::connected_with(ClientOptions { request_timeout, keep_alive: 0, ..ClientOptions::new("c") }, &[]);
        let request = script.client.publish(message("a", QoS::AtLeastOnce), NOW).expect("it can be sent");
        script.drain();
        script.client.handle_timeout(after(awake));
        assert_eq!(script.drain(), [], "after {awake} ms");
        if answers {
            script.client.handle_bytes(
                script.attempt,
                &bytes(&Packet::Puback(Ack::success(id(1))), Version::V5),
                after(awake + 1),
            );
            let done = Seen::Done(request.0, Ok(Completion::Published(ReasonCode::Success)));
            assert_eq!(script.drain(), [done]);
        }
        let next = script.client.next_deadline().expect("another look");
        assert!(next > after(awake) && next <= after(awake + 5_000), "{next:?}");
        script.client.handle_timeout(next + Duration::from_mins(1));
        let late = (!answers).then_some(Seen::Done(request.0, Err(RequestError::TimedOut)));
        assert_eq!(script.drain(), late.into_iter().collect::<Vec<_>>());
        assert_eq!(script.client.next_deadline(), None);
    }
}

#[test]
fn a_stopped_host_takes_connack_before_it_gives_up() {
    let options = ClientOptions { connect_timeout: Duration::from_secs(5), ..ClientOptions::new("c") };
    for answers in [false, true] {
        let mut script = Script::opening(options.clone());
        script.client.handle_timeout(after(3_600_000));
        assert_eq!(script.drain(), []);
        if answers {
            let none = PropertiesBuf::new();
            let connack = connack(false, &none);
            script.client.handle_bytes(script.attempt, &bytes(&connack, Version::V5), after(3_600_001));
            assert_eq!(script.drain(), [Seen::Connected(false)]);
        } else {
            let next = script.client.next_deadline().expect("another look");
            assert!(next > after(3_600_000) && next <= after(3_605_000), "{next:?}");
            script.client.handle_timeout(next);
            assert_eq!(script.drain(), [Seen::Closed(CloseReason::ConnectTimeout)]);
        }
    }
}

#[test]
fn a_connect_timeout_of_next_to_nothing_ends_the_attempt() {
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)] {
        let mut client = Client::new(ClientOptions { connect_timeout: timeout, ..ClientOptions::new("c") });
        let attempt = begin(&mut client);
        client.handle_open(attempt, NOW);
        assert!(matches!(client.poll_output(), Some(Output::Transmit(_))));
        let deadline = client.next_deadline().expect("the connect timeout");
        assert_eq!(deadline > NOW, !timeout.is_zero(), "{timeout:?} is not rounded to nothing");
        client.handle_timeout(deadline);
        assert_eq!(drain(&mut client, Version::V5), [Seen::Closed(CloseReason::ConnectTimeout)]);
    }
}

/// Sends PINGREQ behind `waiting` bytes, and returns the calls at which the client looks until it
/// gives up. At each, `left` tells how many bytes still wait.
fn looks(waiting: usize, left: impl Fn(u64) -> usize) -> Vec<u64> {
    let mut script = Script::connected_with(ClientOptions { keep_alive: 10, ..ClientOptions::new("c") }, &[]);
    script.client.handle_waiting(waiting, after(10_000));
    script.client.handle_timeout(after(10_000));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    let mut looks = Vec::new();
    while let Some(look) = script.client.next_deadline() {
        let ms = look.as_millis() - NOW.as_millis();
        assert!(ms < 100_000, "not given up: {looks:?}");
        script.client.handle_waiting(left(ms), look);
        script.client.handle_timeout(look);
        script.drain();
        looks.push(ms / 1000);
    }
    looks
}

/// The broker has 5 seconds for its answer. They begin when the last bytes before the ping have
/// left [MQTT-3.1.2-20].
#[test]
fn a_large_upload_over_a_slow_line_is_not_a_silent_broker() {
    let nothing_waits = looks(0, |_| 0);
    assert_eq!(nothing_waits, [14, 15]);
    // 100 KB a second: 3 MB are gone at 40 seconds.
    let slow =
        looks(3_000_000, |ms| 3_000_000_usize.saturating_sub((usize::try_from(ms).expect("small") - 10_000) * 100));
    assert!(slow.last().is_some_and(|last| (45..=50).contains(last)), "{slow:?}");
    // A dead line takes nothing.
    assert_eq!(looks(3_000_000, |_| 3_000_002), nothing_waits);
    // It stops in the middle.
    let stops =
        looks(3_000_000, |ms| if ms < 20_000 { 2_000_000 - usize::try_from(ms).expect("small") } else { 1_000_000 });
    assert!(stops.last().is_some_and(|last| (24..=30).contains(last)), "{stops:?}");
}

/// Bytes that are handed over meanwhile are no sign of life.
#[test]
fn bytes_that_are_added_do_not_count_as_bytes_that_left() {
    let mut script = Script::connected_with(ClientOptions { keep_alive: 10, ..ClientOptions::new("c") }, &[]);
    script.client.handle_waiting(1_000, after(10_000));
    script.client.handle_timeout(after(10_000));
    assert_eq!(script.drain(), [sent("PINGREQ")]);
    let mut waiting = 1_002;
    while let Some(look) = script.client.next_deadline() {
        assert!(look <= after(15_000), "{look:?}");
        script.publish("a", QoS::AtMostOnce);
        waiting += bytes(&publish("a", QoS::AtMostOnce, 0), Version::V5).len() + 2;
        script.client.handle_waiting(waiting, look);
        script.client.handle_timeout(look);
        script.drain();
    }
    assert_eq!(script.client.phase(), Phase::Idle);
}

/// PINGRESP ends the wait, whatever still waits in the transport.
#[test]
fn an_answer_behind_an_upload_is_heard() {
    let mut script = Script::connected_with(ClientOptions { keep_alive: 10, ..ClientOptions::new("c") }, &[]);
    script.client.handle_waiting(9, after(10_000));
    script.client.handle_timeout(after(10_000));
    script.drain();
    script.client.handle_bytes(script.attempt, &bytes(&Packet::Pingresp, Version::V5), after(12_000));
    script.drain();
    script.client.handle_waiting(5, after(15_000));
    script.client.handle_timeout(after(15_000));
    assert_eq!(script.client.next_deadline(), Some(after(20_000)));
}
