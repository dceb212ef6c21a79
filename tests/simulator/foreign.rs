//! Foreign clients: their code runs outside, and the world carries their bytes.

use wasmqtt::client::{Attempt, Client, ClientOptions, HandlerId, Output};
use wasmqtt::codec::{PropertiesBuf, QoS, SubscriptionOptions, Version};
use wasmqtt::simulator::{
    Action, ActionError, Actor, ClientEvent, Direction, Event, Fault, LinkId, Monitors, SharedRun, SocketEvent,
    SocketEvents, Timeline, World, WorldOptions,
};
use wasmqtt::topic::TopicFilter;

use super::acts::{BOTH, keeping};

/// A client outside of a world, with its host.
struct Outside {
    client: Client,
    name: Actor,
    link: Option<(Attempt, LinkId)>,
    events: SocketEvents,
    /// Payloads that its handlers were given.
    received: Vec<Vec<u8>>,
}

impl Outside {
    fn new(timeline: &mut Timeline, options: ClientOptions) -> Self {
        timeline.act(Action::Join("outside".into())).expect("a new client");
        let name = timeline.world().find("outside").expect("it is there");
        let mut client = Client::new(options);
        client.connect(timeline.world().now());
        Self { client, name, link: None, events: SocketEvents::default(), received: Vec::new() }
    }

    fn subscribe(&mut self, world: &World, filter: &str) {
        let filter = TopicFilter::parse(filter).expect("well formed");
        self.client.add_handler(&filter, HandlerId(0));
        let options = SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() };
        self.client.subscribe(&[(filter, options)], &PropertiesBuf::new(), world.now()).expect("connected");
    }

    /// Lets time pass by single milliseconds, as a host's clock does.
    fn run(&mut self, timeline: &mut Timeline, milliseconds: u64) {
        for _ in 0..milliseconds {
            timeline.run(1).expect("time passes");
            self.take(timeline);
        }
    }

    fn take(&mut self, timeline: &mut Timeline) {
        let now = timeline.world().now();
        for event in self.events.read(timeline.world()) {
            let Some((attempt, current)) = self.link else { continue };
            match event {
                SocketEvent::Opened(link) if link == current => self.client.handle_open(attempt, now),
                SocketEvent::Bytes(link, bytes) if link == current => self.client.handle_bytes(attempt, &bytes, now),
                SocketEvent::Closed(link, _) if link == current => self.client.handle_closed(attempt, now),
                _ => {}
            }
        }
        self.client.handle_timeout(now);
        while let Some(action) = self.next_action(timeline) {
            timeline.act(action).expect("a good action");
        }
    }

    fn next_action(&mut self, timeline: &mut Timeline) -> Option<Action> {
        let client = self.name;
        loop {
            match self.client.poll_output()? {
                // One byte at a time: the world makes packets of them.
                Output::Transmit(bytes) => {
                    let (_, link) = self.link.expect("it is open");
                    let bytes = bytes.to_vec();
                    for byte in bytes {
                        timeline.act(Action::Send { client, link, bytes: [byte].into() }).expect("it is open");
                    }
                }
                Output::Open { attempt, .. } => {
                    timeline.act(Action::Open { client }).expect("a foreign client");
                    self.link = timeline.world().link(client).map(|link| (attempt, link));
                }
                Output::Lost(_) | Output::Closed(_) => {
                    let (_, link) = self.link.take()?;
                    // A link that broke is closed already.
                    if timeline.world().link(client) == Some(link) {
                        return Some(Action::Close { client, link });
                    }
                }
                Output::Message(message) => self.received.push(message.publish.payload.to_vec()),
                Output::Connected(_)
                | Output::Authenticate(..)
                | Output::Notice(_)
                | Output::Done(..)
                | Output::Store(..) => {}
            }
        }
    }
}

fn publish(timeline: &mut Timeline, payload: &[u8], qos: QoS) {
    let sensor = timeline.world().find("sensor").expect("it is there");
    timeline.act(Action::publish(sensor, "t/a", payload, qos)).expect("a good topic");
}

/// A world with a simulated publisher, and a subscriber outside.
fn begin(version: Version) -> (Timeline, Outside) {
    let mut timeline = Timeline::new(WorldOptions::default());
    timeline.act(Action::Add(keeping(version, "sensor"))).expect("a new client");
    let mut outside = Outside::new(&mut timeline, *keeping(version, "dashboard"));
    outside.run(&mut timeline, 200);
    outside.subscribe(timeline.world(), "t/#");
    outside.run(&mut timeline, 200);
    (timeline, outside)
}

#[test]
fn a_foreign_client_loses_nothing_over_a_cut() {
    for version in BOTH {
        let (mut timeline, mut outside) = begin(version);
        for (number, qos) in [(1, QoS::AtLeastOnce), (2, QoS::ExactlyOnce), (3, QoS::AtLeastOnce)] {
            publish(&mut timeline, &[number], qos);
            outside.run(&mut timeline, 30);
        }
        let cut = Fault::Cut { direction: Direction::Down, after: 3, client_learns: Some(5), broker_learns: Some(5) };
        timeline.act(Action::Fault { client: outside.name, fault: cut }).expect("it has a link");
        outside.run(&mut timeline, 5_000);
        let mut received = outside.received.clone();
        received.dedup();
        assert_eq!(received, [[1], [2], [3]], "{version:?}");
        // The trace tells of its messages too.
        let world = timeline.world();
        assert_eq!(world.messages(outside.name).count(), outside.received.len(), "{version:?}");
        let mut monitors = Monitors::new();
        monitors.watch(world.trace());
        assert_eq!(monitors.violations(), [], "{version:?}");
    }
}

#[test]
fn a_run_with_a_foreign_client_is_replayed_without_its_code() {
    let (mut timeline, mut outside) = begin(Version::V5);
    publish(&mut timeline, b"one", QoS::ExactlyOnce);
    outside.run(&mut timeline, 500);
    let hash = timeline.world().trace().hash();
    let link = SharedRun::of(&timeline).to_link();
    let mut opened = SharedRun::from_link(&link).and_then(SharedRun::replay).expect("a good link");
    assert_eq!(opened.world().trace().hash(), hash);
    opened.rewind_to(3).expect("an earlier moment");
    opened.switch("main").expect("its branch");
    assert_eq!(opened.world().trace().hash(), hash);
}

#[test]
fn the_host_of_a_foreign_client_learns_how_its_link_ended() {
    let (mut timeline, outside) = begin(Version::V5);
    let mut events = SocketEvents::default();
    events.skip(timeline.world());
    let client = outside.name;
    let closed = |timeline: &mut Timeline, events: &mut SocketEvents| {
        timeline.run(1_000).expect("time passes");
        let last = events.read(timeline.world()).pop();
        let Some(SocketEvent::Closed(_, by_broker)) = last else { panic!("{last:?}") };
        by_broker
    };
    // Bytes that are no MQTT: the broker closes.
    timeline.act(Action::Open { client }).expect("a second link");
    timeline.run(100).expect("time passes");
    let link = timeline.world().link(client).expect("it is open");
    timeline.act(Action::Send { client, link, bytes: (*b"GET / HTTP/1.1").into() }).expect("it is open");
    assert!(closed(&mut timeline, &mut events));
    // A cut: nobody closes.
    timeline.act(Action::Open { client }).expect("a third link");
    timeline.run(100).expect("time passes");
    let cut = Fault::Cut { direction: Direction::Up, after: 0, client_learns: Some(50), broker_learns: Some(50) };
    timeline.act(Action::Fault { client, fault: cut }).expect("it has a link");
    assert!(!closed(&mut timeline, &mut events));
}

#[test]
fn a_part_of_a_packet_goes_off_when_its_link_is_closed() {
    let mut timeline = Timeline::new(WorldOptions::default());
    timeline.act(Action::Join("outside".into())).expect("a new client");
    let client = Actor(0);
    timeline.act(Action::Open { client }).expect("a link");
    timeline.run(100).expect("time passes");
    let link = timeline.world().link(client).expect("it is open");
    timeline.act(Action::Send { client, link, bytes: [0x10, 0x20, 0x00].into() }).expect("it is open");
    assert_eq!(timeline.world().trace().packets().count(), 0);
    timeline.act(Action::Close { client, link }).expect("it is open");
    timeline.run(100).expect("time passes");
    let sent: Vec<_> = timeline.world().trace().packets().map(|(_, _, packet)| &*packet.bytes).collect();
    assert_eq!(sent, [[0x10, 0x20, 0x00]]);
}

#[test]
fn a_foreign_client_that_is_killed_has_no_link() {
    let (mut timeline, outside) = begin(Version::V5);
    timeline.act(Action::Kill { client: outside.name }).expect("a client");
    timeline.run(100).expect("time passes");
    assert!(timeline.world().snapshot().links.iter().all(|link| link.actor != outside.name));
    let is_killed =
        |event: &Event| matches!(event, Event::Client(actor, ClientEvent::Killed) if *actor == outside.name);
    assert!(timeline.world().trace().entries().iter().any(|entry| is_killed(&entry.event)));
}

#[test]
fn each_kind_of_client_refuses_the_actions_of_the_other() {
    let (mut timeline, outside) = begin(Version::V5);
    let (sensor, client) = (timeline.world().find("sensor").expect("it is there"), outside.name);
    let link = timeline.world().link(sensor).expect("it is connected");
    let closed = LinkId(99);
    for (action, error) in [
        (Action::subscribe(client, "t", QoS::AtMostOnce), ActionError::Foreign(client)),
        (Action::Reload { client }, ActionError::Foreign(client)),
        (Action::Open { client: sensor }, ActionError::NotForeign(sensor)),
        (Action::Send { client: sensor, link, bytes: [0].into() }, ActionError::NotForeign(sensor)),
        (Action::Close { client: sensor, link }, ActionError::NotForeign(sensor)),
        (Action::Send { client, link, bytes: [0].into() }, ActionError::ClosedLink(link)),
        (Action::Close { client, link: closed }, ActionError::ClosedLink(closed)),
        (Action::Join("sensor".into()), ActionError::TakenName("sensor".into())),
    ] {
        let entries = timeline.world().trace().entries().len();
        assert_eq!(timeline.act(action.clone()), Err(error), "{action:?}");
        assert_eq!(timeline.world().trace().entries().len(), entries, "{action:?}");
    }
}
