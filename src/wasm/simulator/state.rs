//! State of a world as values for JavaScript: position, choices, branches, monitors.

use super::actions::{direction_name, millis_value};
use super::entries::place_name;
use crate::simulator::{Branch, Choice, Guarantee, Timeline, Violation, World};
use crate::time::Time;
use crate::wasm::js::value::Value::{self, Absent, Flag, List, Object, Owned, Text};
use crate::wasm::js::value::{Members, count, number};

/// Returns where the world stands.
pub(super) fn position(timeline: &Timeline) -> Value<'_> {
    let (world, branch) = (timeline.world(), timeline.branch());
    Object(vec![
        ("now", millis_value(world.now().as_millis())),
        ("moment", millis_value(world.moments())),
        ("entries", count(world.trace().entries().len())),
        ("hash", Owned(format!("{:016x}", world.trace().hash()))),
        ("branch", Text(&branch.name)),
        ("end", millis_value(branch.end.as_millis())),
        ("moments", millis_value(branch.moments)),
        ("isPast", Flag(timeline.is_past())),
        ("nextAt", world.next_event_at().map_or(Absent, |at| millis_value(at.as_millis()))),
    ])
}

/// Returns the pending events.
pub(super) fn choices(world: &World) -> Value<'_> {
    List(world.choices().iter().map(|(at, choice)| Object(choice_members(world, *at, *choice))).collect())
}

fn choice_members(world: &World, at: Time, choice: Choice) -> Members<'_> {
    let mut members = vec![("at", millis_value(at.as_millis()))];
    members.extend(match choice {
        Choice::Opens(link) => vec![("type", Text("opens")), ("link", number(link.0))],
        Choice::Arrives(link, direction) => {
            vec![("type", Text("arrives")), ("link", number(link.0)), ("direction", Text(direction_name(direction)))]
        }
        Choice::Learns(link, direction) => {
            vec![("type", Text("learns")), ("link", number(link.0)), ("direction", Text(direction_name(direction)))]
        }
        Choice::Timer(place) => vec![("type", Text("timer")), ("place", place_name(world, place))],
        Choice::Stored => vec![("type", Text("stored"))],
    });
    members
}

/// Returns all branches.
pub(super) fn branches(timeline: &Timeline) -> Value<'_> {
    let current = &*timeline.branch().name;
    let branch = |one| Object(branch_members(one, current));
    List(timeline.branches().iter().map(branch).collect())
}

fn branch_members<'a>(branch: &'a Branch, current: &str) -> Members<'a> {
    vec![
        ("name", Text(&branch.name)),
        ("end", millis_value(branch.end.as_millis())),
        ("moments", millis_value(branch.moments)),
        ("isCurrent", Flag(&*branch.name == current)),
    ]
}

/// Returns the guarantees, each with the first of the violations that its monitor has found.
pub(super) fn monitors<'a>(guarantees: &[Guarantee], violations: &'a [Violation]) -> Value<'a> {
    let guarantee = |guarantee: &Guarantee| {
        let first = violations.iter().find(|violation| violation.guarantee == *guarantee);
        Object(vec![
            ("name", Owned(format!("{guarantee:?}"))),
            ("text", Text(first.map_or(guarantee.name(), |first| &first.text))),
            ("state", Text(if first.is_some() { "broken" } else { "holds" })),
            ("entry", first.map_or(Absent, |first| number(first.entry.0))),
        ])
    };
    List(guarantees.iter().map(guarantee).collect())
}
