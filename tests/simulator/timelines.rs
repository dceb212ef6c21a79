//! A timeline goes back to any moment, and its past has branches.

use wasmqtt::codec::QoS;
use wasmqtt::simulator::{Action, ActionError, Actor, Direction, Fault, Timeline, TimelineError, WorldOptions};
use wasmqtt::time::Time;

use super::acts::{BOTH, keeping};

fn options() -> WorldOptions {
    WorldOptions { jitter: 30, has_store: true, ..WorldOptions::default() }
}

/// A run of two clients with faults, and the trace's length and hash at each of its moments.
fn story() -> (Timeline, Vec<(u64, usize, u64)>) {
    let mut timeline = Timeline::new(options());
    for name in ["subscriber", "publisher"] {
        timeline.act(Action::Add(keeping(BOTH[1], name))).expect("a new client");
    }
    timeline.run(200).expect("time passes");
    timeline.act(Action::subscribe(Actor(0), "t/#", QoS::ExactlyOnce)).expect("a good filter");
    for round in 0..30_u8 {
        timeline.act(Action::publish(Actor(1), "t/a", &[round], QoS::ExactlyOnce)).expect("a good topic");
        timeline.run(13).expect("time passes");
        let fault =
            Fault::Cut { direction: Direction::Up, after: round.into(), client_learns: Some(5), broker_learns: None };
        let _ = timeline.act(Action::Fault { client: Actor(usize::from(round % 2)), fault });
        timeline.run(400).expect("time passes");
    }
    let mut marks = Vec::new();
    let last = timeline.world().moments();
    timeline.rewind_to(0).expect("the beginning");
    while timeline.world().moments() < last {
        marks.push(mark(&timeline));
        timeline.step().expect("a recorded event");
    }
    marks.push(mark(&timeline));
    (timeline, marks)
}

fn mark(timeline: &Timeline) -> (u64, usize, u64) {
    let world = timeline.world();
    (world.moments(), world.trace().entries().len(), world.trace().hash())
}

#[test]
fn a_run_of_no_time_does_all_that_is_due_now() {
    let mut timeline = Timeline::new(WorldOptions { latency: 0, ..WorldOptions::default() });
    timeline.act(Action::Add(keeping(BOTH[1], "client"))).expect("a new client");
    timeline.run(0).expect("the link opens, and packets arrive");
    let is_connected = |timeline: &Timeline| timeline.world().broker().clients().count() == 1;
    assert!(is_connected(&timeline));
    let (actions, after) = (timeline.branch().actions.len(), mark(&timeline));
    timeline.run(0).expect("nothing is due");
    assert_eq!((timeline.branch().actions.len(), mark(&timeline)), (actions, after));
    // In the past, the same happens again, and makes no branch.
    timeline.rewind_to(1).expect("the client was added");
    assert!(!is_connected(&timeline));
    timeline.run(0).expect("it happens again");
    assert_eq!((timeline.branches().len(), mark(&timeline)), (1, after));
}

#[test]
fn each_moment_is_the_same_whichever_way_it_is_reached() {
    let (mut timeline, marks) = story();
    assert!(marks.len() > 500, "{}", marks.len());
    let all = marks.len();
    for moment in (0..all).step_by(7).chain((0..all).rev().step_by(11)) {
        timeline.rewind_to(moment as u64).expect("a moment of the branch");
        assert_eq!(mark(&timeline), marks[moment], "moment {moment}");
        while !timeline.tend(50) {}
    }
    timeline.rewind(timeline.branch().end).expect("the end");
    assert_eq!(mark(&timeline), marks[all - 1]);
    assert!(!timeline.is_past());
}

#[test]
fn spares_are_worlds_of_the_branch() {
    let mut timeline = Timeline::new(options());
    timeline.act(Action::Add(keeping(BOTH[1], "sensor"))).expect("a new client");
    timeline.run(500).expect("time passes");
    for round in 0..700_u32 {
        timeline.act(Action::publish(Actor(0), "t", &round.to_be_bytes(), QoS::AtLeastOnce)).expect("a good topic");
        timeline.run(50).expect("time passes");
    }
    let (all, end) = (timeline.branch().moments, timeline.branch().end);
    assert!(all > 2_000, "{all}");
    let hash = timeline.world().trace().hash();
    for time in [30_000, 1_000, 20_000, 0, 35_000] {
        while !timeline.tend(100) {}
        timeline.rewind(Time::from_millis(time)).expect("the past");
        assert_eq!(timeline.world().now(), Time::from_millis(time));
        timeline.rewind(end).expect("the end");
        assert_eq!(timeline.world().trace().hash(), hash, "by way of {time} ms");
    }
}

#[test]
fn a_run_in_the_past_is_what_was_done_then() {
    let (mut timeline, marks) = story();
    let end = timeline.branch().end;
    timeline.rewind(Time::from_millis(1_000)).expect("the past");
    assert!(timeline.is_past());
    timeline.run(end.as_millis() - 1_000).expect("time passes");
    assert_eq!(Some(&mark(&timeline)), marks.last());
    assert_eq!(timeline.branches().len(), 1);
}

#[test]
fn an_action_in_the_past_makes_a_branch_and_the_old_one_stays() {
    let (mut timeline, marks) = story();
    for at in [0, 333, 1_000, 5_000] {
        let moments = marks.len() as u64 - 1;
        timeline.switch("main").expect("the first branch");
        timeline.rewind(Time::from_millis(at)).expect("the past");
        timeline.act(Action::Kill { client: Actor(0) }).expect("a client");
        timeline.run(3_000).expect("time passes");
        let branch = timeline.branch().clone();
        assert_ne!(&*branch.name, "main");
        assert_eq!(branch.end.as_millis(), at + 3_000);
        let hash = timeline.world().trace().hash();
        let twin = Timeline::replay(options(), &branch.actions).expect("they could be done before");
        assert_eq!(twin.world().trace().hash(), hash, "the branch is a run of its own");
        timeline.switch("main").expect("the first branch");
        assert_eq!(Some(&mark(&timeline)), marks.last());
        assert_eq!(timeline.branch().moments, moments);
        timeline.switch(&branch.name).expect("the new branch");
        assert_eq!(timeline.world().trace().hash(), hash);
    }
    timeline.rename("without the subscriber").expect("a new name");
    assert_eq!(timeline.rename("main"), Err(TimelineError::TakenName("main".into())));
    assert_eq!(timeline.branches().len(), 5);
}

#[test]
fn moments_that_are_not_there_are_errors() {
    let (mut timeline, marks) = story();
    let (end, count) = (timeline.branch().end, marks.len() as u64 - 1);
    let time = Time::from_millis(end.as_millis() + 1);
    let branch: Box<str> = "main".into();
    assert_eq!(timeline.rewind(time), Err(TimelineError::Future { time, end, branch: branch.clone() }));
    let moment = count + 1;
    assert_eq!(timeline.rewind_to(moment), Err(TimelineError::UnknownMoment { moment, count, branch }));
    assert_eq!(timeline.switch("nowhere"), Err(TimelineError::UnknownBranch("nowhere".into())));
    assert_eq!(Some(&mark(&timeline)), marks.last(), "nothing has changed");
}

#[test]
fn a_full_trace_stops_the_clock_and_replays() {
    let options = WorldOptions { trace_entries_max: 100, ..options() };
    let mut timeline = Timeline::new(options.clone());
    timeline.act(Action::Add(keeping(BOTH[1], "sensor"))).expect("a new client");
    let full = timeline.run(u64::MAX / 2);
    assert!(matches!(full, Err(ActionError::TraceFull(100))), "{full:?}");
    let refused = timeline.act(Action::Kill { client: Actor(0) });
    assert_eq!(refused, Err(ActionError::TraceFull(100)));
    assert!(timeline.world().trace().entries().len() < 200);
    let (hash, now) = (timeline.world().trace().hash(), timeline.world().now());
    let twin = Timeline::replay(options, &timeline.branch().actions).expect("a shorter run");
    assert_eq!((twin.world().trace().hash(), twin.world().now()), (hash, now));
}
