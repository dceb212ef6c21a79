//! A plan: actions of clients and the network in a random run, and the run itself.

use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use proptest::prelude::*;
use wasmqtt::broker::BrokerOptions;
use wasmqtt::client::{Backoff, ClientOptions, RequestId};
use wasmqtt::codec::{PropertiesBuf, QoS, ReasonCode, Version};
use wasmqtt::simulator::{Action, Actor, Direction, Fault, Monitors, Restart, World, WorldOptions};

use super::super::acts::{BOTH, EACH_QOS, end, keeping, request};

/// The clients that suffer, by their number; the one after them watches and is never cut.
pub(super) const CLIENTS: usize = 3;
pub(super) const WATCHER: Actor = Actor(CLIENTS);
pub(super) const NAMES: [&str; CLIENTS] = ["ann", "bob", "cid"];
/// Each client subscribes to all of `t/#` with a quality of service of its own.
pub(super) const GRANTED: [QoS; CLIENTS] = [QoS::ExactlyOnce, QoS::AtLeastOnce, QoS::AtMostOnce];
/// The clients that share `job/+`; they never leave.
pub(super) const CREW: [Actor; 2] = [Actor(0), Actor(1)];
/// The client that may leave for good.
pub(super) const LEAVER: Actor = Actor(2);
/// Virtual time in which all is settled once the faults end.
const SETTLE_MS: u64 = 120_000;

#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The seed of the world: its latencies, its segments, its broker.
    pub(super) seed: u64,
    pub(super) speaks_v5: [bool; CLIENTS],
    /// True if the broker has a store, and crashes.
    pub(super) is_stored: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Publish {
        client: Actor,
        topic: &'static str,
        qos: QoS,
    },
    /// The client's own retained state.
    Retain {
        client: Actor,
    },
    SubscribeAndUnsubscribe {
        client: Actor,
    },
    Fault {
        client: Actor,
        fault: Fault,
    },
    /// The broker's host ends a connection.
    Dismiss {
        client: Actor,
    },
    Leave,
    /// The broker crashes, if it has a store, with or without the batch that is being written.
    Crash {
        is_written: bool,
    },
    Run {
        milliseconds: u64,
    },
}

/// A message that a client took on.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) client: Actor,
    pub(super) topic: String,
    pub(super) qos: QoS,
    pub(super) payload: String,
    pub(super) request: RequestId,
}

pub(super) struct Run {
    pub(super) world: World,
    pub(super) monitors: Monitors,
    pub(super) sent: Vec<Sent>,
    /// All requests that were taken on.
    pub(super) requests: Vec<(Actor, RequestId)>,
    pub(super) has_left: bool,
    pub(super) crashes: Vec<Crash>,
}

/// The broker's state when it crashed.
pub(super) struct Crash {
    pub(super) lost_batch: bool,
    pub(super) deliveries: usize,
    pub(super) wills: usize,
}

pub(super) fn plans(is_stored: bool) -> impl Strategy<Value = Plan> {
    (any::<u64>(), any::<[bool; CLIENTS]>(), prop::collection::vec(step(), 1..120))
        .prop_map(move |(seed, speaks_v5, steps)| Plan { seed, speaks_v5, is_stored, steps })
}

fn step() -> impl Strategy<Value = Step> {
    let topic = prop::sample::select(vec!["t/0", "t/1", "job/x", "job/y"]);
    let client = (0..CLIENTS).prop_map(Actor);
    prop_oneof![
        40 => (client.clone(), topic, prop::sample::select(EACH_QOS.to_vec()))
            .prop_map(|(client, topic, qos)| Step::Publish { client, topic, qos }),
        5 => client.clone().prop_map(|client| Step::Retain { client }),
        5 => client.clone().prop_map(|client| Step::SubscribeAndUnsubscribe { client }),
        20 => (client.clone(), cut()).prop_map(|(client, fault)| Step::Fault { client, fault }),
        2 => client.prop_map(|client| Step::Dismiss { client }),
        1 => Just(Step::Leave),
        5 => any::<bool>().prop_map(|is_written| Step::Crash { is_written }),
        30 => (0..150_u64).prop_map(|milliseconds| Step::Run { milliseconds }),
        5 => (0..20_000_u64).prop_map(|milliseconds| Step::Run { milliseconds }),
    ]
}

fn cut() -> impl Strategy<Value = Fault> {
    // A client that is told late comes back late. If the broker is told later than that, it is half
    // open, and the session taken over.
    let told = || prop_oneof![3 => (0..3_000_u64).prop_map(Some), 1 => Just(None)];
    let direction = prop_oneof![Just(Direction::Up), Just(Direction::Down)];
    (direction, 0..120_usize, told(), told()).prop_map(|(direction, after, client_learns, broker_learns)| Fault::Cut {
        direction,
        after,
        client_learns,
        broker_learns,
    })
}

impl Plan {
    pub(super) fn run(&self) -> Run {
        let broker = BrokerOptions {
            // Small, so that quotas and queues matter.
            receive_maximum: NonZeroU16::new(5).expect("not 0"),
            in_flight_max: NonZeroU16::new(4).expect("not 0"),
            ..BrokerOptions::default()
        };
        let (seed, has_store) = (self.seed, self.is_stored);
        let options = WorldOptions { seed, latency: 10, jitter: 15, broker, has_store, ..WorldOptions::default() };
        let mut run = Run {
            world: World::new(options),
            monitors: Monitors::new(),
            sent: Vec::new(),
            requests: Vec::new(),
            has_left: false,
            crashes: Vec::new(),
        };
        run.gather(self.speaks_v5);
        for step in &self.steps {
            run.step(step, self.is_stored);
            run.monitors.watch(run.world.trace());
        }
        run.settle();
        run
    }
}

impl Run {
    fn gather(&mut self, speaks_v5: [bool; CLIENTS]) {
        let soon = Duration::from_millis(50);
        let reconnect = Some(Backoff { min: soon, max: soon, stable: soon });
        for (number, name) in NAMES.into_iter().enumerate() {
            let version = BOTH[usize::from(speaks_v5[number])];
            self.add(ClientOptions { reconnect, receive_maximum: 3, ..with_will(version, name) });
            self.subscribe(Actor(number), "t/#", GRANTED[number]);
            let segments = Fault::Segments(NonZeroU32::new(9));
            self.world.act(Action::Fault { client: Actor(number), fault: segments }).expect("a client");
        }
        for client in CREW {
            self.subscribe(client, "$share/crew/job/+", QoS::ExactlyOnce);
        }
        self.add(ClientOptions { reconnect, keep_alive: 0, will: None, ..*keeping(Version::V5, "watcher") });
        self.subscribe(WATCHER, "will/+", QoS::ExactlyOnce);
    }

    pub(super) fn add(&mut self, options: ClientOptions) -> Actor {
        let name = options.client_id.clone();
        self.world.act(Action::Add(Box::new(options))).expect("a new client");
        self.world.run(200);
        self.world.find(&name).expect("it was added")
    }

    /// Subscribes, and waits for the answer.
    pub(super) fn subscribe(&mut self, client: Actor, filter: &str, qos: QoS) {
        let subscribe = request(&mut self.world, Action::subscribe(client, filter, qos)).expect("connected");
        self.world.run(500);
        assert!(matches!(end(&self.world, client, subscribe), Some((_, Ok(_)))), "{filter}");
    }

    fn step(&mut self, step: &Step, is_stored: bool) {
        match *step {
            Step::Publish { client, topic, qos } => self.publish(client, topic, qos, false),
            Step::Retain { client } => {
                let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce][client.0 % 2];
                self.publish(client, &format!("state/{}", NAMES[client.0]), qos, true);
            }
            Step::SubscribeAndUnsubscribe { client } => {
                let unsubscribe = Action::Unsubscribe { client, filter: "x/+".into() };
                for action in [Action::subscribe(client, "x/+", QoS::AtMostOnce), unsubscribe] {
                    if let Ok(request) = request(&mut self.world, action) {
                        self.requests.push((client, request));
                    }
                }
            }
            // Without a link there is nothing to cut.
            Step::Fault { client, fault } => drop(self.world.act(Action::Fault { client, fault })),
            Step::Dismiss { client } => {
                drop(self.world.act(Action::Dismiss { client, reason: ReasonCode::AdministrativeAction }));
            }
            Step::Leave => {
                self.has_left = true;
                self.world.act(Action::Disconnect { client: LEAVER, reason: ReasonCode::Success }).expect("a client");
            }
            Step::Crash { is_written } => {
                let restart = if is_written { Restart::Written } else { Restart::Unwritten };
                if is_stored {
                    self.note_crash(is_written);
                    self.world.act(Action::RestartBroker(restart)).expect("a broker");
                }
            }
            Step::Run { milliseconds } => self.world.run(milliseconds),
        }
    }

    fn note_crash(&mut self, is_written: bool) {
        let store = self.world.snapshot().store.expect("it has a store");
        let sessions = || self.world.broker().sessions();
        self.crashes.push(Crash {
            lost_batch: store.writing.is_some() && !is_written,
            deliveries: sessions().map(|session| session.queued + session.in_flight).sum(),
            wills: sessions().filter(|session| session.has_will).count(),
        });
    }

    /// Publishes with a payload that nothing else has and that grows with each message. Without a
    /// connection, QoS 0 is the caller's mistake.
    fn publish(&mut self, client: Actor, topic: &str, qos: QoS, retain: bool) {
        let payload = format!("{} {:04}", NAMES[client.0], self.sent.len());
        let (properties, bytes) = (PropertiesBuf::new(), payload.as_bytes().into());
        let action = Action::Publish { client, topic: topic.into(), payload: bytes, qos, retain, properties };
        if let Ok(request) = request(&mut self.world, action) {
            self.requests.push((client, request));
            self.sent.push(Sent { client, topic: topic.to_owned(), qos, payload, request });
        }
    }

    /// No link is cut any more: silent links are found out, clients connect again, and everything
    /// that is owed arrives.
    fn settle(&mut self) {
        for client in (0..CLIENTS).map(Actor) {
            let never = usize::MAX;
            let cut = Fault::Cut { direction: Direction::Up, after: never, client_learns: None, broker_learns: None };
            // It takes the place of one to come. A link that is broken has none.
            drop(self.world.act(Action::Fault { client, fault: cut }));
        }
        self.world.run(SETTLE_MS);
        self.monitors.watch(self.world.trace());
    }

    /// True if the broker has said that it has the message.
    pub(super) fn is_acknowledged(&self, sent: &Sent) -> bool {
        sent.qos != QoS::AtMostOnce && matches!(end(&self.world, sent.client, sent.request), Some((_, Ok(_))))
    }
}

/// A client with a will that says `gone` on `will/` and its name.
fn with_will(version: Version, name: &str) -> ClientOptions {
    let mut options = *keeping(version, name);
    if let Some(will) = &mut options.will {
        will.message.qos = QoS::ExactlyOnce;
    }
    options
}
