//! Entries of the trace as values for JavaScript.

use alloc::string::ToString;

use wasm_bindgen::JsValue;

use super::actions::{self, direction_name, millis_value, name, restart_name};
use crate::client::{Completion, Notice, RequestError};
use crate::codec::{PacketKind, QoS};
use crate::simulator::{Actor, ClientEvent, Event, Fate, LinkEvent, LossCause, PacketRecord, Place, TraceEntry, World};
use crate::wasm::convert::broker_event::event_value;
use crate::wasm::js::value::Value::{self, Absent, Bytes, Flag, List, Number, Object, Owned, Text};
use crate::wasm::js::value::{Members, count, number, to_js};

/// Entries of a page, at most. One call converts no more, so that it never freezes the page.
const PAGE_MAX: usize = 10_000;

/// Converts the entries from one index to another, as far as there are some.
pub(super) fn page(world: &World, from: usize, to: usize) -> JsValue {
    let all = world.trace().entries();
    let to = to.min(all.len()).min(from.saturating_add(PAGE_MAX));
    let page = all.get(from..to).unwrap_or_default();
    to_js(&List(page.iter().map(|one| entry(world, one)).collect()))
}

fn entry<'a>(world: &'a World, entry: &'a TraceEntry) -> Value<'a> {
    let mut members = vec![
        ("at", millis_value(entry.at.as_millis())),
        ("cause", entry.cause.map_or(Absent, |cause| number(cause.0))),
    ];
    members.extend(event(world, &entry.event));
    Object(members)
}

fn event<'a>(world: &'a World, event: &'a Event) -> Members<'a> {
    match event {
        Event::Action(index) => {
            let action = world.actions().get(*index as usize);
            vec![("type", Text("action")), ("action", action.map_or(Absent, |action| actions::value(world, action)))]
        }
        Event::Timer(place) => vec![("type", Text("timer")), ("place", place_name(world, *place))],
        Event::Packet(record) => packet(world, record),
        Event::Broker(event) => vec![("type", Text("broker")), ("event", event_value(event))],
        Event::Stored => vec![("type", Text("stored"))],
        Event::Restarted(restart) => vec![("type", Text("restarted")), ("state", Text(restart_name(*restart)))],
        Event::Client(actor, event) => {
            let (kind, more) = client_event(event);
            let mut members = vec![("type", Text("client")), ("client", name(world, *actor)), ("event", Text(kind))];
            members.extend(more);
            members
        }
        Event::Link(link, event) => {
            let (kind, place) = match event {
                LinkEvent::Opening(actor) => ("opening", name(world, *actor)),
                LinkEvent::Opened => ("opened", Absent),
                LinkEvent::Broken => ("broken", Absent),
                LinkEvent::Closed(place) => ("closed", place_name(world, *place)),
            };
            vec![("type", Text("link")), ("link", number(link.0)), ("event", Text(kind)), ("place", place)]
        }
    }
}

fn packet<'a>(world: &'a World, packet: &'a PacketRecord) -> Members<'a> {
    vec![
        ("type", Text("packet")),
        ("link", number(packet.link.0)),
        ("client", name(world, packet.actor)),
        ("direction", Text(direction_name(packet.direction))),
        ("bytes", Bytes(&packet.bytes)),
        ("kind", packet.kind.map_or(Absent, |kind| Text(PacketKind::name(kind)))),
        ("packetId", packet.packet_id.map_or(Absent, |id| number(id.get()))),
        ("qos", packet.qos.map_or(Absent, |qos| number(qos.bits()))),
        ("dup", Flag(packet.dup)),
        ("retain", Flag(packet.retain)),
        ("topic", packet.topic.as_deref().map_or(Absent, Text)),
        ("arrivesAt", millis_value(packet.arrives_at.as_millis())),
        ("fate", fate(packet.fate)),
    ]
}

fn fate<'a>(fate: Fate) -> Value<'a> {
    Object(match fate {
        Fate::InFlight => vec![("type", Text("in-flight"))],
        Fate::Delivered(at) => vec![("type", Text("delivered")), ("at", millis_value(at.as_millis()))],
        Fate::Lost(at, cause) => {
            let cause = match cause {
                LossCause::LinkCut => "link-cut",
                LossCause::ReceiverGone => "receiver-gone",
            };
            vec![("type", Text("lost")), ("at", millis_value(at.as_millis())), ("cause", Text(cause))]
        }
        Fate::Truncated(at, bytes) => {
            vec![("type", Text("truncated")), ("at", millis_value(at.as_millis())), ("bytes", count(bytes))]
        }
    })
}

fn client_event(event: &ClientEvent) -> (&'static str, Members<'_>) {
    match event {
        ClientEvent::Connected { session_present } => ("connected", vec![("sessionPresent", Flag(*session_present))]),
        ClientEvent::Message { topic, payload, qos, dup, retain } => {
            let mut members = message(topic, payload, *qos);
            members.extend([("dup", Flag(*dup)), ("retain", Flag(*retain))]);
            ("message", members)
        }
        ClientEvent::Challenged => ("challenged", Members::new()),
        ClientEvent::Notice(Notice::NotResubscribed { filter, error }) => {
            ("not-resubscribed", vec![("filter", Text(filter.as_str())), ("error", Owned(error.to_string()))])
        }
        ClientEvent::Notice(Notice::Downgraded(request)) => ("downgraded", vec![request_number(request.0)]),
        ClientEvent::Requested(request) => ("requested", vec![request_number(request.0)]),
        ClientEvent::Done(request, result) => {
            let mut members = vec![request_number(request.0)];
            members.extend(outcome(result));
            ("done", members)
        }
        ClientEvent::Lost { reason, retry_at } => {
            ("lost", vec![("error", Owned(reason.to_string())), ("retryAt", millis_value(retry_at.as_millis()))])
        }
        ClientEvent::Closed(reason) => ("closed", vec![("error", Owned(reason.to_string()))]),
        ClientEvent::Killed => ("killed", Members::new()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
fn request_number<'a>(request: u64) -> (&'static str, Value<'a>) {
    ("request", Number(request as f64))
}

fn outcome(result: &Result<Completion, RequestError>) -> Members<'_> {
    match result {
        Ok(Completion::Published(reason)) => vec![("reasonCodes", List(vec![number(reason.value())]))],
        Ok(Completion::Subscribed(reasons) | Completion::Unsubscribed(reasons)) => {
            vec![("reasonCodes", List(reasons.iter().map(|reason| number(reason.value())).collect()))]
        }
        Ok(Completion::Authenticated) => Members::new(),
        Err(error) => vec![("error", Owned(error.to_string()))],
    }
}

/// Returns the name of a client, or nothing for the broker.
pub(super) fn place_name(world: &World, place: Place) -> Value<'_> {
    match place {
        Place::Broker => Absent,
        Place::Client(actor) => name(world, actor),
    }
}

fn message<'a>(topic: &'a str, payload: &'a [u8], qos: QoS) -> Members<'a> {
    vec![("topic", Text(topic)), ("payload", Bytes(payload)), ("qos", number(qos.bits()))]
}

/// Converts the messages that a client's handlers were given.
pub(super) fn messages(world: &World, actor: Actor) -> JsValue {
    let one = |(topic, payload)| Object(vec![("topic", Text(topic)), ("payload", Bytes(payload))]);
    to_js(&List(world.messages(actor).map(one).collect()))
}
