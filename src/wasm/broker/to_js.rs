//! Events of the broker as plain objects for JavaScript, by serde, and its views as rows.

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::broker::{Broker, ClientView, Event};
use crate::router::Explanation;
use crate::time::Time;
use crate::wasm::broker::rows::Rows;
use crate::wasm::convert::broker_event::{event_value, version_number};
use crate::wasm::convert::explanation::explained_levels;
use crate::wasm::js::value::Value::{Flag, Object};
use crate::wasm::js::value::to_js;

/// Converts an event.
pub(crate) fn event(event: &Event) -> JsValue {
    to_js(&event_value(event))
}

/// Converts the connected clients to rows, as `readClients` of the face reads them.
pub(crate) fn clients(broker: &Broker) -> Array {
    let mut rows = Rows::new();
    for ClientView { client_id, version, .. } in broker.clients() {
        rows.text(client_id);
        rows.number(version_number(version).into());
        rows.end();
    }
    rows.finish()
}

/// Converts the sessions, connected or not, to rows, as `readSessions` of the face reads them.
#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
pub(crate) fn sessions(broker: &Broker, now: Time) -> Array {
    let milliseconds = |at: Time| at.as_millis().saturating_sub(now.as_millis()) as f64;
    let mut rows = Rows::new();
    for (view, memory) in broker.sessions_with_memory() {
        rows.number(view.expires_at.map_or(-1.0, milliseconds));
        rows.text(view.client_id);
        rows.count(view.peer.is_some().into());
        rows.count(view.queued);
        rows.count(view.queued_bytes);
        rows.count(view.in_flight);
        rows.count(memory);
        rows.count(view.has_will.into());
        rows.count(view.subscriptions.len());
        for (filter, qos) in view.subscriptions {
            rows.text(filter);
            rows.number(qos.bits().into());
        }
        rows.end();
    }
    rows.finish()
}

/// Converts the retained messages to rows, as `readRetained` of the face reads them.
pub(crate) fn retained(broker: &Broker) -> Array {
    let mut rows = Rows::new();
    for message in broker.retained() {
        rows.text(message.topic.as_str());
        rows.number(message.qos.bits().into());
        rows.bytes(&message.payload);
        rows.end();
    }
    rows.finish()
}

/// Converts the explanation of a match.
pub(crate) fn explanation(explanation: &Explanation) -> JsValue {
    to_js(&Object(vec![("matches", Flag(explanation.matches)), ("levels", explained_levels(explanation))]))
}
