//! Actions, from lists that the TypeScript face has checked, and as values for JavaScript.

use alloc::boxed::Box;
use core::num::NonZeroU32;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

use super::{WorldCore, of_world};
use crate::client::ClientOptions;
use crate::codec::{PacketId, QoS, ReasonCode, RetainHandling, SubscriptionOptions};
use crate::simulator::{Action, Actor, Direction, Fault, Restart, World};
use crate::wasm::convert::broker_event::version_number;
use crate::wasm::convert::client_options;
use crate::wasm::js::value::Value::{self, Absent, Bytes, Flag, Object, Text};
use crate::wasm::js::value::{Members, count, number};
use crate::wasm::js::{list, properties};

/// Returns the action of a list: its type, the client's name, and then what the type has.
///
/// # Errors
/// A failure if there is no such client or type, or if a client's option is wrong.
pub(super) fn read(world: &WorldCore, given: &Array) -> Result<Action, JsValue> {
    let (kind, name) = (list::text(given, 0), list::text(given, 1));
    match kind.as_str() {
        "add" => return add(world, given).map(Box::new).map(Action::Add),
        "restart" => return Ok(Action::RestartBroker(restart(&name))),
        _ => {}
    }
    let client = world.actor(&name)?;
    let text = |index| list::text(given, index).into_boxed_str();
    let fault = |fault| Action::Fault { client, fault };
    Ok(match kind.as_str() {
        "subscribe" => Action::Subscribe { client, filter: text(2), options: subscription(list::number(given, 3)) },
        "unsubscribe" => Action::Unsubscribe { client, filter: text(2) },
        "publish" => publish(client, given)?,
        "disconnect" => Action::Disconnect { client, reason: reason(given) },
        "kill" => Action::Kill { client },
        "reload" => Action::Reload { client },
        "dismiss" => Action::Dismiss { client, reason: reason(given) },
        "latency" => fault(Fault::Latency { milliseconds: millis(given, 2), jitter: millis(given, 3) }),
        "bandwidth" => fault(Fault::Bandwidth(NonZeroU32::new(list::number(given, 2)))),
        "stall" => fault(Fault::Stall(millis(given, 2))),
        "cut" => fault(cut(given)),
        "black-hole" => fault(Fault::BlackHole),
        "slow-reader" => fault(Fault::SlowReader(NonZeroU32::new(list::number(given, 2)))),
        "segments" => fault(Fault::Segments(NonZeroU32::new(list::number(given, 2)))),
        other => return Err(of_world(&format!("there is no action {other:?}"))),
    })
}

fn reason(given: &Array) -> ReasonCode {
    let reason = u8::try_from(list::number(given, 2)).ok().and_then(ReasonCode::from_value);
    reason.unwrap_or(ReasonCode::Success)
}

fn millis(given: &Array, index: u32) -> u64 {
    list::number(given, index).into()
}

/// The options of a new client: the client's list, the user name and the password.
fn add(world: &WorldCore, given: &Array) -> Result<ClientOptions, JsValue> {
    let mut options = client_options::read(&list::list(given, 2))?;
    options.username = given.get(3).as_string();
    options.password = given.get(4).dyn_into::<js_sys::Uint8Array>().ok().map(|password| password.to_vec());
    // The same world is to come of the same actions.
    options.first_packet_id = PacketId::FIRST;
    let timeline = world.timeline.borrow();
    options.seed = timeline.world().options().seed.wrapping_add(timeline.world().moments());
    Ok(options)
}

fn publish(client: Actor, given: &Array) -> Result<Action, JsValue> {
    let flags = list::number(given, 4);
    let given_properties = given.get(5).dyn_into::<Array>().ok();
    Ok(Action::Publish {
        client,
        topic: list::text(given, 2).into(),
        payload: list::bytes(given, 3).into(),
        qos: u8::try_from(flags >> 1).ok().and_then(QoS::from_bits).unwrap_or(QoS::AtMostOnce),
        retain: flags & 1 != 0,
        properties: properties::write(given_properties)?,
    })
}

/// The options byte of SUBSCRIBE (§3.8.3.1).
fn subscription(bits: u32) -> SubscriptionOptions {
    SubscriptionOptions {
        qos: u8::try_from(bits & 3).ok().and_then(QoS::from_bits).unwrap_or(QoS::AtMostOnce),
        no_local: bits & 4 != 0,
        retain_as_published: bits & 8 != 0,
        retain_handling: match bits >> 4 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            _ => RetainHandling::DoNotSend,
        },
    }
}

fn restart(name: &str) -> Restart {
    match name {
        "written" => Restart::Written,
        "unwritten" => Restart::Unwritten,
        _ => Restart::Forgets,
    }
}

fn cut(given: &Array) -> Fault {
    let after = |index| given.get(index).as_f64().map(super::whole);
    Fault::Cut {
        direction: if list::text(given, 2) == "up" { Direction::Up } else { Direction::Down },
        after: list::number(given, 3) as usize,
        client_learns: after(4),
        broker_learns: after(5),
    }
}

/// Returns the name of a client.
pub(super) fn name(world: &World, actor: Actor) -> Value<'_> {
    world.name(actor).map_or(Absent, Text)
}

/// Converts an action of a world.
pub(super) fn value<'a>(world: &'a World, action: &'a Action) -> Value<'a> {
    Object(members(world, action))
}

fn members<'a>(world: &'a World, action: &'a Action) -> Members<'a> {
    let of = |kind: &'static str, client: Actor| vec![("type", Text(kind)), ("client", name(world, client))];
    let with = |mut members: Members<'a>, more: Members<'a>| {
        members.extend(more);
        members
    };
    match action {
        Action::Add(options) => vec![
            ("type", Text("add")),
            ("client", Text(&options.client_id)),
            ("version", number(version_number(options.version))),
            ("cleanStart", Flag(options.clean_start)),
            ("keepAlive", number(options.keep_alive)),
        ],
        Action::Join(name) => vec![("type", Text("join")), ("client", Text(name))],
        Action::Open { client } => of("open", *client),
        Action::Send { client, link, bytes } => {
            with(of("send", *client), vec![("link", number(link.0)), ("bytes", Bytes(bytes))])
        }
        Action::Close { client, link } => with(of("close", *client), vec![("link", number(link.0))]),
        Action::Subscribe { client, filter, options } => {
            with(of("subscribe", *client), vec![("filter", Text(filter)), ("qos", number(options.qos.bits()))])
        }
        Action::Unsubscribe { client, filter } => with(of("unsubscribe", *client), vec![("filter", Text(filter))]),
        Action::Publish { client, topic, payload, qos, retain, .. } => with(
            of("publish", *client),
            vec![
                ("topic", Text(topic)),
                ("payload", Bytes(payload)),
                ("qos", number(qos.bits())),
                ("retain", Flag(*retain)),
            ],
        ),
        Action::Disconnect { client, reason } => {
            with(of("disconnect", *client), vec![("reasonCode", number(reason.value()))])
        }
        Action::Kill { client } => of("kill", *client),
        Action::Reload { client } => of("reload", *client),
        Action::Dismiss { client, reason } => {
            with(of("dismiss", *client), vec![("reasonCode", number(reason.value()))])
        }
        Action::RestartBroker(restart) => vec![("type", Text("restart")), ("state", Text(restart_name(*restart)))],
        Action::Fault { client, fault } => {
            let (kind, more) = fault_members(fault);
            with(of(kind, *client), more)
        }
        Action::Step => vec![("type", Text("step"))],
        Action::Run(milliseconds) => vec![("type", Text("run")), ("milliseconds", millis_value(*milliseconds))],
        Action::Choose(index) => vec![("type", Text("choose")), ("index", count(*index))],
    }
}

fn fault_members(fault: &Fault) -> (&'static str, Members<'static>) {
    let rate = |rate: &Option<NonZeroU32>| rate.map_or(Absent, |rate| number(rate.get()));
    match fault {
        Fault::Latency { milliseconds, jitter } => {
            ("latency", vec![("milliseconds", millis_value(*milliseconds)), ("jitter", millis_value(*jitter))])
        }
        Fault::Bandwidth(bytes) => ("bandwidth", vec![("bytesPerSecond", rate(bytes))]),
        Fault::Stall(milliseconds) => ("stall", vec![("milliseconds", millis_value(*milliseconds))]),
        Fault::Cut { direction, after, client_learns, broker_learns } => (
            "cut",
            vec![
                ("direction", Text(direction_name(*direction))),
                ("after", count(*after)),
                ("clientLearns", client_learns.map_or(Absent, millis_value)),
                ("brokerLearns", broker_learns.map_or(Absent, millis_value)),
            ],
        ),
        Fault::BlackHole => ("black-hole", Members::new()),
        Fault::SlowReader(bytes) => ("slow-reader", vec![("bytesPerSecond", rate(bytes))]),
        Fault::Segments(bytes) => ("segments", vec![("bytesMax", rate(bytes))]),
    }
}

pub(super) fn millis_value<'a>(milliseconds: u64) -> Value<'a> {
    Value::Number(super::pace::number(milliseconds))
}

pub(super) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

pub(super) const fn restart_name(restart: Restart) -> &'static str {
    match restart {
        Restart::Forgets => "none",
        Restart::Written => "written",
        Restart::Unwritten => "unwritten",
    }
}
