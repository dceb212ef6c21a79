//! Actions, field by field, behind the number of their kind.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::ShareError;
use super::fields::Fields;
use super::options::{QOS, client, properties};
use crate::client::ClientOptions;
use crate::codec::{PropertiesBuf, PropertyPlace, QoS, ReasonCode, RetainHandling, SubscriptionOptions};
use crate::simulator::{Action, Actor, Direction, Fault, LinkId, Restart};

type Done = Result<(), ShareError>;

pub(super) fn all(fields: &mut Fields<'_>, actions: &mut Vec<Action>) -> Done {
    let mut count = actions.len();
    fields.int(&mut count)?;
    for index in 0..count {
        let mut kind = actions.get(index).map_or(0, number);
        fields.int(&mut kind)?;
        if index == actions.len() {
            actions.push(empty(kind).ok_or(fields.damage())?);
        }
        one(fields, &mut actions[index])?;
    }
    Ok(())
}

const fn number(action: &Action) -> u8 {
    match action {
        Action::Add(_) => 0,
        Action::Subscribe { .. } => 1,
        Action::Unsubscribe { .. } => 2,
        Action::Publish { .. } => 3,
        Action::Disconnect { .. } => 4,
        Action::Kill { .. } => 5,
        Action::Reload { .. } => 6,
        Action::RestartBroker(_) => 7,
        Action::Step => 8,
        Action::Run(_) => 9,
        Action::Choose(_) => 10,
        Action::Fault { fault, .. } => match fault {
            Fault::Latency { .. } => 11,
            Fault::Bandwidth(_) => 12,
            Fault::Stall(_) => 13,
            Fault::Cut { .. } => 14,
            Fault::BlackHole => 15,
            Fault::SlowReader(_) => 16,
            Fault::Segments(_) => 21,
        },
        Action::Join(_) => 17,
        Action::Open { .. } => 18,
        Action::Send { .. } => 19,
        Action::Close { .. } => 20,
        Action::Dismiss { .. } => 22,
    }
}

/// Returns an action of this kind, to be filled.
fn empty(kind: u8) -> Option<Action> {
    let client = Actor(0);
    let fault = |fault| Some(Action::Fault { client, fault });
    match kind {
        0 => Some(Action::Add(Box::new(ClientOptions::new("")))),
        1 => Some(Action::subscribe(client, "", QoS::AtMostOnce)),
        2 => Some(Action::Unsubscribe { client, filter: Box::default() }),
        3 => Some(Action::publish(client, "", b"", QoS::AtMostOnce)),
        4 => Some(Action::Disconnect { client, reason: ReasonCode::Success }),
        5 => Some(Action::Kill { client }),
        6 => Some(Action::Reload { client }),
        7 => Some(Action::RestartBroker(Restart::Forgets)),
        8 => Some(Action::Step),
        9 => Some(Action::Run(0)),
        10 => Some(Action::Choose(0)),
        11 => fault(Fault::Latency { milliseconds: 0, jitter: 0 }),
        12 => fault(Fault::Bandwidth(None)),
        13 => fault(Fault::Stall(0)),
        14 => fault(Fault::Cut { direction: Direction::Up, after: 0, client_learns: None, broker_learns: None }),
        15 => fault(Fault::BlackHole),
        16 => fault(Fault::SlowReader(None)),
        17 => Some(Action::Join(Box::default())),
        18 => Some(Action::Open { client }),
        19 => Some(Action::Send { client, link: LinkId(0), bytes: Box::default() }),
        20 => Some(Action::Close { client, link: LinkId(0) }),
        21 => fault(Fault::Segments(None)),
        22 => Some(Action::Dismiss { client, reason: ReasonCode::Success }),
        _ => None,
    }
}

fn one(fields: &mut Fields<'_>, action: &mut Action) -> Done {
    match action {
        Action::Add(options) => client(fields, options),
        Action::Subscribe { client, filter, options } => {
            fields.int(&mut client.0)?;
            fields.boxed_text(filter)?;
            subscription(fields, options)
        }
        Action::Unsubscribe { client, filter } => {
            fields.int(&mut client.0)?;
            fields.boxed_text(filter)
        }
        Action::Publish { client, topic, payload, qos, retain, properties: list } => {
            fields.int(&mut client.0)?;
            publish(fields, topic, payload, list)?;
            fields.one_of(qos, &QOS)?;
            fields.flag(retain)
        }
        Action::Disconnect { client, reason } => {
            fields.int(&mut client.0)?;
            fields.one_of(reason, &[ReasonCode::Success, ReasonCode::DisconnectWithWill])
        }
        Action::Dismiss { client, reason } => {
            fields.int(&mut client.0)?;
            let mut value = reason.value();
            fields.int(&mut value)?;
            *reason = ReasonCode::from_value(value).ok_or(fields.damage())?;
            Ok(())
        }
        Action::Join(name) => fields.boxed_text(name),
        Action::Send { client, link, bytes } => {
            fields.int(&mut client.0)?;
            fields.int(&mut link.0)?;
            boxed_bytes(fields, bytes)
        }
        Action::Close { client, link } => {
            fields.int(&mut client.0)?;
            fields.int(&mut link.0)
        }
        Action::Kill { client } | Action::Reload { client } | Action::Open { client } => fields.int(&mut client.0),
        Action::RestartBroker(restart) => {
            fields.one_of(restart, &[Restart::Forgets, Restart::Written, Restart::Unwritten])
        }
        Action::Step => Ok(()),
        Action::Run(milliseconds) => fields.number(milliseconds),
        Action::Choose(index) => fields.int(index),
        Action::Fault { client, fault: one } => {
            fields.int(&mut client.0)?;
            fault(fields, one)
        }
    }
}

fn subscription(fields: &mut Fields<'_>, options: &mut SubscriptionOptions) -> Done {
    fields.one_of(&mut options.qos, &QOS)?;
    fields.flag(&mut options.no_local)?;
    fields.flag(&mut options.retain_as_published)?;
    let all = [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend];
    fields.one_of(&mut options.retain_handling, &all)
}

fn publish(fields: &mut Fields<'_>, topic: &mut Box<str>, payload: &mut Box<[u8]>, list: &mut PropertiesBuf) -> Done {
    fields.boxed_text(topic)?;
    boxed_bytes(fields, payload)?;
    properties(fields, list, PropertyPlace::Publish)
}

fn boxed_bytes(fields: &mut Fields<'_>, value: &mut Box<[u8]>) -> Done {
    let mut bytes = Vec::from(core::mem::take(value));
    fields.bytes(&mut bytes)?;
    *value = bytes.into();
    Ok(())
}

fn fault(fields: &mut Fields<'_>, fault: &mut Fault) -> Done {
    match fault {
        Fault::Latency { milliseconds, jitter } => {
            fields.millis(milliseconds)?;
            fields.millis(jitter)
        }
        Fault::Bandwidth(bytes) | Fault::SlowReader(bytes) | Fault::Segments(bytes) => rate(fields, bytes),
        Fault::Stall(milliseconds) => fields.millis(milliseconds),
        Fault::Cut { direction, after, client_learns, broker_learns } => {
            fields.one_of(direction, &[Direction::Up, Direction::Down])?;
            fields.int(after)?;
            fields.option(client_learns, || 0, Fields::millis)?;
            fields.option(broker_learns, || 0, Fields::millis)
        }
        Fault::BlackHole => Ok(()),
    }
}

/// Bytes per second; 0 is no limit.
fn rate(fields: &mut Fields<'_>, bytes: &mut Option<NonZeroU32>) -> Done {
    let mut number = bytes.map_or(0, NonZeroU32::get);
    fields.int(&mut number)?;
    *bytes = NonZeroU32::new(number);
    Ok(())
}
