//! A run at another quality of service: the same actions at the same times.

use wasmqtt::codec::QoS;
use wasmqtt::simulator::{Action, ActionError, Actor, Direction, Event, Fault, Timeline, WorldOptions};

use super::acts::{BOTH, keeping};

/// Two messages at QoS 1. The acknowledgement of the second is lost, and its sender comes back.
fn story(trace_entries_max: usize) -> Result<Timeline, ActionError> {
    let mut timeline = Timeline::new(WorldOptions { trace_entries_max, ..WorldOptions::default() });
    for name in ["subscriber", "publisher"] {
        timeline.act(Action::Add(keeping(BOTH[1], name)))?;
    }
    timeline.run(200)?;
    timeline.act(Action::subscribe(Actor(0), "t/#", QoS::AtLeastOnce))?;
    timeline.run(200)?;
    timeline.act(Action::publish(Actor(1), "t/a", b"first", QoS::AtLeastOnce))?;
    timeline.run(200)?;
    timeline.act(Action::publish(Actor(1), "t/a", b"second", QoS::AtLeastOnce))?;
    timeline.run(25)?;
    let fault = Fault::Cut { direction: Direction::Up, after: 0, client_learns: Some(100), broker_learns: Some(100) };
    timeline.act(Action::Fault { client: Actor(1), fault })?;
    timeline.run(60_000)?;
    Ok(timeline)
}

fn messages(timeline: &Timeline) -> Vec<String> {
    let all = timeline.world().messages(Actor(0));
    all.map(|(_, payload)| String::from_utf8_lossy(payload).into_owned()).collect()
}

/// Times of the actions in the trace.
fn times(timeline: &Timeline) -> Vec<u64> {
    let entries = timeline.world().trace().entries().iter();
    entries.filter(|entry| matches!(entry.event, Event::Action(_))).map(|entry| entry.at.as_millis()).collect()
}

#[test]
fn the_same_run_gives_what_each_quality_promises() {
    let run = story(10_000).expect("a run within its bounds");
    let at = |qos| run.at_qos(qos).expect("a run within its bounds");
    assert_eq!(messages(&run), ["first", "second", "second"]);
    assert_eq!(messages(&at(QoS::AtMostOnce)), ["first", "second"]);
    assert_eq!(messages(&at(QoS::AtLeastOnce)), messages(&run));
    assert_eq!(messages(&at(QoS::ExactlyOnce)), ["first", "second"]);
}

#[test]
fn its_actions_are_at_the_same_times_and_it_ends_at_the_same_time() {
    let run = story(10_000).expect("a run within its bounds");
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let variant = run.at_qos(qos).expect("a run within its bounds");
        assert_eq!(times(&variant), times(&run));
        assert_eq!(variant.world().now(), run.world().now());
    }
    let same = run.at_qos(QoS::AtLeastOnce).expect("a run within its bounds");
    assert_eq!(same.world().trace().hash(), run.world().trace().hash());
}

#[test]
fn a_full_trace_is_an_error() {
    let all = story(10_000).expect("a run within its bounds").world().trace().entries().len();
    let run = story(all + 1).expect("a run within its bounds");
    assert!(matches!(run.at_qos(QoS::ExactlyOnce), Err(ActionError::TraceFull(_))));
}
