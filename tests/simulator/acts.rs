//! Short ways to act in a world.

use std::time::Duration;

use wasmqtt::client::{
    Backoff, Client, ClientOptions, ClientWill, CloseReason, Completion, Output, RequestError, RequestId,
};
use wasmqtt::codec::{Message, PacketKind, PropertiesBuf, Property, QoS, Version};
use wasmqtt::simulator::{Action, ActionError, Actor, ClientEvent, Direction, Event, Fault, World, WorldOptions};
use wasmqtt::time::Time;
use wasmqtt::topic::TopicName;

pub(crate) const EACH_QOS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
pub(crate) const BOTH: [Version; 2] = [Version::V3_1_1, Version::V5];

/// A client that keeps its session for ever, and reconnects within a second.
pub(crate) fn keeping(version: Version, client_id: &str) -> Box<ClientOptions> {
    let mut properties = PropertiesBuf::new();
    if version == Version::V5 {
        properties.push(Property::SessionExpiryInterval(u32::MAX)).expect("a number");
    }
    let second = Duration::from_secs(1);
    let reconnect = Some(Backoff { min: second, max: second, stable: second });
    let will = TopicName::parse(&format!("will/{client_id}")).expect("a topic");
    Box::new(ClientOptions {
        version,
        clean_start: false,
        keep_alive: 10,
        properties,
        reconnect,
        will: Some(ClientWill { message: Message::new(will, *b"gone") }),
        ..ClientOptions::new(client_id)
    })
}

/// A world with a subscriber of `t/#` at this QoS and a publisher, both connected.
pub(crate) fn pair(options: WorldOptions, version: Version, qos: QoS) -> (World, Actor, Actor) {
    let mut world = World::new(options);
    for name in ["subscriber", "publisher"] {
        world.act(Action::Add(keeping(version, name))).expect("a new client");
    }
    world.run(200);
    let (subscriber, publisher) = (Actor(0), Actor(1));
    world.act(Action::subscribe(subscriber, "t/#", qos)).expect("a good filter");
    world.run(200);
    (world, subscriber, publisher)
}

pub(crate) fn publish(world: &mut World, client: Actor, payload: &str, qos: QoS) {
    world.act(Action::publish(client, "t/a", payload.as_bytes(), qos)).expect("a good topic");
}

/// How often the client's handlers were given this payload.
pub(crate) fn count(world: &World, client: Actor, payload: &str) -> usize {
    world.messages(client).filter(|(_, bytes)| *bytes == payload.as_bytes()).count()
}

/// The packets of a client's link since an entry of the trace, as "up PUBLISH".
pub(crate) fn packets_from(world: &World, start: usize) -> Vec<(Actor, Direction, PacketKind)> {
    let packet = |event: &Event| match event {
        Event::Packet(packet) => Some((packet.actor, packet.direction, packet.kind?)),
        _ => None,
    };
    world.trace().entries()[start..].iter().filter_map(|entry| packet(&entry.event)).collect()
}

/// Acts, and returns the request that a client begins.
pub(crate) fn request(world: &mut World, action: Action) -> Result<RequestId, ActionError> {
    let start = world.trace().entries().len();
    world.act(action)?;
    let requested = world.trace().entries()[start..].iter().find_map(|entry| match entry.event {
        Event::Client(_, ClientEvent::Requested(request)) => Some(request),
        _ => None,
    });
    Ok(requested.expect("it is a request"))
}

/// Publishes on `t/a`, and returns the request.
pub(crate) fn begin(world: &mut World, client: Actor, payload: &str, qos: QoS) -> RequestId {
    request(world, Action::publish(client, "t/a", payload.as_bytes(), qos)).expect("it can be sent")
}

/// The events of a client, each with its time.
pub(crate) fn events(world: &World, client: Actor) -> impl Iterator<Item = (Time, &ClientEvent)> {
    world.trace().entries().iter().filter_map(move |entry| match &entry.event {
        Event::Client(actor, event) if *actor == client => Some((entry.at, event)),
        _ => None,
    })
}

/// When a client's request ended, and how.
pub(crate) fn end(
    world: &World,
    client: Actor,
    request: RequestId,
) -> Option<(Time, &Result<Completion, RequestError>)> {
    events(world, client).find_map(|(at, event)| match event {
        ClientEvent::Done(done, result) if *done == request => Some((at, result)),
        _ => None,
    })
}

/// Session present of each connection that a client was accepted on.
pub(crate) fn welcomes(world: &World, client: Actor) -> Vec<bool> {
    let accepted = events(world, client).filter_map(|(_, event)| match event {
        ClientEvent::Connected { session_present } => Some(*session_present),
        _ => None,
    });
    accepted.collect()
}

/// Why a client's connections ended.
pub(crate) fn reasons(world: &World, client: Actor) -> Vec<&CloseReason> {
    let ends = events(world, client).filter_map(|(_, event)| match event {
        ClientEvent::Lost { reason, .. } | ClientEvent::Closed(reason) => Some(reason),
        _ => None,
    });
    ends.collect()
}

/// The payloads that a client's handlers were given, as text.
pub(crate) fn payloads(world: &World, client: Actor) -> Vec<&str> {
    world.messages(client).map(|(_, payload)| std::str::from_utf8(payload).expect("text")).collect()
}

/// Bytes that were sent on a client's links in this direction.
pub(crate) fn sent_bytes(world: &World, client: Actor, direction: Direction) -> usize {
    let packets = world.trace().packets().map(|(_, _, packet)| packet);
    packets.filter(|packet| (packet.actor, packet.direction) == (client, direction)).map(|one| one.bytes.len()).sum()
}

/// A fault of a client that has a link.
pub(crate) fn fault(world: &mut World, client: Actor, fault: Fault) {
    world.act(Action::Fault { client, fault }).expect("it has a link");
}

/// A cut once so many bytes have arrived, of which both hosts learn at once.
pub(crate) const fn cut(direction: Direction, after: usize) -> Fault {
    Fault::Cut { direction, after, client_learns: Some(0), broker_learns: Some(0) }
}

/// Another process opens a connection, and sends the CONNECT of these options.
pub(crate) fn connect_elsewhere(world: &mut World, options: ClientOptions) -> Actor {
    let mut client = Client::new(options);
    client.connect(world.now());
    let mut connect = Vec::new();
    while let Some(output) = client.poll_output() {
        match output {
            Output::Open { attempt, .. } => client.handle_open(attempt, world.now()),
            Output::Transmit(bytes) => connect.extend_from_slice(bytes),
            other => panic!("{other:?}"),
        }
    }
    world.act(Action::Join("elsewhere".into())).expect("a new client");
    let elsewhere = world.find("elsewhere").expect("it has joined");
    world.act(Action::Open { client: elsewhere }).expect("a foreign client");
    let link = world.link(elsewhere).expect("it opens");
    world.run(world.options().latency);
    world.act(Action::Send { client: elsewhere, link, bytes: connect.into() }).expect("an open link");
    elsewhere
}
