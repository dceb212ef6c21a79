//! A run as a link: what comes back is the same run, and a damaged link is an error.

use std::num::NonZeroU32;

use wasmqtt::broker::{BrokerOptions, QueueOverflow};
use wasmqtt::codec::{QoS, ReasonCode};
use wasmqtt::simulator::{
    Action, Actor, Direction, Fault, Restart, ShareError, SharedRun, Timeline, TimelineError, WorldOptions,
};
use wasmqtt::time::Time;

use super::acts::{BOTH, keeping};

/// A run with an action of each kind, and options of each kind.
fn rich() -> Timeline {
    let broker = BrokerOptions {
        maximum_qos: QoS::ExactlyOnce,
        queue_overflow: QueueOverflow::DropOldest,
        queue_messages: 5,
        ..BrokerOptions::default()
    };
    let options = WorldOptions { seed: 99, jitter: 13, has_store: true, broker, ..WorldOptions::default() };
    let mut timeline = Timeline::new(options);
    for (index, version) in BOTH.into_iter().enumerate() {
        timeline.act(Action::Add(keeping(version, &format!("client {index}")))).expect("a new client");
    }
    timeline.run(200).expect("time passes");
    let client = Actor(0);
    let faults = [
        Fault::Latency { milliseconds: 5, jitter: 2 },
        Fault::Bandwidth(NonZeroU32::new(1_000)),
        Fault::Stall(30),
        Fault::SlowReader(NonZeroU32::new(100)),
        Fault::Cut { direction: Direction::Down, after: 7, client_learns: Some(3), broker_learns: None },
    ];
    let mut actions = vec![
        Action::subscribe(client, "t/#", QoS::ExactlyOnce),
        Action::publish(Actor(1), "t/a", b"\x00\xFF", QoS::AtLeastOnce),
        Action::Unsubscribe { client, filter: "t/b".into() },
    ];
    actions.extend(faults.map(|fault| Action::Fault { client, fault }));
    actions.extend([
        Action::RestartBroker(Restart::Unwritten),
        Action::Choose(0),
        Action::Reload { client },
        Action::Kill { client: Actor(1) },
        Action::Disconnect { client, reason: ReasonCode::DisconnectWithWill },
    ]);
    for action in actions {
        timeline.act(action.clone()).unwrap_or_else(|error| panic!("{action:?}: {error}"));
        timeline.step().expect("an event");
        timeline.run(40).expect("time passes");
    }
    timeline
}

#[test]
fn a_link_brings_the_same_run_at_the_same_position() {
    let mut timeline = rich();
    let hash = timeline.world().trace().hash();
    for time in [timeline.branch().end, Time::from_millis(333)] {
        timeline.rewind(time).expect("the past");
        let link = SharedRun::of(&timeline).to_link();
        assert!(link.len() < 600, "{} characters", link.len());
        let mut opened = SharedRun::from_link(&link).expect("a link").replay().expect("a run");
        let (here, there) = (timeline.world(), opened.world());
        assert_eq!((there.moments(), there.trace().hash()), (here.moments(), here.trace().hash()));
        assert_eq!(there.options().broker.queue_messages, 5);
        assert_eq!(SharedRun::of(&opened).to_link(), link, "it is the same link again");
        opened.rewind(timeline.branch().end).expect("the end");
        assert_eq!(opened.world().trace().hash(), hash);
    }
}

#[test]
fn a_link_with_any_change_is_an_error() {
    let link = SharedRun::of(&rich()).to_link();
    for index in 0..link.len() {
        let cut = SharedRun::from_link(&link[..index]);
        assert!(cut.is_err(), "cut at {index}");
        let other = if &link[index..=index] == "A" { "Q" } else { "A" };
        let changed = format!("{}{other}{}", &link[..index], &link[index + 1..]);
        // The last character may have bits that count for nothing.
        assert!(SharedRun::from_link(&changed).is_err() || index + 1 == link.len(), "changed at {index}");
    }
    let spaced = SharedRun::from_link(&format!("{}{}", &link[..9], " x"));
    assert_eq!(spaced.map(|_| ()), Err(ShareError::Character { offset: 9, character: ' ' }));
}

#[test]
fn a_link_of_another_version_names_both() {
    // Version 9, without a field, and its checksum.
    let foreign = SharedRun::from_link("CQwMaCQ");
    let text = foreign.map(|_| ()).expect_err("a foreign link").to_string();
    assert!(text.contains("the form 9") && text.contains("reads 1"), "{text}");
}

#[test]
fn a_link_that_lies_is_an_error_and_no_panic() {
    let run = SharedRun::of(&rich());
    let unknown = SharedRun { actions: vec![Action::Kill { client: Actor(3) }], ..run.clone() };
    let replayed = SharedRun::from_link(&unknown.to_link()).expect("well formed").replay();
    assert!(matches!(replayed, Err(ShareError::Action { index: 0, .. })), "{replayed:?}");
    let beyond = SharedRun { moment: u64::MAX, ..run };
    let replayed = SharedRun::from_link(&beyond.to_link()).expect("well formed").replay();
    let is_unknown = matches!(replayed, Err(ShareError::Position(TimelineError::UnknownMoment { .. })));
    assert!(is_unknown, "{replayed:?}");
}
