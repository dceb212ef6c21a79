//! Sessions from end to end: taken over, lost, shared, and left in the middle.

use wasmqtt::client::{ClientOptions, CloseReason, Completion, RequestError};
use wasmqtt::codec::{QoS, ReasonCode, Version};
use wasmqtt::simulator::{Action, Actor, ClientEvent, Direction, Fault, Restart, World, WorldOptions};

use super::acts::{
    BOTH, EACH_QOS, begin, connect_elsewhere, cut, end, events, fault, keeping, pair, payloads, publish, reasons,
    request, welcomes,
};

/// [MQTT-3.1.4-3], [MQTT-4.4.0-1].
#[test]
fn a_client_that_comes_back_takes_its_session_over_and_all_that_waits_in_it() {
    for version in BOTH {
        let (mut world, subscriber, publisher) = pair(WorldOptions::default(), version, QoS::AtLeastOnce);
        // The broker sends into the broken link, and keeps what is not acknowledged.
        let half_open =
            Fault::Cut { direction: Direction::Up, after: 0, client_learns: Some(500), broker_learns: None };
        fault(&mut world, subscriber, half_open);
        publish(&mut world, publisher, "waits", QoS::AtLeastOnce);
        world.run(5_000);
        assert_eq!(welcomes(&world, subscriber), [false, true], "{version:?}");
        let heard: Vec<_> = events(&world, subscriber)
            .filter_map(|(_, event)| match event {
                ClientEvent::Message { payload, dup, .. } => Some((&payload[..], *dup)),
                _ => None,
            })
            .collect();
        assert_eq!(heard, [(&b"waits"[..], true)], "{version:?}");
    }
}

/// [MQTT-3.1.4-3].
#[test]
fn a_client_is_told_of_the_takeover_where_the_version_can() {
    for version in BOTH {
        let (mut world, ..) = pair(WorldOptions::default(), version, QoS::AtLeastOnce);
        let options = || ClientOptions { reconnect: None, ..*keeping(version, "twin") };
        world.act(Action::Add(Box::new(options()))).expect("a new client");
        let first = world.find("twin").expect("it is there");
        world.run(100);
        connect_elsewhere(&mut world, options());
        world.run(100);
        let told = match version {
            Version::V3_1_1 => CloseReason::TransportClosed,
            Version::V5 => CloseReason::Disconnected {
                reason: ReasonCode::SessionTakenOver,
                reason_string: Some("session taken over by another connection".into()),
            },
        };
        assert_eq!(reasons(&world, first), [&told]);
    }
}

/// §4.4: a session is lost with all that it owed.
#[test]
fn a_broker_that_forgot_ends_what_was_sent_and_takes_what_waited() {
    for version in BOTH {
        let (mut world, _, client) = pair(WorldOptions::default(), version, QoS::AtLeastOnce);
        let silent = Fault::Cut { direction: Direction::Up, after: 0, client_learns: Some(5_000), broker_learns: None };
        fault(&mut world, client, silent);
        let sent = EACH_QOS.map(|qos| begin(&mut world, client, "sent", qos));
        world.act(Action::RestartBroker(Restart::Forgets)).expect("always");
        world.run(5_000);
        let waiting = begin(&mut world, client, "waiting", QoS::ExactlyOnce);
        world.run(5_000);
        assert_eq!(welcomes(&world, client), [false, false]);
        let ends = sent.map(|request| end(&world, client, request).map(|(_, result)| result.clone()));
        let well = Some(Ok(Completion::Published(ReasonCode::Success)));
        assert_eq!(ends, [well, Some(Err(RequestError::SessionLost)), Some(Err(RequestError::SessionLost))]);
        assert!(matches!(end(&world, client, waiting), Some((_, Ok(_)))), "{version:?}");
    }
}

/// [MQTT-4.8.2-5].
#[test]
fn a_shared_message_comes_to_one_member_even_if_that_one_is_cut() {
    for version in BOTH {
        let (mut world, _, publisher) = pair(WorldOptions::default(), version, QoS::AtMostOnce);
        let members = ["one", "two", "three"].map(|name| {
            world.act(Action::Add(keeping(version, name))).expect("a new client");
            world.find(name).expect("it is there")
        });
        world.run(100);
        for member in members {
            world.act(Action::subscribe(member, "$share/crew/job/+", QoS::ExactlyOnce)).expect("a good filter");
        }
        world.run(100);
        // It ends in the middle of the second message that member "two" gets.
        fault(&mut world, members[1], cut(Direction::Down, 30));
        let all: Vec<String> = (0..12).map(|number| format!("job-{number:02}")).collect();
        for job in &all {
            world.act(Action::publish(publisher, "job/x", job.as_bytes(), QoS::ExactlyOnce)).expect("a good topic");
            world.run(7);
        }
        world.run(10_000);
        let mut heard: Vec<&str> = members.iter().flat_map(|member| payloads(&world, *member)).collect();
        heard.sort_unstable();
        assert_eq!(heard, all, "{version:?}");
        assert_eq!(welcomes(&world, members[1]), [false, true], "{version:?}: it was cut");
        assert!(members.iter().all(|member| payloads(&world, *member).len() >= 2), "each does its part");
    }
}

#[test]
fn every_request_ends_when_the_client_leaves_in_the_middle() {
    for version in BOTH {
        for milliseconds in 0..=100 {
            let mut world = World::new(WorldOptions::default());
            let client = Actor(0);
            world.act(Action::Add(keeping(version, "hasty"))).expect("a new client");
            world.run(100);
            let mut requests = EACH_QOS.map(|qos| begin(&mut world, client, "x", qos)).to_vec();
            let unsubscribe = Action::Unsubscribe { client, filter: "b".into() };
            for action in [Action::subscribe(client, "a", QoS::AtMostOnce), unsubscribe] {
                requests.push(request(&mut world, action).expect("connected"));
            }
            world.run(milliseconds);
            world.act(Action::Disconnect { client, reason: ReasonCode::Success }).expect("a client");
            for request in requests {
                assert!(end(&world, client, request).is_some(), "{version:?} after {milliseconds} ms: {request:?}");
            }
            world.run(1_000);
            assert_eq!(reasons(&world, client), [&CloseReason::Requested]);
            assert_eq!(world.broker().connections(), 0);
        }
    }
}

/// [MQTT-4.6.0-5].
#[test]
fn messages_without_a_connection_wait_and_go_out_in_order() {
    for version in BOTH {
        let (mut world, subscriber, _) = pair(WorldOptions::default(), version, QoS::ExactlyOnce);
        world.act(Action::Add(keeping(version, "early"))).expect("a new client");
        let early = world.find("early").expect("it is there");
        let requests = ["1", "2", "3"].map(|payload| begin(&mut world, early, payload, QoS::ExactlyOnce));
        // The subscriber misses them, too.
        fault(&mut world, subscriber, cut(Direction::Up, 0));
        world.run(10_000);
        assert_eq!(payloads(&world, subscriber), ["1", "2", "3"]);
        assert!(requests.iter().all(|request| matches!(end(&world, early, *request), Some((_, Ok(_))))));
    }
}
