//! Snapshots of a world as values for JavaScript.

use alloc::vec::Vec;

use super::actions::millis_value;
use crate::broker::{BrokerSnapshot, ConnectionSnapshot, ConnectionStage, StoredSessionSnapshot, WillSnapshot};
use crate::client::Phase;
use crate::codec::{Message, QoS};
use crate::session::{Awaits, DeliverySnapshot, SentSnapshot, SessionSnapshot};
use crate::simulator::{ActorSnapshot, EndSnapshot, LinkSnapshot, Snapshot};
use crate::time::Time;
use crate::wasm::convert::broker_event::version_number;
use crate::wasm::js::value::Value::{self, Absent, Bytes, Flag, List, Object, Text};
use crate::wasm::js::value::{Members, count, number};

/// Converts a snapshot.
pub(super) fn value(snapshot: &Snapshot, now: Time) -> Value<'_> {
    Object(vec![
        ("now", millis(now)),
        ("clients", List(snapshot.clients.iter().map(client).collect())),
        ("links", List(snapshot.links.iter().map(link).collect())),
        ("broker", broker(&snapshot.broker)),
    ])
}

fn millis<'a>(time: Time) -> Value<'a> {
    millis_value(time.as_millis())
}

fn some_millis<'a>(time: Option<Time>) -> Value<'a> {
    time.map_or(Absent, millis)
}

fn client(actor: &ActorSnapshot) -> Value<'_> {
    let Some(client) = &actor.client else { return foreign(actor) };
    let phase = match client.phase {
        Phase::Idle => "idle",
        Phase::Connecting => "connecting",
        Phase::Connected => "connected",
        Phase::Waiting => "waiting",
        Phase::Ended => "ended",
    };
    let subscriptions = client.subscriptions.iter().map(|one| subscription(&one.filter, one.options.qos));
    let mut members = vec![
        ("clientId", Text(&actor.name)),
        ("connection", Text(phase)),
        ("version", number(version_number(client.version))),
        ("link", actor.link.map_or(Absent, |link| number(link.0))),
        ("stalledUntil", millis(actor.stalled_until)),
        ("retryAt", some_millis(client.retry_at)),
        ("keepAliveAt", some_millis(client.keep_alive_at)),
        ("offline", count(client.offline)),
        ("subscriptions", List(subscriptions.collect())),
        ("receivedAliases", List(client.received_aliases.iter().map(|topic| Text(topic)).collect())),
        ("sentAliases", List(client.sent_aliases.iter().map(|topic| Text(topic)).collect())),
    ];
    members.extend(session(&client.session));
    Object(members)
}

/// A foreign client, whose state only its own code knows.
fn foreign(actor: &ActorSnapshot) -> Value<'_> {
    let nothing = ["subscriptions", "receivedAliases", "sentAliases", "outgoing", "incoming", "queued"];
    let mut members = vec![
        ("clientId", Text(&actor.name)),
        ("connection", Text("foreign")),
        ("link", actor.link.map_or(Absent, |link| number(link.0))),
        ("stalledUntil", millis(actor.stalled_until)),
        ("offline", count(0)),
        ("sendQuota", count(0)),
    ];
    members.extend(nothing.map(|name| (name, List(Vec::new()))));
    Object(members)
}

fn subscription(filter: &str, qos: QoS) -> Value<'_> {
    Object(vec![("filter", Text(filter)), ("qos", number(qos.bits()))])
}

/// Members of a session, as one side knows it.
fn session(session: &SessionSnapshot) -> Members<'_> {
    let incoming =
        session.received.iter().map(|id| Object(vec![("packetId", number(id.get())), ("awaits", Text("PUBREL"))]));
    vec![
        ("outgoing", List(session.sent.iter().map(sent).collect())),
        ("incoming", List(incoming.collect())),
        ("queued", List(session.queue.iter().map(|one| Object(delivery(one))).collect())),
        ("sendQuota", number(session.send_quota)),
    ]
}

fn sent(sent: &SentSnapshot) -> Value<'_> {
    let awaits = match sent.awaits {
        Awaits::Puback => "PUBACK",
        Awaits::Pubrec => "PUBREC",
        Awaits::Pubcomp => "PUBCOMP",
    };
    let mut members = vec![("packetId", number(sent.packet_id.get())), ("awaits", Text(awaits))];
    members.extend(sent.delivery.as_ref().map(delivery).unwrap_or_default());
    Object(members)
}

fn delivery(delivery: &DeliverySnapshot) -> Members<'_> {
    vec![("topic", Text(delivery.message.topic.as_str())), ("qos", number(delivery.qos.bits()))]
}

fn link(link: &LinkSnapshot) -> Value<'_> {
    Object(vec![
        ("link", number(link.link.0)),
        ("actor", count(link.actor.0)),
        ("client", end(link.client)),
        ("broker", end(link.broker)),
        ("isBroken", Flag(link.is_broken)),
        ("bytesUp", count(link.bytes_up)),
        ("bytesDown", count(link.bytes_down)),
    ])
}

fn end<'a>(end: EndSnapshot) -> Value<'a> {
    let (state, learns_at) = match end {
        EndSnapshot::Opening => ("opening", None),
        EndSnapshot::Open => ("open", None),
        EndSnapshot::Learns(at) => ("broken", at),
        EndSnapshot::Closed => ("closed", None),
    };
    Object(vec![("state", Text(state)), ("learnsAt", some_millis(learns_at))])
}

fn broker(broker: &BrokerSnapshot) -> Value<'_> {
    Object(vec![
        ("connections", List(broker.connections.iter().map(connection).collect())),
        ("sessions", List(broker.sessions.iter().map(stored).collect())),
        ("retained", List(broker.retained.iter().map(|one| Object(message(one))).collect())),
    ])
}

fn connection(connection: &ConnectionSnapshot) -> Value<'_> {
    let stage = match connection.stage {
        ConnectionStage::AwaitConnect => "await-connect",
        ConnectionStage::Authenticating => "authenticating",
        ConnectionStage::Connected => "connected",
        ConnectionStage::Closing => "closing",
    };
    Object(vec![
        ("clientId", connection.client_id.as_deref().map_or(Absent, Text)),
        ("connection", Text(stage)),
        ("version", connection.version.map_or(Absent, |version| number(version_number(version)))),
        ("keepAliveAt", some_millis(connection.keep_alive_at)),
    ])
}

fn stored(stored: &StoredSessionSnapshot) -> Value<'_> {
    let subscriptions = stored.subscriptions.iter().map(|one| subscription(&one.filter, one.qos)).collect();
    let mut members = vec![
        ("clientId", Text(&stored.client_id)),
        ("connection", Text(if stored.peer.is_some() { "connected" } else { "absent" })),
        ("subscriptions", List(subscriptions)),
        ("expiry", number(stored.expiry_interval)),
        ("expiresAt", some_millis(stored.expires_at)),
        ("will", stored.will.as_ref().map_or(Absent, will)),
    ];
    members.extend(session(&stored.session));
    Object(members)
}

fn will(will: &WillSnapshot) -> Value<'_> {
    let mut members = message(&will.message);
    members.extend([("delay", number(will.delay)), ("due", some_millis(will.due))]);
    Object(members)
}

fn message(message: &Message) -> Members<'_> {
    vec![
        ("topic", Text(message.topic.as_str())),
        ("payload", Bytes(&message.payload)),
        ("qos", number(message.qos.bits())),
    ]
}
