//! Entries of a trace as JSON, with the names of `wasmqtt/elements`.

use serde_json::{Value, json};
use wasmqtt::broker;
use wasmqtt::codec::{Dissection, Field, FieldValue, Version, dissect};
use wasmqtt::simulator::{
    Action, Actor, ClientEvent, Direction, Event, Fate, Fault, LinkEvent, LossCause, PacketRecord, Place, TraceEntry,
    World,
};

/// A trace as JSON, with a line for each entry.
pub(crate) fn trace(world: &World) -> String {
    let clients = json!((0..).map_while(|index| world.name(Actor(index))).collect::<Vec<_>>());
    let entries: Vec<_> = world.trace().entries().iter().map(|entry| entry_of(world, entry).to_string()).collect();
    let now = world.now().as_millis();
    format!("{{\"version\":1,\"clients\":{clients},\"now\":{now},\"entries\":[\n{}\n]}}\n", entries.join(",\n"))
}

fn entry_of(world: &World, entry: &TraceEntry) -> Value {
    let mut value = match &entry.event {
        Event::Action(index) => json!({ "type": "action", "action": action(world, &world.actions()[*index as usize]) }),
        Event::Timer(place) => json!({ "type": "timer", "place": place_of(world, *place) }),
        Event::Packet(record) => packet(world, record),
        Event::Broker(event) => json!({ "type": "broker", "event": broker_event(event) }),
        Event::Stored => json!({ "type": "stored" }),
        Event::Restarted(_) => json!({ "type": "restarted" }),
        Event::Client(actor, event) => client_event(name(world, *actor), event),
        Event::Link(link, event) => link_event(world, link.0, *event),
    };
    value["at"] = json!(entry.at.as_millis());
    if let Some(cause) = entry.cause {
        value["cause"] = json!(cause.0);
    }
    // A member that is not there is left out, as in the values of JavaScript.
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    value
}

fn name(world: &World, actor: Actor) -> &str {
    world.name(actor).unwrap_or_default()
}

/// The name of a client, or nothing for the broker.
fn place_of(world: &World, place: Place) -> Value {
    match place {
        Place::Broker => Value::Null,
        Place::Client(actor) => json!(name(world, actor)),
    }
}

fn packet(world: &World, record: &PacketRecord) -> Value {
    let fate = match record.fate {
        Fate::InFlight => json!({ "type": "in-flight" }),
        Fate::Delivered(at) => json!({ "type": "delivered", "at": at.as_millis() }),
        Fate::Lost(at, cause) => {
            let cause = match cause {
                LossCause::LinkCut => "link-cut",
                LossCause::ReceiverGone => "receiver-gone",
            };
            json!({ "type": "lost", "at": at.as_millis(), "cause": cause })
        }
        Fate::Truncated(at, bytes) => json!({ "type": "truncated", "at": at.as_millis(), "bytes": bytes }),
    };
    let mut value = json!({
        "type": "packet",
        "link": record.link.0,
        "client": name(world, record.actor),
        "direction": match record.direction { Direction::Up => "up", Direction::Down => "down" },
        "bytes": hexadecimal(&record.bytes),
        "kind": record.kind.map(wasmqtt::codec::PacketKind::name),
        "dup": record.dup,
        "retain": record.retain,
        "arrivesAt": record.arrives_at.as_millis(),
        "fate": fate,
        "dissection": dissection(&dissect(&record.bytes, Version::V5)),
    });
    if let Some(id) = record.packet_id {
        value["packetId"] = json!(id.get());
    }
    if let Some(qos) = record.qos {
        value["qos"] = json!(qos as u8);
    }
    if let Some(topic) = &record.topic {
        value["topic"] = json!(topic);
    }
    value
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn dissection(dissection: &Dissection) -> Value {
    let mut value = json!({ "fields": dissection.fields.iter().map(field).collect::<Vec<_>>() });
    if let Some(error) = &dissection.error {
        value["error"] = json!({ "problem": error.problem, "rule": error.rule, "field": dissection.error_field });
    }
    value
}

fn field(field: &Field) -> Value {
    let mut value = json!({
        "start": field.start,
        "end": field.end,
        "depth": field.depth,
        "isGroup": field.is_group,
        "name": field.name,
        "section": field.section.to_string(),
    });
    if let Some((high, low)) = field.bits {
        value["bits"] = json!([high, low]);
    }
    match &field.value {
        FieldValue::None | FieldValue::Bytes => {}
        FieldValue::Flag(flag) => value["value"] = json!(flag),
        FieldValue::Number(number) => value["value"] = json!(number),
        FieldValue::Text(text) => value["value"] = json!(text),
        FieldValue::Undecoded => value["isUndecoded"] = json!(true),
    }
    if let Some(meaning) = field.meaning {
        value["meaning"] = json!(meaning);
    }
    value
}

fn action(world: &World, action: &Action) -> Value {
    match action {
        Action::Add(options) => json!({ "type": "add", "client": options.client_id }),
        Action::Subscribe { client, filter, options } => {
            json!({ "type": "subscribe", "client": name(world, *client), "filter": filter, "qos": options.qos as u8 })
        }
        Action::Publish { client, topic, payload, qos, retain, .. } => json!({
            "type": "publish", "client": name(world, *client), "topic": topic,
            "payload": hexadecimal(payload), "qos": *qos as u8, "retain": retain,
        }),
        Action::Kill { client } => json!({ "type": "kill", "client": name(world, *client) }),
        Action::Fault { client, fault } => {
            let kind = if matches!(fault, Fault::BlackHole) { "black-hole" } else { "cut" };
            json!({ "type": kind, "client": name(world, *client) })
        }
        // The scenarios have no other.
        other => json!({ "type": format!("{other:?}") }),
    }
}

fn broker_event(event: &broker::Event) -> Value {
    use broker::Event as E;
    match event {
        E::Will { client_id, topic, fate } => {
            let fate = format!("{fate:?}").to_lowercase();
            json!({ "type": "will", "clientId": &**client_id, "topic": topic, "fate": fate })
        }
        E::Connected { client_id, session_present, .. } => {
            json!({ "type": "connected", "clientId": &**client_id, "sessionPresent": session_present })
        }
        E::Disconnected { client_id, .. } => json!({ "type": "disconnected", "clientId": &**client_id }),
        E::Published { topic, subscribers, .. } => {
            json!({ "type": "published", "topic": topic, "subscribers": subscribers })
        }
        E::Subscribed { client_id, filter, .. } => {
            json!({ "type": "subscribed", "clientId": &**client_id, "filter": filter })
        }
        // The scenarios have no other.
        other => json!({ "type": format!("{other:?}") }),
    }
}

fn client_event(client: &str, event: &ClientEvent) -> Value {
    let mut value = match event {
        ClientEvent::Connected { session_present } => {
            json!({ "event": "connected", "sessionPresent": session_present })
        }
        ClientEvent::Message { topic, payload, qos, dup, retain } => json!({
            "event": "message", "topic": topic, "payload": hexadecimal(payload),
            "qos": *qos as u8, "dup": dup, "retain": retain,
        }),
        ClientEvent::Requested(request) => json!({ "event": "requested", "request": request.0 }),
        ClientEvent::Done(request, _) => json!({ "event": "done", "request": request.0 }),
        ClientEvent::Lost { reason, retry_at } => {
            json!({ "event": "lost", "error": reason.to_string(), "retryAt": retry_at.as_millis() })
        }
        ClientEvent::Closed(reason) => json!({ "event": "closed", "error": reason.to_string() }),
        ClientEvent::Killed => json!({ "event": "killed" }),
        // The scenarios have no other.
        other => json!({ "event": format!("{other:?}") }),
    };
    value["type"] = json!("client");
    value["client"] = json!(client);
    value
}

fn link_event(world: &World, link: u32, event: LinkEvent) -> Value {
    let (event, place) = match event {
        LinkEvent::Opening(actor) => ("opening", json!(name(world, actor))),
        LinkEvent::Opened => ("opened", Value::Null),
        LinkEvent::Broken => ("broken", Value::Null),
        LinkEvent::Closed(place) => ("closed", place_of(world, place)),
    };
    json!({ "type": "link", "link": link, "event": event, "place": place })
}
