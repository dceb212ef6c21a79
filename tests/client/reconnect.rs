//! The life of a client over many attempts: what is tried again, when, and where.

use core::time::Duration;

use wasmqtt::client::{Attempt, ClientOptions, CloseReason, Lost, Phase, RequestError};
use wasmqtt::codec::{Connack, Disconnect, Packet, PacketKind, PropertiesBuf, Property, QoS, ReasonCode, Version};

use super::host::{Host, SECOND, open, reconnecting};
use super::script::{NOW, Seen, bytes, connack, message, publish, sent};

#[test]
fn a_lost_connection_is_followed_by_another_attempt() {
    let mut host = Host::new(reconnecting());
    assert_eq!(host.seen(), [open(1, "0")]);
    host.connects();
    host.later(5 * SECOND);
    let Seen::Lost(lost) = host.cut() else { panic!("lost") };
    assert_eq!((lost.attempt, lost.reason, lost.was_connected), (Attempt(1), CloseReason::TransportClosed, true));
    assert_eq!((host.client.phase(), host.client.next_deadline()), (Phase::Waiting, Some(lost.retry_at)));
    host.runs();
    assert_eq!(host.seen(), [open(2, "0")]);
    host.connects();
}

#[test]
fn the_waits_grow_and_start_over_after_a_stable_connection() {
    let mut longest = [0; 10];
    for seed in 0..300 {
        let mut host = Host::new(ClientOptions { seed, ..reconnecting() });
        for longest in &mut longest {
            host.client.handle_failed(host.attempt(), false, host.now);
            host.drain();
            let end = host.last_end();
            *longest = host.wait_of(&end).max(*longest);
            host.runs();
        }
        // The broker hangs up after each connection, too early to be stable.
        host.connects();
        host.later(29 * SECOND);
        host.cut();
        host.runs();
        host.connects();
        host.later(30 * SECOND);
        let end = host.cut();
        assert!(host.wait_of(&end) <= 500, "seed {seed}");
    }
    for (longest, bound) in longest.iter().zip([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]) {
        assert!(*longest <= bound && *longest > bound * 9 / 10, "{longest} of {bound}");
    }
}

#[test]
fn a_broker_that_hangs_up_on_a_message_meets_no_storm() {
    let mut host = Host::new(ClientOptions { seed: 7, ..reconnecting() });
    let mut attempts = 0;
    while host.now < NOW + Duration::from_mins(10) {
        host.connects();
        host.cut();
        host.runs();
        attempts += 1;
    }
    assert!(attempts < 70, "{attempts} in ten minutes");
}

#[test]
fn clients_that_lose_a_broker_together_come_back_apart() {
    let waits: Vec<u64> = (0..100)
        .map(|seed| {
            let mut host = Host::new(ClientOptions { seed, ..reconnecting() });
            host.connects();
            let end = host.cut();
            host.wait_of(&end)
        })
        .collect();
    for part in 0..5 {
        let share = waits.iter().filter(|wait| **wait / 100 == part).count();
        assert!((8..=35).contains(&share), "{share} of 100 in part {part}: {waits:?}");
    }
}

/// The table of [`CloseReason::is_final`], for each reason code that a broker may send. Each code
/// that is final ends the life, and each other is followed by an attempt.
#[test]
fn reasons_are_final_or_tried_again() {
    let in_connack = [0x81, 0x82, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95, 0x99, 0x9A, 0x9B];
    let in_disconnect = [0x81, 0x82, 0x87, 0x8C, 0x8E];
    for reason in ReasonCode::ALL.iter().copied().filter(|reason| reason.is_error()) {
        let none = PropertiesBuf::new();
        let ends = [(PacketKind::Connack, &in_connack[..]), (PacketKind::Disconnect, &in_disconnect[..])];
        for (kind, finals) in ends {
            if !reason.is_allowed_in(kind) {
                continue;
            }
            let mut host = Host::new(reconnecting());
            host.opens();
            let properties = none.as_properties();
            if kind == PacketKind::Connack {
                host.receives(&Packet::Connack(Connack { session_present: false, reason, properties }));
            } else {
                host.receives(&connack(false, &none));
                host.receives(&Packet::Disconnect(Disconnect { reason, properties }));
            }
            let is_final = finals.contains(&reason.value());
            let end = host.last_end();
            assert_eq!(matches!(end, Seen::Closed(_)), is_final, "{kind} {:02X}: {end:?}", reason.value());
            assert_eq!(host.client.phase(), if is_final { Phase::Idle } else { Phase::Waiting });
            assert_eq!(host.client.next_deadline().is_some(), !is_final);
        }
    }
}

#[test]
fn a_broker_that_speaks_no_mqtt_is_left_for_good() {
    for noise in [&b"HTTP/1.1 200 OK"[..], &[0x20, 2, 0, 0], &[0xFF; 8]] {
        let mut host = Host::new(reconnecting());
        host.opens();
        host.receives_bytes(noise);
        let end = host.last_end();
        assert!(matches!(end, Seen::Closed(CloseReason::Malformed(_) | CloseReason::ProtocolError { .. })), "{end:?}");
    }
}

#[test]
fn the_host_says_whether_its_own_failure_is_final() {
    for is_final in [false, true] {
        let mut host = Host::new(reconnecting());
        host.client.handle_failed(Attempt(1), is_final, NOW);
        host.drain();
        let end = host.last_end();
        assert_eq!(matches!(end, Seen::Closed(CloseReason::OpenFailed { .. })), is_final, "{end:?}");
    }
}

#[test]
fn without_reconnecting_the_first_end_is_the_last() {
    let mut host = Host::new(ClientOptions::new("c"));
    host.connects();
    assert_eq!(host.cut(), Seen::Closed(CloseReason::TransportClosed));
    assert_eq!((host.client.phase(), host.client.next_deadline()), (Phase::Idle, None));
}

/// Each input of an older attempt.
#[test]
fn late_inputs_of_an_older_attempt_change_nothing() {
    let mut host = Host::new(reconnecting());
    host.connects();
    let old = host.attempt();
    host.cut();
    host.runs();
    host.seen();
    let goodbye = bytes(&publish("a", QoS::AtMostOnce, 0), Version::V5);
    for stage in 0..3 {
        match stage {
            1 => host.opens(),
            2 => host.receives(&connack(false, &PropertiesBuf::new())),
            _ => {}
        }
        host.seen();
        let (phase, now) = (host.client.phase(), host.now);
        host.client.handle_open(old, now);
        host.client.handle_bytes(old, &goodbye, now);
        host.client.handle_bytes_with(old, 2, |bytes| bytes.fill(0xFF), now);
        host.client.handle_text(old, now);
        host.client.handle_closed(old, now);
        host.client.handle_failed(old, true, now);
        host.client.handle_credentials(old, Some("old".into()), None, Some(now), now);
        host.drain();
        assert_eq!((host.seen(), host.client.phase()), (vec![], phase), "stage {stage}");
    }
}

#[test]
fn an_attempt_has_its_time_in_all_whatever_it_waits_for() {
    for opens in [false, true] {
        let options = ClientOptions { connect_timeout: Duration::from_secs(5), ..reconnecting() };
        let mut host = Host::new(options);
        host.later(4 * SECOND);
        if opens {
            host.opens();
        }
        host.runs();
        let Seen::Lost(Lost { reason: CloseReason::ConnectTimeout, .. }) = host.last_end() else { panic!("late") };
        assert_eq!(host.now, NOW + Duration::from_secs(5), "opened: {opens}");
        // The host may answer yet: it is too late.
        host.client.handle_open(Attempt(1), host.now);
        host.drain();
        assert_eq!(host.seen(), []);
    }
}

#[test]
fn several_servers_are_tried_in_turn() {
    let mut host = Host::new(ClientOptions { servers: 3, ..reconnecting() });
    let mut tried = host.seen();
    for _ in 0..4 {
        host.client.handle_failed(host.attempt(), false, host.now);
        host.drain();
        let end = host.last_end();
        assert!(tried.len() > 3 || host.wait_of(&end) <= 500, "each has its first try before the wait doubles");
        host.runs();
        tried.extend(host.seen());
    }
    assert_eq!(tried, [open(1, "0"), open(2, "1"), open(3, "2"), open(4, "0"), open(5, "1")]);
    // The one that worked is the first to be asked again.
    host.connects();
    host.later(60 * SECOND);
    host.cut();
    host.runs();
    assert_eq!(host.seen(), [open(6, "1")]);
}

#[test]
fn waking_up_tests_the_connection() {
    for keep_alive in [0, 2, 45] {
        for answers in [false, true] {
            let mut host = Host::new(ClientOptions { keep_alive, ..reconnecting() });
            host.connects();
            host.later(SECOND);
            host.client.handle_wake(host.now);
            host.drain();
            assert_eq!(host.seen(), [sent("PINGREQ")]);
            let woken_at = host.now;
            // However often it wakes up, one ping is enough, and the time is the same.
            for _ in 0..3 {
                host.later(500);
                host.client.handle_wake(host.now);
                host.drain();
                assert_eq!(host.seen(), []);
            }
            if answers {
                host.receives(&Packet::Pingresp);
                host.client.handle_timeout(woken_at + Duration::from_secs(5));
                assert_eq!(host.client.phase(), Phase::Connected);
                continue;
            }
            while host.client.phase() == Phase::Connected {
                host.runs();
            }
            assert_eq!(host.now, woken_at + Duration::from_secs(5), "keep alive {keep_alive}");
            let end = host.last_end();
            assert!(matches!(&end, Seen::Lost(lost) if lost.reason == CloseReason::KeepAliveTimeout), "{end:?}");
            assert_eq!(host.wait_of(&end), 0);
            assert_eq!(host.seen(), [open(2, "0")], "at once");
        }
    }
}

#[test]
fn waking_up_ends_the_wait_and_the_backoff() {
    let mut host = Host::new(reconnecting());
    for _ in 0..10 {
        host.client.handle_failed(host.attempt(), false, host.now);
        host.drain();
        host.runs();
    }
    host.client.handle_failed(host.attempt(), false, host.now);
    host.drain();
    host.seen();
    host.client.handle_offline(host.now);
    host.drain();
    assert_eq!((host.seen(), host.client.phase()), (vec![], Phase::Waiting), "offline ends no wait");
    host.client.handle_wake(host.now);
    host.drain();
    assert_eq!(host.seen(), [open(12, "0")]);
    host.client.handle_failed(host.attempt(), false, host.now);
    host.drain();
    let end = host.last_end();
    assert!(host.wait_of(&end) <= 500);
}

#[test]
fn a_network_that_is_lost_is_noticed_in_five_seconds() {
    let mut host = Host::new(reconnecting());
    host.connects();
    host.client.handle_offline(host.now);
    host.drain();
    assert_eq!(host.seen(), [sent("PINGREQ")]);
    while host.client.phase() == Phase::Connected {
        host.runs();
    }
    assert_eq!(host.now, NOW + Duration::from_secs(5));
}

#[test]
fn credentials_are_renewed_before_they_expire() {
    // Seconds that they hold for, and after which they are renewed.
    for (lifetime, renewed) in [(3_600, 3_540), (100, 50), (60, 30)] {
        for version in [Version::V5, Version::V3_1_1] {
            let options = ClientOptions { version, keep_alive: 0, ..reconnecting() };
            let mut host = Host::new(options);
            let expires = NOW + Duration::from_secs(lifetime);
            let user = Some("user".into());
            host.client.handle_credentials(host.attempt(), user, Some(b"token".to_vec()), Some(expires), NOW);
            host.connects();
            host.runs();
            assert_eq!(host.now, NOW + Duration::from_secs(renewed));
            // The will is not published.
            let [Seen::Sent(goodbye), Seen::Lost(lost), next] = &host.seen()[..] else { panic!("a renewal") };
            assert!(goodbye.starts_with("DISCONNECT 00"), "{goodbye}");
            assert_eq!((&lost.reason, lost.retry_at), (&CloseReason::CredentialsExpire, host.now));
            assert_eq!(*next, open(2, "0"));
            host.connects();
            assert_eq!(host.client.next_deadline(), None, "the new ones do not expire");
        }
    }
}

#[test]
fn credentials_that_hold_for_no_time_are_no_storm() {
    let mut host = Host::new(ClientOptions { keep_alive: 0, ..reconnecting() });
    let mut attempts = 0;
    while host.now < NOW + Duration::from_mins(10) {
        let expires = host.now + Duration::from_millis(10);
        host.client.handle_credentials(host.attempt(), None, None, Some(expires), host.now);
        host.connects();
        host.runs();
        if host.client.phase() == Phase::Waiting {
            host.runs();
        }
        attempts += 1;
    }
    assert!(attempts < 70, "{attempts} in ten minutes");
    // Those that have expired by a clock that is wrong are used as they are.
    host.client.handle_credentials(host.attempt(), None, None, Some(NOW), host.now);
    host.connects();
    assert_eq!(host.client.next_deadline(), None);
}

/// [MQTT-3.2.2-16]: the client goes on under the identifier that the broker gave it.
#[test]
fn an_assigned_identifier_is_kept() {
    let mut host = Host::new(ClientOptions { client_id: String::new(), ..reconnecting() });
    host.connects_with(&[Property::AssignedClientIdentifier("given")]);
    host.cut();
    assert_eq!(host.client.client_id(), "given");
}

/// [MQTT-3.14.4-1]: the end that came first counts.
#[test]
fn a_client_that_has_ended_is_not_killed() {
    let mut host = Host::new(reconnecting());
    host.connects();
    host.seen();
    host.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), host.now);
    host.client.kill(host.now);
    host.drain();
    assert_eq!(host.seen(), [sent("DISCONNECT 00"), Seen::Closed(CloseReason::Requested)]);
    host.client.kill(host.now);
    host.client.connect(host.now);
    host.drain();
    assert_eq!((host.seen(), host.client.phase()), (vec![], Phase::Ended));
}

#[test]
fn each_phase_can_be_ended_and_killed() {
    for kills in [false, true] {
        for phase in [Phase::Connecting, Phase::Connected, Phase::Waiting] {
            let mut host = Host::new(reconnecting());
            if phase != Phase::Connecting {
                host.connects();
            }
            if phase == Phase::Waiting {
                host.cut();
            }
            assert_eq!(host.client.phase(), phase);
            host.client.publish(message("a", QoS::AtLeastOnce), host.now).expect("it waits");
            host.drain();
            host.seen();
            if kills {
                host.client.kill(host.now);
            } else {
                host.client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), host.now);
            }
            host.drain();
            let mut expected = Vec::new();
            if !kills {
                expected.push(Seen::Done(0, Err(RequestError::ConnectionClosed)));
                if phase == Phase::Connected {
                    expected.push(sent("DISCONNECT 00"));
                }
            }
            expected.push(Seen::Closed(if kills { CloseReason::TransportClosed } else { CloseReason::Requested }));
            assert_eq!(host.seen(), expected, "{phase:?}, killed: {kills}");
            host.client.handle_wake(host.now);
            host.drain();
            let over = if kills { Phase::Idle } else { Phase::Ended };
            assert_eq!((host.seen(), host.client.phase(), host.client.next_deadline()), (vec![], over, None));
            // Another life goes on with the session.
            host.client.connect(host.now);
            host.drain();
            assert_eq!(host.seen().is_empty(), !kills);
        }
    }
}
