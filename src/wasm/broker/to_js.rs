//! Events and views of the broker as plain objects for JavaScript, by serde.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::broker::{Broker, ClientView, Event, SessionView};
use crate::codec::{Message, QoS};
use crate::router::Explanation;
use crate::time::Time;
use crate::wasm::convert::broker_event::{event_value, version_number};
use crate::wasm::convert::explanation::explained_levels;
use crate::wasm::js::value::Value::{Absent, Bytes, Flag, List, Number, Object, Text};
use crate::wasm::js::value::{Members, count, number, to_js};

/// Converts an event.
pub(crate) fn event(event: &Event) -> JsValue {
    to_js(&event_value(event))
}

/// Converts the connected clients.
pub(crate) fn clients<'a>(views: impl Iterator<Item = ClientView<'a>>) -> Array {
    let client = |view: ClientView<'a>| {
        vec![("clientId", Text(view.client_id)), ("version", number(version_number(view.version)))]
    };
    list(views.map(client))
}

/// Converts the sessions, connected or not.
pub(crate) fn sessions(broker: &Broker, now: Time) -> Array {
    list(broker.sessions().map(|view| session(&view, broker.memory_of(view.client_id).unwrap_or(0), now)))
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
fn session<'a>(view: &SessionView<'a>, memory: usize, now: Time) -> Members<'a> {
    let subscription =
        |&(filter, qos): &(&'a str, QoS)| Object(vec![("filter", Text(filter)), ("qos", number(qos.bits()))]);
    let milliseconds = |at: Time| Number(at.as_millis().saturating_sub(now.as_millis()) as f64);
    vec![
        ("clientId", Text(view.client_id)),
        ("connected", Flag(view.peer.is_some())),
        ("subscriptions", List(view.subscriptions.iter().map(subscription).collect())),
        ("queued", count(view.queued)),
        ("queuedBytes", count(view.queued_bytes)),
        ("inFlight", count(view.in_flight)),
        ("memory", count(memory)),
        ("expiresIn", view.expires_at.map_or(Absent, milliseconds)),
        ("hasWill", Flag(view.has_will)),
    ]
}

/// Converts the retained messages.
pub(crate) fn retained<'a>(messages: impl Iterator<Item = &'a Message>) -> Array {
    let members = |message: &'a Message| {
        vec![
            ("topic", Text(message.topic.as_str())),
            ("qos", number(message.qos.bits())),
            ("payload", Bytes(&message.payload)),
        ]
    };
    list(messages.map(members))
}

fn list<'a>(objects: impl Iterator<Item = Members<'a>>) -> Array {
    let list = Array::new();
    for object in objects {
        list.push(&to_js(&Object(object)));
    }
    list
}

/// Converts the explanation of a match.
pub(crate) fn explanation(explanation: &Explanation) -> JsValue {
    to_js(&Object(vec![("matches", Flag(explanation.matches)), ("levels", explained_levels(explanation))]))
}
