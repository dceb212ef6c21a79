//! Entries of a trace as JSON, with the names of `wasmqtt/elements`.

use serde_json::{Value, json};
use wasmqtt::broker;
use wasmqtt::codec::{Dissection, FieldValue, Version, dissect};
use wasmqtt::simulator::{
    Action, Actor, ClientEvent, Direction, Event, Fate, LinkEvent, LossCause, PacketRecord, Place, TraceEntry, World,
};

/// A trace as JSON, with a line for each entry.
pub(crate) fn trace(world: &World) -> String {
    let names = (0..).map_while(|index| world.client_options(Actor(index)));
    let clients = json!(names.map(|options| &options.client_id).collect::<Vec<_>>());
    let entries: Vec<_> = world.trace().entries().iter().map(|entry| entry_of(world, entry).to_string()).collect();
    let now = world.now().as_millis();
    format!("{{\"version\":1,\"clients\":{clients},\"now\":{now},\"entries\":[\n{}\n]}}\n", entries.join(",\n"))
}

fn entry_of(world: &World, entry: &TraceEntry) -> Value {
    let mut value = match &entry.event {
        Event::Action(index) => action(&world.actions()[*index as usize]),
        Event::Timer(place) => json!({ "type": "timer", "place": place_of(*place) }),
        Event::Packet(record) => packet(record),
        Event::Broker(event) => broker_event(event),
        Event::Stored => json!({ "type": "stored" }),
        Event::Restarted(_) => json!({ "type": "restarted" }),
        Event::Client(actor, event) => client_event(*actor, event),
        Event::Link(link, event) => link_event(link.0, *event),
    };
    value["at"] = json!(entry.at.as_millis());
    if let Some(cause) = entry.cause {
        value["cause"] = json!(cause.0);
    }
    value
}

fn place_of(place: Place) -> Value {
    match place {
        Place::Broker => json!("broker"),
        Place::Client(actor) => json!(actor.0),
    }
}

fn packet(record: &PacketRecord) -> Value {
    let fate = match record.fate {
        Fate::InFlight => json!({ "state": "inFlight" }),
        Fate::Delivered(at) => json!({ "state": "delivered", "at": at.as_millis() }),
        Fate::Lost(at, cause) => {
            let cause = match cause {
                LossCause::LinkCut => "linkCut",
                LossCause::ReceiverGone => "receiverGone",
            };
            json!({ "state": "lost", "at": at.as_millis(), "cause": cause })
        }
        Fate::Truncated(at, bytes) => json!({ "state": "truncated", "at": at.as_millis(), "bytes": bytes }),
    };
    let mut value = json!({
        "type": "packet",
        "link": record.link.0,
        "actor": record.actor.0,
        "direction": match record.direction { Direction::Up => "up", Direction::Down => "down" },
        "bytes": hexadecimal(&record.bytes),
        "kind": record.kind.map(wasmqtt::codec::PacketKind::name),
        "dup": record.dup,
        "retain": record.retain,
        "arrivesAt": record.arrives_at.as_millis(),
        "fate": fate,
        "fields": fields(&dissect(&record.bytes, Version::V5)),
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

fn fields(dissection: &Dissection) -> Vec<Value> {
    let field = |(index, field): (usize, &wasmqtt::codec::Field)| {
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
            FieldValue::Undecoded => value["undecoded"] = json!(true),
        }
        if let Some(meaning) = field.meaning {
            value["meaning"] = json!(meaning);
        }
        if let (Some(error), true) = (&dissection.error, dissection.error_field == Some(index)) {
            value["error"] = json!(error.to_string());
        }
        value
    };
    dissection.fields.iter().enumerate().map(field).collect()
}

fn action(action: &Action) -> Value {
    let text = |payload: &[u8]| String::from_utf8_lossy(payload).into_owned();
    match action {
        Action::Add(options) => json!({ "type": "action", "action": "add", "clientId": options.client_id }),
        Action::Subscribe { client, filter, options } => {
            json!({ "type": "action", "action": "subscribe", "actor": client.0, "filter": filter, "qos": options.qos as u8 })
        }
        Action::Publish { client, topic, payload, qos, retain, .. } => json!({
            "type": "action", "action": "publish", "actor": client.0,
            "topic": topic, "payload": text(payload), "qos": *qos as u8, "retain": retain,
        }),
        Action::Kill { client } => json!({ "type": "action", "action": "kill", "actor": client.0 }),
        Action::Fault { client, fault } => {
            json!({ "type": "action", "action": "fault", "actor": client.0, "text": format!("{fault:?}") })
        }
        other => json!({ "type": "action", "action": "other", "text": format!("{other:?}") }),
    }
}

fn broker_event(event: &broker::Event) -> Value {
    use broker::Event as E;
    let mut value = match event {
        E::Will { client_id, topic, fate } => {
            json!({ "event": "will", "clientId": &**client_id, "topic": topic, "fate": format!("{fate:?}").to_lowercase() })
        }
        E::Connected { client_id, session_present, .. } => {
            json!({ "event": "connected", "clientId": &**client_id, "sessionPresent": session_present })
        }
        E::Disconnected { client_id, cause, .. } => {
            json!({ "event": "disconnected", "clientId": &**client_id, "text": format!("{cause:?}") })
        }
        E::Published { topic, subscribers, .. } => {
            json!({ "event": "published", "topic": topic, "subscribers": subscribers })
        }
        E::Subscribed { client_id, filter, .. } => {
            json!({ "event": "subscribed", "clientId": &**client_id, "filter": filter })
        }
        other => json!({ "event": "other", "text": format!("{other:?}") }),
    };
    value["type"] = json!("broker");
    value
}

fn client_event(actor: Actor, event: &ClientEvent) -> Value {
    let mut value = match event {
        ClientEvent::Connected { session_present } => {
            json!({ "event": "connected", "sessionPresent": session_present })
        }
        ClientEvent::Message { topic, payload, qos, dup, retain } => json!({
            "event": "message", "topic": topic, "payload": String::from_utf8_lossy(payload),
            "qos": *qos as u8, "dup": dup, "retain": retain,
        }),
        ClientEvent::Requested(_) => json!({ "event": "requested" }),
        ClientEvent::Done(_, result) => json!({ "event": "done", "ok": result.is_ok() }),
        ClientEvent::Lost { reason, retry_at } => {
            json!({ "event": "lost", "text": reason.to_string(), "retryAt": retry_at.as_millis() })
        }
        ClientEvent::Closed(reason) => json!({ "event": "closed", "text": reason.to_string() }),
        ClientEvent::Killed => json!({ "event": "killed" }),
        other => json!({ "event": "other", "text": format!("{other:?}") }),
    };
    value["type"] = json!("client");
    value["actor"] = json!(actor.0);
    value
}

fn link_event(link: u32, event: LinkEvent) -> Value {
    let mut value = match event {
        LinkEvent::Opening(actor) => json!({ "event": "opening", "actor": actor.0 }),
        LinkEvent::Opened => json!({ "event": "opened" }),
        LinkEvent::Broken => json!({ "event": "broken" }),
        LinkEvent::Closed(place) => json!({ "event": "closed", "place": place_of(place) }),
    };
    value["type"] = json!("link");
    value["link"] = json!(link);
    value
}
