//! The net: a broker, nodes, and the connections between them, in virtual time.
//!
//! Nothing happens by itself: [`Net::step`] goes to the next moment at which something arrives, is
//! learnt or is due.

use std::collections::BTreeMap;
use std::time::Duration;

use wasmqtt::broker::{self, Broker, BrokerOptions, DisconnectCause, Event, PeerId};
use wasmqtt::client::{self, Phase};
use wasmqtt::time::Time;

use super::connection::{Break, Connection, Direction, Link};
use super::node::{Heard, Node};
use super::pipe::{Parcel, Weather};
use super::random::Random;
use super::trace::Trace;
use crate::support::disk::Disk;

/// The disk takes less than so many milliseconds for a batch.
pub(crate) const DISK_MS: u64 = 40;
/// More steps than this at one go are a loop without end.
const STEPS_MAX: usize = 20_000;

pub(crate) struct Net {
    pub(crate) broker: Broker,
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Node>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) trace: Trace,
    /// Why connections ended, as the broker sees it, if it tells events.
    pub(crate) causes: Vec<DisconnectCause>,
    /// The broker's store, if it has one. `disk_due` is the time at which the batch under way is
    /// written.
    pub(crate) disk: Option<Disk>,
    disk_due: Option<Time>,
    pub(crate) crashes: Vec<Crash>,
    peers: BTreeMap<PeerId, usize>,
    weather: Weather,
    random: Random,
}

/// The broker's state when it crashed.
pub(crate) struct Crash {
    pub(crate) lost_batch: bool,
    /// Deliveries in its store.
    pub(crate) deliveries: usize,
    pub(crate) wills: usize,
}

/// The next event.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Stands(usize),
    Arrives(usize, Direction),
    ClientLearns(usize),
    BrokerLearns(usize),
    Opens(usize),
    ClientIsDue(usize),
    BrokerIsDue,
    DiskIsDue,
}

impl Net {
    pub(crate) fn new(options: BrokerOptions, weather: Weather, seed: u64) -> Self {
        Self {
            broker: Broker::new(options, seed),
            now: Time::ZERO,
            nodes: Vec::new(),
            connections: Vec::new(),
            trace: Trace::new(),
            causes: Vec::new(),
            disk: None,
            disk_due: None,
            crashes: Vec::new(),
            peers: BTreeMap::new(),
            weather,
            random: Random::new(seed),
        }
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        for _ in 0..STEPS_MAX {
            match self.next() {
                Some((at, happening)) if at <= end => self.step(at, happening),
                Some(_) | None => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("no end at {:?}", self.now);
    }

    /// The broker has a store from now on.
    pub(crate) fn store(&mut self) {
        let disk = Disk::default();
        disk.restore(&mut self.broker, self.now).expect("it is empty");
        self.disk = Some(disk);
    }

    /// The broker is gone, with or without the batch that is out, and another one goes on with what
    /// its store has. The connections are closed behind what was sent.
    pub(crate) fn crash(&mut self, is_written: bool) {
        let disk = self.disk.as_mut().expect("it has a store");
        disk.crash(is_written);
        let kinds = disk.kinds();
        self.crashes.push(Crash {
            lost_batch: self.disk_due.take().is_some() && !is_written,
            deliveries: kinds.matches(['o', 'q']).count(),
            wills: self.broker.sessions().filter(|session| session.has_will).count(),
        });
        for connection in self.connections.iter_mut().filter(|connection| connection.broker_is_there) {
            connection.broker_is_there = false;
            if !connection.is_broken() {
                connection.down.end(self.now, self.weather, &mut self.random);
            }
        }
        self.broker = Broker::new(self.broker.options().clone(), self.random.number());
        disk.restore(&mut self.broker, self.now).expect("what a broker wrote");
        self.drain_broker();
    }

    /// The node's host opens a connection.
    pub(crate) fn open(&mut self, node: usize) {
        assert!(self.nodes[node].connection.is_none(), "one connection at a time");
        let stands_at = self.now + Duration::from_millis(self.weather.latency);
        self.nodes[node].opens_at = None;
        self.nodes[node].connection = Some(self.connections.len());
        self.connections.push(Connection::new(node, self.nodes[node].version, stands_at));
        self.nodes[node].client.connect(self.now);
        self.drain_client(node);
    }

    /// The node's connection will break, or breaks; `false` if there is none, or if it is broken.
    pub(crate) fn break_link(&mut self, node: usize, how: Break) -> bool {
        let Some(index) = self.nodes[node].connection.filter(|index| !self.connections[*index].is_broken()) else {
            return false;
        };
        self.connections[index].link = Link::Breaks(how);
        if how.after == 0 {
            self.snap(index, how);
        }
        true
    }

    /// No link that is whole will break.
    pub(crate) fn calm(&mut self) {
        for connection in &mut self.connections {
            if let Link::Breaks(_) = connection.link {
                connection.link = Link::Whole;
            }
        }
    }

    /// Does what the node's client asks for; after a call to the client itself.
    pub(crate) fn drain_client(&mut self, node: usize) {
        let Self { nodes, connections, trace, random, weather, now, .. } = self;
        let (now, weather) = (*now, *weather);
        let Node { client, attempt: number, connection, heard, ends, welcomes, closes, patience, opens_at, .. } =
            &mut nodes[node];
        while let Some(output) = client.poll_output() {
            match output {
                client::Output::Transmit(bytes) => {
                    let connection = &mut connections[connection.expect("only with a connection")];
                    assert!(!bytes.is_empty() && connection.client_is_there, "something for somebody");
                    if !connection.is_broken() {
                        connection.up.send(bytes, now, weather, random);
                    }
                }
                client::Output::Authenticate(..) => panic!("no client has an authentication method"),
                client::Output::Connected(connected) => welcomes.push(connected.session_present),
                client::Output::Message(incoming) => {
                    let publish = incoming.publish;
                    trace.note(now, "heard", node, publish.payload);
                    heard.push(Heard {
                        at: now,
                        topic: publish.topic.to_owned(),
                        payload: String::from_utf8(publish.payload.to_vec()).expect("text was published"),
                        qos: publish.qos,
                        dup: publish.dup,
                        retain: publish.retain,
                    });
                }
                client::Output::Done(request, result) => {
                    trace.note(now, "done", node, format!("{request:?} {result:?}").as_bytes());
                    let before = ends.insert(request, (now, result));
                    assert!(before.is_none(), "{request:?} ended twice");
                }
                client::Output::Notice(notice) => panic!("{notice:?}"),
                client::Output::Store(..) => panic!("no store is given"),
                client::Output::Open { attempt, .. } => *number = attempt,
                client::Output::Lost(lost) => unreachable!("the host opens connections anew: {lost:?}"),
                client::Output::Closed(reason) => {
                    trace.note(now, "closed", node, reason.to_string().as_bytes());
                    closes.push((now, reason));
                    let connection = &mut connections[connection.take().expect("it was open")];
                    connection.client_is_there = false;
                    if !connection.is_broken() {
                        connection.up.end(now, weather, random);
                    }
                    *opens_at = patience.map(|patience| now + Duration::from_millis(patience));
                }
            }
        }
        if client.phase() == Phase::Ended {
            *opens_at = None;
        }
    }

    /// Does what the broker asks for; after a call to the broker itself.
    pub(crate) fn drain_broker(&mut self) {
        let Self { broker, connections, peers, random, weather, now, causes, disk, disk_due, .. } = self;
        while let Some(output) = broker.poll_output() {
            match output {
                broker::Output::Transmit(peer, bytes) => {
                    let connection = &mut connections[peers[&peer]];
                    assert!(!bytes.is_empty() && connection.broker_is_there, "something for somebody");
                    connection.tap_down(bytes);
                    if !connection.is_broken() {
                        connection.down.send(bytes, *now, *weather, random);
                    }
                }
                broker::Output::Close(peer) => {
                    let connection = &mut connections[peers[&peer]];
                    assert!(connection.broker_is_there, "closed once");
                    connection.broker_is_there = false;
                    if !connection.is_broken() {
                        connection.down.end(*now, *weather, random);
                    }
                }
                broker::Output::Event(Event::Disconnected { cause, .. }) => causes.push(cause),
                broker::Output::Event(_) | broker::Output::Ask { .. } | broker::Output::Resume(_) => {}
                broker::Output::Message(_) => unreachable!("the host subscribes to nothing"),
                broker::Output::Store(id, batch) => {
                    disk.as_mut().expect("there is a store").take(id, batch);
                    *disk_due = Some(*now + Duration::from_millis(random.below(DISK_MS)));
                }
            }
        }
    }

    /// The earliest; of several at one moment the first in a fixed order.
    fn next(&self) -> Option<(Time, Happening)> {
        let mut all: Vec<(Time, Happening)> = Vec::new();
        for (index, connection) in self.connections.iter().enumerate() {
            let mut add = |at: Option<Time>, happening| all.extend(at.map(|at| (at, happening)));
            add(connection.stands_at, Happening::Stands(index));
            add(connection.up.next(), Happening::Arrives(index, Direction::Up));
            add(connection.down.next(), Happening::Arrives(index, Direction::Down));
            if let Link::Broken { client, broker } = connection.link {
                add(client, Happening::ClientLearns(index));
                add(broker, Happening::BrokerLearns(index));
            }
        }
        for (index, node) in self.nodes.iter().enumerate() {
            all.extend(node.opens_at.map(|at| (at, Happening::Opens(index))));
            all.extend(node.client.next_deadline().map(|at| (at, Happening::ClientIsDue(index))));
        }
        all.extend(self.broker.next_deadline().map(|at| (at, Happening::BrokerIsDue)));
        all.extend(self.disk_due.map(|at| (at, Happening::DiskIsDue)));
        all.into_iter().min_by_key(|(at, _)| *at)
    }

    fn step(&mut self, at: Time, happening: Happening) {
        self.now = self.now.max(at);
        match happening {
            Happening::Stands(index) => self.stand(index),
            Happening::Arrives(index, direction) => self.arrive(index, direction),
            Happening::ClientLearns(index) => {
                if let Link::Broken { client, .. } = &mut self.connections[index].link {
                    *client = None;
                }
                self.close_client(index);
            }
            Happening::BrokerLearns(index) => {
                if let Link::Broken { broker, .. } = &mut self.connections[index].link {
                    *broker = None;
                }
                self.close_broker(index);
            }
            Happening::Opens(node) => self.open(node),
            Happening::ClientIsDue(node) => {
                self.nodes[node].client.handle_timeout(self.now);
                self.drain_client(node);
            }
            Happening::BrokerIsDue => {
                self.broker.handle_timeout(self.now);
                self.drain_broker();
            }
            Happening::DiskIsDue => {
                self.disk_due = None;
                let batch = self.disk.as_mut().and_then(Disk::write).expect("a batch is out");
                self.broker.handle_stored(batch, self.now);
                self.drain_broker();
            }
        }
    }

    fn stand(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.stands_at = None;
        if !connection.client_is_there || connection.is_broken() {
            return;
        }
        let peer = self.broker.accept(self.now);
        connection.peer = Some(peer);
        connection.broker_is_there = true;
        let node = connection.node;
        self.peers.insert(peer, index);
        self.drain_broker();
        let Node { client, attempt, .. } = &mut self.nodes[node];
        client.handle_open(*attempt, self.now);
        self.drain_client(node);
    }

    fn arrive(&mut self, index: usize, direction: Direction) {
        let connection = &mut self.connections[index];
        let pipe = if direction == Direction::Up { &mut connection.up } else { &mut connection.down };
        let bytes = match (pipe.take().expect("it is due"), direction) {
            (Parcel::Bytes(bytes), _) => bytes,
            (Parcel::End, Direction::Up) => return self.close_broker(index),
            (Parcel::End, Direction::Down) => return self.close_client(index),
        };
        if let Link::Breaks(how) = &mut connection.link
            && how.direction == direction
        {
            if bytes.len() >= how.after {
                let how = *how;
                self.deliver(index, direction, &bytes[..how.after]);
                return self.snap(index, how);
            }
            how.after -= bytes.len();
        }
        self.deliver(index, direction, &bytes);
    }

    /// The link breaks.
    fn snap(&mut self, index: usize, how: Break) {
        let connection = &mut self.connections[index];
        let (dead, other, direction) = match how.direction {
            Direction::Up => (&mut connection.up, &mut connection.down, Direction::Down),
            Direction::Down => (&mut connection.down, &mut connection.up, Direction::Up),
        };
        dead.spill(0);
        let last = other.spill(how.other);
        let later = |after: Option<u64>| after.map(|after| self.now + Duration::from_millis(after));
        connection.link = Link::Broken { client: later(how.client_learns), broker: later(how.broker_learns) };
        self.deliver(index, direction, &last);
    }

    fn deliver(&mut self, index: usize, direction: Direction, bytes: &[u8]) {
        let connection = &mut self.connections[index];
        let is_there = match direction {
            Direction::Up => connection.broker_is_there,
            Direction::Down => connection.client_is_there,
        };
        if bytes.is_empty() || !is_there {
            return;
        }
        let now = self.now;
        match (direction, connection.peer) {
            (Direction::Up, Some(peer)) => {
                self.trace.note(now, "up", index, bytes);
                connection.tap_up(bytes);
                self.broker.handle_bytes(peer, bytes, now);
                self.drain_broker();
            }
            (Direction::Down, _) => {
                self.trace.note(now, "down", index, bytes);
                connection.down_bytes += bytes.len();
                let node = connection.node;
                let Node { client, attempt, .. } = &mut self.nodes[node];
                client.handle_bytes(*attempt, bytes, now);
                self.drain_client(node);
            }
            (Direction::Up, None) => {}
        }
    }

    fn close_client(&mut self, index: usize) {
        let connection = &self.connections[index];
        if connection.client_is_there {
            let node = connection.node;
            let Node { client, attempt, .. } = &mut self.nodes[node];
            client.handle_closed(*attempt, self.now);
            self.drain_client(node);
        }
    }

    fn close_broker(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if let (true, Some(peer)) = (connection.broker_is_there, connection.peer) {
            connection.broker_is_there = false;
            self.broker.handle_closed(peer, self.now);
            self.drain_broker();
        }
    }
}
